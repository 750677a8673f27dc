//! The best of several policies, as it changes: each of them runs beside the cache in miniature, and the cache follows the one that misses least.
//!
//! ```text
//!  request ──▶ the cache, under the policy in force
//!       └─ one key in 16, chosen by hash ──▶ FIFO │ LRU │ SIEVE │ S3-FIFO │ W-TinyLFU, each with 1/16 of the bytes
//!                                              └── misses, faded ──▶ clearly fewer than the one in force? then switch
//! ```
//! A cache of 1/16 of the size, fed with 1/16 of the keys, misses about as often as the whole (miniature simulation: Waldspurger, Saemundsson,
//! Ahmad, Park, USENIX ATC 2017, after SHARDS, FAST 2015). The policy in force is followed like the best expert (Littlestone, Warmuth 1994, with
//! fading weights), with a margin, because to switch costs: residents are handed over in the order in which they would have left, but what the old
//! policy had learnt about them is lost. A switch takes time in proportion to the residents; it happens within an insertion.

use super::{Key, Kind, Policy};

/// What can be set about the adaptive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The policies to choose from; the first is in force at the beginning. Not empty, and without [`Kind::Adaptive`].
    pub choices: Vec<Kind>,
    /// One key in so many goes to the miniatures. Fewer cost more, and see better in a small cache.
    pub sample_one_in: u64,
    /// Sampled requests between two looks at the misses.
    pub epoch_requests: u32,
    /// Part of the faded misses that is kept from one look to the next, in 256ths.
    pub keep: u32,
    /// How many percent fewer misses another policy must have than the one in force.
    pub margin_percent: u64,
}

impl Default for Config {
    fn default() -> Self {
        let choices = vec![Kind::S3Fifo, Kind::Lru, Kind::Sieve, Kind::WTinyLfu, Kind::Fifo];
        Self { choices, sample_one_in: 16, epoch_requests: 256, keep: 224, margin_percent: 3 }
    }
}

#[derive(Clone, Debug)]
struct Shadow<K: Key> {
    kind: Kind,
    policy: Box<dyn Policy<K>>,
    misses: u64,
    /// Misses of the past, fading, in 256ths.
    score: u64,
}

/// The policy.
#[derive(Clone, Debug)]
pub struct Adaptive<K: Key> {
    policy: Box<dyn Policy<K>>,
    kind: Kind,
    /// The policy to switch to at the next insertion.
    wish: Kind,
    shadows: Vec<Shadow<K>>,
    sampled: u32,
    switches: u32,
    config: Config,
    seed: u64,
}

impl<K: Key> Adaptive<K> {
    /// An empty cache of `capacity` bytes.
    ///
    /// # Panics
    /// If the configuration names no policy, the adaptive one, or a sample of nothing.
    pub fn new(capacity: u64, seed: u64, config: Config) -> Self {
        assert!(config.sample_one_in > 0 && config.epoch_requests > 0, "an adaptive cache needs samples");
        assert!(!config.choices.contains(&Kind::Adaptive), "an adaptive cache chooses among fixed policies");
        let kind = *config.choices.first().expect("an adaptive cache has policies to choose from");
        let small = (capacity / config.sample_one_in).max(1);
        let shadow = |kind: &Kind| Shadow { kind: *kind, policy: kind.build(small, seed), misses: 0, score: 0 };
        let shadows = config.choices.iter().map(shadow).collect();
        Self { policy: kind.build(capacity, seed), kind, wish: kind, shadows, sampled: 0, switches: 0, config, seed }
    }

    /// The policy in force.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How often the policy in force has changed.
    pub const fn switches(&self) -> u32 {
        self.switches
    }

    fn is_sampled(&self, key: &K) -> bool {
        // Another seed than that of the policies, so that the sample is not a corner of their tables.
        key.hash(self.seed ^ 0x5AD0_75AD_075A_D075).is_multiple_of(self.config.sample_one_in)
    }

    /// Shows a request to the miniatures; those that miss take the object in if its size is known.
    fn show(&mut self, key: &K, bytes: Option<u64>) {
        for shadow in &mut self.shadows {
            if !shadow.policy.touch(key) {
                shadow.misses += 1;
                if let Some(bytes) = bytes {
                    shadow.policy.insert(*key, bytes, &mut Vec::new());
                }
            }
        }
        self.sampled += 1;
        if self.sampled >= self.config.epoch_requests {
            self.sampled = 0;
            self.judge();
        }
    }

    fn judge(&mut self) {
        for shadow in &mut self.shadows {
            shadow.score = shadow.score * u64::from(self.config.keep) / 256 + shadow.misses * 256;
            shadow.misses = 0;
        }
        let in_force = self.shadows.iter().find(|shadow| shadow.kind == self.kind).map_or(0, |shadow| shadow.score);
        let best = self.shadows.iter().min_by_key(|shadow| shadow.score).expect("there are policies to choose from");
        let clearly = best.score * 100 < in_force * (100 - self.config.margin_percent.min(100));
        self.wish = if clearly { best.kind } else { self.kind };
    }

    fn switch(&mut self, evicted: &mut Vec<K>) {
        let mut next: Box<dyn Policy<K>> = self.wish.build(self.policy.capacity(), self.seed);
        self.policy.residents(&mut |key, bytes| {
            if !next.insert(key, bytes, evicted) {
                evicted.push(key);
            }
        });
        self.policy = next;
        self.kind = self.wish;
        self.switches += 1;
    }
}

impl<K: Key> Policy<K> for Adaptive<K> {
    fn boxed(&self) -> Box<dyn Policy<K>> {
        Box::new(self.clone())
    }

    fn touch(&mut self, key: &K) -> bool {
        let hit = self.policy.touch(key);
        if self.is_sampled(key) {
            let bytes = if hit { self.policy.size_of(key) } else { None };
            self.show(key, bytes);
        }
        hit
    }

    fn insert(&mut self, key: K, bytes: u64, evicted: &mut Vec<K>) -> bool {
        if self.wish != self.kind {
            self.switch(evicted);
            // What is to be inserted may have left just now; only the end of it counts.
            evicted.retain(|left| *left != key);
        }
        if self.is_sampled(&key) {
            for shadow in self.shadows.iter_mut().filter(|shadow| !shadow.policy.contains(&key)) {
                shadow.policy.insert(key, bytes, &mut Vec::new());
            }
        }
        self.policy.insert(key, bytes, evicted)
    }

    fn remove(&mut self, key: &K) -> bool {
        if self.is_sampled(key) {
            for shadow in &mut self.shadows {
                shadow.policy.remove(key);
            }
        }
        self.policy.remove(key)
    }

    fn size_of(&self, key: &K) -> Option<u64> {
        self.policy.size_of(key)
    }

    fn used(&self) -> u64 {
        self.policy.used()
    }

    fn capacity(&self) -> u64 {
        self.policy.capacity()
    }

    fn len(&self) -> usize {
        self.policy.len()
    }

    fn residents(&self, each: &mut dyn FnMut(K, u64)) {
        self.policy.residents(each);
    }

    fn heap_bytes(&self) -> usize {
        let shadows: usize = self.shadows.iter().map(|shadow| shadow.policy.heap_bytes() + size_of::<Shadow<K>>()).sum();
        self.policy.heap_bytes() + shadows
    }
}
