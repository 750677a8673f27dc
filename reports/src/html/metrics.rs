//! The tables of all metrics, each with a curve as small as a word.

use crate::dist::Dist;
use crate::numbers;
use crate::plots::spark;
use crate::run::Run;
use hypermesh_scenarios::catalog::Id;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct CounterWords {
    name: String,
    about: &'static str,
    total: String,
    rate: String,
    peak: String,
    spark: String,
}

#[derive(Serialize)]
pub(super) struct GaugeWords {
    name: String,
    about: &'static str,
    last: String,
    low: String,
    high: String,
    spark: String,
}

#[derive(Serialize)]
pub(super) struct SampleWords {
    name: String,
    about: &'static str,
    count: String,
    mean: String,
    quantiles: [String; 5],
    spark: String,
}

fn about(name: &str) -> &'static str {
    Id::named(name).map_or("", |id| id.metric().about)
}

/// Bins up to the end of the run, with their lengths in seconds.
fn seconds(run: &Run) -> Vec<f64> {
    let end = run.manifest.facts.virtual_end_ns;
    run.manifest.bin_edges_ns.windows(2).take_while(|pair| pair[0] < end || end == 0).map(|pair| (pair[1] - pair[0]) as f64 / 1e9).collect()
}

/// Counters that were touched; invariants have a table of their own.
pub(super) fn counters(run: &Run) -> Vec<CounterWords> {
    let lengths = seconds(run);
    let whole: f64 = lengths.iter().sum();
    let words = |(name, counter): (&String, &crate::run::Counter)| {
        let rates: Vec<f64> = counter.by_bin.iter().zip(&lengths).map(|(&count, length)| count as f64 / length).collect();
        let say = |value| numbers::with_unit(&counter.unit, value);
        CounterWords {
            name: name.clone(),
            about: about(name),
            total: say(counter.total() as f64),
            rate: format!("{}/s", say(counter.total() as f64 / whole)),
            peak: format!("{}/s", say(rates.iter().copied().fold(0.0, f64::max))),
            spark: spark(&rates),
        }
    };
    run.series.counters.iter().filter(|(name, counter)| counter.total() > 0 && !name.starts_with("broken.")).map(words).collect()
}

/// Gauges that were read.
pub(super) fn gauges(run: &Run) -> Vec<GaugeWords> {
    let bins = seconds(run).len();
    let words = |(name, gauge): (&String, &crate::run::Gauge)| {
        let levels: Vec<f64> = gauge.by_bin.iter().copied().take(bins).collect();
        let finite: Vec<f64> = levels.iter().copied().filter(|level| level.is_finite()).collect();
        let say = |value| numbers::with_unit(&gauge.unit, value);
        finite.last().map(|last| GaugeWords {
            name: name.clone(),
            about: about(name),
            last: say(*last),
            low: say(finite.iter().copied().fold(f64::INFINITY, f64::min)),
            high: say(finite.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            spark: spark(&levels),
        })
    };
    run.series.gauges.iter().filter_map(words).collect()
}

/// Distributions with samples.
pub(super) fn samples(run: &Run) -> Vec<SampleWords> {
    let bins = seconds(run).len();
    let words = |(name, samples): (&String, &crate::run::Samples)| {
        let whole = samples.whole();
        let say = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| numbers::with_unit(&samples.unit, value));
        let at = |q| say(whole.quantile(q).map(|value| value as f64));
        let medians: Vec<f64> =
            samples.by_bin.iter().take(bins).map(|dist: &Dist| dist.quantile(0.5).map_or(f64::NAN, |value| value as f64)).collect();
        (!whole.is_empty()).then(|| SampleWords {
            name: name.clone(),
            about: about(name),
            count: numbers::count(whole.count() as f64),
            mean: say(whole.mean()),
            quantiles: [at(0.5), at(0.9), at(0.99), at(0.999), at(1.0)],
            spark: spark(&medians),
        })
    };
    run.series.samples.iter().filter_map(words).collect()
}
