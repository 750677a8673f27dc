//! Promises of the cache of one node.

mod interleaved;

use super::*;
use crate::base::{Dice, NodeId, SeedKey};
use crate::machine::Chance;

/// A cache with what a driver lends it, keyed by small numbers.
struct One {
    cache: Cache<u64>,
    dice: Dice,
    position: u32,
    now: Time,
    out: Vec<Effect<u64>>,
}

impl One {
    fn new(config: Config) -> Self {
        Self { cache: Cache::new(config), dice: Dice::new(SeedKey::new(1)), position: 0, now: Time(0), out: Vec::new() }
    }

    fn small() -> Self {
        Self::new(Config { memory_bytes: 1_000, memory_policy: policy::Kind::Lru, ..Config::default() })
    }

    fn react(&mut self, react: impl FnOnce(&mut Cache<u64>, &mut Cx<'_, Effect<u64>>)) -> Vec<Effect<u64>> {
        self.out.clear();
        let chance = Chance::new(&mut self.dice, 1, &mut self.position);
        react(&mut self.cache, &mut Cx::new(self.now, NodeId(1), chance, &mut self.out));
        assert_eq!(self.cache.check(), Ok(()));
        core::mem::take(&mut self.out)
    }

    fn handle(&mut self, input: Input<u64>) -> Vec<Effect<u64>> {
        self.react(|cache, cx| cache.handle(input, cx))
    }

    fn ask(&mut self, key: u64, waiter: u64) -> Vec<Effect<u64>> {
        self.handle(Input::Request(wish(key, waiter)))
    }

    fn answer(&mut self, fetch: FetchId, answer: Answer) -> Vec<Effect<u64>> {
        self.handle(Input::Answer { fetch, answer })
    }

    fn purge(&mut self, key: u64, upto: u64) -> Vec<Effect<u64>> {
        self.handle(Input::Purge { purge: PurgeId(upto), scope: Scope::Object(key), upto: Version(upto) })
    }

    /// Asks and lets the origin answer at once.
    fn fill(&mut self, key: u64, version: u64, life: Life) -> Vec<Effect<u64>> {
        let fetch = fetch_in(&self.ask(key, 0)).expect("nothing is there yet");
        self.answer(fetch, content(version, life))
    }

    fn after(&mut self, secs: u64) -> &mut Self {
        self.now += Span::secs(secs);
        self
    }
}

fn wish(key: u64, waiter: u64) -> Request<u64> {
    Request { key, waiter: Waiter(waiter), immutable: false, at_least: Version(0), from_origin: false }
}

fn content(version: u64, life: Life) -> Answer {
    Answer::Content { version: Version(version), bytes: 100, age: Span::ZERO, life, keep: true, from_origin: true }
}

fn fetch_in(effects: &[Effect<u64>]) -> Option<FetchId> {
    effects.iter().find_map(|effect| if let Effect::Fetch { fetch, .. } = effect { Some(*fetch) } else { None })
}

/// Who was served what: waiter, version, stale.
fn served(effects: &[Effect<u64>]) -> Vec<(u64, u64, bool)> {
    let one = |effect: &Effect<u64>| match effect {
        Effect::Serve { waiter, version, stale, .. } => Some((waiter.0, version.0, *stale)),
        _ => None,
    };
    effects.iter().filter_map(one).collect()
}

fn refused(effects: &[Effect<u64>]) -> Vec<(u64, Refusal)> {
    let one = |effect: &Effect<u64>| if let Effect::Refuse { waiter, why, .. } = effect { Some((waiter.0, *why)) } else { None };
    effects.iter().filter_map(one).collect()
}

const MINUTE: Life = Life::fresh_for(Span::secs(60));

#[test]
fn freshness_ends_exactly_at_its_age() {
    let life = Life::Limited { max_age: Span::secs(10), stale_while_revalidate: Span::secs(2), stale_if_error: Span::secs(50) };
    let stamp = Stamp::of_answer(Span::secs(3), Time::ZERO, Time(1_000_000_000));
    for (at, wanted) in [
        (1, Use::Fresh),
        (6, Use::Fresh),
        (7, Use::WhileRevalidating),
        (8, Use::WhileRevalidating),
        (9, Use::IfError),
        (26, Use::IfError),
        (27, Use::No),
    ] {
        let now = Time(at * 1_000_000_000);
        assert_eq!(usable(&life, &stamp, now, Span::secs(20)), wanted, "at {at} s, with a ceiling of 20 s");
    }
    assert_eq!(stamp.age(Time(5_000_000_000)), Span::secs(8), "the second that the fetch took counts");
    assert_eq!(usable(&Life::Immutable, &stamp, Time::NEVER, Span::ZERO), Use::Fresh);
}

#[test]
fn many_who_ask_for_the_same_cause_one_fetch() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    assert_eq!((one.ask(7, 2), one.ask(7, 3)), (vec![], vec![]));
    let effects = one.answer(fetch, content(4, MINUTE));
    assert_eq!(served(&effects), [(1, 4, false), (2, 4, false), (3, 4, false)]);
    assert_eq!(served(&one.ask(7, 5)), [(5, 4, false)], "and then it is there");
    assert_eq!((one.cache.counters().fetches, one.cache.counters().joined, one.cache.counters().hits_memory), (1, 2, 1));
}

