//! What content is stored under.

use hypermesh_core::stoq::chunk::{CHUNK_LEN_MAX, ChunkId, ManifestId};
use hypermesh_core::stoq::manifest::{MANIFEST_LEN_MAX, TAG_LEN};
use std::fmt;

/// The name of stored content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A chunk, as it is stored (after encryption, if there is any).
    Chunk(ChunkId),
    /// A manifest in its canonical bytes.
    Manifest(ManifestId),
}

impl Key {
    /// Whether this is the name of these bytes.
    pub fn names(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Chunk(id) => ChunkId::of(bytes) == *id,
            Self::Manifest(id) => ManifestId::of(bytes) == *id,
        }
    }

    /// The most bytes that content of this kind has.
    pub const fn bytes_max(&self) -> usize {
        match self {
            Self::Chunk(_) => (CHUNK_LEN_MAX + TAG_LEN) as usize,
            Self::Manifest(_) => MANIFEST_LEN_MAX,
        }
    }

    /// The digest.
    pub(super) const fn digest(&self) -> &[u8; 32] {
        match self {
            Self::Chunk(id) => &id.0,
            Self::Manifest(id) => &id.0,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk(id) => write!(f, "chunk {id}"),
            Self::Manifest(id) => write!(f, "manifest {id}"),
        }
    }
}
