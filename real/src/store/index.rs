//! What the store knows in memory: where content is, what names lead to, and what was purged.
//!
//! Every rule here is such that the same records in the order of their numbers give the same index, whether they are applied as they are written or
//! read again after a crash, and whether a record is there once or, since a compaction was interrupted, twice.

use super::key::Key;
use super::record::{Note, Scope};
use super::segment::Place;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ManifestId, NameKey};
use hypermesh_core::stoq::session::frame::Name;
use std::collections::HashMap;

/// Where content is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    /// Records of it in all segments, this one included.
    copies: u32,
    /// It was found damaged: never served, replaced when the content comes again.
    pub(super) rotten: bool,
}

/// What forbids older copies of content that was forgotten.
#[derive(Clone, Copy, Debug)]
struct Grave {
    seq: u64,
    place: Place,
    /// Records of the content, in all segments, that would be taken for content without it.
    dead: u32,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) version: Version,
    pub(super) manifest: ManifestId,
    pub(super) seq: u64,
    pub(super) place: Place,
}

/// The greatest purged version of a scope, with the two records that say so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    pub(super) upto: Version,
    pub(super) seq: u64,
    places: [Option<Place>; 2],
}

impl Floor {
    /// Whether both of its records are there.
    pub(super) fn is_twice(&self) -> bool {
        self.places.iter().all(Option::is_some)
    }
}

/// Bytes of memory for a chunk, in a table that is between half full and full. A table that has just grown has twice as many.
pub const ENTRY_BYTES: usize = size_of::<(Key, Entry)>() + 1;

/// The index.
#[derive(Debug, Default)]
pub(super) struct Index {
    contents: HashMap<Key, Entry>,
    graves: HashMap<Key, Grave>,
    names: HashMap<NameKey, Bound>,
    everything: Option<Floor>,
    exact: HashMap<NameKey, Floor>,
    below: HashMap<NameKey, Floor>,
    /// Entries that were found damaged.
    rotten: usize,
    /// Bytes of each segment that are needed.
    live: HashMap<u32, u64>,
}

impl Index {
    fn hold(&mut self, place: Place) {
        *self.live.entry(place.segment).or_default() += place.total();
    }

    fn release(&mut self, place: Place) {
        let live = self.live.get_mut(&place.segment).expect("what is released was held");
        *live = live.checked_sub(place.total()).expect("what is released was held once");
    }

    /// An entry goes, or gives way to another.
    fn unhold(&mut self, entry: Entry) {
        if entry.rotten {
            self.rotten -= 1;
        } else {
            self.release(entry.place);
        }
    }

    /// Content is at a place.
    pub(super) fn content(&mut self, key: Key, place: Place) {
        let before = self.contents.get(&key).copied();
        if let Some(before) = before {
            self.unhold(before);
        }
        let copies = before.map_or(0, |before| before.copies) + 1;
        self.contents.insert(key, Entry { place, copies, rotten: false });
        self.hold(place);
    }

    /// Content is not wanted any more.
    pub(super) fn forget(&mut self, key: Key, seq: u64, place: Place) {
        let entry = self.contents.remove(&key);
        if let Some(entry) = entry {
            self.unhold(entry);
        }
        let grave = self.graves.remove(&key);
        if let Some(grave) = grave {
            self.release(grave.place);
        }
        let dead = entry.map_or(0, |entry| entry.copies) + grave.map_or(0, |grave| grave.dead);
        if dead > 0 {
            self.graves.insert(key, Grave { seq, place, dead });
            self.hold(place);
        }
    }

    /// A name leads to a manifest. The greatest version wins, and of two records of it the later one.
    pub(super) fn bind(&mut self, name: NameKey, bound: Bound) {
        let before = self.names.get(&name).copied();
        if before.is_some_and(|before| (before.version, before.seq) > (bound.version, bound.seq)) {
            return;
        }
        if let Some(before) = before {
            self.release(before.place);
        }
        self.names.insert(name, bound);
        self.hold(bound.place);
    }

