//! What is read back is what was recorded.

use crate::common::{plan, reproduce, trace};
use hypermesh_reports::Run;
use hypermesh_reports::{read, write};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;

fn kept(plan: &Plan, trace: &Trace) -> Run {
    let folder = tempfile::tempdir().unwrap();
    read(&write(plan, trace, folder.path(), &reproduce()).unwrap()).unwrap()
}

#[test]
fn counters_gauges_and_rows_come_back_exactly() {
    let plan = plan("sample", 3000, 7);
    let trace = trace(&plan);
    let run = kept(&plan, &trace);
    assert_eq!(run.series.counters.len(), trace.metrics.counters.len());
    for (id, counter) in &trace.metrics.counters {
        let read = &run.series.counters[id.metric().name];
        assert_eq!((&read.by_bin, &read.by_region), (&counter.by_bin, &counter.by_region), "{}", id.metric().name);
    }
    for (id, levels) in &trace.metrics.gauges {
        assert_eq!(&run.series.gauges[id.metric().name].by_bin, levels);
    }
    assert_eq!(run.broadcasts, trace.broadcasts);
    assert_eq!(run.infection, trace.infection);
    assert_eq!(run.windows, trace.windows);
}

#[test]
fn distributions_keep_their_counts_and_quantiles() {
    let plan = plan("sample", 3000, 7);
    let trace = trace(&plan);
    let run = kept(&plan, &trace);
    for (id, samples) in &trace.metrics.samples {
        let read = &run.series.samples[id.metric().name];
        let pairs = read.by_bin.iter().zip(&samples.by_bin).chain(read.by_region.iter().zip(&samples.by_region));
        for (dist, histogram) in pairs {
            assert_eq!(dist.count(), histogram.len());
            for q in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
                if !histogram.is_empty() && q > 0.0 {
                    assert_eq!(dist.quantile(q), Some(histogram.value_at_quantile(q)), "{} at {q}", id.metric().name);
                }
            }
        }
    }
}

#[test]
fn the_totals_of_run_json_are_those_of_the_tables() {
    let plan = plan("sample", 3000, 7);
    let run = kept(&plan, &trace(&plan));
    assert_eq!(run.manifest.totals["net.sent"].count, Some(run.counter("net.sent")));
    let delivery = run.whole("broadcast.delivery").unwrap();
    let total = &run.manifest.totals["broadcast.delivery"];
    assert_eq!((total.count, total.p99, total.max), (Some(delivery.count()), delivery.quantile(0.99), delivery.max()));
    assert_eq!(run.manifest.tables["flows.parquet"], 500);
}

#[test]
fn a_run_without_any_metric_can_be_kept_and_shown() {
    let mut plan = plan("empty", 3, 7);
    let mut trace = trace(&plan);
    plan.faults = Default::default();
    plan.workload = Default::default();
    trace.metrics = Default::default();
    (trace.broadcasts, trace.infection, trace.flows) = (vec![], vec![], vec![]);
    (trace.events, trace.windows, trace.verdicts) = (vec![], vec![], vec![]);
    trace.run = hypermesh_scenarios::trace::RunFacts { digest: "00".repeat(32), ..Default::default() };
    let run = kept(&plan, &trace);
    assert_eq!(run.counter("net.sent"), 0);
    assert!(run.whole("net.latency").is_none());
}

#[test]
fn large_numbers_lose_no_digit() {
    let plan = plan("sample", 10, u64::MAX);
    let mut trace = trace(&plan);
    let counter = trace.metrics.counters.values_mut().next().unwrap();
    counter.by_bin[0] = (1 << 60) + 1;
    let run = kept(&plan, &trace);
    assert_eq!(run.manifest.seed, u64::MAX);
    assert_eq!(run.series.counters["net.sent"].by_bin[0], (1 << 60) + 1);
}
