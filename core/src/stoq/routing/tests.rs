//! Promises of routing. What it gains on measured round trips is in `tests/routing_measured.rs`.

use super::choose::{Candidate, Rules, Spread, bound, choose};
use super::*;
use crate::base::{Dice, SeedKey, Wire};
use crate::machine::Chance;
use proptest::prelude::*;

const ME: NodeId = NodeId(0);
const HERE: GroupId = GroupId(1);
const PARIS: Spot = Spot { lat: 48.8566, lon: 2.3522 };
const BERLIN: Spot = Spot { lat: 52.52, lon: 13.405 };
const TOKYO: Spot = Spot { lat: 35.6762, lon: 139.6503 };

/// A router in Paris with what a driver lends it.
struct One {
    router: Router,
    dice: Dice,
    position: u32,
    now: Time,
}

impl One {
    fn new(config: Config) -> Self {
        let router = Router::new(claim(ME, PARIS, 1), config);
        let mut one = Self { router, dice: Dice::new(SeedKey::new(1)), position: 0, now: Time(1) };
        one.handle(Input::Place { group: HERE, spot: PARIS });
        one
    }

    fn react(&mut self, react: impl FnOnce(&mut Router, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, ME.0, &mut self.position);
        react(&mut self.router, &mut Cx::new(self.now, ME, chance, &mut out));
        assert_eq!(self.router.check(), Ok(()));
        out
    }

    fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.react(|router, cx| router.handle(input, cx))
    }

    fn advertise(&mut self, claim: Claim) -> Vec<Effect> {
        self.handle(Input::Message { from: claim.node, message: Message::Advertise { claim, load: 0 } })
    }

    fn ask(&mut self, request: u64) -> Vec<Effect> {
        self.handle(Input::Request { request: RequestId(request), group: HERE, key: 7, trail: Trail::EMPTY })
    }
}

fn claim(node: NodeId, spot: Spot, sequence: u64) -> Claim {
    Claim::new(node, spot, Accuracy::City, sequence, Span::secs(600))
}

fn asked(effects: &[Effect]) -> Option<u32> {
    effects.iter().find_map(|effect| if let Effect::Ask { to, .. } = effect { Some(to.0) } else { None })
}

fn gave_up(effects: &[Effect]) -> Option<NoWay> {
    effects.iter().find_map(|effect| if let Effect::GiveUp { why, .. } = effect { Some(*why) } else { None })
}

#[test]
fn light_in_fibre_needs_about_a_millisecond_for_a_hundred_kilometres_there_and_back() {
    assert_eq!(least_round_trip(100.0), Span(979_344));
    let (paris, tokyo) = (claim(ME, PARIS, 1), claim(NodeId(1), TOKYO, 1));
    let least = paris.least_round_trip(&tokyo);
    assert!((94.0..96.0).contains(&least.as_millis_f64()), "{least}");
    assert!(paris.is_plausible(&tokyo, least) && !paris.is_plausible(&tokyo, Span(least.0 - 1)));
    let vague = Claim { accuracy: Accuracy::Continent, ..tokyo };
    assert!(paris.is_plausible(&vague, Span::millis(71)), "a vague claim says less");
}

#[test]
fn a_claim_is_believed_only_if_it_is_newer_and_possible() {
    let mine = claim(ME, PARIS, 1);
    let theirs = claim(NodeId(1), TOKYO, 5);
    assert_eq!(judge(&theirs, Some(4), &mine, Some(Span::millis(200))), Ok(()));
    assert_eq!(judge(&theirs, Some(5), &mine, None), Err(Implausible::Old));
    assert_eq!(judge(&Claim { life: Span::ZERO, ..theirs }, None, &mine, None), Err(Implausible::Expired));
    assert!(matches!(judge(&theirs, None, &mine, Some(Span::millis(20))), Err(Implausible::FasterThanLight { .. })));
}

