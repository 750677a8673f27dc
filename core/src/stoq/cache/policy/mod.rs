//! Which objects a cache of limited bytes keeps: eviction policies as plug-ins behind one trait, over keys and sizes.
//!
//! | policy | paper | keeps |
//! |---|---|---|
//! | [`Fifo`] | | what came last |
//! | [`Lru`] | | what was asked for last |
//! | [`Sieve`] | Zhang et al., NSDI 2024 | what was asked for since the hand last passed |
//! | [`S3Fifo`] | Yang et al., SOSP 2023 | what was asked for again soon after it came, or soon after it left |
//! | [`WTinyLfu`] | Einziger, Friedman, Manes, ACM ToS 2017 | what is asked for more often than what would have to leave |
//! | [`Adaptive`] | Waldspurger et al., USENIX ATC 2017 | what the best of the above keeps, as seen in miniature caches |
//!
//! All of them are deterministic: the hash is fixed and seeded by the caller, order is order of requests. A request is a [`Policy::touch`]; on a miss
//! the caller fetches the object and calls [`Policy::insert`] when it has it. Bytes themselves belong to the driver's store.
//!
//! They lack, on purpose, any notion of time: what is stale is the business of the tier above.

mod adaptive;
mod fifo;
mod index;
mod lru;
mod one_queue;
mod s3fifo;
mod shelf;
mod sieve;
mod sketch;
mod table;
#[cfg(test)]
mod tests;
mod wtinylfu;

pub use adaptive::{Adaptive, Config as AdaptiveConfig};
pub use fifo::Fifo;
pub use lru::Lru;
pub use s3fifo::S3Fifo;
pub use sieve::Sieve;
pub use sketch::Sketch;
pub use table::Table;
pub use wtinylfu::WTinyLfu;

use crate::base::digest::mix;

/// Something that names an object in a cache.
pub trait Key: Copy + Ord + core::fmt::Debug + Send + Sync + 'static {
    /// 64 well mixed bits of the key under a seed. Different seeds give unrelated bits.
    fn hash(&self, seed: u64) -> u64;
}

impl Key for u64 {
    fn hash(&self, seed: u64) -> u64 {
        mix(*self ^ seed)
    }
}

impl Key for [u8; 32] {
    /// A name of this length is a digest already: eight of its bytes are as good as all, and equality is tested on the whole key.
    fn hash(&self, seed: u64) -> u64 {
        mix(u64::from_le_bytes(self[..8].try_into().expect("a digest has 32 bytes")) ^ seed)
    }
}

/// An eviction policy: which keys are resident, within a number of bytes.
pub trait Policy<K: Key>: core::fmt::Debug + Send + Sync {
    /// The same once more, with all that it remembers.
    fn boxed(&self) -> Box<dyn Policy<K>>;

    /// Notes a request for `key`. True if the key is resident.
    fn touch(&mut self, key: &K) -> bool;

    /// Takes in an object after a miss, and appends what had to leave to `evicted`. False if the object itself was not admitted; then it is not
    /// resident, and is not listed among the evicted. A key that is resident keeps its place, and its size becomes `bytes`.
    fn insert(&mut self, key: K, bytes: u64, evicted: &mut Vec<K>) -> bool;

    /// Forgets a key, as after a purge. True if it was resident.
    fn remove(&mut self, key: &K) -> bool;

    /// The size of an object if it is resident. Notes nothing.
    fn size_of(&self, key: &K) -> Option<u64>;

    /// Whether the key is resident. Notes nothing.
    fn contains(&self, key: &K) -> bool {
        self.size_of(key).is_some()
    }

    /// Bytes of the resident objects; never above [`Policy::capacity`].
    fn used(&self) -> u64;

    /// Bytes that may be resident.
    fn capacity(&self) -> u64;

    /// How many objects are resident.
    fn len(&self) -> usize;

    /// Whether nothing is resident.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every resident object with its size, roughly in the order in which they would leave.
    fn residents(&self, each: &mut dyn FnMut(K, u64));

    /// Bytes that the policy holds on the heap for its own purposes.
    fn heap_bytes(&self) -> usize;
}

impl<K: Key> Clone for Box<dyn Policy<K>> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// The policies by name, for configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// First in, first out.
    Fifo,
    /// Least recently used.
    Lru,
    /// SIEVE.
    Sieve,
    /// S3-FIFO.
    #[default]
    S3Fifo,
    /// W-TinyLFU.
    WTinyLfu,
    /// The best of all others, as it changes.
    Adaptive,
}

impl Kind {
    /// The policies with fixed rules.
    pub const FIXED: [Self; 5] = [Self::Fifo, Self::Lru, Self::Sieve, Self::S3Fifo, Self::WTinyLfu];

    /// A policy of this kind for `capacity` bytes. The seed goes into its hashes: one that peers do not know keeps them from choosing keys that
    /// collide.
    pub fn build<K: Key>(self, capacity: u64, seed: u64) -> Box<dyn Policy<K>> {
        match self {
            Self::Fifo => Box::new(Fifo::new(capacity, seed)),
            Self::Lru => Box::new(Lru::new(capacity, seed)),
            Self::Sieve => Box::new(Sieve::new(capacity, seed)),
            Self::S3Fifo => Box::new(S3Fifo::new(capacity, seed)),
            Self::WTinyLfu => Box::new(WTinyLfu::new(capacity, seed)),
            Self::Adaptive => Box::new(Adaptive::new(capacity, seed, AdaptiveConfig::default())),
        }
    }

    /// The name that people write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Lru => "lru",
            Self::Sieve => "sieve",
            Self::S3Fifo => "s3-fifo",
            Self::WTinyLfu => "w-tinylfu",
            Self::Adaptive => "adaptive",
        }
    }
}
