//! Comparisons in words and aligned tables.

use super::{Change, Diff, ExpectationChange, SetChange, SetDiff};
use crate::numbers;
use std::fmt::Write;

fn value(unit: &str, value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(share) if unit == "share" => numbers::percent(share),
        Some(value) => numbers::with_unit(unit, value),
    }
}

/// A difference, with its sign; shares differ by percentage points.
fn signed(unit: &str, difference: f64) -> String {
    let sign = if difference < 0.0 { "-" } else { "+" };
    let size = difference.abs();
    if unit == "share" { format!("{sign}{} points", numbers::sig4(size * 100.0)) } else { format!("{sign}{}", value(unit, Some(size))) }
}

fn percent(percent: Option<f64>) -> String {
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{}{} %", if percent < 0.0 { "-" } else { "+" }, numbers::sig4(percent.abs())))
}

/// One change in a line.
pub(super) fn change(change: &Change) -> String {
    format!("{}: {} -> {} ({})", change.metric, value(&change.unit, change.a), value(&change.unit, change.b), percent(change.percent))
}

/// One change between sets in a line.
pub(super) fn set_change(change: &SetChange) -> String {
    let (a, b) = (value(&change.unit, Some(change.mean_a)), value(&change.unit, Some(change.mean_b)));
    format!("{}: {a} -> {b} ({})", change.metric, percent(change.percent))
}

/// One expectation in a line.
pub(super) fn expectation(change: &ExpectationChange) -> String {
    let side = |side: &Option<(String, String)>| {
        side.as_ref().map_or_else(|| "absent".to_owned(), |(outcome, seen)| format!("{outcome} ({seen})"))
    };
    format!("{} {}: {} -> {}", change.level, change.that, side(&change.a), side(&change.b))
}

/// Columns as wide as their longest cell; the first is left, the others right.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut text = format!("  {:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}

/// The whole comparison of two runs.
pub(super) fn diff(diff: &Diff) -> String {
    let mut out = String::new();
    for (letter, side) in [("a", &diff.a), ("b", &diff.b)] {
        let _ = writeln!(out, "{letter}  {}  {}, seed {}, {}, digest {}", side.name, side.mode, side.seed, side.verdict, side.digest);
    }
    out.push('\n');
    out.push_str(&verdict(diff));
    if !diff.expectations.is_empty() {
        out.push_str("\nExpectations with another outcome:\n");
        for change in &diff.expectations {
            let _ = writeln!(out, "  {}", expectation(change));
        }
    }
    let row = |change: &&Change| {
        vec![
            change.metric.clone(),
            value(&change.unit, change.a),
            value(&change.unit, change.b),
            change.absolute.map_or_else(|| "–".to_owned(), |difference| signed(&change.unit, difference)),
            percent(change.percent),
        ]
    };
    for (title, machine) in [("Metrics that changed", false), ("Costs that changed (they depend on the machine)", true)] {
        let rows: Vec<_> = diff.metrics.iter().filter(|change| change.machine == machine).collect();
        if !rows.is_empty() {
            let _ = writeln!(out, "\n{title}:");
            out.push_str(&table(&["metric", "a", "b", "change", ""], &rows.iter().map(row).collect::<Vec<_>>()));
        }
    }
    let _ = writeln!(out, "\n{} metrics did not change.", diff.unchanged);
    out
}

fn verdict(diff: &Diff) -> String {
    match (diff.identical, diff.same_plan, &diff.parting) {
        (true, true, _) => "Identical: the same plan and the same digest; both runs did the same, event by event.\n".to_owned(),
        (true, false, _) => "Identical: the plans differ, but both runs did the same, event by event.\n".to_owned(),
        (false, same, Some(parting)) => {
            let plan = if same { "The plan is the same" } else { "The plans differ" };
            format!(
                "{plan}, the digests differ. Both runs do the same until {}; the first difference is between {} and {}, in: {} ({} against {} events).\n",
                numbers::moment(parting.from_ns),
                exact_moment(parting.from_ns),
                exact_moment(parting.until_ns),
                parting.layers.join(", "),
                numbers::exact(parting.events.0),
                numbers::exact(parting.events.1)
            )
        }
        (false, _, None) => {
            "The digests differ; without the digests of windows on both sides the first difference cannot be told.\n".to_owned()
        }
    }
}

/// A moment with all its digits, to be given to other commands.
fn exact_moment(ns: u64) -> String {
    format!("{}.{:09} s", ns / 1_000_000_000, ns % 1_000_000_000)
}

/// The whole comparison of two sets.
pub(super) fn sets(diff: &SetDiff) -> String {
    let mut out =
        format!("{} runs against {}. Intervals: {} confidence (Welch).\n", diff.runs_a, diff.runs_b, numbers::percent(diff.confidence));
    let row = |change: &SetChange| {
        let interval = change
            .interval
            .map_or_else(|| "–".to_owned(), |(low, high)| format!("{} to {}", signed(&change.unit, low), signed(&change.unit, high)));
        vec![
            change.metric.clone(),
            value(&change.unit, Some(change.mean_a)),
            value(&change.unit, Some(change.mean_b)),
            percent(change.percent),
            interval,
            change.effect.map_or_else(|| "–".to_owned(), |effect| format!("{effect:+.2}")),
            if change.significant { "*".to_owned() } else { String::new() },
        ]
    };
    let changed: Vec<_> = diff.metrics.iter().filter(|change| change.difference != 0.0).map(row).collect();
    if !changed.is_empty() {
        out.push('\n');
        out.push_str(&table(&["metric", "mean a", "mean b", "change", "interval", "effect g", ""], &changed));
    }
    let _ = writeln!(out, "\n{} metrics have equal means. * marks intervals without zero.", diff.metrics.len() - changed.len());
    let flipped: Vec<_> = diff.expectations.iter().filter(|(_, a, b)| a != b).collect();
    if !flipped.is_empty() {
        out.push_str("\nShare of runs in which an expectation was met:\n");
        for (name, a, b) in flipped {
            let _ = writeln!(out, "  {name}: {} -> {}", numbers::percent(*a), numbers::percent(*b));
        }
    }
    out
}
