//! Limits, margins and wake-ups that come late: what only the exact value shows.

use super::guard::{Effect as Said, Guard, Input as Heard, PeerId, Why as Reason};
use super::keeper::states::State;
use super::keeper::{Effect, Input, Keeper, Why};
use super::revocation::LIST_MAX;
use super::*;
use crate::machine::Machine;
use std::sync::Arc;

const NOW: Time = Time(1_000_000_000_000);

/// A guard with the list of its issuer, and a certificate that it accepts.
fn guarded(policy: Policy) -> (Guard<Unlogged>, Issuer, Box<Presented>) {
    let mut issuer = issuer(&policy);
    let certificate = issuer.issue(&request(Span::secs(3600)), NOW).expect("it is enrolled");
    let mut guard = Guard::new(Arc::new(policy), Unlogged);
    say(&mut guard, Heard::List(issuer.list(NOW)));
    (guard, issuer, Box::new(presented(certificate)))
}

fn say(guard: &mut Guard<Unlogged>, input: Heard) -> Vec<Said> {
    let said = react(NOW, &mut 0, |cx| guard.handle(input, cx));
    guard.check().expect("it keeps its promises");
    said
}

fn comes(peer: u64, presented: &Presented) -> Heard {
    Heard::Present { peer: PeerId(peer), presented: Box::new(presented.clone()), asked: edge() }
}

#[test]
fn as_many_peers_as_allowed_are_watched_and_not_one_more() {
    let (mut guard, _, presented) = guarded(Policy { peers_max: 2, ..policy() });
    assert_eq!(guard.peers(), 0);
    for peer in 1..=2 {
        assert!(say(&mut guard, comes(peer, &presented)).contains(&Said::Accept { peer: PeerId(peer) }));
    }
    let refused = Said::Refuse { peer: PeerId(3), refusal: Refusal::TooMany };
    assert!(say(&mut guard, comes(3, &presented)).contains(&refused));
    assert!(say(&mut guard, comes(2, &presented)).contains(&Said::Accept { peer: PeerId(2) }), "who is known needs no more room");
    assert_eq!(guard.peers(), 2);
    say(&mut guard, Heard::Gone(PeerId(1)));
    assert_eq!(guard.peers(), 1);
}

#[test]
fn one_wake_up_serves_all_judgements_that_end_together() {
    let (mut guard, mut issuer, presented) = guarded(policy());
    let wakes = |said: Vec<Said>| said.into_iter().filter(|said| matches!(said, Said::Wake { why: Reason::Judge, .. })).collect::<Vec<_>>();
    let after = policy().list_life();
    assert_eq!(wakes(say(&mut guard, comes(1, &presented))), [Said::Wake { after, why: Reason::Judge }]);
    assert_eq!(wakes(say(&mut guard, comes(2, &presented))), []);
    let brief = issuer.issue(&request(Span::secs(1)), NOW).expect("it is enrolled");
    let sooner = Said::Wake { after: Span::secs(1), why: Reason::Judge };
    assert_eq!(wakes(say(&mut guard, comes(3, &super::presented(brief)))), [sooner]);
}

#[test]
fn lists_are_asked_for_four_times_within_the_life_of_one() {
    let (mut guard, _, presented) = guarded(policy());
    assert_eq!(guard.lists().sequence(ISSUER), Some(1), "the one that came is at hand");
    let said = say(&mut guard, comes(1, &presented));
    assert!(said.contains(&Said::Fetch { issuer: ISSUER }));
    let quarter = Span(policy().list_life().0 / 4);
    assert!(said.contains(&Said::Wake { after: quarter, why: Reason::Fetch }), "{said:?}");
}

#[test]
fn what_has_ended_is_forgotten_when_it_has_ended_by_every_clock() {
    let policy = policy();
    let margin = policy.clock_error + policy.clock_error;
    let kept = |after: Span| {
        let mut issuer = issuer(&policy);
        let serial = issuer.issue(&request(Span::secs(10)), NOW).expect("it is enrolled").serial;
        assert!(issuer.revoke(serial, NOW));
        issuer.list(NOW + Span::secs(10) + after).serials.len()
    };
    assert_eq!(kept(margin), 1, "two clocks may be that far apart");
    assert_eq!(kept(margin + Span::nanos(1)), 0);
}

#[test]
fn a_list_is_due_at_once_after_a_revocation_and_else_in_a_quarter_of_its_life() {
    let mut issuer = issuer(&policy());
    assert_eq!(issuer.list_due(), Time::ZERO, "there is none yet");
    issuer.list(NOW);
    assert_eq!(issuer.list_due(), NOW + Span(policy().list_life().0 / 4));
    let serial = issuer.issue(&request(Span::secs(10)), NOW).expect("it is enrolled").serial;
    assert!(issuer.revoke(serial, NOW));
    assert_eq!(issuer.list_due(), Time::ZERO);
    issuer.list(NOW);
    assert!(issuer.revoke(serial, NOW), "once more");
    assert_ne!(issuer.list_due(), Time::ZERO, "that changed nothing");
}