#[test]
fn a_position_is_the_same_whatever_turns_of_the_globe_describe_it() {
    let east = |lon: f64| Claim::new(ME, Spot { lat: 0.0, lon }, Accuracy::Site, 1, Span::secs(1)).lon_micro;
    assert_eq!(
        [east(-180.0), east(180.0), east(540.0), east(190.0), east(-540.0)],
        [180_000_000, 180_000_000, 180_000_000, -170_000_000, 180_000_000]
    );
}

#[test]
fn probes_keep_their_distance_whatever_is_set() {
    for (set, held) in [(Span::secs(1), Span::secs(1)), (PROBE_EVERY_MIN, PROBE_EVERY_MIN), (Span::nanos(1), PROBE_EVERY_MIN)] {
        let mut one = One::new(Config { probe_every: set, ..Config::default() });
        let effects = one.react(|router, cx| router.wake(Why::Probe, cx));
        assert_eq!(effects, [Effect::Wake { after: held, why: Why::Probe }]);
    }
}

#[test]
fn a_server_that_answers_faster_than_light_from_where_it_claims_to_be_is_not_used() {
    let mut one = One::new(Config { probe_every: Span::secs(1), ..Config::default() });
    one.advertise(claim(NodeId(1), TOKYO, 1));
    assert_eq!(asked(&one.ask(1)), Some(1));
    let effects = one.react(|router, cx| router.wake(Why::Probe, cx));
    let Some(Effect::Send { to: NodeId(1), message: Message::Probe { nonce } }) = effects.last().copied() else { panic!("{effects:?}") };
    one.now += Span::millis(20);
    let effects = one.handle(Input::Message { from: NodeId(1), message: Message::Probed { nonce } });
    assert!(matches!(effects[..], [Effect::Rejected { node: NodeId(1), why: Implausible::FasterThanLight { .. } }]));
    assert_eq!(gave_up(&one.ask(2)), Some(NoWay::Nobody));
    let effects = one.advertise(claim(NodeId(1), TOKYO, 2));
    assert!(matches!(effects[..], [Effect::Rejected { .. }]), "to say it again does not help");
    one.advertise(claim(NodeId(1), BERLIN, 3));
    assert_eq!(asked(&one.ask(3)), Some(1), "a claim that can be true does");
}

#[test]
#[cfg(feature = "defects")]
fn a_router_that_believes_a_claim_faster_than_light_is_found() {
    let broken = |defect| {
        let mut one = One::new(Config { probe_every: Span::secs(1), defect, ..Config::default() });
        one.advertise(claim(NodeId(1), TOKYO, 1));
        let effects = one.react(|router, cx| router.wake(Why::Probe, cx));
        let Some(Effect::Send { message: Message::Probe { nonce }, .. }) = effects.last().copied() else { panic!("{effects:?}") };
        one.now += Span::millis(20);
        let (mut out, input) = (Vec::new(), Input::Message { from: NodeId(1), message: Message::Probed { nonce } });
        let chance = Chance::new(&mut one.dice, ME.0, &mut one.position);
        one.router.handle(input, &mut Cx::new(one.now, ME, chance, &mut out));
        one.router.check().err()
    };
    assert_eq!(broken(None), None);
    let promise = "no server is used that answers faster than light from where it says it is";
    assert_eq!(broken(Some(Defect::FasterThanLight)), Some(promise));
}

#[test]
fn a_server_that_changes_its_address_keeps_its_place_and_is_measured_anew() {
    let mut one = One::new(Config { probe_every: Span::secs(1), ..Config::default() });
    let probed = |one: &mut One, rtt: Span| {
        let effects = one.react(|router, cx| router.wake(Why::Probe, cx));
        let nonce = effects.iter().find_map(|effect| match effect {
            Effect::Send { message: Message::Probe { nonce }, .. } => Some(*nonce),
            _ => None,
        });
        one.now += rtt;
        one.handle(Input::Message { from: NodeId(1), message: Message::Probed { nonce: nonce.expect("a probe is due") } })
    };
    one.advertise(claim(NodeId(1), PARIS, 1));
    probed(&mut one, Span::millis(20));
    one.handle(Input::Moved { node: NodeId(1), seems: Some(TOKYO) });
    assert_eq!(one.router.servers.get(0).claim, claim(NodeId(1), PARIS, 1));
    // The 20 ms were another way's: that it moved to Tokyo is plausible again, until the new way is measured.
    one.advertise(claim(NodeId(1), TOKYO, 2));
    assert_eq!(asked(&one.ask(1)), Some(1));
    assert!(matches!(probed(&mut one, Span::millis(20))[..], [Effect::Rejected { .. }]));
    one.handle(Input::Moved { node: NodeId(9), seems: None });
}

