//! Comparisons find what was changed, where it began, and nothing else.

use crate::common::{plan, reproduce, trace};
use hypermesh_reports::Run;
use hypermesh_reports::diff::{diff, diff_sets, threshold};
use hypermesh_reports::{read, write};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Outcome, Trace};

fn kept(plan: &Plan, trace: &Trace) -> Run {
    let folder = tempfile::tempdir().unwrap();
    read(&write(plan, trace, folder.path(), &reproduce()).unwrap()).unwrap()
}

fn run(seed: u64, change: impl FnOnce(&mut Trace)) -> Run {
    let plan = plan("sample", 1000, seed);
    let mut trace = trace(&plan);
    change(&mut trace);
    kept(&plan, &trace)
}

#[test]
fn equal_runs_are_identical() {
    let diff = diff(&run(7, |_| {}), &run(7, |_| {}));
    assert!(diff.identical && diff.same_plan && diff.parting.is_none());
    assert!(diff.metrics.is_empty() && diff.expectations.is_empty());
    assert!(diff.regressions(0.0).is_empty());
    assert!(diff.text().contains("Identical: the same plan and the same digest"));
}

#[test]
fn a_planted_difference_is_found_in_its_window_and_layer() {
    let changed = run(7, |trace| {
        trace.run.digest = "ab".repeat(32);
        for window in &mut trace.windows[123..] {
            window.wire ^= 1;
        }
        trace.windows[123].events += 1;
    });
    let diff = diff(&run(7, |_| {}), &changed);
    let parting = diff.parting.as_ref().unwrap();
    assert_eq!((parting.from_ns, parting.until_ns), (12_300_000_000, 12_400_000_000));
    assert_eq!(parting.layers, ["wire", "events"]);
    assert_eq!((parting.events.1 - parting.events.0, parting.equal_before), (1, 123));
    assert!(diff.text().contains("between 12.300000000 s and 12.400000000 s, in: wire, events"), "{}", diff.text());
}

#[test]
fn a_run_that_ended_early_parts_where_its_windows_end() {
    let short = run(7, |trace| {
        trace.run.digest = "cd".repeat(32);
        trace.windows.truncate(40);
    });
    let parting = diff(&run(7, |_| {}), &short).parting.unwrap();
    assert_eq!(parting.from_ns, 4_000_000_000);
    assert_eq!(parting.events.1, 0);
}

#[test]
fn a_planted_change_of_a_metric_is_told_with_its_size() {
    let worse = run(7, |trace| {
        trace.run.digest = "ab".repeat(32);
        let lost = trace.metrics.counters.get_mut(&Id::NetLost).unwrap();
        lost.by_bin.iter_mut().for_each(|count| *count *= 2);
    });
    let base = run(7, |_| {});
    let forth = diff(&base, &worse);
    let changed: Vec<_> = forth.metrics.iter().map(|change| change.metric.as_str()).collect();
    assert_eq!(changed, ["total(net.dropped.loss)"]);
    assert_eq!(forth.metrics[0].percent, Some(100.0));
    assert_eq!(forth.regressions(0.05).len(), 1);
    assert!(forth.regressions(1.5).is_empty());
    assert!(diff(&worse, &base).regressions(0.05).is_empty(), "getting better is no regression");
    let json = forth.json();
    assert_eq!(json["metrics"][0]["percent"], 100.0);
    assert_eq!(json["identical"], false);
}

#[test]
fn an_expectation_that_is_not_met_any_more_is_a_regression_at_any_threshold() {
    let worse = run(7, |trace| {
        trace.verdicts[0].outcome = Outcome::Missed;
        trace.verdicts[0].seen = "3.2 s".to_owned();
    });
    let diff = diff(&run(7, |_| {}), &worse);
    assert_eq!(diff.regressions(1e9), ["must p99(broadcast.delivery) < 3s: met (1.021 s) -> missed (3.2 s)"]);
}

#[test]
fn wall_time_is_told_but_never_a_regression() {
    let slower = run(7, |trace| trace.run.wall_ns *= 10);
    let diff = diff(&run(7, |_| {}), &slower);
    assert!(diff.metrics.iter().any(|change| change.metric == "wall time" && change.machine));
    assert!(diff.regressions(0.05).is_empty());
}

#[test]
fn sets_of_seeds_are_told_apart_only_beyond_their_noise() {
    let set = |seeds: std::ops::Range<u64>, factor: f64| -> Vec<Run> {
        let one = |seed| {
            run(seed, |trace| {
                let lost = trace.metrics.counters.get_mut(&Id::NetLost).unwrap();
                lost.by_bin.iter_mut().for_each(|count| *count = (*count as f64 * factor * (1.0 + 0.01 * (seed % 5) as f64)) as u64);
            })
        };
        seeds.map(one).collect()
    };
    let (base, same, worse) = (set(1..6, 1.0), set(6..11, 1.0), set(11..16, 1.5));
    let loss = |diff: &hypermesh_reports::diff::SetDiff| {
        diff.metrics.iter().find(|change| change.metric == "total(net.dropped.loss)").unwrap().clone()
    };
    let calm = diff_sets(&base, &same).unwrap();
    assert!(!loss(&calm).significant, "{:?}", loss(&calm));
    let alarm = diff_sets(&base, &worse).unwrap();
    let change = loss(&alarm);
    assert!(change.significant && change.effect.unwrap() > 3.0, "{change:?}");
    let (low, high) = change.interval.unwrap();
    assert!(low < change.difference && change.difference < high && low > 0.0);
    assert!(alarm.regressions(0.05).iter().any(|line| line.starts_with("total(net.dropped.loss)")));
    assert!(alarm.text().contains("5 runs against 5"));
    assert!(diff_sets(&[], &base).is_err());
}

#[test]
fn thresholds_are_percentages() {
    assert_eq!(threshold("5%"), Ok(0.05));
    assert_eq!(threshold(" 0.5 % "), Ok(0.005));
    for wrong in ["5", "-1%", "five%", "", "%", "inf%"] {
        assert!(threshold(wrong).is_err(), "{wrong}");
    }
}
