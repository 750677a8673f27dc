//! Manifests: the list of an object's chunks, and the only thing that has to be believed about it.
//!
//! ```text
//!             level 1   ┌──────── manifest: total length, chunker ────────┐        the object's name leads to the top one
//!                       │ manifest id, length │ manifest id, length │ ... │
//!                       └──────┬──────────────────────┬──────────────────┘
//!             level 0   chunk id, length ...   chunk id, length ...              erasure groups stand here
//! ```
//! The bytes of a manifest are deterministic CBOR (RFC 8949, 4.2.1) and its name is their hash, so one object under one chunker has one name, and who
//! holds the name can take every manifest and every chunk from anybody. Offsets are not written: entries are in order and without gaps, so an offset is
//! the sum of the lengths before it.
//!
//! Promises: whatever decodes encodes to the same bytes; a manifest that contradicts itself or the one above it is refused with what was wrong; no
//! bytes make a reader hold more than [`MANIFEST_LEN_MAX`] for a manifest nor [`LEVEL_MAX`] + 1 manifests at a time.
//! Lacks, on purpose: cryptography. The encryption descriptor says how chunks were sealed; sealing is the driver's, by a library (see [`Seal`]).

mod builder;
mod cbor;
mod codec;
mod coded;
mod flaw;
mod packer;
mod sealed;
#[cfg(test)]
mod tests;
mod walk;

use crate::stoq::chunk::{CHUNK_LEN_MAX, ChunkId, ChunkerId, ManifestId};
use crate::testing::Breach;

pub use builder::{BuildError, Builder, OwedGroup, Root};
pub use coded::{CODEC_LEOPARD, CODEC_REED_SOLOMON, Code, Group, SHARD_LEN_MAX, SHARD_LEN_STEP, groups_of, shard_len};
pub use flaw::{Flaw, Refusal};
pub use packer::{Keep, Packer, Seal};
pub use sealed::{Aead, Encryption, KEY_ID_LEN_MAX, NonceRule, Status, TAG_LEN};
pub use walk::{Piece, Step, Walk, WalkError};

/// The version of the form.
pub const VERSION: u64 = 1;
/// Entries of one manifest.
pub const ENTRIES_MAX: usize = 1_024;
/// Entries from which a manifest may end where an entry's name says so.
pub const ENTRIES_MIN: usize = 128;
/// The highest level; manifests of level 0 list chunks.
pub const LEVEL_MAX: u8 = 5;
/// Octets of one manifest. The largest that the other limits allow is some 8 KB smaller.
pub const MANIFEST_LEN_MAX: usize = 128 << 10;
/// Octets of one object: what a variable-length integer holds (RFC 9000, clause 16).
pub const OBJECT_LEN_MAX: u64 = (1 << 62) - 1;

/// A chunk of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkEntry {
    /// The name of its stored bytes.
    pub id: ChunkId,
    /// How many bytes of the object it holds. The stored chunk is longer by the tag if it is sealed: [`Manifest::stored_len`].
    pub len: u32,
}

/// A manifest of a lower level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildEntry {
    /// Its name.
    pub id: ManifestId,
    /// How many bytes of the object it covers.
    pub len: u64,
}

/// What a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Level 0.
    Chunks {
        /// The chunks in the object's order.
        entries: Vec<ChunkEntry>,
        /// The code and one group for every `k` entries, if the object is coded.
        coded: Option<(Code, Vec<Group>)>,
    },
    /// Levels 1 to [`LEVEL_MAX`].
    Manifests {
        /// One more than the level of every entry.
        level: u8,
        /// The manifests in the object's order.
        entries: Vec<ChildEntry>,
    },
}

/// A manifest that keeps all the rules. It can only be made by [`Manifest::new`], the [`Builder`] and [`Manifest::decode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    chunker: ChunkerId,
    len: u64,
    body: Body,
    encryption: Option<Encryption>,
}