#[test]
fn the_nearer_of_two_servers_is_asked_until_it_turns_out_slower() {
    let mut one = One::new(Config::default());
    one.advertise(claim(NodeId(1), BERLIN, 1));
    one.advertise(claim(NodeId(2), TOKYO, 1));
    assert_eq!(asked(&one.ask(1)), Some(1));
    for _ in 0..10 {
        one.handle(Input::Measured { group: HERE, node: NodeId(1), rtt: Span::millis(290) });
        one.handle(Input::Measured { group: HERE, node: NodeId(2), rtt: Span::millis(100) });
    }
    assert_eq!(asked(&one.ask(2)), Some(2));
}

#[test]
fn a_server_that_fails_rests_and_the_request_goes_to_another() {
    let mut one = One::new(Config::default());
    one.advertise(claim(NodeId(1), PARIS, 1));
    one.advertise(claim(NodeId(2), BERLIN, 1));
    let effects = one.ask(1);
    assert_eq!(asked(&effects), Some(1));
    let timer = effects.iter().find_map(|effect| if let Effect::Wake { after, why } = effect { Some((*after, *why)) } else { None });
    let (after, why) = timer.expect("a limit to waiting");
    assert_eq!(after, Config::default().timeout.0, "four times ten milliseconds, but no less than this");
    one.now += after;
    assert_eq!(asked(&one.react(|router, cx| router.wake(why, cx))), Some(2));
    assert_eq!(one.react(|router, cx| router.wake(why, cx)), [], "a stale wake-up is harmless");
    assert_eq!((one.router.load(NodeId(1)), one.router.load(NodeId(2))), (Some(0), Some(1)));
    assert_eq!(asked(&one.ask(2)), Some(2), "it rests");
    one.handle(Input::Answered { request: RequestId(1), rtt: Some(Span::millis(12)) });
    one.now += Span::secs(1);
    assert_eq!(asked(&one.ask(3)), Some(1), "and is asked again");
    let effects = one.handle(Input::Failed { request: RequestId(3) });
    assert_eq!(asked(&effects), Some(2));
    assert_eq!(gave_up(&one.handle(Input::Failed { request: RequestId(3) })), Some(NoWay::Nobody));
}

#[test]
fn rests_grow_up_to_a_limit() {
    for (failures, rest) in [(1, 1), (2, 2), (3, 4), (7, 60), (8, 60)] {
        let mut one = One::new(Config::default());
        one.advertise(Claim { life: LIFE_MAX, ..claim(NodeId(1), PARIS, 1) });
        for n in 0..failures {
            one.now += Span::secs(100);
            one.ask(n);
            one.handle(Input::Failed { request: RequestId(n) });
        }
        one.now += Span(rest * 1_000_000_000 - 1);
        assert_eq!(gave_up(&one.ask(100)), Some(NoWay::Nobody), "after {failures} failures");
        one.now += Span(1);
        assert_eq!(asked(&one.ask(101)), Some(1));
    }
}

