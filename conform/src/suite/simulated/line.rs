//! One connection between the tester and the node: both ends of it, and what the tester heard.

use super::air::Host;
use super::driver::Driver;
use crate::suite::port::Heard;
use hypermesh_core::base::Time;
use hypermesh_core::stoq::node::Peer;
use hypermesh_core::stoq::session::{Side, StreamId};
use hypermesh_sim::packet::{Came, Raw, Read, Unrepeated};
use std::collections::{BTreeSet, VecDeque};

/// A connection. Before its first packet arrives, whoever is to be connected with has no end of it.
#[derive(Debug)]
pub(super) struct Pair {
    /// Which side the tester is.
    pub(super) side: Side,
    /// Who the tester is.
    pub(super) peer: Peer,
    /// The two ends, of the tester and of the node.
    pub(super) ends: [Option<Raw>; 2],
    /// When something is due at each of them.
    pub(super) due: [Option<Time>; 2],
    /// What drives the node on it; none before the handshake is complete there.
    pub(super) driver: Option<Driver>,
    /// Whether the tester's handshake is complete.
    pub(super) is_connected: bool,
    /// Whether the node was told of its end.
    pub(super) is_gone: bool,
    /// Whether the tester was told of its end, or ended it.
    pub(super) is_told_over: bool,
    /// Whether something happened to it that was not looked at.
    pub(super) is_touched: bool,
    pub(super) heard: VecDeque<Heard>,
    is_held: bool,
    /// Streams that may have something to read while the tester takes nothing.
    unread: BTreeSet<u64>,
    stopped: BTreeSet<u64>,
}

impl Pair {
    pub(super) const fn new(side: Side, peer: Peer) -> Self {
        Self {
            side,
            peer,
            ends: [None, None],
            due: [None; 2],
            driver: None,
            is_connected: false,
            is_gone: false,
            is_told_over: false,
            is_touched: true,
            heard: VecDeque::new(),
            is_held: false,
            unread: BTreeSet::new(),
            stopped: BTreeSet::new(),
        }
    }

    /// The end of a host.
    pub(super) fn end(&mut self, host: Host) -> Option<&mut Raw> {
        self.ends[host as usize].as_mut()
    }

    /// The tester's end, which is touched by whoever asks for it.
    pub(super) fn mine(&mut self) -> Option<&mut Raw> {
        self.is_touched = true;
        self.end(Host::Tester)
    }

    /// How many datagrams and last words of either end did not come to the other by now. QUIC does not send them again.
    pub(super) fn taken_for_good(&self, now: Time) -> u64 {
        let [tester, node] = self.ends.each_ref().map(|end| end.as_ref().map(Raw::unrepeated).unwrap_or_default());
        let one = |from: &Unrepeated, to: &Unrepeated| {
            let is_unheard = from.closed.is_some_and(|at| at < now) && to.closed.is_none() && !to.heard_end;
            from.datagrams_sent.saturating_sub(to.datagrams_came) + u64::from(is_unheard)
        };
        one(&tester, &node) + one(&node, &tester)
    }

    /// Something happened to the tester's end.
    pub(super) fn hear(&mut self, came: Came) {
        match came {
            Came::Connected => self.is_connected = true,
            Came::Readable(stream) if self.is_held => drop(self.unread.insert(stream)),
            Came::Readable(stream) => self.read(stream),
            Came::Stopped { stream, code } => {
                // Whoever is told that nobody listens gives the stream up (RFC 9000, clause 3.5), so that its place is free again.
                self.end(Host::Tester).into_iter().for_each(|raw| raw.reset(stream, code));
                self.heard.push_back(Heard::Stop(StreamId(stream), code));
            }
            Came::Datagram(octets) => self.heard.push_back(Heard::Datagram(octets.to_vec())),
            Came::Closed(code) => self.heard.push_back(Heard::Closed(code)),
            Came::Sent { .. } => {}
        }
    }

    fn read(&mut self, stream: u64) {
        if self.stopped.contains(&stream) {
            return;
        }
        let all = self.end(Host::Tester).map(|raw| raw.read(stream)).unwrap_or_default();
        let stream = StreamId(stream);
        self.heard.extend(all.into_iter().map(|read| match read {
            Read::Octets(octets) => Heard::Octets(stream, octets.to_vec()),
            Read::End => Heard::End(stream),
            Read::Reset(code) => Heard::Reset(stream, code),
        }));
    }

    /// The tester wants no more of a stream.
    pub(super) fn stop(&mut self, stream: u64, code: u64) {
        self.stopped.insert(stream);
        self.mine().into_iter().for_each(|raw| raw.stop(stream, code));
    }

    /// The tester takes nothing any more, or takes all again.
    pub(super) fn hold(&mut self, held: bool) {
        self.is_held = held;
        self.is_touched = true;
        if !held {
            std::mem::take(&mut self.unread).into_iter().for_each(|stream| self.read(stream));
        }
    }
}