#[test]
fn an_error_reaches_all_who_wait_and_is_remembered_for_a_moment() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    one.ask(7, 2);
    assert_eq!(refused(&one.answer(fetch, Answer::Failed)), [(1, Refusal::Upstream), (2, Refusal::Upstream)]);
    assert_eq!(refused(&one.ask(7, 3)), [(3, Refusal::Upstream)], "nobody asks again at once");
    assert!(fetch_in(&one.after(2).ask(7, 4)).is_some());
}

#[test]
fn a_fetch_without_an_answer_ends() {
    let mut one = One::small();
    let effects = one.ask(7, 1);
    let fetch = fetch_in(&effects).expect("a fetch");
    assert!(effects.contains(&Effect::Wake { after: Config::default().fetch_timeout, why: Why::Overdue(fetch) }));
    let effects = one.after(10).react(|cache, cx| cache.wake(Why::Overdue(fetch), cx));
    assert_eq!(refused(&effects), [(1, Refusal::Upstream)]);
    assert_eq!(one.answer(fetch, content(1, MINUTE)), [], "what comes after that changes nothing");
}

#[test]
fn a_stale_copy_is_served_on_error_up_to_the_ceiling() {
    let life = Life::Limited { max_age: Span::secs(60), stale_while_revalidate: Span::ZERO, stale_if_error: Span::secs(1_000) };
    let mut one = One::new(Config { memory_bytes: 1_000, stale_max: Span::secs(100), ..Config::default() });
    one.fill(7, 4, life);
    let fetch = fetch_in(&one.after(60).ask(7, 1)).expect("it is not fresh any more");
    assert_eq!(served(&one.after(39).answer(fetch, Answer::Failed)), [(1, 4, true)]);
    let fetch = fetch_in(&one.after(61).ask(7, 2)).expect("beyond the ceiling too");
    assert_eq!(refused(&one.answer(fetch, Answer::Failed)), [(2, Refusal::Upstream)]);
}

#[test]
fn a_copy_is_served_while_a_fresh_one_is_fetched() {
    let life = Life::Limited { max_age: Span::secs(60), stale_while_revalidate: Span::secs(60), stale_if_error: Span::ZERO };
    let mut one = One::small();
    one.fill(7, 4, life);
    let effects = one.after(61).ask(7, 1);
    assert_eq!(served(&effects), [(1, 4, true)]);
    let fetch = fetch_in(&effects).expect("a fetch behind it");
    assert_eq!(fetch_in(&one.ask(7, 2)), None, "one is enough");
    one.answer(fetch, Answer::Same { age: Span::ZERO, life, from_origin: true });
    assert_eq!(served(&one.ask(7, 3)), [(3, 4, false)]);
    assert_eq!(one.cache.counters().revalidated, 1);
}

#[test]
fn age_adds_up_along_the_tiers() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    let old = Answer::Content { version: Version(4), bytes: 100, age: Span::secs(55), life: MINUTE, keep: true, from_origin: false };
    one.answer(fetch, old);
    assert_eq!(served(&one.after(4).ask(7, 2)), [(2, 4, false)]);
    assert!(fetch_in(&one.after(1).ask(7, 3)).is_some(), "five seconds here make it sixty");
}