#[test]
fn a_withdrawn_or_expired_server_is_not_used() {
    let mut one = One::new(Config::default());
    one.advertise(claim(NodeId(1), PARIS, 5));
    let withdraw = |from: u32| Input::Message { from: NodeId(from), message: Message::Withdraw { node: NodeId(1), sequence: 5 } };
    one.handle(withdraw(2));
    assert_eq!(asked(&one.ask(1)), Some(1), "nobody withdraws another");
    one.handle(withdraw(1));
    assert_eq!(gave_up(&one.ask(2)), Some(NoWay::Nobody));
    one.advertise(claim(NodeId(1), PARIS, 5));
    assert_eq!(gave_up(&one.ask(3)), Some(NoWay::Nobody), "an old advertisement does not bring it back");
    one.advertise(claim(NodeId(1), PARIS, 6));
    assert_eq!(asked(&one.ask(4)), Some(1));
    one.now += Span::secs(600);
    assert_eq!(gave_up(&one.ask(5)), Some(NoWay::Nobody));
}

#[test]
fn a_request_does_not_go_in_circles() {
    let mut one = One::new(Config::default());
    one.advertise(claim(NodeId(1), PARIS, 1));
    let come = |nodes: &[u32]| nodes.iter().fold(Trail::EMPTY, |trail, node| trail.with(NodeId(*node)).expect("short enough"));
    let mut ask = |request: u64, trail: Trail| one.handle(Input::Request { request: RequestId(request), group: HERE, key: 7, trail });
    assert_eq!(gave_up(&ask(1, come(&[3, ME.0]))), Some(NoWay::Loop));
    assert_eq!(gave_up(&ask(2, come(&[1]))), Some(NoWay::Nobody), "not back to where it came from");
    assert_eq!(gave_up(&ask(3, come(&[2, 3, 4, 5]))), Some(NoWay::Loop), "as many hops as may be");
    assert!(ask(4, come(&[2, 3, 4])).iter().any(|effect| matches!(effect, Effect::Ask { trail, .. } if trail.nodes().len() == HOPS_MAX)));
}

#[test]
fn a_place_that_is_full_of_servers_takes_another_when_one_is_over() {
    let mut one = One::new(Config { servers_max: 1, ..Config::default() });
    one.advertise(claim(NodeId(1), PARIS, 1));
    one.handle(Input::Measured { group: HERE, node: NodeId(1), rtt: Span::millis(70) });
    one.advertise(claim(NodeId(2), PARIS, 1));
    assert_eq!(one.router.predicted_ms(HERE, NodeId(2)), None);
    one.now += Span::secs(600);
    one.advertise(claim(NodeId(2), PARIS, 2));
    assert_eq!(asked(&one.ask(1)), Some(2));
    assert_eq!(
        one.router.predicted_ms(HERE, NodeId(2)),
        Some(10.2),
        "what was learnt of the other is not believed of this one, but for the group's part"
    );
}

#[test]
fn a_path_that_changes_is_noticed_and_learnt_anew() {
    let config = predict::Config::default();
    let (mut predictor, mut row) = (Predictor::default(), Row::default());
    row.set_prior(0, 40.0);
    for n in 0..50 {
        predictor.observe(&mut row, 0, 50.0 + (n % 5) as f32, Time(n * 1_000_000_000), &config);
    }
    assert!((48.0..55.0).contains(&predictor.predict(&row, 0, &config)));
    assert_eq!(row.changes(), 0, "noise is no change");
    for _ in 0..4 {
        predictor.observe(&mut row, 0, 120.0, Time(60_000_000_000), &config);
    }
    assert_eq!(row.changes(), 1);
    assert!(predictor.predict(&row, 0, &config) > 105.0, "{}", predictor.predict(&row, 0, &config));
}

#[test]
fn what_is_learnt_stays_within_a_factor_of_the_prior() {
    let config = predict::Config::default();
    for absurd in [1e-3, 1e9, f32::MAX, f32::INFINITY, f32::NAN, -5.0] {
        let (mut predictor, mut row) = (Predictor::default(), Row::default());
        (0..2).for_each(|server| row.set_prior(server, 40.0));
        (0..100).for_each(|_| predictor.observe(&mut row, 0, absurd, Time(1), &config));
        for server in 0..2 {
            let predicted = predictor.predict(&row, server, &config);
            assert!((5.0..=320.0).contains(&predicted), "{predicted} after {absurd}");
        }
    }
}

