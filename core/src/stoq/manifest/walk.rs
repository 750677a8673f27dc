//! From a range of an object's bytes to the chunks that hold it, through however many levels, with the manifests arriving as the driver finds them.

use super::{Body, ChildEntry, ChunkEntry, Encryption, Flaw, Manifest, Refusal};
use crate::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use crate::testing::Breach;
use core::ops::Range;

/// A part of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The chunk.
    pub id: ChunkId,
    /// Bytes of the object in the chunk.
    pub len: u32,
    /// Where the chunk begins in the object.
    pub offset: u64,
    /// Bytes at the chunk's beginning that are not wanted.
    pub skip: u32,
    /// Bytes that are wanted; at least one.
    pub take: u32,
}

impl Piece {
    /// Where its first wanted byte stands in the object.
    pub const fn start(&self) -> u64 {
        self.offset + self.skip as u64
    }

    /// The wanted part of the chunk's (opened) bytes.
    pub fn of<'a>(&self, chunk: &'a [u8]) -> &'a [u8] {
        &chunk[self.skip as usize..][..self.take as usize]
    }
}

/// What a walk comes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next part of the range.
    Piece(Piece),
    /// The walk needs this manifest first: see [`Walk::supply`].
    Need(ManifestId),
    /// The range is complete.
    Done,
}

/// Why a manifest was not taken. The walk still waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkError {
    /// The walk waits for no manifest.
    NotAsked,
    /// The bytes are no manifest.
    Refused(Refusal),
    /// The manifest differs from what the one above it says, in what the text names.
    Disagrees(&'static str),
    /// The range does not lie within the object.
    Range {
        /// Bytes of the object.
        len: u64,
    },
}

impl WalkError {
    /// Whether another source may do better. Otherwise the object itself is broken, or the range is wrong: whoever has the name has this.
    pub const fn blames_the_source(self) -> bool {
        matches!(self, Self::Refused(Refusal { flaw: Flaw::WrongName | Flaw::TooLong(_), .. }))
    }
}

impl core::fmt::Display for WalkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotAsked => write!(f, "no manifest was asked for"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Disagrees(what) => write!(f, "{what} is not what the manifest above says"),
            Self::Range { len } => write!(f, "the range does not lie within the {len} bytes of the object"),
        }
    }
}

impl core::error::Error for WalkError {}

/// A walk over the chunks of a range, in order. Holds one manifest per level.
#[derive(Clone, Debug)]
pub struct Walk {
    range: Range<u64>,
    /// Until the root has come, the end of the range may be open.
    whole: bool,
    waiting: Option<Expected>,
    /// From the root down.
    frames: Vec<Frame>,
}

#[derive(Clone, Debug)]
struct Frame {
    manifest: Manifest,
    /// The next entry and where it begins in the object.
    next: usize,
    offset: u64,
}

/// An entry of either kind.
enum Found {
    Chunk(ChunkEntry),
    Manifest(ChildEntry),
}

impl Found {
    fn len(&self) -> u64 {
        match self {
            Self::Chunk(entry) => entry.len.into(),
            Self::Manifest(entry) => entry.len,
        }
    }
}

/// What is known of a manifest before it comes.
#[derive(Clone, Debug)]
struct Expected {
    id: ManifestId,
    offset: u64,
    above: Option<Above>,
}

#[derive(Clone, Debug)]
struct Above {
    level: u8,
    len: u64,
    chunker: ChunkerId,
    encryption: Option<Encryption>,
}

impl Walk {
    /// The bytes of `range`. It is checked when the root comes.
    pub const fn new(root: ManifestId, range: Range<u64>) -> Self {
        let waiting = Some(Expected { id: root, offset: 0, above: None });
        Self { range, whole: false, waiting, frames: Vec::new() }
    }

    /// All bytes.
    pub const fn whole(root: ManifestId) -> Self {
        let mut walk = Self::new(root, 0..0);
        walk.whole = true;
        walk
    }

