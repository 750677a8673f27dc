//! One detector, spoken to directly.

use super::super::{Config, Effect, Input, Laden, Lifeguard, Message, Patience, Scope, Status, Swim, Update, Why};
use super::wire::{any_plain, any_update};
use crate::base::{Dice, NodeId, SeedKey, Span, Time};
use crate::machine::{Chance, Cx, Machine};
use crate::node::Outcome;
use crate::testing::Defect;
use proptest::prelude::*;

const ME: NodeId = NodeId(0);

/// A detector, its clock, and the wake-ups that it still waits for.
struct Alone {
    swim: Swim,
    config: Config,
    planted: Option<Defect>,
    now: Time,
    dice: Dice,
    draws: u32,
    wakes: Vec<(Time, Why)>,
}

impl Alone {
    fn of_view(peers: u32) -> Self {
        let mut alone = Self::new(Config::default());
        for peer in 1..=peers {
            alone.tell(Input::MemberUp(NodeId(peer)));
        }
        alone
    }

    fn of_cell(count: u32) -> Self {
        Self::new(Config { scope: Scope::Cell { first: 0, count }, ..Config::default() })
    }

    fn new(config: Config) -> Self {
        let swim = Swim::new(&config);
        Self { swim, config, planted: None, now: Time::ZERO, dice: Dice::new(SeedKey::new(7)), draws: 0, wakes: Vec::new() }
    }

    fn tell(&mut self, input: Input) -> Vec<Effect> {
        self.react(|swim, cx| swim.handle(input, cx))
    }

    fn hear(&mut self, from: u32, message: Message) -> Vec<Effect> {
        self.tell(Input::Message { from: NodeId(from), message })
    }

    fn accuse(&mut self, member: u32, accuser: u32) -> Vec<Effect> {
        self.news(member, Status::Suspect, 0, accuser)
    }

    fn news(&mut self, member: u32, status: Status, incarnation: u32, accuser: u32) -> Vec<Effect> {
        let update = Update { member: NodeId(member), status, incarnation, accuser: NodeId(accuser) };
        self.hear(accuser, Message::Gossip.with(vec![update]))
    }

    /// Runs the next wake-up.
    fn next(&mut self) -> Vec<Effect> {
        let soonest = (0..self.wakes.len()).min_by_key(|&i| self.wakes[i].0).expect("a detector always waits for something");
        let (at, why) = self.wakes.remove(soonest);
        self.now = at;
        self.react(|swim, cx| swim.wake(why, cx))
    }

    /// Runs all wake-ups of a while, and gives the effects with their times.
    fn run_for(&mut self, span: Span) -> Vec<(Time, Effect)> {
        let end = self.now + span;
        let mut all = Vec::new();
        while self.wakes.iter().any(|(at, _)| *at <= end) {
            let effects = self.next();
            all.extend(effects.into_iter().map(|effect| (self.now, effect)));
        }
        self.now = end;
        all
    }