#[test]
fn a_group_falls_back_where_learning_makes_it_worse() {
    let config = predict::Config { history: 1.0, ..predict::Config::default() };
    let (mut predictor, mut row) = (Predictor::default(), Row::default());
    row.set_prior(0, 50.0);
    // The truth swings around the prior, so that the last sample is the worst guess.
    for n in 0..64 {
        predictor.observe(&mut row, 0, if n % 2 == 0 { 30.0 } else { 70.0 }, Time(n), &config);
    }
    assert!(row.falls_back(&config));
    assert_eq!(predictor.predict(&row, 0, &config), 50.0);
}

fn edge(node: u32, predicted_us: u32, load: u32) -> Candidate {
    Candidate { node: NodeId(node), slot: node, predicted_us, load }
}

#[test]
fn no_server_gets_more_than_its_share() {
    let mut edges: Vec<Candidate> = (0..20).map(|node| edge(node, 1_000, 0)).collect();
    for key in 0..10_000u64 {
        // Half of all requests are for one object.
        let key = if key % 2 == 0 { 0 } else { key };
        let chosen = choose(key, &edges, &Rules::default()).expect("a server");
        edges[chosen as usize].load += 1;
    }
    let most = edges.iter().map(|edge| edge.load).max();
    assert_eq!(most, Some(625), "1.25 times the mean of 500");
    assert_eq!((bound(0, 1, 125), bound(7, 8, 125), bound(7, 8, 100)), (1, 1, 0));
}

#[test]
fn the_better_of_two_keeps_loads_even() {
    let rules = Rules { spread: Spread::ByLoad(2), ..Rules::default() };
    let mut edges: Vec<Candidate> = (0..20).map(|node| edge(node, 1_000, 0)).collect();
    for key in 0..10_000u64 {
        let chosen = choose(key, &edges, &rules).expect("a server");
        edges[chosen as usize].load += 1;
    }
    let (least, most) = (edges.iter().map(|edge| edge.load).min(), edges.iter().map(|edge| edge.load).max());
    assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 8), "{least:?} to {most:?}");
}

proptest! {
    #[test]
    fn the_order_of_the_candidates_does_not_matter(
        loads in prop::collection::vec((0..5u32, 0..5_000u32), 1..40),
        key: u64,
        by_load: bool,
        turn in 0..40usize,
    ) {
        let rules = Rules { spread: if by_load { Spread::ByLoad(2) } else { Spread::ByContent }, ..Rules::default() };
        let edges: Vec<Candidate> = loads.iter().enumerate().map(|(node, (load, us))| edge(node as u32, *us, *load)).collect();
        let mut turned = edges.clone();
        turned.rotate_left(turn % edges.len());
        turned.reverse();
        prop_assert_eq!(choose(key, &edges, &rules), choose(key, &turned, &rules));
    }

    #[test]
    fn a_server_that_leaves_moves_only_its_own_keys(key: u64, gone in 0..20u32) {
        let edges: Vec<Candidate> = (0..20).map(|node| edge(node, 1_000, 0)).collect();
        let fewer: Vec<Candidate> = edges.iter().copied().filter(|edge| edge.node.0 != gone).collect();
        let (before, after) = (choose(key, &edges, &Rules::default()), choose(key, &fewer, &Rules::default()));
        prop_assert!(before == after || before == Some(gone));
    }

    #[test]
    fn any_message_survives_the_wire(
        (node, lat, lon, class) in (any::<u32>(), -90.0..90.0f64, -180.0..180.0f64, 0..4usize),
        (sequence, life, load) in (0..1u64 << 62, 0..LIFE_MAX.0, any::<u32>()),
        nonce: u64,
    ) {
        let accuracy = [Accuracy::Site, Accuracy::City, Accuracy::Region, Accuracy::Continent][class];
        let claim = Claim::new(NodeId(node), Spot { lat, lon }, accuracy, sequence, Span(life));
        let withdraw = Message::Withdraw { node: NodeId(node), sequence };
        for message in [Message::Advertise { claim, load }, withdraw, Message::Probe { nonce }, Message::Probed { nonce }] {
            let bytes = message.to_bytes();
            prop_assert_eq!(bytes.len(), message.encoded_len());
            prop_assert_eq!(Message::from_bytes(&bytes), Ok(message));
        }
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        let _ = Message::from_bytes(&bytes);
    }
}

