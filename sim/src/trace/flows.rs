//! Sampled datagrams: those sent by a share of the nodes, chosen by a hash.

use hypermesh_core::base::NodeId;
use hypermesh_core::base::digest::mix;
use hypermesh_scenarios::trace::{Fate, Flow};
use std::collections::BTreeMap;

/// Which nodes are sampled.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    threshold: u64,
}

impl Sampling {
    /// Samples a share of the nodes.
    pub fn of(share: f64) -> Self {
        Self { threshold: (share.clamp(0.0, 1.0) * (1u64 << 53) as f64) as u64 }
    }

    /// Whether a node is sampled.
    #[inline]
    pub const fn takes(self, node: NodeId) -> bool {
        self.threshold != 0 && (mix(0x666C_6F77 ^ node.0 as u64) >> 11) < self.threshold
    }
}

/// Flows of one shard: what it sent, and corrections for what it received.
#[derive(Clone, Debug, Default)]
pub struct Flows {
    /// Datagrams sent from here, with their number, as if all that left arrived.
    sent: Vec<(u32, Flow)>,
    /// What became of some that came here: (sender, number) to the moment and the fate.
    fates: BTreeMap<(u32, u32), (u64, Fate)>,
}

impl Flows {
    /// Keeps a datagram that was sent as number `seq`.
    pub fn send(&mut self, seq: u32, flow: Flow) {
        self.sent.push((seq, flow));
    }

    /// Keeps what became of a datagram.
    pub fn end(&mut self, from: NodeId, seq: u32, at: u64, fate: Fate) {
        self.fates.entry((from.0, seq)).or_insert((at, fate));
    }

    /// Adds the flows of another shard.
    pub fn merge(&mut self, other: Self) {
        self.sent.extend(other.sent);
        for (key, fate) in other.fates {
            self.fates.entry(key).or_insert(fate);
        }
    }

    /// All flows, in the order of sending. A datagram whose end nobody saw is under way.
    pub fn finish(self) -> Vec<Flow> {
        let Self { sent, fates } = self;
        let mut flows: Vec<(u32, Flow)> = sent
            .into_iter()
            .map(|(seq, mut flow)| {
                if flow.fate == Fate::InFlight
                    && let Some((at, fate)) = fates.get(&(flow.from, seq))
                {
                    (flow.done_ns, flow.fate) = (*at, *fate);
                }
                (seq, flow)
            })
            .collect();
        flows.sort_unstable_by_key(|(seq, flow)| (flow.sent_ns, flow.from, *seq));
        flows.into_iter().map(|(_, flow)| flow).collect()
    }
}
