//! From an object's bytes to all that has to be kept of it: chunks, parity shards and manifests, each with its name.

use super::{BuildError, Builder, ChunkEntry, Code, Encryption, Flaw, OwedGroup, Root, TAG_LEN};
use crate::stoq::chunk::{ChunkId, Cutter, ManifestId, Profile};
use crate::stoq::replication::{Coder, CodingError};
use crate::testing::Breach;

/// Something to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep<'a> {
    /// A chunk of the object.
    Chunk(ChunkId, &'a [u8]),
    /// A parity shard of the chunks before it.
    Parity(ChunkId, &'a [u8]),
    /// A manifest.
    Manifest(ManifestId, &'a [u8]),
}

/// Seals a chunk: takes where it begins in the object and its octets, and gives what is stored, which is longer by [`TAG_LEN`].
pub type Seal = Box<dyn FnMut(u64, &[u8]) -> Vec<u8> + Send>;

/// Packs one object that arrives in pieces: cuts, seals if there is something to seal with, names, and codes, in this order (R-9-16).
///
/// Holds what these two hold and, for a coded object, the chunks of one group.
#[derive(Debug)]
pub struct Packer {
    cutter: Cutter,
    shelf: Shelf,
}

/// What takes the chunks that are cut.
struct Shelf {
    builder: Builder,
    seal: Option<Seal>,
    coder: Option<Coder>,
    /// The chunks of the group that is not full.
    group: Vec<Vec<u8>>,
}

impl Packer {
    /// A packer for one object, coded or not.
    pub fn new(profile: Profile, code: Option<Code>) -> Result<Self, CodingError> {
        Self::with(profile, code, None, None)
    }

    /// A packer for one object whose chunks are sealed as the descriptor says. The cryptography is the caller's.
    pub fn sealing(profile: Profile, code: Option<Code>, how: Encryption, seal: Seal) -> Result<Self, CodingError> {
        Self::with(profile, code, Some(how), Some(seal))
    }

    fn with(profile: Profile, code: Option<Code>, how: Option<Encryption>, seal: Option<Seal>) -> Result<Self, CodingError> {
        let builder = Builder::new(profile.chunker(), code, how);
        let coder = code.map(Coder::new).transpose()?;
        Ok(Self { cutter: Cutter::new(profile), shelf: Shelf { builder, seal, coder, group: Vec::new() } })
    }

    /// Takes the next bytes of the object and hands over what is complete. After an error the object cannot be completed.
    pub fn push(&mut self, piece: &[u8], mut keep: impl FnMut(Keep<'_>)) -> Result<(), BuildError> {
        let mut result = Ok(());
        let shelf = &mut self.shelf;
        self.cutter.push(piece, |chunk| {
            if result.is_ok() {
                result = shelf.add(chunk, &mut keep);
            }
        });
        result
    }

    /// The object has no more bytes: hands over the rest and returns the top.
    pub fn finish(self, mut keep: impl FnMut(Keep<'_>)) -> Result<Root, BuildError> {
        let mut shelf = self.shelf;
        let mut result = Ok(());
        self.cutter.finish(|chunk| {
            if result.is_ok() {
                result = shelf.add(chunk, &mut keep);
            }
        });
        result?;
        if let Some(owed) = shelf.builder.flush() {
            shelf.close_group(owed, &mut keep)?;
        }
        shelf.builder.finish(|id, bytes| keep(Keep::Manifest(id, &bytes)))
    }
}

impl core::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { builder, seal, coder, group } = self;
        let seals = seal.is_some();
        f.debug_struct("Shelf").field("builder", builder).field("seals", &seals).field("coder", coder).field("group", &group.len()).finish()
    }
}

impl Shelf {
    fn add(&mut self, chunk: &[u8], keep: &mut impl FnMut(Keep<'_>)) -> Result<(), BuildError> {
        let offset = self.builder.len();
        let sealed = self.seal.as_mut().map(|seal| seal(offset, chunk));
        if sealed.as_ref().is_some_and(|sealed| sealed.len() != chunk.len() + TAG_LEN as usize) {
            return Err(BuildError::Flaw(Flaw::EntryLength { index: 0, len: chunk.len() as u64 }));
        }
        let stored = sealed.as_deref().unwrap_or(chunk);
        let named = if Breach::NameBeforeSealing.is_on() { chunk } else { stored };
        let entry = ChunkEntry { id: ChunkId::of(named), len: chunk.len() as u32 };
        keep(Keep::Chunk(entry.id, stored));
        if self.coder.is_some() {
            self.group.push(stored.to_vec());
        }
        match self.builder.push(entry, |id, bytes| keep(Keep::Manifest(id, &bytes)))? {
            Some(owed) => self.close_group(owed, keep),
            None => Ok(()),
        }
    }

    fn close_group(&mut self, owed: OwedGroup, keep: &mut impl FnMut(Keep<'_>)) -> Result<(), BuildError> {
        debug_assert_eq!(owed.chunks, self.group.len(), "the builder and the packer count the same chunks");
        let chunks: Vec<_> = self.group.iter().map(Vec::as_slice).collect();
        let coder = self.coder.as_ref().expect("only a coded object owes parity");
        let shards = coder.encode(&chunks).expect("the builder closes a group at one to k chunks");
        self.group.clear();
        let names: Vec<_> = shards.iter().map(|shard| ChunkId::of(shard)).collect();
        names.iter().zip(&shards).for_each(|(id, shard)| keep(Keep::Parity(*id, shard)));
        self.builder.parity(names, |id, bytes| keep(Keep::Manifest(id, &bytes)))
    }
}