    fn react(&mut self, react: impl FnOnce(&mut super::super::Detector<'_>, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        let mut cx = Cx::new(self.now, ME, Chance::new(&mut self.dice, 0, &mut self.draws), &mut out);
        react(&mut self.swim.with(&self.config, self.planted), &mut cx);
        for effect in &out {
            if let Effect::Wake { after, why } = effect {
                self.wakes.push((self.now + *after, *why));
            }
        }
        self.swim.check(ME).expect("what must always hold");
        out
    }
}

fn sent(effects: &[Effect]) -> Vec<(u32, Message)> {
    effects.iter().filter_map(|e| if let Effect::Send { to, message } = e { Some((to.0, message.clone())) } else { None }).collect()
}

#[test]
fn a_ping_is_answered_and_costs_no_memory() {
    let mut alone = Alone::of_view(5);
    assert_eq!(sent(&alone.hear(3, Message::Ping { probe: 9 })), [(3, Message::Ack { probe: 9, coordinate: None })]);
    assert!(alone.swim.cold.is_none());
}

#[test]
fn a_view_of_five_costs_at_most_300_bytes() {
    let mut alone = Alone::of_view(5);
    alone.tell(Input::Start);
    alone.run_for(Span::secs(1));
    let bytes = size_of::<Swim>() + alone.swim.members.heap_bytes();
    assert!(bytes <= 200, "{bytes}");
    assert!(size_of::<Swim>() <= 96, "{}", size_of::<Swim>());
    assert!(size_of::<Effect>() <= 32 && size_of::<Why>() <= 12);
}

#[test]
fn every_member_is_probed_once_in_a_round_and_rounds_differ() {
    for mut alone in [Alone::of_view(5), Alone::of_cell(40)] {
        let others = alone.swim.watched().filter(|id| *id != ME).count();
        alone.tell(Input::Start);
        let mut rounds = Vec::new();
        for _ in 0..6 {
            let mut round = Vec::new();
            while round.len() < others {
                for (to, message) in sent(&alone.next()) {
                    if let Message::Ping { probe } = message {
                        round.push(to);
                        alone.hear(to, Message::Ack { probe, coordinate: None });
                    }
                }
            }
            let mut sorted = round.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), others, "{round:?}");
            rounds.push(round);
        }
        assert!(rounds.windows(2).any(|pair| pair[0] != pair[1]));
        assert_eq!(alone.swim.health(), 0);
    }
}

#[test]
fn suspicion_shrinks_with_confirmations() {
    let config = Config::default();
    let patience = Patience::of(&config, 1_000);
    assert_eq!((patience.min, patience.max, patience.wanted), (Span::secs(15), Span::secs(90), 3));
    let spans: Vec<Span> = (0..=4).map(|c| patience.after(c)).collect();
    assert_eq!(spans[0], Span::secs(90));
    assert!(spans[1] > Span::secs(52) && spans[1] < Span::secs(53), "halfway at log 2 / log 4");
    assert!(spans[2] > Span::secs(30) && spans[2] < Span::secs(31));
    assert_eq!(spans[3..], [Span::secs(15); 2]);
    let plain = Config { lifeguard: Lifeguard::OFF, ..config };
    assert_eq!(Patience::of(&plain, 1_000).max, Span::secs(15), "plain SWIM has one length");
    assert_eq!(Patience::of(&config, 3).wanted, 1, "of three, one accuses and one can confirm");
    assert_eq!(Patience::of(&config, 2).max, Span::secs(5), "of two, nobody can");
}

#[test]
fn independent_accusers_bring_the_end_forward_and_the_same_one_does_not() {
    let end = |accusers: &[u32]| {
        let mut alone = Alone::of_cell(100);
        for accuser in accusers {
            alone.accuse(9, *accuser);
        }
        let ended = |(_, effect): &(Time, Effect)| *effect == Effect::Failed(NodeId(9));
        alone.run_for(Span::secs(100)).into_iter().find(ended).expect("nobody speaks for the suspect").0.as_secs_f64()
    };
    assert_eq!(end(&[1]), 60.0);
    assert_eq!(end(&[1, 1, 1, 1]), 60.0);
    assert!((35.0..35.1).contains(&end(&[1, 2])));
    assert_eq!(end(&[1, 2, 3, 4]), 10.0);
    assert_eq!(end(&[1, 2, 3, 4, 5, 6, 7, 8]), 10.0);
}

#[test]
fn a_confirmation_that_comes_late_ends_the_suspicion_at_once() {
    let mut alone = Alone::of_cell(100);
    alone.accuse(9, 1);
    alone.now = Time::ZERO + Span::secs(50);
    alone.accuse(9, 2);
    assert!(alone.next().contains(&Effect::SuspicionEnded { peer: NodeId(9), outcome: Outcome::Confirmed }));
    assert_eq!(alone.now.as_secs_f64(), 50.0);
}

