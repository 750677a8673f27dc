//! Faults that stop nodes.

use super::super::chance::exponential;
use super::{check_lives, of_kind, plan, plan_of, world_plan_of};
use crate::plan::{NodeFaultKind, Plan};
use hypermesh_core::base::NodeId;

const STOP: &str = "time: {stop: 60s}\n";

#[test]
fn a_crash_hits_exactly_as_many_nodes_as_asked() {
    let plan = plan_of(1_000, &format!("{STOP}faults: [{{crash: {{at: 10s, nodes: 50, for: 5s}}}}, {{crash: {{at: 20s, nodes: 10%}}}}]"));
    check_lives(&plan);
    let (crashes, restarts) = (of_kind(&plan, "crash"), of_kind(&plan, "restart"));
    assert_eq!((crashes.len(), restarts.len()), (150, 50));
    assert!(crashes[..50].iter().all(|(at, _)| *at == 10.0) && restarts.iter().all(|(at, _)| *at == 15.0));
}

#[test]
fn a_second_crash_hits_only_nodes_that_are_still_up() {
    let plan = plan_of(100, &format!("{STOP}faults: [{{crash: {{at: 10s, nodes: 60}}}}, {{crash: {{at: 20s, nodes: 60}}}}]"));
    check_lives(&plan);
    assert_eq!(of_kind(&plan, "crash").len(), 100);
}

#[test]
fn a_restart_brings_up_nodes_that_are_down_and_nobody_else() {
    let faults = "faults: [{crash: {at: 10s, nodes: 40, for: 30s}}, {restart: {at: 20s, nodes: 50%}}]";
    let plan = plan_of(100, &format!("{STOP}{faults}"));
    check_lives(&plan);
    let restarts = of_kind(&plan, "restart");
    assert_eq!(restarts.iter().filter(|(at, _)| *at == 20.0).count(), 20);
    assert_eq!(restarts.iter().filter(|(at, _)| *at == 40.0).count(), 20);
}

#[test]
fn churn_hits_nodes_at_its_rate() {
    let plan = plan_of(20_000, &format!("{STOP}faults: [{{churn: {{at: 10s, for: 20s, rate: 0.5%/s, downtime: 5s, leave: 25%}}}}]"));
    check_lives(&plan);
    let (crashes, leaves) = (of_kind(&plan, "crash"), of_kind(&plan, "leave"));
    // A node is up for all but 5 s after each hit: about 20,000 x 0.005 x 20, less one part in forty. Four standard deviations are 176.
    let hits = (crashes.len() + leaves.len()) as f64;
    assert!((hits - 1_960.0).abs() < 180.0, "{hits}");
    assert!((leaves.len() as f64 / hits - 0.25).abs() < 0.04);
    assert!(crashes.iter().chain(&leaves).all(|(at, _)| (10.0..30.0).contains(at)));
    assert_eq!(of_kind(&plan, "restart").len(), crashes.len() + leaves.len());
    let middle = crashes.iter().chain(&leaves).filter(|(at, _)| *at < 20.0).count() as f64;
    assert!((middle / hits - 0.5).abs() < 0.05, "hits are spread evenly over the time");
}

#[test]
fn churn_of_one_node_does_not_depend_on_how_many_others_there_are() {
    let faults = format!("{STOP}faults: [{{churn: {{at: 10s, for: 20s, rate: 2%/s, downtime: 3s}}}}]");
    let (few, many) = (plan_of(1_000, &faults), plan_of(1_777, &faults));
    let of_the_first: Vec<_> = many.faults.nodes.iter().filter(|fault| fault.node.0 < 1_000).collect();
    assert_eq!(of_the_first, few.faults.nodes.iter().collect::<Vec<_>>());
    assert_eq!(many.nodes.place[..1_000], few.nodes.place[..]);
    assert_eq!(many.nodes.access[..1_000], few.nodes.access[..]);
}

