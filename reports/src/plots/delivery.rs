//! Plots of the delivery of contents: how long fetches took and where the time went, hits by tier, bytes by layer.

use super::canvas::{Drawing, Frame, Trouble, draw, fill, label, line};
use super::distribution::cumulative;
use super::ink::Ink;
use super::over_time::{curve, faults_sentence, hover, seconds};
use super::scale::Axis;
use super::timeline::Timeline;
use super::{Plot, Shown};
use crate::delivery::{self, LAYERS, STAGES};
use crate::dist::Dist;
use crate::numbers;
use crate::run::Run;
use hypermesh_core::node::Level;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// Most regions with a bar of their own.
const REGIONS_MAX: usize = 12;
/// Height of a bar with its name, in pixels.
const ROW: i32 = 36;

/// The share of fetches that were over by a time, and the same of each of their stages.
pub(super) fn stages(run: &Run) -> Result<Shown, Trouble> {
    let title = "Fetch times";
    let Some(all) = delivery::fetches(run).into_iter().next() else {
        return Ok(Shown::LeftOut { title, why: "nothing was fetched".to_owned() });
    };
    let stages = STAGES.iter().map(|stage| stage.0.to_owned()).zip(&all.stages).filter(|(_, dist)| !dist.is_empty());
    let curves: Vec<_> = std::iter::once(("whole".to_owned(), &all.whole)).chain(stages).collect();
    let high = all.whole.max().unwrap_or(1).max(2) as f64;
    // What took no time, such as the connection that was open, begins at the left edge.
    let low = curves.iter().filter_map(|(_, dist)| dist.quantile(0.25)).filter(|ns| *ns > 0).min().unwrap_or(1) as f64;
    let low = (low * 0.5).clamp(high / 1e5, high / 2.0);
    let drawing = shares(title, "time taken", low..high * 1.05, &curves)?;
    let at = |q| all.whole.quantile(q).map_or_else(|| "–".to_owned(), |ns| numbers::time(ns as f64));
    let caption = format!(
        "Half of {} fetches took at most {}, 99 % at most {}. A curve that begins above 0 % is of a stage that took no time for so many: an open \
         connection was used again, say.",
        numbers::count(all.whole.count() as f64),
        at(0.5),
        at(0.99)
    );
    Ok(plot("fetch-cdf", title, caption, drawing))
}

/// The share of fetches that were over by a time, a curve each, the first in front. What lies outside the times is drawn at their edges.
fn shares(title: &str, axis: &str, times: Range<f64>, curves: &[(String, &Dist)]) -> Result<Drawing, Trouble> {
    let legend: Vec<_> = curves.iter().enumerate().map(|(k, (name, _))| (Ink::Series(k), name.clone())).collect();
    let frame = Frame {
        title,
        x: Axis::logarithmic(axis, times, 8, numbers::time),
        y: Axis::linear("share of fetches", 0.0..1.0, 5, numbers::percent),
        legend: &legend,
        bands: &[],
        height: 330,
    };
    draw(frame, |chart| {
        let range = chart.x_range();
        for (k, (_, dist)) in curves.iter().enumerate().rev() {
            let points: Vec<_> =
                cumulative(dist).into_iter().map(|(ns, share)| (ns.max(1.0).log10().clamp(range.start, range.end), share)).collect();
            chart.draw_series(LineSeries::new(points, line(Ink::Series(k), if k == 0 { 4 } else { 3 })))?;
        }
        Ok(())
    })
}

/// The times of the same fetches in several fidelities, over each other.
pub(crate) fn fetch_times(name: &'static str, title: &str, curves: &[(String, &Dist)]) -> Result<Plot, Trouble> {
    let quantile = |q| curves.iter().filter_map(move |(_, dist)| dist.quantile(q)).map(|ns| ns.max(1) as f64);
    let (low, high) = (quantile(0.0).fold(f64::INFINITY, f64::min), quantile(1.0).fold(1.0, f64::max));
    let drawing = shares(title, "time to the last byte", low.min(high / 2.0) * 0.95..high * 1.05, curves)?;
    let median = |(name, dist): &(String, &Dist)| {
        let at = |q| dist.quantile(q).map_or_else(|| "–".to_owned(), |ns| numbers::time(ns as f64));
        format!("{name}: {} fetches, half within {}, 99 % within {}", numbers::count(dist.count() as f64), at(0.5), at(0.99))
    };
    let caption = format!("{}.", curves.iter().map(median).collect::<Vec<_>>().join("; "));
    Ok(Plot { name, title: title.to_owned(), caption, drawing, hover: None })
}