#[test]
fn a_nack_keeps_the_local_health_and_silence_does_not() {
    let health = |nacks: usize| {
        let mut alone = Alone::of_cell(50);
        alone.tell(Input::Start);
        let ping = alone.next();
        assert!(matches!(sent(&ping)[..], [(_, Message::Ping { .. })]));
        let requests = sent(&alone.next());
        assert_eq!(requests.len(), 3);
        for (helper, request) in requests.iter().take(nacks) {
            let Message::PingRequest { probe, .. } = *request else { panic!("{request:?}") };
            alone.hear(*helper, Message::Nack { probe });
        }
        alone.next();
        assert_eq!(alone.swim.suspicions(), 1);
        alone.swim.health()
    };
    assert_eq!([health(3), health(2), health(0)], [0, 1, 3]);
}

#[test]
fn a_nack_of_a_node_that_was_not_asked_means_nothing() {
    let mut alone = Alone::of_view(2);
    alone.tell(Input::Start);
    alone.next();
    let (helper, request) = sent(&alone.next()).remove(0);
    let Message::PingRequest { probe, target } = request else { panic!("{request:?}") };
    assert!(target.0 != helper);
    alone.hear(77, Message::Nack { probe });
    alone.next();
    assert_eq!(alone.swim.health(), 1);
}

#[test]
fn a_node_that_doubts_itself_probes_slower_and_waits_longer() {
    let mut alone = Alone::of_cell(50);
    alone.tell(Input::Start);
    alone.run_for(Span::secs(60));
    assert_eq!(alone.swim.health(), 8, "nobody ever answers");
    let pings =
        |effects: Vec<(Time, Effect)>| effects.iter().filter(|(_, e)| matches!(e, Effect::Tally(crate::node::Tally::Probe))).count();
    assert_eq!(pings(alone.run_for(Span::secs(90))), 10, "one probe in nine seconds");
    let mut plain = Alone::new(Config { lifeguard: Lifeguard::OFF, ..alone.config });
    plain.tell(Input::Start);
    plain.run_for(Span::secs(5));
    assert!(pings(plain.run_for(Span::secs(20))) >= 20);
}

#[test]
fn health_comes_back_with_answers() {
    let mut alone = Alone::of_view(3);
    alone.swim.health = 4;
    alone.tell(Input::Start);
    for _ in 0..8 {
        for (to, message) in sent(&alone.next()) {
            if let Message::Ping { probe } = message {
                alone.hear(to, Message::Ack { probe, coordinate: None });
            }
        }
    }
    assert!(alone.swim.health() < 2);
}

#[test]
fn a_helper_passes_the_answer_on_or_says_that_there_is_none() {
    let mut alone = Alone::of_view(3);
    let ask = Message::PingRequest { probe: 5, target: NodeId(2) };
    assert_eq!(sent(&alone.hear(1, ask.clone())), [(2, Message::PingFor { probe: 5, origin: NodeId(1) })]);
    assert_eq!(sent(&alone.hear(2, Message::AckFor { probe: 5, origin: NodeId(1) })), [(1, Message::Relayed { probe: 5 })]);
    assert_eq!(sent(&alone.next()), [], "the target answered, so there is nothing to admit");
    alone.hear(1, ask);
    assert_eq!(sent(&alone.next()), [(1, Message::Nack { probe: 5 })]);
    assert_eq!(alone.now.as_secs_f64(), 0.5, "the wait of two helps");
}

#[test]
fn a_buddy_tells_a_suspect_first() {
    let first = |buddy: bool| {
        let mut alone = Alone::new(Config {
            scope: Scope::Cell { first: 0, count: 50 },
            updates_max: 1,
            lifeguard: Lifeguard { buddy, ..Lifeguard::ON },
            ..Config::default()
        });
        for suspect in 10..30 {
            alone.accuse(suspect, 1);
        }
        let (_, answer) = sent(&alone.hear(25, Message::Ping { probe: 0 })).remove(0);
        let Message::Laden(laden) = answer else { panic!("{answer:?}") };
        laden.updates[0].member.0
    };
    assert_eq!(first(true), 25);
    assert_eq!(first(false), 10, "without the buddy it waits for its turn");
}

