//! Opening a store: what its segments say, whatever happened to them.

use super::disk::Disk;
use super::error::{Doing, StoreError};
use super::index::{Bound, Index};
use super::options::{Options, Recovery};
use super::pending::Pending;
use super::record::{HEAD_LEN, Head, Note};
use super::scan::{Damage, Depth, Found, Scanned, scan};
use super::segment::{Segment, SegmentName, UNFINISHED};
use super::{Inner, Store};
use hypermesh_core::stoq::chunk::NameKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

/// Bytes that are written over themselves at a time.
const BLOCK: usize = 1 << 20;
/// The longest that a segment may be told to be.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// What is gathered on the way.
struct Gathered<F> {
    segments: BTreeMap<u32, Segment<F>>,
    records: Vec<Found>,
    /// With the number of the segment.
    damage: Vec<(u32, Damage)>,
    /// The last segment is as it should be and can be written to.
    whole: bool,
}

impl<D: Disk> Store<D> {
    /// Opens the store on a disk that nobody else uses. An error only if the disk cannot be listed, a segment not be opened, or the first one not be
    /// made; what is damaged inside is told by [`Recovery`]. If the disk can be read and not be written, so can the store.
    pub fn open(disk: D, mut options: Options) -> Result<(Self, Recovery), StoreError> {
        options.segment_bytes = options.segment_bytes.clamp(1, SEGMENT_BYTES_MAX);
        let mut recovery = Recovery::default();
        let mut gathered = gather(&disk, &mut recovery)?;
        let (doubt_below, next_seq) = doubt(&gathered);
        recovery.segments = gathered.segments.len();
        recovery.records = gathered.records.len();
        recovery.damaged_bytes = gathered.damage.iter().map(|(_, damage)| damage.to - damage.from).sum();

        let mut next_number = gathered.segments.last_key_value().map_or(1, |(number, _)| number + 1);
        if gathered.segments.is_empty() || (!gathered.whole && recovery.read_only.is_none()) {
            match begin(&disk, SegmentName::fresh(next_number, next_seq, options.seed)) {
                Ok(segment) => {
                    gathered.segments.insert(next_number, segment);
                    next_number += 1;
                }
                Err(error) if gathered.segments.is_empty() => return Err(error),
                Err(error) => recovery.read_only = Some(error),
            }
        }
        let active = *gathered.segments.last_key_value().expect("there is a segment now").0;
        // What is there of it was made firm, or nothing will be written.
        let firm = u32::try_from(gathered.segments[&active].len).unwrap_or(u32::MAX);
        let index = replay(gathered.records);
        recovery.doubtful = index.names().filter(|(_, bound)| bound.seq < doubt_below).count();
        let inner = Inner {
            index,
            pending: Pending::default(),
            segments: gathered.segments,
            active,
            firm,
            frayed: false,
            next_number,
            next_seq,
            // What could not be made firm is not acknowledged either.
            durable: if recovery.read_only.is_some() { 0 } else { next_seq - 1 },
            syncing: false,
            syncs: 0,
            stopped: recovery.read_only.is_some(),
            doubt_below,
        };
        let store = Self { disk, options, inner: Mutex::new(inner), synced: Condvar::new(), compacting: Mutex::new(()) };
        Ok((store, recovery))
    }
}

/// A new segment with a name that survives.
fn begin<D: Disk>(disk: &D, name: SegmentName) -> Result<Segment<D::File>, StoreError> {
    let file = disk.create(&name.to_string()).map_err(|error| StoreError::of_io(Doing::Create, &error))?;
    disk.sync_names().map_err(|error| StoreError::of_io(Doing::SyncNames, &error))?;
    Ok(Segment { name, file: Arc::new(file), len: 0, evidence: false })
}

/// Reads every segment, and makes the last one firm.
fn gather<D: Disk>(disk: &D, recovery: &mut Recovery) -> Result<Gathered<D::File>, StoreError> {
    let listed = disk.list().map_err(|error| StoreError::of_io(Doing::List, &error))?;
    for name in listed.iter().filter(|name| name.strip_suffix(UNFINISHED).and_then(SegmentName::parse).is_some()) {
        // If it stays, it is in nobody's way.
        let _ = disk.remove(name);
        recovery.unfinished += 1;
    }
    // A process may have ended between the making of a segment and the syncing of its name.
    if let Err(error) = disk.sync_names() {
        recovery.read_only = Some(StoreError::of_io(Doing::SyncNames, &error));
    }
    let mut names: Vec<SegmentName> = listed.iter().filter_map(|name| SegmentName::parse(name)).collect();
    names.sort_unstable();
    let mut gathered = Gathered { segments: BTreeMap::new(), records: Vec::new(), damage: Vec::new(), whole: true };
    for (index, name) in names.iter().enumerate() {
        let is_last = index + 1 == names.len();
        let file = disk.open(&name.to_string()).map_err(|error| StoreError::of_io(Doing::Open, &error))?;
        let mut len = disk.len(&file).map_err(|error| StoreError::of_io(Doing::Read, &error))?;
        let mut scanned = scan(disk, &file, name, len, if is_last { Depth::Bodies } else { Depth::Heads });
        if is_last {
            let holes = if scanned.unreadable { Vec::new() } else { tear(&mut scanned, len, recovery) };
            let end = if scanned.unreadable { len } else { scanned.end };
            let filled = holes
                .iter()
                .try_for_each(|(offset, head)| disk.write_at(&file, &head.encode(*offset, &name.check_key()), (*offset).into()));
            let filled = filled.map_err(|error| StoreError::of_io(Doing::Write, &error));
            match filled.and_then(|()| firm(disk, &file, &scanned, end, len)) {
                Ok(()) => len = end,
                Err(error) => recovery.read_only = Some(error),
            }
            gathered.whole = scanned.damage.is_empty() && !scanned.unreadable;
        }
        let evidence = scanned.unreadable || scanned.damage.iter().any(Damage::is_doubtful);
        gathered.damage.extend(scanned.damage.into_iter().map(|damage| (name.number, damage)));
        gathered.records.append(&mut scanned.records);
        gathered.segments.insert(name.number, Segment { name: *name, file: Arc::new(file), len, evidence });
    }
    Ok(gathered)
}

