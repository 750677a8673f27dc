//! The store of a site: what it holds, how long operations take, and what goes wrong with it.

use super::catalogue::{Catalogue, FIRST};
use super::config::DiskSpeed;
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ManifestId, NameKey};
use hypermesh_core::stoq::node::{Looked, Outcome, StoreOp, Ticket, Unread, Unstored};
use hypermesh_core::stoq::session::frame::{Bits, ContentId, Name};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store. What the catalogue has, an origin has from the start.
#[derive(Debug, Default)]
pub struct Disk {
    contents: BTreeMap<ContentId, Arc<[u8]>>,
    bound: BTreeMap<NameKey, (Name, Version, ManifestId)>,
    purged: Vec<(Option<Name>, bool, Version)>,
    /// Operations under way.
    pending: BTreeMap<u64, StoreOp>,
    free: Time,
}

impl Disk {
    /// Begins an operation; when it is complete.
    pub fn begin(&mut self, ticket: Ticket, op: StoreOp, catalogue: Option<&Catalogue>, speed: DiskSpeed, now: Time) -> Time {
        let bytes = match &op {
            StoreOp::Read { id } | StoreOp::Supply { id, .. } => self.content(id, catalogue).map_or(0, |bytes| bytes.len() as u64),
            StoreOp::Store { bytes, .. } => bytes.len() as u64,
            _ => 512,
        };
        self.pending.insert(ticket.0, op);
        self.free = self.free.max(now) + Span(bytes * 1_000_000_000 / speed.bytes_per_s.max(1));
        self.free + speed.latency
    }

    /// An operation is complete; none if there is no such.
    pub fn complete(&mut self, ticket: u64, catalogue: Option<&Catalogue>) -> Option<Outcome> {
        Some(match self.pending.remove(&ticket)? {
            StoreOp::Read { id } | StoreOp::Supply { id, .. } => Outcome::Read(self.content(&id, catalogue).cloned().ok_or(Unread::Absent)),
            StoreOp::Look { name } => Outcome::Looked(Ok(self.look(&name, catalogue))),
            StoreOp::Known { ids } => {
                let mut bits = Bits::zeros(ids.len()).unwrap_or_default();
                for (at, _) in ids.iter().enumerate().filter(|(_, id)| self.content(id, catalogue).is_some()) {
                    bits.set(at);
                }
                Outcome::Known(bits)
            }
            StoreOp::Store { id, bytes, .. } => {
                self.contents.insert(id, bytes);
                Outcome::Stored(Ok(()))
            }
            StoreOp::Bind { name, version, manifest } => Outcome::Stored(self.bind(name, version, manifest, catalogue)),
            StoreOp::Purge { name, below, upto } => {
                self.purged.push((name, below, upto));
                Outcome::Stored(Ok(()))
            }
            StoreOp::Forget { id } => {
                self.contents.remove(&id);
                Outcome::Stored(Ok(()))
            }
        })
    }

    fn content<'c>(&'c self, id: &ContentId, catalogue: Option<&'c Catalogue>) -> Option<&'c Arc<[u8]>> {
        self.contents.get(id).or_else(|| catalogue?.content(id))
    }

    fn look(&self, name: &Name, catalogue: Option<&Catalogue>) -> Looked {
        let first = catalogue.and_then(|catalogue| catalogue.named(name)).map(|object| (FIRST, object.root));
        let bound = self.bound.get(&NameKey::of(name.as_str())).map(|(_, version, root)| (*version, *root)).or(first);
        let covers = |of: &Option<Name>, below: bool| of.as_ref().is_none_or(|of| of == name || (below && of.covers(name)));
        let purged = self.purged.iter().filter(|(of, below, _)| covers(of, *below)).map(|(.., upto)| *upto).max();
        Looked { bound: bound.filter(|(version, _)| purged.is_none_or(|upto| *version > upto)), purged, doubtful: false }
    }

    fn bind(&mut self, name: Name, version: Version, root: ManifestId, catalogue: Option<&Catalogue>) -> Result<(), Unstored> {
        let known = self.look(&name, catalogue);
        let is_old = known.bound.is_some_and(|(held, _)| held >= version) || known.purged.is_some_and(|upto| upto >= version);
        if is_old {
            return Err(Unstored::Conflict);
        }
        self.bound.insert(NameKey::of(name.as_str()), (name, version, root));
        Ok(())
    }

    /// Bytes on the heap, contents not included: they are the catalogue's.
    pub fn heap_bytes(&self) -> usize {
        (self.contents.len() + self.pending.len() + self.bound.len()) * 96
    }
}