#[test]
fn one_fault_more_changes_no_other() {
    let one = plan_of(500, &format!("{STOP}faults: [{{churn: {{at: 10s, for: 20s, rate: 1%/s}}}}]"));
    let two = plan_of(
        500,
        &format!("{STOP}faults: [{{churn: {{at: 10s, for: 20s, rate: 1%/s}}}}, {{clock_skew: {{at: 30s, for: 5s, max: 1ms}}}}]"),
    );
    let stops = |plan: &Plan| {
        plan.faults.nodes.iter().filter(|fault| !matches!(fault.what, NodeFaultKind::Skew { .. })).copied().collect::<Vec<_>>()
    };
    assert_eq!(stops(&one), stops(&two));
    assert_eq!(one.nodes, two.nodes);
}

#[test]
fn a_lost_region_takes_all_its_nodes_and_gives_them_back() {
    let plan = world_plan_of(2_000, &format!("{STOP}faults: [{{region_loss: {{at: 20s, for: 15s, region: asia-east}}}}]"));
    check_lives(&plan);
    let region = plan.network.regions.iter().position(|name| name == "asia-east").expect("it exists") as u16;
    let inside: Vec<u32> = (0..2_000).filter(|node| plan.region_of(NodeId(*node)) == region).collect();
    assert!(inside.len() > 200, "a fifth of the world lives there");
    let nodes =
        |kind: &str, at: f64| of_kind(&plan, kind).iter().filter(|(when, _)| *when == at).map(|(_, node)| *node).collect::<Vec<_>>();
    assert_eq!((nodes("crash", 20.0), nodes("restart", 35.0)), (inside.clone(), inside));
    assert!(plan.faults.wires.is_empty(), "power is lost, not wires");
}

#[test]
fn nodes_that_have_not_started_are_not_stopped() {
    let text = "version: 1\nname: test\ntime: {stop: 60s}\nnetwork: {paths: {uniform: 5ms}}\ngroups: {peer: {role: hypermesh-peer, count: 1000, join: {at: 5s, over: 20s, shape: linear}}}\n\
                faults: [{crash: {at: 15s, nodes: 100%, for: 2s}}, {churn: {at: 0s, for: 40s, rate: 5%/s, downtime: 1s}}]\n";
    let plan = plan(text);
    check_lives(&plan);
    let at_15 = of_kind(&plan, "crash").iter().filter(|(at, _)| *at == 15.0).count();
    assert!((300..=500).contains(&at_15), "half have started, some of them are down: {at_15}");
}

#[test]
fn a_pause_ends_when_its_node_crashes() {
    let plan =
        plan_of(10, &format!("{STOP}faults: [{{pause: {{at: 10s, for: 20s, nodes: 10}}}}, {{crash: {{at: 15s, nodes: 4, for: 1s}}}}]"));
    check_lives(&plan);
    let ends: Vec<f64> = plan
        .faults
        .nodes
        .iter()
        .filter_map(|fault| match fault.what {
            NodeFaultKind::Pause { until } => Some(until.as_secs_f64()),
            _ => None,
        })
        .collect();
    assert_eq!(ends.iter().filter(|end| **end == 15.0).count(), 4);
    assert_eq!(ends.iter().filter(|end| **end == 30.0).count(), 6);
}

#[test]
fn clocks_jump_forward_and_drift_both_ways_until_the_fault_ends() {
    let plan = plan_of(1_000, &format!("{STOP}faults: [{{clock_skew: {{at: 10s, for: 20s, max: 200ms, drift: 50ppm, nodes: 400}}}}]"));
    let (mut starts, mut ends) = (Vec::new(), 0);
    for fault in &plan.faults.nodes {
        match fault.what {
            NodeFaultKind::Skew { step, drift_ppm } if fault.at.as_secs_f64() == 10.0 => starts.push((step.as_millis_f64(), drift_ppm)),
            NodeFaultKind::Skew { step, drift_ppm: 0 } if step.0 == 0 => ends += 1,
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!(starts.len(), 400);
    assert_eq!(ends, starts.iter().filter(|(_, drift)| *drift != 0).count());
    assert!(starts.iter().all(|(step, drift)| *step <= 200.0 && drift.abs() <= 50));
    assert!(starts.iter().any(|(_, drift)| *drift < -25) && starts.iter().any(|(_, drift)| *drift > 25));
}

#[test]
fn exponential_times_have_their_mean() {
    let mean = (0..10_000u64).map(|i| exponential(hypermesh_core::base::digest::mix(i), 3.0)).sum::<f64>() / 10_000.0;
    assert!((mean - 3.0).abs() < 0.12, "{mean}");
}
