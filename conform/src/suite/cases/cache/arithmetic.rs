//! What only the machine of the cache itself shows: nanoseconds, ages without end, records on a disk, copies that count as replicas.

use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::cache::{
    Answer, Cache, Config, Effect, FetchId, Floors, Input, Life, PurgeId, Request, Scope, Stamp, Use, Version, Waiter, usable,
};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::replication::{Budget, Member, Placement, Plan, Stock, plan};
use hypermesh_core::stoq::session::frame::Word;

/// A cache of small numbers, with what a driver lends it.
struct One {
    cache: Cache<u64>,
    dice: Dice,
    position: u32,
    now: Time,
}

impl One {
    fn new(config: Config) -> Self {
        Self { cache: Cache::new(config), dice: Dice::new(SeedKey::new(1)), position: 0, now: Time(0) }
    }

    fn handle(&mut self, input: Input<u64>) -> Vec<Effect<u64>> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 1, &mut self.position);
        self.cache.handle(input, &mut Cx::new(self.now, NodeId(1), chance, &mut out));
        out
    }

    fn ask(&mut self, immutable: bool) -> Vec<Effect<u64>> {
        let request = Request { key: 7, waiter: Waiter(1), immutable, at_least: Version(0), from_origin: false };
        self.handle(Input::Request(request))
    }

    /// Asks, and lets the origin answer with a life.
    fn fill(&mut self, immutable: bool, life: Life) -> Outcome {
        let asked = fetch_in(&self.ask(immutable)).ok_or_else(|| Miss::Inconclusive("nothing was fetched".into()))?;
        let answer = Answer::Content { version: Version(5), bytes: 100, age: Span::ZERO, life, keep: true, from_origin: true };
        self.handle(Input::Answer { fetch: asked, answer });
        Ok(())
    }
}

fn fetch_in(effects: &[Effect<u64>]) -> Option<FetchId> {
    effects.iter().find_map(|effect| if let Effect::Fetch { fetch, .. } = effect { Some(*fetch) } else { None })
}

/// These cases.
pub(super) fn cases() -> Vec<Case> {
    [ages(), contents(), purges(), replicas(), rounding()].concat()
}

fn ages() -> Vec<Case> {
    let life = Life::fresh_for(Span::secs(10));
    let mut all = Vec::new();
    for (name, polarity, age, is_fresh) in [
        ("a-nanosecond-less-than-its-life", Boundary, 9_999_999_999, true),
        ("exactly-its-life", Boundary, 10_000_000_000, false),
        ("a-nanosecond-more-than-its-life", Boundary, 10_000_000_001, false),
    ] {
        all.push(Case::function(&format!("R-11-02/{name}"), polarity, move || {
            let found = usable(&life, &Stamp { at: Time(5), age: Span::ZERO }, Time(5 + age), Span::ZERO);
            ensure((found == Use::Fresh) == is_fresh, || format!("a copy of {age} ns with a life of 10 s is {found:?}"))
        }));
    }
    all.push(Case::function("R-11-03/an-age-without-end-stays-there", Invalid, || {
        let stamp = Stamp::of_answer(Span(u64::MAX - 1), Time(0), Time(10));
        let age = stamp.age(Time(20));
        ensure(age == Span(u64::MAX), || format!("an age beyond 2^64 - 1 became {}", age.0))
    }));
    all
}

fn contents() -> Vec<Case> {
    vec![
        Case::function("R-11-06/an-age-of-all-ones", Boundary, || {
            let found = usable(&Life::Immutable, &Stamp { at: Time(0), age: Span(u64::MAX) }, Time(u64::MAX), Span::ZERO);
            ensure(found == Use::Fresh, || format!("an immutable copy is {found:?} at the greatest age"))
        }),
        Case::function("R-11-06/an-answer-makes-nothing-immutable", Invalid, || {
            let mut one = One::new(Config::default());
            one.fill(false, Life::Immutable)?;
            one.now = Time(1) + Config::default().stale_max;
            let effects = one.ask(false);
            ensure(fetch_in(&effects).is_some(), || format!("a named object was taken for immutable: {effects:?}"))
        }),
    ]
}

