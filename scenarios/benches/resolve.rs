//! How long it takes to make a map of the world, and a plan of many nodes.

use criterion::{Criterion, criterion_group, criterion_main};
use hypermesh_scenarios::network::backbone;
use hypermesh_scenarios::{Loaded, Overrides, load_text};
use std::hint::black_box;

fn scenario(name: &str, groups: &str, rest: &str) -> Loaded {
    let text = format!("version: 1\nname: {name}\ntime: {{stop: 100s}}\ngroups: {{peer: {groups}}}\n{rest}");
    load_text(name, &text, &Overrides::default()).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn maps(c: &mut Criterion) {
    for places in [100, 300, 2_000] {
        c.bench_function(&format!("map of {places} places"), |b| b.iter(|| backbone::map(black_box(places))));
    }
}

fn plans(c: &mut Criterion) {
    let churn = "faults: [{churn: {at: 50s, for: 20s, rate: 0.5%/s, downtime: 10s, leave: 50%}}, {crash: {at: 80s, nodes: 5%}}]\n\
                 workload: [{broadcast: {from: peer, at: 40s, rate: 1/s, for: 45s, arrivals: poisson}}]\n";
    let million = scenario("churn-1m", "{role: hypermesh-peer, count: 1_000_000, join: {over: 20s}}", churn);
    let gossip = scenario("gossip-10m", "{role: gossip-peer, count: 10_000_000}", "workload: [{broadcast: {from: peer, at: 1s}}]\n");
    let mut group = c.benchmark_group("plan");
    group.sample_size(10);
    for (name, loaded) in [("1 M peers with churn", million), ("10 M gossip peers", gossip)] {
        group.bench_function(name, |b| b.iter(|| hypermesh_scenarios::plan(&loaded)));
    }
}

criterion_group!(benches, maps, plans);
criterion_main!(benches);
