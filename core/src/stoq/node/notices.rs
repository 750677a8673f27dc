//! What sessions say, and whom it concerns.

use super::conn::Exchange;
use super::links::Link;
use super::port::{ConnId, Fact, Why};
use super::turn::{Turn, Work};
use super::wait::Wait;
use super::{StoqNode, session};
use crate::base::Span;
use crate::stoq::cache::{self, Waiter};
use crate::stoq::session::frame::{Fail, Frame};
use crate::stoq::session::{Agreed, Capabilities, Code, Notice, Roles, Scope, StreamId};
use crate::stoq::transfer;
use crate::testing::Breach;
use std::sync::Arc;

impl StoqNode {
    pub(super) fn on_notice(&mut self, conn: ConnId, notice: Notice, t: &mut Turn<'_, '_>) {
        match notice {
            Notice::Ready => {
                let Some(c) = self.conns.get_mut(&conn) else { return };
                c.ready = true;
                if let Some(server) = c.server {
                    self.on_usable(conn, server, t);
                }
            }
            Notice::Open(agreed) => self.on_open(conn, &agreed, t),
            Notice::Frame { stream, frame } => self.on_frame(conn, stream, frame, t),
            Notice::Ended { stream } => self.on_put_ended(conn, stream, t),
            Notice::Over { stream, result } => self.on_over(conn, stream, result, t),
            Notice::Probed { rtt, load_permille, lease } => {
                self.on_pong(conn, rtt, load_permille, t);
                self.on_lease(conn, rtt, lease, t);
            }
            Notice::PeerLeaves => self.on_peer_leaves(conn),
            Notice::Closed { .. } => self.on_closed(conn, t),
            // Requests that are refused are told apart where they are asked; routing hears what it wants from the driver.
            Notice::Refused { .. } | Notice::Misused { .. } | Notice::Heard { .. } => {}
        }
    }

    fn on_open(&mut self, conn: ConnId, agreed: &Agreed, t: &mut Turn<'_, '_>) {
        if !self.examine(conn, t) {
            return;
        }
        let relies = self.ledger.is_some();
        self.know(conn);
        let Some(c) = self.conns.get_mut(&conn) else { return };
        c.open = true;
        let roles = c.roles();
        let keeps = roles.has(Roles::EDGE) || roles.has(Roles::REGIONAL);
        c.is_below = relies && c.server.is_none() && keeps && agreed.capabilities.has(Capabilities::PURGE);
        let is_above = self.tier.is_some() && c.server.is_some();
        let pings = core::mem::take(&mut c.pings);
        if is_above || !pings.is_empty() {
            if let Some(c) = self.conns.get_mut(&conn) {
                c.pings = pings;
            }
            self.say(conn, session::Input::Probe, t);
        }
        if is_above {
            t.wake(self.lease_part(), Why::Lease(conn));
        }
    }

    /// A frame of an exchange. Contents follow their head.
    fn on_frame(&mut self, conn: ConnId, stream: StreamId, frame: Frame, t: &mut Turn<'_, '_>) {
        if frame.data_bytes() > 0 {
            if let Some(c) = self.conns.get_mut(&conn) {
                c.heads.insert(stream, frame);
            }
            return;
        }
        if matches!(frame, Frame::Manifest(_) | Frame::Chunk(_)) {
            return self.on_data(conn, stream, frame, Arc::from([]), t);
        }
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let is_theirs = stream.opener() != c.session_side();
        match c.exchanges.get_mut(&stream) {
            None if is_theirs => self.on_request(conn, stream, frame, t),
            None => {}
            Some(Exchange::Transfer { job, ask }) => {
                let (job, ask) = (*job, *ask);
                let input = match frame {
                    Frame::Have(there) => transfer::Input::Have { ask, there: *there },
                    Frame::Fail(fail) => transfer::Input::Failed { ask, code: code_of(&fail), retry: retry_of(&fail) },
                    _ => return,
                };
                t.later(Work::Transfer(job, input));
            }
            Some(Exchange::Fetch(_)) => self.on_fetch_frame(conn, stream, frame, t),
            Some(Exchange::Offer { job, .. }) => {
                let job = *job;
                self.on_offer_frame(job, conn, stream, frame, t);
            }
            Some(Exchange::Purge { job }) => {
                let job = *job;
                self.on_purge_answer(job, frame, t);
            }
            Some(Exchange::Tell { purge }) => {
                let purge = *purge;
                self.on_told(purge, conn, &frame, t);
            }
            Some(Exchange::Serving { .. } | Exchange::Looking { .. }) => {
                if let Frame::Cancel(cancel) = frame {
                    self.on_cancel(conn, stream, cancel, t);
                }
            }
            Some(Exchange::Taking(_) | Exchange::Asked | Exchange::Purging | Exchange::Answered) => {}
        }
    }

