//! What a node has heard and promised about names: how old its copies are at least, and which versions it has forbidden.

use hypermesh_core::base::{Span, Time};
use std::collections::BTreeMap;

/// The books of one node about names. They live as long as the node does: what it holds in memory is gone with it.
#[derive(Debug, Default)]
pub struct Names {
    /// For each name the newest version heard of, and the moment at which the origin said so at the latest.
    born: BTreeMap<u64, (u64, Time)>,
    /// The greatest version of each name whose purge this node acknowledged.
    floors: BTreeMap<u64, u64>,
}

impl Names {
    /// Empty books.
    pub const fn new() -> Self {
        Self { born: BTreeMap::new(), floors: BTreeMap::new() }
    }

    /// A node above said of what age a version was when it was asked.
    pub fn heard(&mut self, name: u64, version: u64, asked: Time, age: Span) {
        let born = Time(asked.0.saturating_sub(age.0));
        let known = self.born.entry(name).or_insert((version, born));
        if version > known.0 || (version == known.0 && born > known.1) {
            *known = (version, born);
        }
    }

    /// The least age that a version of a name can have at a moment, if this node has asked about it.
    pub fn least_age(&self, name: u64, version: u64, now: Time) -> Option<Span> {
        self.born.get(&name).filter(|(known, _)| *known == version).map(|(_, born)| now.since(*born))
    }

    /// This node acknowledged a purge of one name. Purges of all names under one are not watched.
    pub fn forbid(&mut self, name: u64, upto: u64) {
        let floor = self.floors.entry(name).or_default();
        *floor = upto.max(*floor);
    }

    /// The greatest version of a name that is forbidden here; none if none is.
    pub fn floor(&self, name: u64) -> Option<u64> {
        self.floors.get(&name).copied()
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        (self.born.len() * 24 + self.floors.len() * 16) * 3 / 2
    }
}
