//! Ranges of expectations, bands, and wires.

use super::{plan_of, refused, world_plan_of};
use crate::plan::{Side, WireFaultKind, WireScope};
use hypermesh_core::base::Time;

const FAULTS: &str =
    "time: {warmup: 5s, stop: 60s}\nfaults: [{churn: {at: 10s, for: 20s, rate: 1%/s}}, {crash: {at: 40s, nodes: 3, name: blow}}]\n";

fn seconds(from: u64, until: u64) -> Option<(Time, Time)> {
    Some((Time(from * 1_000_000_000), Time(until * 1_000_000_000)))
}

#[test]
fn expectations_look_where_they_are_told() {
    let expect = "expect:\n  - must: \"net.sent > 1\"\n  - must: {that: \"net.sent > 1\", during: churn-1}\n  - must: {that: \"net.sent > 1\", after: blow}\n  - eventually: {that: \"net.sent > 1\", during: 20s..30s, within: 3s, covers: [HM-1]}\n";
    let plan = plan_of(100, &format!("{FAULTS}{expect}"));
    let ranges: Vec<_> = plan.expect.iter().map(|expectation| expectation.during).collect();
    assert_eq!(ranges, [seconds(5, 60), seconds(10, 30), seconds(40, 60), seconds(20, 30)]);
    assert_eq!((plan.expect[3].covers.as_slice(), plan.expect[0].line), (&["HM-1".to_owned()][..], 9));
    assert!(plan.resolved_yaml.contains("churn"));
}

#[test]
fn a_fault_of_a_moment_has_no_time_to_look_at() {
    let text = format!(
        "version: 1\nname: test\ngroups: {{peer: {{role: hypermesh-peer, count: 10}}}}\n{FAULTS}expect:\n  - must: {{that: \"net.sent > 1\", during: blow}}\n"
    );
    let found = refused(&text);
    assert!(found.len() == 1 && found[0].contains("there is no time that this looks at"), "{found:#?}");
}

#[test]
fn bands_have_names_kinds_and_times() {
    let plan = plan_of(100, FAULTS);
    let bands: Vec<_> = plan
        .faults
        .bands
        .iter()
        .map(|band| (band.name.as_str(), band.kind.as_str(), band.from.as_secs_f64(), band.until.as_secs_f64()))
        .collect();
    assert_eq!(bands, [("churn-1", "churn", 10.0, 30.0), ("blow", "crash", 40.0, 40.0)]);
}

#[test]
fn faults_of_wires_are_sorted_and_know_their_sides() {
    let faults = "faults:\n  - loss_burst: {at: 30s, for: 5s, loss: 20%, wires: {touching: [us-east]}}\n  - partition: {at: 10s, for: 5s, split: {share: 30%}}\n  \
                  - partition: {at: 20s, for: 5s, split: {regions: [asia-east]}, oneway: on}\n  - latency_spike: {at: 15s, for: 5s, factor: 3x, extra: 5ms}\n";
    let plan = world_plan_of(10_000, &format!("time: {{stop: 60s}}\n{faults}"));
    let wires = &plan.faults.wires;
    assert_eq!(wires.iter().map(|fault| fault.from.as_secs_f64()).collect::<Vec<_>>(), [10.0, 15.0, 20.0, 30.0]);
    let WireScope::Across(side @ Side::Share { .. }) = &wires[0].scope else { panic!("it is a share") };
    let inside = (0..10_000).filter(|node| side.contains(hypermesh_core::base::NodeId(*node), 0)).count();
    assert!((2_800..=3_200).contains(&inside), "{inside}");
    assert!(
        matches!(&wires[2].scope, WireScope::OneWay(from, to) if from.iter().filter(|flag| **flag).count() == 1 && to.iter().filter(|flag| **flag).count() == from.len() - 1)
    );
    assert!(matches!(wires[1].what, WireFaultKind::Slow { factor: 3.0, .. }));
    assert!(matches!(wires[3].what, WireFaultKind::Loss(loss) if loss == 0.2));
}

#[test]
fn expectations_of_what_nobody_records_are_warned_of() {
    let text = "version: 1\nname: test\ntime: {stop: 60s}\nnetwork: {paths: {uniform: 5ms}}\ngroups: {peer: {role: hypermesh-peer, count: 10, swim: off}}\n\
                faults: [{restart: {at: 5s, nodes: 3}}]\nexpect:\n  - must: \"swim.false_positive == 0\"\n  - must: \"p99(broadcast.delivery) < 3s and net.sent > 3\"\n";
    let loaded =
        crate::load_text("test.yaml", text, &crate::Overrides::default()).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let (_, report) = super::super::plan_and_warnings(&loaded).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let found: Vec<String> = report.problems.iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect();
    assert_eq!(
        found,
        [
            "W0907 when this fault happens there is no node that it could hit",
            "W0908 nothing records `swim.false_positive`: no group has swim on",
            "W0908 nothing records `broadcast.delivery`: the workload has no broadcast",
        ]
    );
}