    /// A manifest or a content came, with its data. Nothing of it is believed.
    pub(super) fn on_data(&mut self, conn: ConnId, stream: StreamId, frame: Frame, bytes: Arc<[u8]>, t: &mut Turn<'_, '_>) {
        if bytes.len() != frame.data_bytes() as usize {
            return self.abort(conn, stream, Code::ContentMismatch, t);
        }
        let Some(c) = self.conns.get_mut(&conn) else { return };
        match c.exchanges.get_mut(&stream) {
            Some(Exchange::Transfer { job, ask }) => {
                let (job, ask) = (*job, *ask);
                let input = match frame {
                    Frame::Manifest(head) => transfer::Input::Named { ask, id: head.id, version: head.version, bytes },
                    Frame::Chunk(head) => transfer::Input::Content { ask, id: head.id, bytes },
                    _ => return,
                };
                t.later(Work::Transfer(job, input));
            }
            Some(Exchange::Fetch(_)) => self.on_fetched(conn, stream, frame, bytes, t),
            Some(Exchange::Taking(_)) => self.on_put_data(conn, stream, &frame, bytes, t),
            _ => {}
        }
    }

    /// Some bytes came: whoever waits for them knows that they are on their way.
    pub(super) fn on_progress(&mut self, conn: ConnId, stream: StreamId, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get(&conn) else { return };
        if let Some(Exchange::Transfer { job, ask }) = c.exchanges.get(&stream) {
            t.later(Work::Transfer(*job, transfer::Input::Moving { ask: *ask }));
        }
    }

    /// QUIC took bytes.
    pub(super) fn on_sent(&mut self, conn: ConnId, stream: StreamId, bytes: u32, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        let Some(unsent) = c.writing.get_mut(&stream) else { return };
        let sent = u64::from(bytes).min(*unsent);
        *unsent -= sent;
        c.ahead -= sent;
        if *unsent == 0 {
            c.writing.remove(&stream);
        }
        self.say(conn, session::Input::Progress { stream }, t);
        t.later(Work::Pump(conn));
    }

    /// An exchange is over, in good order or not.
    fn on_over(&mut self, conn: ConnId, stream: StreamId, result: Result<(), Code>, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        c.heads.remove(&stream);
        if result.is_err()
            && let Some(unsent) = c.writing.remove(&stream)
        {
            c.ahead -= unsent;
        }
        let Some(exchange) = c.exchanges.remove(&stream) else { return };
        let code = result.err();
        // When a connection is gone, a transfer hears of that once, and not of each exchange.
        let is_gone = c.session.state() == session::states::State::Closed;
        let is_link = c.server.is_some_and(|server| self.links.get(&server) == Some(&Link::Up(conn)));
        if stream.opener() != c.session_side() {
            self.serving -= 1;
        }
        match exchange {
            Exchange::Transfer { .. } if is_gone && is_link => {}
            Exchange::Transfer { job, ask } => t.later(Work::Transfer(
                job,
                match code {
                    None => transfer::Input::Ended { ask },
                    Some(code) => transfer::Input::Failed { ask, code, retry: Span::ZERO },
                },
            )),
            Exchange::Fetch(asked) => self.on_fetch_over(*asked, is_gone, t),
            Exchange::Offer { job, flow } => {
                self.drop_flow(conn, &flow, t);
                self.fail_job(job, code.unwrap_or(Code::RequestIncomplete), Span::ZERO, t);
            }
            Exchange::Purge { job } => self.fail_job(job, code.unwrap_or(Code::RequestIncomplete), Span::ZERO, t),
            Exchange::Tell { purge } => self.on_tell_over(purge, conn, t),
            Exchange::Serving { flow, .. } => self.drop_flow(conn, &flow, t),
            Exchange::Taking(_) => self.taking -= 1,
            Exchange::Asked | Exchange::Looking { .. } | Exchange::Purging | Exchange::Answered => {}
        }
        t.later(Work::Pump(conn));
        self.linger(t);
    }

