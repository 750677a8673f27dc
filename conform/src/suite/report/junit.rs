//! `junit.xml`: cases as test cases, for the tools that show test results.

use super::summary::{CaseRow, Summary};
use crate::suite::verdict::Verdict;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

/// The document: a suite a tier. What was not reached is an error and not a failure, what was not run is skipped, and a *should* that is not followed is a
/// success with a note. No times stand in it.
pub fn document(summary: &Summary) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("hypermesh conform");
    for (tier, tested) in &summary.tested {
        let mut suite = TestSuite::new(format!("{tier}: {}", tested.implementation));
        suite.add_property(Property::new("registry", summary.registry.as_str()));
        suite.add_property(Property::new("shalls", summary.shalls.to_string()));
        suite.add_property(Property::new("run", summary.run.to_string()));
        suite.add_property(Property::new("absent", summary.absent.to_string()));
        suite.add_test_cases(summary.cases.iter().filter(|case| case.tier == *tier).map(case));
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn case(row: &CaseRow) -> TestCase {
    let status = match row.verdict {
        Verdict::Pass | Verdict::NonStrict => TestCaseStatus::success(),
        Verdict::Absent | Verdict::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(row.why.as_str());
            status
        }
        Verdict::Fail => trouble(NonSuccessKind::Failure, row),
        Verdict::Inconclusive | Verdict::Error => trouble(NonSuccessKind::Error, row),
    };
    let mut case = TestCase::new(row.name.as_str(), status);
    case.set_classname(row.requirement.as_str());
    if row.verdict == Verdict::NonStrict {
        case.set_system_out(format!("non-strict: {}", row.why));
    } else if !row.log.is_empty() {
        case.set_system_out(format!("{}\n{}", row.log.join("\n"), row.replay));
    }
    case
}

fn trouble(kind: NonSuccessKind, row: &CaseRow) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(row.why.as_str());
    status.set_type(row.verdict.name());
    status
}
