//! The rules of the wires, with what a simulated world keeps beside them: when each link is free, and how many datagrams each node has sent.

use super::log::{Note, Reporter};
use crate::network::access::Arrival;
use crate::network::{End, Verdict, Wires};
use hypermesh_core::base::NodeId;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Fate;

/// A datagram on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Who sent it.
    pub from: NodeId,
    /// Who is to have it.
    pub to: NodeId,
    /// Its number among those of its sender.
    pub seq: u32,
    /// What the wires are charged for it, in bytes.
    pub bytes: u32,
}

/// The wires of a plan, used datagram by datagram in the order of time.
#[derive(Debug)]
pub struct Lines {
    wires: Wires,
    ends: Vec<End>,
    up_free: Vec<u64>,
    down_free: Vec<u64>,
    seq: Vec<u32>,
    reporter: Reporter,
}

impl Lines {
    /// The wires of a plan. What becomes of each datagram goes to `reporter`.
    pub fn new(plan: &Plan, reporter: Reporter) -> Self {
        let nodes = plan.node_count();
        let end = |node: u32| End { id: NodeId(node), place: plan.nodes.place[node as usize], access: plan.nodes.access[node as usize] };
        Self {
            wires: Wires::new(plan),
            ends: (0..nodes).map(end).collect(),
            up_free: vec![0; nodes as usize],
            down_free: vec![0; nodes as usize],
            seq: vec![0; nodes as usize],
            reporter,
        }
    }

    /// A datagram with a UDP payload of `payload` bytes leaves a node at `now` (ns): when it reaches the other's downlink, and when a copy of it does;
    /// nothing if it is dropped on the way.
    pub fn send(&mut self, now: u64, from: NodeId, to: NodeId, payload: usize) -> (Sending, [Option<u64>; 2]) {
        let bytes = self.wires.charge(payload, 1);
        let seq = self.seq[from.index()];
        self.seq[from.index()] = seq.wrapping_add(1);
        let verdict = self.wires.route(now, self.ends[from.index()], self.ends[to.index()], bytes, seq, &mut self.up_free[from.index()]);
        let sending = Sending { from, to, seq, bytes };
        self.reporter.tell(Note::Sent { at: now, sending, verdict });
        let at = match verdict {
            Verdict::Deliver { at, copy } => [Some(at), copy],
            Verdict::Drop(_) => [None, None],
        };
        (sending, at)
    }

    /// A datagram reaches the downlink of its receiver at `now`.
    pub fn arrive(&mut self, now: u64, sending: Sending) -> Arrival {
        let to = sending.to.index();
        let arrival = self.wires.arrive(now, self.ends[to].access, sending.bytes, &mut self.down_free[to]);
        if arrival == Arrival::Full {
            self.reporter.tell(Note::Dropped { at: now, sending, fate: Fate::QueueFull });
        }
        arrival
    }

    /// A datagram is handed to its receiver at `now`.
    pub fn handed(&self, now: u64, sending: Sending) {
        self.reporter.tell(Note::Delivered { at: now, sending });
    }
}
