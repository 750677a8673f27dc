//! Conservative synchronisation of shards (Chandy and Misra 1979, in the form of synchronous windows as in YAWNS, Nicol 1993).
//!
//! No datagram between two shards is under way for less than the lookahead. So all shards may handle the events of a window of that length without
//! hearing from each other, and exchange what they sent at its end. Nothing here knows threads; the same windows can carry a run over processes.

/// Where the world is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// First rank of each shard, and the number of nodes at the end.
    pub cuts: Vec<u32>,
    /// Shortest delay between two shards, in ns; none for a single shard.
    pub lookahead: u64,
}

/// The largest power of two of nanoseconds within `ns`, as an exponent.
pub const fn floor_shift(ns: u64) -> u32 {
    if ns == 0 { 0 } else { 63 - ns.leading_zeros() }
}

/// End of the window that begins at `start`: at most `lookahead` later, on the grid of slots, and not past the end of the run.
pub fn window_end(start: u64, lookahead: u64, width: u64, stop: u64) -> u64 {
    let span = (lookahead / width).max(1) * width;
    start.saturating_add(span).min(stop)
}
