//! What a routing decision among 1,000 edges costs: the mean by criterion, and the spread over single decisions by a small harness of its own.

use criterion::{Criterion, criterion_group, criterion_main};
use hypermesh_core::base::{Dice, NodeId, Purpose, SeedKey, Span, Spot, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::routing::{Accuracy, Claim, Config, GroupId, Input, Router, Trail};
use std::hint::black_box;
use std::time::Instant;

const EDGES: u32 = 1_000;
const GROUPS: u32 = 64;
/// The bound on the 99th percentile of one decision.
const P99_NS: u64 = 10_000;

/// A router that knows the edges, and has measured a part of the ways.
fn router() -> Router {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut spot = |n: u32| {
        let mut draw = dice.draw(n, Purpose::World, 0);
        Spot { lat: draw.unit() * 120.0 - 50.0, lon: draw.unit() * 360.0 - 180.0 }
    };
    let claim = |node: u32, spot: Spot| Claim::new(NodeId(node), spot, Accuracy::City, 1, Span::secs(3600));
    let mut router = Router::new(claim(0, spot(0)), Config::default());
    let mut inputs: Vec<Input> = (1..=EDGES).map(|node| Input::Server { claim: claim(node, spot(node)) }).collect();
    inputs.extend((0..GROUPS).map(|group| Input::Place { group: GroupId(group), spot: spot(10_000 + group) }));
    inputs.extend((0..20_000u32).map(|n| {
        let (group, node) = (GroupId(n % GROUPS), NodeId(1 + n * 7919 % EDGES));
        Input::Measured { group, node, rtt: Span::micros(u64::from(20_000 + n * 31 % 90_000)) }
    }));
    let (mut dice, mut position, mut out) = (Dice::new(SeedKey::new(1)), 0, Vec::new());
    for input in inputs {
        let mut cx = Cx::new(Time(1), NodeId(0), Chance::new(&mut dice, 0, &mut position), &mut out);
        router.handle(input, &mut cx);
    }
    router
}

fn decision(criterion: &mut Criterion) {
    let mut router = router();
    let mut key = 0u64;
    let mut decide = || {
        key = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
        router.choice(GroupId(key as u32 % GROUPS), black_box(key), &Trail::EMPTY, Time(2))
    };
    criterion.bench_function("routing/decision among 1000 edges", |bencher| bencher.iter(&mut decide));

    let mut spent: Vec<u64> = (0..100_000)
        .map(|_| {
            let before = Instant::now();
            black_box(decide());
            before.elapsed().as_nanos() as u64
        })
        .collect();
    spent.sort_unstable();
    let at = |part: f64| spent[(spent.len() as f64 * part) as usize];
    let verdict = if at(0.99) <= P99_NS { "within" } else { "ABOVE" };
    println!(
        "one decision among {EDGES} edges: p50 {} ns, p99 {} ns, p99.9 {} ns, longest {} ns; p99 is {verdict} the bound of {P99_NS} ns",
        at(0.5),
        at(0.99),
        at(0.999),
        spent[spent.len() - 1]
    );
}

criterion_group!(benches, decision);
criterion_main!(benches);
