//! Operations of the store, on threads that may wait for a disk.

use crate::store::{Key, Lookup, Scope, Store, StoreError};
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::node::{Looked, Outcome, StoreOp, Unread, Unstored};
use hypermesh_core::stoq::session::frame::{Bits, ContentId};
use std::fmt;
use std::sync::Arc;

/// Hands over contents of an object that an application offers.
pub trait Supply: fmt::Debug + Send + Sync {
    /// The content, or why there is none.
    fn supply(&self, id: &ContentId) -> Result<Arc<[u8]>, Unread>;
}

/// The store of a node, if it has one.
#[derive(Clone, Debug)]
pub struct Disk(pub Option<Arc<Store>>);

impl Disk {
    /// What lies in it, chunks and manifests alike, with lengths in bytes.
    pub fn contents(&self) -> Vec<(ContentId, u32)> {
        let id = |key| match key {
            Key::Chunk(ChunkId(id)) | Key::Manifest(ManifestId(id)) => ContentId(id),
        };
        self.0.iter().flat_map(|store| store.contents()).map(|(key, bytes)| (id(key), bytes)).collect()
    }

    /// Carries out an operation. It may wait for the disk.
    pub(super) fn carry_out(&self, op: StoreOp) -> Outcome {
        let Some(store) = &self.0 else { return missing(&op) };
        match op {
            StoreOp::Read { id } => Outcome::Read(read(store, &id)),
            StoreOp::Supply { .. } => Outcome::Read(Err(Unread::Absent)),
            StoreOp::Look { name } => {
                let mut looked = Looked { purged: store.purged(&name), ..Looked::default() };
                let (bound, doubtful) = match store.lookup(&name) {
                    Lookup::Absent => (None, false),
                    Lookup::Bound(binding) => (Some(binding), false),
                    Lookup::Doubtful(binding) => (Some(binding), true),
                };
                looked.bound = bound.map(|binding| (binding.version, binding.manifest));
                looked.doubtful = doubtful;
                Outcome::Looked(Ok(looked))
            }
            StoreOp::Known { ids, most } => {
                let mut bits = none_of(&ids);
                for (at, id) in ids.iter().enumerate() {
                    if keys(id).iter().any(|key| store.stored_len(key).is_some_and(|len| len <= most)) {
                        bits.set(at);
                    }
                }
                Outcome::Known(bits)
            }
            StoreOp::Store { manifest, id, bytes } => {
                let key = if manifest { Key::Manifest(ManifestId(id.0)) } else { Key::Chunk(ChunkId(id.0)) };
                Outcome::Stored(store.put(key, &bytes).map(drop).map_err(unstored))
            }
            StoreOp::Bind { name, version, manifest } => {
                let bound = store.bind(&name, version, manifest).and_then(|ticket| store.wait(ticket));
                Outcome::Stored(bound.map_err(unstored))
            }
            StoreOp::Purge { name, below, upto } => {
                let scope = match name {
                    None => Scope::Everything,
                    Some(name) if below => Scope::Below(name),
                    Some(name) => Scope::Name(name),
                };
                let purged = store.purge(&scope, upto).and_then(|ticket| store.wait(ticket));
                Outcome::Stored(purged.map_err(unstored))
            }
            StoreOp::Forget { id } => {
                let held: Vec<Key> = keys(&id).into_iter().filter(|key| store.stored_len(key).is_some()).collect();
                let forgotten = held.into_iter().try_for_each(|key| store.forget(key).map(drop));
                Outcome::Stored(forgotten.map_err(unstored))
            }
        }
    }
}

/// A digest does not tell what it names; the two kinds never share one.
const fn keys(id: &ContentId) -> [Key; 2] {
    [Key::Chunk(ChunkId(id.0)), Key::Manifest(ManifestId(id.0))]
}

/// No bit is set. A node asks for no more than a WANT names, and for something.
fn none_of(ids: &[ContentId]) -> Bits {
    Bits::zeros(ids.len()).expect("a node asks for as many contents as a WANT names at most")
}

fn read(store: &Store, id: &ContentId) -> Result<Arc<[u8]>, Unread> {
    for key in keys(id) {
        match store.get(&key) {
            Ok(Some(bytes)) => return Ok(bytes.into()),
            Ok(None) => {}
            Err(StoreError::Rotten(_)) => return Err(Unread::Damaged),
            Err(_) => return Err(Unread::Failed),
        }
    }
    Err(Unread::Absent)
}

fn unstored(error: StoreError) -> Unstored {
    match error {
        StoreError::DiskFull | StoreError::QuotaFull { .. } | StoreError::TooMany { .. } => Unstored::Full,
        StoreError::Purged { .. } | StoreError::Older { .. } | StoreError::Conflict { .. } => Unstored::Conflict,
        StoreError::WrongName(_) | StoreError::Length { .. } | StoreError::NoManifest(_) => Unstored::Wrong,
        StoreError::Rotten(_) | StoreError::Stopped | StoreError::InUse | StoreError::Io { .. } => Unstored::Failed,
    }
}

/// A node without a disk asks for nothing of one; if it does, nothing is there.
fn missing(op: &StoreOp) -> Outcome {
    match op {
        StoreOp::Read { .. } | StoreOp::Supply { .. } => Outcome::Read(Err(Unread::Absent)),
        StoreOp::Look { .. } => Outcome::Looked(Ok(Looked::default())),
        StoreOp::Known { ids, .. } => Outcome::Known(none_of(ids)),
        StoreOp::Store { .. } | StoreOp::Bind { .. } | StoreOp::Purge { .. } | StoreOp::Forget { .. } => {
            Outcome::Stored(Err(Unstored::Failed))
        }
    }
}
