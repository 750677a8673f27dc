//! The states of one exchange on a stream of requests: a total table of state and event (clause 15.2 of the standard).
//!
//! ```text
//! the side that asks                                    the side that answers
//!  GET_NAME ▶ NameAsked ─MANIFEST─▶ NameTaking           Fresh ─GET_NAME, GET_ID, PURGE─▶ Serving
//!  GET_ID   ▶ IdAsked ──CHUNK────▶ Settled                 ├──WANT──▶ WantServing
//!  WANT     ▶ WantAsked ─HAVE────▶ WantTaking              └──PUT──▶ PutHead ─MANIFEST─▶ PutBody ─end─▶ Storing
//!  PURGE    ▶ PurgeAsked ─PURGED─▶ Settled
//!  PUT      ▶ PutOffered ─ACK────▶ Settled               what is served last and said in full: Replied
//! ```
//! An end of the other direction moves on to `Closed`, in which only resets of a race may still come.

use super::super::violation::Violation;
use crate::testing::Breach;

/// Where an exchange is. The first eight states are of the side that asks, the next seven of the side that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// GET_NAME was sent.
    NameAsked,
    /// The manifest came; chunks may follow.
    NameTaking,
    /// GET_ID was sent.
    IdAsked,
    /// WANT was sent.
    WantAsked,
    /// HAVE came; chunks may follow.
    WantTaking,
    /// PURGE was sent.
    PurgeAsked,
    /// PUT was sent; the other side asks for chunks.
    PutOffered,
    /// The whole answer came; the end of the stream is due.
    Settled,
    /// The peer opened the stream and said nothing yet.
    Fresh,
    /// A request of one frame came and is being answered.
    Serving,
    /// WANT came and is being answered.
    WantServing,
    /// PUT came; the manifest is due.
    PutHead,
    /// The manifest came; chunks come.
    PutBody,
    /// All chunks came; the acknowledgement is due from here.
    Storing,
    /// All is said; the end of the peer's direction is due.
    Replied,
    /// Over.
    Closed,
}

/// What can happen to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Event {
    /// GET_NAME, GET_ID or PURGE came.
    Ask,
    /// WANT came.
    Want,
    /// PUT came.
    Put,
    /// MANIFEST came.
    Manifest,
    /// CHUNK came.
    Chunk,
    /// HAVE came.
    Have,
    /// ACK came.
    Ack,
    /// PURGED came.
    Purged,
    /// CANCEL came.
    Cancel,
    /// FAIL came.
    Fail,
    /// The peer's direction ended after a whole frame.
    End,
    /// The peer's direction ended inside a frame.
    Cut,
    /// The peer reset its direction.
    Reset,
    /// The peer wants no more of this side's direction.
    Stop,
    /// This side says part of its answer or request.
    Say,
    /// This side ends its direction.
    Finish,
    /// This side gives the exchange up.
    Abort,
}

/// Every state, by its number.
pub const STATES: [State; 16] = [
    State::NameAsked,
    State::NameTaking,
    State::IdAsked,
    State::WantAsked,
    State::WantTaking,
    State::PurgeAsked,
    State::PutOffered,
    State::Settled,
    State::Fresh,
    State::Serving,
    State::WantServing,
    State::PutHead,
    State::PutBody,
    State::Storing,
    State::Replied,
    State::Closed,
];

/// Every event, by its number.
pub const EVENTS: [Event; 17] = [
    Event::Ask,
    Event::Want,
    Event::Put,
    Event::Manifest,
    Event::Chunk,
    Event::Have,
    Event::Ack,
    Event::Purged,
    Event::Cancel,
    Event::Fail,
    Event::End,
    Event::Cut,
    Event::Reset,
    Event::Stop,
    Event::Say,
    Event::Finish,
    Event::Abort,
];

/// What is done at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Hand the frame to the layer above.
    Pass,
    /// Do what this side wants: write the frame, or end its direction.
    Go,
    /// Tell the layer above that the exchange ended well, and forget it.
    Done,
    /// Tell the layer above that the peer's direction ended; the exchange goes on.
    Ended,
    /// Drop it without a word.
    Drop,
    /// End the exchange: both directions are given up with the code that the event carries.
    Abort,
    /// End the exchange for this violation: both directions are given up with its code.
    Fail(Violation),
    /// Close the connection for this violation.
    Break(Violation),
    /// The layer above broke the contract. Nothing is sent.
    Misuse,
}

/// A cell of the table.
pub type Cell = crate::machine::Cell<State, Act>;

/// What happens in `state` at `event`.
pub fn cell(state: State, event: Event) -> Cell {
    if state == State::Replied && event == Event::Cancel && Breach::ExchangeCellWrong.is_on() {
        return TABLE[State::Settled as usize][event as usize];
    }
    if matches!(state, State::Serving | State::Replied) && event == Event::Ask && Breach::TwoExchangesAStream.is_on() {
        return Cell { next: state, act: Act::Drop };
    }
    TABLE[state as usize][event as usize]
}

