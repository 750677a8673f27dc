//! From the walk to the slots, and from the slots to whoever takes the pieces.

use super::config::{MANIFESTS_AHEAD, PIECES_MAX, REMEMBERED_MAX, UNTAKEN_MAX};
use super::port::{Effect, Fact, Failure, Sequence};
use super::slot::{Key, Slot};
use super::states::Event;
use super::{Context, Origin, Transfer};
use crate::stoq::chunk::ManifestId;
use crate::stoq::manifest::{ChunkEntry, Piece, Step, WalkError};
use crate::testing::Breach;
use std::sync::Arc;

/// What a manifest is assumed to be long before it is there.
const MANIFEST_LEN_ASSUMED: u32 = 32 << 10;

impl Transfer {
    /// Walks on as far as the window goes.
    pub(super) fn plan(&mut self, cx: &mut Context<'_>) -> Result<(), Failure> {
        while !self.walked {
            if let Some((piece, stored)) = self.ahead {
                if !self.place_piece(piece, stored)? {
                    break;
                }
                self.ahead = None;
            }
            let Some(walk) = &mut self.walk else { return Ok(()) };
            match walk.step() {
                Step::Done => self.walked = true,
                Step::Piece(piece) => {
                    let manifest = walk.present().expect("a piece stands in a manifest");
                    self.ahead = Some((piece, manifest.stored_len(&ChunkEntry { id: piece.id, len: piece.len })));
                }
                Step::Need(id) => match self.take_manifest(id) {
                    Some(bytes) => self.read_manifest(id, &bytes, cx)?,
                    None => {
                        self.want(Key::Manifest(id));
                        break;
                    }
                },
            }
        }
        let many = if Breach::LoadAllManifests.is_on() { usize::MAX } else { MANIFESTS_AHEAD };
        let ahead: Vec<ManifestId> = self.walk.iter().flat_map(|walk| walk.ahead().take(many)).collect();
        if !self.walked {
            for id in ahead {
                self.want(Key::Manifest(id));
            }
        }
        Ok(())
    }

    /// A content that is to be fetched, unless it is already; its number.
    pub(super) fn want(&mut self, key: Key) -> u64 {
        if let Some(seq) = self.by_key.get(&key) {
            return *seq;
        }
        self.next_manifest += 1;
        self.insert(self.next_manifest, Slot::new(key, MANIFEST_LEN_ASSUMED));
        self.next_manifest
    }

    pub(super) fn insert(&mut self, seq: u64, slot: Slot) {
        self.by_key.insert(slot.key, seq);
        self.waiting.insert(seq);
        self.slots.insert(seq, slot);
    }

    fn take_manifest(&mut self, id: ManifestId) -> Option<Arc<[u8]>> {
        let seq = *self.by_key.get(&Key::Manifest(id))?;
        let slot = self.slots.get_mut(&seq).expect("what has a name has a slot");
        let bytes = slot.held.take()?;
        slot.react(Event::Used);
        self.slots.remove(&seq);
        self.by_key.remove(&Key::Manifest(id));
        Some(bytes)
    }

    fn read_manifest(&mut self, id: ManifestId, bytes: &[u8], cx: &mut Context<'_>) -> Result<(), Failure> {
        let walk = self.walk.as_mut().expect("whoever reads manifests walks");
        walk.supply(bytes).map_err(|error| match error {
            WalkError::Range { len } => Failure::Range { len },
            error => Failure::Manifest(error),
        })?;
        if self.object_len.is_none() {
            let len = walk.object_len().expect("the root is there");
            let encryption = walk.present().and_then(|root| root.encryption().cloned());
            // Under most rules a sealed chunk opens in one place only.
            self.reads_back &= encryption.is_none();
            self.object_len = Some(len);
            self.range.get_or_insert(0..len);
            cx.emit(Effect::Fact(Fact::Root { id, version: self.version, len, encryption }));
        }
        Ok(())
    }