impl Manifest {
    /// A manifest, if it keeps the rules.
    pub fn new(chunker: ChunkerId, body: Body, encryption: Option<Encryption>) -> Result<Self, Flaw> {
        let len = match &body {
            Body::Chunks { entries, coded } => {
                check_chunks(chunker, entries)?;
                if let Some((code, groups)) = coded {
                    coded::check(*code, groups, entries, encryption.as_ref())?;
                }
                entries.iter().map(|entry| u64::from(entry.len)).sum()
            }
            Body::Manifests { level, entries } => check_children(*level, entries)?,
        };
        Ok(Self { chunker, len, body, encryption })
    }

    /// Which rule cut the object.
    pub const fn chunker(&self) -> ChunkerId {
        self.chunker
    }

    /// Bytes of the object that it covers.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it is the manifest of an empty object.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// 0 if it lists chunks.
    pub const fn level(&self) -> u8 {
        match &self.body {
            Body::Chunks { .. } => 0,
            Body::Manifests { level, .. } => *level,
        }
    }

    /// What it lists.
    pub const fn body(&self) -> &Body {
        &self.body
    }

    /// The chunks, if it is of level 0.
    pub fn chunks(&self) -> Option<&[ChunkEntry]> {
        match &self.body {
            Body::Chunks { entries, .. } => Some(entries),
            Body::Manifests { .. } => None,
        }
    }

    /// The code and its groups, if there are any.
    pub fn coded(&self) -> Option<(Code, &[Group])> {
        match &self.body {
            Body::Chunks { coded: Some((code, groups)), .. } => Some((*code, groups)),
            _ => None,
        }
    }

    /// How the chunks are sealed, if they are.
    pub const fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// Bytes that are stored for a chunk.
    pub fn stored_len(&self, entry: &ChunkEntry) -> u32 {
        stored_len(entry, self.encryption.as_ref())
    }

    /// Whether these stored bytes are the chunk. Nobody hands a chunk on before (R-10-04).
    pub fn verify(&self, entry: &ChunkEntry, stored: &[u8]) -> bool {
        stored.len() == self.stored_len(entry) as usize && entry.id.is_of(stored)
    }
}

/// Bytes that are stored for a chunk: its own and the tag that seals it.
pub(super) fn stored_len(entry: &ChunkEntry, encryption: Option<&Encryption>) -> u32 {
    entry.len + if encryption.is_some() { TAG_LEN } else { 0 }
}

/// Lengths within what the chunker gives. Only the last chunk of an object, so only the last of a manifest, may be shorter than the minimum.
fn check_chunks(chunker: ChunkerId, entries: &[ChunkEntry]) -> Result<(), Flaw> {
    if entries.len() > ENTRIES_MAX && !Breach::NoEntryLimit.is_on() {
        return Err(Flaw::Entries(entries.len() as u64));
    }
    if Breach::RefuseUnknownChunker.is_on() && chunker.profile().is_none() {
        return Err(Flaw::OutOfRange("the chunker id", chunker.0.into()));
    }
    let profile = chunker.profile().filter(|_| !Breach::AcceptAnyChunkLength.is_on());
    let (min, max) = profile.map_or((1, CHUNK_LEN_MAX), |profile| (profile.min() as u32, profile.max() as u32));
    for (index, entry) in entries.iter().enumerate() {
        let min = if index + 1 == entries.len() { 1 } else { min };
        if entry.len == 0 && Breach::AcceptEmptyEntry.is_on() {
            continue;
        }
        if !(min..=max).contains(&entry.len) {
            return Err(Flaw::EntryLength { index, len: entry.len.into() });
        }
    }
    Ok(())
}

/// Returns the sum of the lengths.
fn check_children(level: u8, entries: &[ChildEntry]) -> Result<u64, Flaw> {
    if !(1..=LEVEL_MAX).contains(&level) {
        return Err(Flaw::Level(level.into()));
    }
    if !(1..=ENTRIES_MAX).contains(&entries.len()) {
        return Err(Flaw::Entries(entries.len() as u64));
    }
    let mut sum = 0u64;
    for (index, entry) in entries.iter().enumerate() {
        let is_empty = entry.len == 0 && !Breach::AcceptEmptyEntry.is_on();
        let longer = sum.checked_add(entry.len).filter(|sum| *sum <= OBJECT_LEN_MAX && !is_empty);
        sum = longer.ok_or(Flaw::EntryLength { index, len: entry.len })?;
    }
    Ok(sum)
}
