//! First in, first out: the yardstick. A hit changes nothing.

use super::shelf::Shelf;
use super::{Key, Policy};

/// The policy.
#[derive(Debug)]
pub struct Fifo<K> {
    shelf: Shelf<K>,
    capacity: u64,
}

impl<K: Key> Fifo<K> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        Self { shelf: Shelf::new(seed), capacity }
    }

    /// Lets the oldest leave until there is room for `bytes`.
    fn make_room(&mut self, bytes: u64, evicted: &mut Vec<K>) {
        while self.shelf.bytes(0) + bytes > self.capacity {
            let Some(oldest) = self.shelf.oldest(0) else { return };
            evicted.push(self.shelf.take(oldest).0);
        }
    }
}

impl<K: Key> Policy<K> for Fifo<K> {
    fn touch(&mut self, key: &K) -> bool {
        self.shelf.find(key).is_some()
    }

    fn insert(&mut self, key: K, bytes: u64, evicted: &mut Vec<K>) -> bool {
        if bytes > self.capacity {
            self.remove(&key);
            return false;
        }
        if let Some(place) = self.shelf.find(&key) {
            self.shelf.resize(place, bytes);
            self.make_room(0, evicted);
            return kept(self.shelf.find(&key).is_some(), &key, evicted);
        }
        self.make_room(bytes, evicted);
        self.shelf.push(0, key, bytes);
        true
    }

    fn remove(&mut self, key: &K) -> bool {
        self.shelf.find(key).map(|place| self.shelf.take(place)).is_some()
    }

    fn size_of(&self, key: &K) -> Option<u64> {
        self.shelf.find(key).map(|place| self.shelf.bytes_of(place))
    }

    fn used(&self) -> u64 {
        self.shelf.bytes(0)
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn len(&self) -> usize {
        self.shelf.len(0)
    }

    fn residents(&self, each: &mut dyn FnMut(K, u64)) {
        self.shelf.each(0, each);
    }

    fn heap_bytes(&self) -> usize {
        self.shelf.heap_bytes()
    }
}

/// What `insert` answers for a key that was resident and grew: whether it is still there; if not, it does not count as evicted.
pub(super) fn kept<K: Key>(resident: bool, key: &K, evicted: &mut Vec<K>) -> bool {
    if !resident {
        evicted.retain(|other| other != key);
    }
    resident
}
