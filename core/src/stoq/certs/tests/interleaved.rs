//! Issuer, network and guards in any interleaving: no certificate is accepted past the bound.

use super::guard::{Effect, Guard, Input, PeerId, Why};
use super::*;
use crate::base::Purpose;
use crate::machine::Machine;
use crate::testing::Defect;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A guard on a node whose clock is off by a constant.
struct Seat {
    guard: Guard<Unlogged>,
    /// How far the clock is ahead of the truth, in nanoseconds; it is behind if this is less than the clock error.
    offset: u64,
    wakes: Vec<(Time, Why)>,
    draws: u32,
    next_peer: u64,
    shown: BTreeMap<PeerId, Serial>,
}

/// The truth about one certificate.
struct Fact {
    certificate: Certificate,
    /// When it ends, by the true clock.
    ends: Time,
    revoked: Option<Time>,
}

struct World {
    now: Time,
    policy: Arc<Policy>,
    issuer: Issuer,
    issuer_offset: u64,
    facts: Vec<Fact>,
    lists: Vec<RevocationList>,
    seats: Vec<Seat>,
    dice: Dice,
    rolls: u32,
    accepted: u64,
}

impl World {
    /// A world whose guards believe lists longer than they should by `slack`.
    fn new(seed: u64, slack: Span) -> Self {
        Self::planted(seed, slack, None)
    }

    /// The same with a defect in every guard.
    fn planted(seed: u64, slack: Span, defect: Option<Defect>) -> Self {
        let policy = Arc::new(Policy { clock_error: Span::secs(2), revocation_bound: Span::secs(30), ..policy() });
        let mut world = Self {
            now: Time(1_000_000_000_000),
            issuer: issuer(&policy),
            issuer_offset: 0,
            facts: Vec::new(),
            lists: Vec::new(),
            seats: Vec::new(),
            dice: Dice::new(SeedKey::new(seed)),
            rolls: 0,
            accepted: 0,
            policy,
        };
        let spread = 2 * world.policy.clock_error.0 + 1;
        world.issuer_offset = world.below(spread);
        for _ in 0..3 {
            let offset = world.below(spread);
            let believed = Policy { revocation_bound: world.policy.revocation_bound + slack, defect, ..(*world.policy).clone() };
            let guard = Guard::new(Arc::new(believed), Unlogged);
            world.seats.push(Seat { guard, offset, wakes: Vec::new(), draws: 0, next_peer: 0, shown: BTreeMap::new() });
        }
        world
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rolls += 1;
        self.dice.draw(5, Purpose::Test, self.rolls).below(bound)
    }

    /// A clock with this offset shows this, at the true moment.
    fn clock(&self, offset: u64) -> Time {
        Time(self.now.0 + offset - self.policy.clock_error.0)
    }

    fn act(&mut self, at: usize, input: Input) {
        let now = self.clock(self.seats[at].offset);
        let seat = &mut self.seats[at];
        let out = react(now, &mut seat.draws, |cx| seat.guard.handle(input, cx));
        self.take(at, now, out);
    }

    fn take(&mut self, at: usize, now: Time, out: Vec<Effect>) {
        for effect in out {
            match effect {
                Effect::Wake { after, why } => self.seats[at].wakes.push((now + after, why)),
                Effect::Accept { .. } => self.accepted += 1,
                Effect::Refuse { peer, .. } | Effect::Drop { peer, .. } => {
                    self.seats[at].shown.remove(&peer);
                }
                Effect::Fetch { .. } => {}
            }
        }
        self.seats[at].guard.check().unwrap_or_else(|broken| panic!("{broken}"));
    }

    /// Time goes on, and with it the wake-ups that are due by each clock.
    fn pass(&mut self, span: Span) {
        self.now += span;
        for at in 0..self.seats.len() {
            let now = self.clock(self.seats[at].offset);
            let (due, later) = std::mem::take(&mut self.seats[at].wakes).into_iter().partition(|(when, _)| *when <= now);
            self.seats[at].wakes = later;
            let due: Vec<(Time, Why)> = due;
            for (_, why) in due {
                let seat = &mut self.seats[at];
                let out = react(now, &mut seat.draws, |cx| seat.guard.wake(why, cx));
                self.take(at, now, out);
            }
        }
    }

