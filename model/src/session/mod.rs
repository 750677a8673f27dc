//! Two sessions and the connection between them.
//!
//! Everything that a driver and two applications may do, in any order: handshakes that end sooner or later, requests, answers and offers, requests that are
//! given up, an orderly leave, a close, a connection that is cut, deadlines that pass while messages are still under way, a probe whose datagram is lost, and
//! somebody between the two who takes a capability out of SETTINGS.
//!
//! Promises: what both sides agree on is equal on both; it is never less than what both have, whoever is in between; nothing is served that needs an open
//! session before both have confirmed; after a close nothing is sent; nobody asks a peer that leaves; an exchange that ended well was answered; the counts of
//! the machine hold; and whatever happens, both sides end closed, or open with nothing left to do.
//!
//! Time passes from deadline to deadline: between two of them no clock of a session can tell. It leaves out early data with a remembered peer but for the
//! client's own GET, claims and routes, WANT, and every length of content: only heads of frames pass through a session.

mod actions;
mod seat;
#[cfg(test)]
mod tests;

pub use actions::Action;
pub use seat::{Broken, Seat};

use crate::held::Held;
use crate::line::{Line, side};
use crate::run::{Effort, Report, Told, check};
use crate::{Found, Seed, Size, World};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::session::states::State as Phase;
use hypermesh_core::stoq::session::{Agreed, Capabilities, Code, Config, Roles, Session, Setting, Settings};
use hypermesh_core::testing::Breach;
use stateright::{Model, Property};
use std::sync::Arc;

const SAME: &str = "both sides agree on the same";
const ALL: &str = "what is agreed is all that both have, whoever is in between";
const SERVED: &str = "nothing is served before both have confirmed, but what early data allow";
const SILENT: &str = "after a close nothing is sent";
const LEAVER: &str = "nobody asks a peer that leaves";
const ANSWERED: &str = "an exchange that ended well was answered";
const COUNTS: &str = "the counts of the machine hold";
const HONEST: &str = "honest sides never break the protocol";
const REST: &str = "where nothing more can happen, both are closed or at rest";

/// This world by name.
pub const WORLD: World = World {
    name: "session",
    explore,
    seeds: &[
        Found::small(Seed::breach(Breach::IgnoreConfirmation), SAME),
        Found::small(Seed::breach(Breach::AnswerBeforeConfirmed), SERVED),
    ],
};

const NOTHING: Left =
    Left { asks: [&[]; 2], leave: [false; 2], close: [false; 2], give_up: 0, probes: [0; 2], cut: false, tamper: false, late: 0 };

/// The settings that are explored, each with its own emphasis.
fn settings(size: Size) -> Vec<Left> {
    match size {
        Size::Small => vec![
            Left { asks: [&[Ask::Purge], &[]], tamper: true, late: 1, ..NOTHING },
            Left { asks: [&[Ask::Get], &[]], leave: [false, true], cut: true, ..NOTHING },
        ],
        Size::Large => vec![
            Left { asks: [&[Ask::Purge, Ask::GetEarly], &[]], close: [false, true], cut: true, tamper: true, late: 1, ..NOTHING },
            Left { asks: [&[Ask::Put, Ask::Get], &[]], leave: [false, true], give_up: 1, cut: true, ..NOTHING },
            Left { asks: [&[Ask::Get], &[Ask::Purge]], leave: [true; 2], probes: [1, 0], cut: true, ..NOTHING },
        ],
    }
}

fn explore(size: Size, effort: Effort, seed: Seed) -> Vec<Report> {
    let pairs = settings(size).into_iter().map(|left| Pair { seed, ..Pair::new(left) });
    pairs.map(|pair| check("session", pair.bounds(), pair, effort)).collect()
}

/// What an application asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// GET_ID: one frame there, one back.
    Get,
    /// The same in early data, before the peer is known.
    GetEarly,
    /// PURGE: it may not travel in early data.
    Purge,
    /// PUT, then a manifest, then the end; then the acknowledgement.
    Put,
}

/// What may happen, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Left {
    /// Requests that each side asks for, the last one first.
    pub asks: [&'static [Ask]; 2],
    /// Whether each side may leave.
    pub leave: [bool; 2],
    /// Whether each side may close at once.
    pub close: [bool; 2],
    /// Exchanges that may be given up, by either side.
    pub give_up: u8,
    /// Probes that each side may send.
    pub probes: [u8; 2],
    /// Whether the connection may be cut.
    pub cut: bool,
    /// Whether somebody in between may take a capability out of the SETTINGS of the client.
    pub tamper: bool,
    /// Deadlines that may pass while something else could still happen.
    pub late: u8,
}

/// Two sessions, and what may happen to them.
#[derive(Clone, Debug)]
pub struct Pair {
    configs: [Arc<Config>; 2],
    left: Left,
    /// What is planted.
    pub seed: Seed,
}

/// A state of the pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The sides with their drivers and applications. 0 is the client.
    pub ends: [Held<Seat>; 2],
    /// What is between them.
    pub line: Held<Line>,
    /// The time.
    pub now: Time,
    /// What may still happen.
    pub left: Left,
    /// Whether SETTINGS were changed on the way.
    pub tampered: bool,
}

