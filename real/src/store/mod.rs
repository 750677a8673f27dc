//! The chunk store of a node: content, names and purges that survive `kill -9` and the loss of power at any moment.
//!
//! ```text
//!  put, bind, purge, forget ─▶ append ─▶ ...│ segment 7 │ segment 8 (active) ─▶          wait ─▶ sync ─▶ acknowledged
//!                                 │                                                      one for all who wait
//!                               index: where each chunk is, what each name leads to, what was purged
//!                                 │
//!  get ─▶ read ─▶ verify ─▶ bytes │ rotten          compact: what is needed of old segments ─▶ a new one, synced, renamed ─▶ the old ones go
//! ```
//!
//! **On disk** there are only segments, files of records one after the other, written at the end and never changed. A record has a head with its length,
//! its number and a keyed check, and a body whose digest is in the head (`record.rs`). Its kind is a chunk, a manifest, the *binding* of a name and
//! version to a manifest, a *purge*, or the *forgetting* of content. Number, base and check key of a segment stand in its file's name.
//!
//! **An acknowledgement** is the return of [`Store::wait`]: the record and everything written before it is on stable storage (R-11-08 for purges, and
//! what an ACK that says *durable* means). Syncs are shared: while one is under way, others write and wait for the next (group commit). A segment is
//! synced, and its successor's name too, before anything goes into the successor; so only the last segment can have a torn end. A binding is told only
//! once it is acknowledged; a purge holds from the moment it is written. Each purge is written twice in a row, so that a bit that rots in the last
//! record cannot make a purge pass for a torn write.
//!
//! **A failed sync** stops the writing until the store is opened anew, since nobody knows what is on the disk then (Rebello et al., "Can applications
//! recover from fsync failures?", 2020). For the same reason, opening writes the last segment's bytes over themselves and syncs it before it believes
//! them: a page that the failed sync left clean would be gone with the next loss of power.
//!
//! **Recovery** reads the heads and notes of all segments and everything of the last. What follows the last good record of the last segment was never
//! acknowledged and is cut off; a hole before it is filled with a void record, unless a later record knows that those bytes were synced once. Damage
//! elsewhere is passed over: the next head with a good check is looked for, and no content can be made to look like one without the key. If the damage may have been a purge, the bindings written before it become [`Lookup::Doubtful`], and its segment is kept so that
//! the doubt is too (the store then knows what it does not know: Alagappan et al., "Protocol-aware recovery", 2018). The records are then applied in the
//! order of their numbers. Recovering twice is recovering once.
//!
//! **Reading** verifies every byte that is returned against its name. What is damaged is reported, never served, and replaced when the same content
//! is put again; a put of content that is there is compared with the stored bytes before it counts as stored.
//!
//! **Compaction** syncs the log, copies what is needed of the emptiest segments to an unfinished file, syncs and renames it, syncs the folder, and only
//! then removes the old segments. Copies keep their numbers, so a copy beside its original means what the original means. The forgetting of content
//! is kept while any record of it is left. Readers and writers go on meanwhile.
//!
//! It lacks, on purpose: policy (what to keep is the cache's), threads of its own (the driver calls [`Store::compact`]), and versions of a name but the
//! newest. It lacks so far: an index on disk, so opening takes a read of every head.

mod commit;
mod compact;
mod disk;
mod error;
mod index;
mod key;
mod options;
mod pending;
mod record;
mod recover;
mod scan;
mod segment;
pub mod testing;
#[cfg(test)]
mod tests;

pub use disk::{Disk, Folder};
pub use error::{Doing, StoreError};
pub use index::ENTRY_BYTES;
pub use key::Key;
pub use options::{Binding, Compacted, Figures, Lookup, Options, Recovery, Ticket};
pub use record::Scope;

use commit::What;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ManifestId, NameKey};
use hypermesh_core::stoq::session::frame::Name;
use index::{Bound, Index};
use pending::Pending;
use record::{HEAD_LEN, Note};
use segment::{Place, Segment};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The store. Every method may be called from any number of threads.
#[derive(Debug)]
pub struct Store<D: Disk = Folder> {
    disk: D,
    options: Options,
    inner: Mutex<Inner<D::File>>,
    /// Rung when a sync ends.
    synced: Condvar,
    /// Held by the one compaction.
    compacting: Mutex<()>,
}

/// What the lock guards. It is held while a record is written, and never while a file is synced or read, except when a segment ends.
#[derive(Debug)]
struct Inner<F> {
    index: Index,
    pending: Pending,
    segments: BTreeMap<u32, Segment<F>>,
    /// The segment that is written to: that of the greatest number.
    active: u32,
    /// Bytes of it that are on stable storage.
    firm: u32,
    /// There may be bytes of a failed write after its end.
    frayed: bool,
    next_number: u32,
    next_seq: u64,
    /// All records up to this number are on stable storage.
    durable: u64,
    syncing: bool,
    syncs: u64,
    /// Nothing is written any more.
    stopped: bool,
    /// Bindings of lesser numbers are doubtful.
    doubt_below: u64,
}

