//! Offering an object: its name and top manifest, then whatever the server lacks.

use super::conn::Exchange;
use super::flow::{Flow, Pending};
use super::jobs::{Job, What};
use super::port::{ConnId, Effect, JobId, Offer, Told};
use super::turn::{Turn, Work};
use super::{StoqNode, session};
use crate::base::Span;
use crate::stoq::cache::Version;
use crate::stoq::session::frame::{ContentId, Frame, Manifest, Put};
use crate::stoq::session::{Code, StreamId};

/// Contents that a server may have asked for and not got. A server of this kind asks for no more than two WANTs' worth.
const WANTED_MAX: usize = 4_096;

/// An object that is offered, and what was sent of it.
#[derive(Clone, Debug)]
pub(super) struct Offering {
    pub(super) offer: Offer,
    sent: u64,
    sent_bytes: u64,
}

impl Offering {
    pub(super) const fn new(offer: Offer) -> Self {
        Self { offer, sent: 0, sent_bytes: 0 }
    }
}

impl StoqNode {
    /// Begins to offer an object.
    pub(super) fn offer(&mut self, job: JobId, conn: ConnId, offer: &Offer, t: &mut Turn<'_, '_>) -> Result<StreamId, Code> {
        let Offer { name, version, len, root, manifest, copies, .. } = offer.clone();
        let put = Frame::Put(Box::new(Put { name, version: version.0, bytes: len, copies: copies.clamp(1, 64) }));
        let flow = Box::new(Flow::new(Pending::Ids([].into())));
        let stream = self.ask(conn, put, Exchange::Offer { job, flow }, t)?;
        let head = Manifest::plain(ContentId(root.0), version.0, manifest.len() as u32);
        let drove = self.say(conn, session::Input::Say { stream, frame: Frame::Manifest(Box::new(head)) }, t);
        if drove.wrote {
            self.put_out(conn, stream, manifest, 0..head.bytes, t);
        } else {
            self.abort(conn, stream, Code::Cancelled, t);
        }
        Ok(stream)
    }

    /// The server wants something, or has decided.
    pub(super) fn on_offer_frame(&mut self, job: JobId, conn: ConnId, stream: StreamId, frame: Frame, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        match frame {
            Frame::Want(want) => {
                if let Some(flow) = c.flow(stream)
                    && let Pending::Ids(ids) = &mut flow.pending
                {
                    if ids.len() > WANTED_MAX {
                        return self.abort(conn, stream, Code::Cancelled, t);
                    }
                    ids.extend(want.ids.iter().map(|id| (*id, 0)));
                }
                c.list(stream);
                return t.later(Work::Pump(conn));
            }
            Frame::Ack(ack) => {
                if let Some(Job::Errand(errand)) = self.jobs.get(&job)
                    && let What::Put(Offering { sent, sent_bytes, offer }) = &errand.what
                {
                    let (sent, sent_bytes, root) = (*sent, *sent_bytes, offer.root.0);
                    if ack.id.0 != root {
                        self.fail_job(job, Code::ContentMismatch, Span::ZERO, t);
                        return self.abort(conn, stream, Code::Cancelled, t);
                    }
                    self.jobs.remove(&job);
                    let (version, copies, durable) = (Version(ack.version), ack.copies, ack.durable);
                    t.emit(Effect::Told { job, told: Told::Stored { version, copies, durable, sent, sent_bytes } });
                }
            }
            Frame::Fail(fail) => self.fail_job(job, super::notices::code_of(&fail), super::notices::retry_of(&fail), t),
            _ => return,
        }
        // The answer is there: whatever was still to be sent is of no use.
        if let Some(Exchange::Offer { flow, .. }) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.insert(stream, Exchange::Answered)) {
            self.drop_flow(conn, &flow, t);
        }
        self.say(conn, session::Input::Finish { stream }, t);
    }

    /// A content went out to the server.
    pub(super) fn on_supplied(&mut self, job: JobId, bytes: u32) {
        if let Some(Job::Errand(errand)) = self.jobs.get_mut(&job)
            && let What::Put(offering) = &mut errand.what
        {
            offering.sent += 1;
            offering.sent_bytes += u64::from(bytes);
        }
    }
}
