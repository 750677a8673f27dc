//! A run as a list of single numbers that can be compared.

use crate::run::Run;
use crate::summary;
use serde::Serialize;

/// Which way a number should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither; a change is only told.
    Neither,
}

/// One number of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    /// `p99(net.latency)`, `total(net.sent)`.
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) value: f64,
    pub(crate) better: Better,
    /// Whether it depends on the machine, so that it may differ between equal runs.
    pub(crate) machine: bool,
}

/// Metrics that should stay low, by the beginning of their names.
const LOWER: [&str; 13] = [
    "net.dropped.",
    "net.latency",
    "broadcast.delivery",
    "broadcast.redundan",
    "broadcast.repaired",
    "broadcast.hops",
    "hyparview.isolated",
    "hyparview.neighbor_rejected",
    "swim.false_positive",
    "swim.detection",
    "swim.probe_failed",
    "vivaldi.error",
    "broken.",
];
/// Metrics that should be high.
const HIGHER: [&str; 2] = ["broadcast.delivered", "broadcast.coverage"];

fn direction(metric: &str) -> Better {
    let begins = |names: &[&str]| names.iter().any(|name| metric.starts_with(name));
    if begins(&LOWER) {
        Better::Lower
    } else if begins(&HIGHER) {
        Better::Higher
    } else {
        Better::Neither
    }
}

/// Everything comparable, in a fixed order.
pub(crate) fn scalars(run: &Run) -> Vec<Scalar> {
    let mut all = Vec::new();
    let mut push = |name: String, unit: &str, value: f64, better, machine| {
        if value.is_finite() {
            all.push(Scalar { name, unit: unit.to_owned(), value, better, machine });
        }
    };
    if let Some(reach) = summary::reach(run) {
        push("coverage(broadcast)".to_owned(), "share", reach, Better::Higher, false);
    }
    for (name, samples) in &run.series.samples {
        let whole = samples.whole();
        let better = direction(name);
        push(format!("count({name})"), "one", whole.count() as f64, Better::Neither, false);
        for (word, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
            push(format!("{word}({name})"), &samples.unit, whole.quantile(q).map_or(f64::NAN, |value| value as f64), better, false);
        }
        push(format!("mean({name})"), &samples.unit, whole.mean().unwrap_or(f64::NAN), better, false);
    }
    for (name, counter) in &run.series.counters {
        push(format!("total({name})"), &counter.unit, counter.total() as f64, direction(name), false);
    }
    for (name, gauge) in &run.series.gauges {
        let last = gauge.by_bin.iter().rev().find(|level| level.is_finite());
        push(format!("last({name})"), &gauge.unit, last.copied().unwrap_or(f64::NAN), direction(name), false);
    }
    let facts = &run.manifest.facts;
    push("bytes per node".to_owned(), "bytes", facts.world_bytes as f64 / facts.nodes.max(1) as f64, Better::Lower, true);
    push("peak memory".to_owned(), "bytes", facts.peak_rss_bytes as f64, Better::Lower, true);
    push("wall time".to_owned(), "ns", facts.wall_ns as f64, Better::Lower, true);
    all
}
