//! `metrics.parquet` and `histograms.parquet`.

use super::{Sheet, Stored};
use crate::dist::{Bucket, Dist};
use crate::run::{Counter, Gauge, Samples, Series};
use hdrhistogram::Histogram;
use hypermesh_core::base::Time;
use hypermesh_scenarios::catalog::{Kind, Metric, Unit};
use hypermesh_scenarios::trace::{Metrics, Mode};
use polars::prelude::PolarsResult;
use std::collections::BTreeMap;

/// The word of a unit in the `unit` columns.
pub(crate) const fn unit_word(unit: Unit) -> &'static str {
    match unit {
        Unit::One => "one",
        Unit::Nanoseconds => "ns",
        Unit::Bytes => "bytes",
        Unit::Millionths => "millionths",
    }
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Samples => "samples",
    }
}

/// A time bin and a region, or the whole run for a region's row.
struct Scope<'a> {
    from_ns: u64,
    until_ns: u64,
    region: Option<&'a str>,
}

/// The bins of the run, and its regions with the range that their values are about.
fn scopes<'a>(metrics: &'a Metrics, regions_from: Time) -> (Vec<Scope<'a>>, Vec<Scope<'a>>) {
    let bins = metrics.edges.windows(2).map(|pair| Scope { from_ns: pair[0].0, until_ns: pair[1].0, region: None }).collect();
    let end = metrics.edges.last().copied().unwrap_or_default();
    let whole = |name: &'a String| Scope { from_ns: regions_from.0.min(end.0), until_ns: end.0, region: Some(name) };
    (bins, metrics.regions.iter().map(whole).collect())
}

struct MetricRow<'a> {
    metric: &'static Metric,
    scope: &'a Scope<'a>,
    value: f64,
    count: Option<u64>,
}

/// One row per counter or gauge and bin, and per counter and region over the whole run.
pub(crate) fn write_metrics(mode: Mode, metrics: &Metrics) -> PolarsResult<(Vec<u8>, u64)> {
    let (bins, regions) = scopes(metrics, Time::ZERO);
    let mut rows = Vec::new();
    for (id, counter) in &metrics.counters {
        let both = bins.iter().zip(&counter.by_bin).chain(regions.iter().zip(&counter.by_region));
        rows.extend(both.map(|(scope, &n)| MetricRow { metric: id.metric(), scope, value: n as f64, count: Some(n) }));
    }
    for (id, levels) in &metrics.gauges {
        rows.extend(bins.iter().zip(levels).map(|(scope, &value)| MetricRow { metric: id.metric(), scope, value, count: None }));
    }
    let bytes = Sheet::new(mode.word(), rows.len())
        .text("metric", rows.iter().map(|row| row.metric.name))
        .text("kind", rows.iter().map(|row| kind_word(row.metric.kind)))
        .text("unit", rows.iter().map(|row| unit_word(row.metric.unit)))
        .u64("bin_from_ns", rows.iter().map(|row| row.scope.from_ns))
        .u64("bin_until_ns", rows.iter().map(|row| row.scope.until_ns))
        .text_or_null("region", rows.iter().map(|row| row.scope.region))
        .f64("value", rows.iter().map(|row| row.value))
        .u64_or_null("count", rows.iter().map(|row| row.count))
        .parquet()?;
    Ok((bytes, rows.len() as u64))
}

struct BucketRow<'a> {
    metric: &'static Metric,
    scope: &'a Scope<'a>,
    bucket: Bucket,
}

pub(crate) fn buckets(histogram: &Histogram<u64>) -> impl Iterator<Item = Bucket> + '_ {
    histogram.iter_recorded().map(|step| {
        let value = step.value_iterated_to();
        Bucket {
            low: histogram.lowest_equivalent(value),
            high: histogram.highest_equivalent(value),
            count: step.count_since_last_iteration(),
        }
    })
}

/// One row per histogram metric, bin and range of values, and per region from the warm-up on.
pub(crate) fn write_histograms(mode: Mode, metrics: &Metrics, warmup: Time) -> PolarsResult<(Vec<u8>, u64)> {
    let (bins, regions) = scopes(metrics, warmup);
    let mut rows = Vec::new();
    for (id, samples) in &metrics.samples {
        let both = bins.iter().zip(&samples.by_bin).chain(regions.iter().zip(&samples.by_region));
        for (scope, histogram) in both {
            rows.extend(buckets(histogram).map(|bucket| BucketRow { metric: id.metric(), scope, bucket }));
        }
    }
    let bytes = Sheet::new(mode.word(), rows.len())
        .text("metric", rows.iter().map(|row| row.metric.name))
        .text("unit", rows.iter().map(|row| unit_word(row.metric.unit)))
        .u64("bin_from_ns", rows.iter().map(|row| row.scope.from_ns))
        .u64("bin_until_ns", rows.iter().map(|row| row.scope.until_ns))
        .text_or_null("region", rows.iter().map(|row| row.scope.region))
        .u64("value_low", rows.iter().map(|row| row.bucket.low))
        .u64("value_high", rows.iter().map(|row| row.bucket.high))
        .u64("count", rows.iter().map(|row| row.bucket.count))
        .parquet()?;
    Ok((bytes, rows.len() as u64))
}

