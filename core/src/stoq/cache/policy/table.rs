//! A map from keys to values: a slab and an index. Lookups cost one probe where a tree walks; iteration is in the order of places, which depends on
//! the sequence of calls alone.

use super::Key;
use super::index::Index;

/// The map.
#[derive(Clone, Debug)]
pub struct Table<K, V> {
    slots: Vec<Option<(K, V)>>,
    free: Vec<u32>,
    index: Index,
    seed: u64,
}

impl<K: Key, V> Table<K, V> {
    /// An empty map, hashed under `seed`.
    pub fn new(seed: u64) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), index: Index::default(), seed }
    }

    /// Sets the value of a key. Returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(there) = self.get_mut(&key) {
            return Some(core::mem::replace(there, value));
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        self.slots[place as usize] = Some((key, value));
        self.index.insert(key.hash(self.seed), place);
        None
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let slots = &self.slots;
        let place = self.index.remove(key.hash(self.seed), |place| is(slots, place, key))?;
        self.free.push(place);
        self.slots[place as usize].take().map(|(_, value)| value)
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        let place = self.index.get(key.hash(self.seed), |place| is(&self.slots, place, key))?;
        self.slots[place as usize].as_ref().map(|(_, value)| value)
    }

    /// The value of a key, to change.
    #[inline]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = self.index.get(key.hash(self.seed), |place| is(&self.slots, place, key))?;
        self.slots[place as usize].as_mut().map(|(_, value)| value)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every key with its value, in the order of places.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.slots.iter().flatten().map(|(key, value)| (key, value))
    }

    /// Bytes on the heap, without what the values hold.
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Option<(K, V)>>() + self.free.capacity() * size_of::<u32>() + self.index.heap_bytes()
    }
}

#[inline]
fn is<K: Key, V>(slots: &[Option<(K, V)>], place: u32, key: &K) -> bool {
    matches!(&slots[place as usize], Some((there, _)) if there == key)
}
