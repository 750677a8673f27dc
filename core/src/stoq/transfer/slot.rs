//! A content that is fetched: a chunk, a manifest, or what a name leads to.

use super::states::{Act, Cell, Event, State, cell};
use crate::stoq::chunk::{ChunkId, ManifestId};
use crate::stoq::session::frame::ContentId;
use std::collections::VecDeque;
use std::sync::Arc;

/// What is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// What the name leads to.
    Name,
    /// A manifest.
    Manifest(ManifestId),
    /// A chunk.
    Chunk(ChunkId),
}

impl Key {
    /// Whether the head of a frame that tells this digest may be about it.
    pub(super) fn is_named(self, id: ContentId) -> bool {
        match self {
            Self::Name => false,
            Self::Manifest(manifest) => manifest.0 == id.0,
            Self::Chunk(chunk) => chunk.0 == id.0,
        }
    }

    /// Which chunk it is, if it is one.
    pub(super) const fn chunk(self) -> Option<ChunkId> {
        match self {
            Self::Chunk(chunk) => Some(chunk),
            _ => None,
        }
    }

    /// Whether these bytes are what the name says.
    pub(super) fn verifies(self, bytes: &[u8]) -> bool {
        match self {
            Self::Name => false,
            Self::Manifest(manifest) => manifest.is_of(bytes),
            Self::Chunk(chunk) => chunk.is_of(bytes),
        }
    }
}

/// A content and all that is known about it.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) key: Key,
    pub(super) state: State,
    /// Bytes as it is stored; what is assumed, for a manifest.
    pub(super) len: u32,
    /// The places of the sources that are asked, at most [`ASKERS_MAX`](super::config::ASKERS_MAX).
    pub(super) askers: Vec<usize>,
    /// Sources that have it not, one bit each.
    pub(super) lacks: u64,
    /// Sources that sent something else, or nothing.
    pub(super) wronged: u64,
    /// How often it was taken from one source's queue for another.
    pub(super) stolen: u8,
    /// Where the pieces of it begin that are planned and not delivered, in the order in which they are delivered.
    pub(super) pieces: VecDeque<u64>,
    pub(super) held: Option<Arc<[u8]>>,
}

impl Slot {
    pub(super) const fn new(key: Key, len: u32) -> Self {
        Self { key, state: State::Waiting, len, askers: Vec::new(), lacks: 0, wronged: 0, stolen: 0, pieces: VecDeque::new(), held: None }
    }

    /// Lets something happen.
    pub(super) fn react(&mut self, event: Event) -> Act {
        let Cell { next, act } = cell(self.state, event);
        debug_assert!(act != Act::Misuse, "{event:?} cannot happen to what is {:?}", self.state);
        self.state = next;
        act
    }

    /// Those of the `live` sources that may be asked: rather none that sent something else, but better those than nobody.
    pub(super) const fn candidates(&self, live: u64) -> u64 {
        let having = live & !self.lacks;
        let fresh = having & !self.wronged;
        if fresh != 0 { fresh } else { having }
    }
}
