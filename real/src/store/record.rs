//! Records: what a segment is a row of.
//!
//! ```text
//!  0       4      5        8        12     16         24     56      64
//!  | magic | kind | 0 0 0  | length | firm | sequence | name | check | body ... length bytes
//! ```
//! Integers are little-endian. *Firm* is how much of the segment was known to be on stable storage when the record was written, so that what rotted can
//! be told from what was never synced. The *name* is a digest of the body: that of the content for chunks and manifests, a keyed one for notes. The *check* is
//! keyed, and goes over the head and its place in the segment. The key is the segment's alone and known to nobody outside, so that no content can pass
//! for a record, wherever a reader that lost the thread may look for the next one.

use super::key::Key;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::stoq::session::limits::NAME_BYTES_MAX;

/// What every record begins with.
pub(super) const MAGIC: [u8; 4] = *b"StQ1";
/// Bytes of a head.
pub(super) const HEAD_LEN: usize = 64;
/// Bytes of a head that its check goes over.
const CHECKED: usize = 56;
/// Most bytes of a note.
const NOTE_LEN_MAX: usize = 64 + NAME_BYTES_MAX;

/// Numbers of records are below. Nobody writes so many; nothing that is read may bring the count near its end.
pub(super) const SEQ_END: u64 = 1 << 62;

/// The key of a segment's checks.
pub(super) type CheckKey = [u8; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Chunk = 1,
    Manifest = 2,
    Bind = 3,
    Purge = 4,
    Forget = 5,
    /// Nothing: it fills a hole that a loss of power left.
    Void = 6,
}

impl Kind {
    const fn known(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Chunk),
            2 => Some(Self::Manifest),
            3 => Some(Self::Bind),
            4 => Some(Self::Purge),
            5 => Some(Self::Forget),
            6 => Some(Self::Void),
            _ => None,
        }
    }

    const fn is_note(self) -> bool {
        matches!(self, Self::Bind | Self::Purge | Self::Forget)
    }
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// Bytes of the body.
    pub(super) len: u32,
    /// Bytes of the segment that are known to be on stable storage.
    pub(super) firm: u32,
    /// Counts every record that the store ever wrote. A copy keeps the number of what it is a copy of.
    pub(super) seq: u64,
    pub(super) name: [u8; 32],
}

impl Head {
    pub(super) fn of_content(key: &Key, len: usize, seq: u64) -> Self {
        let kind = if matches!(key, Key::Chunk(_)) { Kind::Chunk } else { Kind::Manifest };
        Self { kind, len: len as u32, firm: 0, seq, name: *key.digest() }
    }

    pub(super) fn of_note(note: &Note, body: &[u8], seq: u64, key: &CheckKey) -> Self {
        Self { kind: note.kind(), len: body.len() as u32, firm: 0, seq, name: *blake3::keyed_hash(key, body).as_bytes() }
    }

    /// Fills a hole of so many bytes, if it is large enough for a head.
    pub(super) fn of_void(bytes: u64) -> Option<Self> {
        let len = u32::try_from(bytes.checked_sub(HEAD_LEN as u64)?).ok()?;
        Some(Self { kind: Kind::Void, len, firm: 0, seq: 0, name: [0; 32] })
    }

    /// What content it is the head of, if it is no note.
    pub(super) const fn content(&self) -> Option<Key> {
        match self.kind {
            Kind::Chunk => Some(Key::Chunk(ChunkId(self.name))),
            Kind::Manifest => Some(Key::Manifest(ManifestId(self.name))),
            Kind::Bind | Kind::Purge | Kind::Forget | Kind::Void => None,
        }
    }

    pub(super) const fn is_note(&self) -> bool {
        self.kind.is_note()
    }

    /// Bytes of the whole record.
    pub(super) const fn total(&self) -> u64 {
        HEAD_LEN as u64 + self.len as u64
    }

    /// Whether this is the body.
    pub(super) fn fits(&self, body: &[u8], key: &CheckKey) -> bool {
        match self.content() {
            Some(content) => content.names(body),
            None => *blake3::keyed_hash(key, body).as_bytes() == self.name,
        }
    }