    /// Plans a piece. False if there is no room yet.
    fn place_piece(&mut self, piece: Piece, stored: u32) -> Result<bool, Failure> {
        let from = piece.offset + u64::from(piece.skip);
        if self.done.covers(&(from..from + u64::from(piece.take))) {
            self.remember(piece);
            return Ok(true);
        }
        if self.planned.len() >= PIECES_MAX {
            return Ok(false);
        }
        let key = Key::Chunk(piece.id);
        let origin = if let Some((offset, len)) = self.seen.get(&piece.id) {
            if *len != piece.len {
                return Err(Failure::Object(piece.id));
            }
            Origin::Earlier(offset + u64::from(piece.skip))
        } else if let Some(seq) = self.by_key.get(&key) {
            Origin::Slot(*seq)
        } else if self.chunks == 0 || self.has_room(stored) {
            self.next_chunk += 1;
            self.chunks += 1;
            self.reserved += u64::from(stored);
            self.insert(self.next_chunk, Slot::new(key, stored));
            Origin::Slot(self.next_chunk)
        } else {
            return Ok(false);
        };
        let mut is_there = true;
        if let Origin::Slot(seq) = origin {
            let slot = self.slots.get_mut(&seq).expect("what has a name has a slot");
            if slot.len != stored {
                return Err(Failure::Object(piece.id));
            }
            slot.pieces.push_back(piece.offset);
            is_there = slot.held.is_some();
        }
        self.planned.insert(piece.offset, (piece, origin));
        if is_there && self.sequence == Sequence::AsTheyCome {
            self.ready.push_back(piece.offset);
        }
        Ok(true)
    }

    fn has_room(&self, stored: u32) -> bool {
        self.chunks < self.config.chunks_max && self.reserved + u64::from(stored) <= self.config.window_bytes
    }

    /// Where a chunk can be copied from.
    fn remember(&mut self, piece: Piece) {
        if self.reads_back && piece.take == piece.len && self.seen.len() < REMEMBERED_MAX {
            self.seen.entry(piece.id).or_insert((piece.offset, piece.len));
        }
    }

    /// Delivers what is there, as far as the credit goes. Whether anything was.
    pub(super) fn deliver(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        while let Some((piece, origin)) = self.next_piece() {
            let alone = self.untaken.is_empty() && self.credit > 0;
            let fits = self.untaken_bytes + u64::from(piece.take) <= self.credit;
            if !(alone || fits) || self.untaken.len() >= UNTAKEN_MAX {
                break;
            }
            any = true;
            self.planned.remove(&piece.offset);
            if self.sequence == Sequence::AsTheyCome {
                self.ready.pop_front();
            }
            self.untaken.insert(piece.offset + u64::from(piece.skip), piece.take);
            self.untaken_bytes += u64::from(piece.take);
            self.counts.delivered_bytes += u64::from(piece.take);
            match origin {
                Origin::Earlier(from) => {
                    self.counts.copied_bytes += u64::from(piece.take);
                    cx.emit(Effect::Copy { piece, from });
                }
                Origin::Slot(seq) => {
                    let stored = self.use_slot(seq, piece.offset);
                    self.remember(piece);
                    cx.emit(Effect::Deliver { piece, stored });
                }
            }
        }
        any
    }

    /// The next piece that could be delivered.
    fn next_piece(&self) -> Option<(Piece, Origin)> {
        let (piece, origin) = match self.sequence {
            Sequence::InOrder => *self.planned.first_key_value()?.1,
            Sequence::AsTheyCome => self.planned[self.ready.front()?],
        };
        let is_there = match origin {
            Origin::Earlier(_) => true,
            Origin::Slot(seq) => self.slots[&seq].held.is_some(),
        };
        is_there.then_some((piece, origin))
    }

    /// The bytes of a slot for one of its pieces; the slot ends with the last one.
    fn use_slot(&mut self, seq: u64, offset: u64) -> Arc<[u8]> {
        let slot = self.slots.get_mut(&seq).expect("a planned piece has a slot");
        let stored = slot.held.clone().expect("only what is there is delivered");
        let first = slot.pieces.pop_front();
        debug_assert_eq!(first, Some(offset), "the pieces of a chunk are delivered in order");
        if slot.pieces.is_empty() {
            slot.react(Event::Used);
            let slot = self.slots.remove(&seq).expect("it was there");
            self.by_key.remove(&slot.key);
            self.chunks -= 1;
            self.reserved -= u64::from(slot.len);
        }
        stored
    }
}