/// Sorts out what is wrong with the last segment: what was never synced is no damage. Returns the heads that fill holes, with their places.
fn tear(scanned: &mut Scanned, len: u64, recovery: &mut Recovery) -> Vec<(u32, Head)> {
    recovery.torn_bytes = len - scanned.end;
    let (end, firm) = (scanned.end, scanned.firm);
    let mut holes = Vec::new();
    scanned.damage.retain(|damage| {
        if damage.from >= end {
            return false;
        }
        let void = Head::of_void(damage.to - damage.from).filter(|_| damage.from >= firm);
        if let Some(head) = void {
            holes.push((damage.from as u32, head));
            recovery.torn_bytes += damage.to - damage.from;
        }
        void.is_none()
    });
    let torn = |offset: u32| u64::from(offset) >= end || holes.iter().any(|(from, _)| *from == offset);
    scanned.records.retain(|found| !(found.rotten && torn(found.place.offset)));
    holes
}

/// Cuts a file of `len` bytes off at `end`, writes what is good of it over itself and syncs it: it may be in memory only, even as clean pages.
fn firm<D: Disk>(disk: &D, file: &D::File, scanned: &Scanned, end: u64, len: u64) -> Result<(), StoreError> {
    let good = scanned.end;
    if end < len {
        disk.truncate(file, end).map_err(|error| StoreError::of_io(Doing::Truncate, &error))?;
    }
    let mut block = vec![0; BLOCK.min(good as usize)];
    let mut at = 0;
    while at < good {
        let bytes = &mut block[..(good - at).min(BLOCK as u64) as usize];
        match disk.read_at(file, bytes, at) {
            Ok(()) => disk.write_at(file, bytes, at).map_err(|error| StoreError::of_io(Doing::Write, &error))?,
            // It is reported as damage, and stays as it is.
            Err(_) if scanned.unreadable => {}
            Err(error) => return Err(StoreError::of_io(Doing::Read, &error)),
        }
        at += bytes.len() as u64;
    }
    disk.sync(file).map_err(|error| StoreError::of_io(Doing::Sync, &error))
}

/// The number below which bindings are doubtful, and the next number to give.
fn doubt<F>(gathered: &Gathered<F>) -> (u64, u64) {
    let bases = gathered.segments.values().map(|segment| segment.name.base);
    let last = gathered.records.iter().map(|found| found.head.seq + 1).chain(bases).chain([1]).max().expect("it is not empty");
    // Records that cannot be read now had numbers too.
    let lost: u64 = gathered.damage.iter().map(|(_, damage)| (damage.to - damage.from).div_ceil(HEAD_LEN as u64)).sum();
    let next_seq = last.saturating_add(lost);
    let after = |number: u32| gathered.segments.range(number + 1..).next().map_or(next_seq, |(_, segment)| segment.name.base);
    let doubts = gathered.damage.iter().filter(|(_, damage)| damage.is_doubtful());
    (doubts.map(|(number, damage)| damage.next.unwrap_or_else(|| after(*number))).max().unwrap_or(0), next_seq)
}

/// Applies the records in the order of their numbers; of equal ones, which an interrupted compaction leaves, that in the newer segment last.
fn replay(mut records: Vec<Found>) -> Index {
    records.sort_unstable_by_key(|found| (found.head.seq, found.place.segment, found.place.offset));
    let mut index = Index::default();
    for Found { head, place, note, rotten } in records {
        if let Some(key) = head.content() {
            index.content(key, place);
            if rotten {
                index.rot(&key, place);
            }
        }
        match note {
            Some(Note::Bind { name, version, manifest }) => {
                index.bind(NameKey::of(name.as_str()), Bound { version, manifest, seq: head.seq, place });
            }
            Some(Note::Purge { scope, upto }) => index.purge(&scope, upto, head.seq, place),
            Some(Note::Forget { key }) => index.forget(key, head.seq, place),
            None => {}
        }
    }
    index
}
