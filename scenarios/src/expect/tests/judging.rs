//! How expectations fare.

use super::super::{Level, fails, judge, parse};
use super::{expectation, ten_seconds, with_counter, with_samples};
use crate::catalog::Id;
use crate::trace::{Metrics, Outcome, Samples, Verdict};
use hdrhistogram::Histogram;
use hypermesh_core::base::{Span, Time};
use proptest::prelude::*;

const END: Time = Time(10_000_000_000);

fn second(s: u64) -> Time {
    Time(s * 1_000_000_000)
}

fn verdict(level: Level, that: &str, metrics: &Metrics) -> Verdict {
    judge(&expectation(level, that), metrics, END)
}

fn must(that: &str, metrics: &Metrics) -> (Outcome, String) {
    let verdict = verdict(Level::Must, that, metrics);
    (verdict.outcome, verdict.seen)
}

fn sent_and_lost() -> Metrics {
    let metrics = with_counter(ten_seconds(), Id::NetSent, &[100; 10]);
    with_counter(metrics, Id::NetLost, &[0, 0, 0, 30, 0, 0, 0, 0, 0, 4])
}

#[test]
fn a_must_reads_its_range_as_a_whole() {
    let metrics = sent_and_lost();
    assert_eq!(must("ratio(net.dropped.loss, net.sent) < 4%", &metrics), (Outcome::Met, "3.4 %".to_owned()));
    let missed = verdict(Level::Must, "ratio(net.dropped.loss, net.sent) < 2%", &metrics);
    assert_eq!((missed.outcome, missed.seen.as_str(), missed.first_missed_ns), (Outcome::Missed, "3.4 %", Some(3_000_000_000)));
    assert_eq!(missed.range, "0s..10s");
}

#[test]
fn rates_are_totals_over_the_length_of_the_range() {
    let metrics = sent_and_lost();
    assert_eq!(must("rate(net.sent) == 100/s", &metrics), (Outcome::Met, "100/s".to_owned()));
    assert_eq!(must("net.sent / 2s == 500/s", &metrics).0, Outcome::Met);
    let mut part = expectation(Level::Must, "net.sent == 300");
    part.during = Some((second(2), second(5)));
    assert_eq!(judge(&part, &metrics, END).outcome, Outcome::Met);
}

#[test]
fn a_counter_that_nothing_touched_is_zero_and_a_histogram_is_unknown() {
    let metrics = ten_seconds();
    assert_eq!(must("broken.deliver_once == 0", &metrics), (Outcome::Met, "0".to_owned()));
    assert_eq!(must("p99(net.latency) < 3s", &metrics), (Outcome::Unknown, "nothing recorded".to_owned()));
    assert_eq!(must("count(net.latency) == 0", &metrics).0, Outcome::Met);
    assert_eq!(must("p99(net.latency) < 3s and net.sent > 5", &metrics).0, Outcome::Missed);
    assert_eq!(must("p99(net.latency) < 3s or net.sent < 5", &metrics).0, Outcome::Met);
    assert_eq!(must("ratio(net.dropped.loss, net.sent) < 1%", &metrics).0, Outcome::Unknown);
}

#[test]
fn what_cannot_be_judged_fails_a_complete_run_only() {
    let unknown = verdict(Level::Must, "p99(net.latency) < 3s", &ten_seconds());
    assert!(fails(&unknown, false));
    assert!(!fails(&unknown, true));
    let should = verdict(Level::Should, "net.sent > 3", &ten_seconds());
    assert_eq!((should.outcome, fails(&should, false)), (Outcome::Missed, false));
}

#[test]
fn coverage_is_the_mean_over_broadcasts_and_tells_one_missing_in_ten_thousand() {
    let with = |values: &[u64]| {
        let mut histogram = Histogram::<u64>::new(5).expect("five digits are allowed");
        values.iter().for_each(|value| histogram.record(*value).expect("it resizes itself"));
        let mut metrics = ten_seconds();
        metrics.samples.insert(Id::BroadcastCoverage, Samples { by_bin: vec![histogram], by_region: Vec::new() });
        metrics
    };
    assert_eq!(must("coverage(broadcast) > 99.99%", &with(&[999_950, 1_000_000])), (Outcome::Met, "99.9976 %".to_owned()));
    assert_eq!(must("coverage(broadcast) >= 99.99%", &with(&[999_800, 999_980])).0, Outcome::Missed);
    assert_eq!(must("coverage(broadcast) == 100%", &with(&[1_000_000; 3])), (Outcome::Met, "100 %".to_owned()));
    assert_eq!(must("min(broadcast.coverage) >= 100%", &with(&[1_000_000; 3])).0, Outcome::Met);
    assert_eq!(must("coverage(broadcast) > 1%", &ten_seconds()).0, Outcome::Unknown);
}

