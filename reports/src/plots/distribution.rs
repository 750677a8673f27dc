//! Plots of how values are spread: delivery times, hops, and the infection curve.

use super::analytic::PushGossip;
use super::canvas::{Frame, Trouble, draw, fill, line};
use super::ink::Ink;
use super::scale::Axis;
use super::{Plot, Shown};
use crate::dist::Dist;
use crate::numbers;
use crate::run::Run;
use plotters::prelude::*;

/// The share of deliveries by their time, over the whole run and for the fastest and slowest region.
pub(super) fn delivery(run: &Run) -> Result<Shown, Trouble> {
    let title = "Delivery times";
    let Some(whole) = run.whole("broadcast.delivery") else {
        return Ok(Shown::LeftOut { title, why: "no broadcast was delivered".to_owned() });
    };
    let mut curves = vec![("all nodes".to_owned(), whole.clone())];
    curves.extend(extremes(run));
    let low = whole.quantile(0.001).unwrap_or(1).max(1) as f64;
    let high = whole.max().unwrap_or(1).max(2) as f64;
    let legend: Vec<_> = curves.iter().enumerate().map(|(k, (name, _))| (Ink::Series(k), name.clone())).collect();
    let frame = Frame {
        title,
        x: Axis::logarithmic("time since the intended start", low * 0.95..high * 1.05, 8, numbers::time),
        y: Axis::linear("share delivered", 0.0..1.0, 5, numbers::percent),
        legend: &legend,
        bands: &[],
        height: 330,
    };
    let drawing = draw(frame, |chart| {
        let range = chart.x_range();
        for (k, (_, dist)) in curves.iter().enumerate().rev() {
            let points = cumulative(dist).into_iter().map(|(ns, share)| (ns.max(1.0).log10().clamp(range.start, range.end), share));
            chart.draw_series(LineSeries::new(points, line(Ink::Series(k), if k == 0 { 4 } else { 3 })))?;
        }
        Ok(())
    })?;
    let at = |q| whole.quantile(q).map_or_else(|| "n/a".to_owned(), |ns| numbers::time(ns as f64));
    let caption = format!(
        "Half of {} deliveries took at most {}, 99 % at most {}, 99.9 % at most {}.",
        numbers::count(whole.count() as f64),
        at(0.5),
        at(0.99),
        at(0.999)
    );
    Ok(Shown::Plot(Box::new(Plot { name: "delivery-cdf", title: title.to_owned(), caption, drawing, hover: None })))
}

/// The regions with the lowest and the highest median, if there are at least two.
fn extremes(run: &Run) -> Vec<(String, Dist)> {
    let Some(samples) = run.series.samples.get("broadcast.delivery") else { return Vec::new() };
    let mut medians: Vec<_> =
        samples.by_region.iter().zip(&run.manifest.regions).filter_map(|(dist, name)| Some((dist.quantile(0.5)?, name, dist))).collect();
    medians.sort_by_key(|(median, name, _)| (*median, *name));
    match medians.as_slice() {
        [(_, fast, a), .., (_, slow, b)] => {
            vec![(format!("{fast} (fastest median)"), (*a).clone()), (format!("{slow} (slowest median)"), (*b).clone())]
        }
        _ => Vec::new(),
    }
}

/// The cumulative share at up to a few hundred points, the tail kept.
pub(super) fn cumulative(dist: &Dist) -> Vec<(f64, f64)> {
    let total = dist.count().max(1) as f64;
    let mut points = vec![(dist.min().unwrap_or(0) as f64, 0.0)];
    let (mut seen, mut drawn) = (0, 0.0);
    for bucket in dist.buckets() {
        seen += bucket.count;
        let share = seen as f64 / total;
        if share - drawn > 0.002 || seen == dist.count() {
            points.push((bucket.high as f64, share));
            drawn = share;
        }
    }
    points
}

/// Links that deliveries crossed.
pub(super) fn hops(run: &Run) -> Result<Shown, Trouble> {
    let title = "Hops of deliveries";
    let Some(whole) = run.whole("broadcast.hops") else {
        return Ok(Shown::LeftOut { title, why: "no broadcast was delivered".to_owned() });
    };
    let total = whole.count() as f64;
    let last = whole.max().unwrap_or(0) as f64;
    let bars: Vec<_> =
        whole.buckets().iter().map(|bucket| ((bucket.low + bucket.high) as f64 / 2.0, bucket.count as f64 / total)).collect();
    let highest = bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
    let frame = Frame {
        title,
        x: Axis::linear("links crossed", -0.6..last + 0.6, 14, |at| if at < 0.0 { String::new() } else { numbers::sig4(at) }),
        y: Axis::linear("share of deliveries", 0.0..highest * 1.08, 5, numbers::percent),
        legend: &[],
        bands: &[],
        height: 300,
    };
    let drawing = draw(frame, |chart| {
        let bar = |&(at, share): &(f64, f64)| Rectangle::new([(at - 0.4, 0.0), (at + 0.4, share)], fill(Ink::Series(0), 1.0));
        chart.draw_series(bars.iter().map(bar)).map(|_| ())
    })?;
    let caption = format!(
        "Deliveries crossed {} links in the mean, {} at most.",
        whole.mean().map_or_else(|| "n/a".to_owned(), numbers::sig4),
        whole.max().unwrap_or(0)
    );
    Ok(Shown::Plot(Box::new(Plot { name: "hops", title: title.to_owned(), caption, drawing, hover: None })))
}

