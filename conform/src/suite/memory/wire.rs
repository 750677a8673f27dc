//! One connection of the tester with the node in memory.

use super::inflow::Inflow;
use crate::suite::port::{Heard, Line, Ways};
use hypermesh_core::base::Wire as _;
use hypermesh_core::base::wire::put_varint;
use hypermesh_core::stoq::node::{ConnId, Effect, Input};
use hypermesh_core::stoq::session::frame::{Frame, meaningless};
use hypermesh_core::stoq::session::limits::{FrameLimits, ONE_WAY_MAX};
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{self, FrameReader, Side, StreamId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What the driver of the node and the stack of the tester would keep of a connection, in one.
#[derive(Debug)]
pub(super) struct Wire {
    line: Line,
    pub(super) side: Side,
    pub(super) limits: FrameLimits,
    pub(super) heard: VecDeque<Heard>,
    pub(super) is_closed: bool,
    /// Streams of which the tester wants no more.
    pub(super) stopped: BTreeSet<StreamId>,
    inflow: BTreeMap<StreamId, Inflow>,
    /// Streams on which the node will say no more.
    outflow_over: BTreeSet<StreamId>,
    /// How many streams of both and of one way the tester opened, and whether the node was told of each.
    opened: [u64; 2],
    told: BTreeSet<StreamId>,
    is_held: bool,
    unsent: Vec<(StreamId, u32)>,
}

impl Wire {
    pub(super) const fn new(line: Line, side: Side, limits: FrameLimits) -> Self {
        Self {
            line,
            side,
            limits,
            heard: VecDeque::new(),
            is_closed: false,
            stopped: BTreeSet::new(),
            inflow: BTreeMap::new(),
            outflow_over: BTreeSet::new(),
            opened: [0; 2],
            told: BTreeSet::new(),
            is_held: false,
            unsent: Vec::new(),
        }
    }

    /// Opens a stream of the tester as far as QUIC would grant one.
    pub(super) fn open(&mut self, ways: Ways, granted: usize) -> Option<StreamId> {
        let is_one_way = ways == Ways::One;
        let limit = if is_one_way { ONE_WAY_MAX } else { granted };
        let mine = self.inflow.iter().filter(|(stream, _)| stream.opener() == self.side && stream.is_one_way() == is_one_way);
        let open = mine.filter(|(stream, inflow)| !(inflow.is_over && (is_one_way || self.outflow_over.contains(stream)))).count();
        if open >= limit {
            return None;
        }
        let n = self.opened[usize::from(is_one_way)];
        self.opened[usize::from(is_one_way)] += 1;
        let stream = if is_one_way { StreamId::one_way(self.side, n) } else { StreamId::request(self.side, n) };
        self.inflow.insert(stream, self.inflow_of(stream));
        Some(stream)
    }

    fn inflow_of(&self, stream: StreamId) -> Inflow {
        if stream.is_one_way() {
            Inflow::new(FrameReader::one_way(self.limits), true)
        } else {
            Inflow::new(FrameReader::two_way(self.limits), false)
        }
    }

    /// Takes octets of the tester. Whether they are the first on a stream of requests that the tester opened.
    pub(super) fn write(&mut self, stream: StreamId, octets: &[u8], end: bool) -> bool {
        let fresh = self.inflow_of(stream);
        self.inflow.entry(stream).or_insert(fresh).push(octets, end);
        !stream.is_one_way() && stream.opener() == self.side && self.told.insert(stream)
    }

    /// The tester gives its direction up.
    pub(super) fn end_inflow(&mut self, stream: StreamId) {
        if let Some(inflow) = self.inflow.get_mut(&stream) {
            inflow.is_over = true;
        }
    }

    /// The next thing that the node hears on any stream.
    pub(super) fn next_input(&mut self) -> Option<Input> {
        if self.is_closed {
            return None;
        }
        let conn = ConnId(self.line.0);
        self.inflow.iter_mut().find_map(|(stream, inflow)| inflow.next(conn, *stream))
    }

    /// Takes contents from the node, or no more. What it took at once.
    pub(super) fn hold(&mut self, held: bool) -> Vec<(StreamId, u32)> {
        self.is_held = held;
        if held { Vec::new() } else { core::mem::take(&mut self.unsent) }
    }

    /// The node asks for something. What it has to be told at once.
    pub(super) fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        if self.is_closed {
            return None;
        }
        match effect {
            Effect::Data { stream, bytes, range, .. } => {
                let sent = range.end - range.start;
                self.octets(stream, bytes[range.start as usize..range.end as usize].to_vec());
                if self.is_held {
                    self.unsent.push((stream, sent));
                    return None;
                }
                Some(Input::Sent { conn: ConnId(self.line.0), stream, bytes: sent })
            }
            Effect::Session { effect, .. } => {
                let stopped = if let session::Effect::Stop { stream, .. } = &effect { Some(*stream) } else { None };
                self.session(effect);
                // Of a one-way stream that it stopped, a driver hears nothing more, so that it is over for the session too.
                let over = stopped.filter(|stream| stream.is_one_way());
                over.map(|stream| Input::Session { conn: ConnId(self.line.0), input: session::Input::End { stream } })
            }
            _ => None,
        }
    }

    fn octets(&mut self, stream: StreamId, octets: Vec<u8>) {
        if !self.stopped.contains(&stream) {
            self.heard.push_back(Heard::Octets(stream, octets));
        }
    }

    fn session(&mut self, effect: session::Effect) {
        match effect {
            session::Effect::OpenControl { stream } => {
                let mut kind = Vec::new();
                put_varint(&mut kind, CONTROL);
                self.octets(stream, kind);
            }
            session::Effect::OpenRequest { stream, .. } => {
                self.inflow.insert(stream, self.inflow_of(stream));
            }
            session::Effect::Write { stream, frame } => {
                let mut octets = frame.to_bytes();
                if let Frame::Unknown { bytes, .. } = frame {
                    octets.extend(meaningless(bytes));
                }
                self.octets(stream, octets);
            }
            session::Effect::Finish { stream } => self.over(stream, Heard::End(stream)),
            session::Effect::Reset { stream, code } => self.over(stream, Heard::Reset(stream, code.to_quic())),
            session::Effect::Stop { stream, code } => {
                self.end_inflow(stream);
                self.heard.push_back(Heard::Stop(stream, code.to_quic()));
            }
            session::Effect::Read { stream } => {
                if let Some(inflow) = self.inflow.get_mut(&stream) {
                    inflow.is_readable = true;
                }
            }
            session::Effect::Datagram { frame } => self.heard.push_back(Heard::Datagram(frame.to_bytes())),
            session::Effect::Close { code } => {
                self.is_closed = true;
                self.heard.push_back(Heard::Closed(Some(code.to_quic())));
            }
            session::Effect::Wake { .. } | session::Effect::Up(_) => {}
        }
    }

    fn over(&mut self, stream: StreamId, heard: Heard) {
        self.outflow_over.insert(stream);
        if !self.stopped.contains(&stream) {
            self.heard.push_back(heard);
        }
    }
}
