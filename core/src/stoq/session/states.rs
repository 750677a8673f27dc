//! The states of a session: a total table of state and event (clause 15.1 of the standard).
//!
//! ```text
//!  Idle ──begin──▶ Greeting ──keyed──▶ Settling ──settings──▶ Confirming ──confirm──▶ Open
//!                      └────settings──▶ Met ────keyed────────────▲                  │    │
//!                                                                         we leave  ▼    ▼ the peer leaves
//!              any ──violation, late, closed──▶ Closed ◀──drained── Draining ──▶ Parting ◀── Leaving
//! ```

use super::violation::Violation;
use crate::testing::Breach;

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Nothing was sent.
    Idle,
    /// SETTINGS are sent; neither the keys of the connection nor the settings of the peer are there.
    Greeting,
    /// The keys are there; the settings of the peer are due.
    Settling,
    /// The settings of the peer are there; the keys are due.
    Met,
    /// CONFIRM is sent; that of the peer is due.
    Confirming,
    /// Both sides agree.
    Open,
    /// This side accepts no more requests and finishes those it has.
    Draining,
    /// The peer accepts no more requests.
    Leaving,
    /// Both leave.
    Parting,
    /// Nothing more is sent.
    Closed,
}

/// What can happen to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Event {
    /// Frames can be sent.
    Begin,
    /// The handshake of TLS is complete.
    Keyed,
    /// Valid SETTINGS came.
    Settings,
    /// The CONFIRM that was expected came.
    Confirm,
    /// Any other frame came on the control stream.
    Told,
    /// GOAWAY came.
    GoAway,
    /// The peer opened a stream of requests.
    RequestIn,
    /// The same, in early data that the driver accepted.
    EarlyIn,
    /// This side wants to ask.
    RequestOut,
    /// The same, in early data, with what is remembered of the peer.
    EarlyOut,
    /// A datagram came.
    Datagram,
    /// This side wants to leave in good order.
    Leave,
    /// The last exchange ended.
    Drained,
    /// The time to agree, or to leave, is over.
    Late,
    /// The peer or the driver broke a rule, or this side wants to close at once.
    Break,
    /// The connection is gone.
    Gone,
}

/// Every state, by its number.
pub const STATES: [State; 10] = [
    State::Idle,
    State::Greeting,
    State::Settling,
    State::Met,
    State::Confirming,
    State::Open,
    State::Draining,
    State::Leaving,
    State::Parting,
    State::Closed,
];

/// Every event, by its number.
pub const EVENTS: [Event; 16] = [
    Event::Begin,
    Event::Keyed,
    Event::Settings,
    Event::Confirm,
    Event::Told,
    Event::GoAway,
    Event::RequestIn,
    Event::EarlyIn,
    Event::RequestOut,
    Event::EarlyOut,
    Event::Datagram,
    Event::Leave,
    Event::Drained,
    Event::Late,
    Event::Break,
    Event::Gone,
];

/// What is done at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Open the control stream and send SETTINGS.
    Greet,
    /// Send CONFIRM; requests may be sent from now on.
    Confirm,
    /// Tell the layer above what was agreed, and read what was held.
    Open,
    /// Leave the stream unread.
    Hold,
    /// Go on with it: read the stream, send the request, take the frame.
    Go,
    /// Refuse the request, either way; another attempt may succeed.
    Refuse,
    /// Drop it without a word.
    Drop,
    /// Tell the layer above that the peer leaves.
    Announce,
    /// Send GOAWAY.
    GoAway,
    /// Close the connection in good order.
    Close,
    /// Close the connection for the violation that the event carries.
    Break,
    /// Close the connection for this violation.
    Fail(Violation),
    /// Tell the layer above that the connection is gone.
    Gone,
}

/// A cell of the table.
pub type Cell = crate::machine::Cell<State, Act>;

/// What happens in `state` at `event`.
pub fn cell(state: State, event: Event) -> Cell {
    if state == State::Draining && event == Event::RequestIn && Breach::SessionCellWrong.is_on() {
        return Cell { next: state, act: Act::Nothing };
    }
    TABLE[state as usize][event as usize]
}

