//! Seeded chance: ChaCha8 (Bernstein, 2008; the `rand_chacha` crate) with no generator stored per node.
//!
//! The run's seed is the key, the purpose of the draw is the ChaCha stream, and each node owns a stretch of 2^32 blocks of it, in which a counter that
//! the node's driver keeps is the position. So no draw depends on what another node did, and a sleeping node costs four bytes of randomness. One
//! [`Draw`] is a window of four ChaCha blocks: 32 numbers of 64 bits. The first eight of them come from one block made here, because most draws need
//! no more; the rest from `rand_chacha`, which makes all four blocks at once. (A stream per node would do the same.)
//!
//! The mapping functions (below a bound, a float, an exponential) are this module's own and pinned by golden tests, because the ones of the
//! rand crate are not promised across versions.

use super::chacha::{WORDS, block};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Blocks in the window of one draw.
const WINDOW_BLOCKS: u64 = 4;

/// What a draw is for. Part of the stream, so that draws for one purpose are independent of draws for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// When a periodic task first fires, so that nodes do not beat in step.
    Phase = 1,
    /// Which peers to talk to.
    Peer = 2,
    /// What part of a view to exchange.
    Exchange = 3,
    /// How long to wait.
    Delay = 4,
    /// A direction or a perturbation of a coordinate.
    Direction = 5,
    /// The world around the nodes: placement, faults, workload. Never drawn by a node.
    World = 6,
    /// What the wire does to a message.
    Wire = 7,
    /// A test's own use.
    Test = 8,
}

/// A run's seed, expanded to a ChaCha key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedKey(pub [u8; 32]);

impl SeedKey {
    /// Expands a seed that people write to a key (SplitMix64, Steele et al. 2014).
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        let mut state = seed;
        for word in key.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            word.copy_from_slice(&super::digest::mix(state).to_le_bytes());
        }
        Self(key)
    }

    /// The first 64 bits, for keyed hashes of things that are looked up rather than drawn.
    pub fn salt(&self) -> u64 {
        u64::from_le_bytes(self.0[..8].try_into().expect("a key has 32 bytes"))
    }
}

/// The one generator of a driver, pointed anew at each draw.
#[derive(Clone, Debug)]
pub struct Dice {
    key: [[u32; 4]; 2],
    /// The first block of the present draw.
    words: [u32; WORDS],
    /// For draws that need more than one block.
    rng: ChaCha8Rng,
}

impl Dice {
    /// Dice for a run.
    pub fn new(key: SeedKey) -> Self {
        let word = |n: usize| u32::from_le_bytes([key.0[4 * n], key.0[4 * n + 1], key.0[4 * n + 2], key.0[4 * n + 3]]);
        let row = |first: usize| core::array::from_fn(|n| word(first + n));
        Self { key: [row(0), row(4)], words: [0; WORDS], rng: ChaCha8Rng::from_seed(key.0) }
    }

    /// The draw number `position` (modulo 2^30) of node `node` for `purpose`. The same three always give the same numbers.
    #[inline]
    pub fn draw(&mut self, node: u32, purpose: Purpose, position: u32) -> Draw<'_> {
        let counter = (u64::from(node) << 32) | ((u64::from(position) * WINDOW_BLOCKS) & 0xFFFF_FFFF);
        self.words = block(&self.key, counter, purpose as u64);
        Draw { dice: self, used: 0, counter, stream: purpose as u64 }
    }
}

/// A short run of random numbers.
pub struct Draw<'a> {
    dice: &'a mut Dice,
    /// Words of the first block that are used; one more than there are once the generator has taken over.
    used: usize,
    counter: u64,
    stream: u64,
}

impl Draw<'_> {
    /// 64 uniform bits: two words, the lower first.
    #[inline]
    pub fn u64(&mut self) -> u64 {
        let low = self.u32();
        u64::from(self.u32()) << 32 | u64::from(low)
    }

    /// 32 uniform bits.
    #[inline]
    pub fn u32(&mut self) -> u32 {
        match self.dice.words.get(self.used) {
            Some(word) => {
                self.used += 1;
                *word
            }
            None => self.further(),
        }
    }

    /// A word after the first block.
    #[cold]
    fn further(&mut self) -> u32 {
        if self.used == WORDS {
            self.used += 1;
            // The position first: on an empty buffer a new stream has nothing to generate again.
            self.dice.rng.set_word_pos(u128::from(self.counter.wrapping_add(1)) * WORDS as u128);
            self.dice.rng.set_stream(self.stream);
        }
        self.dice.rng.next_u32()
    }

    /// A number below `bound`, by multiplication (Lemire 2019, without the rejection: the bias is below `bound / 2^64`). Zero for a bound of zero.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.u64()) * u128::from(bound)) >> 64) as u64
    }

    /// An index of a slice of `len` items. Zero for an empty one.
    #[inline]
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A float in `[0, 1)` with 53 bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with probability `p`.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// An exponential value with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(1.0 - self.unit()) * mean
    }

    /// A standard normal value (Box and Muller 1958, the cosine half).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.unit()));
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    /// Puts a uniform sample of `count` items in front (the first steps of Fisher and Yates' shuffle).
    pub fn sample_to_front<T>(&mut self, items: &mut [T], count: usize) {
        for i in 0..count.min(items.len()) {
            let j = i + self.index(items.len() - i);
            items.swap(i, j);
        }
    }
}