/// A holder, and wake-ups that the test gives by hand.
struct Hand {
    keeper: Keeper,
    issuer: Issuer,
    now: Time,
    draws: u32,
    said: Vec<Effect>,
}

impl Hand {
    fn new(overlap: Span) -> Self {
        let config = keeper::Config {
            name: name("edge/1"),
            roles: Roles::EDGE,
            life: Span::secs(100),
            overlap,
            answer_within: Span::secs(2),
            retry_after: Span::millis(100),
        };
        let mut hand = Self { keeper: Keeper::new(Arc::new(config)), issuer: issuer(&policy()), now: Time(1), draws: 0, said: Vec::new() };
        hand.hears(Input::Start);
        hand
    }

    fn hears(&mut self, input: Input) {
        self.said = react(self.now, &mut self.draws, |cx| self.keeper.handle(input, cx));
        self.keeper.check().expect("it keeps its promises");
    }

    fn wakes(&mut self, why: Why) {
        self.said = react(self.now, &mut self.draws, |cx| self.keeper.wake(why, cx));
        self.keeper.check().expect("it keeps its promises");
    }

    fn is_granted(&mut self, request: u32) -> Serial {
        let certificate = self.issuer.issue(&super::request(Span::secs(100)), self.now).expect("it is enrolled");
        let serial = certificate.serial;
        self.hears(Input::Answer { request, granted: Some(Box::new(certificate)) });
        serial
    }
}

#[test]
fn wake_ups_about_what_is_over_change_nothing() {
    let mut hand = Hand::new(Span::secs(60));
    let first = hand.is_granted(1);
    hand.now += Span::secs(50);
    hand.wakes(Why::Due(first));
    let second = hand.is_granted(2);
    hand.now += Span::secs(45);
    hand.wakes(Why::Due(first));
    assert_eq!(hand.said, [], "the first has been followed already");
    hand.wakes(Why::Due(second));
    let third = hand.is_granted(3);
    hand.wakes(Why::Over(first));
    assert_eq!((hand.said.clone(), hand.keeper.previous().map(|one| one.serial)), (vec![], Some(second)));
    hand.wakes(Why::Over(third));
    assert_eq!(hand.said, [], "the present one is not the one before");
    hand.wakes(Why::Expired(second));
    assert_eq!((hand.said.clone(), hand.keeper.state()), (vec![], State::Overlapping));
}

#[test]
fn an_issuer_that_is_asked_again_has_its_whole_time() {
    let mut hand = Hand::new(Span::secs(10));
    hand.hears(Input::Answer { request: 1, granted: None });
    hand.now += Span::millis(100);
    hand.wakes(Why::Retry(1));
    assert!(hand.said.contains(&Effect::Request { request: 2 }));
    hand.wakes(Why::Retry(1));
    assert_eq!(hand.said, [], "it is being asked");
    hand.wakes(Why::Silent(1));
    assert_eq!(hand.said, [], "the second request is not late yet");
    hand.is_granted(2);
    assert_eq!(hand.keeper.state(), State::Valid);
    hand.wakes(Why::Silent(2));
    assert_eq!((hand.said.clone(), hand.keeper.state()), (vec![], State::Valid), "it answered");
    hand.now += Span::secs(50);
    let serial = hand.keeper.current().expect("it has one").serial;
    hand.wakes(Why::Due(serial));
    hand.hears(Input::Answer { request: 3, granted: None });
    hand.hears(Input::Revoked(serial));
    hand.hears(Input::Start);
    assert!(hand.said.contains(&Effect::Request { request: 4 }));
    hand.wakes(Why::Retry(3));
    assert_eq!(hand.said, [], "that wish is over");
}

#[test]
fn what_is_shown_of_a_holder_is_what_it_has() {
    let mut hand = Hand::new(Span::secs(10));
    assert_eq!((hand.keeper.current(), hand.keeper.ends()), (None, None));
    let serial = hand.is_granted(1);
    assert_eq!(hand.keeper.current().map(|one| one.serial), Some(serial));
    assert_eq!(hand.keeper.ends(), Some(hand.now + Span::secs(100)));
}

