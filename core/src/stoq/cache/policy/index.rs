//! From a hash to a place in a slab: open addressing with linear probing and backward-shift deletion (Knuth, volume 3, algorithm 6.4 R).
//!
//! An entry is eight bytes: 32 bits of the hash, which say where it belongs, and the place. So growing needs no key, and a lookup reads a key only
//! where all 32 bits agree. Nothing depends on anything but the sequence of calls.

/// No place.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u32,
    place: u32,
}

const EMPTY: Entry = Entry { tag: 0, place: NONE };

/// The index. It holds at most three quarters of its entries, and at least eight.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    len: usize,
}

impl Index {
    /// The place of the entry with this hash for which `same` holds.
    #[inline]
    pub(super) fn get(&self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.position(hash as u32, same).map(|at| self.entries[at].place)
    }

    /// Adds an entry that is not there yet.
    pub(super) fn insert(&mut self, hash: u64, place: u32) {
        if (self.len + 1) * 4 > self.entries.len() * 3 {
            self.grow();
        }
        self.put(Entry { tag: hash as u32, place });
        self.len += 1;
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let mut hole = self.position(hash as u32, same)?;
        let place = self.entries[hole].place;
        let mask = self.entries.len() - 1;
        let mut next = (hole + 1) & mask;
        while self.entries[next].place != NONE {
            // An entry may move back into the hole if that is not before the place where it belongs.
            let belongs = self.entries[next].tag as usize & mask;
            if (next.wrapping_sub(belongs) & mask) >= (next.wrapping_sub(hole) & mask) {
                self.entries[hole] = self.entries[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.entries[hole] = EMPTY;
        self.len -= 1;
        Some(place)
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    #[inline]
    fn position(&self, tag: u32, same: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.entries.len().checked_sub(1)?;
        let mut at = tag as usize & mask;
        loop {
            let entry = self.entries[at];
            if entry.place == NONE {
                return None;
            }
            if entry.tag == tag && same(entry.place) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn put(&mut self, entry: Entry) {
        let mask = self.entries.len() - 1;
        let mut at = entry.tag as usize & mask;
        while self.entries[at].place != NONE {
            at = (at + 1) & mask;
        }
        self.entries[at] = entry;
    }

    fn grow(&mut self) {
        let size = (self.entries.len() * 2).max(8);
        let old = core::mem::replace(&mut self.entries, vec![EMPTY; size]);
        old.into_iter().filter(|entry| entry.place != NONE).for_each(|entry| self.put(entry));
    }
}
