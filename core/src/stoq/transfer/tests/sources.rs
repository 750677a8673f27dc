//! Sources that lie, lack, stall, forget, break or are away.

use super::*;
use crate::stoq::session::frame::Name;

const MB: u64 = 1_000_000;

fn fetched<'o>(object: &'o Object, seed: u64, servers: &[(Conduct, u64, u64)]) -> World<'o> {
    let mut world = World::new(object, seed, servers);
    world.begin(all(object, servers.len() as u32));
    world.run();
    world
}

fn penalties(world: &World<'_>, source: u32, of: Penalty) -> usize {
    let is_it = |effect: &&Effect| **effect == Effect::Penalise { source: SourceId(source), why: of };
    world.effects.iter().filter(is_it).count()
}

#[test]
fn a_source_that_lies_is_penalised_and_dropped_and_what_it_spoilt_comes_from_others() {
    let object = Object::random(20, 300_000);
    let mut world = fetched(&object, 20, &[(Conduct::Lies(1000), 4 * MB, 5), (Conduct::Honest, MB, 40)]);
    assert_eq!(world.wrongs(0..300_000), Vec::<String>::new());
    assert_eq!(penalties(&world, 0, Penalty::Wrong), usize::from(WRONG_MAX));
    assert_eq!((penalties(&world, 0, Penalty::Dropped), penalties(&world, 1, Penalty::Wrong)), (1, 0));
}

#[test]
fn if_nobody_but_a_liar_is_left_the_transfer_fails_and_says_why() {
    let object = Object::random(21, 30_000);
    let world = fetched(&object, 21, &[(Conduct::Lies(1000), MB, 5)]);
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoSource)));
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Deliver { .. })));
}

#[test]
fn what_one_source_has_not_comes_from_another_and_what_nobody_has_is_named() {
    let object = Object::random(22, 300_000);
    let mut world = fetched(&object, 22, &[(Conduct::Lacks(500), MB, 5), (Conduct::Lacks(1000), MB, 5), (Conduct::Honest, MB, 40)]);
    assert_eq!(world.wrongs(0..300_000), Vec::<String>::new());
    assert_eq!(penalties(&world, 0, Penalty::Dropped), 0, "to have not is no fault");
    let mut object = Object::random(22, 300_000);
    let lost = *object.places.keys().next().expect("there are chunks");
    object.store.remove(&crate::stoq::session::frame::ContentId(lost.0));
    let world = fetched(&object, 22, &[(Conduct::Honest, MB, 5), (Conduct::Honest, MB, 40)]);
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoChunk(lost))));
    let world = fetched(&object, 22, &[(Conduct::Lacks(1000), MB, 5)]);
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoManifest(object.root))));
}

#[test]
fn more_sources_than_allowed_are_used_only_for_what_none_of_those_has() {
    let object = Object::random(23, 300_000);
    let servers = [(Conduct::Lacks(100), MB, 5), (Conduct::Honest, MB, 40), (Conduct::Honest, MB, 40)];
    let one = Config { sources_max: 1, ..config() };
    let mut world = World::new(&object, 23, &servers).with(one);
    world.begin(all(&object, 3));
    assert_eq!(world.run().wrongs(0..300_000), Vec::<String>::new());
    let opened = world.effects.iter().filter(|effect| matches!(effect, Effect::Open(_))).count();
    assert_eq!(opened, 2);
}

#[test]
fn a_source_that_stalls_is_overtaken_after_a_time_that_its_own_rate_gives() {
    let object = Object::random(24, 600_000);
    let mut world = fetched(&object, 24, &[(Conduct::Stalls(20), 2 * MB, 5), (Conduct::Honest, MB, 20)]);
    assert_eq!(world.wrongs(0..600_000), Vec::<String>::new());
    assert!(penalties(&world, 0, Penalty::Stalled) >= 1);
    assert!(world.now < Time(1_500_000_000), "it took until {}", world.now);
}

