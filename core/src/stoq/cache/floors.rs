//! What was purged: for each key the greatest version that must not be served any more.
//!
//! Versions count up per origin, one step for each change of anything it publishes, so that they can be compared across keys. That bounds memory: when
//! the table is full, the key with the least floor is forgotten, and the greatest floor ever forgotten becomes a floor for *hearsay*: a copy
//! is then believed only above that floor, or when the origin itself gave it on a request sent since. Nothing that was purged can come back through a
//! cache that missed the purge, nor through an answer that was under way; what is paid is a longer way for some fetches.

use super::Version;
use super::policy::{Key, Table};
use std::collections::BTreeSet;

/// The floors of one node.
#[derive(Clone, Debug)]
pub struct Floors<K> {
    of_key: Table<K, Version>,
    by_floor: BTreeSet<(Version, K)>,
    hearsay: Version,
    capacity: usize,
}

impl<K: Key> Floors<K> {
    /// No purge known. At most `capacity` keys are remembered by name (at least one).
    pub fn new(capacity: usize, seed: u64) -> Self {
        Self { of_key: Table::new(seed), by_floor: BTreeSet::new(), hearsay: Version(0), capacity: capacity.max(1) }
    }

    /// Nothing of this key up to `upto` may be served any more. Returns the key that is not remembered by name any more, with its floor: answers about
    /// it that are under way, even from the origin, may be older than its purge.
    pub fn raise(&mut self, key: K, upto: Version) -> Option<(K, Version)> {
        let before = self.of_key.get(&key).copied();
        if before.is_some_and(|floor| floor >= upto) {
            return None;
        }
        self.of_key.insert(key, upto);
        if let Some(before) = before {
            self.by_floor.remove(&(before, key));
        }
        self.by_floor.insert((upto, key));
        if self.of_key.len() <= self.capacity {
            return None;
        }
        let (floor, forgotten) = self.by_floor.pop_first().expect("the table is not empty");
        self.of_key.remove(&forgotten);
        self.hearsay = self.hearsay.max(floor);
        Some((forgotten, floor))
    }

    /// Nothing up to `upto`, whatever its key, may be believed any more unless the origin says it again.
    pub fn raise_all(&mut self, upto: Version) {
        self.hearsay = self.hearsay.max(upto);
    }

    /// The floor of a key: nothing up to it may be served. Zero for a key without one.
    pub fn of(&self, key: &K) -> Version {
        self.of_key.get(key).copied().unwrap_or_default()
    }

    /// Whether a copy may be taken in. `origin` says that the origin itself gave it, on a request sent since.
    pub fn allow(&self, key: &K, version: Version, origin: bool) -> bool {
        self.of_key.get(key).is_none_or(|floor| version > *floor) && (origin || self.hearsay == Version(0) || version > self.hearsay)
    }

    /// Whether the key is remembered by name.
    pub fn knows(&self, key: &K) -> bool {
        self.of_key.get(key).is_some()
    }

    /// Up to which version a copy of an unnamed key is believed only from the origin.
    pub const fn hearsay(&self) -> Version {
        self.hearsay
    }

    /// Keys remembered by name.
    pub fn len(&self) -> usize {
        self.of_key.len()
    }

    /// Whether no key is remembered by name.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap, about.
    pub fn heap_bytes(&self) -> usize {
        self.of_key.heap_bytes() + self.by_floor.len() * size_of::<(Version, K)>() * 3 / 2
    }
}