/// Which bin begins at a time. Rows of other times are not from this run.
fn bin_index(edges: &[u64], from_ns: u64) -> Option<usize> {
    edges.binary_search(&from_ns).ok().filter(|index| index + 1 < edges.len())
}

/// Fills counters and gauges from `metrics.parquet`.
pub(crate) fn read_metrics(table: &Stored, edges: &[u64], regions: &[String], series: &mut Series) -> PolarsResult<()> {
    let bins = edges.len().saturating_sub(1);
    let (names, kinds, units) = (table.text("metric")?, table.text("kind")?, table.text("unit")?);
    let (from, region) = (table.u64("bin_from_ns")?, table.text("region")?);
    let (values, counts) = (table.f64("value")?, table.u64_or_null("count")?);
    for row in 0..table.rows() {
        let (Some(name), Some(kind), Some(unit)) = (names[row], kinds[row], units[row]) else { continue };
        if kind == "gauge" {
            let gauge =
                series.gauges.entry(name.to_owned()).or_insert_with(|| Gauge { unit: unit.to_owned(), by_bin: vec![f64::NAN; bins] });
            if let Some(bin) = bin_index(edges, from[row]) {
                gauge.by_bin[bin] = values[row];
            }
            continue;
        }
        let counter = series.counters.entry(name.to_owned()).or_insert_with(|| Counter {
            unit: unit.to_owned(),
            by_bin: vec![0; bins],
            by_region: Vec::new(),
        });
        let value = counts[row].unwrap_or_default();
        match region[row] {
            None => {
                if let Some(bin) = bin_index(edges, from[row]) {
                    counter.by_bin[bin] += value;
                }
            }
            Some(region) => place(&mut counter.by_region, regions, region, value),
        }
    }
    Ok(())
}

fn place<T: Clone + Default>(column: &mut Vec<T>, regions: &[String], region: &str, value: T) {
    if let Some(index) = regions.iter().position(|name| name == region) {
        column.resize(regions.len(), T::default());
        column[index] = value;
    }
}

/// The ranges of one metric by region, or by the start of the bin where there is none.
type Scoped<'a> = BTreeMap<(Option<&'a str>, u64), Vec<Bucket>>;

/// Fills distributions from `histograms.parquet`.
pub(crate) fn read_histograms(table: &Stored, edges: &[u64], regions: &[String], series: &mut Series) -> PolarsResult<()> {
    let bins = edges.len().saturating_sub(1);
    let (names, units, region) = (table.text("metric")?, table.text("unit")?, table.text("region")?);
    let from = table.u64("bin_from_ns")?;
    let (low, high, count) = (table.u64("value_low")?, table.u64("value_high")?, table.u64("count")?);
    let mut gathered: BTreeMap<&str, Scoped<'_>> = BTreeMap::new();
    let mut unit_of: BTreeMap<&str, &str> = BTreeMap::new();
    for row in 0..table.rows() {
        let (Some(name), Some(unit)) = (names[row], units[row]) else { continue };
        unit_of.insert(name, unit);
        let key = (region[row], if region[row].is_some() { 0 } else { from[row] });
        let bucket = Bucket { low: low[row], high: high[row], count: count[row] };
        gathered.entry(name).or_default().entry(key).or_default().push(bucket);
    }
    for (name, parts) in gathered {
        let mut samples = Samples { unit: unit_of[name].to_owned(), by_bin: vec![Dist::default(); bins], by_region: Vec::new() };
        for ((region, from_ns), buckets) in parts {
            let dist = Dist::gather(buckets);
            match region {
                None => {
                    if let Some(bin) = bin_index(edges, from_ns) {
                        samples.by_bin[bin] = dist;
                    }
                }
                Some(region) => place(&mut samples.by_region, regions, region, dist),
            }
        }
        series.samples.insert(name.to_owned(), samples);
    }
    Ok(())
}
