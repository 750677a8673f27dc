//! Requests per second of the eviction policies on one core, beside a cache that others keep (quick_cache, without its locks).
//!
//! Half a million requests for a million keys whose popularity falls off like a Zipf distribution with exponent 1, into room for 50,000 objects of one
//! byte. What is measured is the policy with its index: no bytes are stored.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hypermesh_core::base::{Dice, Purpose, SeedKey};
use hypermesh_core::stoq::cache::policy::{Kind, Policy};
use std::hint::black_box;
use std::time::Instant;

const REQUESTS: usize = 1 << 19;
const KEYS: f64 = 1e6;
const CAPACITY: u64 = 50_000;

/// Keys whose rank is log-uniform, which is Zipf's law with exponent 1.
fn requests() -> Vec<u64> {
    let mut dice = Dice::new(SeedKey::new(7));
    (0..REQUESTS as u32).map(|n| (dice.draw(0, Purpose::Test, n).unit() * KEYS.ln()).exp() as u64).collect()
}

fn run(policy: &mut dyn Policy<u64>, requests: &[u64], evicted: &mut Vec<u64>) -> u64 {
    let mut misses = 0;
    for key in requests {
        if !policy.touch(key) {
            misses += 1;
            policy.insert(*key, 1, evicted);
            evicted.clear();
        }
    }
    misses
}

fn policies(criterion: &mut Criterion) {
    let requests = requests();
    let mut group = criterion.benchmark_group("cache");
    group.throughput(Throughput::Elements(REQUESTS as u64)).sample_size(10);
    for kind in Kind::FIXED.into_iter().chain([Kind::Adaptive]) {
        let (mut policy, mut evicted) = (kind.build::<u64>(CAPACITY, 1), Vec::new());
        let misses = run(policy.as_mut(), &requests, &mut evicted);
        println!("{}: misses {:.4} of the first pass", kind.name(), misses as f64 / REQUESTS as f64);
        group.bench_function(kind.name(), |bencher| bencher.iter(|| black_box(run(policy.as_mut(), &requests, &mut evicted))));
    }
    let mut theirs = quick_cache::unsync::Cache::<u64, ()>::new(CAPACITY as usize);
    let mut pass = || {
        let mut misses = 0u64;
        for key in &requests {
            if theirs.get(key).is_none() {
                misses += 1;
                theirs.insert(*key, ());
            }
        }
        misses
    };
    println!("quick_cache: misses {:.4} of the first pass", pass() as f64 / REQUESTS as f64);
    group.bench_function("quick_cache", |bencher| bencher.iter(|| black_box(pass())));
    group.finish();
    ratios(&requests, &mut pass);
}

/// Each policy beside quick_cache, in turns, so that whatever else the machine does meets both: the best of some passes of each.
fn ratios(requests: &[u64], theirs: &mut impl FnMut() -> u64) {
    const PASSES: usize = 7;
    for kind in Kind::FIXED.into_iter().chain([Kind::Adaptive]) {
        let (mut policy, mut evicted) = (kind.build::<u64>(CAPACITY, 1), Vec::new());
        let (mut ours_s, mut theirs_s) = (f64::MAX, f64::MAX);
        for _ in 0..PASSES {
            let began = Instant::now();
            black_box(run(policy.as_mut(), requests, &mut evicted));
            let between = Instant::now();
            black_box(theirs());
            (ours_s, theirs_s) = (ours_s.min((between - began).as_secs_f64()), theirs_s.min(between.elapsed().as_secs_f64()));
        }
        let per_s = |seconds: f64| REQUESTS as f64 / seconds / 1e6;
        println!(
            "{:10} {:6.1} M requests a second and core, quick_cache {:6.1}: ratio {:.2}",
            kind.name(),
            per_s(ours_s),
            per_s(theirs_s),
            theirs_s / ours_s
        );
    }
}

criterion_group!(benches, policies);
criterion_main!(benches);
