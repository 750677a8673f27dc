//! Scenario files: loading, checking, resolving, with their problems as failures.

use crate::args::Change;
use crate::exit::Code;
use crate::fail::Failure;
use crate::output::Output;
use crate::verbs::check::count;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::{Loaded, Overrides, Report};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The scenarios that are built in: name and YAML.
pub(crate) const SHIPPED: &[(&str, &str)] = &[
    ("broadcast", include_str!("../../../scenarios/first/broadcast.yaml")),
    ("churn", include_str!("../../../scenarios/faults/churn.yaml")),
    ("partition-heal", include_str!("../../../scenarios/faults/partition-heal.yaml")),
    ("region-loss", include_str!("../../../scenarios/faults/region-loss.yaml")),
];

/// What a check found in one file.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    /// Errors.
    pub(crate) errors: usize,
    /// Warnings.
    pub(crate) warnings: usize,
    /// All of them, rendered with their lines; empty if there are none.
    pub(crate) text: String,
    /// All of them as objects.
    pub(crate) problems: Vec<Value>,
    /// What the scenario has, in short, if it is valid.
    pub(crate) summary: String,
}

/// Checks one file, resolving it too: some contradictions show only there.
pub(crate) fn check(path: &Path, change: &Change, colored: bool) -> Checked {
    match load(path, change).and_then(|loaded| resolve(&loaded)) {
        Ok((plan, report)) => found(&report, colored, summary(&plan)),
        Err(report) => found(&report, colored, String::new()),
    }
}

fn found(report: &Report, colored: bool, summary: String) -> Checked {
    Checked {
        errors: report.errors(),
        warnings: report.warnings(),
        text: if report.problems.is_empty() { String::new() } else { report.render(colored) },
        problems: report.to_json().as_array().cloned().unwrap_or_default(),
        summary,
    }
}

fn summary(plan: &Plan) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!(
        "{} nodes in {}, {}, {}",
        crate::human::count(u64::from(plan.node_count())),
        plural(plan.groups.len(), "group"),
        plural(plan.faults.bands.len(), "fault"),
        plural(plan.expect.len(), "expectation"),
    )
}

/// Loads every file and fails with all problems of all of them.
pub(crate) fn check_all(files: &[PathBuf], change: &Change, output: &Output) -> Result<(), Failure> {
    let reports: Vec<(&PathBuf, Report)> = files.iter().filter_map(|file| Some((file, load(file, change).err()?))).collect();
    let Some((file, _)) = reports.first() else { return Ok(()) };
    let text: Vec<String> = reports.iter().map(|(_, report)| report.render(output.colored_err()).trim_end().to_owned()).collect();
    let (errors, warnings) = reports.iter().fold((0, 0), |(e, w), (_, report)| (e + report.errors(), w + report.warnings()));
    let message = format!("{}\n\n{}", text.join("\n\n"), count(errors, warnings));
    Err(Failure::new(Code::Invalid, message, format!("hypermesh check {}", file.display())))
}

/// The plan of a file. Warnings are shown once, here.
pub(crate) fn plan(path: &Path, change: &Change, output: &Output) -> Result<Plan, Failure> {
    let failed = |report: Report| invalid(&report, &format!("hypermesh check {}", path.display()), output);
    let loaded = load(path, change).map_err(failed)?;
    planned(&loaded, change, output).map_err(failed)
}

/// The plan of a scenario that is kept as text.
pub(crate) fn plan_of_text(name: &str, yaml: &str, change: &Change, output: &Output) -> Result<Plan, Failure> {
    let failed = |report: Report| invalid(&report, "hypermesh run its scenario again: another version wrote the run", output);
    let loaded = hypermesh_scenarios::load_text(name, yaml, &overrides(change)).map_err(failed)?;
    planned(&loaded, change, output).map_err(failed)
}

fn planned(loaded: &Loaded, change: &Change, output: &Output) -> Result<Plan, Report> {
    let (mut plan, report) = resolve(loaded)?;
    if !report.problems.is_empty() {
        output.note(report.render(output.colored_err()).trim_end());
    }
    plan.defect = change.defect();
    Ok(plan)
}

fn invalid(report: &Report, next: &str, output: &Output) -> Failure {
    let message = format!("{}\n\n{}", report.render(output.colored_err()).trim_end(), count(report.errors(), report.warnings()));
    Failure::new(Code::Invalid, message, next)
}

fn overrides(change: &Change) -> Overrides {
    Overrides { seed: change.seed, set: change.set.clone() }
}

fn load(path: &Path, change: &Change) -> Result<Loaded, Report> {
    hypermesh_scenarios::load(path, &overrides(change))
}

/// The plan of a scenario and all that is said about it: what its text shows and what only the plan does.
fn resolve(loaded: &Loaded) -> Result<(Plan, Report), Report> {
    let all = |found: Report| Report::new(loaded.warnings.iter().cloned().chain(found.problems).collect(), loaded.sources.clone());
    match hypermesh_scenarios::plan_and_warnings(loaded) {
        Ok((plan, found)) => Ok((plan, all(found))),
        Err(found) => Err(all(found)),
    }
}

/// The JSON Schema of scenario files, with a line end.
pub(crate) fn schema() -> String {
    format!("{:#}\n", hypermesh_scenarios::schema())
}

/// What an error code means.
pub(crate) fn explain(code: &str) -> Option<&'static str> {
    hypermesh_scenarios::explain(code)
}

/// Every error code with its explanation.
pub(crate) fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    hypermesh_scenarios::problem::CODES.iter().map(|(code, text)| (code.as_str(), *text))
}
