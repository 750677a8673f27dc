//! A pipe keeps its order: datagrams of a pair arrive in the order of their numbers. Watched at a sample of the receivers.

use hypermesh_core::base::NodeId;
use hypermesh_core::base::digest::mix;

/// Senders remembered at a watched receiver; a newer one takes the place of another with the same hash.
const SENDERS: usize = 8;
/// Receivers of a large world of which one is watched.
const EVERY: u32 = 64;
/// Receivers that are watched at least, if there are as many.
const LEAST: u32 = 256;

/// The newest numbers seen at the watched receivers of a shard. What it remembers of one does not depend on the others, so the same is found on any
/// number of threads.
#[derive(Clone, Debug)]
pub struct PipeOrder {
    /// Ranks whose last `shift` bits are zero are watched.
    shift: u32,
    first: u32,
    /// (Sender and one, newest number) by receiver; a line of the cache each.
    newest: Vec<[(u32, u32); SENDERS]>,
}

impl PipeOrder {
    /// Watches some of the `nodes` nodes of a shard, the first of which has rank `first`; there are `all` in the world.
    pub fn new(first: u32, nodes: usize, all: usize) -> Self {
        let shift = (all as u32 / LEAST).clamp(1, EVERY).ilog2();
        Self { shift, first: first >> shift, newest: vec![[(0, 0); SENDERS]; (nodes >> shift) + 2] }
    }

    /// Whether arrivals at the node of this rank are watched.
    #[inline]
    pub const fn watches(&self, rank: u32) -> bool {
        rank & ((1 << self.shift) - 1) == 0
    }

    /// Writes an arrival at a watched node down; the newer number that it came after, if there is one.
    #[inline(never)]
    pub fn overtaken(&mut self, rank: u32, from: NodeId, seq: u32) -> Option<u32> {
        let row = &mut self.newest[((rank >> self.shift) - self.first) as usize];
        let known = &mut row[mix(u64::from(from.0)) as usize % SENDERS];
        let newest = if known.0 == from.0.wrapping_add(1) { known.1 } else { 0 };
        *known = (from.0.wrapping_add(1), newest.max(seq));
        (seq < newest).then_some(newest)
    }
}
