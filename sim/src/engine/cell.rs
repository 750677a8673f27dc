//! What the engine keeps per node, in one place so that an event touches one or two cache lines.

use hypermesh_core::base::NodeId;

/// Where a node is, for those who send to it. One entry a node, shared by all shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The node's rank in the world's order.
    pub rank: u32,
    /// Its place.
    pub place: u16,
    /// Its access class.
    pub access: u8,
}

/// A node with what the engine knows of it.
#[derive(Debug)]
pub struct Cell<N> {
    /// When its uplink is free again, in ns.
    pub up_free: u64,
    /// When its downlink is free again, in ns.
    pub down_free: u64,
    /// Its id.
    pub id: NodeId,
    /// Its rank in the world's order.
    pub rank: u32,
    /// Its next sequence number.
    pub seq: u32,
    /// How often it has drawn.
    pub draws: u32,
    /// How often it has come up.
    pub life: u16,
    /// Its place.
    pub place: u16,
    /// Its access class.
    pub access: u8,
    /// Whether it is up.
    pub up: bool,
    /// Whether its clock is skewed or it is paused: then the shard's cold table has more.
    pub odd: bool,
    /// The node.
    pub node: N,
}

/// What few nodes have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odd {
    /// Until when it does nothing, in ns.
    pub paused_until: u64,
    /// When the clock was last set off, in ns.
    pub skew_from: u64,
    /// What the clock showed more than the world then, in ns.
    pub skew_step: u64,
    /// How fast it runs since, in parts per million.
    pub drift_ppm: i32,
}

impl Odd {
    /// What the node's clock shows at `now`.
    pub fn clock(&self, now: u64) -> u64 {
        now.wrapping_add(self.skew_step).wrapping_add(self.gained(now.saturating_sub(self.skew_from)))
    }

    /// The clock runs from one moment of the world to another; how much of the world's time passes until it has counted `after`.
    pub fn world_span(&self, after: u64) -> u64 {
        let ppm = 1_000_000 + i128::from(self.drift_ppm.clamp(-900_000, 1_000_000));
        (i128::from(after) * 1_000_000 / ppm) as u64
    }

    fn gained(&self, elapsed: u64) -> u64 {
        let drift = i128::from(self.drift_ppm.clamp(-900_000, 1_000_000));
        // Two complement: a slow clock gains a negative number.
        (i128::from(elapsed) * drift / 1_000_000) as u64
    }
}
