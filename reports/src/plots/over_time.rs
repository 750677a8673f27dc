//! Plots over virtual time, with the faults as bands behind the data.

use super::canvas::{Chart, Frame, Trouble, draw, fill, line};
use super::ink::Ink;
use super::scale::Axis;
use super::timeline::Timeline;
use super::{Hover, Plot, Shown};
use crate::dist::Dist;
use crate::numbers;
use crate::run::Run;
use plotters::prelude::*;
use std::ops::Range;

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)];

/// Quantiles of delivery times.
pub(super) fn delivery(run: &Run) -> Result<Shown, Trouble> {
    quantiles(
        run,
        "broadcast.delivery",
        "delivery-over-time",
        "Delivery times over time",
        "time since the intended start",
        "no broadcast was delivered",
    )
}

/// Quantiles of the times of fetches.
pub(super) fn fetches(run: &Run) -> Result<Shown, Trouble> {
    quantiles(run, "fetch.latency", "fetch-over-time", "Fetch times over time", "time to the last byte", "nothing was fetched")
}

/// Quantiles of the time that datagrams are under way.
pub(super) fn latency(run: &Run) -> Result<Shown, Trouble> {
    quantiles(
        run,
        "net.latency",
        "latency-over-time",
        "Datagram latency over time",
        "from sending to delivery",
        "no latencies were recorded",
    )
}

fn quantiles(run: &Run, metric: &str, name: &'static str, title: &'static str, label: &str, without: &str) -> Result<Shown, Trouble> {
    let Some(whole) = run.whole(metric) else {
        return Ok(Shown::LeftOut { title, why: without.to_owned() });
    };
    let timeline = Timeline::of(run);
    let dists = timeline.dists(&run.series.samples[metric].by_bin);
    let lowest = dists.iter().filter_map(|dist| dist.quantile(0.5)).min().unwrap_or(1).max(1) as f64;
    let highest = whole.max().unwrap_or(1).max(2) as f64;
    let legend: Vec<_> = QUANTILES.iter().enumerate().map(|(k, (name, _))| (Ink::Series(k), (*name).to_owned())).collect();
    let frame = Frame {
        title,
        x: seconds(&timeline),
        y: Axis::logarithmic(label, lowest * 0.8..highest * 1.2, 6, numbers::time),
        legend: &legend,
        bands: &run.manifest.plan.faults,
        height: 320,
    };
    let drawing = draw(frame, |chart| {
        for (k, (_, q)) in QUANTILES.iter().enumerate().rev() {
            let logs = dists.iter().map(|dist| dist.quantile(*q).map(|ns| (ns.max(1) as f64).log10()));
            curve(chart, &timeline, &logs.collect::<Vec<_>>(), Ink::Series(k))?;
        }
        Ok(())
    })?;
    let words = |q: f64| dists.iter().map(|dist: &Dist| dist.quantile(q).map_or_else(String::new, |ns| numbers::time(ns as f64))).collect();
    let series = QUANTILES.iter().map(|(name, q)| ((*name).to_owned(), words(*q))).collect();
    let caption = format!("Median, 90th and 99th percentile and largest value of each time bin.{}", faults_sentence(run));
    Ok(Shown::Plot(Box::new(Plot { name, title: title.to_owned(), caption, hover: Some(hover(&timeline, drawing.area, series)), drawing })))
}

