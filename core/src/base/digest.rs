//! Fingerprints of what happened.
//!
//! Events are hashed one by one and *added*, so that parts of a run which were computed apart merge to the same sum in any order; time, node and
//! sequence number are inside each hash, so no order is lost. This finds differences; it does not resist an adversary.

/// A bijective mixer of 64 bits (the finaliser of SplitMix64, Steele et al. 2014, variant 13 of Stafford).
#[inline]
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Folds words into one hash, in order.
#[derive(Clone, Copy, Debug)]
pub struct Mixer(u64);

impl Mixer {
    /// A mixer for one kind of thing.
    #[inline]
    pub const fn new(domain: u64) -> Self {
        Self(mix(domain ^ 0x9E37_79B9_7F4A_7C15))
    }

    /// Adds a word: one multiplication of 64 by 64 bits, folded (as wyhash does, Wang 2019), and the word again, so that no word is lost where the
    /// product is zero.
    #[inline]
    #[must_use]
    pub const fn word(self, word: u64) -> Self {
        let product = (self.0 ^ word) as u128 * 0xF39C_C060_5CED_C835;
        Self((product as u64 ^ (product >> 64) as u64).wrapping_add(word.rotate_left(23)))
    }

    /// The hash.
    #[inline]
    pub const fn finish(self) -> u64 {
        mix(self.0)
    }
}

/// Something whose content goes into a digest.
pub trait Fingerprint {
    /// Folds all content that a difference could hide in.
    fn fold(&self, mixer: Mixer) -> Mixer;
}

impl Fingerprint for () {
    fn fold(&self, mixer: Mixer) -> Mixer {
        mixer
    }
}