#[test]
fn a_certificate_is_taken_only_for_the_request_under_way_and_only_if_it_ends_later() {
    let mut hand = Hand::new(Span::secs(10));
    let offer = |hand: &mut Hand, request: u32, not_after: Time| {
        let certificate = hand.issuer.issue(&super::request(Span::secs(100)), hand.now).expect("it is enrolled");
        hand.hears(Input::Answer { request, granted: Some(Box::new(Certificate { not_after, ..certificate })) });
        hand.said.iter().any(|said| matches!(said, Effect::Install(_)))
    };
    let end = Time(Span::secs(200).0);
    assert!(!offer(&mut hand, 7, end), "nobody asked that");
    let now = hand.now;
    assert!(!offer(&mut hand, 1, now), "it has ended");
    hand.wakes(Why::Retry(1));
    assert!(offer(&mut hand, 2, end));
    assert!(!offer(&mut hand, 2, Time(end.0 + 1)), "that was answered");
    let serial = hand.keeper.current().expect("it has one").serial;
    hand.wakes(Why::Due(serial));
    assert!(!offer(&mut hand, 3, end), "it ends with the present one");
    hand.wakes(Why::Retry(3));
    assert!(offer(&mut hand, 4, Time(end.0 + 1)));
}

#[test]
fn an_issuer_that_refuses_is_asked_again_within_an_eighth_of_the_life() {
    let mut hand = Hand::new(Span::secs(10));
    let mut waits = Vec::new();
    for request in 1..=40 {
        hand.hears(Input::Answer { request, granted: None });
        let wait = hand.said.iter().find_map(|said| match said {
            Effect::Wake { after, why: Why::Retry(_) } => Some(*after),
            _ => None,
        });
        waits.push(wait.expect("it asks again"));
        hand.now += Span::secs(13);
        hand.wakes(Why::Retry(request));
    }
    let eighth = Span(Span::secs(100).0 / 8);
    assert!(waits[0] <= Span::millis(100) && waits[1] > Span::millis(150), "{waits:?}");
    let last = &waits[20..];
    assert!(last.iter().all(|wait| *wait <= eighth && wait.0 >= eighth.0 / 10 * 9), "{last:?}");
    let (least, most) = (last.iter().min().expect("some"), last.iter().max().expect("some"));
    assert!(most.0 - least.0 > eighth.0 / 20, "a fleet does not ask in step: {last:?}");
}

#[test]
fn a_list_of_the_greatest_length_is_taken_and_a_longer_one_is_not() {
    let list = |len: usize| RevocationList { issuer: ISSUER, sequence: 1, made: NOW, serials: (0..len as u64).map(Serial).collect() };
    assert!(Lists::default().take(list(LIST_MAX), &policy(), NOW));
    assert!(!Lists::default().take(list(LIST_MAX + 1), &policy(), NOW));
}

#[test]
fn whoever_lives_shortly_is_judged_to_the_end_whatever_the_list() {
    let policy = policy();
    let mut issuer = issuer(&policy);
    let mut lists = Lists::default();
    assert!(lists.take(issuer.list(NOW), &policy, NOW));
    let later = NOW + Span::secs(20);
    let brief = presented(issuer.issue(&request(policy.list_life()), later).expect("it is enrolled"));
    assert_eq!(judge(&brief, &edge(), &policy, &lists, &Unlogged, later), Ok(later + policy.list_life()));
}

#[test]
fn a_proof_of_the_greatest_length_is_looked_at() {
    struct Log;
    impl Transparency for Log {
        fn is_required(&self) -> bool {
            true
        }
        fn check(&self, _: &Certificate, _: &[u8], _: Time) -> Result<(), ProofFault> {
            Ok(())
        }
    }
    let policy = policy();
    let mut issuer = issuer(&policy);
    let brief = issuer.issue(&request(policy.list_life()), NOW).expect("it is enrolled");
    let judged = |len: u16| {
        let presented = Presented { proof: vec![0; usize::from(len)].into(), ..presented(brief.clone()) };
        judge(&presented, &edge(), &policy, &Lists::default(), &Log, NOW).map(drop)
    };
    assert_eq!(judged(policy.proof_bytes_max), Ok(()));
    assert_eq!(judged(policy.proof_bytes_max + 1), Err(Refusal::TooLarge));
}

#[test]
fn only_the_last_request_is_repeated() {
    let mut hand = Hand::new(Span::secs(10));
    hand.hears(Input::Answer { request: 1, granted: None });
    hand.wakes(Why::Retry(1));
    hand.hears(Input::Answer { request: 2, granted: None });
    hand.wakes(Why::Retry(1));
    assert_eq!(hand.said, [], "that was the time to wait after the first");
    hand.wakes(Why::Retry(2));
    assert!(hand.said.contains(&Effect::Request { request: 3 }));
}

#[test]
fn a_full_list_takes_no_more_certificates_back_and_knows_those_that_it_has() {
    let mut issuer = issuer(&policy());
    let serials: Vec<Serial> =
        (0..=LIST_MAX).map(|_| issuer.issue(&request(Span::secs(100)), NOW).expect("it is enrolled").serial).collect();
    let (last, most) = serials.split_last().expect("there are some");
    assert!(most.iter().all(|serial| issuer.revoke(*serial, NOW)));
    assert!(!issuer.revoke(*last, NOW), "the list is full");
    assert!(issuer.revoke(most[0], NOW), "it is on the list");
    assert_eq!(issuer.list(NOW).serials.len(), LIST_MAX);
}
