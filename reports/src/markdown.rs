//! A run in Markdown, for a pull request or a job's summary: the first screen of the page and its main tables, without plots.

use crate::delivery;
use crate::numbers;
use crate::run::Run;
use crate::summary::{self, Figure};
use std::fmt::Write;

/// The summary.
pub fn summary(run: &Run) -> String {
    let manifest = &run.manifest;
    let mut out = format!("## {}: {}\n\n", cell(&manifest.scenario), summary::verdict(run));
    let _ = writeln!(out, "{} run, seed {}, digest `{}`.", manifest.mode, manifest.seed, manifest.digest);
    if let Some(reason) = &manifest.partial {
        let _ = writeln!(out, "\n**Partial run**: {reason}");
    }
    if let Some(trouble) = summary::first_trouble(run) {
        let _ = writeln!(out, "\n{trouble}");
    }
    expectations(&mut out, run);
    figures(&mut out, "In numbers", &summary::figures(run));
    if delivery::is_delivery(run) {
        fetches(&mut out, run)
    } else {
        regions(&mut out, run)
    }
    figures(&mut out, "Cost", &summary::cost(run));
    let _ = writeln!(out, "\n{}\n\n### Reproduce\n\n```\n{}\n```", cell(&manifest.machine.words()), manifest.reproduce.command);
    out
}

fn expectations(out: &mut String, run: &Run) {
    if run.manifest.expectations.is_empty() {
        return;
    }
    out.push_str("\n| level | expected | seen | range | outcome | covers |\n|---|---|---|---|---|---|\n");
    for judged in &run.manifest.expectations {
        let (that, seen, covers) = (cell(&judged.that), cell(&judged.seen), cell(&judged.covers.join(", ")));
        let outcome = if judged.outcome == "met" { "met".to_owned() } else { format!("**{}**", judged.outcome) };
        let _ = writeln!(out, "| {} | `{that}` | {seen} | {} | {outcome} | {covers} |", judged.level, judged.range);
    }
}

fn figures(out: &mut String, title: &str, figures: &[Figure]) {
    let _ = writeln!(out, "\n### {title}\n\n| | | |\n|---|---:|---|");
    for figure in figures {
        let _ = writeln!(out, "| {} | {} | {} |", figure.name, figure.value, cell(&figure.note));
    }
}

fn regions(out: &mut String, run: &Run) {
    let rows = summary::regions(run);
    if rows.is_empty() {
        return;
    }
    out.push_str("\n### Regions\n\n| region | nodes | deliveries | p50 | p90 | p99 | max |\n|---|---:|---:|---:|---:|---:|---:|\n");
    for row in rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            cell(&row.region),
            row.nodes,
            row.deliveries,
            row.p50,
            row.p90,
            row.p99,
            row.max
        );
    }
}

/// Hits by tier are among the figures; this is how long fetches took in each region.
fn fetches(out: &mut String, run: &Run) {
    let rows = delivery::fetches(run);
    if rows.is_empty() {
        return;
    }
    out.push_str("\n### Fetches\n\n| clients in | fetches | p50 | p90 | p99 | max |\n|---|---:|---:|---:|---:|---:|\n");
    for row in rows {
        let at = |q| row.whole.quantile(q).map_or_else(|| "–".to_owned(), |ns| numbers::time(ns as f64));
        let region = row.region.as_deref().unwrap_or("all, the whole run");
        let count = numbers::count(row.whole.count() as f64);
        let _ = writeln!(out, "| {} | {count} | {} | {} | {} | {} |", cell(region), at(0.5), at(0.9), at(0.99), at(1.0));
    }
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
