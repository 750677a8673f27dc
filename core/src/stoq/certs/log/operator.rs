//! A log: it promises to show a certificate, and shows it in time.

use super::checkpoint::Checkpoint;
use super::entry;
use super::tree::{Hash, Tree, leaf_hash};
use crate::base::{Span, Time};
use crate::stoq::certs::certificate::Certificate;
use crate::testing::Breach;
use std::collections::{BTreeMap, VecDeque};

/// The longest time between a promise and the checkpoint that keeps it (R-13-10).
pub const MERGE_DELAY_MAX: Span = Span::secs(24 * 3600);

/// The promise that a certificate is going to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The hash of its entry.
    pub leaf: Hash,
    /// By when.
    pub by: Time,
}

/// A log with its tree, in memory. Its driver keeps what [`Log::merge`] adds, signs what [`Log::checkpoint`] says, and asks [`Log::due`] when to merge.
#[derive(Clone, Debug)]
pub struct Log {
    origin: String,
    merge_delay: Span,
    tree: Tree,
    places: BTreeMap<Hash, u64>,
    waiting: VecDeque<Promise>,
}

impl Log {
    /// An empty log that merges within this time, or the longest that there may be.
    pub fn new(origin: &str, merge_delay: Span) -> Self {
        let (tree, places, waiting) = (Tree::default(), BTreeMap::new(), VecDeque::new());
        Self { origin: origin.to_owned(), merge_delay: merge_delay.min(MERGE_DELAY_MAX), tree, places, waiting }
    }

    /// Takes a certificate, which is listed once however often it comes.
    pub fn add(&mut self, certificate: &Certificate, now: Time) -> Promise {
        let leaf = leaf_hash(&entry(certificate));
        if self.places.contains_key(&leaf) {
            return Promise { leaf, by: now };
        }
        if let Some(promise) = self.waiting.iter().find(|promise| promise.leaf == leaf) {
            return *promise;
        }
        let promise = Promise { leaf, by: now + self.merge_delay };
        self.waiting.push_back(promise);
        promise
    }

    /// When the next merge is due; none if nothing is promised. Half of the delay is left for a driver that is late.
    pub fn due(&self) -> Option<Time> {
        self.waiting.front().map(|promise| Time(promise.by.0 - self.merge_delay.0 / 2))
    }

    /// Adds what was promised to the tree: the hashes that are new.
    pub fn merge(&mut self) -> Vec<Hash> {
        if Breach::MergeNever.is_on() {
            return Vec::new();
        }
        let leaves: Vec<Hash> = self.waiting.drain(..).map(|promise| promise.leaf).collect();
        for leaf in &leaves {
            self.places.insert(*leaf, self.tree.size());
            self.tree.push(*leaf);
        }
        leaves
    }

    /// What the log shows now, to be signed.
    pub fn checkpoint(&self) -> Checkpoint {
        let size = self.tree.size();
        Checkpoint { origin: self.origin.clone(), size, root: self.tree.root(size).unwrap_or_default() }
    }

    /// The place of an entry, and its path to the root of a checkpoint of that size.
    pub fn prove(&self, leaf: &Hash, size: u64) -> Option<(u64, Vec<Hash>)> {
        let place = *self.places.get(leaf)?;
        Some((place, self.tree.inclusion(place, size)?))
    }

    /// The path that leads from one checkpoint to a later one.
    pub fn follow(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        self.tree.consistency(old, new)
    }
}