    fn step(&mut self, what: u8) {
        let stamp = self.clock(self.issuer_offset);
        match what {
            0 => {
                let life = Span::secs([10, 20, 60, 300][self.below(4) as usize]);
                if let Ok(certificate) = self.issuer.issue(&request(life), stamp) {
                    self.facts.push(Fact { certificate, ends: self.now + life, revoked: None });
                }
            }
            1 if !self.facts.is_empty() => {
                let which = self.below(self.facts.len() as u64) as usize;
                let fact = &mut self.facts[which];
                if self.issuer.revoke(fact.certificate.serial, stamp) && fact.revoked.is_none() {
                    fact.revoked = Some(self.now);
                }
            }
            2 | 3 => {
                let list = self.issuer.list(stamp);
                self.lists.push(list);
            }
            // Any list ever made reaches any guard: late, twice, in the wrong order, or never.
            4..=6 if !self.lists.is_empty() => {
                let newest = self.lists.len() as u64;
                let which = if what == 4 { self.below(newest) } else { newest - 1 } as usize;
                let at = self.below(self.seats.len() as u64) as usize;
                self.act(at, Input::List(self.lists[which].clone()));
            }
            7..=9 if !self.facts.is_empty() => {
                // Mostly those that have not ended yet.
                let which = self.facts.len() - 1 - self.below(self.facts.len().min(6) as u64) as usize;
                let certificate = self.facts[which].certificate.clone();
                let at = self.below(self.seats.len() as u64) as usize;
                let peer = PeerId(self.seats[at].next_peer);
                self.seats[at].next_peer += 1;
                self.seats[at].shown.insert(peer, certificate.serial);
                self.act(at, Input::Present { peer, presented: Box::new(presented(certificate)), asked: edge() });
            }
            _ => {
                let span = Span::millis(self.below(9_000));
                self.pass(span);
            }
        }
    }

