//! Whatever the order of fills, purges, evictions, crashes of copies and time: nothing up to an acknowledged purge is served.

use super::*;
use crate::testing::Defect;
use proptest::prelude::*;
use std::collections::BTreeMap;

const KEYS: u64 = 6;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The origin publishes the object anew, or takes it away.
    Publish { key: u64, exists: bool },
    /// The origin purges what it has published of the object so far, then publishes it anew; the purge arrives at once.
    Purge { key: u64 },
    /// An old purge arrives again, or late.
    OldPurge { key: u64, back: u64 },
    /// All has to be asked again.
    PurgeAll,
    /// Somebody asks.
    Ask { key: u64, from_origin: bool },
    /// The origin reads a request now; its answer arrives later.
    Read { nth: usize },
    /// A fetch is answered: with what the origin read, or by another cache with any version that ever was.
    Answer { nth: usize, by: By },
    /// A copy is lost.
    Lose { key: u64, tier: Tier },
    /// Time passes.
    Wait { secs: u64 },
}

#[derive(Clone, Copy, Debug)]
enum By {
    Origin,
    Cache { back: usize },
    Same,
    Nobody,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS;
    let by = prop_oneof![4 => Just(By::Origin), 3 => (0..4usize).prop_map(|back| By::Cache { back }), 1 => Just(By::Same), 1 => Just(By::Nobody)];
    let tier = prop_oneof![Just(Tier::Memory), Just(Tier::Disk)];
    prop_oneof![
        2 => (key.clone(), prop::bool::weighted(0.8)).prop_map(|(key, exists)| Step::Publish { key, exists }),
        2 => key.clone().prop_map(|key| Step::Purge { key }),
        1 => (key.clone(), 0..20u64).prop_map(|(key, back)| Step::OldPurge { key, back }),
        1 => Just(Step::PurgeAll),
        6 => (key.clone(), prop::bool::weighted(0.1)).prop_map(|(key, from_origin)| Step::Ask { key, from_origin }),
        4 => (0..8usize).prop_map(|nth| Step::Read { nth }),
        5 => (0..8usize, by).prop_map(|(nth, by)| Step::Answer { nth, by }),
        1 => (key, tier).prop_map(|(key, tier)| Step::Lose { key, tier }),
        1 => (0..40u64).prop_map(|secs| Step::Wait { secs }),
    ]
}

/// A state of an object: the version, and whether it exists in it.
type State = (u64, bool);

/// The origin and what is under way between it and the cache.
struct World {
    one: One,
    clock: u64,
    /// Every state of each object.
    history: BTreeMap<u64, Vec<State>>,
    /// Fetches without an answer: what for, and what the origin has read for it.
    under_way: Vec<(FetchId, u64, Option<State>)>,
    /// The greatest version of each object that an acknowledged purge covers.
    purged: BTreeMap<u64, u64>,
    waiters: u64,
}

impl World {
    fn new(defect: Option<Defect>) -> Self {
        let config = Config {
            defect,
            memory_bytes: 250,
            disk_bytes: 350,
            disk_admission: Admission::Always,
            purges_max: 2,
            memory_policy: policy::Kind::Sieve,
            disk_policy: policy::Kind::Fifo,
            stale_max: Span::secs(30),
            ..Config::default()
        };
        let history = (0..KEYS).map(|key| (key, vec![(key + 1, true)])).collect();
        let (under_way, purged) = (Vec::new(), BTreeMap::new());
        Self { one: One::new(config), clock: KEYS, history, under_way, purged, waiters: 0 }
    }

    fn publish(&mut self, key: u64, exists: bool) {
        self.clock += 1;
        let state = (self.clock, exists);
        self.history.get_mut(&key).expect("a key").push(state);
    }