#[test]
fn a_source_that_never_answers_is_waited_for_as_long_as_is_allowed() {
    let object = Object::random(25, 30_000);
    let world = fetched(&object, 25, &[(Conduct::Stalls(0), MB, 5)]);
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoSource)));
    assert_eq!(penalties(&world, 0, Penalty::Stalled), usize::from(TROUBLES_MAX));
    let allowed = config().chunk_within.times(u64::from(TROUBLES_MAX)) + Span::millis(5);
    assert_eq!(world.now, Time::ZERO + allowed);
}

#[test]
fn a_promise_that_is_not_kept_is_told_and_others_are_asked() {
    let object = Object::random(26, 300_000);
    let mut world = fetched(&object, 26, &[(Conduct::Forgets(300), 4 * MB, 5), (Conduct::Honest, MB, 40)]);
    assert_eq!(world.wrongs(0..300_000), Vec::<String>::new());
    assert!(penalties(&world, 0, Penalty::Promised) >= 1);
}

#[test]
fn a_busy_source_is_left_alone_as_long_as_it_says_and_asked_again() {
    let object = Object::random(27, 200_000);
    let mut world = fetched(&object, 27, &[(Conduct::IsBusy(300), 4 * MB, 5)]);
    assert_eq!(world.wrongs(0..200_000), Vec::<String>::new());
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let object = Object::random(28, 200_000);
    let mut world = fetched(&object, 28, &[(Conduct::Breaks(9), MB, 5)]);
    assert_eq!(world.wrongs(0..200_000), Vec::<String>::new());
    let opened = world.effects.iter().filter(|effect| matches!(effect, Effect::Open(_))).count();
    assert!(opened > 3, "{opened}");
}

#[test]
fn sources_that_cannot_be_reached_are_passed_over() {
    let object = Object::random(29, 100_000);
    let mut world = fetched(&object, 29, &[(Conduct::IsAway, MB, 5), (Conduct::IsAway, MB, 5), (Conduct::Honest, MB, 40)]);
    assert_eq!(world.wrongs(0..100_000), Vec::<String>::new());
    let world = fetched(&object, 29, &[(Conduct::IsAway, MB, 5)]);
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoSource)));
}

/// The sources that were connected with, in order.
fn opened(world: &World<'_>) -> Vec<u32> {
    let opened = |effect: &Effect| match effect {
        Effect::Open(source) => Some(source.0),
        _ => None,
    };
    world.effects.iter().filter_map(opened).collect()
}

#[test]
fn dead_sources_are_passed_over_one_at_a_time_long_before_it_is_known_that_they_are_dead() {
    let object = Object::random(33, 100_000);
    let servers = [[(Conduct::IsSilent, MB, 5); 5].as_slice(), &[(Conduct::Honest, MB, 40); 2]].concat();
    let mut world = World::new(&object, 33, &servers).with(Config { sources_max: 3, ..config() });
    world.begin(all(&object, 7));
    world.run_until(Time(249_000_000));
    assert_eq!(opened(&world), [0, 1, 2]);
    world.run_until(Time(499_000_000));
    assert_eq!(opened(&world), [0, 1, 2, 3]);
    assert_eq!(world.run().wrongs(0..100_000), Vec::<String>::new());
    assert_eq!(opened(&world), [0, 1, 2, 3, 4, 5]);
    assert!(world.now < Time::ZERO + OPENING_PATIENCE.times(3) + Span::millis(500), "it took until {}", world.now);
}

#[test]
fn who_can_ask_somebody_leaves_those_that_do_not_open_their_time() {
    let object = Object::random(34, 2_000_000);
    let servers = [(Conduct::IsSilent, MB, 5), (Conduct::Honest, MB, 40), (Conduct::Honest, MB, 40)];
    let mut world = World::new(&object, 34, &servers).with(Config { sources_max: 2, ..config() });
    world.begin(all(&object, 3));
    assert_eq!(world.run().wrongs(0..2_000_000), Vec::<String>::new());
    assert_eq!(opened(&world), [0, 1]);
    assert!(world.now > Time::ZERO + OPENING_PATIENCE.times(4), "it took until {}", world.now);
}

