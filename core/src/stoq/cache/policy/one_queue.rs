//! What the policies of a single queue share: everything but the rule by which an object leaves.

use super::shelf::Shelf;
use super::{Key, Policy};

/// In what the policies of one queue differ.
pub trait Rule: Clone + Default + core::fmt::Debug + Send + Sync + 'static {
    /// An object was asked for and is there.
    fn asked<K: Key>(&mut self, shelf: &mut Shelf<K>, place: u32);

    /// Who has to leave next; none if nobody is there.
    fn victim<K: Key>(&mut self, shelf: &mut Shelf<K>) -> Option<u32> {
        shelf.oldest(0)
    }

    /// An object is about to leave, as a victim or because it is not wanted any more.
    fn leaves<K: Key>(&mut self, _shelf: &Shelf<K>, _place: u32) {}
}

/// A policy of one queue.
#[derive(Clone, Debug)]
pub struct OneQueue<K, R> {
    shelf: Shelf<K>,
    rule: R,
    capacity: u64,
}

impl<K: Key, R: Rule> OneQueue<K, R> {
    /// An empty cache of `capacity` bytes.
    pub fn new(capacity: u64, seed: u64) -> Self {
        Self { shelf: Shelf::new(seed), rule: R::default(), capacity }
    }

    /// Lets victims leave until there is room for `bytes`.
    fn make_room(&mut self, bytes: u64, evicted: &mut Vec<K>) {
        while self.shelf.bytes(0) + bytes > self.capacity {
            let Some(victim) = self.rule.victim(&mut self.shelf) else { return };
            evicted.push(self.take(victim));
        }
    }

    fn take(&mut self, place: u32) -> K {
        self.rule.leaves(&self.shelf, place);
        self.shelf.take(place).0
    }
}

impl<K: Key, R: Rule> Policy<K> for OneQueue<K, R> {
    fn boxed(&self) -> Box<dyn Policy<K>> {
        Box::new(self.clone())
    }

    fn touch(&mut self, key: &K) -> bool {
        let found = self.shelf.find(key);
        if let Some(place) = found {
            self.rule.asked(&mut self.shelf, place);
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
        self.shelf.find(key).map(|place| self.take(place)).is_some()
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
