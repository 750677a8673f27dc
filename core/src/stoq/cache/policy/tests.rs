//! Promises of the eviction policies. Their miss ratios on recorded requests are in `tests/cache_traces.rs`.

use super::index::Index;
use super::*;
use crate::base::{Dice, Purpose, SeedKey};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ALL: [Kind; 6] = [Kind::Fifo, Kind::Lru, Kind::Sieve, Kind::S3Fifo, Kind::WTinyLfu, Kind::Adaptive];

/// Asks for objects of one byte in turn; tells which of them missed.
fn ask(policy: &mut dyn Policy<u64>, keys: &[u64]) -> Vec<u64> {
    let mut evicted = Vec::new();
    let misses = keys.iter().filter(|key| {
        !policy.touch(key) && {
            policy.insert(**key, 1, &mut evicted);
            true
        }
    });
    misses.copied().collect()
}

/// Asks for one object again and again, and never takes it in.
fn repeat(policy: &mut dyn Policy<u64>, key: u64, times: usize) {
    for _ in 0..times {
        policy.touch(&key);
    }
}

fn resident(policy: &dyn Policy<u64>) -> Vec<u64> {
    let mut keys = Vec::new();
    policy.residents(&mut |key, _| keys.push(key));
    keys.sort_unstable();
    keys
}

#[test]
fn fifo_forgets_the_first_and_a_hit_changes_nothing() {
    let mut fifo = Fifo::new(3, 0);
    ask(&mut fifo, &[1, 2, 3, 1, 4]);
    assert_eq!(resident(&fifo), [2, 3, 4]);
}

#[test]
fn lru_forgets_what_was_not_asked_for_longest() {
    let mut lru = Lru::new(3, 0);
    ask(&mut lru, &[1, 2, 3, 1, 4]);
    assert_eq!(resident(&lru), [1, 3, 4]);
}

#[test]
fn the_hand_of_sieve_spares_what_was_asked_for_and_goes_on_where_it_stood() {
    let mut sieve = Sieve::new(4, 0);
    ask(&mut sieve, &[1, 2, 3, 4, 1, 2]);
    ask(&mut sieve, &[5]);
    assert_eq!(resident(&sieve), [1, 2, 4, 5], "1 and 2 lost their marks, 3 had none");
    ask(&mut sieve, &[6]);
    assert_eq!(resident(&sieve), [1, 2, 5, 6], "the hand went on to 4, not back to 1");
}

#[test]
fn the_hand_of_sieve_survives_the_removal_of_what_it_points_at() {
    let mut sieve = Sieve::new(3, 0);
    ask(&mut sieve, &[1, 2, 3, 1, 4]);
    assert_eq!(resident(&sieve), [1, 3, 4]);
    assert!(sieve.remove(&3), "the hand stands there");
    ask(&mut sieve, &[5, 6]);
    assert_eq!(resident(&sieve), [1, 5, 6]);
}

#[test]
fn s3_fifo_lets_a_scan_pass_and_remembers_who_left() {
    let mut policy = S3Fifo::new(20, 0);
    ask(&mut policy, &(0..20).collect::<Vec<_>>());
    ask(&mut policy, &(2..20).collect::<Vec<_>>());
    ask(&mut policy, &(100..140).collect::<Vec<_>>());
    let kept = resident(&policy);
    assert!((2..20).all(|key| kept.contains(&key)), "objects of the main queue are not touched by a scan: {kept:?}");

    let mut policy = S3Fifo::new(20, 0);
    ask(&mut policy, &(0..40).collect::<Vec<_>>());
    ask(&mut policy, &[35]);
    ask(&mut policy, &(200..210).collect::<Vec<_>>());
    assert!(policy.contains(&35), "what comes back while it is remembered goes to the main queue");
}

#[test]
fn s3_fifo_does_not_admit_what_would_sweep_its_small_queue() {
    let mut policy = S3Fifo::new(100, 0);
    assert!(!policy.insert(1, 11, &mut Vec::new()));
    assert!(policy.insert(2, 10, &mut Vec::new()));
}

#[test]
fn w_tinylfu_keeps_what_is_asked_for_often_from_what_comes_once() {
    let mut policy = WTinyLfu::new(100, 0);
    for _ in 0..5 {
        ask(&mut policy, &(0..90).collect::<Vec<_>>());
    }
    ask(&mut policy, &(1_000..2_000).collect::<Vec<_>>());
    let kept = (0..90).filter(|key| policy.contains(key)).count();
    assert!(kept >= 80, "{kept} of 90");
}

#[test]
fn a_large_newcomer_must_be_wanted_more_than_all_of_its_victims() {
    let mut policy = WTinyLfu::new(1_000, 0);
    let mut evicted = Vec::new();
    for key in 0..99 {
        repeat(&mut policy, key, 3);
        policy.insert(key, 10, &mut evicted);
    }
    repeat(&mut policy, 500, 6);
    assert!(!policy.insert(500, 30, &mut evicted), "six requests against nine of three victims");
    repeat(&mut policy, 500, 6);
    assert!(policy.insert(500, 30, &mut evicted), "twelve against nine");
}