    /// The two promises, by the true clock.
    fn check(&self) -> Result<(), String> {
        for seat in &self.seats {
            let now = self.clock(seat.offset);
            for (peer, serial) in seat.shown.iter().filter(|(peer, _)| seat.guard.is_accepted(**peer, now)) {
                let fact = self.facts.iter().find(|fact| fact.certificate.serial == *serial).expect("it was issued");
                if fact.revoked.is_some_and(|revoked| self.now >= revoked + self.policy.revocation_bound) {
                    return Err(format!("{peer:?} was revoked at {:?}, and it is {}", fact.revoked, self.now));
                }
                // The end was written down by the issuer's clock and is read by this one.
                if self.now >= fact.ends + self.policy.clock_error + self.policy.clock_error {
                    return Err(format!("{peer:?} ended at {}, and it is {}", fact.ends, self.now));
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_certificate_is_accepted_past_the_bound(seed in any::<u64>(), steps in proptest::collection::vec(0..12u8, 20..200)) {
        let mut world = World::new(seed, Span::ZERO);
        for what in steps {
            world.step(what);
            prop_assert_eq!(world.check(), Ok(()));
        }
    }
}

#[test]
fn the_interleavings_do_accept_and_revoke() {
    let mut world = World::new(1, Span::ZERO);
    let mut dropped = 0;
    for round in 0..3_000u32 {
        let before: usize = world.seats.iter().map(|seat| seat.guard.peers()).sum();
        world.step((round * 7 % 12) as u8);
        assert_eq!(world.check(), Ok(()));
        let after: usize = world.seats.iter().map(|seat| seat.guard.peers()).sum();
        dropped += before.saturating_sub(after);
    }
    assert!(world.accepted > 100 && dropped > 50, "{} accepted, {dropped} dropped", world.accepted);
}

#[test]
fn guards_that_believe_lists_for_too_long_are_found() {
    let found = |slack| {
        (0..40).any(|seed| {
            let mut world = World::new(seed, slack);
            (0..600u32).any(|round| {
                world.step((round * 7 % 12) as u8);
                world.check().is_err()
            })
        })
    };
    assert!(found(Span::secs(15)), "the check can fail");
    assert!(!found(Span::ZERO));
}

#[test]
#[cfg(feature = "defects")]
fn guards_that_accept_what_is_over_are_found() {
    let found = |defect| {
        (0..10).any(|seed| {
            let mut world = World::planted(seed, Span::ZERO, defect);
            (0..600u32).any(|round| {
                world.step((round * 7 % 12) as u8);
                world.check().is_err_and(|broken| broken.contains("ended"))
            })
        })
    };
    assert!(found(Some(Defect::AcceptExpired)) && !found(None));
}

#[test]
fn peers_are_dropped_when_a_list_says_so() {
    let policy = Arc::new(policy());
    let now = Time(1_000_000_000_000);
    let mut issuer = issuer(&policy);
    let certificate = issuer.issue(&request(Span::secs(600)), now).expect("it is enrolled");
    let mut guard = Guard::new(policy, Unlogged);
    let mut draws = 0;
    let peer = PeerId(1);
    let present = || Input::Present { peer, presented: Box::new(presented(certificate.clone())), asked: edge() };
    let out = react(now, &mut draws, |cx| guard.handle(present(), cx));
    assert!(out.contains(&Effect::Refuse { peer, refusal: Refusal::NoList }), "{out:?}");
    assert!(out.contains(&Effect::Fetch { issuer: ISSUER }), "a list is asked for");
    react(now, &mut draws, |cx| guard.handle(Input::List(issuer.list(now)), cx));
    let out = react(now, &mut draws, |cx| guard.handle(present(), cx));
    assert!(out.contains(&Effect::Accept { peer }));
    issuer.revoke(certificate.serial, now);
    let out = react(now, &mut draws, |cx| guard.handle(Input::List(issuer.list(now)), cx));
    assert_eq!(out, [Effect::Drop { peer, refusal: Refusal::Revoked }]);
    let out = react(now, &mut draws, |cx| guard.handle(present(), cx));
    assert_eq!(out, [Effect::Refuse { peer, refusal: Refusal::Revoked }]);
}

#[test]
fn without_newer_lists_everybody_is_dropped() {
    let policy = Arc::new(policy());
    let now = Time(1_000_000_000_000);
    let mut issuer = issuer(&policy);
    let certificate = issuer.issue(&request(Span::secs(600)), now).expect("it is enrolled");
    let mut guard = Guard::new(policy.clone(), Unlogged);
    let mut draws = 0;
    react(now, &mut draws, |cx| guard.handle(Input::List(issuer.list(now)), cx));
    for n in 0..3 {
        let input = Input::Present { peer: PeerId(n), presented: Box::new(presented(certificate.clone())), asked: edge() };
        react(now, &mut draws, |cx| guard.handle(input, cx));
    }
    let end = now + policy.list_life();
    assert!(guard.is_accepted(PeerId(0), Time(end.0 - 1)) && !guard.is_accepted(PeerId(0), end), "even before the wake-up");
    let out = react(end, &mut draws, |cx| guard.wake(Why::Judge, cx));
    assert_eq!(out, [0, 1, 2].map(|n| Effect::Drop { peer: PeerId(n), refusal: Refusal::StaleList }));
}

#[test]
fn a_stricter_policy_holds_at_once() {
    let policy = policy();
    let now = Time(1_000_000_000_000);
    let mut issuer = issuer(&policy);
    let brief = issuer.issue(&request(policy.list_life()), now).expect("it is enrolled");
    let mut guard = Guard::new(Arc::new(policy.clone()), Unlogged);
    let mut draws = 0;
    let input = Input::Present { peer: PeerId(0), presented: Box::new(presented(brief)), asked: edge() };
    let out = react(now, &mut draws, |cx| guard.handle(input, cx));
    assert!(out.contains(&Effect::Accept { peer: PeerId(0) }));
    let retired = Policy { algorithms: Algorithm::MlDsa44.bit(), ..policy };
    let out = react(now, &mut draws, |cx| guard.handle(Input::Policy(Arc::new(retired)), cx));
    assert_eq!(out, [Effect::Drop { peer: PeerId(0), refusal: Refusal::Algorithm }]);
}