    /// A scope was purged. The greatest version wins; its two latest records count.
    pub(super) fn purge(&mut self, scope: &Scope, upto: Version, seq: u64, place: Place) {
        let before = self.floor_of(scope).copied();
        if before.is_some_and(|before| before.upto > upto) {
            return;
        }
        let (seq, mut places) = match before {
            Some(before) if before.upto == upto => (before.seq.max(seq), before.places),
            _ => (seq, [None; 2]),
        };
        let gone =
            if before.is_some_and(|before| before.upto == upto) { vec![places[0]] } else { before.map_or(vec![], |b| b.places.to_vec()) };
        gone.into_iter().flatten().for_each(|place| self.release(place));
        places = [places[1], Some(place)];
        self.hold(place);
        let floor = Floor { upto, seq, places };
        match scope {
            Scope::Name(name) => {
                let name = NameKey::of(name.as_str());
                self.exact.insert(name, floor);
                if let Some(bound) = self.names.get(&name).copied().filter(|bound| bound.version <= upto) {
                    self.names.remove(&name);
                    self.release(bound.place);
                }
            }
            Scope::Below(name) => {
                self.below.insert(NameKey::of(folder(name)), floor);
            }
            Scope::Everything => {
                self.everything = Some(floor);
                let gone: Vec<(NameKey, Place)> =
                    self.names.iter().filter(|(_, bound)| bound.version <= upto).map(|(name, bound)| (*name, bound.place)).collect();
                for (name, place) in gone {
                    self.names.remove(&name);
                    self.release(place);
                }
            }
        }
    }

    /// The floor of a scope itself, whatever lies above it.
    pub(super) fn floor_of(&self, scope: &Scope) -> Option<&Floor> {
        match scope {
            Scope::Name(name) => self.exact.get(&NameKey::of(name.as_str())),
            Scope::Below(name) => self.below.get(&NameKey::of(folder(name))),
            Scope::Everything => self.everything.as_ref(),
        }
    }

    /// The greatest version of a name that some purge covers.
    pub(super) fn floor(&self, name: &Name) -> Option<Version> {
        let exact = self.exact.get(&NameKey::of(name.as_str()));
        let mut upto = self.everything.iter().chain(exact).map(|floor| floor.upto).max();
        if !self.below.is_empty() {
            let text = name.as_str();
            let folders = text.match_indices('/').map(|(at, _)| &text[..at]).chain([text]);
            upto = folders.filter_map(|folder| self.below.get(&NameKey::of(folder))).map(|floor| floor.upto).chain(upto).max();
        }
        upto
    }

    pub(super) fn entry(&self, key: &Key) -> Option<&Entry> {
        self.contents.get(key)
    }

    /// Content was found damaged at a place. Says whether that was news.
    pub(super) fn rot(&mut self, key: &Key, place: Place) -> bool {
        let Some(entry) = self.contents.get_mut(key).filter(|entry| entry.place == place && !entry.rotten) else { return false };
        entry.rotten = true;
        self.rotten += 1;
        self.release(place);
        true
    }

    pub(super) fn bound(&self, name: &NameKey) -> Option<&Bound> {
        self.names.get(name)
    }

    /// Whether a compaction has to keep this record.
    pub(super) fn needs(&self, key: Option<Key>, note: Option<&Note>, place: Place) -> bool {
        if let Some(key) = key {
            return self.contents.get(&key).is_some_and(|entry| entry.place == place && !entry.rotten);
        }
        match note {
            Some(Note::Bind { name, version, .. }) => {
                let held = self.names.get(&NameKey::of(name.as_str())).is_some_and(|bound| bound.place == place);
                held && self.floor(name).is_none_or(|floor| floor < *version)
            }
            Some(Note::Purge { scope, .. }) => self.floor_of(scope).is_some_and(|floor| floor.places.contains(&Some(place))),
            Some(Note::Forget { key }) => self.graves.get(key).is_some_and(|grave| grave.place == place),
            None => false,
        }
    }

