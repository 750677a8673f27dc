//! One page with everything: it opens from disk, asks the network for nothing, and has no script. Its template is `assets/conformance.html`.
//!
//! A cell of the matrix leads to its evidence further down the page: each case with its log, and the command that runs it again.

use super::summary::{CaseRow, Standing, Summary};
use super::{Evidence, items, tier_name};
use crate::registry::{Level, Tier};
use crate::suite::case::Run;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most lines of the log of a case that passed.
const LINES_OF_PASS: usize = 40;

/// Makes the page of this evidence and of its summary.
pub fn page(evidence: &Evidence<'_>, summary: &Summary) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("conformance", include_str!("../../../assets/conformance.html"))?;
    environment.add_filter("prose", prose);
    let pics = items(evidence.registry, summary);
    environment.get_template("conformance")?.render(context! {
        css => include_str!("../../../assets/conformance.css"),
        s => Serde(summary),
        headline => headline(summary),
        headline_class => worst(summary).name(),
        tiers => Serde(tiers(evidence, summary)),
        clauses => Serde(clauses(evidence, summary)),
        trouble => Serde(trouble(summary)),
        pics => Serde(&pics),
        open_items => pics.iter().filter(|item| item.support == super::Support::Open).count(),
        unmapped => summary.requirements.iter().filter(|row| row.cases == 0).map(|row| row.id.clone()).collect::<Vec<_>>(),
    })
}

/// A sentence of the standard, in which code points stand between backticks.
fn prose(text: &str) -> Value {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = escaped.split('`').enumerate();
    Value::from_safe_string(parts.map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect())
}

/// The worst verdict of a case that ran.
fn worst(summary: &Summary) -> Standing {
    summary.cases.iter().map(|case| Standing::of(case.verdict)).max().unwrap_or(Standing::Unknown)
}

fn headline(summary: &Summary) -> String {
    let failed = summary.verdicts.values().map(|tally| tally.fail).sum::<usize>();
    let other = summary.verdicts.values().map(super::Tally::other).sum::<usize>();
    let total = summary.verdicts.values().map(super::Tally::total).sum::<usize>();
    match (failed, other) {
        (0, 0) => format!("All {total} cases that were run passed"),
        (0, other) => format!("No case failed; {other} of {total} say nothing"),
        (failed, _) => format!("{failed} of {total} cases failed"),
    }
}

#[derive(Serialize)]
struct TierWords {
    name: &'static str,
    label: &'static str,
    implementation: String,
    replay: String,
    tally: super::Tally,
}

fn tiers(evidence: &Evidence<'_>, summary: &Summary) -> Vec<TierWords> {
    let words = |ran: &super::Ran| {
        let name = ran.tier.name();
        TierWords {
            name,
            label: tier_name(ran.tier),
            implementation: ran.implementation.clone(),
            replay: summary.tested[name].replay.clone(),
            tally: summary.verdicts[name],
        }
    };
    evidence.tiers.iter().map(words).collect()
}

#[derive(Serialize)]
struct ClauseWords {
    number: u8,
    title: String,
    requirements: Vec<RequirementWords>,
}

#[derive(Serialize)]
struct RequirementWords {
    id: String,
    level: &'static str,
    profile: &'static str,
    text: String,
    observable: String,
    cells: Vec<Cell>,
    defect: Cell,
    cases: Vec<CaseWords>,
    is_inspected: bool,
}

/// A cell of the matrix.
#[derive(Serialize)]
struct Cell {
    class: &'static str,
    text: String,
    title: String,
}

#[derive(Serialize)]
struct CaseWords {
    name: String,
    polarity: &'static str,
    subject: &'static str,
    runs: Vec<RunWords>,
}

/// A case in a tier.
#[derive(Serialize)]
struct RunWords {
    label: &'static str,
    verdict: &'static str,
    why: String,
    repeated: String,
    log: Vec<String>,
    left_out: usize,
    replay: String,
}

