//! S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak, SOSP 2023): three first-in-first-out queues, of which one holds only names.
//!
//! ```text
//!  new ───────────▶ small (10 %) ── asked for twice or more ──▶ main (90 %) ─┐ asked for: once more around, up to three times
//!                      │                                         ▲  ▲        │
//!                      └── else: leaves, its name goes to ──▶ ghost └────────┴── else: leaves
//!                                                                │
//!  asked for again while its name is in the ghost queue ─────────┘
//! ```
//! The parameters are those of the authors' simulator libCacheSim: the ghost queue remembers as many bytes as 90 % of the cache; two requests while
//! in the small queue earn a place in the main one; while the cache fills for the first time, what the small queue has no room for goes to the main
//! one. An object larger than the small queue is not admitted: it would sweep the queue for the sake of one object.

use super::shelf::Shelf;
use super::{Key, Policy};

const SMALL: usize = 0;
const MAIN: usize = 1;
const GHOST: usize = 2;

/// Requests in the small queue that earn a place in the main one.
const PROMOTE_AT: u8 = 2;
/// Rounds in the main queue that requests can earn.
const ROUNDS_MAX: u8 = 3;

/// The policy.
#[derive(Clone, Debug)]
pub struct S3Fifo<K> {
    shelf: Shelf<K>,
    capacity: u64,
    small_capacity: u64,
    ghost_capacity: u64,
    /// Whether the cache has been full once.
    full_once: bool,
}

impl<K: Key> S3Fifo<K> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        let (small_capacity, ghost_capacity) = ((capacity / 10).max(1), capacity - capacity / 10);
        Self { shelf: Shelf::new(seed), capacity, small_capacity, ghost_capacity, full_once: false }
    }

    fn make_room(&mut self, bytes: u64, evicted: &mut Vec<K>) {
        while self.used() + bytes > self.capacity {
            self.full_once = true;
            let main_is_full = self.shelf.bytes(MAIN) > self.capacity - self.small_capacity;
            let left = if main_is_full || self.shelf.len(SMALL) == 0 { self.leave_main() } else { self.leave_small() };
            // Nothing left: all of the small queue moved to the main one, where the search goes on.
            evicted.extend(left);
            if self.len() == 0 {
                return;
            }
        }
    }

    fn leave_small(&mut self) -> Option<K> {
        while let Some(place) = self.shelf.oldest(SMALL) {
            if self.shelf.mark(place) >= PROMOTE_AT {
                self.shelf.set_mark(place, 0);
                self.shelf.renew(place, MAIN);
                continue;
            }
            let (key, bytes) = (self.shelf.key(place), self.shelf.bytes_of(place));
            if bytes <= self.ghost_capacity {
                while self.shelf.bytes(GHOST) + bytes > self.ghost_capacity {
                    let oldest = self.shelf.oldest(GHOST).expect("the ghost queue holds bytes");
                    self.shelf.take(oldest);
                }
                self.shelf.renew(place, GHOST);
            } else {
                self.shelf.take(place);
            }
            return Some(key);
        }
        None
    }

    fn leave_main(&mut self) -> Option<K> {
        while let Some(place) = self.shelf.oldest(MAIN) {
            match self.shelf.mark(place) {
                0 => return Some(self.shelf.take(place).0),
                rounds => {
                    self.shelf.set_mark(place, rounds.min(ROUNDS_MAX) - 1);
                    self.shelf.renew(place, MAIN);
                }
            }
        }
        None
    }

    fn resident(&self, key: &K) -> Option<u32> {
        self.shelf.find(key).filter(|place| self.shelf.queue_of(*place) != GHOST)
    }
}

impl<K: Key> Policy<K> for S3Fifo<K> {
    fn boxed(&self) -> Box<dyn Policy<K>> {
        Box::new(self.clone())
    }

    fn touch(&mut self, key: &K) -> bool {
        let found = self.resident(key);
        if let Some(place) = found {
            let mark = self.shelf.mark(place);
            self.shelf.set_mark(place, mark.saturating_add(1));
        }
        found.is_some()
    }

    fn insert(&mut self, key: K, bytes: u64, evicted: &mut Vec<K>) -> bool {
        let found = self.shelf.find(&key);
        let remembered = found.is_some_and(|place| self.shelf.queue_of(place) == GHOST);
        if bytes > self.small_capacity {
            return found.is_some_and(|place| {
                self.shelf.take(place);
                false
            });
        }
        match found {
            Some(place) if !remembered => {
                self.shelf.resize(place, bytes);
                self.make_room(0, evicted);
                return super::one_queue::kept(self.resident(&key).is_some(), &key, evicted);
            }
            Some(place) => {
                self.shelf.take(place);
            }
            None => {}
        }
        self.make_room(bytes, evicted);
        let first_filling = !self.full_once && self.shelf.bytes(SMALL) >= self.small_capacity;
        self.shelf.push(if remembered || first_filling { MAIN } else { SMALL }, key, bytes);
        true
    }

    fn remove(&mut self, key: &K) -> bool {
        let Some(place) = self.shelf.find(key) else { return false };
        let resident = self.shelf.queue_of(place) != GHOST;
        self.shelf.take(place);
        resident
    }

    fn size_of(&self, key: &K) -> Option<u64> {
        self.resident(key).map(|place| self.shelf.bytes_of(place))
    }

    fn used(&self) -> u64 {
        self.shelf.bytes(SMALL) + self.shelf.bytes(MAIN)
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn len(&self) -> usize {
        self.shelf.len(SMALL) + self.shelf.len(MAIN)
    }

    fn residents(&self, each: &mut dyn FnMut(K, u64)) {
        self.shelf.each(SMALL, each);
        self.shelf.each(MAIN, each);
    }

    fn heap_bytes(&self) -> usize {
        self.shelf.heap_bytes()
    }
}