/// The mean time of fetches by region, in its stages.
pub(super) fn regions(run: &Run) -> Result<Shown, Trouble> {
    let title = "Where the time of a fetch goes, by region";
    let mut regions: Vec<_> = delivery::fetches(run).into_iter().filter(|row| row.region.is_some()).collect();
    if regions.is_empty() {
        return Ok(Shown::LeftOut { title, why: "nothing was fetched after the warm-up".to_owned() });
    }
    let hidden = regions.len().saturating_sub(REGIONS_MAX);
    regions.truncate(REGIONS_MAX);
    let mean = |dist: &Dist| dist.mean().unwrap_or(0.0);
    regions.sort_by(|a, b| mean(&a.whole).total_cmp(&mean(&b.whole)));
    let bars: Vec<Bar> = regions
        .iter()
        .map(|row| Bar {
            name: format!("{} ({} fetches)", row.region.as_deref().unwrap_or_default(), numbers::count(row.whole.count() as f64)),
            parts: row.stages.iter().enumerate().map(|(k, stage)| (Ink::Series(k + 1), mean(stage))).collect(),
            value: numbers::time(mean(&row.whole)),
        })
        .collect();
    let legend: Vec<_> = STAGES.iter().enumerate().map(|(k, stage)| (Ink::Series(k + 1), stage.0.to_owned())).collect();
    let drawing = draw_bars(title, "mean time", &bars, &legend, numbers::time)?;
    let more = if hidden > 0 { format!(" {hidden} more regions are in the table.") } else { String::new() };
    let caption = format!(
        "Mean of all fetches from the warm-up on, by the region of the client, the fastest first; at the left the mean of the whole.{more}"
    );
    Ok(plot("fetch-regions", title, caption, drawing))
}

/// The share that caches had themselves, over time.
pub(super) fn hits(run: &Run) -> Result<Shown, Trouble> {
    let title = "Hit ratio of the caches";
    let tiers: Vec<_> = delivery::tiers(run).into_iter().filter(|tier| tier.hit_ratio().is_some()).collect();
    if tiers.is_empty() {
        return Ok(Shown::LeftOut { title, why: "no cache served anything".to_owned() });
    }
    let timeline = Timeline::of(run);
    let bins = run.manifest.bin_edges_ns.len().saturating_sub(1);
    let ratios = |group: &str| {
        let index = run.manifest.plan.groups.iter().position(|known| known.name == group);
        let (mut held, mut all) = (vec![0; bins], vec![0; bins]);
        for row in run.serving.iter().filter(|row| !row.named && Some(usize::from(row.group)) == index) {
            all[row.bin as usize] += row.count;
            held[row.bin as usize] += if row.level == Level::Upstream { 0 } else { row.count };
        }
        let pairs = timeline.rates(&held).into_iter().zip(timeline.rates(&all));
        pairs.map(|(held, all)| (all > 0.0).then(|| held / all)).collect::<Vec<_>>()
    };
    let lines: Vec<(Ink, String, Vec<Option<f64>>)> =
        tiers.iter().enumerate().map(|(k, tier)| (Ink::Series(k), tier.group.clone(), ratios(&tier.group))).collect();
    let legend: Vec<_> = lines.iter().map(|(ink, name, _)| (*ink, name.clone())).collect();
    let frame = Frame {
        title,
        x: seconds(&timeline),
        y: Axis::linear("share of contents served", 0.0..1.0, 5, numbers::percent),
        legend: &legend,
        bands: &run.manifest.plan.faults,
        height: 300,
    };
    let drawing = draw(frame, |chart| {
        for (ink, _, ratios) in lines.iter().rev() {
            curve(chart, &timeline, ratios, *ink)?;
        }
        Ok(())
    })?;
    let words = |ratios: &Vec<Option<f64>>| ratios.iter().map(|ratio| ratio.map_or_else(String::new, numbers::percent)).collect();
    let series = lines.iter().map(|(_, name, ratios)| (name.clone(), words(ratios))).collect();
    let whole: Vec<_> = tiers.iter().filter_map(|tier| Some(format!("{} {}", tier.group, numbers::percent(tier.hit_ratio()?)))).collect();
    let caption = format!(
        "Contents from memory or disk as a share of all that the nodes of a group served in a time bin. Over the whole run: {}.{}",
        whole.join(", "),
        faults_sentence(run)
    );
    let hover = Some(hover(&timeline, drawing.area, series));
    Ok(Shown::Plot(Box::new(Plot { name: "hit-ratio", title: title.to_owned(), caption, drawing, hover })))
}

