//! A full record of the events of one window, for the search of the first difference.

use hypermesh_core::base::NodeId;

/// What to record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Start, in ns.
    pub from: u64,
    /// End, in ns.
    pub until: u64,
}

/// One recorded event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recorded {
    /// When, in ns.
    pub at_ns: u64,
    /// Where.
    pub node: u32,
    /// What, in words, with the key of its order.
    pub text: String,
    /// Its fingerprint.
    pub hash: u64,
}

/// The record of a shard.
#[derive(Clone, Debug, Default)]
pub struct Record {
    range: Option<Range>,
    /// The events, in the order in which they were handled.
    pub events: Vec<Recorded>,
}

impl Record {
    /// A record of a range, or of nothing.
    pub const fn new(range: Option<Range>) -> Self {
        Self { range, events: Vec::new() }
    }

    /// Whether a moment is recorded.
    #[inline]
    pub const fn wants(&self, now: u64) -> bool {
        match self.range {
            None => false,
            Some(range) => now >= range.from && now < range.until,
        }
    }

    /// Records an event.
    pub fn add(&mut self, at_ns: u64, node: NodeId, text: String, hash: u64) {
        self.events.push(Recorded { at_ns, node: node.0, text, hash });
    }
}
