//! The calibration as a page and as Markdown.

use super::{Calibration, Row};
use crate::numbers;
use crate::plots::Plot;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use std::fmt::Write;

/// The verdict in a sentence.
fn verdict(all: &Calibration) -> String {
    let bound = numbers::percent(all.at_most);
    let off = all.rows.iter().filter(|row| !row.within).count();
    match off {
        _ if all.rows.is_empty() => "Nothing was compared".to_owned(),
        0 => format!("Every figure is within {bound} of its reference"),
        off => format!("{off} of {} figures are more than {bound} off", all.rows.len()),
    }
}

/// The largest error of all, in words.
fn worst(all: &Calibration) -> Option<String> {
    let row = all.rows.iter().max_by(|a, b| a.error.abs().total_cmp(&b.error.abs()))?;
    Some(format!("The largest error is {}: {} of {}, {}.", error(row), row.quantity, row.scenario, row.compared))
}

fn error(row: &Row) -> String {
    if row.error.is_finite() { format!("{:+.1} %", row.error * 100.0) } else { "no reference".to_owned() }
}

fn value(row: &Row, value: f64) -> String {
    // As many decimals as the terminal shows, so that the two can be compared.
    if row.unit.is_empty() { numbers::sig4(value) } else { format!("{value:.1} {}", row.unit) }
}

#[derive(Serialize)]
struct RowWords {
    /// The scenario in the first of its rows only.
    scenario: String,
    seed: String,
    /// Likewise.
    compared: String,
    quantity: String,
    candidate: String,
    reference: String,
    error: String,
    bound: String,
    outcome: &'static str,
    class: &'static str,
    /// The first row of a comparison.
    first: bool,
}

fn rows(all: &Calibration) -> Vec<RowWords> {
    let mut before: Option<&Row> = None;
    let mut words = Vec::new();
    for row in &all.rows {
        let same = before.filter(|other| (&other.scenario, other.seed) == (&row.scenario, row.seed));
        let goes_on = same.is_some_and(|other| other.compared == row.compared);
        words.push(RowWords {
            scenario: if same.is_some() { String::new() } else { row.scenario.clone() },
            seed: if same.is_some() { String::new() } else { row.seed.to_string() },
            compared: if goes_on { String::new() } else { row.compared.clone() },
            quantity: row.quantity.clone(),
            candidate: format!("{} {}", value(row, row.candidate), row.candidate_mode),
            reference: format!("{} {}", value(row, row.reference), row.reference_mode),
            error: error(row),
            bound: format!("± {}", numbers::percent(all.at_most)),
            outcome: if row.within { "within" } else { "OFF" },
            class: if row.within { "met" } else { "missed" },
            first: !goes_on,
        });
        before = Some(row);
    }
    words
}

/// The page.
pub(super) fn page(all: &Calibration, machine: &str, plots: &[Plot]) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("calibration", include_str!("../../assets/calibration.html"))?;
    let (light, dark) = crate::plots::variables();
    let drawn: Vec<_> = plots.iter().map(|plot| (plot.inline(), plot.caption.clone())).collect();
    let is_measured = all.rows.iter().any(|row| row.reference_mode == "measured");
    environment.get_template("calibration")?.render(context! {
        css => include_str!("../../assets/report.css"),
        plot_classes => crate::plots::classes(),
        light, dark,
        verdict => verdict(all),
        verdict_class => if all.is_within() { "passed" } else { "failed" },
        worst => worst(all),
        defect => all.defect.clone(),
        rows => Serde(rows(all)),
        plots => Serde(drawn),
        command => all.command.clone(),
        version => all.version.clone(),
        machine,
        is_measured,
    })
}

/// The table in Markdown.
pub(super) fn markdown(all: &Calibration, machine: &str) -> String {
    let mut out = format!("# Calibration\n\n{}.\n", verdict(all));
    if let Some(defect) = &all.defect {
        let _ = writeln!(out, "\nA defect was planted by a test: {defect}.");
    }
    out.push_str("\n| scenario | seed | compared | quantity | judged | reference | error | bound | verdict |\n|---|---:|---|---|---:|---:|---:|---:|---|\n");
    for (row, said) in all.rows.iter().zip(rows(all)) {
        let cell = |text: &str| text.replace('|', "\\|");
        let verdict = if row.within { said.outcome.to_owned() } else { format!("**{}**", said.outcome) };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {verdict} |",
            cell(&row.scenario),
            row.seed,
            cell(&row.compared),
            cell(&row.quantity),
            said.candidate,
            said.reference,
            said.error,
            said.bound
        );
    }
    let _ = writeln!(out, "\n`{}`, hypermesh {}, {machine}.", all.command.replace('`', "'"), all.version);
    out
}