/// Bytes on all wires by layer.
pub(super) fn layers(run: &Run) -> Result<Shown, Trouble> {
    let title = "Bytes by layer";
    let Some(layers) = delivery::layers(run) else {
        return Ok(Shown::LeftOut { title, why: "no connection carried anything".to_owned() });
    };
    let sum = layers.sum().max(1) as f64;
    let bar = |(k, &bytes): (usize, &u64)| Bar {
        name: format!("{}: {}", LAYERS[k].0, numbers::bytes(bytes as f64)),
        parts: vec![(Ink::Series(k), bytes as f64 / sum)],
        value: numbers::percent((bytes as f64 / sum * 1e4).round() / 1e4),
    };
    let bars: Vec<Bar> = layers.bytes.iter().enumerate().map(bar).collect();
    let drawing = draw_bars(title, "share of all bytes that nodes sent", &bars, &[], numbers::percent)?;
    let caption = format!(
        "{} were sent on all wires, each hop counted; {} of them came to applications as objects ({}).",
        numbers::bytes(layers.wires as f64),
        numbers::bytes(layers.objects as f64),
        numbers::percent(layers.objects as f64 / layers.wires.max(1) as f64)
    );
    Ok(plot("bytes-by-layer", title, caption, drawing))
}

/// A bar with its name above and its value at the left.
struct Bar {
    name: String,
    parts: Vec<(Ink, f64)>,
    value: String,
}

/// Bars from the top down.
fn draw_bars(title: &str, axis: &str, bars: &[Bar], legend: &[(Ink, String)], say: impl Fn(f64) -> String) -> Result<Drawing, Trouble> {
    let longest = bars.iter().map(|bar| bar.parts.iter().map(|part| part.1).sum::<f64>()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let rows = bars.len() as f64;
    let floor = |k: usize| rows - 1.0 - k as f64;
    let ticks = bars.iter().enumerate().rev().map(|(k, bar)| (floor(k) + 0.28, bar.value.clone())).collect();
    let frame = Frame {
        title,
        x: Axis::linear(axis, 0.0..longest * 1.04, 6, say),
        y: Axis { range: 0.0..rows, ticks, label: String::new() },
        legend,
        bands: &[],
        height: 100 + ROW * bars.len() as i32,
    };
    draw(frame, |chart| {
        for (k, bar) in bars.iter().enumerate() {
            let mut from = 0.0;
            for &(ink, part) in &bar.parts {
                let corners = [(from, floor(k) + 0.08), (from + part, floor(k) + 0.48)];
                chart.draw_series([Rectangle::new(corners, fill(ink, 1.0))])?;
                from += part;
            }
            let style = label(Ink::Text).pos(Pos::new(HPos::Left, VPos::Bottom));
            chart.draw_series([Text::new(bar.name.clone(), (longest * 0.004, floor(k) + 0.54), style)])?;
        }
        Ok(())
    })
}

fn plot(name: &'static str, title: &str, caption: String, drawing: Drawing) -> Shown {
    Shown::Plot(Box::new(Plot { name, title: title.to_owned(), caption, drawing, hover: None }))
}
