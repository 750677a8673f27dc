//! From a stream of chunks to manifests that nest on their own.
//!
//! A manifest ends after an entry whose name says so (once it has [`ENTRIES_MIN`] entries, after a name whose last octet is zero) or at [`ENTRIES_MAX`],
//! on every level. So a change in one place of the object changes the manifests above that place and no others, as it is with chunks; the shape depends
//! on the content alone.

use super::{
    Body, ChildEntry, ChunkEntry, Code, ENTRIES_MAX, ENTRIES_MIN, Encryption, Flaw, Group, LEVEL_MAX, Manifest, OBJECT_LEN_MAX, stored_len,
};
use crate::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use crate::testing::Breach;

/// Why no manifest can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The parity of a full group has to be given first. Nothing changed.
    ParityOwed,
    /// No parity is owed, or not so many names. Nothing changed.
    ParityNotOwed,
    /// The entry cannot stand in a manifest, or the object became too long or too deep. The object cannot be completed.
    Flaw(Flaw),
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::ParityOwed => write!(f, "the parity of the last group is owed"),
            Self::ParityNotOwed => write!(f, "no such parity is owed"),
            Self::Flaw(flaw) => flaw.fmt(f),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<Flaw> for BuildError {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

/// The last chunks that were pushed are a group whose parity names the builder waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedGroup {
    /// How many of the last chunks.
    pub chunks: usize,
    /// Octets of every shard.
    pub shard_len: u32,
}

/// The top of a finished object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The name of the top manifest, which is the name of this version of the object.
    pub id: ManifestId,
    /// Bytes of the object.
    pub len: u64,
    /// Level of the top manifest.
    pub level: u8,
}

/// Builds the manifests of one object. Finished manifests are handed out at once, lower ones first; what is held is at most [`ENTRIES_MAX`] entries per
/// level.
#[derive(Clone, Debug)]
pub struct Builder {
    chunker: ChunkerId,
    code: Option<Code>,
    encryption: Option<Encryption>,
    leaf: Vec<ChunkEntry>,
    groups: Vec<Group>,
    /// Where the group begins that is not closed.
    group_from: usize,
    owed: bool,
    /// Children that no manifest lists yet; index 0 is for manifests of level 1.
    levels: Vec<Vec<ChildEntry>>,
    len: u64,
}

impl Builder {
    /// A builder for one object.
    pub fn new(chunker: ChunkerId, code: Option<Code>, encryption: Option<Encryption>) -> Self {
        let levels = vec![Vec::new(); usize::from(LEVEL_MAX) + 1];
        Self { chunker, code, encryption, leaf: Vec::new(), groups: Vec::new(), group_from: 0, owed: false, levels, len: 0 }
    }

    /// Takes the next chunk. If it completes an erasure group, its parity is owed before the next one.
    pub fn push(&mut self, entry: ChunkEntry, out: impl FnMut(ManifestId, Vec<u8>)) -> Result<Option<OwedGroup>, BuildError> {
        if self.owed {
            return Err(BuildError::ParityOwed);
        }
        self.len += u64::from(entry.len);
        if self.len > OBJECT_LEN_MAX {
            return Err(Flaw::EntryLength { index: self.leaf.len(), len: entry.len.into() }.into());
        }
        self.leaf.push(entry);
        match self.code {
            Some(code) if self.leaf.len() - self.group_from == code.data() || self.leaf_ends() => Ok(self.owe()),
            None if self.leaf_ends() => self.close_leaf(out).map(|()| None),
            _ => Ok(None),
        }
    }

    /// The object has no more chunks: the parity of the last group, if there is one, is owed.
    pub fn flush(&mut self) -> Option<OwedGroup> {
        if self.code.is_some() && self.group_from < self.leaf.len() { self.owe() } else { None }
    }

