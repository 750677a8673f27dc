//! The erasure group descriptor: which chunks protect each other.
//!
//! Every `k` entries in a row are a group (the last group of a manifest may have fewer). Its data shards are the stored chunks in order, each followed
//! by zeros up to the shard length; shards that are missing for want of chunks are all zeros and are never sent. The `n - k` parity shards follow in the
//! codec's order; they are named and kept like chunks.

use super::{ChunkEntry, ENTRIES_MAX, Encryption, Flaw, stored_len};
use crate::stoq::chunk::{CHUNK_LEN_MAX, ChunkId};
use crate::testing::Breach;

/// Reed-Solomon over GF(2^8), the systematic Vandermonde code of the `reed-solomon-erasure` crate. At most 255 shards.
pub const CODEC_REED_SOLOMON: u16 = 1;
/// Kept free for a code with many shards over GF(2^16) (Lin, Al-Naffouri and Han 2016). Objects that carry it can be read, not yet rebuilt.
pub const CODEC_LEOPARD: u16 = 2;
/// Shard lengths are multiples of this many octets, which suits every codec.
pub const SHARD_LEN_STEP: u32 = 64;
/// Octets of a shard: no more than a chunk may have, since parity shards travel as chunks do.
pub const SHARD_LEN_MAX: u32 = CHUNK_LEN_MAX;

/// A code: any `data` of `total` shards give all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    codec: u16,
    data: u16,
    total: u16,
}

impl Code {
    /// `k` is `data`, `n` is `total`; `k < n <= 3 k`, and for codec 1 `n` is at most 255.
    pub const fn new(codec: u16, data: u16, total: u16) -> Result<Self, Flaw> {
        let total_max = match codec {
            0 => 0,
            CODEC_REED_SOLOMON => 255,
            _ => u16::MAX,
        };
        let fits = data >= 1 && data as usize <= ENTRIES_MAX && data < total && total <= total_max && total as u32 <= 3 * data as u32;
        if fits { Ok(Self { codec, data, total }) } else { Err(Flaw::Code { codec, data, total }) }
    }

    /// Which codec.
    pub const fn codec(self) -> u16 {
        self.codec
    }

    /// Data shards of a group, `k`.
    pub const fn data(self) -> usize {
        self.data as usize
    }

    /// All shards of a group, `n`.
    pub const fn total(self) -> usize {
        self.total as usize
    }

    /// Parity shards of a group: as many losses as it survives.
    pub const fn parity(self) -> usize {
        self.total() - self.data()
    }
}

/// One group of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Octets of every shard: those of the longest stored chunk, rounded up to [`SHARD_LEN_STEP`].
    pub shard_len: u32,
    /// Zeros in all data shards together, those that are missing included.
    pub padding: u64,
    /// The names of the parity shards.
    pub parity: Vec<ChunkId>,
}

impl Group {
    /// The group of these chunks, of which there are at least one and at most `k`.
    pub fn over(code: Code, stored_lens: impl Iterator<Item = u32> + Clone, parity: Vec<ChunkId>) -> Self {
        let shard_len = shard_len(stored_lens.clone());
        let stored: u64 = stored_lens.map(u64::from).sum();
        Self { shard_len, padding: code.data() as u64 * u64::from(shard_len) - stored, parity }
    }
}

/// Octets of the shards over chunks of these lengths.
pub fn shard_len(stored_lens: impl Iterator<Item = u32>) -> u32 {
    stored_lens.max().unwrap_or(0).next_multiple_of(SHARD_LEN_STEP)
}

/// The chunks of every group, in order.
pub fn groups_of(code: Code, entries: &[ChunkEntry]) -> impl ExactSizeIterator<Item = &[ChunkEntry]> {
    entries.chunks(code.data())
}

/// Whether the groups are those that the entries give.
pub(super) fn check(code: Code, groups: &[Group], entries: &[ChunkEntry], encryption: Option<&Encryption>) -> Result<(), Flaw> {
    let wanted = groups_of(code, entries);
    if groups.len() != wanted.len() {
        return Err(Flaw::Groups(groups.len() as u64));
    }
    for (index, (group, chunks)) in groups.iter().zip(wanted).enumerate() {
        let lens = chunks.iter().map(|chunk| stored_len(chunk, encryption));
        let right = group.parity.len() == code.parity()
            && group.shard_len == shard_len(lens.clone())
            && group.shard_len <= SHARD_LEN_MAX
            && group.padding == code.data() as u64 * u64::from(group.shard_len) - lens.map(u64::from).sum::<u64>();
        if !right && !Breach::AcceptAnyGroups.is_on() {
            return Err(Flaw::Group(index));
        }
    }
    Ok(())
}
