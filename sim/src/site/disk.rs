//! The store of a site: what it holds, how long operations take, and what goes wrong with it.
//!
//! Every content is looked at when it is read: one that is not what its name says is not handed out, and is known for damaged from then on.

use super::catalogue::{Catalogue, FIRST};
use super::config::DiskSpeed;
use super::flock::Flock;
use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ManifestId, NameKey};
use hypermesh_core::stoq::node::{Looked, Outcome, StoreOp, Ticket, Unread, Unstored};
use hypermesh_core::stoq::session::frame::{Bits, ContentId, Name};
use hypermesh_scenarios::plan::{StoreFault, StoreFaultKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a store is like: what it has from the start, and what goes wrong with it.
#[derive(Clone, Copy, Debug)]
pub struct Stock<'c> {
    /// All objects of the run.
    pub catalogue: &'c Catalogue,
    /// Their first versions are in the store: it is that of an origin.
    pub is_whole: bool,
    /// The flock that shares the objects out, if there is one, and whose store this is.
    pub flock: Option<&'c Flock>,
    /// Whose store this is.
    pub me: NodeId,
    /// What goes wrong, by start.
    pub faults: &'c [StoreFault],
    /// Names the run.
    pub seed: u64,
    /// What is read is not looked at: a planted defect.
    pub is_trusted: bool,
    /// A version may lead to another manifest than before: a planted defect.
    pub binds_twice: bool,
}

impl Stock<'_> {
    /// The faults of a kind at a moment.
    fn at_work(&self, what: StoreFaultKind, now: Time) -> impl Iterator<Item = &StoreFault> {
        self.faults.iter().filter(move |fault| fault.what == what && fault.from <= now && now < fault.until)
    }

    /// Whether a fault of a kind hits an operation, by the number of that.
    fn hits(&self, what: StoreFaultKind, operation: u64, now: Time) -> bool {
        self.at_work(what, now).any(|fault| {
            let drawn = mix(self.seed ^ mix(u64::from(fault.node.0) << 32 | u64::from(fault.fault)) ^ mix(operation));
            unit(drawn) < fault.share
        })
    }
}

/// A store. What the catalogue has, an origin has from the start.
#[derive(Debug, Default)]
pub struct Disk {
    /// What was written; nothing where it is known to be damaged.
    contents: BTreeMap<ContentId, Option<Arc<[u8]>>>,
    bound: BTreeMap<NameKey, (Name, Version, ManifestId)>,
    purged: Vec<(Option<Name>, bool, Version)>,
    /// Contents that each rotted once already, with the number of the fault.
    rotted: BTreeSet<(u32, ContentId)>,
    /// Manifests that names were bound to since somebody looked; kept in a flock only.
    news: Vec<ManifestId>,
    /// Operations so far.
    operations: u64,
    /// Operations under way.
    pending: BTreeMap<u64, StoreOp>,
    free: Time,
}

impl Disk {
    /// Begins an operation; when it is complete.
    pub fn begin(&mut self, ticket: Ticket, op: StoreOp, stock: Stock<'_>, speed: DiskSpeed, now: Time) -> Time {
        let bytes = match &op {
            StoreOp::Read { id } => self.content(id, stock).map_or(0, |bytes| bytes.len() as u64),
            StoreOp::Supply { id, .. } => stock.catalogue.content(id).map_or(0, |bytes| bytes.len() as u64),
            StoreOp::Store { bytes, .. } => bytes.len() as u64,
            _ => 512,
        };
        self.pending.insert(ticket.0, op);
        self.free = self.free.max(now) + Span(bytes * 1_000_000_000 / speed.bytes_per_s.max(1));
        self.free + speed.latency
    }

