//! R-13-03 and R-13-26: a holder's own certificate.

use super::scene::{KEY, NOW, name, react};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::machine::Machine;
use hypermesh_core::stoq::certs::keeper::{Config, Effect, Input, Keeper, Why};
use hypermesh_core::stoq::certs::{Issuer, IssuerId, Policy, Request, Serial};
use hypermesh_core::stoq::session::Roles;
use std::sync::Arc;

const LIFE: Span = Span::secs(1_000);
const OVERLAP: Span = Span::secs(60);

/// A holder with an issuer at hand and wake-ups in a row.
struct One {
    keeper: Keeper,
    issuer: Issuer,
    now: Time,
    draws: u32,
    wakes: Vec<(Time, Why)>,
    requests: Vec<(Time, u32)>,
    installed: Vec<Serial>,
    retired: Vec<(Time, Serial)>,
    lapses: u32,
}

impl One {
    /// A holder that has its first certificate since now.
    fn started() -> Self {
        let config = Config {
            name: name("edge-1"),
            roles: Roles::EDGE,
            life: LIFE,
            overlap: OVERLAP,
            answer_within: Span::secs(2),
            retry_after: Span::millis(100),
        };
        let mut issuer = Issuer::new(IssuerId([1; 32]), &Policy::default());
        issuer.enrol(name("edge-1"), Roles::EDGE);
        let mut one = Self {
            keeper: Keeper::new(Arc::new(config)),
            issuer,
            now: NOW,
            draws: 0,
            wakes: Vec::new(),
            requests: Vec::new(),
            installed: Vec::new(),
            retired: Vec::new(),
            lapses: 0,
        };
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
                Effect::Request { request } => self.requests.push((self.now, request)),
                Effect::Install(certificate) => self.installed.push(certificate.serial),
                Effect::Retire(serial) => self.retired.push((self.now, serial)),
                Effect::Lapsed => self.lapses += 1,
                Effect::Wake { after, why } => self.wakes.push((self.now + after, why)),
            }
        }
    }

    /// The issuer answers the last request.
    fn grant(&mut self) {
        let Some((_, request)) = self.requests.last().copied() else { return };
        let wish = Request { name: name("edge-1"), roles: Roles::EDGE, key: KEY, life: LIFE };
        let granted = self.issuer.issue(&wish, self.now).ok().map(Box::new);
        self.handle(Input::Answer { request, granted });
    }

    /// Lets time pass until a moment, with an issuer that answers or not.
    fn run_to(&mut self, end: Time, answers: bool) {
        while let Some(first) = (0..self.wakes.len()).min_by_key(|at| self.wakes[*at].0).filter(|at| self.wakes[*at].0 <= end) {
            let (at, why) = self.wakes.remove(first);
            self.now = self.now.max(at);
            let before = self.requests.len();
            let out = react(self.now, &mut self.draws, |cx| self.keeper.wake(why, cx));
            self.take(out);
            if answers && self.requests.len() > before {
                self.grant();
            }
        }
        self.now = end;
    }
}

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [renewal(), overlap()].concat()
}

/// R-13-03: the next one.
fn renewal() -> Vec<Case> {
    vec![
        Case::function("R-13-03/when-half-of-its-life-is-over", Valid, || {
            let mut one = One::started();
            one.run_to(NOW + LIFE, true);
            let asked = one.requests.get(1).map(|(at, _)| at.since(NOW));
            // Half of the life, or up to a tenth of that half earlier.
            let right = asked.is_some_and(|asked| (Span::secs(450)..=Span::secs(500)).contains(&asked));
            ensure(right, || format!("with a life of {LIFE} the next certificate is asked for after {asked:?}"))
        }),
        Case::function("R-13-03/an-issuer-that-answers-always", Valid, || {
            let mut one = One::started();
            one.run_to(NOW + LIFE.times(20), true);
            let right = one.lapses == 0 && one.installed.len() >= 20;
            ensure(right, || format!("{} certificates and {} lapses", one.installed.len(), one.lapses))
        }),
        Case::function("R-13-03/an-issuer-that-is-silent-until-just-before-the-end", Boundary, || {
            let mut one = One::started();
            one.run_to(NOW + Span(LIFE.0 - 10_000_000_000), false);
            let tries = one.requests.len();
            ensure(tries > 2, || format!("a silent issuer was asked {tries} times"))?;
            // The next of its attempts is answered.
            one.run_to(NOW + LIFE, true);
            let asked = one.requests.last().map(|(at, _)| at.since(NOW));
            ensure(asked.is_some_and(|asked| asked <= LIFE), || format!("{asked:?}"))
        }),
        Case::function("R-13-03/each-request-is-a-new-one", Invalid, || {
            // The driver makes a key for each request, so that no two certificates have one key.
            let mut one = One::started();
            one.run_to(NOW + LIFE.times(5), true);
            let mut numbers: Vec<u32> = one.requests.iter().map(|(_, number)| *number).collect();
            numbers.dedup();
            let right = numbers.len() == one.requests.len() && numbers.is_sorted();
            ensure(right, || format!("{numbers:?}"))
        }),
    ]
}

/// A holder at its first rotation.
fn rotated() -> Outcome<One> {
    let mut one = One::started();
    while one.installed.len() < 2 {
        let next = one.wakes.iter().map(|(at, _)| *at).min().unwrap_or(Time::NEVER);
        ensure(next < NOW + LIFE.times(3), || "there is no second certificate".into())?;
        one.run_to(next, true);
    }
    Ok(one)
}

/// R-13-26: the one before.
fn overlap() -> Vec<Case> {
    vec![
        Case::function("R-13-26/it-is-in-use-after-the-rotation", Valid, || {
            let mut one = rotated()?;
            let first = one.installed[0];
            let until = one.now + Span::secs(30);
            one.run_to(until, true);
            let held = one.keeper.previous().map(|previous| previous.serial);
            ensure(held == Some(first), || format!("half of the overlap is over, and {held:?} is in use"))
        }),
        Case::function("R-13-26/the-last-instant-of-the-overlap", Boundary, || {
            let mut one = rotated()?;
            let end = one.now + OVERLAP;
            one.run_to(Time(end.0 - 1), true);
            ensure(one.retired.is_empty(), || format!("before the overlap was over {:?} were retired", one.retired))
        }),
        Case::function("R-13-26/the-end-of-the-overlap", Boundary, || {
            let mut one = rotated()?;
            let end = one.now + OVERLAP;
            one.run_to(end, true);
            let right = one.retired == [(end, one.installed[0])];
            ensure(right, || format!("after the overlap {:?} were retired", one.retired))
        }),
        Case::function("R-13-26/a-certificate-that-was-revoked", Invalid, || {
            let mut one = rotated()?;
            one.handle(Input::Revoked(one.installed[0]));
            ensure(one.keeper.previous().is_none(), || "a revoked certificate is in use".into())
        }),
    ]
}