/// The share of all nodes reached against the time since the intended start, over all broadcasts.
pub(super) fn infection(run: &Run) -> Result<Shown, Trouble> {
    let title = "Infection curve";
    let measured = shares(run);
    if measured.len() < 3 {
        return Ok(Shown::LeftOut { title, why: "no broadcast was delivered".to_owned() });
    }
    let end = interesting_end(&measured);
    let model = gossip_model(run, end);
    let mut legend = vec![(Ink::Series(0), format!("this run ({})", run.manifest.mode))];
    if model.is_some() {
        legend.push((Ink::Model, "push gossip in the mean field".to_owned()));
    }
    let frame = Frame {
        title,
        x: Axis::linear("time since the intended start", 0.0..end as f64, 7, numbers::time),
        y: Axis::linear("share of all nodes", 0.0..1.0, 5, numbers::percent),
        legend: &legend,
        bands: &[],
        height: 330,
    };
    let drawing = draw(frame, |chart| {
        let points = measured.iter().filter(|(ns, _)| *ns <= end).map(|&(ns, share)| (ns as f64, share.min(1.0)));
        chart.draw_series(LineSeries::new(points, line(Ink::Series(0), 4)))?;
        if let Some(model) = &model {
            chart.draw_series(LineSeries::new(model.iter().map(|&(ns, share)| (ns as f64, share)), line(Ink::Model, 3)))?;
        }
        Ok(())
    })?;
    let reached = measured.last().map_or(0.0, |last| last.1);
    let half = |points: &[(u64, f64)]| points.iter().find(|(_, share)| *share >= 0.5).map(|(ns, _)| numbers::time(*ns as f64));
    let gap = match (half(&measured), model.as_deref().and_then(half)) {
        (Some(run), Some(model)) => {
            format!(
                " Half of the nodes were reached after {run}; the model, for which delays do not depend on who sends to whom, says {model}."
            )
        }
        _ => String::new(),
    };
    let many = numbers::exact(run.broadcasts.len() as u64);
    let caption = format!(
        "{many} broadcasts together: {} of all nodes, counted over all broadcasts, were reached in the end.{gap}",
        numbers::percent(reached.min(1.0))
    );
    Ok(Shown::Plot(Box::new(Plot { name: "infection", title: title.to_owned(), caption, drawing, hover: None })))
}

/// Deliveries so far as a share of nodes times broadcasts, thinned to what can be seen.
fn shares(run: &Run) -> Vec<(u64, f64)> {
    let whole = run.manifest.facts.nodes as f64 * run.broadcasts.len() as f64;
    let mut points = vec![(0, 0.0)];
    let (mut seen, mut drawn) = (0u64, 0.0);
    for &(until_ns, deliveries) in &run.infection {
        seen += deliveries;
        let share = seen as f64 / whole.max(1.0);
        if share - drawn >= 0.001 || run.infection.len() < 400 {
            points.push((until_ns, share));
            drawn = share;
        }
    }
    if let Some(&(until_ns, _)) = run.infection.last() {
        points.push((until_ns, seen as f64 / whole.max(1.0)));
    }
    points.dedup();
    points
}

/// A while after nearly all of what is reached has been reached; a long tail of repairs would squeeze the curve.
fn interesting_end(points: &[(u64, f64)]) -> u64 {
    let last = points.last().map_or(0.0, |point| point.1);
    let nearly = points.iter().find(|(_, share)| *share >= last * 0.999).map_or(1, |point| point.0);
    let end = points.last().map_or(1, |point| point.0);
    (nearly + nearly / 3).clamp(1, end.max(1))
}

/// The analytic curve, where every node runs push gossip with the same fan-out.
fn gossip_model(run: &Run, until_ns: u64) -> Option<Vec<(u64, f64)>> {
    let mut fanouts = run.manifest.plan.groups.iter().map(|group| group.fanout);
    let fanout = fanouts.next()??;
    if fanouts.any(|other| other != Some(fanout)) {
        return None;
    }
    let delays = run.whole("net.latency")?;
    let (sent, delivered) = (run.counter("net.sent"), run.counter("net.delivered"));
    let arrives = if sent > 0 { (delivered as f64 / sent as f64).min(1.0) } else { return None };
    Some(PushGossip { nodes: run.manifest.facts.nodes, fanout, arrives, delays: &delays }.curve(until_ns))
}

/// The largest vertical distance between the run's infection curve and that of the model, where there is one.
pub fn infection_gap(run: &Run) -> Option<f64> {
    let measured = shares(run);
    let model = gossip_model(run, interesting_end(&measured))?;
    let at = |points: &[(u64, f64)], ns: u64| {
        let next = points.partition_point(|point| point.0 < ns);
        match (next.checked_sub(1).map(|k| points[k]), points.get(next)) {
            (Some(a), Some(b)) if b.0 > a.0 => a.1 + (b.1 - a.1) * (ns - a.0) as f64 / (b.0 - a.0) as f64,
            (_, Some(b)) => b.1,
            (Some(a), None) => a.1,
            (None, None) => 0.0,
        }
    };
    model.iter().map(|&(ns, share)| (at(&measured, ns) - share).abs()).reduce(f64::max)
}
