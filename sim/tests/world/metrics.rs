//! Metrics are what happened: counted again from a complete record of datagrams they give the same numbers, and their parts add up.

use crate::common::chance::small_plan;
use crate::common::drawn::{eventful, gossip, peers, tokens};
use crate::common::questions::{difference, total};
use crate::common::{run, run_on};
use hypermesh_core::base::NodeId;
use hypermesh_scenarios::catalog::{Id, Kind};
use hypermesh_scenarios::plan::{Plan, WireFaultKind};
use hypermesh_scenarios::trace::{Fate, Trace};
use hypermesh_sim::faults::Lives;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// The plans of this file, with every datagram kept.
fn plans() -> [Plan; 3] {
    [tokens(80), gossip(120), peers(30)].map(|plan| {
        let mut plan = eventful(plan);
        plan.observe.flows = 1.0;
        plan
    })
}

/// How many moments lie in each time bin of a trace.
fn by_bin(trace: &Trace, moments: impl Iterator<Item = u64>) -> Vec<u64> {
    let edges = &trace.metrics.edges;
    let mut bins = vec![0; edges.len() - 1];
    moments.for_each(|at| bins[edges.partition_point(|edge| edge.0 <= at) - 1] += 1);
    bins
}

#[test]
fn counters_per_bin_are_those_of_the_datagrams_in_it() {
    for mut plan in plans() {
        // A copy has its original's number, and the record holds one end for both.
        plan.network.duplicate = 0.0;
        for threads in [1, 3] {
            let trace = run_on(&plan, threads);
            let sent = by_bin(&trace, trace.flows.iter().map(|flow| flow.sent_ns));
            assert_eq!(trace.metrics.counters[&Id::NetSent].by_bin, sent);
            for (id, fate) in
                [(Id::NetDelivered, Fate::Delivered), (Id::NetLost, Fate::Lost), (Id::NetCut, Fate::Cut), (Id::NetToDead, Fate::Dead)]
            {
                let ends = by_bin(&trace, trace.flows.iter().filter(|flow| flow.fate == fate).map(|flow| flow.done_ns));
                assert_eq!(trace.metrics.counters.get(&id).map_or(vec![0; ends.len()], |c| c.by_bin.clone()), ends, "{}", id.metric().name);
            }
            let bytes: u64 = trace.flows.iter().map(|flow| u64::from(flow.bytes)).sum();
            assert_eq!(total(&trace, Id::NetBytes), bytes);
        }
    }
}

#[test]
fn regions_and_bins_add_up_to_the_same() {
    for plan in plans() {
        let trace = run(&plan);
        for (id, counter) in trace.metrics.counters.iter().filter(|(id, _)| !id.metric().name.starts_with("broken.")) {
            let sum = |list: &[u64]| list.iter().sum::<u64>();
            assert_eq!(sum(&counter.by_bin), sum(&counter.by_region), "{}", id.metric().name);
            assert_eq!(id.metric().kind, Kind::Counter);
        }
        let count = |list: &[hdrhistogram::Histogram<u64>]| list.iter().map(|histogram| histogram.len()).sum::<u64>();
        let latency = &trace.metrics.samples[&Id::NetLatency];
        assert_eq!(count(&latency.by_bin), count(&latency.by_region), "without a warm-up regions see all that bins see");
    }
}

#[test]
fn shards_merge_to_the_same_metrics_exactly() {
    for plan in plans() {
        let one = run_on(&plan, 1);
        for threads in [3, 5] {
            assert_eq!(difference(&one, &run_on(&plan, threads)), None);
        }
    }
}

#[test]
fn what_is_under_way_is_what_was_sent_and_has_not_ended() {
    for plan in plans() {
        let trace = run(&plan);
        let ends = [Id::NetDelivered, Id::NetLost, Id::NetCut, Id::NetQueueFull, Id::NetToDead];
        let bin = |id: Id, n: usize| trace.metrics.counters.get(&id).map_or(0, |counter| counter.by_bin[n]);
        let mut under_way = 0;
        for (n, gauge) in trace.metrics.gauges[&Id::NetInFlight].iter().enumerate() {
            under_way += bin(Id::NetSent, n) as i64 - ends.map(|id| bin(id, n) as i64).iter().sum::<i64>();
            assert_eq!(*gauge, under_way as f64, "bin {n}");
        }
    }
}

#[test]
fn copies_are_counted_as_sent_and_delivered() {
    let mut plan = gossip(100);
    plan.faults.wires.push(crate::common::drawn::wire_fault(
        0,
        900,
        hypermesh_scenarios::plan::WireScope::All,
        WireFaultKind::Duplicate(1.0),
    ));
    let trace = run(&plan);
    assert_eq!(total(&trace, Id::NetSent), 2 * total(&trace, Id::NetDuplicated));
    assert_eq!(total(&trace, Id::NetSent), total(&trace, Id::NetDelivered));
}

#[test]
fn nodes_are_up_when_the_plan_says_so() {
    let config = Config { cases: 40, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&small_plan(), |plan| {
        let (trace, lives) = (run(&plan), Lives::new(&plan));
        let up_before = |edge: u64| (0..plan.node_count()).filter(|node| lives.up_at(NodeId(*node), edge - 1)).count() as f64;
        let expected: Vec<f64> = trace.metrics.edges[1..].iter().map(|edge| up_before(edge.0)).collect();
        prop_assert_eq!(&trace.metrics.gauges[&Id::NodesUp], &expected);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error:?}");
    }
}