/// What became of datagrams, each second.
pub(super) fn fates(run: &Run) -> Result<Shown, Trouble> {
    let title = "Datagrams per second by what became of them";
    let all = [
        ("delivered", "net.delivered"),
        ("lost", "net.dropped.loss"),
        ("partition", "net.dropped.partition"),
        ("queue full", "net.dropped.queue"),
        ("receiver down", "net.dropped.dead"),
    ];
    let timeline = Timeline::of(run);
    let present: Vec<_> = all.iter().enumerate().filter(|(_, (_, metric))| run.counter(metric) > 0).collect();
    if present.is_empty() {
        return Ok(Shown::LeftOut { title, why: "no datagram was delivered or dropped".to_owned() });
    }
    let layers: Vec<(Ink, &str, Vec<f64>)> =
        present.iter().map(|(k, (name, metric))| (Ink::Series(*k), *name, timeline.rates(&run.series.counters[*metric].by_bin))).collect();
    let highest = (0..timeline.spans().len()).map(|bin| layers.iter().map(|layer| layer.2[bin]).sum::<f64>()).fold(0.0, f64::max);
    let legend: Vec<_> = layers.iter().map(|(ink, name, _)| (*ink, (*name).to_owned())).collect();
    let frame = Frame {
        title,
        x: seconds(&timeline),
        y: Axis::linear("datagrams per second", 0.0..highest * 1.08, 5, numbers::count),
        legend: &legend,
        bands: &run.manifest.plan.faults,
        height: 320,
    };
    let drawing = draw(frame, |chart| {
        let mut floor = vec![0.0; timeline.spans().len()];
        for (ink, _, rates) in &layers {
            let ceiling: Vec<f64> = floor.iter().zip(rates).map(|(a, b)| a + b).collect();
            chart.draw_series([Polygon::new(staircase(&timeline, &floor, &ceiling), fill(*ink, 1.0))])?;
            floor = ceiling;
        }
        Ok(())
    })?;
    let series = layers
        .iter()
        .map(|(_, name, rates)| ((*name).to_owned(), rates.iter().map(|rate| format!("{}/s", numbers::count(*rate))).collect()))
        .collect();
    let dropped: u64 = all[1..].iter().map(|(_, metric)| run.counter(metric)).sum();
    let caption = format!(
        "{} datagrams were delivered and {} dropped, stacked.{}",
        numbers::count(run.counter("net.delivered") as f64),
        numbers::count(dropped as f64),
        faults_sentence(run)
    );
    Ok(Shown::Plot(Box::new(Plot {
        name: "datagrams",
        title: title.to_owned(),
        caption,
        hover: Some(hover(&timeline, drawing.area, series)),
        drawing,
    })))
}

/// Nodes that are up at the end of each bin.
pub(super) fn nodes_up(run: &Run) -> Result<Shown, Trouble> {
    let title = "Nodes up";
    let timeline = Timeline::of(run);
    let levels = run.series.gauges.get("node.up").map(|gauge| timeline.levels(&gauge.by_bin)).unwrap_or_default();
    let seen: Vec<f64> = levels.iter().copied().filter(|level| level.is_finite()).collect();
    if seen.is_empty() {
        return Ok(Shown::LeftOut { title, why: "the number of live nodes was not recorded".to_owned() });
    }
    let (low, high) = seen.iter().fold((f64::INFINITY, 0f64), |(low, high), level| (low.min(*level), high.max(*level)));
    let room = ((high - low) * 0.15).max(high * 0.005).max(0.5);
    let bottom = if low < high * 0.5 { 0.0 } else { (low - room).max(0.0) };
    let frame = Frame {
        title,
        x: seconds(&timeline),
        y: Axis::linear("nodes", bottom..high + room, 5, numbers::count),
        legend: &[],
        bands: &run.manifest.plan.faults,
        height: 280,
    };
    let drawing = draw(frame, |chart| {
        let values: Vec<_> = levels.iter().map(|level| level.is_finite().then_some(*level)).collect();
        curve(chart, &timeline, &values, Ink::Series(0))
    })?;
    let words = levels.iter().map(|level| if level.is_finite() { numbers::exact(*level as u64) } else { String::new() }).collect();
    let caption =
        format!("Between {} and {} nodes were up.{}", numbers::exact(low as u64), numbers::exact(high as u64), faults_sentence(run));
    let hover = Some(hover(&timeline, drawing.area, vec![("nodes up".to_owned(), words)]));
    Ok(Shown::Plot(Box::new(Plot { name: "nodes-up", title: title.to_owned(), caption, drawing, hover })))
}