/// The table: a row for each state of [`STATES`], a column for each event of [`EVENTS`]. The types let no cell be missing.
#[rustfmt::skip]
pub const TABLE: [[Cell; 16]; 10] = {
    use Act::{Announce, Break, Close, Confirm, Drop, Fail, Go, GoAway, Gone, Greet, Hold, Nothing, Open as Opened, Refuse};
    use State::{Closed, Confirming, Draining, Greeting, Idle, Leaving, Met, Open, Parting, Settling};
    use Violation::{Internal, SettingsLate, SettingsMissing, SettingsTwice, Unexpected};
    const fn c(next: State, act: Act) -> Cell { Cell { next, act } }
    // The driver broke the contract.
    const OURS: Cell = c(Closed, Fail(Internal));
    // A frame before its time, or once more.
    const EARLY: Cell = c(Closed, Fail(SettingsMissing));
    const TWICE: Cell = c(Closed, Fail(SettingsTwice));
    const ODD: Cell = c(Closed, Fail(Unexpected));
    const LATE: Cell = c(Closed, Fail(SettingsLate));
    const BREAK: Cell = c(Closed, Break);
    const CLOSE: Cell = c(Closed, Close);
    const GONE: Cell = c(Closed, Gone);
    const AFTER: Cell = c(Closed, Nothing);
    [
        // Idle
        [c(Greeting, Greet), OURS, OURS, OURS, OURS, OURS,
         OURS, OURS, c(Idle, Refuse), c(Idle, Refuse), c(Idle, Drop),
         CLOSE, c(Idle, Nothing), LATE, BREAK, GONE],
        // Greeting
        [OURS, c(Settling, Nothing), c(Met, Nothing), EARLY, EARLY, EARLY,
         c(Greeting, Hold), c(Greeting, Go), c(Greeting, Refuse), c(Greeting, Go), c(Greeting, Drop),
         CLOSE, c(Greeting, Nothing), LATE, BREAK, GONE],
        // Settling
        [OURS, OURS, c(Confirming, Confirm), EARLY, EARLY, EARLY,
         c(Settling, Hold), c(Settling, Go), c(Settling, Refuse), c(Settling, Go), c(Settling, Drop),
         CLOSE, c(Settling, Nothing), LATE, BREAK, GONE],
        // Met
        [OURS, c(Confirming, Confirm), TWICE, ODD, ODD, ODD,
         c(Met, Hold), c(Met, Go), c(Met, Refuse), c(Met, Go), c(Met, Drop),
         CLOSE, c(Met, Nothing), LATE, BREAK, GONE],
        // Confirming
        [OURS, OURS, TWICE, c(Open, Opened), ODD, ODD,
         c(Confirming, Hold), c(Confirming, Go), c(Confirming, Go), c(Confirming, Go), c(Confirming, Drop),
         CLOSE, c(Confirming, Nothing), LATE, BREAK, GONE],
        // Open
        [OURS, OURS, TWICE, ODD, c(Open, Go), c(Leaving, Announce),
         c(Open, Go), c(Open, Go), c(Open, Go), c(Open, Go), c(Open, Go),
         c(Draining, GoAway), c(Open, Nothing), c(Open, Nothing), BREAK, GONE],
        // Draining
        [OURS, OURS, TWICE, ODD, c(Draining, Go), c(Parting, Announce),
         c(Draining, Refuse), c(Draining, Refuse), c(Draining, Refuse), c(Draining, Refuse), c(Draining, Go),
         c(Draining, Nothing), CLOSE, CLOSE, BREAK, GONE],
        // Leaving
        [OURS, OURS, TWICE, ODD, c(Leaving, Go), c(Leaving, Announce),
         c(Leaving, Go), c(Leaving, Go), c(Leaving, Refuse), c(Leaving, Refuse), c(Leaving, Go),
         c(Parting, GoAway), c(Leaving, Nothing), c(Leaving, Nothing), BREAK, GONE],
        // Parting
        [OURS, OURS, TWICE, ODD, c(Parting, Go), c(Parting, Announce),
         c(Parting, Refuse), c(Parting, Refuse), c(Parting, Refuse), c(Parting, Refuse), c(Parting, Go),
         c(Parting, Nothing), CLOSE, CLOSE, BREAK, GONE],
        // Closed: an error is never answered with an error.
        [AFTER, AFTER, AFTER, AFTER, AFTER, AFTER,
         AFTER, AFTER, c(Closed, Refuse), c(Closed, Refuse), c(Closed, Drop),
         AFTER, AFTER, AFTER, AFTER, c(Closed, Nothing)],
    ]
};
