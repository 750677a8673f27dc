//! The states of a content that is fetched, be it a chunk, a manifest or what a name leads to: a total table of state and event (clause 10.6 of the
//! standard).
//!
//! ```text
//!            ┌──────── lost ────────┐   ┌─── lost ───┐
//!            ▼                      │   ▼            │
//! Waiting ──ask──▶ Asked ──ask──▶ Doubled            │     any ──stop──▶ Over
//!    │               │               ├───────────────┘
//!    └────── right ──┴──── right ────┴──▶ Held ──used──▶ Over
//! ```

use crate::testing::Breach;

/// Where a content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Nobody is asked for it.
    Waiting,
    /// One source is.
    Asked,
    /// Two sources are.
    Doubled,
    /// It is there, verified, and not all used.
    Held,
    /// It is used, or not wanted any more.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Event {
    /// A source is chosen to be asked.
    Ask,
    /// It came, from whomever, and is what its name says.
    Right,
    /// A source that was asked will not send it: it sent something else, has it not, gave up, stalled, or it was taken back.
    Lost,
    /// The last use of it was made.
    Used,
    /// The transfer ends.
    Stop,
}

/// Every state, by its number.
pub const STATES: [State; 5] = [State::Waiting, State::Asked, State::Doubled, State::Held, State::Over];

/// Every event, by its number.
pub const EVENTS: [Event; 5] = [Event::Ask, Event::Right, Event::Lost, Event::Used, Event::Stop];

/// What is done at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Ask the source.
    Ask,
    /// Keep it, and take it back from whoever else is asked.
    Keep,
    /// It was there: count it and drop it.
    Duplicate,
    /// Let it be asked of another source.
    Again,
    /// Forget it.
    Forget,
    /// Take it back from whoever is asked, and forget it.
    Release,
    /// This machine broke its own rule; nothing is done.
    Misuse,
}

/// A cell of the table.
pub type Cell = crate::machine::Cell<State, Act>;

/// What happens in `state` at `event`.
pub fn cell(state: State, event: Event) -> Cell {
    if state == State::Over && event == Event::Right && Breach::FetchCellWrong.is_on() {
        return Cell { next: state, act: Act::Nothing };
    }
    TABLE[state as usize][event as usize]
}

/// The table: a row for each state of [`STATES`], a column for each event of [`EVENTS`]. The types let no cell be missing.
#[rustfmt::skip]
pub const TABLE: [[Cell; 5]; 5] = {
    use Act::{Again, Ask, Duplicate, Forget, Keep, Misuse, Nothing, Release};
    use State::{Asked, Doubled, Held, Over, Waiting};
    const fn c(next: State, act: Act) -> Cell { Cell { next, act } }
    [
        // Waiting: what a source sends after it was taken back is as good as any.
        [c(Asked, Ask), c(Held, Keep), c(Waiting, Nothing), c(Waiting, Misuse), c(Over, Forget)],
        // Asked
        [c(Doubled, Ask), c(Held, Keep), c(Waiting, Again), c(Asked, Misuse), c(Over, Release)],
        // Doubled
        [c(Doubled, Misuse), c(Held, Keep), c(Asked, Nothing), c(Doubled, Misuse), c(Over, Release)],
        // Held
        [c(Held, Misuse), c(Held, Duplicate), c(Held, Nothing), c(Over, Forget), c(Over, Forget)],
        // Over
        [c(Over, Misuse), c(Over, Duplicate), c(Over, Nothing), c(Over, Misuse), c(Over, Nothing)],
    ]
};