#[test]
fn the_sketch_counts_ages_and_grows_without_forgetting() {
    let mut sketch = Sketch::default();
    let hash = |key: u64| key.hash(3);
    (0..9).for_each(|_| sketch.add(hash(1)));
    (0..30).for_each(|_| sketch.add(hash(2)));
    assert_eq!((sketch.estimate(hash(1)), sketch.estimate(hash(2)), sketch.estimate(hash(3))), (9, 15, 0));
    sketch.fit(1_000);
    assert_eq!((sketch.estimate(hash(1)), sketch.estimate(hash(2))), (9, 15));
    (0..10_000).for_each(|n| sketch.add(hash(10 + n % 500)));
    assert!(sketch.estimate(hash(1)) <= 6, "counts are halved after ten requests an object: {}", sketch.estimate(hash(1)));
}

#[test]
fn the_adaptive_policy_leaves_one_that_a_scan_defeats() {
    // A loop a little longer than the cache: SIEVE, FIFO and LRU miss always, W-TinyLFU keeps most of it.
    let config = AdaptiveConfig { choices: vec![Kind::Lru, Kind::WTinyLfu], sample_one_in: 4, ..AdaptiveConfig::default() };
    let mut policy = Adaptive::new(1_000, 0, config);
    let keys: Vec<u64> = (0..60_000).map(|n| n % 1_300).collect();
    ask(&mut policy, &keys[..30_000]);
    assert_eq!((policy.kind(), policy.switches()), (Kind::WTinyLfu, 1));
    let misses = ask(&mut policy, &keys[30_000..]).len();
    assert!(misses < 18_000, "{misses} of 30000; LRU misses all");
}

#[test]
fn the_index_finds_what_it_holds_after_any_removals() {
    let mut dice = Dice::new(SeedKey::new(1));
    let (mut index, mut model) = (Index::default(), BTreeMap::new());
    for step in 0..20_000 {
        let mut draw = dice.draw(0, Purpose::Test, step);
        // Few distinct hashes, so that probes run long and wrap around.
        let (key, hash) = (draw.below(400), |key: u64| key / 8 * 3);
        if draw.chance(0.5) {
            if model.insert(key, ()).is_none() {
                index.insert(hash(key), key as u32);
            }
        } else {
            let there = index.remove(hash(key), |place| u64::from(place) == key);
            assert_eq!(there.is_some(), model.remove(&key).is_some());
        }
        let probe = draw.below(400);
        assert_eq!(index.get(hash(probe), |place| u64::from(place) == probe).is_some(), model.contains_key(&probe));
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u64),
    Grow(u64, u64),
    Remove(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..40u64;
    prop_oneof![
        8 => key.clone().prop_map(Step::Ask),
        1 => (key.clone(), 0..30u64).prop_map(|(key, bytes)| Step::Grow(key, bytes)),
        1 => key.prop_map(Step::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_a_policy_says_is_what_it_holds(kind in prop::sample::select(&ALL[..]), steps in prop::collection::vec(step(), 1..400)) {
        let mut policy = match kind {
            Kind::Adaptive => {
                let config = AdaptiveConfig { sample_one_in: 2, epoch_requests: 8, margin_percent: 0, ..AdaptiveConfig::default() };
                Box::new(Adaptive::new(60, 7, config))
            }
            fixed => fixed.build::<u64>(60, 7),
        };
        let mut model: BTreeMap<u64, u64> = BTreeMap::new();
        for step in steps {
            let mut evicted = Vec::new();
            match step {
                Step::Ask(key) => {
                    prop_assert_eq!(policy.touch(&key), model.contains_key(&key));
                    if !model.contains_key(&key) && policy.insert(key, key % 7, &mut evicted) {
                        model.insert(key, key % 7);
                    }
                }
                Step::Grow(key, bytes) => {
                    if policy.insert(key, bytes, &mut evicted) { model.insert(key, bytes) } else { model.remove(&key) };
                }
                Step::Remove(key) => prop_assert_eq!(policy.remove(&key), model.remove(&key).is_some()),
            }
            for key in evicted {
                prop_assert!(model.remove(&key).is_some(), "{kind:?} evicted {key}, which was not there");
            }
            let mut held = BTreeMap::new();
            policy.residents(&mut |key, bytes| { held.insert(key, bytes); });
            prop_assert_eq!(&held, &model, "{:?}", kind);
            prop_assert_eq!((policy.len(), policy.used()), (model.len(), model.values().sum::<u64>()));
            prop_assert!(policy.used() <= policy.capacity());
            prop_assert!(model.iter().all(|(key, bytes)| policy.size_of(key) == Some(*bytes)));
        }
    }
}
