//! Reading a segment from its beginning to its end, whatever is left of it.

use super::disk::Disk;
use super::record::{HEAD_LEN, Head, Kind, MAGIC, Note};
use super::segment::{Place, SegmentName};

/// Bytes that are read at a time while the next head is looked for.
const WINDOW: usize = 4 << 10;

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Heads and notes. Content is verified when it is read.
    Heads,
    /// Everything.
    Bodies,
}

/// A record with a good head. A note has a good body too.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) head: Head,
    pub(super) place: Place,
    /// What it says if it is a note.
    pub(super) note: Option<Note>,
    /// It is content whose body was read and is damaged.
    pub(super) rotten: bool,
}

/// Bytes that are no good record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) from: u64,
    pub(super) to: u64,
    /// What it was, if the head still says so.
    pub(super) kind: Option<Kind>,
    /// The sequence number of the next record with a good head, if there is one.
    pub(super) next: Option<u64>,
}

impl Damage {
    /// Whether it may have been something that forbids what older records say.
    pub(super) fn is_doubtful(&self) -> bool {
        matches!(self.kind, None | Some(Kind::Bind | Kind::Purge))
    }
}

/// What is in a segment.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) records: Vec<Found>,
    /// In order.
    pub(super) damage: Vec<Damage>,
    /// Where the last good record ends.
    pub(super) end: u64,
    /// How much of the segment was on stable storage some time, as far as the records know.
    pub(super) firm: u64,
    /// The disk refused to read some of it.
    pub(super) unreadable: bool,
}

/// Reads a segment of `len` bytes. Never fails: what cannot be read is damage.
pub(super) fn scan<D: Disk>(disk: &D, file: &D::File, name: &SegmentName, len: u64, depth: Depth) -> Scanned {
    let mut reader = Reader { disk, file, key: name.check_key(), len, unreadable: false };
    let mut scanned = Scanned::default();
    let (mut at, mut body) = (0, Vec::new());
    while at < len {
        let Some(head) = reader.head(at) else {
            let next = reader.seek(at + 1);
            scanned.damage.push(Damage { from: at, to: next, kind: None, next: None });
            at = next;
            continue;
        };
        scanned.firm = scanned.firm.max(head.firm.into());
        if head.kind == Kind::Void {
            at += head.total();
            scanned.end = at;
            continue;
        }
        scanned.damage.iter_mut().rev().take_while(|damage| damage.next.is_none()).for_each(|damage| damage.next = Some(head.seq));
        let place = Place { segment: name.number, offset: at as u32, len: head.len };
        let to = at + head.total();
        let read = head.is_note() || depth == Depth::Bodies;
        let fits = !read || reader.body(&head, &place, &mut body);
        let note = if head.is_note() && fits { Note::decode(head.kind, &body) } else { None };
        let good = fits && note.is_some() == head.is_note();
        if good {
            scanned.end = to;
        } else {
            scanned.damage.push(Damage { from: at, to, kind: Some(head.kind), next: None });
        }
        if good || !head.is_note() {
            scanned.records.push(Found { head, place, note, rotten: !good });
        }
        at = to;
    }
    scanned.unreadable = reader.unreadable;
    scanned
}

struct Reader<'a, D: Disk> {
    disk: &'a D,
    file: &'a D::File,
    key: [u8; 32],
    len: u64,
    unreadable: bool,
}

impl<D: Disk> Reader<'_, D> {
    /// The head at this offset, if there is one, and the segment is long enough for its body.
    fn head(&mut self, at: u64) -> Option<Head> {
        if at + HEAD_LEN as u64 > self.len {
            return None;
        }
        let mut bytes = [0; HEAD_LEN];
        if self.disk.read_at(self.file, &mut bytes, at).is_err() {
            self.unreadable = true;
            return None;
        }
        Head::decode(&bytes, u32::try_from(at).ok()?, &self.key).filter(|head| at + head.total() <= self.len)
    }

    /// Reads a body, and says whether it is good.
    fn body(&mut self, head: &Head, place: &Place, body: &mut Vec<u8>) -> bool {
        body.resize(head.len as usize, 0);
        if self.disk.read_at(self.file, body, place.body()).is_err() {
            self.unreadable = true;
            return false;
        }
        head.fits(body, &self.key)
    }

    /// The offset of the next good head from `at` on, or the end.
    fn seek(&mut self, mut at: u64) -> u64 {
        let mut window = [0; WINDOW + MAGIC.len() - 1];
        while at < self.len {
            let bytes = &mut window[..(self.len - at).min(WINDOW as u64 + MAGIC.len() as u64 - 1) as usize];
            if self.disk.read_at(self.file, bytes, at).is_err() {
                self.unreadable = true;
            } else {
                let candidates =
                    bytes.windows(MAGIC.len()).enumerate().filter(|(_, word)| **word == MAGIC).map(|(index, _)| at + index as u64);
                for candidate in candidates {
                    if self.head(candidate).is_some() {
                        return candidate;
                    }
                }
            }
            at += WINDOW as u64;
        }
        self.len
    }
}