/// The table: a row for each state of [`STATES`], a column for each event of [`EVENTS`]. The types let no cell be missing.
#[rustfmt::skip]
pub const TABLE: [[Cell; 17]; 16] = {
    use Act::{Abort, Break, Done, Drop, Ended, Fail, Go, Misuse, Pass};
    use State::{Closed, Fresh, IdAsked, NameAsked, NameTaking, PurgeAsked, PutBody, PutHead, PutOffered, Replied, Serving, Settled,
                Storing, WantAsked, WantServing, WantTaking};
    use Violation::{RequestCut, RequestEnded, Unexpected};
    const fn c(next: State, act: Act) -> Cell { Cell { next, act } }
    const fn pass(next: State) -> Cell { c(next, Pass) }
    const fn go(next: State) -> Cell { c(next, Go) }
    const fn drop(next: State) -> Cell { c(next, Drop) }
    const ODD: Cell = c(Closed, Break(Unexpected));
    const CUT: Cell = c(Closed, Fail(RequestCut));
    const END: Cell = c(Closed, Fail(RequestEnded));
    const OFF: Cell = c(Closed, Abort);
    const DONE: Cell = c(Closed, Done);
    const AFTER: Cell = c(Closed, Drop);
    const OURS: Cell = c(Closed, Misuse);
    [
        // NameAsked. Our direction has ended with the request, so a STOP of it is of a race and means nothing.
        [ODD, ODD, ODD, pass(NameTaking), ODD, ODD, ODD, ODD, ODD, pass(Settled),
         END, CUT, OFF, drop(NameAsked), c(NameAsked, Misuse), c(NameAsked, Misuse), OFF],
        // NameTaking
        [ODD, ODD, ODD, ODD, pass(NameTaking), ODD, ODD, ODD, ODD, pass(Settled),
         DONE, CUT, OFF, drop(NameTaking), c(NameTaking, Misuse), c(NameTaking, Misuse), OFF],
        // IdAsked
        [ODD, ODD, ODD, ODD, pass(Settled), ODD, ODD, ODD, ODD, pass(Settled),
         END, CUT, OFF, drop(IdAsked), c(IdAsked, Misuse), c(IdAsked, Misuse), OFF],
        // WantAsked. Our direction stays open for CANCEL.
        [ODD, ODD, ODD, ODD, ODD, pass(WantTaking), ODD, ODD, ODD, pass(Settled),
         END, CUT, OFF, drop(WantAsked), go(WantAsked), go(WantAsked), OFF],
        // WantTaking
        [ODD, ODD, ODD, ODD, pass(WantTaking), ODD, ODD, ODD, ODD, pass(Settled),
         DONE, CUT, OFF, drop(WantTaking), go(WantTaking), go(WantTaking), OFF],
        // PurgeAsked
        [ODD, ODD, ODD, ODD, ODD, ODD, ODD, pass(Settled), ODD, pass(Settled),
         END, CUT, OFF, drop(PurgeAsked), c(PurgeAsked, Misuse), c(PurgeAsked, Misuse), OFF],
        // PutOffered. Without our direction there is nothing to store, so a STOP ends it unless an answer came.
        [ODD, pass(PutOffered), ODD, ODD, ODD, ODD, pass(Settled), ODD, ODD, pass(Settled),
         END, CUT, OFF, OFF, go(PutOffered), go(PutOffered), OFF],
        // Settled
        [ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD,
         DONE, CUT, DONE, drop(Settled), drop(Settled), go(Settled), OFF],
        // Fresh
        [pass(Serving), pass(WantServing), pass(PutHead), ODD, ODD, ODD, ODD, ODD, ODD, ODD,
         END, CUT, OFF, OFF, c(Fresh, Misuse), c(Fresh, Misuse), OFF],
        // Serving
        [ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD,
         c(Serving, Ended), CUT, OFF, OFF, go(Serving), go(Replied), OFF],
        // WantServing
        [ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, pass(WantServing), ODD,
         c(WantServing, Ended), CUT, OFF, OFF, go(WantServing), go(Replied), OFF],
        // PutHead. FAIL may be said before the offer is whole.
        [ODD, ODD, ODD, pass(PutBody), ODD, ODD, ODD, ODD, ODD, ODD,
         END, CUT, OFF, OFF, go(PutHead), go(Replied), OFF],
        // PutBody
        [ODD, ODD, ODD, ODD, pass(PutBody), ODD, ODD, ODD, ODD, ODD,
         c(Storing, Ended), CUT, OFF, OFF, go(PutBody), go(Replied), OFF],
        // Storing
        [ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD, ODD,
         ODD, ODD, drop(Storing), OFF, go(Storing), go(Replied), OFF],
        // Replied. What was under way when the answer was given is read and dropped.
        [ODD, ODD, ODD, drop(Replied), drop(Replied), ODD, ODD, ODD, drop(Replied), ODD,
         DONE, DONE, DONE, drop(Replied), c(Replied, Misuse), c(Replied, Misuse), OFF],
        // Closed
        [AFTER, AFTER, AFTER, AFTER, AFTER, AFTER, AFTER, AFTER, AFTER, AFTER,
         AFTER, AFTER, AFTER, AFTER, OURS, OURS, AFTER],
    ]
};
