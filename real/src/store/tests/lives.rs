//! Random lives of a store on a disk that fails in every way, held against what was acknowledged.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use std::collections::BTreeMap;

const CONTENTS: u64 = 12;
const NAMES: [&str; 4] = ["a", "a/b", "a/b/c", "d"];

/// What happens in a life.
#[derive(Clone, Copy, Debug)]
enum Event {
    Put(u64),
    Forget(u64),
    Bind(usize, u64),
    Purge(usize, u64),
    Sync,
    Compact,
    /// The process ends without a word.
    Kill,
    LosePower,
    Rot,
    Fail(Faults),
}

fn event() -> impl Strategy<Value = Event> {
    let soon = || 0..6u32;
    let faults = prop_oneof![
        Just(Faults::default()),
        soon().prop_map(|n| Faults { write: Some(n), ..Faults::default() }),
        soon().prop_map(|n| Faults { read: Some(n), ..Faults::default() }),
        soon().prop_map(|n| Faults { sync: Some(n), ..Faults::default() }),
        soon().prop_map(|n| Faults { sync_names: Some(n), ..Faults::default() }),
        (0..20_000u64).prop_map(|room| Faults { room: Some(room), ..Faults::default() }),
    ];
    prop_oneof![
        12 => (0..CONTENTS).prop_map(Event::Put),
        4 => (0..CONTENTS).prop_map(Event::Forget),
        6 => (0..NAMES.len(), 1..12u64).prop_map(|(name, version)| Event::Bind(name, version)),
        3 => (0..9usize, 0..10u64).prop_map(|(scope, upto)| Event::Purge(scope, upto)),
        6 => Just(Event::Sync),
        4 => Just(Event::Compact),
        2 => Just(Event::Kill),
        3 => Just(Event::LosePower),
        1 => Just(Event::Rot),
        2 => faults.prop_map(Event::Fail),
    ]
}

fn events() -> impl Strategy<Value = (u64, Vec<Event>)> {
    (any::<u64>(), prop::collection::vec(event(), 1..70))
}

fn scope(index: usize) -> Scope {
    match index {
        0..4 => Scope::Name(name(NAMES[index])),
        4..8 => Scope::Below(name(NAMES[index - 4])),
        _ => Scope::Everything,
    }
}

fn covers(index: usize, at: &str) -> bool {
    match scope(index) {
        Scope::Name(name) => name.as_str() == at,
        Scope::Below(folder) => folder.covers(&name(at)),
        Scope::Everything => true,
    }
}

/// Something that will be acknowledged.
#[derive(Clone, Copy, Debug)]
enum Claim {
    Content(u64, bool),
    Bound(usize, u64),
    Purged(usize, u64),
}

/// What must hold.
#[derive(Debug, Default)]
struct Ledger {
    /// Content that must be there or must not, by the last acknowledgement.
    contents: BTreeMap<u64, bool>,
    /// The newest acknowledged version of each name.
    bound: [Option<u64>; 4],
    /// Acknowledged purges, and those that were asked for.
    purged: [Option<u64>; 9],
    asked: [Option<u64>; 9],
    claims: Vec<Claim>,
    /// A bit rotted: things may be missing, and never wrong.
    hurt: bool,
}

impl Ledger {
    fn settle(&mut self) {
        for claim in std::mem::take(&mut self.claims) {
            match claim {
                Claim::Content(i, there) => drop(self.contents.insert(i, there)),
                Claim::Bound(name, version) => self.bound[name] = self.bound[name].max(Some(version)),
                Claim::Purged(scope, upto) => self.purged[scope] = self.purged[scope].max(Some(upto)),
            }
        }
    }

    fn check(&self, store: &Store<MemoryDisk>) -> Result<(), String> {
        for i in 0..CONTENTS {
            let (key, bytes) = content(i);
            let got = store.get(&key);
            if let Ok(Some(got)) = &got
                && *got != bytes
            {
                return Err(format!("content {i} has wrong bytes"));
            }
            match self.contents.get(&i) {
                Some(true) if !self.hurt && got != Ok(Some(bytes)) => return Err(format!("content {i} was acknowledged, and {got:?}")),
                Some(false) if !self.hurt && got != Ok(None) => return Err(format!("content {i} was forgotten, and {got:?}")),
                _ => {}
            }
        }
        (0..NAMES.len()).try_for_each(|name| self.check_name(store, name))
    }

