//! The states of a holder of a certificate: a total table of state and event (clause 15.5 of the standard).
//!
//! ```text
//! Empty ──start──▶ Requesting ──granted──▶ Valid ──due──▶ Renewing ──granted──▶ Overlapping ──over──▶ Valid
//!                      ▲                     └─────── expired ────┘                  │
//!                      └────────────────────────────── expired ──────────────────────┘
//! any with a certificate ──revoked──▶ Revoked          any ──stop──▶ Stopped
//! ```

use crate::testing::Breach;

/// Where a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// It has no certificate and wants none.
    Empty,
    /// It has none and wants one.
    Requesting,
    /// It has one.
    Valid,
    /// It has one and wants the next.
    Renewing,
    /// It has one, and the one before is still in use.
    Overlapping,
    /// Its certificate was taken back. Somebody has to look before it asks again.
    Revoked,
    /// It will not want one again.
    Stopped,
}

/// What can happen to a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Event {
    /// It wants a certificate.
    Start,
    /// Time for the next one.
    Due,
    /// The one that it asked for came.
    Granted,
    /// The issuer refused, or what came is not what was asked for.
    Denied,
    /// The issuer did not answer in time.
    Silent,
    /// Time to ask again.
    Retry,
    /// The one before is out of use.
    Over,
    /// The present one ended.
    Expired,
    /// The present one was revoked.
    Revoked,
    /// The node stops.
    Stop,
}

/// Every state, by its number.
pub const STATES: [State; 7] =
    [State::Empty, State::Requesting, State::Valid, State::Renewing, State::Overlapping, State::Revoked, State::Stopped];

/// Every event, by its number.
pub const EVENTS: [Event; 10] = [
    Event::Start,
    Event::Due,
    Event::Granted,
    Event::Denied,
    Event::Silent,
    Event::Retry,
    Event::Over,
    Event::Expired,
    Event::Revoked,
    Event::Stop,
];

/// What is done at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Ask the issuer, with a new key.
    Ask,
    /// Use the certificate that came, and keep the present one for a while.
    Adopt,
    /// Wait before asking again, longer each time.
    Wait,
    /// Use the one before no more.
    Retire,
    /// Use none any more, and ask.
    LapseAndAsk,
    /// Use none any more; a request is under way.
    Lapse,
    /// Use none any more, and forget everything.
    Halt,
}

/// A cell of the table.
pub type Cell = crate::machine::Cell<State, Act>;

/// What happens in `state` at `event`.
pub fn cell(state: State, event: Event) -> Cell {
    if state == State::Revoked && event == Event::Start && Breach::HolderCellWrong.is_on() {
        return Cell { next: state, act: Act::Nothing };
    }
    TABLE[state as usize][event as usize]
}

/// The table: a row for each state of [`STATES`], a column for each event of [`EVENTS`]. The types let no cell be missing.
#[rustfmt::skip]
pub const TABLE: [[Cell; 10]; 7] = {
    use Act::{Adopt, Ask, Halt, Lapse, LapseAndAsk, Nothing, Retire, Wait};
    use State::{Empty, Overlapping, Renewing, Requesting, Revoked, Stopped, Valid};
    const fn c(next: State, act: Act) -> Cell { Cell { next, act } }
    const fn n(next: State) -> Cell { c(next, Nothing) }
    const HALT: Cell = c(Stopped, Halt);
    const BARRED: Cell = c(Revoked, Halt);
    const NONE: Cell = c(Requesting, LapseAndAsk);
    [
        // Empty
        [c(Requesting, Ask), n(Empty), n(Empty), n(Empty), n(Empty),
         n(Empty), n(Empty), n(Empty), n(Empty), HALT],
        // Requesting
        [n(Requesting), n(Requesting), c(Valid, Adopt), c(Requesting, Wait), c(Requesting, Wait),
         c(Requesting, Ask), n(Requesting), n(Requesting), n(Requesting), HALT],
        // Valid
        [n(Valid), c(Renewing, Ask), n(Valid), n(Valid), n(Valid),
         n(Valid), n(Valid), NONE, BARRED, HALT],
        // Renewing
        [n(Renewing), n(Renewing), c(Overlapping, Adopt), c(Renewing, Wait), c(Renewing, Wait),
         c(Renewing, Ask), c(Renewing, Retire), c(Requesting, Lapse), BARRED, HALT],
        // Overlapping
        [n(Overlapping), c(Renewing, Ask), n(Overlapping), n(Overlapping), n(Overlapping),
         n(Overlapping), c(Valid, Retire), NONE, BARRED, HALT],
        // Revoked
        [c(Requesting, Ask), n(Revoked), n(Revoked), n(Revoked), n(Revoked),
         n(Revoked), n(Revoked), n(Revoked), n(Revoked), HALT],
        // Stopped
        [n(Stopped), n(Stopped), n(Stopped), n(Stopped), n(Stopped),
         n(Stopped), n(Stopped), n(Stopped), n(Stopped), n(Stopped)],
    ]
};