#[test]
fn an_absence_is_believed_for_a_limited_time() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    let absent = Answer::Absent { version: Version(3), age: Span::ZERO, max_age: Span::secs(10_000), from_origin: true };
    assert!(matches!(one.answer(fetch, absent)[..], [Effect::ServeAbsent { waiter: Waiter(1), .. }]));
    assert!(matches!(one.after(59).ask(7, 2)[..], [Effect::ServeAbsent { waiter: Waiter(2), .. }]));
    assert!(fetch_in(&one.after(1).ask(7, 3)).is_some());
}

#[test]
fn what_is_not_to_be_stored_serves_one_request_each() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    one.ask(7, 2);
    let private = Answer::Content { version: Version(4), bytes: 100, age: Span::ZERO, life: MINUTE, keep: false, from_origin: true };
    let effects = one.answer(fetch, private);
    assert_eq!(served(&effects), [(1, 4, false)]);
    let second = fetch_in(&effects).expect("the other one gets a fetch of its own");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Keep { .. })));
    assert_eq!(served(&one.answer(second, private)), [(2, 4, false)]);
    assert!(one.cache.is_empty());
}

#[test]
fn a_purge_that_races_a_fill_wins() {
    let mut one = One::small();
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    assert_eq!(one.purge(7, 5), [Effect::Acknowledge { purge: PurgeId(5) }]);
    let effects = one.answer(fetch, content(5, MINUTE));
    assert_eq!(served(&effects), []);
    let wanted = |effect: &Effect<u64>| matches!(effect, Effect::Fetch { at_least: Version(6), from_origin: true, .. });
    assert!(effects.iter().any(wanted), "the origin is asked for something newer: {effects:?}");
    let again = fetch_in(&effects).expect("a fetch");
    assert_eq!(served(&one.answer(again, content(6, MINUTE))), [(1, 6, false)]);
}

#[test]
fn an_upstream_that_repeats_what_was_purged_is_given_up() {
    let mut one = One::small();
    one.purge(7, 5);
    let mut effects = one.ask(7, 1);
    for _ in 0..=Config::default().refetches_max {
        let fetch = fetch_in(&effects).expect("another try");
        effects = one.answer(fetch, content(5, MINUTE));
    }
    assert_eq!(refused(&effects), [(1, Refusal::Overtaken)]);
}

#[test]
fn a_purge_is_acknowledged_when_it_would_survive_a_crash_and_holds_before() {
    let mut one = One::new(Config { memory_bytes: 1_000, durable_purges: true, ..Config::default() });
    one.fill(7, 4, MINUTE);
    let effects = one.purge(7, 4);
    assert!(effects.contains(&Effect::Drop { key: 7, tier: Tier::Memory }));
    assert!(!effects.contains(&Effect::Acknowledge { purge: PurgeId(4) }));
    assert_eq!(served(&one.ask(7, 1)), []);
    assert_eq!(one.handle(Input::Recorded { purge: PurgeId(4) }), [Effect::Acknowledge { purge: PurgeId(4) }]);
}

#[test]
fn a_purge_of_everything_spares_what_is_immutable() {
    let mut one = One::small();
    one.fill(7, 4, MINUTE);
    let chunk = Request { immutable: true, ..wish(8, 1) };
    let fetch = fetch_in(&one.handle(Input::Request(chunk))).expect("a fetch");
    one.answer(fetch, content(0, Life::Immutable));
    one.handle(Input::Purge { purge: PurgeId(1), scope: Scope::Everything, upto: Version(9) });
    assert_eq!(served(&one.after(1_000_000).handle(Input::Request(chunk))), [(1, 0, false)], "a chunk is never stale");
    let fetch = fetch_in(&one.ask(7, 2)).expect("a fetch");
    let hearsay = Answer::Content { version: Version(8), bytes: 100, age: Span::ZERO, life: MINUTE, keep: true, from_origin: false };
    let effects = one.answer(fetch, hearsay);
    assert_eq!(served(&effects), [], "another cache is not believed");
    assert_eq!(served(&one.answer(fetch_in(&effects).expect("a fetch"), content(8, MINUTE))), [(2, 8, false)], "the origin is");
}

