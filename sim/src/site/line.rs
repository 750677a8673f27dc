//! A connection of a site: its pipe, with what the driver of a STOQ node keeps beside it.

use super::parcel::{Parcel, Said};
use super::pipe::Pipe;
use crate::monitors::Talk;
use crate::packet::Unsent;
use crate::transport::Event;
use hypermesh_core::base::{Load, NodeId, Time};
use hypermesh_core::node::Content;
use hypermesh_core::stoq::node::{ConnId, Input, ServerId};
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{self, Side, StreamId};
use std::collections::{BTreeMap, VecDeque};

/// A connection.
#[derive(Debug)]
pub struct Line {
    /// What carries it.
    pub pipe: Pipe,
    /// Its number: what its client calls it, or the handle of the endpoint.
    pub number: u32,
    /// Who is at the other end.
    pub peer: NodeId,
    /// Which server of the node that is, if this end dialled.
    pub server: Option<ServerId>,
    /// When it began.
    pub began: Time,
    /// When the site is woken for it.
    pub alarms: Vec<Time>,
    /// What happened to it while the node asked for something.
    pub events: Vec<Event<Said>>,
    /// The node knows of it.
    pub is_known: bool,
    /// It waits for a turn on its core.
    pub is_queued: bool,
    /// What monitors know of it.
    pub talk: Talk,
    /// The number of the certificate that the peer showed, where there are certificates.
    pub shown: Option<u64>,
    inboxes: BTreeMap<u64, Inbox>,
    /// For each stream, the ends of contents that were not sent wholly, with their bytes.
    unsent: Unsent,
    carried: Carried,
}

/// What was told of the bytes that a connection carries.
#[derive(Clone, Copy, Debug, Default)]
struct Carried {
    /// Bytes of frames that were written and not told.
    frames: u64,
    /// Bytes told as sent for the first time, and as sent again.
    told: (u64, u64),
    /// Bytes told that were not in any packet yet: QUIC takes them before it sends them.
    ahead: u64,
}

/// Packets of a connection that were sent at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Burst {
    payload: u64,
    packets: u32,
}

impl Burst {
    /// Adds a message.
    pub fn add(&mut self, parcel: &Parcel) {
        self.payload += parcel.load_bytes() as u64;
        self.packets += parcel.datagrams();
    }
}

/// A stream of requests as it comes in.
#[derive(Debug, Default)]
struct Inbox {
    /// The session wants its frames.
    is_read: bool,
    /// What came before it did.
    held: VecDeque<Event<Said>>,
}

impl Line {
    /// A new connection.
    pub const fn new(pipe: Pipe, number: u32, peer: NodeId, server: Option<ServerId>, now: Time) -> Self {
        Self {
            pipe,
            number,
            peer,
            server,
            began: now,
            alarms: Vec::new(),
            events: Vec::new(),
            is_known: false,
            is_queued: false,
            talk: Talk::new(peer, server.is_some()),
            shown: None,
            inboxes: BTreeMap::new(),
            unsent: Unsent::new(),
            carried: Carried { frames: 0, told: (0, 0), ahead: 0 },
        }
    }

    /// What it is found by when something comes for it at node `me`.
    pub const fn key(&self, me: NodeId) -> (NodeId, u32) {
        (if matches!(self.pipe, Pipe::Real(_)) { me } else { self.peer }, self.number)
    }

    fn side(&self) -> Side {
        if self.pipe.is_client() { Side::Client } else { Side::Server }
    }

    /// What an event of the pipe is for the node, in order. Beginnings and ends of the connection are the site's.
    pub fn translate(&mut self, id: ConnId, event: Event<Said>, inputs: &mut VecDeque<Input>) {
        let session = |input| Input::Session { conn: id, input };
        match event {
            Event::Connected | Event::Closed(_) => {}
            Event::Datagram(Said::Frame(frame)) => inputs.push_back(session(session::Input::Datagram { frame })),
            Event::Datagram(_) => {}
            Event::Reset { stream, code } => {
                self.inboxes.remove(&stream);
                inputs.push_back(session(session::Input::Reset { stream: StreamId(stream), code }));
            }
            Event::Stopped { stream, code } => {
                self.unsent.forget(stream);
                inputs.push_back(session(session::Input::Stop { stream: StreamId(stream), code }));
            }
            Event::Sent { stream, upto } => self.sent(id, stream, upto, inputs),
            Event::Item { stream, .. } | Event::Progress { stream } | Event::Ended { stream } => {
                let number = StreamId(stream);
                if number.is_one_way() {
                    return one_way(id, number, event, inputs);
                }
                if number.opener() != self.side() && !self.inboxes.contains_key(&stream) {
                    inputs.push_back(session(session::Input::Request { stream: number, early: false }));
                    self.inboxes.insert(stream, Inbox::default());
                }
                let Some(inbox) = self.inboxes.get_mut(&stream) else { return };
                if inbox.is_read {
                    self.read_one(id, number, event, inputs);
                } else if !matches!(event, Event::Progress { .. }) {
                    inbox.held.push_back(event);
                }
            }
        }
    }

