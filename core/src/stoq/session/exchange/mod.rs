//! One exchange: a request and its answer on a stream of their own.
//!
//! The table in [`states`] decides; what it cannot know, since it depends on counts, is checked here: no more chunks come than were asked for, and
//! what HAVE tells fits the WANT that it answers.

pub mod states;

use super::frame::{Cancel, Frame, Kind};
use super::violation::Violation;
use crate::base::Time;
use crate::testing::Breach;
use states::{Act, Cell, Event, State, cell};

/// One exchange, seen from one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Where it is.
    state: State,
    /// The peer's direction has ended.
    peer_ended: bool,
    /// This side's direction has ended.
    finished: bool,
    /// The answer has begun, or the request was met: giving it up now is not a waste.
    served: bool,
    /// It began in early data: only what may be repeated is served, and its answer is read before the session is open.
    early: bool,
    /// Chunks that a WANT named.
    wanted: u8,
    /// Chunks that may still come.
    due: u32,
    /// The last progress.
    moved: Time,
}

impl Exchange {
    /// The side that asks, having sent `request`; none if that frame begins no exchange.
    pub fn asking(request: &Frame, early: bool, now: Time) -> Option<Self> {
        let (state, wanted) = match request {
            Frame::GetName(_) => (State::NameAsked, 0),
            Frame::GetId(_) => (State::IdAsked, 0),
            Frame::Want(want) => (State::WantAsked, want.ids.len() as u8),
            Frame::Purge(_) => (State::PurgeAsked, 0),
            Frame::Put(_) => (State::PutOffered, 0),
            _ => return None,
        };
        // A request of one frame ends this side's direction with it; the others go on.
        let finished = matches!(state, State::NameAsked | State::IdAsked | State::PurgeAsked) && !Breach::LeaveRequestOpen.is_on();
        Some(Self { state, peer_ended: false, finished, served: false, early, wanted, due: 0, moved: now })
    }

    /// The side that answers.
    pub const fn answering(early: bool, now: Time) -> Self {
        Self { state: State::Fresh, peer_ended: false, finished: false, served: false, early, wanted: 0, due: 0, moved: now }
    }

    /// Lets something happen. The answer is what to do about it; a frame that comes is told apart by [`Exchange::admit`] first.
    pub fn react(&mut self, event: Event) -> Act {
        let Cell { next, act } = cell(self.state, event);
        self.state = next;
        match (act, event) {
            (Act::Ended, _) => self.peer_ended = true,
            (Act::Go, Event::Say) => self.served = true,
            (Act::Go, Event::Finish) => {
                self.finished = true;
                self.served = true;
                if self.peer_ended {
                    self.state = State::Closed;
                    return Act::Done;
                }
            }
            _ => {}
        }
        act
    }

    /// A frame comes from the peer.
    pub fn admit(&mut self, frame: &Frame, now: Time) -> Act {
        let Some(event) = event_of(frame) else { return Act::Break(Violation::Unexpected) };
        if self.early && matches!(frame.kind(), Some(Kind::Put | Kind::Purge)) && !Breach::ServePutEarly.is_on() {
            self.state = State::Closed;
            return Act::Fail(Violation::EarlyUnsafe);
        }
        self.moved = now;
        let before = self.state;
        let act = self.react(event);
        if act == Act::Pass && !self.counts(before, frame) && !Breach::TakeMoreThanAsked.is_on() {
            self.state = State::Closed;
            return Act::Fail(Violation::NotAsked);
        }
        act
    }

    /// Whether the frame fits the counts, which it moves.
    fn counts(&mut self, before: State, frame: &Frame) -> bool {
        match (before, frame) {
            (State::WantAsked, Frame::Have(bits)) => {
                self.due = bits.ones() as u32;
                bits.count() == usize::from(self.wanted)
            }
            (State::WantTaking | State::PutBody, Frame::Chunk(_)) => match self.due.checked_sub(1) {
                Some(due) => {
                    self.due = due;
                    true
                }
                None => false,
            },
            (State::Fresh, Frame::Want(want)) => {
                self.wanted = want.ids.len() as u8;
                true
            }
            (State::WantServing, Frame::Cancel(cancel)) => self.is_wanted(cancel),
            _ => true,
        }
    }

    /// This side says part of its request or answer. False if the frame has no place here; nothing is changed then.
    pub fn say(&mut self, frame: &Frame, now: Time) -> bool {
        let fits = match (self.state, frame) {
            (State::WantAsked | State::WantTaking, Frame::Cancel(cancel)) => self.is_wanted(cancel),
            (State::PutOffered, Frame::Manifest(_) | Frame::Chunk(_)) => true,
            (State::Serving, Frame::Manifest(_) | Frame::Chunk(_) | Frame::Purged(_) | Frame::Fail(_)) => true,
            (State::WantServing, Frame::Have(_) | Frame::Chunk(_) | Frame::Fail(_)) => true,
            (State::PutBody, Frame::Want(_) | Frame::Ack(_) | Frame::Fail(_)) => true,
            (State::PutHead, Frame::Fail(_)) | (State::Storing, Frame::Ack(_) | Frame::Fail(_)) => true,
            // The answer is there already: what this side still wanted to say is of no use to anybody.
            (State::Settled, _) => return false,
            _ => false,
        };
        if !fits || self.finished || self.react(Event::Say) != Act::Go {
            return false;
        }
        if let (State::PutBody, Frame::Want(want)) = (self.state, frame) {
            self.due = self.due.saturating_add(want.ids.len() as u32);
        }
        self.moved = now;
        true
    }

    /// Whether what is taken back was asked for.
    const fn is_wanted(&self, cancel: &Cancel) -> bool {
        cancel.first as usize + cancel.count as usize <= self.wanted as usize
    }

    /// Whether this side's direction may end now: whoever answers says something first.
    pub const fn may_finish(&self) -> bool {
        let answers = matches!(self.state, State::Serving | State::WantServing | State::PutHead | State::PutBody | State::Storing);
        !self.finished && (self.served || !answers)
    }

    /// Bytes moved, one way or the other.
    pub const fn progress(&mut self, now: Time) {
        self.moved = now;
    }

    /// When there was progress last.
    pub const fn moved(&self) -> Time {
        self.moved
    }

    /// Where it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether it began in early data.
    pub const fn is_early(&self) -> bool {
        self.early
    }

    /// Whether this side's direction has ended.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether the peer's direction has ended.
    pub const fn has_peer_ended(&self) -> bool {
        self.peer_ended
    }

    /// Whether the peer made this side begin a work that it gives up before any answer.
    pub const fn is_waste(&self) -> bool {
        !self.served
    }
}

/// The event that a frame is; none if it never travels on a stream of requests.
const fn event_of(frame: &Frame) -> Option<Event> {
    Some(match frame {
        Frame::GetName(_) | Frame::GetId(_) | Frame::Purge(_) => Event::Ask,
        Frame::Want(_) => Event::Want,
        Frame::Put(_) => Event::Put,
        Frame::Manifest(_) => Event::Manifest,
        Frame::Chunk(_) => Event::Chunk,
        Frame::Have(_) => Event::Have,
        Frame::Ack(_) => Event::Ack,
        Frame::Purged(_) => Event::Purged,
        Frame::Cancel(_) => Event::Cancel,
        Frame::Fail(_) => Event::Fail,
        _ => return None,
    })
}