#[test]
fn a_forgotten_purge_holds_too() {
    let mut one = One::new(Config { memory_bytes: 1_000, purges_max: 1, ..Config::default() });
    one.purge(7, 5);
    one.purge(8, 9);
    assert_eq!((one.cache.floors().len(), one.cache.floors().hearsay()), (1, Version(5)));
    let fetch = fetch_in(&one.ask(7, 1)).expect("a fetch");
    let hearsay = Answer::Content { version: Version(5), bytes: 100, age: Span::ZERO, life: MINUTE, keep: true, from_origin: false };
    assert_eq!(served(&one.answer(fetch, hearsay)), []);
}

#[test]
fn what_leaves_memory_goes_to_disk_if_it_was_asked_for_again() {
    let memory_policy = policy::Kind::Lru;
    let mut one =
        One::new(Config { memory_bytes: 200, disk_bytes: 10_000, memory_policy, disk_policy: memory_policy, ..Config::default() });
    one.fill(1, 1, MINUTE);
    one.ask(1, 9);
    one.fill(2, 1, MINUTE);
    let effects = one.fill(3, 1, MINUTE);
    let moved = [
        Effect::Keep { key: 1, version: Version(1), tier: Tier::Disk, from: Source::Tier(Tier::Memory) },
        Effect::Drop { key: 1, tier: Tier::Memory },
    ];
    assert!(effects.windows(2).any(|pair| pair == moved), "{effects:?}");
    let effects = one.fill(4, 1, MINUTE);
    assert!(effects.contains(&Effect::Drop { key: 2, tier: Tier::Memory }));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Keep { tier: Tier::Disk, .. })), "2 was asked for once only");
    let effects = one.ask(1, 9);
    assert!(matches!(effects[0], Effect::Serve { source: Source::Tier(Tier::Disk), .. }));
    assert!(effects.contains(&Effect::Keep { key: 1, version: Version(1), tier: Tier::Memory, from: Source::Tier(Tier::Disk) }));
}

#[test]
fn a_copy_that_cannot_be_read_is_fetched_again() {
    let mut one = One::small();
    one.fill(7, 4, MINUTE);
    one.handle(Input::Lost { key: 7, tier: Tier::Memory });
    assert!(fetch_in(&one.ask(7, 1)).is_some());
}

#[test]
fn what_waits_is_bounded() {
    let mut one = One::new(Config { fetches_max: 2, waiters_max: 2, ..Config::default() });
    one.ask(1, 1);
    one.ask(2, 2);
    assert_eq!(refused(&one.ask(3, 3)), [(3, Refusal::Busy)]);
    one.ask(1, 4);
    assert_eq!(refused(&one.ask(1, 5)), [(5, Refusal::Busy)]);
    one.handle(Input::Cancel { key: 1, waiter: Waiter(4) });
    assert_eq!(one.ask(1, 6), [], "who cancelled made room");
}

#[test]
fn immutable_copies_on_disk_outlive_the_cache_as_far_as_there_is_room() {
    let mut one = One::new(Config { memory_bytes: 100, disk_bytes: 250, disk_policy: policy::Kind::Fifo, ..Config::default() });
    for key in 1..=3 {
        let effects = one.react(|cache, cx| cache.resume_copy(key, 100, cx));
        let given_up: Vec<Effect<u64>> = (key == 3).then_some(Effect::Drop { key: 1, tier: Tier::Disk }).into_iter().collect();
        assert_eq!(effects, given_up, "their bytes lie there already");
    }
    assert_eq!(one.react(|cache, cx| cache.resume_copy(2, 100, cx)), [], "it is known");
    assert_eq!(one.react(|cache, cx| cache.resume_copy(4, 251, cx)), [Effect::Drop { key: 4, tier: Tier::Disk }], "it has no place");
    let effects = one.handle(Input::Request(Request { immutable: true, ..wish(2, 1) }));
    assert_eq!(served(&effects), [(1, 0, false)]);
    let effects = one.handle(Input::Request(Request { immutable: true, ..wish(1, 2) }));
    assert!(fetch_in(&effects).is_some(), "what had no room is fetched again");
}
