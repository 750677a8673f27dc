//! Writing at the end of the log, and waiting until it is on stable storage.

use super::disk::Disk;
use super::error::{Doing, StoreError};
use super::key::Key;
use super::record::{HEAD_LEN, Head, Note};
use super::segment::{Place, Segment, SegmentName};
use super::{Guard, Inner, Store, Ticket};
use std::sync::Arc;

/// What is written.
pub(super) enum What<'a> {
    Content(&'a Key, &'a [u8]),
    Note(&'a Note),
}

/// The bytes of a record at a place of a segment of which so much is firm.
pub(super) fn record(what: &What<'_>, seq: u64, segment: &SegmentName, offset: u32, firm: u32) -> (Head, Vec<u8>) {
    let key = segment.check_key();
    let note_body;
    let (mut head, body) = match what {
        What::Content(name, bytes) => (Head::of_content(name, bytes.len(), seq), *bytes),
        What::Note(note) => {
            note_body = note.encode();
            (Head::of_note(note, &note_body, seq, &key), note_body.as_slice())
        }
    };
    head.firm = firm;
    let mut bytes = Vec::with_capacity(HEAD_LEN + body.len());
    bytes.extend_from_slice(&head.encode(offset, &key));
    bytes.extend_from_slice(body);
    (head, bytes)
}

impl<D: Disk> Store<D> {
    /// Returns when everything up to the ticket survives a loss of power.
    pub fn wait(&self, ticket: Ticket) -> Result<(), StoreError> {
        let mut inner = self.lock();
        while inner.durable < ticket.0 {
            if inner.stopped {
                return Err(StoreError::Stopped);
            }
            if inner.syncing {
                inner = self.synced.wait(inner).expect("nobody panics while holding the lock");
                continue;
            }
            inner.syncing = true;
            let upto = inner.next_seq - 1;
            let active = &inner.segments[&inner.active];
            let (file, number, len) = (Arc::clone(&active.file), active.name.number, active.len);
            drop(inner);
            let result = self.disk.sync(&file);
            inner = self.lock();
            inner.syncing = false;
            self.synced.notify_all();
            inner.synced_upto(upto, result.is_ok());
            if !inner.stopped && inner.active == number {
                inner.firm = inner.firm.max(len as u32);
            }
        }
        Ok(())
    }

    /// [`Store::wait`] for everything so far.
    pub fn sync(&self) -> Result<(), StoreError> {
        let last = self.lock().next_seq - 1;
        self.wait(Ticket(last))
    }

    /// The store with room for so many bytes in its active segment.
    pub(super) fn ready(&self, bytes: u64) -> Result<Guard<'_, D>, StoreError> {
        let mut inner = self.lock();
        if inner.stopped {
            return Err(StoreError::Stopped);
        }
        self.mend(&mut inner)?;
        while inner.segments[&inner.active].len > 0 && inner.segments[&inner.active].len + bytes > self.options.segment_bytes {
            (inner, _) = self.roll(inner, false)?;
        }
        Ok(inner)
    }

    /// Removes what a failed write left, so that it can never be taken for damage.
    fn mend(&self, inner: &mut Inner<D::File>) -> Result<(), StoreError> {
        if inner.frayed {
            let active = &inner.segments[&inner.active];
            self.disk.truncate(&active.file, active.len).map_err(|error| StoreError::of_io(Doing::Truncate, &error))?;
            inner.frayed = false;
        }
        Ok(())
    }

    /// Writes a record. Its number is never given to another, whether this succeeds or not.
    pub(super) fn append(&self, inner: &mut Inner<D::File>, what: What<'_>) -> Result<(u64, Place), StoreError> {
        self.mend(inner)?;
        let seq = inner.next_seq;
        inner.next_seq += 1;
        let active = inner.segments.get_mut(&inner.active).expect("the active segment is a segment");
        let offset = u32::try_from(active.len).expect("a segment is below 4 GiB");
        let (head, bytes) = record(&what, seq, &active.name, offset, inner.firm);
        match self.disk.write_at(&active.file, &bytes, active.len) {
            Ok(()) => {
                active.len += bytes.len() as u64;
                Ok((seq, Place { segment: active.name.number, offset, len: head.len }))
            }
            Err(error) => {
                inner.frayed = true;
                // If this fails, the next write tries again.
                let _ = self.mend(inner);
                Err(StoreError::of_io(Doing::Write, &error))
            }
        }
    }

    /// Ends the active segment and begins the next. With `reserve`, a number between the two is left free, and its name returned.
    pub(super) fn roll<'a>(&'a self, mut inner: Guard<'a, D>, reserve: bool) -> Result<(Guard<'a, D>, Option<SegmentName>), StoreError> {
        // An error of a sync is told once: with two under way, the wrong one might hear it.
        while inner.syncing {
            inner = self.synced.wait(inner).expect("nobody panics while holding the lock");
        }
        if inner.stopped {
            return Err(StoreError::Stopped);
        }
        self.mend(&mut inner)?;
        let (upto, file) = (inner.next_seq - 1, Arc::clone(&inner.segments[&inner.active].file));
        let result = self.disk.sync(&file);
        inner.synced_upto(upto, result.is_ok());
        result.map_err(|_| StoreError::Stopped)?;
        let reserved = reserve.then(|| {
            inner.next_number += 1;
            SegmentName::fresh(inner.next_number - 1, inner.next_seq, self.options.seed)
        });
        let name = SegmentName::fresh(inner.next_number, inner.next_seq, self.options.seed);
        let file = self.disk.create(&name.to_string()).map_err(|error| StoreError::of_io(Doing::Create, &error))?;
        inner.next_number += 1;
        if self.disk.sync_names().is_err() {
            inner.stopped = true;
            return Err(StoreError::Stopped);
        }
        inner.active = name.number;
        inner.firm = 0;
        inner.segments.insert(name.number, Segment { name, file: Arc::new(file), len: 0, evidence: false });
        Ok((inner, reserved))
    }
}

impl<F> Inner<F> {
    /// A sync ended that covers everything up to a number.
    fn synced_upto(&mut self, upto: u64, good: bool) {
        self.syncs += 1;
        self.stopped |= !good;
        // After a failure nothing more is believed, whatever a sync that was under way says.
        if !self.stopped {
            self.durable = self.durable.max(upto);
            while let Some((name, bound)) = self.pending.pop(self.durable) {
                self.index.bind(name, bound);
            }
        }
    }
}
