//! Tests of the resolver, in sentences.

mod loads;
mod nodes;
mod random;
mod ranges;
mod shipped;
mod stops;

use crate::load::{Overrides, load_text};
use crate::plan::{NodeFault, NodeFaultKind, Plan};

/// The plan of a scenario of one group `peer`, with these sections, on a network of eight zones.
fn plan_of(count: u32, sections: &str) -> Plan {
    on("{cities: 40, paths: {uniform: 5ms}}", count, sections)
}

/// The same on the 40 largest places of the world.
fn world_plan_of(count: u32, sections: &str) -> Plan {
    on("{cities: 40}", count, sections)
}

fn on(network: &str, count: u32, sections: &str) -> Plan {
    let head = format!("version: 1\nname: test\nseed: 7\nnetwork: {network}\n");
    plan(&format!("{head}groups: {{peer: {{role: hypermesh-peer, count: {count}}}}}\n{sections}\n"))
}

fn plan(text: &str) -> Plan {
    let loaded = load_text("test.yaml", text, &Overrides::default()).unwrap_or_else(|report| panic!("{}", report.render(false)));
    super::plan(&loaded).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

/// The messages of the problems that resolving a scenario finds.
fn refused(text: &str) -> Vec<String> {
    let loaded = load_text("test.yaml", text, &Overrides::default()).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let report = super::plan(&loaded).expect_err("the test's scenario cannot be resolved");
    report
        .problems
        .iter()
        .map(|problem| format!("{}:{} {} {}", problem.at.line, problem.at.column, problem.code, problem.message))
        .collect()
}

/// Faults of one kind, as (second, node).
fn of_kind(plan: &Plan, wanted: &str) -> Vec<(f64, u32)> {
    plan.faults.nodes.iter().filter(|fault| word(fault) == wanted).map(|fault| (fault.at.as_secs_f64(), fault.node.0)).collect()
}

fn word(fault: &NodeFault) -> &'static str {
    match fault.what {
        NodeFaultKind::Crash => "crash",
        NodeFaultKind::Leave => "leave",
        NodeFaultKind::Restart => "restart",
        NodeFaultKind::Pause { .. } => "pause",
        NodeFaultKind::Skew { .. } => "skew",
    }
}

/// Checks that faults are in order, that none stops a node that is down or has not started, and none starts one that is up.
fn check_lives(plan: &Plan) {
    assert!(plan.faults.nodes.is_sorted_by_key(|fault| (fault.at, fault.node)), "faults are sorted by time, then node");
    let mut down = vec![false; plan.node_count() as usize];
    for fault in &plan.faults.nodes {
        let is_down = &mut down[fault.node.index()];
        let started = plan.starts_at(fault.node) < fault.at;
        match fault.what {
            NodeFaultKind::Crash | NodeFaultKind::Leave => {
                assert!(!*is_down && started, "{fault:?} stops a node that is down");
                *is_down = true;
            }
            NodeFaultKind::Restart => assert!(std::mem::take(is_down), "{fault:?} starts a node that is up"),
            NodeFaultKind::Pause { until } => assert!(!*is_down && started && until > fault.at, "{fault:?} pauses a node that is down"),
            NodeFaultKind::Skew { .. } => {}
        }
        assert!(fault.at < plan.stop, "{fault:?} happens after the end");
    }
}
