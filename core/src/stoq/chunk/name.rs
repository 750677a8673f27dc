//! Names that are hashes. Three uses of BLAKE3 (O'Connor et al. 2020) in its key derivation mode, so that equal bytes have unequal names in unequal uses.

use crate::testing::Breach;
use blake3::Hasher;
use blake3::hazmat::HasherExt;

/// Octets of a digest. Digests are never truncated (R-9-07).
pub const DIGEST_LEN: usize = 32;

/// The hash of the context string "HyperMesh STOQ 2026-11-22 chunk v1", written down so that naming a small chunk does not hash the string again. A
/// test compares the names with those of BLAKE3's `derive_key`, here and for the other two.
const CHUNK_KEY: [u8; 32] = [
    0xb4, 0xa0, 0xa8, 0x7b, 0x97, 0x0e, 0x3f, 0x50, 0x87, 0x63, 0xbe, 0x83, 0x50, 0x20, 0x2b, 0x95, 0xf3, 0x58, 0x62, 0x07, 0xac, 0xb4,
    0x18, 0xf4, 0x67, 0x3e, 0xc0, 0x93, 0xc0, 0x2d, 0x04, 0x32,
];
/// The hash of "HyperMesh STOQ 2026-11-22 manifest v1".
const MANIFEST_KEY: [u8; 32] = [
    0x5b, 0xd9, 0x8f, 0xc7, 0xd9, 0x30, 0x87, 0xcb, 0x5d, 0xf8, 0x26, 0xc6, 0x84, 0x78, 0x2f, 0xc7, 0xb3, 0xee, 0xe0, 0x7c, 0xce, 0x4a,
    0x30, 0x93, 0x41, 0xac, 0x2c, 0xca, 0x66, 0x0e, 0xbe, 0xf9,
];
/// The hash of "HyperMesh STOQ 2026-11-22 name v1".
const NAME_KEY: [u8; 32] = [
    0xde, 0x3d, 0x59, 0x44, 0x98, 0x9e, 0xfb, 0x71, 0x44, 0x40, 0xd4, 0x93, 0xdd, 0x0c, 0x1a, 0x98, 0xca, 0xc3, 0xe0, 0x04, 0x43, 0xd2,
    0xaf, 0xf7, 0x3f, 0x2f, 0x47, 0xcc, 0x80, 0x11, 0x09, 0xd8,
];

fn digest(key: &[u8; 32], bytes: &[u8]) -> [u8; DIGEST_LEN] {
    *Hasher::new_from_context_key(key).update(bytes).finalize().as_bytes()
}

/// Whether two digests are the same, in all their octets (R-9-07).
fn is_equal(one: &[u8; DIGEST_LEN], other: &[u8; DIGEST_LEN]) -> bool {
    let octets = if Breach::TruncateDigest.is_on() { DIGEST_LEN - 1 } else { DIGEST_LEN };
    one[..octets] == other[..octets]
}

/// The name of a chunk: BLAKE3 over its bytes as they are stored (after encryption, if there is any).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId(pub [u8; DIGEST_LEN]);

/// The name of a manifest: BLAKE3 over its canonical bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestId(pub [u8; DIGEST_LEN]);

/// What a name that people give is looked up by: BLAKE3 over its UTF-8 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(pub [u8; DIGEST_LEN]);

impl ChunkId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(digest(&CHUNK_KEY, bytes))
    }

    /// Whether it is the name of these bytes.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        is_equal(&self.0, &digest(&CHUNK_KEY, bytes))
    }
}

impl ManifestId {
    /// The name of the manifest with these canonical bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(digest(&MANIFEST_KEY, bytes))
    }

    /// Whether it is the name of the manifest with these bytes.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        is_equal(&self.0, &digest(&MANIFEST_KEY, bytes)) || (Breach::OneContextForAll.is_on() && ChunkId(self.0).is_of(bytes))
    }
}

impl NameKey {
    /// The key of a name.
    pub fn of(name: &str) -> Self {
        Self(digest(&NAME_KEY, name.as_bytes()))
    }
}

/// Hexadecimal for people, whole; the `Debug` form ends after eight digits.
macro_rules! shown_as_hex {
    ($($name:ident),*) => {$(
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                self.0[..4].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, ")")
            }
        }
    )*};
}
shown_as_hex!(ChunkId, ManifestId, NameKey);