#[test]
fn the_same_history_gives_the_same_choices() {
    let run = || {
        let mut one = One::new(Config::default());
        for node in 1..40 {
            let spot = Spot { lat: f64::from(node), lon: f64::from(node * 7 % 50) };
            one.advertise(claim(NodeId(node as u32), spot, 1));
        }
        let mut chosen = Vec::new();
        for request in 0..500 {
            let effects = one.handle(Input::Request { request: RequestId(request), group: HERE, key: request * 77, trail: Trail::EMPTY });
            let to = asked(&effects).expect("there are servers");
            chosen.push(to);
            let rtt = Span::micros(10_000 + u64::from(to) * 911 % 40_000);
            one.handle(if request % 17 == 0 {
                Input::Failed { request: RequestId(request) }
            } else {
                Input::Answered { request: RequestId(request), rtt: Some(rtt) }
            });
            one.now += Span::millis(100);
        }
        chosen
    };
    assert_eq!(run(), run());
}

#[test]
fn how_far_the_last_sample_is_believed_is_learnt_by_its_age() {
    let config = predict::Config::default();
    let (mut predictor, mut rows) = (Predictor::default(), vec![Row::default(); 8]);
    rows.iter_mut().for_each(|row| (0..4).for_each(|server| row.set_prior(server, 100.0)));
    let mut dice = Dice::new(SeedKey::new(3));
    // What was measured holds for four seconds, and says nothing after a minute.
    for turn in 0..200u32 {
        for (group, row) in rows.iter_mut().enumerate() {
            for server in 0..4 {
                let rtt = 50.0 + 100.0 * dice.draw(group as u32, crate::base::Purpose::Test, turn * 4 + server as u32).unit() as f32;
                let at = u64::from(turn) * 60_000_000_000;
                predictor.observe(row, server, rtt, Time(at), &config);
                predictor.observe(row, server, rtt, Time(at + 4_000_000_000), &config);
            }
        }
    }
    let (soon, late) = (predictor.trust_after(Span::secs(4)), predictor.trust_after(Span::secs(56)));
    assert!(soon > 0.9 && late < 0.3, "{soon} soon, {late} late");
}

#[test]
fn the_near_ones_are_the_same_as_one_by_one() {
    let mut dice = Dice::new(SeedKey::new(5));
    for len in [0usize, 1, 7, 8, 9, 31, 100] {
        let mut draw = dice.draw(len as u32, crate::base::Purpose::Test, 0);
        let mut predicted: Vec<f32> = (0..len).map(|_| (draw.unit() * 30.0) as f32).collect();
        let shut: Vec<f32> = (0..len).map(|_| if draw.index(4) == 0 { f32::INFINITY } else { 0.0 }).collect();
        let open: Vec<f32> = predicted.iter().zip(&shut).map(|(ms, shut)| ms + shut).collect();
        let nearest = least(&mut predicted, &shut);
        assert_eq!((nearest, &predicted), (open.iter().copied().fold(f32::INFINITY, f32::min), &open));
        let limit = micros(nearest).saturating_add(5_000).min(u32::MAX - 1);
        let mut found = Vec::new();
        near_ones(&predicted, limit, |slot, us| found.push((slot, us)));
        let wanted: Vec<(u32, u32)> = (0u32..).zip(&open).map(|(slot, ms)| (slot, micros(*ms))).filter(|(_, us)| *us <= limit).collect();
        assert_eq!(found, wanted);
    }
}
