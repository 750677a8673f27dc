//! Push gossip in the whole engine against the analytic model of an epidemic.
//!
//! Infect and die with fan-out f (Eugster, Guerraoui, Kermarrec, Massoulié 2004): with s the share of nodes that have not heard a rumour and i the share
//! that heard it in the last round, s' = s exp(-f i), i' = s - s'. What is reached in the end solves z = 1 - exp(-f z). Losses thin the calls: f (1 - p).

use crate::common::drawn::{gossip, ms, shot};
use crate::common::questions::assert_settled;
use crate::common::run;
use hypermesh_core::hypermesh::mesh::gossip::Config;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{Plan, Role};
use hypermesh_scenarios::trace::Trace;

const NODES: u32 = 20_000;
/// Delay of every path: one round.
const ROUND: u64 = 20_000_000;

/// One rumour among all nodes, which are equally far from each other.
fn rumour(fanout: u8, loss: f64, seed: u64) -> Trace {
    let mut plan: Plan = gossip(NODES);
    plan.seed = seed;
    plan.groups[0].role = Role::Gossip(Config { fanout, population: NODES });
    plan.network.one_way_ns.fill(ROUND as u32);
    plan.network.loss = loss;
    plan.workload.broadcasts = vec![shot(10, 77)];
    plan.stop = ms(1_500);
    let trace = run(&plan);
    assert_settled(&trace);
    trace
}

/// The solution of z = 1 - exp(-f z).
fn final_share(calls: f64) -> f64 {
    (0..500).fold(1.0, |z, _| 1.0 - libm::exp(-calls * z))
}

/// Nodes reached within each number of hops, as the run recorded them.
fn reached(trace: &Trace) -> Vec<u64> {
    let hops = &trace.metrics.samples[&Id::BroadcastHops];
    let count = |n: u64| hops.by_bin.iter().map(|bin| bin.count_between(n, n)).sum::<u64>();
    let within = |sum: &mut u64, n| {
        *sum += count(n);
        Some(*sum)
    };
    (0..40).scan(0, within).collect()
}

/// The curve follows the model round by round, within one in a hundred nodes, from where one in a hundred has heard: before that chance rules.
#[track_caller]
fn assert_follows(trace: &Trace, calls: f64) {
    let measured: Vec<f64> = reached(trace).iter().map(|n| *n as f64 / f64::from(NODES)).collect();
    let begin = measured.iter().position(|share| *share > 0.01).expect("the rumour takes off").max(1);
    let (mut new, mut without) = (measured[begin] - measured[begin - 1], 1.0 - measured[begin]);
    for (round, share) in measured.iter().enumerate().skip(begin + 1) {
        let next = without * libm::exp(-calls * new);
        (new, without) = (without - next, next);
        assert!((share - (1.0 - without)).abs() < 0.01, "{calls} calls, round {round}: {share} reached, {} expected", 1.0 - without);
    }
    let (end, expected) = (measured[39], final_share(calls));
    assert!((end - expected).abs() < 0.01, "{calls} calls: {end} reached in the end, {expected} expected");
    assert_eq!(trace.broadcasts[0].reached, reached(trace)[39], "the row of the broadcast says the same");
}

#[test]
fn a_rumour_spreads_round_by_round_as_the_model_says() {
    for fanout in [2, 4, 8] {
        assert_follows(&rumour(fanout, 0.0, 3), f64::from(fanout));
    }
}

#[test]
fn a_rumour_over_lossy_wires_spreads_as_if_it_were_told_to_fewer() {
    assert_follows(&rumour(8, 0.25, 4), 6.0);
    assert_follows(&rumour(3, 0.3, 5), 2.1);
}

#[test]
fn the_infection_curve_counts_the_same_nodes_by_time() {
    let trace = rumour(4, 0.0, 5);
    for (round, reached) in reached(&trace).into_iter().enumerate().take(14) {
        // A round takes its time exactly; a step of the curve ends just after it.
        let until = (round as u64 + 1) * ROUND;
        let by_then: u64 = trace.infection.iter().filter(|(step, _)| *step <= until).map(|(_, n)| n).sum();
        assert_eq!(by_then, reached, "round {round}");
    }
}
