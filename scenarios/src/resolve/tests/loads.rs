//! Workloads: times and origins.

use super::{plan, plan_of};
use hypermesh_core::base::{NodeId, Span, Time};

const FAULTS: &str = "faults: [{churn: {at: 5s, for: 50s, rate: 5%/s, downtime: 10s}}, {pause: {at: 20s, for: 20s, nodes: 30%}}]\n";

#[test]
fn broadcasts_at_even_times_are_as_many_as_asked() {
    let plan = plan_of(100, "time: {stop: 60s}\nworkload: [{broadcast: {from: peer, at: 10s, rate: 2/s, count: 20, size: 3KiB}}]");
    let shots = &plan.workload.broadcasts;
    assert_eq!((shots.len(), shots[0].at, shots[19].at, shots[0].bytes), (20, Time(10_000_000_000), Time(19_500_000_000), 3072));
    let single = plan_of(100, "time: {stop: 60s}\nworkload: [{broadcast: {from: peer, at: 10s}}]");
    assert_eq!(single.workload.broadcasts.len(), 1);
    let until_the_end = plan_of(100, "time: {stop: 60s}\nworkload: [{broadcast: {from: peer, at: 50s, every: 1s}}]");
    assert_eq!(until_the_end.workload.broadcasts.len(), 10);
}

#[test]
fn poisson_broadcasts_come_at_their_rate_and_stop_in_time() {
    let plan = plan_of(100, "time: {stop: 300s}\nworkload: [{broadcast: {from: peer, at: 10s, rate: 10/s, for: 200s, arrivals: poisson}}]");
    let shots = &plan.workload.broadcasts;
    assert!((1_800..2_200).contains(&shots.len()), "{}", shots.len());
    assert!(shots.iter().all(|shot| shot.at >= Time(10_000_000_000) && shot.at < Time(210_000_000_000)));
    let gaps: Vec<f64> = shots.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_secs_f64()).collect();
    let short = gaps.iter().filter(|gap| **gap < 0.1).count() as f64 / gaps.len() as f64;
    assert!((short - 0.632).abs() < 0.05, "of exponential gaps 63 % are below the mean: {short}");
}

#[test]
fn origins_are_up_and_settled_and_awake() {
    let plan = plan_of(300, &format!("time: {{stop: 60s}}\n{FAULTS}workload: [{{broadcast: {{from: peer, at: 6s, rate: 20/s}}}}]"));
    let shots = &plan.workload.broadcasts;
    assert!(shots.len() > 1_000);
    for shot in shots {
        let mut up_since = Some(Time::ZERO);
        let mut paused_until = Time::ZERO;
        for fault in plan.faults.nodes.iter().filter(|fault| fault.node == shot.origin && fault.at <= shot.at) {
            match super::word(fault) {
                "crash" => up_since = None,
                "restart" => up_since = Some(fault.at),
                _ => {}
            }
            if let crate::plan::NodeFaultKind::Pause { until } = fault.what {
                paused_until = until;
            }
        }
        let up_since = up_since.unwrap_or_else(|| panic!("{shot:?} starts at a node that is down"));
        assert!(up_since == Time::ZERO || up_since + Span::secs(5) <= shot.at, "{shot:?} starts at a node that has just come up");
        assert!(paused_until <= shot.at, "{shot:?} starts at a node that pauses");
    }
    let mut origins: Vec<NodeId> = shots.iter().map(|shot| shot.origin).collect();
    origins.sort_unstable();
    origins.dedup();
    assert!(origins.len() > 200, "origins differ");
}

#[test]
fn origins_have_joined_where_a_network_grows() {
    let groups =
        "groups:\n  seed: {role: hypermesh-peer, count: 10}\n  late: {role: hypermesh-peer, count: 1000, join: {at: 10s, over: 30s}}\n";
    let plan = plan(&format!(
        "version: 1\nname: test\ntime: {{stop: 60s}}\nnetwork: {{paths: {{uniform: 5ms}}}}\n{groups}workload: [{{broadcast: {{from: late, at: 16s, rate: 10/s}}}}]\n"
    ));
    for shot in &plan.workload.broadcasts {
        assert!(shot.origin.0 >= 10 && plan.starts_at(shot.origin) + Span::secs(5) <= shot.at);
    }
}

#[test]
fn loads_are_merged_by_time() {
    let loads = "workload: [{broadcast: {from: peer, at: 10s, every: 3s}}, {broadcast: {from: peer, at: 11s, every: 2s, size: 2KiB}}]";
    let plan = plan_of(100, &format!("time: {{stop: 60s}}\n{loads}"));
    assert!(plan.workload.broadcasts.is_sorted_by_key(|shot| shot.at));
}

#[test]
fn tokens_start_at_every_member() {
    let text = "version: 1\nname: test\ntime: {stop: 5s}\nnetwork: {paths: {uniform: 5ms}}\ngroups: {holder: {role: token-holder, count: 50}}\nworkload: [{tokens: {from: holder, per_node: 2}}]\n";
    let tokens = plan(text).workload.tokens;
    assert_eq!((tokens.len(), tokens[0].first, tokens[0].count, tokens[0].per_node, tokens[0].bytes), (1, 0, 50, 2, 64));
}