#[test]
fn an_accusation_is_answered_with_a_higher_incarnation() {
    let mut alone = Alone::of_view(3);
    let accusation = Update { member: ME, status: Status::Suspect, incarnation: 4, accuser: NodeId(2) };
    let answer = sent(&alone.hear(2, Message::Ping { probe: 1 }.with(vec![accusation])));
    let defence = Update { member: ME, status: Status::Alive, incarnation: 5, accuser: ME };
    assert_eq!(answer, [(2, Message::Ack { probe: 1, coordinate: None }.with(vec![defence]))]);
    assert_eq!((alone.swim.incarnation(), alone.swim.health()), (5, 1));
    let again = sent(&alone.hear(3, Message::Ping { probe: 8 }.with(vec![Update { incarnation: 0, ..accusation }])));
    assert_eq!(again, [(3, Message::Ack { probe: 8, coordinate: None }.with(vec![defence]))], "old accusations are answered too");
    assert_eq!((alone.swim.incarnation(), alone.swim.health()), (5, 1));
}

#[test]
fn a_view_hears_no_accusation_against_a_third_node() {
    let mut alone = Alone::of_view(3);
    assert_eq!(alone.news(2, Status::Failed, 9, 3), []);
    assert_eq!(alone.news(2, Status::Suspect, 9, 3), []);
    assert_eq!(alone.swim.status(NodeId(2)), Some(Status::Alive));
}

#[test]
fn a_member_that_comes_back_is_told_of_its_failure_and_believed_with_a_higher_incarnation() {
    let mut alone = Alone::of_cell(20);
    assert!(alone.news(7, Status::Failed, 3, 1).contains(&Effect::Failed(NodeId(7))));
    let (_, answer) = sent(&alone.hear(7, Message::Ping { probe: 1 })).remove(0);
    let Message::Laden(laden) = answer else { panic!("{answer:?}") };
    assert_eq!(laden.updates[0], Update { member: NodeId(7), status: Status::Failed, incarnation: 3, accuser: ME });
    assert_eq!(alone.news(7, Status::Alive, 3, 7), [], "the old incarnation stays failed");
    assert!(alone.news(7, Status::Alive, 4, 7).contains(&Effect::Recovered(NodeId(7))));
    assert_eq!(alone.swim.status(NodeId(7)), Some(Status::Alive));
}

#[test]
fn an_update_is_told_a_limited_number_of_times_the_least_told_first() {
    let mut alone =
        Alone::new(Config { scope: Scope::Cell { first: 0, count: 200 }, updates_max: 2, greet_failed_every: 0, ..Config::default() });
    for member in [10, 20, 30] {
        alone.news(member, Status::Alive, 1, member);
    }
    let mut told = std::collections::BTreeMap::new();
    let mut first = Vec::new();
    for probe in 0..100 {
        if let (_, Message::Laden(laden)) = sent(&alone.hear(3, Message::Ping { probe })).remove(0) {
            let Laden { updates, .. } = *laden;
            first.extend(updates.iter().map(|update| update.member.0));
            updates.iter().for_each(|update| *told.entry(update.member.0).or_insert(0) += 1);
        }
    }
    assert_eq!(first[..4], [10, 20, 30, 10]);
    assert_eq!(told.into_iter().collect::<Vec<_>>(), [(10, 12), (20, 12), (30, 12)], "4 times ceil(log10(201))");
}

#[test]
fn a_stale_wake_up_is_harmless() {
    let mut alone = Alone::of_view(4);
    alone.tell(Input::Start);
    alone.next();
    for why in [
        Why::Probe { probe: 1 },
        Why::Probe { probe: 9 },
        Why::Answer { probe: 0 },
        Why::Nack { origin: NodeId(3), probe: 1 },
        Why::Suspicion { peer: NodeId(1), stamp: 0 },
        Why::Gossip,
    ] {
        assert_eq!(alone.react(|swim, cx| swim.wake(why, cx)), [], "{why:?}");
    }
}

