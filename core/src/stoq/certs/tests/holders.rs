//! A node's own certificate: renewed with overlap, given up in time.

use super::keeper::states::{Act, EVENTS, Event, STATES, State, TABLE, cell};
use super::keeper::{Config, Effect, Input, Keeper, Why};
use super::*;
use crate::machine::Machine;
use proptest::prelude::*;
use std::sync::Arc;

/// A holder with an issuer at hand and wake-ups in a row.
struct One {
    keeper: Keeper,
    issuer: Issuer,
    now: Time,
    draws: u32,
    wakes: Vec<(Time, Why)>,
    requests: Vec<u32>,
    installed: Vec<Serial>,
    retired: Vec<Serial>,
    lapses: u32,
}

impl One {
    fn new(life: Span, overlap: Span) -> Self {
        let config = Config {
            name: name("edge/1"),
            roles: Roles::EDGE,
            life,
            overlap,
            answer_within: Span::secs(2),
            retry_after: Span::millis(100),
        };
        Self {
            keeper: Keeper::new(Arc::new(config)),
            issuer: issuer(&policy()),
            now: Time(1),
            draws: 0,
            wakes: Vec::new(),
            requests: Vec::new(),
            installed: Vec::new(),
            retired: Vec::new(),
            lapses: 0,
        }
    }

    fn started(life: Span, overlap: Span) -> Self {
        let mut one = Self::new(life, overlap);
        one.handle(Input::Start);
        one.grant();
        one
    }

    fn handle(&mut self, input: Input) {
        let out = react(self.now, &mut self.draws, |cx| self.keeper.handle(input, cx));
        self.take(out);
    }

    fn take(&mut self, out: Vec<Effect>) {
        for effect in out {
            match effect {
                Effect::Request { request } => self.requests.push(request),
                Effect::Install(certificate) => self.installed.push(certificate.serial),
                Effect::Retire(serial) => self.retired.push(serial),
                Effect::Lapsed => self.lapses += 1,
                Effect::Wake { after, why } => self.wakes.push((self.now + after, why)),
            }
        }
        self.keeper.check().unwrap_or_else(|broken| panic!("{broken}: {:?}", self.keeper));
    }

    /// The issuer answers the last request.
    fn grant(&mut self) {
        let request = *self.requests.last().expect("there was a request");
        let life = Span::secs(100);
        let granted = self.issuer.issue(&super::request(life), self.now).ok().map(Box::new);
        self.handle(Input::Answer { request, granted });
    }

    /// Wakes the holder with what is due first; false if nothing is.
    fn wake_next(&mut self) -> bool {
        let Some(first) = (0..self.wakes.len()).min_by_key(|at| self.wakes[*at].0) else { return false };
        let (at, why) = self.wakes.remove(first);
        self.now = self.now.max(at);
        let out = react(self.now, &mut self.draws, |cx| self.keeper.wake(why, cx));
        self.take(out);
        true
    }

    fn run_to(&mut self, end: Time, answers: bool) {
        while self.wakes.iter().any(|(at, _)| *at <= end) {
            let before = self.requests.len();
            self.wake_next();
            if answers && self.requests.len() > before {
                self.grant();
            }
        }
        self.now = end;
    }
}

#[test]
fn no_cell_of_the_holders_table_is_missing() {
    assert_eq!(TABLE.len(), STATES.len());
    for (row, state) in STATES.into_iter().enumerate() {
        assert_eq!(state as usize, row);
        assert_eq!(TABLE[row].len(), EVENTS.len());
        for (column, event) in EVENTS.into_iter().enumerate() {
            assert_eq!(event as usize, column);
            let cell = cell(state, event);
            assert!(cell.act != Act::Adopt || event == Event::Granted, "only a grant brings a certificate");
        }
    }
    for state in STATES {
        assert_eq!(cell(state, Event::Stop).next, State::Stopped);
    }
}

#[test]
fn the_standard_shows_the_table() {
    const STATES_TEXT: &str = include_str!("../../../../../docs/standard/15-states.md");
    for state in STATES {
        let cells: Vec<String> = EVENTS
            .iter()
            .map(|event| {
                let cell = cell(state, *event);
                format!("{:?} → {:?}", cell.act, cell.next)
            })
            .collect();
        let row = format!("| {state:?} | {} |", cells.join(" | "));
        assert!(STATES_TEXT.contains(&row), "{row}");
    }
}