/// What the failure detector thought, each second.
pub(super) fn suspicions(run: &Run) -> Result<Shown, Trouble> {
    let title = "Failure detection";
    let all = [
        ("suspected", "swim.suspected"),
        ("refuted", "swim.refuted"),
        ("confirmed", "swim.confirmed"),
        ("false positives", "swim.false_positive"),
    ];
    let timeline = Timeline::of(run);
    let lines: Vec<(Ink, &str, Vec<f64>)> = all
        .iter()
        .enumerate()
        .filter(|(_, (_, metric))| run.counter(metric) > 0)
        .map(|(k, (name, metric))| (Ink::Series(k), *name, timeline.rates(&run.series.counters[*metric].by_bin)))
        .collect();
    if lines.is_empty() {
        return Ok(Shown::LeftOut { title, why: "no node was suspected".to_owned() });
    }
    let highest = lines.iter().flat_map(|line| &line.2).copied().fold(0.0, f64::max);
    let legend: Vec<_> = lines.iter().map(|(ink, name, _)| (*ink, (*name).to_owned())).collect();
    let frame = Frame {
        title,
        x: seconds(&timeline),
        y: Axis::linear("per second", 0.0..highest * 1.08, 5, numbers::count),
        legend: &legend,
        bands: &run.manifest.plan.faults,
        height: 300,
    };
    let drawing = draw(frame, |chart| {
        for (ink, _, rates) in lines.iter().rev() {
            curve(chart, &timeline, &rates.iter().map(|rate| Some(*rate)).collect::<Vec<_>>(), *ink)?;
        }
        Ok(())
    })?;
    let series = lines
        .iter()
        .map(|(_, name, rates)| ((*name).to_owned(), rates.iter().map(|rate| format!("{}/s", numbers::count(*rate))).collect()))
        .collect();
    let caption = format!(
        "{} suspicions began, {} were refuted, {} confirmed, of these {} of nodes that were up.{}",
        numbers::count(run.counter("swim.suspected") as f64),
        numbers::count(run.counter("swim.refuted") as f64),
        numbers::count(run.counter("swim.confirmed") as f64),
        numbers::count(run.counter("swim.false_positive") as f64),
        faults_sentence(run)
    );
    Ok(Shown::Plot(Box::new(Plot {
        name: "failure-detection",
        title: title.to_owned(),
        caption,
        hover: Some(hover(&timeline, drawing.area, series)),
        drawing,
    })))
}

pub(super) fn seconds(timeline: &Timeline) -> Axis {
    Axis::linear("virtual time", timeline.range(), 8, |at| format!("{} s", numbers::sig4(at)))
}

pub(super) fn faults_sentence(run: &Run) -> &'static str {
    if run.manifest.plan.faults.is_empty() { "" } else { " Shaded: faults." }
}

/// A line through the middles of the bins, broken where there is no value. A value between two gaps is a dot.
pub(super) fn curve(chart: &mut Chart<'_, '_>, timeline: &Timeline, values: &[Option<f64>], ink: Ink) -> Result<(), Trouble> {
    let middle = |span: &(u64, u64)| (span.0 as f64 + span.1 as f64) / 2e9;
    let points: Vec<_> = timeline.spans().iter().zip(values).map(|(span, value)| value.map(|value| (middle(span), value))).collect();
    for stretch in points.split(Option::is_none).filter(|stretch| !stretch.is_empty()) {
        let stretch: Vec<_> = stretch.iter().flatten().copied().collect();
        if let [one] = stretch.as_slice() {
            chart.draw_series([Circle::new(*one, 9, fill(ink, 1.0))])?;
        } else {
            chart.draw_series(LineSeries::new(stretch, line(ink, 3)))?;
        }
    }
    Ok(())
}

/// The area between two levels that hold for each bin.
fn staircase(timeline: &Timeline, floor: &[f64], ceiling: &[f64]) -> Vec<(f64, f64)> {
    let ends = |k: usize| -> Range<f64> { timeline.spans()[k].0 as f64 / 1e9..timeline.spans()[k].1 as f64 / 1e9 };
    let along = |levels: &[f64]| {
        levels.iter().enumerate().flat_map(|(k, &level)| [(ends(k).start, level), (ends(k).end, level)]).collect::<Vec<_>>()
    };
    let mut points = along(ceiling);
    points.extend(along(floor).into_iter().rev());
    points
}

pub(super) fn hover(timeline: &Timeline, area: [i32; 4], series: Vec<(String, Vec<String>)>) -> Hover {
    let range = timeline.range();
    let share = |ns: u64| (((ns as f64 / 1e9 - range.start) / (range.end - range.start)) * 10_000.0).round() / 10_000.0;
    let edges = timeline.spans().iter().map(|span| span.0).chain(timeline.spans().last().map(|span| span.1)).map(share).collect();
    let when = timeline.spans().iter().map(|span| format!("{} to {}", numbers::moment(span.0), numbers::moment(span.1))).collect();
    Hover { area, edges, when, series }
}