    /// What comes next.
    pub fn step(&mut self) -> Step {
        loop {
            if let Some(expected) = &self.waiting {
                return Step::Need(expected.id);
            }
            let Some(frame) = self.frames.last_mut() else { return Step::Done };
            let (next, offset) = (frame.next, frame.offset);
            let found = match frame.manifest.body() {
                Body::Chunks { entries, .. } => entries.get(next).map(|entry| Found::Chunk(*entry)),
                Body::Manifests { entries, .. } => entries.get(next).map(|entry| Found::Manifest(*entry)),
            };
            let Some(found) = found.filter(|_| offset < self.range.end) else {
                self.frames.pop();
                continue;
            };
            frame.next += 1;
            frame.offset += found.len();
            if frame.offset <= self.range.start {
                continue;
            }
            match found {
                Found::Chunk(entry) => return Step::Piece(self.piece(entry.id, offset, entry.len)),
                Found::Manifest(child) => self.waiting = Some(expected(frame, child, offset)),
            }
        }
    }

    /// Takes the bytes of the manifest that [`Step::Need`] named.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), WalkError> {
        let expected = self.waiting.as_ref().ok_or(WalkError::NotAsked)?;
        let manifest = Manifest::decode_named(bytes, &expected.id).map_err(WalkError::Refused)?;
        match &expected.above {
            Some(above) => above.check(&manifest)?,
            None => {
                let len = manifest.len();
                if self.whole {
                    self.range = 0..len;
                }
                if self.range.start > self.range.end || self.range.end > len {
                    return Err(WalkError::Range { len });
                }
                if self.range.is_empty() {
                    self.range = 0..0;
                }
            }
        }
        let offset = expected.offset;
        self.waiting = None;
        self.frames.push(Frame { manifest, next: 0, offset });
        Ok(())
    }

    /// The length of the object, once the root has come and while the walk goes on.
    pub fn object_len(&self) -> Option<u64> {
        self.frames.first().map(|root| root.manifest.len())
    }

    /// The manifest that lists the present chunk.
    pub fn present(&self) -> Option<&Manifest> {
        self.frames.last().map(|frame| &frame.manifest)
    }

    /// Manifests beside the present ones that the walk will need later, the nearest first, so that they can be fetched early.
    pub fn ahead(&self) -> impl Iterator<Item = ManifestId> + '_ {
        let end = self.range.end;
        self.frames.iter().rev().flat_map(move |frame| {
            let entries = match frame.manifest.body() {
                Body::Manifests { entries, .. } => &entries[frame.next..],
                Body::Chunks { .. } => &[],
            };
            let mut offset = frame.offset;
            entries.iter().map_while(move |entry| {
                let begins = offset;
                offset += entry.len;
                (begins < end).then_some(entry.id)
            })
        })
    }

    fn piece(&self, id: ChunkId, offset: u64, len: u32) -> Piece {
        let from = self.range.start.max(offset);
        let to = self.range.end.min(offset + u64::from(len));
        Piece { id, len, offset, skip: (from - offset) as u32, take: (to - from) as u32 }
    }
}

fn expected(frame: &Frame, child: ChildEntry, offset: u64) -> Expected {
    let manifest = &frame.manifest;
    let above = Above { level: manifest.level(), len: child.len, chunker: manifest.chunker(), encryption: manifest.encryption().cloned() };
    Expected { id: child.id, offset, above: Some(above) }
}

impl Above {
    fn check(&self, child: &Manifest) -> Result<(), WalkError> {
        if child.level() + 1 != self.level {
            Err(WalkError::Disagrees("the level"))
        } else if child.len() != self.len {
            Err(WalkError::Disagrees("the length"))
        } else if Breach::BelieveLowerManifest.is_on() {
            Ok(())
        } else if child.chunker() != self.chunker {
            Err(WalkError::Disagrees("the chunker"))
        } else if child.encryption() != self.encryption.as_ref() {
            Err(WalkError::Disagrees("the encryption"))
        } else {
            Ok(())
        }
    }
}