#[test]
fn there_is_always_a_certificate_as_long_as_the_issuer_answers() {
    let mut one = One::started(Span::secs(100), Span::secs(10));
    one.run_to(Time(3_000_000_000_000), true);
    assert_eq!(one.lapses, 0);
    assert!((60..=70).contains(&one.installed.len()), "{} in fifty minutes, each for half of 100 s", one.installed.len());
    assert_eq!(one.retired.len(), one.installed.len() - 1 - usize::from(one.keeper.previous().is_some()));
}

#[test]
fn the_one_before_stays_in_use_for_the_overlap() {
    let mut one = One::started(Span::secs(100), Span::secs(10));
    let first = one.installed[0];
    while one.requests.len() < 2 {
        one.wake_next();
    }
    one.now += Span::millis(50);
    one.grant();
    assert_eq!(one.keeper.state(), State::Overlapping);
    assert_eq!(one.keeper.previous().map(|previous| previous.serial), Some(first));
    let adopted = one.now;
    one.run_to(adopted + Span(Span::secs(10).0 - 1), false);
    assert_eq!(one.retired, []);
    one.run_to(adopted + Span::secs(10), false);
    assert_eq!((one.retired.clone(), one.keeper.state()), (vec![first], State::Valid));
}

#[test]
fn an_issuer_that_is_silent_is_asked_again_with_patience() {
    let mut one = One::new(Span::secs(100), Span::secs(10));
    one.handle(Input::Start);
    one.run_to(Time(120_000_000_000), false);
    assert!((8..20).contains(&one.requests.len()), "{} requests in two minutes", one.requests.len());
    one.handle(Input::Answer { request: 1, granted: None });
    let late = one.issuer.issue(&request(Span::secs(100)), one.now).ok().map(Box::new);
    one.handle(Input::Answer { request: 1, granted: late });
    assert_eq!(one.installed, [], "an answer to a request that was given up is not taken");
}

#[test]
fn a_certificate_that_ends_is_not_used() {
    let mut one = One::started(Span::secs(100), Span::secs(10));
    one.run_to(Time(1) + Span::secs(100), false);
    assert_eq!((one.lapses, one.keeper.current()), (1, None));
    assert_eq!(one.keeper.state(), State::Requesting);
    one.run_to(Time(1) + Span::secs(130), true);
    assert_eq!(one.keeper.state(), State::Valid, "it comes back by itself");
}

#[test]
fn a_revoked_holder_waits_for_somebody_to_look() {
    let mut one = One::started(Span::secs(100), Span::secs(10));
    one.handle(Input::Revoked(Serial(99)));
    assert_eq!(one.keeper.state(), State::Valid, "not its own");
    one.handle(Input::Revoked(one.installed[0]));
    assert_eq!((one.keeper.state(), one.lapses), (State::Revoked, 1));
    one.run_to(Time(1) + Span::secs(500), true);
    assert_eq!(one.requests.len(), 1);
    one.handle(Input::Start);
    one.grant();
    assert_eq!(one.keeper.state(), State::Valid);
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let mut one = One::new(Span::secs(100), Span::secs(10));
    one.handle(Input::Start);
    one.issuer.enrol(name("edge/2"), Roles::EDGE);
    let other = Request { name: name("edge/2"), ..request(Span::secs(100)) };
    let granted = one.issuer.issue(&other, one.now).ok().map(Box::new);
    one.handle(Input::Answer { request: 1, granted });
    assert_eq!((one.installed.len(), one.keeper.state()), (0, State::Requesting));
    let less = Request { roles: Roles::CLIENT, ..request(Span::secs(100)) };
    one.wake_next();
    let granted = one.issuer.issue(&less, one.now).ok().map(Box::new);
    one.handle(Input::Answer { request: *one.requests.last().expect("it asked again"), granted });
    assert_eq!(one.installed.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn in_any_order_of_events_only_valid_certificates_are_used(steps in proptest::collection::vec((0..7u8, 0..40u64), 1..60)) {
        let mut one = One::new(Span::secs(100), Span::secs(10));
        for (what, n) in steps {
            match what {
                0 => one.handle(Input::Start),
                1 if !one.requests.is_empty() => one.grant(),
                2 => one.handle(Input::Answer { request: n as u32, granted: None }),
                3 => one.handle(Input::Revoked(Serial(n))),
                4 if n == 0 => one.handle(Input::Stop),
                _ => {
                    let end = one.now + Span::secs(n);
                    one.run_to(end, n % 3 == 0);
                }
            }
            for used in one.keeper.current().into_iter().chain(one.keeper.previous()) {
                prop_assert!(one.now < used.not_after, "{:?} at {}", used, one.now);
            }
        }
    }
}