    /// The bytes of the head at this offset of a segment.
    pub(super) fn encode(&self, offset: u32, key: &CheckKey) -> [u8; HEAD_LEN] {
        let mut bytes = [0; HEAD_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = self.kind as u8;
        bytes[8..12].copy_from_slice(&self.len.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.firm.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.seq.to_le_bytes());
        bytes[24..56].copy_from_slice(&self.name);
        let check = check(&bytes[..CHECKED], offset, key);
        bytes[CHECKED..].copy_from_slice(&check);
        bytes
    }

    /// The head, if the bytes are one that was written at this offset of this segment.
    pub(super) fn decode(bytes: &[u8; HEAD_LEN], offset: u32, key: &CheckKey) -> Option<Self> {
        let (checked, rest) = bytes.split_at(CHECKED);
        if checked[..4] != MAGIC || check(checked, offset, key) != rest {
            return None;
        }
        let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let u64_at = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let name = bytes[24..56].try_into().expect("thirty-two bytes");
        let head = Self { kind: Kind::known(bytes[4])?, len: u32_at(8), firm: u32_at(12), seq: u64_at(16), name };
        let len_max = match head.kind {
            Kind::Void => usize::MAX,
            _ => head.content().map_or(NOTE_LEN_MAX, |content| content.bytes_max()),
        };
        (head.len as usize <= len_max && head.seq < SEQ_END && bytes[5..8] == [0; 3]).then_some(head)
    }
}

fn check(checked: &[u8], offset: u32, key: &CheckKey) -> [u8; HEAD_LEN - CHECKED] {
    let mut input = [0; CHECKED + 4];
    input[..CHECKED].copy_from_slice(checked);
    input[CHECKED..].copy_from_slice(&offset.to_le_bytes());
    let digest = blake3::keyed_hash(key, &input);
    *digest.as_bytes().first_chunk().expect("a digest is longer than a check")
}

/// What a purge is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One name.
    Name(Name),
    /// A name and everything under it, as [`Name::covers`] says.
    Below(Name),
    /// Every name.
    Everything,
}

/// A record that is no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A version of a name has this manifest.
    Bind { name: Name, version: Version, manifest: ManifestId },
    /// Nothing in the scope is served up to this version.
    Purge { scope: Scope, upto: Version },
    /// The content is not wanted any more.
    Forget { key: Key },
}

impl Note {
    const fn kind(&self) -> Kind {
        match self {
            Self::Bind { .. } => Kind::Bind,
            Self::Purge { .. } => Kind::Purge,
            Self::Forget { .. } => Kind::Forget,
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Self::Bind { name, version, manifest } => {
                out.extend_from_slice(&version.0.to_le_bytes());
                out.extend_from_slice(&manifest.0);
                out.extend_from_slice(name.as_str().as_bytes());
            }
            Self::Purge { scope, upto } => {
                out.extend_from_slice(&upto.0.to_le_bytes());
                let (tag, name) = match scope {
                    Scope::Name(name) => (0, name.as_str()),
                    Scope::Below(name) => (1, name.as_str()),
                    Scope::Everything => (2, ""),
                };
                out.push(tag);
                out.extend_from_slice(name.as_bytes());
            }
            Self::Forget { key } => {
                out.push(if matches!(key, Key::Chunk(_)) { 0 } else { 1 });
                out.extend_from_slice(key.digest());
            }
        }
        out
    }

    /// The note, if the body of a record of this kind is one.
    pub(super) fn decode(kind: Kind, body: &[u8]) -> Option<Self> {
        let name = |bytes: &[u8]| Name::new(std::str::from_utf8(bytes).ok()?);
        match kind {
            Kind::Chunk | Kind::Manifest | Kind::Void => None,
            Kind::Bind => {
                let (version, rest) = body.split_first_chunk()?;
                let (manifest, text) = rest.split_first_chunk()?;
                Some(Self::Bind { name: name(text)?, version: Version(u64::from_le_bytes(*version)), manifest: ManifestId(*manifest) })
            }
            Kind::Purge => {
                let (upto, rest) = body.split_first_chunk()?;
                let scope = match rest.split_first()? {
                    (0, text) => Scope::Name(name(text)?),
                    (1, text) => Scope::Below(name(text)?),
                    (2, []) => Scope::Everything,
                    _ => return None,
                };
                Some(Self::Purge { scope, upto: Version(u64::from_le_bytes(*upto)) })
            }
            Kind::Forget => {
                let (tag, digest) = body.split_first()?;
                let digest = digest.try_into().ok()?;
                match tag {
                    0 => Some(Self::Forget { key: Key::Chunk(ChunkId(digest)) }),
                    1 => Some(Self::Forget { key: Key::Manifest(ManifestId(digest)) }),
                    _ => None,
                }
            }
        }
    }
}