    /// What was read for an exchange is not wanted any more.
    pub(super) fn drop_flow(&mut self, conn: ConnId, flow: &super::flow::Flow, t: &mut Turn<'_, '_>) {
        if let Some(c) = self.conns.get_mut(&conn) {
            c.ahead -= flow.reserved();
        }
        for slot in &flow.slots {
            self.unwait(slot.number, t);
        }
    }

    /// Waits no more for a content. A ticket completes all the same, and finds nobody.
    pub(super) fn unwait(&mut self, number: u64, t: &mut Turn<'_, '_>) {
        if self.tier.is_some()
            && let Some(Wait::Content { key, .. }) = self.waits.remove(&number)
        {
            t.cache(cache::Input::Cancel { key, waiter: Waiter(number) });
        }
    }

    /// Gives up an exchange.
    pub(super) fn abort(&mut self, conn: ConnId, stream: StreamId, code: Code, t: &mut Turn<'_, '_>) {
        self.say(conn, session::Input::Abort { stream, code }, t);
    }

    /// Answers a request with a failure.
    pub(super) fn refuse(&mut self, conn: ConnId, stream: StreamId, code: Code, t: &mut Turn<'_, '_>) {
        let retry = if code.is_retryable() || Breach::RetryForEver.is_on() { self.config.retry.0 / 1_000_000 } else { 0 };
        self.fail(conn, stream, Fail::new(code, retry as u32), t);
    }

    /// Says a failure as the last word of an exchange.
    pub(super) fn fail(&mut self, conn: ConnId, stream: StreamId, fail: Fail, t: &mut Turn<'_, '_>) {
        let Some(exchange) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) else { return };
        if matches!(exchange, Exchange::Answered) {
            return;
        }
        match core::mem::replace(exchange, Exchange::Answered) {
            Exchange::Taking(_) => self.taking -= 1,
            Exchange::Serving { flow, .. } => self.drop_flow(conn, &flow, t),
            _ => {}
        }
        t.fact(Fact::Refused { conn, code: code_of(&fail) });
        self.say(conn, session::Input::Say { stream, frame: Frame::Fail(Box::new(fail)) }, t);
        self.say(conn, session::Input::Finish { stream }, t);
    }

    /// Says a frame as the last word of an exchange.
    pub(super) fn answer(&mut self, conn: ConnId, stream: StreamId, frame: Frame, t: &mut Turn<'_, '_>) {
        let Some(exchange) = self.conns.get_mut(&conn).and_then(|c| c.exchanges.get_mut(&stream)) else { return };
        if let Exchange::Taking(_) = core::mem::replace(exchange, Exchange::Answered) {
            self.taking -= 1;
        }
        self.say(conn, session::Input::Say { stream, frame }, t);
        self.say(conn, session::Input::Finish { stream }, t);
    }
}

/// The code of a failure: one of stream scope, whatever came (R-14-08).
pub(super) fn code_of(fail: &Fail) -> Code {
    Code::known(u64::from(fail.code)).filter(|code| code.scope() == Scope::Stream).unwrap_or_else(|| Code::general(true))
}

/// How long to stay away.
pub(super) const fn retry_of(fail: &Fail) -> Span {
    Span::millis(fail.retry_millis as u64)
}
