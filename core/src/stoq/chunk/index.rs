//! The deduplication index: where a chunk may already be kept, in bounded memory.
//!
//! A table of buckets of eight slots; a chunk belongs in either of two buckets and goes to the emptier one (the power of two choices: Azar et al.
//! 1999). A slot keeps 16 bits of the name and the place where the store says the chunk is. The index never says that a chunk is there: it proposes
//! places, and the store compares the whole name. So there is no false positive. When both buckets are full, the slot that was not asked for lately
//! gives way (second chance), and its chunk is forgotten: a false negative, which costs the bytes of one chunk sent or stored twice, and no more. Filled to seven eighths
//! it has forgotten about one chunk in 300.

use super::ChunkId;
use crate::base::digest::Mixer;

/// Slots in a bucket.
const SLOTS: usize = 8;
/// The mark of a free slot.
const FREE: u32 = u32::MAX;
/// Bytes of memory per slot, all told: two of the name, four of the place, and a bit of use and a part of a hand per slot, which come to two bytes a
/// bucket.
pub const ENTRY_BYTES: f64 = size_of::<Bucket>() as f64 / SLOTS as f64;

/// Where a store keeps a chunk: a number of its own choosing, below `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u32);

#[derive(Clone, Debug)]
struct Bucket {
    places: [u32; SLOTS],
    tags: [u16; SLOTS],
    /// A bit per slot: asked for since the hand passed.
    used: u8,
    /// The slot that the next victim is sought from.
    hand: u8,
}

impl Bucket {
    const EMPTY: Self = Self { places: [FREE; SLOTS], tags: [0; SLOTS], used: 0, hand: 0 };

    fn taken(&self) -> usize {
        self.places.iter().filter(|place| **place != FREE).count()
    }

    fn free_slot(&self) -> Option<usize> {
        self.places.iter().position(|place| *place == FREE)
    }

    /// The slot to give up: the first from the hand on that was not used since the hand last passed it.
    fn victim(&mut self) -> usize {
        loop {
            let slot = usize::from(self.hand);
            self.hand = (self.hand + 1) % SLOTS as u8;
            if self.used & (1 << slot) == 0 {
                return slot;
            }
            self.used &= !(1 << slot);
        }
    }
}

/// The index. Its memory is [`DedupIndex::bytes`], fixed when it is made.
#[derive(Clone, Debug)]
pub struct DedupIndex {
    buckets: Vec<Bucket>,
    /// Mixed into the choice of buckets, so that nobody outside can aim at one.
    salt: u64,
    len: usize,
    forgotten: u64,
}

impl DedupIndex {
    /// An index of at least `entries` slots (rounded up to whole buckets, at least two). The salt should differ from node to node.
    pub fn new(entries: usize, salt: u64) -> Self {
        Self { buckets: vec![Bucket::EMPTY; entries.div_ceil(SLOTS).max(2)], salt, len: 0, forgotten: 0 }
    }

    /// The largest index that fits in `bytes`.
    pub fn with_bytes(bytes: usize, salt: u64) -> Self {
        Self::new(bytes / size_of::<Bucket>() * SLOTS, salt)
    }

    /// Where the chunk is kept: the first proposed place for which `holds` says that the store has exactly this name there. Calls `holds` about once
    /// for a chunk that is there and once in 4,000 times for one that is not.
    pub fn find(&mut self, id: &ChunkId, mut holds: impl FnMut(Place) -> bool) -> Option<Place> {
        let (buckets, tag) = self.seat(id);
        for bucket in buckets {
            let bucket = &mut self.buckets[bucket];
            for slot in 0..SLOTS {
                let place = Place(bucket.places[slot]);
                if place.0 != FREE && bucket.tags[slot] == tag && holds(place) {
                    bucket.used |= 1 << slot;
                    return Some(place);
                }
            }
        }
        None
    }

    /// Notes that a chunk is kept at a place. Returns the place whose chunk was forgotten for it, if any. A chunk that is noted twice stands twice.
    ///
    /// # Panics
    /// For the place `u32::MAX`, which marks a free slot.
    pub fn insert(&mut self, id: &ChunkId, place: Place) -> Option<Place> {
        assert_ne!(place.0, FREE, "a store numbers its places below u32::MAX");
        let ([one, other], tag) = self.seat(id);
        let emptier = if self.buckets[other].taken() < self.buckets[one].taken() { other } else { one };
        let bucket = &mut self.buckets[emptier];
        let (slot, gone) = match bucket.free_slot() {
            Some(slot) => {
                self.len += 1;
                (slot, None)
            }
            None => {
                self.forgotten += 1;
                let slot = bucket.victim();
                (slot, Some(Place(bucket.places[slot])))
            }
        };
        bucket.places[slot] = place.0;
        bucket.tags[slot] = tag;
        bucket.used &= !(1 << slot);
        gone
    }

    /// Forgets that a chunk is kept at a place. Says whether it was noted.
    pub fn remove(&mut self, id: &ChunkId, place: Place) -> bool {
        let (buckets, tag) = self.seat(id);
        for bucket in buckets {
            let bucket = &mut self.buckets[bucket];
            if let Some(slot) = (0..SLOTS).find(|slot| bucket.places[*slot] == place.0 && bucket.tags[*slot] == tag && place.0 != FREE) {
                bucket.places[slot] = FREE;
                self.len -= 1;
                return true;
            }
        }
        false
    }

    /// Chunks that are noted.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is noted.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Chunks that were forgotten for want of room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Slots.
    pub fn capacity(&self) -> usize {
        self.buckets.len() * SLOTS
    }

    /// Memory of the table, in bytes.
    pub fn bytes(&self) -> usize {
        self.buckets.len() * size_of::<Bucket>()
    }

    /// The two buckets of a name and its tag. Names are uniform hashes; the salt only hides which buckets they share.
    fn seat(&self, id: &ChunkId) -> ([usize; 2], u16) {
        let word = |i: usize| u64::from_le_bytes(id.0[i * 8..i * 8 + 8].try_into().expect("a name has 32 octets"));
        let hash = Mixer::new(self.salt).word(word(0)).word(word(1)).finish();
        let count = self.buckets.len() as u64;
        let one = ((hash >> 32) * count) >> 32;
        // The second bucket is never the first.
        let other = (one + 1 + (((hash & 0xFFFF_FFFF) * (count - 1)) >> 32)) % count;
        ([one as usize, other as usize], word(2) as u16)
    }
}