fn clauses(evidence: &Evidence<'_>, summary: &Summary) -> Vec<ClauseWords> {
    let rows: BTreeMap<(&str, &str), &CaseRow> = summary.cases.iter().map(|row| ((row.name.as_str(), row.tier.as_str()), row)).collect();
    let standings: BTreeMap<&str, &super::RequirementRow> = summary.requirements.iter().map(|row| (row.id.as_str(), row)).collect();
    let requirement = |requirement: &crate::registry::Requirement| {
        let id = requirement.id.to_string();
        let row = standings[id.as_str()];
        RequirementWords {
            cells: evidence.tiers.iter().map(|ran| cell(ran.tier, row)).collect(),
            defect: defect(summary, &id, requirement.level),
            level: requirement.level.verb(),
            profile: requirement.profile.name(),
            text: requirement.text.clone(),
            observable: requirement.tiers.iter().map(|tier| tier.name()).collect::<Vec<_>>().join(", "),
            cases: cases(evidence, &rows, requirement.id),
            is_inspected: requirement.is_inspected(),
            id,
        }
    };
    let clause = |clause: &crate::registry::Clause| ClauseWords {
        number: clause.number,
        title: clause.title.clone(),
        requirements: clause.requirements.iter().map(requirement).collect(),
    };
    evidence.registry.clauses.iter().map(clause).collect()
}

fn cell(tier: Tier, row: &super::RequirementRow) -> Cell {
    match row.verdicts.get(tier.name()) {
        Some(standing) => Cell { class: standing.name(), text: standing.name().to_owned(), title: row.text.clone() },
        None if row.cases == 0 && row.inspected => {
            Cell { class: "none", text: "read".into(), title: "judged by reading what the supplier declares".into() }
        }
        None if row.cases == 0 => Cell { class: "unknown", text: "no case".into(), title: "the suite has no case for it".into() },
        None => Cell { class: "none", text: "–".into(), title: "none of its cases has a place in this tier".into() },
    }
}

fn defect(summary: &Summary, id: &str, level: Level) -> Cell {
    if summary.defects_planted.is_none() {
        return Cell { class: "none", text: "–".into(), title: "no breach was planted in this campaign".into() };
    }
    match summary.detections.iter().find(|one| one.requirement == id) {
        None if level == Level::Shall => Cell { class: "unknown", text: "none".into(), title: "it has no breach".into() },
        None => Cell { class: "none", text: "–".into(), title: "only a shall needs a breach".into() },
        Some(one) if one.found_by.is_empty() => Cell { class: "fail", text: "missed".into(), title: one.breach.clone() },
        Some(one) => Cell { class: "pass", text: format!("found by {}", one.found_by.len()), title: one.breach.clone() },
    }
}

fn cases(evidence: &Evidence<'_>, rows: &BTreeMap<(&str, &str), &CaseRow>, id: crate::registry::Id) -> Vec<CaseWords> {
    let own = evidence.cases.iter().filter(|case| case.requirement == id);
    let words = own.map(|case| CaseWords {
        name: case.name.clone(),
        polarity: case.polarity.name(),
        subject: match &case.run {
            Run::Wire(subject, _) => subject.name(),
            Run::Function(_) => "functions",
            Run::Process(_) => "a node of its own",
        },
        runs: evidence
            .tiers
            .iter()
            .filter_map(|ran| {
                let row = rows.get(&(case.name.as_str(), ran.tier.name()))?;
                let log = evidence.record(ran.tier, &case.name).map_or(&[][..], |record| &record.log);
                let shown = if row.verdict == crate::suite::Verdict::Pass { log.len().min(LINES_OF_PASS) } else { log.len() };
                Some(RunWords {
                    label: tier_name(ran.tier),
                    verdict: row.verdict.name(),
                    why: row.why.clone(),
                    repeated: row.runs.iter().map(|verdict| verdict.name()).collect::<Vec<_>>().join(", "),
                    log: log[..shown].to_vec(),
                    left_out: log.len() - shown,
                    replay: row.replay.clone(),
                })
            })
            .collect(),
    });
    words.collect()
}

/// What is not kept, first on the page.
fn trouble(summary: &Summary) -> Vec<&CaseRow> {
    summary.cases.iter().filter(|case| Standing::of(case.verdict) > Standing::NonStrict).collect()
}