#[test]
fn what_a_silent_source_was_asked_for_is_asked_of_those_that_were_not_tried_before_it_is_asked_again() {
    let object = Object::random(36, 30_000);
    let mut world = World::new(&object, 36, &[(Conduct::Stalls(0), MB, 5), (Conduct::Stalls(0), MB, 5), (Conduct::Honest, MB, 40)]);
    let name = Name::new("a/b").expect("it is a name");
    world.begin(Order { what: What::Name { name, version_min: 0, age_max: None }, ..all(&object, 3) });
    assert_eq!(world.run().wrongs(0..30_000), Vec::<String>::new());
    let asked = |effect: &Effect| match effect {
        Effect::Ask { source, wish: Wish::Name { .. }, .. } => Some(source.0),
        _ => None,
    };
    let asked: Vec<u32> = world.effects.iter().filter_map(asked).collect();
    assert_eq!(asked, [0, 1, 2]);
}

#[test]
fn a_source_that_is_left_alone_is_not_held_to_have_been_tried() {
    let object = Object::random(35, 30_000);
    let mut world = World::new(&object, 35, &[(Conduct::IsSilent, MB, 5)]);
    world.begin(all(&object, 1));
    for _ in 0..2 * TROUBLES_MAX {
        world.give(Input::Away { source: SourceId(0), after: Span::millis(500) });
        world.run_until(world.now + Span::millis(600));
    }
    assert_eq!(opened(&world).len(), 1 + 2 * usize::from(TROUBLES_MAX));
    world.run();
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::NoSource)), "dials that fail are counted");
}

#[test]
fn the_cheapest_source_is_asked_first_and_a_late_offer_is_used() {
    let object = Object::random(30, 100_000);
    let mut world = World::new(&object, 30, &[(Conduct::Honest, MB, 5), (Conduct::Honest, MB, 5), (Conduct::Honest, MB, 5)]);
    let mut order = all(&object, 2);
    (order.sources[0].cost, order.sources[1].cost) = (9, 2);
    world.begin(order);
    assert_eq!(opened(&world), [1, 0]);
    world.give(Input::Offer(offer(2, 5)));
    world.give(Input::Offer(offer(2, 5)));
    assert_eq!(opened(&world), [1, 0, 2]);
    assert_eq!(world.run().wrongs(0..100_000), Vec::<String>::new());
}

#[test]
fn who_sends_what_was_not_asked_for_is_blamed_and_the_exchange_is_given_up() {
    let object = Object::random(31, 30_000);
    let mut world = World::new(&object, 31, &[(Conduct::Honest, MB, 5)]);
    world.begin(all(&object, 1));
    world.give(Input::Opened(SourceId(0)));
    let ask = *world.transfer.asks.keys().next().expect("the root is asked for");
    let (id, bytes) = lines::content(&object, *object.places.keys().next().expect("there are chunks"));
    world.give(Input::Content { ask, id, bytes: bytes.clone() });
    assert!(world.effects.contains(&Effect::GiveUp { ask }), "{:?}", world.effects);
    let again = *world.transfer.asks.keys().next().expect("the root is asked for again");
    assert_ne!(again, ask);
    world.give(Input::Named { ask: again, id, version: 1, bytes });
    assert_eq!(penalties(&world, 0, Penalty::NotAsked), 2);
    assert_eq!(world.errors, Vec::<String>::new());
}

#[test]
fn a_right_content_that_comes_late_is_as_good_as_any() {
    let object = Object::random(32, 600_000);
    // The second is so slow that all it has is taken from it; what was on the way already is used or counted.
    let mut world = fetched(&object, 32, &[(Conduct::Honest, 4 * MB, 5), (Conduct::Slows(4, 50), 4 * MB, 60)]);
    assert_eq!(world.wrongs(0..600_000), Vec::<String>::new());
    let counts = *world.transfer.counters();
    assert!(counts.stolen + counts.doubled > 0, "{counts:?}");
    assert!(counts.duplicate_bytes < 100_000, "{counts:?}");
    assert!(world.now < Time(600_000_000), "it took until {}", world.now);
}
