//! Tests of the language, in sentences.

mod judging;
mod parsing;
mod random;

use super::{Expectation, Level, parse};
use crate::catalog::Id;
use crate::trace::{Counter, Metrics, Samples};
use hdrhistogram::Histogram;
use hypermesh_core::base::Time;

/// Ten bins of one second.
fn ten_seconds() -> Metrics {
    Metrics { edges: (0..=10).map(|s| Time(s * 1_000_000_000)).collect(), ..Metrics::default() }
}

fn with_counter(mut metrics: Metrics, id: Id, by_bin: &[u64]) -> Metrics {
    metrics.counters.insert(id, Counter { by_bin: by_bin.to_vec(), by_region: Vec::new() });
    metrics
}

/// A histogram metric with the given values in each bin.
fn with_samples(mut metrics: Metrics, id: Id, by_bin: &[&[u64]]) -> Metrics {
    let histogram = |values: &&[u64]| {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are allowed");
        values.iter().for_each(|value| histogram.record(*value).expect("it resizes itself"));
        histogram
    };
    metrics.samples.insert(id, Samples { by_bin: by_bin.iter().map(histogram).collect(), by_region: Vec::new() });
    metrics
}

fn expectation(level: Level, that: &str) -> Expectation {
    let expr = parse(that).expect("the test's expression is right");
    Expectation { level, that: that.to_owned(), expr, during: None, within: None, covers: Vec::new(), line: 0 }
}