#[test]
fn a_suspicion_ends_when_the_peer_leaves_the_view() {
    let mut alone = Alone::of_view(3);
    alone.tell(Input::Start);
    while alone.swim.suspicions() == 0 {
        alone.next();
    }
    let suspect = (1..4).map(NodeId).find(|id| alone.swim.status(*id) == Some(Status::Suspect)).expect("one is suspected");
    assert!(alone.tell(Input::MemberDown(suspect)).contains(&Effect::SuspicionEnded { peer: suspect, outcome: Outcome::Dropped }));
    assert_eq!(alone.swim.status(suspect), None);
}

#[derive(Clone, Debug)]
enum Step {
    Input(Input),
    Wait(u64),
    Wake(Why),
}

fn any_step() -> impl Strategy<Value = Step> {
    let node = || (0..12u32).prop_map(NodeId);
    let message = (any_plain(), prop::collection::vec(any_update(12), 0..4)).prop_map(|(message, updates)| message.with(updates));
    let why = prop_oneof![
        (0..40u16).prop_map(|probe| Why::Probe { probe }),
        (0..40u16).prop_map(|probe| Why::Answer { probe }),
        (node(), 0..40u16).prop_map(|(origin, probe)| Why::Nack { origin, probe }),
        (node(), 0..9u16).prop_map(|(peer, stamp)| Why::Suspicion { peer, stamp }),
        Just(Why::Gossip),
    ];
    prop_oneof![
        6 => (node(), message).prop_map(|(from, message)| Step::Input(Input::Message { from, message })),
        1 => node().prop_map(|peer| Step::Input(Input::MemberUp(peer))),
        1 => node().prop_map(|peer| Step::Input(Input::MemberDown(peer))),
        4 => (0..2_000u64).prop_map(Step::Wait),
        1 => why.prop_map(Step::Wake),
    ]
}

/// Suspicions that an adversary's script starts, and how many of them are still open after the longest patience.
fn open_after(cell: bool, planted: Option<Defect>, script: Vec<Step>) -> (usize, Vec<NodeId>) {
    let mut alone = if cell { Alone::of_cell(12) } else { Alone::of_view(5) };
    alone.planted = planted;
    let mut story = alone.tell(Input::Start);
    for step in script {
        story.extend(match step {
            Step::Input(input) => alone.tell(input),
            Step::Wake(why) => alone.react(|swim, cx| swim.wake(why, cx)),
            Step::Wait(millis) => alone.run_for(Span::millis(millis)).into_iter().map(|(_, effect)| effect).collect(),
        });
    }
    // Nobody is watched any more, so no suspicion starts after this; the longest patience of twelve is 32.4 s.
    alone.wakes.retain(|(_, why)| matches!(why, Why::Suspicion { .. }));
    story.extend(alone.run_for(Span::secs(33)).into_iter().map(|(_, effect)| effect));
    let mut open = Vec::new();
    let mut started = 0;
    for effect in story {
        match effect {
            Effect::Suspected(peer) => {
                assert!(!open.contains(&peer), "{peer} is suspected twice");
                open.push(peer);
                started += 1;
            }
            Effect::SuspicionEnded { peer, .. } => open.retain(|other| *other != peer),
            _ => {}
        }
    }
    (started, open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_suspicion_ends_whatever_is_said(cell: bool, script in prop::collection::vec(any_step(), 0..120)) {
        let (_, open) = open_after(cell, None, script);
        prop_assert!(open.is_empty(), "{open:?}");
    }
}

#[cfg(feature = "defects")]
#[test]
fn a_planted_defect_leaves_suspicions_open() {
    let (started, open) = open_after(false, Some(Defect::SuspicionNeverEnds), vec![Step::Wait(20_000)]);
    assert!(started > 0 && !open.is_empty());
}