    /// The session wants the frames of a stream from now on.
    pub fn read(&mut self, id: ConnId, stream: StreamId, inputs: &mut VecDeque<Input>) {
        let Some(inbox) = self.inboxes.get_mut(&stream.0) else { return };
        inbox.is_read = true;
        for event in std::mem::take(&mut inbox.held) {
            self.read_one(id, stream, event, inputs);
        }
    }

    fn read_one(&mut self, id: ConnId, stream: StreamId, event: Event<Said>, inputs: &mut VecDeque<Input>) {
        let session = |input| Input::Session { conn: id, input };
        match event {
            Event::Item { item: Said::Frame(frame), .. } => inputs.push_back(session(session::Input::Frame { stream, frame })),
            Event::Item { item: Said::Body(bytes, range), .. } => {
                let whole = range.start == 0 && range.end as usize == bytes.len();
                let bytes = if whole { bytes } else { bytes[range.start as usize..range.end as usize].into() };
                inputs.push_back(Input::Body { conn: id, stream, bytes });
            }
            Event::Progress { .. } => inputs.push_back(session(session::Input::Progress { stream })),
            Event::Ended { .. } => {
                self.inboxes.remove(&stream.0);
                inputs.push_back(session(session::Input::End { stream }));
            }
            _ => {}
        }
    }

    /// What was sent of the contents that the node wrote.
    fn sent(&mut self, conn: ConnId, stream: u64, upto: u64, inputs: &mut VecDeque<Input>) {
        let bytes = self.unsent.taken(stream, upto);
        if bytes > 0 {
            inputs.push_back(Input::Sent { conn, stream: StreamId(stream), bytes });
        }
    }

    /// Does what the session asks for on this connection.
    pub fn carry_out(&mut self, id: ConnId, effect: session::Effect, now: Time, inputs: &mut VecDeque<Input>) {
        match effect {
            session::Effect::OpenControl { stream } => self.say(stream, Said::Kind(CONTROL)),
            session::Effect::OpenRequest { stream, .. } => drop(self.inboxes.insert(stream.0, Inbox::default())),
            session::Effect::Write { stream, frame } => self.say(stream, Said::Frame(frame)),
            session::Effect::Finish { stream } => self.pipe.finish(stream.0),
            session::Effect::Reset { stream, code } => {
                self.unsent.forget(stream.0);
                self.pipe.reset(stream.0, code.to_quic());
            }
            session::Effect::Stop { stream, code } => {
                self.inboxes.remove(&stream.0);
                self.pipe.stop(stream.0, code.to_quic());
            }
            session::Effect::Read { stream } => self.read(id, stream, inputs),
            session::Effect::Datagram { frame } => {
                let said = Said::Frame(frame);
                self.carried.frames += u64::from(said.wire_len());
                self.pipe.datagram(said);
            }
            session::Effect::Close { code } => self.pipe.close(code.to_quic(), now, &mut self.events),
            // The contract says that these never come here.
            session::Effect::Wake { .. } | session::Effect::Up(_) => {}
        }
    }

    fn say(&mut self, stream: StreamId, said: Said) {
        self.carried.frames += u64::from(said.wire_len());
        self.pipe.write(stream.0, said);
    }

    /// What a burst carried, by layers; none if it is empty. `overhead` is the bytes of headers below QUIC in each packet.
    pub fn carried(&mut self, burst: Burst, overhead: u32) -> Option<Content> {
        let (fresh, again) = self.pipe.carried();
        let told = std::mem::replace(&mut self.carried.told, (fresh, again));
        let (fresh, again) = (fresh - told.0, again - told.1);
        // Frames go before what they head.
        let frames = self.carried.frames.min(fresh);
        self.carried.frames -= frames;
        let due = self.carried.ahead + fresh + again;
        let quic = burst.payload.saturating_sub(due);
        self.carried.ahead = due.saturating_sub(burst.payload);
        let [content, frames, again, quic] = [fresh - frames, frames, again, quic].map(|bytes| bytes as u32);
        let headers = burst.packets * overhead;
        (burst.packets > 0 || fresh > 0).then_some(Content::Carried { content, frames, again, quic, headers })
    }

    /// Writes some bytes of a content behind its head.
    pub fn write_body(&mut self, stream: StreamId, bytes: std::sync::Arc<[u8]>, range: std::ops::Range<u32>) {
        let len = range.end - range.start;
        let end = self.pipe.write(stream.0, Said::Body(bytes, range));
        self.unsent.wrote(stream.0, end, len);
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.talk.heap_bytes() + self.inboxes.len() * 128 + self.unsent.heap_bytes() + self.pipe.heap_bytes()
    }
}

fn one_way(conn: ConnId, stream: StreamId, event: Event<Said>, inputs: &mut VecDeque<Input>) {
    let input = match event {
        Event::Item { item: Said::Kind(kind), .. } => session::Input::OneWay { stream, kind },
        Event::Item { item: Said::Frame(frame), .. } => session::Input::Frame { stream, frame },
        Event::Ended { .. } => session::Input::End { stream },
        _ => return,
    };
    inputs.push_back(Input::Session { conn, input });
}
