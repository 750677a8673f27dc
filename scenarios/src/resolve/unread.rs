//! Expectations that read what nobody records: they would be met, or never judged, whatever happens.

use crate::expect;
use crate::problem::{Code, Problem};
use crate::spec::{Group, Load, Scenario};

/// Warns of expectations that read metrics of a part that is off in every group, or of work that is not asked for.
pub(super) fn check(scenario: &Scenario, problems: &mut Vec<Problem>) {
    for expect in &scenario.expect {
        let that = &expect.claim().that;
        // What is wrong with an expression was reported by the checks.
        let Ok(expr) = expect::parse(&that.text) else { continue };
        for id in expr.metrics() {
            let name = id.metric().name;
            let Some(lacks) = lacks(scenario, name) else { continue };
            problems.push(Problem::new(Code::NOTHING_RECORDS, that.at, format!("nothing records `{name}`: {lacks}")));
        }
    }
}

/// What the scenario lacks for a metric to be recorded.
fn lacks(scenario: &Scenario, metric: &str) -> Option<&'static str> {
    let any = |has: &dyn Fn(&Group) -> bool| scenario.groups.iter().any(|(_, group)| has(group));
    let (recorded, lacks) = match metric.split('.').next()? {
        "hyparview" => (any(&|group| group.hyparview().is_some()), "no group has hyparview on"),
        "plumtree" => (any(&|group| group.plumtree().is_some()), "no group has plumtree on"),
        "swim" => (any(&|group| group.swim().is_some()), "no group has swim on"),
        "vivaldi" => (any(&|group| group.vivaldi().is_some()), "no group has vivaldi on"),
        "broadcast" => (scenario.workload.iter().any(|load| matches!(load.value, Load::Broadcast(_))), "the workload has no broadcast"),
        "token" => (scenario.workload.iter().any(|load| matches!(load.value, Load::Tokens(_))), "the workload has no tokens"),
        "fetch" | "serve" | "upstream" | "quic" | "store" => (
            scenario.workload.iter().any(|load| matches!(load.value, Load::Requests(_) | Load::FlashCrowd(_))),
            "the workload has no requests",
        ),
        "put" | "purge" => (scenario.workload.iter().any(|load| matches!(load.value, Load::Revisions(_))), "the workload has no revisions"),
        "replica" => (any(&|group| group.stoq().is_some_and(|stoq| stoq.copies.value.0 > 0)), "no group keeps `copies`"),
        "cert" => (scenario.certs.is_some(), "the scenario has no `certs`"),
        _ => return None,
    };
    (!recorded).then_some(lacks)
}
