//! Contents that go out on one stream, in order, no further ahead of the peer than there is room for.
//!
//! ```text
//!  pending ─room on the connection?─▶ slot: Reading ─▶ Ready ─in its turn─▶ written ─▶ Sent
//!                                                 └──▶ Lost (skipped; the exchange ends with a FAIL)
//! ```

use super::port::Level;
use crate::stoq::manifest::{Step, Walk};
use crate::stoq::session::Code;
use crate::stoq::session::frame::{ContentId, Frame};
use crate::stoq::session::limits::CHUNK_BYTES_MAX;
use crate::testing::Breach;
use std::collections::VecDeque;
use std::sync::Arc;

/// Contents of one exchange that are read ahead. The bytes of a connection bound them further.
pub(super) const READS_MAX: usize = 32;

/// What is still to be sent.
#[derive(Clone, Debug)]
pub(super) enum Pending {
    /// These, each with its place in the request.
    Ids(VecDeque<(ContentId, u8)>),
    /// What a walk over an object comes to: lower manifests and chunks.
    Walk(Box<Walk>),
}

/// Where a content is.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Reading,
    Ready(Arc<[u8]>, Level),
    Lost(Code),
    /// It was taken back.
    Skipped,
}

/// A content that is read ahead.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The number under which it is waited for.
    pub(super) number: u64,
    pub(super) id: ContentId,
    /// Its place in the request.
    pub(super) place: u8,
    /// Bytes of room that it takes.
    pub(super) reserved: u32,
    pub(super) stage: Stage,
}

/// What goes out on one stream.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) pending: Pending,
    pub(super) slots: VecDeque<Slot>,
    /// The longest content so far: what the next may be.
    longest: u32,
    /// The walk waits for this manifest, which is among the slots or just went out.
    needs: Option<ContentId>,
    /// Whether it reads ahead until the slots are full, or waits until half of them are free, so that what a cache lacks is asked for together.
    filling: bool,
    /// Why something could not be sent.
    pub(super) trouble: Option<Code>,
    /// Whether it stands in the queue of its connection.
    pub(super) listed: bool,
    /// What a breach sends too late.
    late: Option<Box<Frame>>,
}

impl Flow {
    pub(super) fn new(pending: Pending) -> Self {
        Self { pending, slots: VecDeque::new(), longest: 0, needs: None, filling: true, trouble: None, listed: false, late: None }
    }

    /// Room that the next content may take.
    pub(super) const fn guess(&self) -> u32 {
        if self.longest == 0 { CHUNK_BYTES_MAX } else { self.longest }
    }

    /// Whether it would read more if there were room.
    pub(super) fn is_hungry(&mut self) -> bool {
        if self.slots.len() >= READS_MAX {
            self.filling = false;
        } else if self.slots.len() <= READS_MAX / 2 {
            self.filling = true;
        }
        self.filling && !self.is_exhausted()
    }

    /// Whether there is nothing to read now.
    fn is_exhausted(&self) -> bool {
        match &self.pending {
            Pending::Ids(ids) => ids.is_empty(),
            Pending::Walk(_) => self.needs.is_some(),
        }
    }

    /// The next content to read, with its place.
    pub(super) fn next(&mut self) -> Option<(ContentId, u8)> {
        match &mut self.pending {
            Pending::Ids(ids) => ids.pop_front(),
            Pending::Walk(walk) => match walk.step() {
                Step::Piece(piece) => Some((ContentId(piece.id.0), 0)),
                Step::Need(id) => {
                    self.needs = Some(ContentId(id.0));
                    self.needs.map(|id| (id, 0))
                }
                Step::Done => {
                    self.pending = Pending::Ids(VecDeque::new());
                    None
                }
            },
        }
    }

    /// A content is there: the walk goes on if it waited for it. False if the content is no such manifest.
    pub(super) fn learn(&mut self, id: ContentId, bytes: &[u8]) -> bool {
        if self.needs != Some(id) {
            return true;
        }
        self.needs = None;
        match &mut self.pending {
            Pending::Walk(walk) => walk.supply(bytes).is_ok(),
            Pending::Ids(_) => true,
        }
    }

    /// How long contents are.
    pub(super) fn note(&mut self, bytes: usize) {
        self.longest = self.longest.max(bytes as u32);
    }

    /// Nothing more is to be sent of what was not begun.
    pub(super) fn stop(&mut self, code: Code) {
        self.trouble = self.trouble.or(Some(code));
        self.pending = Pending::Ids(VecDeque::new());
    }

    /// Whether everything went out, or cannot.
    pub(super) fn is_over(&self) -> bool {
        self.slots.is_empty() && matches!(&self.pending, Pending::Ids(ids) if ids.is_empty())
    }

    /// Some places of the request are taken back. The numbers of those that are being read.
    pub(super) fn cancel(&mut self, first: u8, count: u8) -> Vec<u64> {
        let gone = |place: u8| place >= first && u16::from(place) < u16::from(first) + u16::from(count);
        if let Pending::Ids(ids) = &mut self.pending {
            ids.retain(|(_, place)| !gone(*place));
        }
        let mut reading = Vec::new();
        for slot in self.slots.iter_mut().filter(|slot| gone(slot.place)) {
            if matches!(slot.stage, Stage::Reading) {
                reading.push(slot.number);
            }
            slot.stage = Stage::Skipped;
        }
        reading
    }

    /// Whether this HAVE has to wait until the first content is out. Only a breach says so.
    pub(super) fn keeps(&mut self, have: &Frame, sends: bool) -> bool {
        let keeps = sends && Breach::ChunkBeforeHave.is_on();
        self.late = keeps.then(|| Box::new(have.clone()));
        keeps
    }

    /// What had to wait.
    pub(super) fn kept(&mut self) -> Option<Frame> {
        self.late.take().map(|frame| *frame)
    }

    /// Room that its slots take.
    pub(super) fn reserved(&self) -> u64 {
        self.slots.iter().map(|slot| u64::from(slot.reserved)).sum()
    }
}
