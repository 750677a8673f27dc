//! Compaction: what is needed of segments that are mostly garbage goes to a new segment, and they go.

use super::commit::{What, record};
use super::disk::Disk;
use super::error::{Doing, StoreError};
use super::options::Compacted;
use super::scan::{Depth, Found, scan};
use super::segment::{Place, Segment, SegmentName, UNFINISHED};
use super::{Guard, Store};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;

/// A segment that is to go.
struct Victim<F> {
    name: SegmentName,
    file: Arc<F>,
    len: u64,
    /// Everything in it.
    records: Vec<Found>,
}

/// A segment that takes the place of others.
struct Output<F> {
    segment: Segment<F>,
    /// From the old places to the new ones.
    moved: BTreeMap<Place, Place>,
}

impl<D: Disk> Store<D> {
    /// Compacts once, if enough of some segments is garbage and nobody else compacts. After an error everything is as it was, unless the error is
    /// [`StoreError::Stopped`].
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        let Ok(_only_one) = self.compacting.try_lock() else { return Ok(Compacted::default()) };
        let victims = self.victims();
        if victims.is_empty() {
            return Ok(Compacted::default());
        }
        // What forbids or replaces a record has to be on stable storage before the record goes. Rolling syncs the log.
        let (inner, reserved) = self.roll(self.lock(), true)?;
        let needed = needed::<D>(&inner, &victims);
        drop(inner);
        let name = reserved.expect("a number was reserved");
        let output = if needed.is_empty() { None } else { Some(self.copy(name, &victims, &needed)?) };
        let copied_bytes = output.as_ref().map_or(0, |output| output.segment.len);
        let freed = victims.iter().map(|victim| victim.len).sum::<u64>();
        self.replace(&victims, output);
        for victim in &victims {
            self.disk.remove(&victim.name.to_string()).map_err(|_| self.stop())?;
        }
        self.disk.sync_names().map_err(|_| self.stop())?;
        Ok(Compacted { segments: victims.len(), copied_bytes, freed_bytes: freed.saturating_sub(copied_bytes) })
    }

    /// Nobody knows which names are on the disk.
    fn stop(&self) -> StoreError {
        self.lock().stopped = true;
        StoreError::Stopped
    }

    /// The emptiest segments, as many as fit into one.
    fn victims(&self) -> Vec<Victim<D::File>> {
        let mut chosen: Vec<(u64, Victim<D::File>)> = {
            let inner = self.lock();
            let sealed = inner.segments.values().filter(|segment| segment.name.number != inner.active && !segment.evidence);
            let with_live = sealed.map(|segment| (inner.index.live_bytes(segment.name.number), segment));
            let wasteful =
                with_live.filter(|(live, segment)| segment.len.saturating_sub(*live) * 100 >= self.options.garbage_percent * segment.len);
            wasteful.map(|(live, segment)| (live, victim(segment))).collect()
        };
        chosen.sort_by_key(|(live, victim)| (*live, victim.name.number));
        let mut room = self.options.segment_bytes;
        let mut victims = Vec::new();
        for (live, mut victim) in chosen {
            let Some(rest) = room.checked_sub(live) else { break };
            let scanned = scan(&self.disk, &victim.file, &victim.name, victim.len, Depth::Heads);
            if scanned.unreadable || !scanned.damage.is_empty() {
                // Damage that came since the store was opened. What the index knows is whole; it is the next opening that has to know of it.
                self.lock().segments.get_mut(&victim.name.number).expect("only compaction removes segments").evidence = true;
                continue;
            }
            victim.records = scanned.records;
            victims.push(victim);
            room = rest;
        }
        // Each compaction may leave an empty segment behind, so these alone are no reason for another.
        if victims.iter().all(|victim| victim.len == 0) { Vec::new() } else { victims }
    }

    /// Writes what is needed to a new segment, which is whole and has its name when this returns.
    fn copy(&self, name: SegmentName, victims: &[Victim<D::File>], needed: &[(usize, Found)]) -> Result<Output<D::File>, StoreError> {
        let unfinished = format!("{name}{UNFINISHED}");
        let file = self.disk.create(&unfinished).map_err(|error| StoreError::of_io(Doing::Create, &error))?;
        let written = self.write_all(&file, name, victims, needed).and_then(|written| {
            self.disk.sync(&file).map_err(|error| StoreError::of_io(Doing::Sync, &error))?;
            self.disk.rename(&unfinished, &name.to_string()).map_err(|error| StoreError::of_io(Doing::Rename, &error))?;
            Ok(written)
        });
        let (len, moved) = written.inspect_err(|_| drop(self.disk.remove(&unfinished)))?;
        self.disk.sync_names().map_err(|_| self.stop())?;
        Ok(Output { segment: Segment { name, file: Arc::new(file), len, evidence: false }, moved })
    }

    fn write_all(
        &self,
        file: &D::File,
        name: SegmentName,
        victims: &[Victim<D::File>],
        needed: &[(usize, Found)],
    ) -> Result<(u64, BTreeMap<Place, Place>), StoreError> {
        let (mut len, mut moved, mut body) = (0, BTreeMap::new(), Vec::new());
        for (index, found) in needed {
            let victim = &victims[*index];
            body.resize(found.head.len as usize, 0);
            let read = self.disk.read_at(&victim.file, &mut body, found.place.body());
            read.map_err(|error| StoreError::of_io(Doing::Read, &error))?;
            if !found.head.fits(&body, &victim.name.check_key()) {
                match found.head.content() {
                    // It cannot be served, so it need not be kept.
                    Some(key) => drop(self.lock().index.rot(&key, found.place)),
                    // A note was good a moment ago.
                    None => return Err(StoreError::Io { doing: Doing::Read, kind: ErrorKind::InvalidData }),
                }
                continue;
            }
            let content = found.head.content();
            let what = match (&content, &found.note) {
                (Some(key), _) => What::Content(key, &body),
                (None, Some(note)) => What::Note(note),
                (None, None) => unreachable!("a record is content or a note"),
            };
            let offset = u32::try_from(len).expect("a segment is below 4 GiB");
            let (head, bytes) = record(&what, found.head.seq, &name, offset, 0);
            self.disk.write_at(file, &bytes, len).map_err(|error| StoreError::of_io(Doing::Write, &error))?;
            moved.insert(found.place, Place { segment: name.number, offset, len: head.len });
            len += bytes.len() as u64;
        }
        Ok((len, moved))
    }

    /// Lets the index point to the new segment, and forgets the old ones.
    fn replace(&self, victims: &[Victim<D::File>], output: Option<Output<D::File>>) {
        let mut inner = self.lock();
        let moved = output.as_ref().map(|output| &output.moved);
        for found in victims.iter().flat_map(|victim| &victim.records) {
            let to = moved.and_then(|moved| moved.get(&found.place)).copied();
            if let Some(key) = found.head.content() {
                inner.index.move_content(key, found.head.seq, found.place, to);
            } else if let Some(note) = &found.note {
                inner.index.move_note(note, found.place, to);
            }
        }
        for victim in victims {
            inner.segments.remove(&victim.name.number);
            inner.index.drop_segment(victim.name.number);
        }
        if let Some(output) = output {
            inner.segments.insert(output.segment.name.number, output.segment);
        }
    }
}

fn victim<F>(segment: &Segment<F>) -> Victim<F> {
    Victim { name: segment.name, file: Arc::clone(&segment.file), len: segment.len, records: Vec::new() }
}

/// The records that have to be kept, in the order of their numbers, each with the index of its segment.
fn needed<D: Disk>(inner: &Guard<'_, D>, victims: &[Victim<D::File>]) -> Vec<(usize, Found)> {
    let all = victims.iter().enumerate().flat_map(|(index, victim)| victim.records.iter().map(move |found| (index, found)));
    let needs = all.filter(|(_, found)| inner.index.needs(found.head.content(), found.note.as_ref(), found.place));
    let mut needed: Vec<(usize, Found)> = needs.map(|(index, found)| (index, found.clone())).collect();
    needed.sort_by_key(|(_, found)| (found.head.seq, found.place));
    needed
}
