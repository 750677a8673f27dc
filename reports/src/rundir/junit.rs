//! `junit.xml`: expectations and invariants as test cases, for the tools that show test results.

use crate::run::Run;
use crate::rundir::manifest::Judged;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The document. A missed `should` is a passed case with a note, since it is a warning; what could not be judged is an error, not a failure.
pub(crate) fn document(run: &Run) -> Result<String, quick_junit::SerializeError> {
    let manifest = &run.manifest;
    let mut suite = TestSuite::new(format!("{}, seed {}", manifest.scenario, manifest.seed));
    suite.set_time(Duration::from_nanos(manifest.facts.wall_ns));
    suite.add_property(Property::new("digest", manifest.digest.as_str()));
    suite.add_property(Property::new("mode", manifest.mode.as_str()));
    suite.add_test_cases(manifest.expectations.iter().map(|judged| expectation(&manifest.scenario, judged)));
    suite.add_test_case(invariants(run));
    if let Some(reason) = &manifest.partial {
        suite.add_test_case(case(
            &manifest.scenario,
            "the run reaches its stop",
            Some((NonSuccessKind::Error, reason.clone(), "interrupted")),
        ));
    }
    let mut report = Report::new("hypermesh");
    report.add_test_suite(suite);
    report.to_string()
}

fn case(class: &str, name: &str, trouble: Option<(NonSuccessKind, String, &str)>) -> TestCase {
    let status = match trouble {
        None => TestCaseStatus::success(),
        Some((kind, message, ty)) => {
            let mut status = TestCaseStatus::non_success(kind);
            status.set_message(message);
            status.set_type(ty);
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn expectation(scenario: &str, judged: &Judged) -> TestCase {
    let range = if judged.range.is_empty() { String::new() } else { format!(" ({})", judged.range) };
    let name = format!("{} {}{range}", judged.level, judged.that);
    let when = judged.first_missed_ns.map(|ns| format!(", first missed at {}", crate::numbers::moment(ns))).unwrap_or_default();
    let trouble = match (judged.outcome.as_str(), judged.level.as_str()) {
        ("met", _) | (_, "should") => None,
        ("missed", level) => Some((NonSuccessKind::Failure, format!("seen: {}{when}", judged.seen), level)),
        (_, level) => Some((NonSuccessKind::Error, format!("could not be judged: {}", judged.seen), level)),
    };
    let mut case = case(scenario, &name, trouble);
    if judged.level == "should" && judged.outcome != "met" {
        case.set_system_out(format!("warning: {}: seen {}{when}", judged.outcome, judged.seen));
    }
    for requirement in &judged.covers {
        case.add_property(Property::new("covers", requirement.as_str()));
    }
    case
}

fn invariants(run: &Run) -> TestCase {
    let told: Vec<String> = run
        .manifest
        .violations
        .iter()
        .map(|broken| {
            format!(
                "{} at {} on node {}: {} ({} times)",
                broken.invariant,
                crate::numbers::moment(broken.at_ns),
                broken.node,
                broken.detail,
                broken.count
            )
        })
        .collect();
    let trouble = (!told.is_empty()).then(|| (NonSuccessKind::Failure, told.join("; "), "invariant"));
    case(&run.manifest.scenario, "no invariant is broken", trouble)
}