    /// A record of content leaves its place for another, or for good.
    pub(super) fn move_content(&mut self, key: Key, seq: u64, from: Place, to: Option<Place>) {
        let entry = self.contents.get_mut(&key);
        if let (Some(entry), Some(to)) = (entry.filter(|entry| entry.place == from && !entry.rotten), to) {
            entry.place = to;
            self.release(from);
            self.hold(to);
            return;
        }
        if to.is_some() {
            return; // It died while it was copied. There are as many dead copies as before.
        }
        if let Some(grave) = self.graves.get_mut(&key).filter(|grave| grave.seq > seq) {
            grave.dead -= 1;
            if grave.dead == 0 {
                let place = grave.place;
                self.graves.remove(&key);
                self.release(place);
            }
        } else if let Some(entry) = self.contents.get_mut(&key) {
            entry.copies -= 1;
            if entry.copies == 0 {
                let entry = *entry;
                self.contents.remove(&key);
                self.unhold(entry);
            }
        }
    }

    /// A note leaves its place for another, or for good.
    pub(super) fn move_note(&mut self, note: &Note, from: Place, to: Option<Place>) {
        match note {
            Note::Bind { name, .. } => {
                let key = NameKey::of(name.as_str());
                let Some(bound) = self.names.get_mut(&key).filter(|bound| bound.place == from) else { return };
                match to {
                    Some(to) => bound.place = to,
                    None => drop(self.names.remove(&key)),
                }
            }
            Note::Purge { scope, .. } => {
                let floor = match scope {
                    Scope::Name(name) => self.exact.get_mut(&NameKey::of(name.as_str())),
                    Scope::Below(name) => self.below.get_mut(&NameKey::of(folder(name))),
                    Scope::Everything => self.everything.as_mut(),
                };
                let Some(place) = floor.and_then(|floor| floor.places.iter_mut().find(|place| **place == Some(from))) else { return };
                *place = to;
            }
            Note::Forget { key } => {
                let Some(grave) = self.graves.get_mut(key).filter(|grave| grave.place == from) else { return };
                match to {
                    Some(to) => grave.place = to,
                    None => drop(self.graves.remove(key)),
                }
            }
        }
        self.release(from);
        if let Some(to) = to {
            self.hold(to);
        }
    }

    /// A segment is gone.
    pub(super) fn drop_segment(&mut self, number: u32) {
        let live = self.live.remove(&number).unwrap_or(0);
        assert_eq!(live, 0, "nothing that is needed is in a segment that goes");
    }

    pub(super) fn live_bytes(&self, segment: u32) -> u64 {
        self.live.get(&segment).copied().unwrap_or(0)
    }

    pub(super) fn contents(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.contents.iter()
    }

    pub(super) const fn rotten_len(&self) -> usize {
        self.rotten
    }

    pub(super) fn contents_len(&self) -> usize {
        self.contents.len()
    }

    pub(super) fn graves_len(&self) -> usize {
        self.graves.len()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (&NameKey, &Bound)> {
        self.names.iter()
    }

    pub(super) fn names_len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn floors_len(&self) -> usize {
        self.exact.len() + self.below.len() + usize::from(self.everything.is_some())
    }

    /// Bytes on the heap, about.
    pub(super) fn heap_bytes(&self) -> usize {
        self.contents.capacity() * ENTRY_BYTES
            + self.graves.capacity() * (size_of::<(Key, Grave)>() + 1)
            + self.names.capacity() * (size_of::<(NameKey, Bound)>() + 1)
            + (self.exact.capacity() + self.below.capacity()) * (size_of::<(NameKey, Floor)>() + 1)
            + self.live.capacity() * size_of::<(u32, u64)>()
    }
}

/// The name of a folder without the stroke at its end: what it is looked up by.
fn folder(name: &Name) -> &str {
    name.as_str().strip_suffix('/').unwrap_or(name.as_str())
}
