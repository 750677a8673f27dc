//! What drives the node under test on one connection: its effects go to QUIC, and what QUIC brings goes to the node. It does what the driver on sockets does,
//! without a task or a lock.

use crate::suite::memory::inflow::{self, Inflow};
use bytes::Bytes;
use hypermesh_core::base::wire::put_varint;
use hypermesh_core::base::{Time, Wire as _};
use hypermesh_core::stoq::node::{ConnId, Effect, Input};
use hypermesh_core::stoq::session::frame::{Frame, meaningless};
use hypermesh_core::stoq::session::limits::FrameLimits;
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{self, Code, FrameReader, Side, StreamId};
use hypermesh_sim::packet::{Came, Raw, Read, Unsent};
use std::collections::{BTreeMap, VecDeque};

/// The node's end of one connection, between QUIC and the node.
#[derive(Debug)]
pub(super) struct Driver {
    conn: ConnId,
    side: Side,
    pub(super) limits: FrameLimits,
    /// Streams that are read, or will be.
    inflow: BTreeMap<StreamId, Inflow>,
    unsent: Unsent,
    /// What the node is to be told next.
    inputs: VecDeque<Input>,
    /// Requests that the tester may have open.
    pub(super) granted: usize,
}

impl Driver {
    pub(super) const fn new(conn: ConnId, side: Side, limits: FrameLimits, granted: usize) -> Self {
        Self { conn, side, limits, inflow: BTreeMap::new(), unsent: Unsent::new(), inputs: VecDeque::new(), granted }
    }

    fn session(&mut self, input: session::Input) {
        self.inputs.push_back(Input::Session { conn: self.conn, input });
    }

    /// The next thing that the node is told. What it may say about one thing changes what it hears next, so they come one by one.
    pub(super) fn next(&mut self, raw: &mut Raw) -> Option<Input> {
        if let Some(input) = self.inputs.pop_front() {
            return Some(input);
        }
        let conn = self.conn;
        let (stream, input) = self.inflow.iter_mut().find_map(|(stream, inflow)| Some((*stream, inflow.next(conn, *stream)?)))?;
        if matches!(&input, Input::Session { input: session::Input::Broken { .. }, .. }) {
            raw.stop(stream.0, Code::Refused.to_quic());
        }
        Some(input)
    }

    /// Something happened to the connection. Its beginning and its end are not the driver's.
    pub(super) fn came(&mut self, raw: &mut Raw, came: Came) {
        match came {
            Came::Connected | Came::Closed(_) => {}
            Came::Datagram(octets) => {
                inflow::datagram(&octets).into_iter().for_each(|input| self.session(input));
            }
            Came::Readable(stream) => self.readable(raw, StreamId(stream)),
            Came::Sent { stream, upto } => self.sent(stream, upto),
            Came::Stopped { stream, code } => {
                self.unsent.forget(stream);
                raw.reset(stream, Code::Cancelled.to_quic());
                self.session(session::Input::Stop { stream: StreamId(stream), code });
            }
        }
    }

    fn readable(&mut self, raw: &mut Raw, stream: StreamId) {
        if stream.opener() != self.side && !self.inflow.contains_key(&stream) {
            let reader = if stream.is_one_way() { FrameReader::one_way(self.limits) } else { FrameReader::two_way(self.limits) };
            // The type of a one-way stream is heard at once; a request is read when the session says so.
            self.inflow.insert(stream, Inflow::new(reader, stream.is_one_way()));
            if !stream.is_one_way() {
                self.session(session::Input::Request { stream, early: false });
            }
        }
        self.read(raw, stream);
    }

    /// Reads what there is of a stream, if it is read at all.
    fn read(&mut self, raw: &mut Raw, stream: StreamId) {
        let Some(inflow) = self.inflow.get_mut(&stream).filter(|inflow| inflow.is_readable && !inflow.is_over) else { return };
        for read in raw.read(stream.0) {
            match read {
                Read::Octets(octets) => inflow.push(&octets, false),
                Read::End => inflow.push(&[], true),
                Read::Reset(code) => {
                    inflow.is_over = true;
                    self.inputs.push_back(Input::Session { conn: self.conn, input: session::Input::Reset { stream, code } });
                }
            }
        }
    }

    /// What QUIC took of the contents that the node wrote.
    fn sent(&mut self, stream: u64, upto: u64) {
        let bytes = self.unsent.taken(stream, upto);
        if bytes > 0 {
            self.inputs.push_back(Input::Sent { conn: self.conn, stream: StreamId(stream), bytes });
        }
    }

    /// The node asks for something.
    pub(super) fn carry_out(&mut self, raw: &mut Raw, effect: Effect, now: Time) {
        match effect {
            Effect::Data { stream, bytes, range, .. } => {
                let len = range.end - range.start;
                let end = raw.write(stream.0, Bytes::from_owner(bytes).slice(range.start as usize..range.end as usize));
                self.unsent.wrote(stream.0, end, len);
            }
            Effect::Session { effect, .. } => self.on_session(raw, effect, now),
            _ => {}
        }
    }

    fn on_session(&mut self, raw: &mut Raw, effect: session::Effect, now: Time) {
        match effect {
            session::Effect::OpenControl { stream } => {
                let mut kind = Vec::new();
                put_varint(&mut kind, CONTROL);
                raw.open_later(stream.0);
                raw.write(stream.0, kind.into());
            }
            session::Effect::OpenRequest { stream, .. } => {
                raw.open_later(stream.0);
                self.inflow.insert(stream, Inflow::new(FrameReader::two_way(self.limits), false));
            }
            session::Effect::Write { stream, frame } => {
                let mut octets = frame.to_bytes();
                if let Frame::Unknown { bytes, .. } = frame {
                    octets.extend(meaningless(bytes));
                }
                raw.write(stream.0, octets.into());
            }
            session::Effect::Finish { stream } => raw.finish(stream.0),
            session::Effect::Reset { stream, code } => {
                self.unsent.forget(stream.0);
                raw.reset(stream.0, code.to_quic());
            }
            session::Effect::Stop { stream, code } => {
                raw.stop(stream.0, code.to_quic());
                if let Some(inflow) = self.inflow.get_mut(&stream) {
                    inflow.is_over = true;
                }
                // Of a one-way stream that it stopped a driver hears nothing more, so that it is over for the session too.
                if stream.is_one_way() {
                    self.session(session::Input::End { stream });
                }
            }
            session::Effect::Read { stream } => {
                if let Some(inflow) = self.inflow.get_mut(&stream) {
                    inflow.is_readable = true;
                }
                self.read(raw, stream);
            }
            session::Effect::Datagram { frame } => {
                // Whoever sends a datagram bears its loss (R-8-08).
                let _ = raw.datagram(frame.to_bytes().into());
            }
            session::Effect::Close { code: Code::NoError } => raw.part(Code::NoError.to_quic(), now),
            session::Effect::Close { code } => raw.close(code.to_quic(), now),
            session::Effect::Wake { .. } | session::Effect::Up(_) => {}
        }
    }
}