    /// Takes the names of the parity shards that are owed, in order.
    pub fn parity(&mut self, parity: Vec<ChunkId>, out: impl FnMut(ManifestId, Vec<u8>)) -> Result<(), BuildError> {
        let code = self.code.filter(|code| self.owed && parity.len() == code.parity()).ok_or(BuildError::ParityNotOwed)?;
        let lens = self.leaf[self.group_from..].iter().map(|entry| stored_len(entry, self.encryption.as_ref()));
        self.groups.push(Group::over(code, lens, parity));
        self.group_from = self.leaf.len();
        self.owed = false;
        if self.leaf_ends() { self.close_leaf(out) } else { Ok(()) }
    }

    /// Closes what is open and returns the top.
    pub fn finish(mut self, mut out: impl FnMut(ManifestId, Vec<u8>)) -> Result<Root, BuildError> {
        if self.code.is_some() && self.group_from < self.leaf.len() {
            return Err(BuildError::ParityOwed);
        }
        if Breach::EmptyObjectHasChunk.is_on() && self.code.is_none() && self.is_empty() {
            self.leaf.push(ChunkEntry { id: ChunkId::of(&[0]), len: 1 });
        }
        if !self.leaf.is_empty() || self.levels.iter().all(Vec::is_empty) {
            self.close_leaf(&mut out)?;
        }
        for level in 0..=usize::from(LEVEL_MAX) {
            let is_top = self.levels[level + 1..].iter().all(Vec::is_empty);
            match self.levels[level][..] {
                [only] if is_top => return Ok(Root { id: only.id, len: only.len, level: level as u8 }),
                [] => {}
                _ => self.close_level(level, &mut out)?,
            }
        }
        Err(Flaw::Level(u64::from(LEVEL_MAX) + 1).into())
    }

    /// Bytes of the object so far.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was pushed.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn owe(&mut self) -> Option<OwedGroup> {
        self.owed = true;
        let chunks = &self.leaf[self.group_from..];
        let shard_len = super::shard_len(chunks.iter().map(|entry| stored_len(entry, self.encryption.as_ref())));
        Some(OwedGroup { chunks: chunks.len(), shard_len })
    }

    fn leaf_ends(&self) -> bool {
        self.leaf.last().is_some_and(|entry| ends(self.leaf.len(), &entry.id.0))
    }

    fn close_leaf(&mut self, out: impl FnMut(ManifestId, Vec<u8>)) -> Result<(), BuildError> {
        let entries = core::mem::take(&mut self.leaf);
        let groups = core::mem::take(&mut self.groups);
        self.group_from = 0;
        self.lift(0, Body::Chunks { entries, coded: self.code.map(|code| (code, groups)) }, out)
    }

    fn close_level(&mut self, level: usize, out: impl FnMut(ManifestId, Vec<u8>)) -> Result<(), BuildError> {
        let entries = core::mem::take(&mut self.levels[level]);
        self.lift(level + 1, Body::Manifests { level: level as u8 + 1, entries }, out)
    }

    /// Hands a manifest out and lists it one level up, where that may complete another.
    fn lift(&mut self, mut level: usize, mut body: Body, mut out: impl FnMut(ManifestId, Vec<u8>)) -> Result<(), BuildError> {
        loop {
            // Zero says that no rule is stated.
            let chunker = if Breach::OmitChunker.is_on() { ChunkerId(0) } else { self.chunker };
            let manifest = Manifest::new(chunker, body, self.encryption.clone())?;
            let bytes = manifest.encode();
            let child = ChildEntry { id: ManifestId::of(&bytes), len: manifest.len() };
            out(child.id, bytes);
            let above = &mut self.levels[level];
            above.push(child);
            if !ends(above.len(), &child.id.0) {
                return Ok(());
            }
            level += 1;
            if level > usize::from(LEVEL_MAX) {
                return Err(Flaw::Level(level as u64).into());
            }
            body = Body::Manifests { level: level as u8, entries: core::mem::take(above) };
        }
    }
}

/// Whether a manifest ends after its entry number `count`, which has this name.
fn ends(count: usize, name: &[u8; 32]) -> bool {
    count >= ENTRIES_MAX || (count >= ENTRIES_MIN && name[31] == 0)
}