    fn newest(&self, key: u64) -> State {
        *self.history[&key].last().expect("a state")
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let effects = match step {
            Step::Publish { key, exists } => {
                self.publish(key, exists);
                return Ok(());
            }
            Step::Purge { key } => {
                let upto = self.newest(key).0;
                self.publish(key, true);
                self.purge(key, upto)
            }
            Step::OldPurge { key, back } => {
                let upto = self.purged.get(&key).copied().unwrap_or(0).saturating_sub(back);
                self.purge(key, upto)
            }
            Step::PurgeAll => {
                let upto = Version(self.clock);
                self.one.handle(Input::Purge { purge: PurgeId(0), scope: Scope::Everything, upto })
            }
            Step::Ask { key, from_origin } => {
                self.waiters += 1;
                self.one.handle(Input::Request(Request { from_origin, ..wish(key, self.waiters) }))
            }
            Step::Read { nth } => {
                let newest: BTreeMap<u64, State> = (0..KEYS).map(|key| (key, self.newest(key))).collect();
                if let Some((_, key, read)) = self.under_way.get_mut(nth) {
                    read.get_or_insert(newest[key]);
                }
                return Ok(());
            }
            Step::Answer { nth, by } if nth < self.under_way.len() => {
                let (fetch, key, read) = self.under_way.remove(nth);
                let answer = self.answer(key, read, by);
                self.one.answer(fetch, answer)
            }
            Step::Answer { .. } => return Ok(()),
            Step::Lose { key, tier } => self.one.handle(Input::Lost { key, tier }),
            Step::Wait { secs } => {
                self.one.after(secs);
                return Ok(());
            }
        };
        self.look(&effects)
    }

    /// The purge is acknowledged in the same step.
    fn purge(&mut self, key: u64, upto: u64) -> Vec<Effect<u64>> {
        let effects = self.one.purge(key, upto);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Acknowledge { .. })));
        let purged = self.purged.entry(key).or_default();
        *purged = upto.max(*purged);
        effects
    }

    fn answer(&self, key: u64, read: Option<State>, by: By) -> Answer {
        let life = Life::Limited { max_age: Span::secs(20), stale_while_revalidate: Span::secs(10), stale_if_error: Span::secs(90) };
        let ((version, exists), from_origin) = match by {
            By::Nobody => return Answer::Failed,
            By::Same => return Answer::Same { age: Span::ZERO, life, from_origin: false },
            By::Origin => (read.unwrap_or(self.newest(key)), true),
            By::Cache { back } => {
                let history = &self.history[&key];
                (history[history.len() - 1 - back.min(history.len() - 1)], false)
            }
        };
        let version = Version(version);
        match exists {
            true => Answer::Content { version, bytes: 100, age: Span::secs(1), life, keep: !version.0.is_multiple_of(7), from_origin },
            false => Answer::Absent { version, age: Span::ZERO, max_age: Span::secs(5), from_origin },
        }
    }

    fn look(&mut self, effects: &[Effect<u64>]) -> Result<(), TestCaseError> {
        for effect in effects {
            match *effect {
                Effect::Fetch { fetch, key, .. } => self.under_way.push((fetch, key, None)),
                Effect::Serve { key, version, .. } | Effect::ServeAbsent { key, version, .. } => {
                    let floor = self.purged.get(&key).copied().unwrap_or(0);
                    prop_assert!(version.0 > floor, "{key} was served in version {}, and purged up to {floor}", version.0);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nothing_up_to_an_acknowledged_purge_is_served(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::new(None);
        for one in steps {
            world.step(one)?;
        }
    }
}

#[test]
#[cfg(feature = "defects")]
fn a_cache_that_serves_below_a_purge_floor_is_found() {
    use proptest::test_runner::{Config as Cases, RngAlgorithm, TestError, TestRng, TestRunner};
    let look = |defect| {
        let cases = Cases { cases: 100, max_shrink_iters: 0, failure_persistence: None, ..Cases::default() };
        let mut runner = TestRunner::new_with_rng(cases, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        runner.run(&prop::collection::vec(step(), 1..200), |steps| {
            let mut world = World::new(defect);
            steps.into_iter().try_for_each(|step| world.step(step))
        })
    };
    assert!(matches!(look(Some(Defect::ServePurged)), Err(TestError::Fail(..))), "the check can fail");
    assert!(look(None).is_ok());
}
