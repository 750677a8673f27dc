//! W-TinyLFU (Einziger, Friedman, Manes, ACM ToS 2017): a newcomer gets a place only if it is asked for more often than what would have to leave.
//!
//! ```text
//!  new ──▶ window, LRU (1 %) ──oldest──▶ asked for more often than the victims? ──yes──▶ probation (20 % of the main part)
//!                                                     │ no: leaves                         │  ▲
//!                                                     ▼                              hit ──▼  │ oldest, when protected is full
//!                                                                                       protected (80 %)
//! ```
//! Frequencies are a [`Sketch`] that ages. A large newcomer has to be asked for more often than all of its victims together (the aggregated victims
//! of Einziger, Eytan, Friedman, Manes, ACM ToS 2022); one larger than the window competes at once. It lacks the doorkeeper of the paper:
//! conservative update and four counters a row for each object do for the same purpose.

use super::shelf::Shelf;
use super::{Key, Policy, Sketch};

const WINDOW: usize = 0;
const PROBATION: usize = 1;
const PROTECTED: usize = 2;

/// The policy.
#[derive(Clone, Debug)]
pub struct WTinyLfu<K> {
    shelf: Shelf<K>,
    sketch: Sketch,
    victims: Vec<u32>,
    capacity: u64,
    window_capacity: u64,
    protected_capacity: u64,
    seed: u64,
}

impl<K: Key> WTinyLfu<K> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        let window_capacity = (capacity / 100).max(1).min(capacity);
        let protected_capacity = (capacity - window_capacity) / 5 * 4;
        let (shelf, sketch) = (Shelf::new(seed), Sketch::default());
        Self { shelf, sketch, victims: Vec::new(), capacity, window_capacity, protected_capacity, seed }
    }

    fn frequency(&self, place: u32) -> u64 {
        self.sketch.estimate(self.shelf.key(place).hash(self.seed))
    }

    fn main_room(&self) -> u64 {
        let used = self.shelf.bytes(PROBATION) + self.shelf.bytes(PROTECTED);
        (self.capacity - self.window_capacity).saturating_sub(used)
    }

    /// Lets what the window has no room for compete for the main part.
    fn settle(&mut self, evicted: &mut Vec<K>) {
        while self.shelf.bytes(WINDOW) > self.window_capacity {
            let candidate = self.shelf.oldest(WINDOW).expect("the window holds bytes");
            self.compete(candidate, evicted);
        }
        while self.used() > self.capacity {
            // Only an object that grew can bring the main part above its room.
            let Some(victim) = self.shelf.oldest(PROBATION).or(self.shelf.oldest(PROTECTED)) else { return };
            evicted.push(self.shelf.take(victim).0);
        }
    }

    fn compete(&mut self, candidate: u32, evicted: &mut Vec<K>) {
        if self.wins(candidate) {
            for at in 0..self.victims.len() {
                evicted.push(self.shelf.take(self.victims[at]).0);
            }
            let bytes = self.shelf.bytes_of(candidate);
            let probation_is_full = self.shelf.bytes(PROBATION) + bytes > self.capacity - self.window_capacity - self.protected_capacity;
            let first_filling = probation_is_full && self.shelf.bytes(PROTECTED) + bytes <= self.protected_capacity;
            self.shelf.renew(candidate, if first_filling { PROTECTED } else { PROBATION });
        } else {
            evicted.push(self.shelf.take(candidate).0);
        }
    }

    /// Whether the candidate is asked for more often than what would have to leave for it, which is then in `victims`.
    fn wins(&mut self, candidate: u32) -> bool {
        self.victims.clear();
        let (bytes, frequency) = (self.shelf.bytes_of(candidate), self.frequency(candidate));
        let (mut room, mut against) = (self.main_room(), 0);
        let (mut at, mut queue) = (self.shelf.oldest(PROBATION), PROBATION);
        while room < bytes {
            let Some(victim) = at else {
                if queue == PROTECTED {
                    return false;
                }
                (at, queue) = (self.shelf.oldest(PROTECTED), PROTECTED);
                continue;
            };
            against += self.frequency(victim);
            if against >= frequency {
                return false;
            }
            room += self.shelf.bytes_of(victim);
            self.victims.push(victim);
            at = self.shelf.newer(victim);
        }
        true
    }
}

impl<K: Key> Policy<K> for WTinyLfu<K> {
    fn boxed(&self) -> Box<dyn Policy<K>> {
        Box::new(self.clone())
    }

    fn touch(&mut self, key: &K) -> bool {
        self.sketch.add(key.hash(self.seed));
        let Some(place) = self.shelf.find(key) else { return false };
        if self.shelf.queue_of(place) == WINDOW {
            self.shelf.renew(place, WINDOW);
            return true;
        }
        self.shelf.renew(place, PROTECTED);
        while self.shelf.bytes(PROTECTED) > self.protected_capacity {
            let oldest = self.shelf.oldest(PROTECTED).expect("the protected queue holds bytes");
            self.shelf.renew(oldest, PROBATION);
        }
        true
    }

    fn insert(&mut self, key: K, bytes: u64, evicted: &mut Vec<K>) -> bool {
        if bytes > self.capacity {
            self.remove(&key);
            return false;
        }
        let before = evicted.len();
        match self.shelf.find(&key) {
            Some(place) => self.shelf.resize(place, bytes),
            None => {
                let place = self.shelf.push(WINDOW, key, bytes);
                if bytes > self.window_capacity {
                    self.compete(place, evicted);
                }
            }
        }
        self.settle(evicted);
        self.sketch.fit(self.len());
        let refused = evicted[before..].iter().position(|left| *left == key);
        if let Some(at) = refused {
            evicted.remove(before + at);
        }
        refused.is_none()
    }

    fn remove(&mut self, key: &K) -> bool {
        self.shelf.find(key).map(|place| self.shelf.take(place)).is_some()
    }

    fn size_of(&self, key: &K) -> Option<u64> {
        self.shelf.find(key).map(|place| self.shelf.bytes_of(place))
    }

    fn used(&self) -> u64 {
        self.shelf.bytes(WINDOW) + self.shelf.bytes(PROBATION) + self.shelf.bytes(PROTECTED)
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn len(&self) -> usize {
        self.shelf.len(WINDOW) + self.shelf.len(PROBATION) + self.shelf.len(PROTECTED)
    }

    fn residents(&self, each: &mut dyn FnMut(K, u64)) {
        [PROBATION, PROTECTED, WINDOW].into_iter().for_each(|queue| self.shelf.each(queue, each));
    }

    fn heap_bytes(&self) -> usize {
        self.shelf.heap_bytes() + self.sketch.heap_bytes() + self.victims.capacity() * size_of::<u32>()
    }
}