#[test]
fn always_names_the_first_bin_that_missed() {
    let missed = verdict(Level::Always, "ratio(net.dropped.loss, net.sent) < 3%", &sent_and_lost());
    assert_eq!((missed.outcome, missed.first_missed_ns), (Outcome::Missed, Some(3_000_000_000)));
    assert_eq!(missed.seen, "30 % at 3s..4s, missed in 2 of 10 bins");
    assert_eq!(verdict(Level::Always, "net.sent == 100", &sent_and_lost()).outcome, Outcome::Met);
}

#[test]
fn eventually_has_to_come_in_time() {
    let metrics = sent_and_lost();
    let mut soon = expectation(Level::Eventually, "net.dropped.loss > 3");
    soon.during = Some((second(4), second(10)));
    soon.within = Some(Span::secs(3));
    let late = judge(&soon, &metrics, END);
    assert_eq!((late.outcome, late.first_missed_ns, late.range.as_str()), (Outcome::Missed, Some(7_000_000_000), "4s..7s"));
    soon.within = Some(Span::secs(6));
    assert_eq!(judge(&soon, &metrics, END).seen, "4 at 9s..10s");
}

#[test]
fn sometimes_that_never_came_is_a_miss() {
    assert_eq!(verdict(Level::Sometimes, "net.dropped.loss == 30", &sent_and_lost()).outcome, Outcome::Met);
    let never = verdict(Level::Sometimes, "net.dropped.partition > 0", &sent_and_lost());
    assert_eq!((never.outcome, never.seen.as_str()), (Outcome::Missed, "never in 10 bins; 0 over all"));
    assert_eq!(verdict(Level::Sometimes, "p50(swim.detection) > 1s", &ten_seconds()).outcome, Outcome::Missed);
}

#[test]
fn an_interrupted_run_owes_nothing_that_it_did_not_reach() {
    let metrics = sent_and_lost();
    let at = |level, that| judge(&expectation(level, that), &metrics, second(5));
    assert_eq!(at(Level::Must, "net.sent > 900").outcome, Outcome::Unknown);
    assert_eq!(at(Level::Must, "net.sent > 900").seen, "500, and the run ended inside the range");
    assert_eq!(at(Level::Sometimes, "net.dropped.loss == 4").outcome, Outcome::Unknown);
    assert_eq!(at(Level::Sometimes, "net.dropped.loss == 30").outcome, Outcome::Met);
    assert_eq!(at(Level::Always, "net.sent == 100").outcome, Outcome::Unknown);
    assert_eq!(at(Level::Always, "net.dropped.loss == 0").outcome, Outcome::Missed);
}

#[test]
fn values_are_shown_in_the_unit_of_their_bound() {
    let metrics = with_samples(ten_seconds(), Id::BroadcastDelivery, &[&[231_000_000; 5], &[1_500_000_000]]);
    assert_eq!(must("p50(broadcast.delivery) < 250ms", &metrics), (Outcome::Met, "231.1 ms".to_owned()));
    assert_eq!(must("max(broadcast.delivery) < 1s", &metrics), (Outcome::Missed, "1.501 s".to_owned()));
    assert_eq!(
        must("p50(broadcast.delivery) > 1s or count(broadcast.delivery) == 6", &metrics).1,
        "p50(broadcast.delivery) = 231.1 ms, count(broadcast.delivery) = 6"
    );
}

#[test]
fn metrics_of_a_trace_without_bins_break_nothing() {
    for level in [Level::Must, Level::Should, Level::Always, Level::Eventually, Level::Sometimes] {
        assert_eq!(verdict(level, "net.sent > 3", &Metrics::default()).outcome, Outcome::Unknown);
    }
    assert!(parse("net.sent > 3").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn quantiles_of_merged_bins_are_those_of_all_values(bins in proptest::collection::vec(proptest::collection::vec(0u64..1_000_000_000, 0..30), 1..10)) {
        let mut all: Vec<u64> = bins.iter().flatten().copied().collect();
        prop_assume!(!all.is_empty());
        all.sort_unstable();
        let slices: Vec<&[u64]> = bins.iter().map(Vec::as_slice).collect();
        let metrics = with_samples(ten_seconds(), Id::NetLatency, &slices);
        for percent in [1usize, 50, 90, 99] {
            let exact = all[(all.len() * percent).div_ceil(100).max(1) - 1];
            // Three digits are kept, so a value is known to one part in a thousand.
            let (low, high) = ((exact - exact / 1000).saturating_sub(1), exact + exact / 1000 + 1);
            let text = format!("p{percent}(net.latency) >= {low}ns and p{percent}(net.latency) <= {high}ns");
            prop_assert_eq!(must(&text, &metrics).0, Outcome::Met, "{}", text);
        }
    }
}
