//! A store in memory, and objects to put into it.

use crate::stoq::cache::Version;
use crate::stoq::chunk::{ManifestId, Profile};
use crate::stoq::manifest::{Keep, Packer};
use crate::stoq::node::{Looked, Outcome, StoreOp, Unread, Unstored};
use crate::stoq::session::frame::{Bits, ContentId, Name};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store in memory that does what a store on disk promises.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    /// Contents by digest.
    pub contents: BTreeMap<ContentId, Arc<[u8]>>,
    /// What names lead to.
    pub bound: BTreeMap<Name, (Version, ManifestId)>,
    /// Purges: of a name, and whether of everything below it.
    pub purges: Vec<(Option<Name>, bool, Version)>,
    /// Contents that were written, with repetitions.
    pub written: u64,
    /// Whether there is no room.
    pub full: bool,
}

impl MemoryStore {
    fn floor(&self, name: &Name) -> Option<Version> {
        let covers =
            |(of, below, _): &&(Option<Name>, bool, Version)| of.as_ref().is_none_or(|of| of == name || (*below && of.covers(name)));
        self.purges.iter().filter(covers).map(|(_, _, upto)| *upto).max()
    }

    /// Carries out an operation.
    pub fn run(&mut self, op: StoreOp) -> Outcome {
        match op {
            StoreOp::Read { id } | StoreOp::Supply { id, .. } => Outcome::Read(self.contents.get(&id).cloned().ok_or(Unread::Absent)),
            StoreOp::Look { name } => {
                let purged = self.floor(&name);
                let bound = self.bound.get(&name).copied().filter(|(version, _)| purged.is_none_or(|upto| *version > upto));
                Outcome::Looked(Ok(Looked { bound, purged, doubtful: false }))
            }
            StoreOp::Known { ids, most } => {
                let mut bits = Bits::zeros(ids.len()).unwrap_or_default();
                let is_there = |id: &ContentId| self.contents.get(id).is_some_and(|bytes| bytes.len() <= most as usize);
                ids.iter().enumerate().filter(|(_, id)| is_there(id)).for_each(|(at, _)| bits.set(at));
                Outcome::Known(bits)
            }
            StoreOp::Store { .. } if self.full => Outcome::Stored(Err(Unstored::Full)),
            StoreOp::Store { id, bytes, .. } => {
                self.written += 1;
                self.contents.insert(id, bytes);
                Outcome::Stored(Ok(()))
            }
            StoreOp::Bind { name, version, manifest } => Outcome::Stored(self.bind(name, version, manifest)),
            StoreOp::Purge { name, below, upto } => {
                self.purges.push((name, below, upto));
                Outcome::Stored(Ok(()))
            }
            StoreOp::Forget { id } => {
                self.contents.remove(&id);
                Outcome::Stored(Ok(()))
            }
        }
    }

    fn bind(&mut self, name: Name, version: Version, manifest: ManifestId) -> Result<(), Unstored> {
        let older = self.bound.get(&name).is_some_and(|(bound, held)| *bound > version || (*bound == version && *held != manifest));
        if older || self.floor(&name).is_some_and(|upto| upto >= version) {
            return Err(Unstored::Conflict);
        }
        if !self.contents.contains_key(&ContentId(manifest.0)) {
            return Err(Unstored::Wrong);
        }
        self.bound.insert(name, (version, manifest));
        Ok(())
    }
}

/// An object that was packed.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its top manifest.
    pub root: ManifestId,
    /// That manifest's bytes.
    pub manifest: Arc<[u8]>,
    /// Everything that it consists of.
    pub contents: BTreeMap<ContentId, Arc<[u8]>>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Cuts an object into small chunks.
pub fn pack(bytes: &[u8]) -> Packed {
    let mut contents: BTreeMap<ContentId, Arc<[u8]>> = BTreeMap::new();
    let mut keep = |keep: Keep<'_>| {
        let (id, bytes) = match keep {
            Keep::Chunk(id, bytes) | Keep::Parity(id, bytes) => (ContentId(id.0), bytes),
            Keep::Manifest(id, bytes) => (ContentId(id.0), bytes),
        };
        contents.insert(id, bytes.into());
    };
    let mut packer = Packer::new(Profile::Small, None).expect("an object without parity can be packed");
    packer.push(bytes, &mut keep).expect("it is not too long");
    let root = packer.finish(&mut keep).expect("it is not too long");
    Packed { root: root.id, manifest: contents[&ContentId(root.id.0)].clone(), contents, bytes: bytes.to_vec() }
}