impl Pair {
    /// A pair within these bounds.
    pub fn new(left: Left) -> Self {
        let config = |roles, capabilities, idle| {
            let settings = Settings::new(capabilities, roles).with(Setting::Requests, 2).with(Setting::IdleMillis, idle);
            Arc::new(Config {
                settings,
                agree_within: Span(4),
                leave_within: Span(4),
                // Looked at every second unit.
                stall_after: Span(8),
                waste_burst: 8,
                grease: false,
                ..Config::default()
            })
        };
        // The two differ, so that equal answers are no accident.
        let configs = [
            config(Roles::CLIENT, Capabilities::ALL.without(Capabilities::SEALED), 5_000),
            config(Roles::ORIGIN, Capabilities::ALL.without(Capabilities::ERASURE_1), 9_000),
        ];
        Self { configs, left, seed: Seed::NONE }
    }

    /// What both sides have to agree on if nobody is in between, as the side `end` sees it.
    fn expected(&self, end: usize) -> (Capabilities, Roles, Span) {
        let of = |end: usize, setting| self.configs[end].settings.get(setting);
        let both = Capabilities(of(0, Setting::Capabilities) & of(1, Setting::Capabilities));
        let idle = of(0, Setting::IdleMillis).min(of(1, Setting::IdleMillis));
        (both, Roles(of(1 - end, Setting::Roles) as u8), Span::millis(idle))
    }

    /// The bounds in words.
    pub fn bounds(&self) -> String {
        let Left { asks, leave, close, give_up, probes, cut, tamper, late } = self.left;
        let mut words = vec![format!("client asks {:?}, server asks {:?}", asks[0], asks[1])];
        let who = |both: [bool; 2]| match both {
            [true, true] => "either side",
            [true, false] => "the client",
            [false, true] => "the server",
            [false, false] => "nobody",
        };
        words.push(format!("{} may leave, {} may close", who(leave), who(close)));
        words.push(format!("{give_up} given up, {probes:?} probes, {late} deadlines before their time"));
        words.push(format!("{}{}", if cut { "cut" } else { "no cut" }, if tamper { ", tampered" } else { "" }));
        words.join("; ")
    }
}

impl State {
    /// Whether both sides are closed, or open with nothing left to do.
    pub fn is_at_rest(&self) -> bool {
        let closed = self.ends.iter().all(|end| end.session.state() == Phase::Closed);
        let open = self.ends.iter().all(|end| end.session.state() == Phase::Open && end.session.exchanges() == 0 && end.todo.is_empty());
        closed || (open && self.line.is_quiet())
    }

    fn agreed(&self, end: usize) -> Option<&Agreed> {
        self.ends[end].opened.as_ref()
    }

    fn never(&self, broken: Broken) -> bool {
        self.ends.iter().all(|end| end.broken != Some(broken))
    }
}

impl Model for Pair {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let seat = |end: usize| Held::new(Seat::new(Session::new(&self.configs[end], side(end)), end));
        vec![State { ends: [seat(0), seat(1)], line: Held::new(Line::default()), now: Time(1), left: self.left, tampered: false }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions::possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        self.seed.within(|| actions::take(&mut next, action));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(SAME, |_, state: &State| match (state.agreed(0), state.agreed(1)) {
                (Some(one), Some(other)) => (one.minor, one.capabilities, one.idle) == (other.minor, other.capabilities, other.idle),
                _ => true,
            }),
            Property::always(ALL, |pair: &Self, state: &State| {
                (0..2).all(|end| {
                    let seen = state.agreed(end).map(|agreed| (agreed.capabilities, agreed.roles, agreed.idle));
                    seen.is_none_or(|seen| seen == pair.expected(end))
                })
            }),
            Property::always(SERVED, |_, state: &State| state.never(Broken::ServedEarly)),
            Property::always(SILENT, |_, state: &State| state.never(Broken::SentAfterClose)),
            Property::always(LEAVER, |_, state: &State| state.never(Broken::AskedLeaver)),
            Property::always(ANSWERED, |_, state: &State| state.never(Broken::EndedUnanswered)),
            Property::always(COUNTS, |_, state: &State| state.never(Broken::Counts)),
            Property::always(HONEST, |_, state: &State| state.tampered || state.never(Broken::Protocol)),
            Property::always(REST, |_, state: &State| {
                let mut actions = Vec::new();
                actions::possible(state, &mut actions);
                !actions.is_empty() || state.is_at_rest()
            }),
            Property::eventually("both sides are closed or at rest", |_, state: &State| state.is_at_rest()),
            Property::sometimes("both sides are open", |_, state: &State| (0..2).all(|end| state.ends[end].session.state() == Phase::Open)),
        ];
        if self.left.asks.iter().any(|asks| !asks.is_empty()) {
            properties
                .push(Property::sometimes("an exchange ends well", |_, state: &State| state.ends.iter().any(|end| end.ended_well > 0)));
        }
        if self.left.leave.contains(&true) {
            properties.push(Property::sometimes("a side leaves in good order", |pair: &Self, state: &State| {
                let is_good =
                    |end: usize| state.ends[end].closed_with == Some(Code::NoError) && state.left.close[end] == pair.left.close[end];
                (0..2).any(|end| pair.left.leave[end] && !state.left.leave[end] && is_good(end))
            }));
        }
        properties
    }
}

impl Told for Pair {
    fn tell(&self, state: &State, action: &Action) -> String {
        actions::tell(state, action)
    }
}
