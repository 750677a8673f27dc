//! SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi, NSDI 2024): a first-in-first-out queue with a hand.
//!
//! ```text
//!  newest ─ o ─ x ─ o ─ x ─ x ─ o ─ oldest        x: asked for since the hand passed
//!                       ▲
//!                      hand ── moves towards the newest, clears marks, and evicts the first object without one
//! ```
//! A hit sets a mark and moves nothing; an object that survives keeps its place. New objects are thus sifted out quickly near the newest end.

use super::fifo::kept;
use super::shelf::Shelf;
use super::{Key, Policy};

/// The policy.
#[derive(Debug)]
pub struct Sieve<K> {
    shelf: Shelf<K>,
    /// Where the next search for a victim begins; the oldest if there is none.
    hand: Option<u32>,
    capacity: u64,
}

impl<K: Key> Sieve<K> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        Self { shelf: Shelf::new(seed), hand: None, capacity }
    }

    fn make_room(&mut self, bytes: u64, evicted: &mut Vec<K>) {
        while self.shelf.bytes(0) + bytes > self.capacity {
            let Some(mut at) = self.hand.or(self.shelf.oldest(0)) else { return };
            while self.shelf.mark(at) != 0 {
                self.shelf.set_mark(at, 0);
                at = self.shelf.newer(at).or(self.shelf.oldest(0)).expect("the queue holds the object under the hand");
            }
            evicted.push(self.leave(at));
        }
    }

    /// Takes an object out and lets the hand stand on the next newer one if it stood there or searched there.
    fn leave(&mut self, place: u32) -> K {
        self.hand = self.shelf.newer(place);
        self.shelf.take(place).0
    }
}

impl<K: Key> Policy<K> for Sieve<K> {
    fn touch(&mut self, key: &K) -> bool {
        let found = self.shelf.find(key);
        if let Some(place) = found {
            self.shelf.set_mark(place, 1);
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
        let Some(place) = self.shelf.find(key) else { return false };
        if self.hand == Some(place) {
            self.leave(place);
        } else {
            self.shelf.take(place);
        }
        true
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
