//! What is under way between the two hosts: packets, on the wires of the simulator.

use crate::suite::port::Line;
use hypermesh_core::base::{NodeId, Time};
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::network::access::Arrival;
use hypermesh_sim::network::{End, Verdict, Wires};
use std::collections::BTreeMap;

/// One of the two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    /// The tester.
    Tester,
    /// The node under test.
    Node,
}

impl Host {
    /// Both.
    pub(super) const BOTH: [Self; 2] = [Self::Tester, Self::Node];

    /// The other one.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Tester => Self::Node,
            Self::Node => Self::Tester,
        }
    }

    /// Its number on the wires.
    pub(super) const fn id(self) -> NodeId {
        NodeId(self as u32)
    }

    fn end(self) -> End {
        End { id: self.id(), place: self as u16, access: 0 }
    }
}

/// What a host sent, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Packets that were sent.
    pub packets: u64,
    /// Those of them that never arrived: lost on the path, or dropped before a full queue.
    pub lost: u64,
    /// Those that arrived twice.
    pub copied: u64,
    /// Those that arrived after one that was sent later.
    pub overtaken: u64,
    /// The time that those which arrived were under way, in all, in nanoseconds.
    pub under_way_ns: u64,
}

impl Carried {
    /// Adds what another one counted.
    pub fn add(&mut self, other: &Self) {
        self.packets += other.packets;
        self.lost += other.lost;
        self.copied += other.copied;
        self.overtaken += other.overtaken;
        self.under_way_ns += other.under_way_ns;
    }
}

/// A packet under way.
#[derive(Debug)]
pub(super) struct Packet {
    /// Who sent it.
    pub(super) from: Host,
    /// The connection that it belongs to.
    pub(super) line: Line,
    /// The payload of UDP.
    pub(super) octets: Box<[u8]>,
    sent: Time,
    seq: u32,
    /// It is through the queue of the receiver's access.
    is_through: bool,
}

/// Packets under way, by the time when something happens to them.
#[derive(Debug)]
pub(super) struct Air {
    wires: Wires,
    under_way: BTreeMap<(Time, u64), Packet>,
    count: u64,
    up_free: [u64; 2],
    down_free: [u64; 2],
    sent: [u32; 2],
    latest: [Option<u32>; 2],
    carried: [Carried; 2],
}

impl Air {
    pub(super) fn new(plan: &Plan) -> Self {
        Self {
            wires: Wires::new(plan),
            under_way: BTreeMap::new(),
            count: 0,
            up_free: [0; 2],
            down_free: [0; 2],
            sent: [0; 2],
            latest: [None; 2],
            carried: Default::default(),
        }
    }

    fn at(&mut self, when: u64, packet: Packet) {
        self.count += 1;
        self.under_way.insert((Time(when), self.count), packet);
    }

    /// A host sends a packet.
    pub(super) fn send(&mut self, from: Host, line: Line, octets: Box<[u8]>, now: Time) {
        let (me, seq) = (from as usize, self.sent[from as usize]);
        self.sent[me] += 1;
        self.carried[me].packets += 1;
        let bytes = self.wires.charge(octets.len(), 1);
        match self.wires.route(now.0, from.end(), from.other().end(), bytes, seq, &mut self.up_free[me]) {
            Verdict::Drop(_) => self.carried[me].lost += 1,
            Verdict::Deliver { at, copy } => {
                let packet = |octets| Packet { from, line, octets, sent: now, seq, is_through: false };
                if let Some(copy) = copy {
                    self.carried[me].copied += 1;
                    self.at(copy, packet(octets.clone()));
                }
                self.at(at, packet(octets));
            }
        }
    }

    /// When something happens to a packet next.
    pub(super) fn next_at(&self) -> Option<Time> {
        self.under_way.first_key_value().map(|((when, _), _)| *when)
    }

    /// The packet that arrives now, if it does not wait in a queue or is dropped there.
    pub(super) fn arrive(&mut self) -> Option<Packet> {
        let ((now, _), mut packet) = self.under_way.pop_first()?;
        let (from, to) = (packet.from as usize, packet.from.other() as usize);
        if !packet.is_through {
            let bytes = self.wires.charge(packet.octets.len(), 1);
            match self.wires.arrive(now.0, 0, bytes, &mut self.down_free[to]) {
                Arrival::Now => {}
                Arrival::Later(at) => {
                    packet.is_through = true;
                    self.at(at, packet);
                    return None;
                }
                Arrival::Full => {
                    self.carried[from].lost += 1;
                    return None;
                }
            }
        }
        let carried = &mut self.carried[from];
        carried.under_way_ns += now.since(packet.sent).0;
        carried.overtaken += u64::from(self.latest[from].is_some_and(|latest| latest > packet.seq));
        self.latest[from] = self.latest[from].max(Some(packet.seq));
        Some(packet)
    }

    /// What a host sent, and what became of it.
    pub(super) const fn carried(&self, from: Host) -> &Carried {
        &self.carried[from as usize]
    }
}