    /// An operation is complete; none if there is no such.
    pub fn complete(&mut self, ticket: u64, stock: Stock<'_>, now: Time) -> Option<Outcome> {
        let op = self.pending.remove(&ticket)?;
        self.operations += 1;
        Some(match op {
            StoreOp::Read { id } => Outcome::Read(self.read(id, stock, now)),
            // What an application offers is in its own hands.
            StoreOp::Supply { id, .. } => Outcome::Read(stock.catalogue.content(&id).cloned().ok_or(Unread::Absent)),
            StoreOp::Look { name } => Outcome::Looked(Ok(self.look(&name, stock))),
            StoreOp::Known { ids, most } => {
                let mut bits = Bits::zeros(ids.len()).unwrap_or_default();
                for (at, _) in
                    ids.iter().enumerate().filter(|(_, id)| self.content(id, stock).is_some_and(|bytes| bytes.len() <= most as usize))
                {
                    bits.set(at);
                }
                Outcome::Known(bits)
            }
            StoreOp::Store { id, bytes, .. } => Outcome::Stored(self.write(id, bytes, stock, now)),
            StoreOp::Bind { .. } if stock.hits(StoreFaultKind::Full, self.operations, now) => Outcome::Stored(Err(Unstored::Full)),
            StoreOp::Bind { name, version, manifest } => {
                let result = self.bind(name, version, manifest, stock);
                if result.is_ok() && stock.flock.is_some() {
                    self.news.push(manifest);
                }
                Outcome::Stored(result)
            }
            // A store keeps room for purges.
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

    /// Whether a content is not there, as far as the store knows.
    pub fn lacks(&self, id: &ContentId, stock: Stock<'_>) -> bool {
        self.content(id, stock).is_none()
    }

    fn content<'c>(&'c self, id: &ContentId, stock: Stock<'c>) -> Option<&'c Arc<[u8]>> {
        match self.contents.get(id) {
            Some(written) => written.as_ref(),
            None => {
                let (bytes, part_of) = stock.catalogue.stocked(id).filter(|_| stock.is_whole)?;
                let is_here = stock.flock.zip(part_of).is_none_or(|(flock, object)| flock.homes(object).contains(&stock.me));
                is_here.then_some(bytes)
            }
        }
    }

    fn read(&mut self, id: ContentId, stock: Stock<'_>, now: Time) -> Result<Arc<[u8]>, Unread> {
        self.rot(id, stock, now);
        let bytes = self.content(&id, stock).cloned().ok_or(Unread::Absent)?;
        if stock.hits(StoreFaultKind::ReadError, self.operations, now) {
            return Err(Unread::Failed);
        }
        if stock.is_trusted || stock.catalogue.is_true(&id, &bytes) {
            return Ok(bytes);
        }
        self.contents.insert(id, None);
        Err(Unread::Damaged)
    }

    /// Time has done its work since the content was written.
    fn rot(&mut self, id: ContentId, stock: Stock<'_>, now: Time) {
        let word = u64::from_le_bytes(id.0[..8].try_into().expect("eight bytes"));
        for fault in stock.at_work(StoreFaultKind::BitRot, now) {
            let drawn = mix(stock.seed ^ mix(u64::from(fault.node.0) << 32 | u64::from(fault.fault)) ^ word);
            if unit(drawn) < fault.share
                && self.rotted.insert((fault.fault, id))
                && let Some(bytes) = self.content(&id, stock).map(|bytes| flipped(bytes))
            {
                self.contents.insert(id, Some(bytes));
            }
        }
    }

    fn write(&mut self, id: ContentId, bytes: Arc<[u8]>, stock: Stock<'_>, now: Time) -> Result<(), Unstored> {
        if stock.hits(StoreFaultKind::Full, self.operations, now) {
            return Err(Unstored::Full);
        }
        let torn = stock.hits(StoreFaultKind::TornWrite, self.operations, now);
        let bytes = if torn { bytes[..bytes.len() / 2].into() } else { bytes };
        self.contents.insert(id, Some(bytes));
        Ok(())
    }

    /// What the store knows of a name.
    pub fn look(&self, name: &Name, stock: Stock<'_>) -> Looked {
        let first = stock.catalogue.named(name).filter(|_| stock.is_whole).and_then(|object| Some((FIRST, object.root(FIRST)?)));
        let bound = self.bound.get(&NameKey::of(name.as_str())).map(|(_, version, root)| (*version, *root)).or(first);
        let covers = |of: &Option<Name>, below: bool| of.as_ref().is_none_or(|of| of == name || (below && of.covers(name)));
        let purged = self.purged.iter().filter(|(of, below, _)| covers(of, *below)).map(|(.., upto)| *upto).max();
        Looked { bound: bound.filter(|(version, _)| purged.is_none_or(|upto| *version > upto)), purged, doubtful: false }
    }

    fn bind(&mut self, name: Name, version: Version, root: ManifestId, stock: Stock<'_>) -> Result<(), Unstored> {
        let known = self.look(&name, stock);
        if known.bound == Some((version, root)) {
            return Ok(());
        }
        let is_old = known.bound.is_some_and(|(held, _)| held > version || (held == version && !stock.binds_twice))
            || known.purged.is_some_and(|upto| upto >= version);
        if is_old {
            return Err(Unstored::Conflict);
        }
        self.bound.insert(NameKey::of(name.as_str()), (name, version, root));
        Ok(())
    }

    /// Whether the parts of an object are here; `stocked` if it lay here from the start.
    pub fn has_object(&self, object: u32, catalogue: &Catalogue, stocked: bool) -> bool {
        catalogue.parts(object).all(|id| self.contents.get(id).map_or(stocked, Option::is_some))
    }

    /// Gives up the parts of an object.
    pub fn drop_object(&mut self, object: u32, catalogue: &Catalogue) {
        self.contents.extend(catalogue.parts(object).map(|id| (*id, None)));
    }

    /// Names that were bound since this was asked last.
    pub fn take_bound(&mut self) -> Vec<ManifestId> {
        std::mem::take(&mut self.news)
    }

    /// The node is down: what was under way did not happen.
    pub fn lose_power(&mut self) {
        self.pending.clear();
        self.free = Time::ZERO;
    }

    /// Whether it holds nothing of its own.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty() && self.bound.is_empty() && self.purged.is_empty()
    }

    /// The contents that were written, with their bytes.
    pub fn found(&self) -> Box<[(ContentId, u32)]> {
        self.contents.iter().filter_map(|(id, bytes)| Some((*id, bytes.as_ref()?.len() as u32))).collect()
    }

    /// Bytes on the heap, contents not included: they are the catalogue's.
    pub fn heap_bytes(&self) -> usize {
        (self.contents.len() + self.pending.len() + self.bound.len() + self.rotted.len()) * 96
    }
}

/// A float in `[0, 1)` of 64 bits.
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// The same content with one bit changed: what the poisoner sends, and what rot leaves.
pub(super) fn flipped(bytes: &[u8]) -> Arc<[u8]> {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes.into()
}