fn purges() -> Vec<Case> {
    let purge = |one: &mut One, upto: u64| one.handle(Input::Purge { purge: PurgeId(upto), scope: Scope::Object(7), upto: Version(upto) });
    let acknowledged = |effects: &[Effect<u64>]| effects.iter().any(|effect| matches!(effect, Effect::Acknowledge { .. }));
    vec![
        Case::function("R-11-08/not-before-it-would-survive-a-crash", Boundary, move || {
            let mut one = One::new(Config { durable_purges: true, ..Config::default() });
            one.fill(false, Life::fresh_for(Span::secs(60)))?;
            let effects = purge(&mut one, 5);
            ensure(!acknowledged(&effects), || "a purge was acknowledged before it was recorded".into())?;
            let effects = one.handle(Input::Recorded { purge: PurgeId(5) });
            ensure(acknowledged(&effects), || "a purge that was recorded was not acknowledged".into())
        }),
        Case::function("R-11-12/a-key-that-is-forgotten-by-name", Invalid, || {
            let mut floors = Floors::new(1, 1);
            floors.raise(1_u64, Version(5));
            floors.raise(2, Version(7));
            let old = floors.allow(&1, Version(5), false);
            let newer = floors.allow(&1, Version(6), false);
            let remembered = floors.allow(&2, Version(7), true);
            ensure(!old && newer && !remembered, || format!("old {old}, newer {newer}, remembered {remembered}"))
        }),
    ]
}

/// R-11-11: what counts as a replica.
fn replicas() -> Vec<Case> {
    let id = ChunkId::of(b"a chunk");
    let planned = move |holders: &[u32]| -> Result<Plan, Miss> {
        let members = (0..3).map(|node| Member { node: NodeId(node), weight: 1, region: 0, site: node }).collect();
        let placement = Placement::new(members).map_err(|twice| Miss::Error(format!("{twice}")))?;
        let stock = [Stock { id, len: 1_000, holders: holders.iter().copied().map(NodeId).collect() }];
        Ok(plan(&placement, 2, &stock, &[], Budget { total: u64::MAX, per_node: u64::MAX }))
    };
    vec![
        Case::function("R-11-11/copies-that-were-acknowledged", Valid, move || {
            let plan = planned(&[0, 1, 2])?;
            ensure(plan.copies.is_empty() && plan.lost.is_empty(), || format!("three of two copies are there: {plan:?}"))
        }),
        Case::function("R-11-11/one-copy-fewer-than-wanted", Boundary, move || {
            // Two of three members are the right ones, so one of these two holders may be wrong; one holder is always too few.
            let plan = planned(&[1])?;
            ensure(!plan.copies.is_empty() && plan.lost.is_empty(), || format!("one of two copies is there: {plan:?}"))
        }),
        Case::function("R-11-11/a-cache-that-has-everything", Invalid, move || {
            let plan = planned(&[77])?;
            ensure(plan.lost == [id], || format!("only a cache has it, and it counts: {plan:?}"))
        }),
    ]
}

/// R-11-29: whole milliseconds.
fn rounding() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, polarity, nanos, age, life) in [
        ("whole-milliseconds", Valid, 5_000_000, 5, 5),
        ("a-nanosecond-below", Boundary, 4_999_999, 5, 4),
        ("a-nanosecond-above", Boundary, 5_000_001, 6, 5),
    ] {
        all.push(Case::function(&format!("R-11-29/{name}"), polarity, move || {
            let told = Word::new(Span(nanos), &Life::fresh_for(Span(nanos)), false);
            let found = (told.age_millis, told.max_age_millis);
            ensure(found == (age, life), || format!("an age and a life of {nanos} ns are told as {found:?} ms"))
        }));
    }
    all.push(Case::function("R-11-29/a-life-without-end", Invalid, || {
        let told = Word::new(Span::ZERO, &Life::Immutable, false).max_age_millis;
        ensure(told == (1 << 62) - 1, || format!("the longest life is told as {told} ms"))
    }));
    all
}
