//! What `conform` says on a terminal.

use super::is_kept;
use crate::output::{Format, Output, Tone};
use crate::table::Table;
use hypermesh_conform::suite::report::{ClauseRow, Summary, Tally};
use hypermesh_conform::suite::{Case, Need, needs};
use serde_json::json;

/// Most cases that are told one by one; the report has them all.
const TOLD_MAX: usize = 20;

/// Which cases there are.
pub(super) fn list(cases: &[Case], output: Output) {
    if output.format == Format::Json {
        let row = |case: &Case| {
            json!({
                "name": case.name,
                "requirement": case.requirement.to_string(),
                "polarity": case.polarity.name(),
                "subject": case.subject().map(|subject| subject.name()),
                "in_memory": case.is_in_memory,
                "remote": case.is_remote,
                "need": case.is_remote.then(|| needs::of(case).name()),
                "leans_on": case.leans_on.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        };
        output.json(&json!({ "cases": cases.iter().map(row).collect::<Vec<_>>() }));
        return;
    }
    let mut table = Table::new(&["case", "polarity", "tests", "runs", "needs"], &[]);
    for case in cases {
        let subject = case.subject().map_or("", |subject| subject.name());
        let place = match (case.is_in_memory, case.is_remote) {
            (true, true) => "anywhere",
            (true, false) => "in memory",
            (false, _) => "over a network",
        };
        let need = if case.is_remote { needs::of(case).name() } else { "" };
        table.row([case.name.clone(), case.polarity.name().to_owned(), subject.to_owned(), place.to_owned(), need.to_owned()]);
    }
    output.raw(&table.text());
}

/// Clause by clause, what is not kept, and what everything is counted against. With `part`, only clauses of which something was chosen.
pub(super) fn summary(summary: &Summary, part: bool, output: Output) {
    for (tier, tested) in &summary.tested {
        output.line(format_args!("{tier}: {}", tested.implementation));
        output.raw(&clauses(summary, tier, part).text());
        output.line("");
    }
    missed(summary, output);
    for one in summary.disagreements.iter().take(TOLD_MAX) {
        let verdicts: Vec<String> = one.verdicts.iter().map(|(tier, verdict)| format!("{tier} {verdict}")).collect();
        output.line(format_args!("{}  {}: {}", output.tone(Tone::Bad, "differs"), one.case, verdicts.join(", ")));
    }
    detections(summary, output);
    output.line(denominator(summary));
    output.line(needs(summary));
    for gate in &summary.gates {
        let (tone, state) = match gate.holds {
            None => (Tone::Faint, "not told".to_owned()),
            Some(true) => (Tone::Good, "holds".to_owned()),
            Some(false) => (Tone::Warn, format!("open, {} missing", gate.missing.len())),
        };
        output.line(format_args!("{}: {} ({})", gate.id, output.tone(tone, state), gate.what));
    }
}

fn clauses(summary: &Summary, tier: &str, part: bool) -> Table {
    let mut table = Table::new(&["clause", "shall", "mapped", "run", "cases", "pass", "fail", "other"], &[1, 2, 3, 4, 5, 6, 7]);
    let counts = |name: String, shalls: usize, mapped: usize, run: usize, tally: &Tally| {
        let numbers = [shalls, mapped, run, tally.total(), tally.conforming(), tally.fail, tally.other()];
        std::iter::once(name).chain(numbers.map(|number| number.to_string()))
    };
    let row = |row: &ClauseRow| counts(format!("{} {}", row.clause, row.title), row.shalls, row.mapped, row.run, &row.verdicts[tier]);
    for clause in summary.clauses.iter().filter(|clause| !part || clause.verdicts[tier].total() > 0) {
        table.row(row(clause));
    }
    table.row(counts("all".to_owned(), summary.shalls, summary.mapped, summary.run, &summary.verdicts[tier]));
    table
}

/// The cases that are not kept, each with its reason.
fn missed(summary: &Summary, output: Output) {
    let missed: Vec<_> = summary.cases.iter().filter(|case| !is_kept(case.verdict)).collect();
    for case in missed.iter().take(TOLD_MAX) {
        output.line(format_args!("{}  {} ({}): {}", output.tone(Tone::Bad, case.verdict), case.name, case.tier, case.why));
    }
    if missed.len() > TOLD_MAX {
        output.line(format_args!("and {} more; `--out DIR` writes all of them", missed.len() - TOLD_MAX));
    }
    if !missed.is_empty() {
        output.line("");
    }
}

/// Which case finds which breach.
fn detections(summary: &Summary, output: Output) {
    if summary.detections.is_empty() {
        return;
    }
    let mut table = Table::new(&["requirement", "breach", "cases", "found by", "explained", "unexplained", ""], &[2, 3, 4, 5]);
    for one in &summary.detections {
        let state = if one.found_by.is_empty() { output.tone(Tone::Bad, "missed") } else { String::new() };
        let counts = [one.cases, one.found_by.len(), one.explained.len(), one.collateral.len()].map(|count| count.to_string());
        table.row([one.requirement.clone(), one.breach.clone()].into_iter().chain(counts).chain([state]));
    }
    output.raw(&table.text());
    for one in summary.detections.iter().filter(|one| !one.collateral.is_empty()) {
        output.line(format_args!("unexplained: {} {} also fails {}", one.requirement, one.breach, one.collateral.join(", ")));
    }
    output.line("");
}

/// What the cases that can run over a network need of an implementation.
fn needs(summary: &Summary) -> String {
    let all: usize = summary.by_need.values().map(|row| row.cases).sum();
    let of = |need: Need| summary.by_need.get(need.name()).map_or(0, |row| row.cases);
    let [address, contents, configuration, upper] = Need::ALL.map(of);
    format!(
        "{all} of the cases run over a network: {address} need an address, {contents} that contents can be stored, {configuration} a known \
         configuration, {upper} an upper tester"
    )
}

/// The line against which everything is counted.
fn denominator(summary: &Summary) -> String {
    let Summary { shalls, mapped, run, absent, inspected, .. } = summary;
    let reading = if *inspected > 0 { format!(" ({inspected} of them judged by reading declarations)") } else { String::new() };
    let breaches = match (summary.defects_planted, summary.defects_detected, summary.collateral_unexplained) {
        (Some(planted), Some(detected), Some(collateral)) => {
            format!("\n{planted} breaches planted, {detected} detected, {collateral} other failures without an explanation")
        }
        _ => String::new(),
    };
    format!("{shalls} shall: {mapped} mapped, {run} run, {absent} absent{reading}{breaches}")
}