type Guard<'a, D> = MutexGuard<'a, Inner<<D as Disk>::File>>;

impl Store<Folder> {
    /// Opens the store in a folder, which is made if it is not there.
    pub fn at(path: &Path, options: Options) -> Result<(Self, Recovery), StoreError> {
        Self::open(Folder::take(path)?, options)
    }
}

impl<D: Disk> Store<D> {
    /// Stores content under its name, if it has this name. It is acknowledged by [`Store::wait`].
    pub fn put(&self, key: Key, bytes: &[u8]) -> Result<Ticket, StoreError> {
        let max = key.bytes_max();
        if !(1..=max).contains(&bytes.len()) {
            return Err(StoreError::Length { bytes: bytes.len(), max });
        }
        if !key.names(bytes) {
            return Err(StoreError::WrongName(key));
        }
        let total = (HEAD_LEN + bytes.len()) as u64;
        loop {
            let unreadable = match self.stored(&key, bytes) {
                Stored::Same(ticket) => return Ok(ticket),
                Stored::Unreadable(place) => Some(place),
                Stored::Absent => None,
            };
            let mut inner = self.ready(total)?;
            if inner.index.entry(&key).is_some_and(|entry| !entry.rotten && Some(entry.place) != unreadable) {
                continue; // Somebody else stored it meanwhile.
            }
            let (bytes_max, contents_max) = (self.options.bytes_max, self.options.contents_max);
            if inner.bytes() + total > bytes_max {
                return Err(StoreError::QuotaFull { bytes_max });
            }
            if inner.index.contents_len() >= contents_max {
                return Err(StoreError::TooMany { what: "chunks and manifests", max: contents_max });
            }
            let (seq, place) = self.append(&mut inner, What::Content(&key, bytes))?;
            inner.index.content(key, place);
            return Ok(Ticket(seq));
        }
    }

    /// What is stored of content that was put again. It is read: nothing is acknowledged by the index alone.
    fn stored(&self, key: &Key, bytes: &[u8]) -> Stored {
        let (file, place, ticket) = {
            let inner = self.lock();
            let Some(entry) = inner.index.entry(key).filter(|entry| !entry.rotten) else { return Stored::Absent };
            // Only what is in the active segment may still have to be synced.
            let seq = if entry.place.segment == inner.active { inner.next_seq - 1 } else { 0 };
            (inner.file(entry.place), entry.place, Ticket(seq))
        };
        let mut stored = vec![0; place.len as usize];
        match self.disk.read_at(&file, &mut stored, place.body()) {
            Ok(()) if stored == bytes => Stored::Same(ticket),
            Ok(()) => {
                self.lock().index.rot(key, place);
                Stored::Absent
            }
            // It may pass; the bytes are at hand now.
            Err(_) => Stored::Unreadable(place),
        }
    }