    fn check_name(&self, store: &Store<MemoryDisk>, index: usize) -> Result<(), String> {
        let at = NAMES[index];
        let floor = |purges: &[Option<u64>; 9]| (0..9).filter(|scope| covers(*scope, at)).filter_map(|scope| purges[scope]).max();
        let found = store.lookup(&name(at));
        let told = match found {
            Lookup::Bound(binding) if Some(binding.version.0) <= floor(&self.purged) => {
                return Err(format!("{at} was purged, and {found:?}"));
            }
            Lookup::Bound(binding) => Some(binding),
            Lookup::Doubtful(_) if !self.hurt => return Err(format!("nothing about {at} is doubtful")),
            Lookup::Doubtful(_) | Lookup::Absent => None,
        };
        if told.is_some_and(|binding| binding.manifest != manifest(index as u64, binding.version.0).0) {
            return Err(format!("{at} leads to a wrong manifest"));
        }
        let least = self.bound[index].filter(|version| Some(*version) > floor(&self.asked));
        if !self.hurt && least > told.map(|binding| binding.version.0) {
            return Err(format!("version {least:?} of {at} was acknowledged, and {found:?}"));
        }
        Ok(())
    }
}

/// All that can be seen of a store.
fn seen(store: &Store<MemoryDisk>) -> impl PartialEq + std::fmt::Debug {
    let contents: Vec<_> = (0..CONTENTS).map(|i| store.get(&content(i).0)).collect();
    let names = NAMES.map(|at| (store.lookup(&name(at)), store.purged(&name(at))));
    (contents, names)
}

/// Lives a life, and tells the first promise that was broken.
fn live(seed: u64, events: &[Event], lying_syncs: bool) -> Result<(), String> {
    let disk = MemoryDisk::new(seed);
    let calm = Faults { lying_syncs, ..Faults::default() };
    disk.plan(calm);
    let mut ledger = Ledger::default();
    let mut store = open(&disk).0;
    for event in events {
        match *event {
            Event::Put(i) => {
                let (key, bytes) = content(i);
                if store.put(key, &bytes).is_ok() {
                    if ledger.contents.get(&i) != Some(&true) {
                        ledger.contents.remove(&i);
                    }
                    ledger.claims.push(Claim::Content(i, true));
                }
            }
            Event::Forget(i) => {
                if store.forget(content(i).0).is_ok() {
                    if ledger.contents.get(&i) != Some(&false) {
                        ledger.contents.remove(&i);
                    }
                    ledger.claims.push(Claim::Content(i, false));
                }
            }
            Event::Bind(at, version) => {
                let (id, bytes) = manifest(at as u64, version);
                let bound = store.put(Key::Manifest(id), &bytes).and_then(|_| store.bind(&name(NAMES[at]), Version(version), id));
                if bound.is_ok() {
                    ledger.claims.push(Claim::Bound(at, version));
                }
            }
            Event::Purge(index, upto) => {
                ledger.asked[index] = ledger.asked[index].max(Some(upto));
                if store.purge(&scope(index), Version(upto)).is_ok() {
                    ledger.claims.push(Claim::Purged(index, upto));
                }
            }
            Event::Sync if store.sync().is_ok() => ledger.settle(),
            Event::Sync => {}
            Event::Compact => drop(store.compact()),
            Event::Rot => {
                // Two bits may hit both records of a purge.
                if !ledger.hurt {
                    ledger.hurt = disk.rot();
                }
            }
            Event::Fail(faults) => {
                disk.plan(Faults { lying_syncs, ..faults });
            }
            Event::Kill | Event::LosePower => {
                drop(store);
                if matches!(event, Event::LosePower) {
                    disk.lose_power();
                }
                ledger.claims.clear();
                disk.plan(calm);
                store = open(&disk).0;
                ledger.check(&store)?;
                let (again, _) = open(&MemoryDisk::of_files(&disk.files()));
                if seen(&again) != seen(&store) {
                    return Err(format!("a second recovery finds {:?} and not {:?}", seen(&again), seen(&store)));
                }
                if !ledger.hurt && again.figures().live_bytes != store.figures().live_bytes {
                    return Err("a second recovery counts other bytes as needed".into());
                }
            }
        }
    }
    disk.plan(calm);
    ledger.check(&store)?;
    drop(store);
    disk.lose_power();
    ledger.check(&open(&disk).0)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn whatever_happens_what_was_acknowledged_holds((seed, events) in events()) {
        prop_assert_eq!(live(seed, &events, false), Ok(()));
    }
}

#[test]
fn acknowledging_before_the_sync_is_found_out() {
    // How far shrinking comes depends on where it starts, so this search is the same one whatever seed the others are given.
    let mut runner = TestRunner::new(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config(400) });
    let verdict = runner.run(&events(), |(seed, events)| {
        let broken = live(seed, &events, true);
        broken.map_err(TestCaseError::fail)
    });
    let Err(TestError::Fail(reason, (_, shortest))) = verdict else { panic!("the planted defect was not found: {verdict:?}") };
    assert!(reason.message().contains("was "), "{reason}");
    assert!(shortest.len() <= 8, "a short life tells it: {shortest:?}");
}
