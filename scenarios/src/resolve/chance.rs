//! Where the resolver's chance comes from: the run's ChaCha key, purpose `World`, and streams that never meet.
//!
//! | use | stream | position |
//! |---|---|---|
//! | a node's contacts (drawn by the world) | node | number of its life, below 2^16 |
//! | one number a node: place, access, first departure of a churn | group << 22 \| node of the group / 32 | use << 16 \| fault |
//! | targets and values of a fault | 0xFF00_0000 \| fault | counts up |
//! | times and origins of a load | 0xFE00_0000 \| load | counts up |
//!
//! Further departures of a node come from a chain of SplitMix64 (Steele et al. 2014) that starts at its number for the first.
//! Groups are counted modulo 1,000 and faults modulo 65,536, so the last two never meet the others.

use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{Dice, Mixer, Purpose, SeedKey};

/// What one number a node is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Use {
    /// Its place.
    Place = 1,
    /// Its access class.
    Access = 2,
    /// When a churn first hits it.
    Churn = 3,
}

/// Numbers in one draw of the core's dice.
const BLOCK: u32 = 32;

/// The chance of one resolution.
#[derive(Debug)]
pub struct Chance {
    dice: Dice,
    salt: u64,
}

impl Chance {
    /// That of a seed.
    pub fn new(seed: u64) -> Self {
        let key = SeedKey::new(seed);
        Self { dice: Dice::new(key), salt: key.salt() }
    }

    /// A key for things that are hashed rather than drawn.
    pub fn salt(&self, of: u64) -> u64 {
        Mixer::new(self.salt).word(of).finish()
    }

    /// Calls `each` with (node of the group, uniform 64 bits) for the first `count` nodes of a group, in order.
    pub fn each_node(&mut self, group: u32, count: u32, of: Use, index: u32, mut each: impl FnMut(u32, u64)) {
        for block in 0..count.div_ceil(BLOCK) {
            let mut draw = self.dice.draw(stream(group, block), Purpose::World, position(of, index));
            for node in block * BLOCK..count.min((block + 1) * BLOCK) {
                each(node, draw.u64());
            }
        }
    }

    /// As many numbers as wanted for a fault.
    pub fn of_fault(&mut self, fault: usize) -> Series<'_> {
        Series { dice: &mut self.dice, stream: 0xFF00_0000 | (fault as u32 % 65_536), drawn: 0, buffer: [0; BLOCK as usize] }
    }

    /// As many numbers as wanted for a load.
    pub fn of_load(&mut self, load: usize) -> Series<'_> {
        Series { dice: &mut self.dice, stream: 0xFE00_0000 | (load as u32 % 65_536), drawn: 0, buffer: [0; BLOCK as usize] }
    }
}

const fn stream(group: u32, index: u32) -> u32 {
    ((group % 1_000) << 22) | (index % (1 << 22))
}

const fn position(of: Use, index: u32) -> u32 {
    ((of as u32) << 16) | (index % 65_536)
}

/// The numbers that follow from one.
#[derive(Clone, Copy, Debug)]
pub struct Chain(u64);

impl Chain {
    /// The chain after a number that was drawn.
    pub const fn after(number: u64) -> Self {
        Self(number)
    }

    /// 64 more bits.
    pub const fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }
}

/// A stream of numbers without an end.
#[derive(Debug)]
pub struct Series<'c> {
    dice: &'c mut Dice,
    stream: u32,
    drawn: u32,
    buffer: [u64; BLOCK as usize],
}

impl Series<'_> {
    /// 64 uniform bits.
    pub fn u64(&mut self) -> u64 {
        let place = (self.drawn % BLOCK) as usize;
        if place == 0 {
            let mut draw = self.dice.draw(self.stream, Purpose::World, self.drawn / BLOCK);
            self.buffer.iter_mut().for_each(|number| *number = draw.u64());
        }
        self.drawn = self.drawn.wrapping_add(1);
        self.buffer[place]
    }

    /// A number below `bound`; zero for a bound of zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.u64()) * u128::from(bound)) >> 64) as u64
    }

    /// An exponential value with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        exponential(self.u64(), mean)
    }

    /// A uniform sample of `count` items, in the order of the items.
    pub fn sample(&mut self, mut items: Vec<u32>, count: usize) -> Vec<u32> {
        let count = count.min(items.len());
        if count < items.len() {
            for i in 0..count {
                let j = i + self.below((items.len() - i) as u64) as usize;
                items.swap(i, j);
            }
            items.truncate(count);
            items.sort_unstable();
        }
        items
    }
}

/// A float in `[0, 1)` of 64 uniform bits.
pub(super) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// An exponential value with the given mean, of 64 uniform bits.
pub(super) fn exponential(bits: u64, mean: f64) -> f64 {
    -libm::log(1.0 - unit(bits)) * mean
}