    /// The bytes of stored content, verified. `None` if it is not there, [`StoreError::Rotten`] if it is there and damaged.
    pub fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let (file, place) = {
            let inner = self.lock();
            let Some(entry) = inner.index.entry(key) else { return Ok(None) };
            if entry.rotten {
                return Err(StoreError::Rotten(*key));
            }
            (inner.file(entry.place), entry.place)
        };
        let mut bytes = vec![0; place.len as usize];
        self.disk.read_at(&file, &mut bytes, place.body()).map_err(|error| StoreError::of_io(Doing::Read, &error))?;
        if key.names(&bytes) {
            return Ok(Some(bytes));
        }
        self.lock().index.rot(key, place);
        Err(StoreError::Rotten(*key))
    }

    /// The length of stored content in bytes, unless it is not there or known to be damaged. Nothing is read.
    pub fn stored_len(&self, key: &Key) -> Option<u32> {
        let inner = self.lock();
        inner.index.entry(key).filter(|entry| !entry.rotten).map(|entry| entry.place.len)
    }

    /// All content that is there and not known to be damaged, with its length in bytes, in no order. Nothing is read.
    pub fn contents(&self) -> Vec<(Key, u32)> {
        let inner = self.lock();
        inner.index.contents().filter(|(_, entry)| !entry.rotten).map(|(key, entry)| (*key, entry.place.len)).collect()
    }

    /// Gives content up. It is not there any more from now on, and after the acknowledgement not after a crash either.
    pub fn forget(&self, key: Key) -> Result<Ticket, StoreError> {
        let note = Note::Forget { key };
        let mut inner = self.ready((HEAD_LEN + note.encode().len()) as u64)?;
        if inner.index.entry(&key).is_none() {
            return Ok(Ticket(inner.next_seq - 1));
        }
        let (seq, place) = self.append(&mut inner, What::Note(&note))?;
        inner.index.forget(key, seq, place);
        Ok(Ticket(seq))
    }

    /// Lets a version of a name lead to a manifest, which must be stored. [`Store::lookup`] tells it once it is acknowledged.
    pub fn bind(&self, name: &Name, version: Version, manifest: ManifestId) -> Result<Ticket, StoreError> {
        let note = Note::Bind { name: name.clone(), version, manifest };
        let key = NameKey::of(name.as_str());
        let mut inner = self.ready((HEAD_LEN + note.encode().len()) as u64)?;
        if let Some(upto) = inner.index.floor(name).filter(|floor| *floor >= version) {
            return Err(StoreError::Purged { upto });
        }
        let newest = inner.pending.newest(&key).or(inner.index.bound(&key)).copied();
        match newest {
            Some(newest) if newest.version > version => return Err(StoreError::Older { newest: newest.version }),
            Some(newest) if newest.version == version && newest.manifest != manifest => {
                return Err(StoreError::Conflict { held: newest.manifest });
            }
            Some(newest) if newest.version == version && newest.seq >= inner.doubt_below => return Ok(Ticket(newest.seq)),
            _ => {}
        }
        let names_max = self.options.names_max;
        if newest.is_none() && inner.index.names_len() + inner.pending.len() >= names_max {
            return Err(StoreError::TooMany { what: "names", max: names_max });
        }
        if inner.index.entry(&Key::Manifest(manifest)).is_none_or(|entry| entry.rotten) {
            return Err(StoreError::NoManifest(manifest));
        }
        let (seq, place) = self.append(&mut inner, What::Note(&note))?;
        inner.pending.push(key, Bound { version, manifest, seq, place });
        Ok(Ticket(seq))
    }

    /// What a name leads to: the newest acknowledged version that no purge covers.
    pub fn lookup(&self, name: &Name) -> Lookup {
        let key = NameKey::of(name.as_str());
        let inner = self.lock();
        let floor = inner.index.floor(name);
        let Some(bound) = inner.index.bound(&key).filter(|bound| floor.is_none_or(|floor| floor < bound.version)) else {
            return Lookup::Absent;
        };
        let binding = Binding { version: bound.version, manifest: bound.manifest };
        if bound.seq < inner.doubt_below { Lookup::Doubtful(binding) } else { Lookup::Bound(binding) }
    }

    /// Forbids everything in the scope up to a version, from now on, and after the acknowledgement for ever.
    pub fn purge(&self, scope: &Scope, upto: Version) -> Result<Ticket, StoreError> {
        let note = Note::Purge { scope: scope.clone(), upto };
        let mut inner = self.ready(2 * (HEAD_LEN + note.encode().len()) as u64)?;
        match inner.index.floor_of(scope) {
            Some(floor) if floor.upto > upto || (floor.upto == upto && floor.is_twice()) => return Ok(Ticket(floor.seq)),
            Some(_) => {}
            None if inner.index.floors_len() < self.options.purges_max => {}
            None => return Err(StoreError::TooMany { what: "purges", max: self.options.purges_max }),
        }
        let (seq, place) = self.append(&mut inner, What::Note(&note))?;
        inner.index.purge(scope, upto, seq, place);
        let (seq, place) = self.append(&mut inner, What::Note(&note))?;
        inner.index.purge(scope, upto, seq, place);
        Ok(Ticket(seq))
    }

    /// The greatest version of a name that a purge covers.
    pub fn purged(&self, name: &Name) -> Option<Version> {
        self.lock().index.floor(name)
    }

    /// Content that was found damaged, in no order, at most `max` of it.
    pub fn rotten(&self, max: usize) -> Vec<Key> {
        self.lock().index.contents().filter(|(_, entry)| entry.rotten).map(|(key, _)| *key).take(max).collect()
    }

    /// Figures for metrics.
    pub fn figures(&self) -> Figures {
        let inner = self.lock();
        Figures {
            segments: inner.segments.len(),
            bytes: inner.bytes(),
            live_bytes: inner.segments.keys().map(|number| inner.index.live_bytes(*number)).sum(),
            contents: inner.index.contents_len(),
            rotten: inner.index.rotten_len(),
            forgotten: inner.index.graves_len(),
            names: inner.index.names_len(),
            purges: inner.index.floors_len(),
            index_bytes: inner.index.heap_bytes(),
            syncs: inner.syncs,
        }
    }

    fn lock(&self) -> Guard<'_, D> {
        self.inner.lock().expect("nobody panics while holding the lock")
    }
}

/// What is stored of content that is put.
enum Stored {
    Absent,
    Same(Ticket),
    /// The disk does not tell what is there.
    Unreadable(Place),
}

impl<F> Inner<F> {
    fn file(&self, place: Place) -> Arc<F> {
        Arc::clone(&self.segments[&place.segment].file)
    }

    fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.len).sum()
    }
}
