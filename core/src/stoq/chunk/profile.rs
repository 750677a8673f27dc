//! How an object is cut: FastCDC (Xia et al. 2020) with normalisation level 1, in three sizes. The constants are on the wire by their chunker id, so
//! they never change: another choice is another id.

use crate::testing::Breach;
use fastcdc::v2020;

/// The longest chunk that any chunker may give, in bytes. A receiver never has to hold more for one chunk.
pub const CHUNK_LEN_MAX: u32 = 1 << 20;

/// Which rule cut an object, as it stands in the manifest. Readers need not know it: the manifest lists the cuts. Whoever cuts a new version of the
/// object should know it, or nothing of the old version is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkerId(pub u16);

impl ChunkerId {
    /// The largest id on the wire.
    pub const MAX: Self = Self(u16::MAX);

    /// The profile of this id, if this version knows it.
    pub const fn profile(self) -> Option<Profile> {
        match self.0 {
            1 => Some(Profile::Small),
            2 => Some(Profile::Standard),
            3 => Some(Profile::Large),
            _ => None,
        }
    }
}

/// A named set of cutting constants. The minimum is a quarter of the average and the maximum four times it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// 4 KiB on average: many small edits, source trees.
    Small,
    /// 16 KiB on average.
    #[default]
    Standard,
    /// 64 KiB on average: large media that seldom change inside.
    Large,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Small, Self::Standard, Self::Large];

    /// The id on the wire.
    pub const fn chunker(self) -> ChunkerId {
        ChunkerId(match self {
            Self::Small => 1,
            Self::Standard => 2,
            Self::Large => 3,
        })
    }

    /// The name that people write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Standard => "standard",
            Self::Large => "large",
        }
    }

    /// Bytes below which no cut is looked for. Only an object's last chunk is shorter.
    pub const fn min(self) -> usize {
        self.avg() / 4
    }

    /// Bytes from which the looser mask holds. It must be a power of two, since the masks are chosen by its logarithm.
    pub const fn avg(self) -> usize {
        match self {
            Self::Small => 4 << 10,
            Self::Standard => 16 << 10,
            Self::Large => 64 << 10,
        }
    }

    /// Bytes at which a chunk ends whatever its content.
    pub const fn max(self) -> usize {
        self.avg() * 4
    }

    /// The masks below and above the average: of one bit more and one bit fewer than its logarithm (normalisation level 1).
    pub const fn masks(self) -> (u64, u64) {
        match self {
            Self::Small => (0x0000_d903_0353_0000, 0x0000_d900_0353_0000),
            Self::Standard => (0x0000_d90f_0353_0000, 0x0000_d903_0353_0000),
            Self::Large => (0x0000_d907_0353_7000, 0x0000_d90f_0353_0000),
        }
    }

    /// The length of the first chunk of `bytes`, which are all that remains of an object or at least [`Profile::max`] bytes of it.
    #[inline]
    pub fn cut(self, bytes: &[u8]) -> usize {
        let (strict, loose) = self.masks();
        let loose = if Breach::OneMask.is_on() { strict } else { loose };
        v2020::cut(bytes, self.min(), self.avg(), self.max(), strict, loose, strict << 1, loose << 1).1
    }
}

// The promises that the fastcdc crate checks in debug builds only.
const _: () = {
    let mut i = 0;
    while i < Profile::ALL.len() {
        let profile = Profile::ALL[i];
        assert!(profile.avg().is_power_of_two() && profile.min().is_multiple_of(2) && profile.max() <= CHUNK_LEN_MAX as usize);
        assert!(profile.min() >= v2020::MINIMUM_MIN && profile.max() <= v2020::MAXIMUM_MAX && profile.min() < profile.avg());
        i += 1;
    }
};
