//! Least recently used: a hit moves the object to the front, the one at the back leaves.

use super::fifo::kept;
use super::shelf::Shelf;
use super::{Key, Policy};

/// The policy.
#[derive(Debug)]
pub struct Lru<K> {
    shelf: Shelf<K>,
    capacity: u64,
}

impl<K: Key> Lru<K> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        Self { shelf: Shelf::new(seed), capacity }
    }

    fn make_room(&mut self, bytes: u64, evicted: &mut Vec<K>) {
        while self.shelf.bytes(0) + bytes > self.capacity {
            let Some(oldest) = self.shelf.oldest(0) else { return };
            evicted.push(self.shelf.take(oldest).0);
        }
    }
}

impl<K: Key> Policy<K> for Lru<K> {
    fn touch(&mut self, key: &K) -> bool {
        let found = self.shelf.find(key);
        if let Some(place) = found {
            self.shelf.renew(place, 0);
        }
        found.is_some()
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
