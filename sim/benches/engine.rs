//! What the parts of the engine cost: the queue beside a binary heap, a verdict of the wires, a draw, and an event with its node.

#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/common/drawn.rs"]
mod drawn;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{Dice, NodeId, Purpose, SeedKey, Span};
use hypermesh_scenarios::plan::{Plan, WireFaultKind, WireScope};
use hypermesh_sim::bench::{Load, plans};
use hypermesh_sim::engine::{Event, What, Wheel};
use hypermesh_sim::network::{End, Wires};
use hypermesh_sim::{Options, Silent};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

/// A delay of 10 to 158 ms, as between places of the world.
fn delay(n: u64) -> u64 {
    10_000_000 + (((mix(n) >> 32) * 148_000_000) >> 32)
}

fn event(at: u64, n: u64) -> Event<u32, ()> {
    Event { at, dst: n as u32, src: 0, seq: n as u32, what: What::Message(0) }
}

/// One event taken and one added, at a steady number of events queued.
fn queue(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    group.throughput(Throughput::Elements(1));
    for size in [1_000u64, 100_000, 1_000_000] {
        // Slots of about two thousand events, as a world chooses them.
        let shift = 63 - (84_000_000 * 2048 / size).clamp(1 << 10, 1 << 20).leading_zeros();
        let mut wheel = Wheel::new(shift);
        (0..size).for_each(|n| wheel.push(event(delay(n), n)));
        let (mut slot, mut sorted, mut n) = (Vec::new(), Vec::<Event<u32, ()>>::new().into_iter(), size);
        group.bench_function(BenchmarkId::new("wheel", size), |b| {
            b.iter(|| {
                let next = loop {
                    if let Some(next) = sorted.next() {
                        break next;
                    }
                    let start = wheel.next_slot().expect("never empty");
                    wheel.take_slot(start, &mut slot);
                    let mut events: Vec<_> = slot.drain(..).flatten().collect();
                    events.sort_unstable_by_key(|event| (event.at, event.dst));
                    sorted = events.into_iter();
                };
                n += 1;
                wheel.push(event(next.at + delay(n), n));
                black_box(next.dst)
            });
        });
        let mut heap: BinaryHeap<_> = (0..size).map(|n| Reverse((delay(n), n as u32, [0u32; 3]))).collect();
        group.bench_function(BenchmarkId::new("binary_heap", size), |b| {
            b.iter(|| {
                let Reverse((at, dst, rest)) = heap.pop().expect("never empty");
                n += 1;
                heap.push(Reverse((at + delay(n), n as u32, rest)));
                black_box(dst)
            });
        });
    }
    group.finish();
}

/// A verdict about one datagram, over clean wires and over wires with everything.
fn wires(c: &mut Criterion) {
    let mut group = c.benchmark_group("wires");
    group.throughput(Throughput::Elements(1));
    let clean = drawn::gossip(1_000);
    let busy = drawn::eventful(drawn::gossip(1_000));
    let slow = Plan { faults: plans::plan(Load::Gossip, 8).faults, ..busy.clone() };
    for (name, plan) in [("clean", clean), ("disturbed", busy), ("slowed", slow)] {
        let wires = Wires::new(&plan);
        let end = |n: u32| End { id: NodeId(n), place: plan.nodes.place[n as usize], access: plan.nodes.access[n as usize] };
        let (mut seq, mut up_free) = (0u32, 0);
        group.bench_function(name, |b| {
            b.iter(|| {
                seq = seq.wrapping_add(1);
                let now = u64::from(seq) * 1_000;
                black_box(wires.route(now, end(seq % 1_000), end(mix(u64::from(seq)) as u32 % 1_000), 300, seq, &mut up_free))
            });
        });
    }
    group.finish();
}

/// A fresh draw of a node, and one number of it.
fn draw(c: &mut Criterion) {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut n = 0u32;
    c.bench_function("draw", |b| {
        b.iter(|| {
            n = n.wrapping_add(1);
            black_box(dice.draw(n % 1_000_000, Purpose::Peer, n / 1_000_000).below(1_000_000))
        });
    });
}

/// A whole run, per event, of each role.
fn step(c: &mut Criterion) {
    let mut group = c.benchmark_group("step");
    group.sample_size(10);
    let short = |mut plan: Plan| {
        plan.stop = hypermesh_core::base::Time(2_000_000_000);
        plan
    };
    let peers = {
        let mut plan = drawn::peers(2_000);
        plan.network.jitter.floor = Span::millis(2);
        plan.faults.wires.push(drawn::wire_fault(0, 9_000, WireScope::All, WireFaultKind::Loss(0.01)));
        plan
    };
    let plans = [("token", short(plans::plan(Load::Token, 10_000))), ("gossip", short(plans::plan(Load::Gossip, 10_000))), ("peer", peers)];
    for (name, plan) in plans {
        let run = || hypermesh_sim::run(&plan, &Options { threads: 1, ..Options::default() }, &Silent).expect("the plan can run");
        group.throughput(Throughput::Elements(run().run.events));
        group.bench_function(name, |b| b.iter_batched(|| (), |()| black_box(run().run.digest), BatchSize::PerIteration));
    }
    group.finish();
}

criterion_group!(benches, queue, wires, draw, step);
criterion_main!(benches);
