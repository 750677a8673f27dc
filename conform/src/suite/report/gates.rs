//! What has to hold of the suite itself before its verdicts say anything.

use super::CANARY;
use super::count::Index;
use super::summary::{Disagreement, Gate};
use crate::registry::{Level, Requirement, Tier};
use crate::suite::verdict::Verdict;
use std::collections::BTreeMap;

/// The gates that a campaign can tell of.
pub(super) fn all(index: &Index<'_>, disagreements: &[Disagreement]) -> Vec<Gate> {
    vec![mapped(index), detected(index), agreement(index, disagreements), canary(index)]
}

fn gate(id: &str, what: &str, missing: Option<Vec<String>>) -> Gate {
    let holds = missing.as_ref().map(Vec::is_empty);
    Gate { id: id.to_owned(), what: what.to_owned(), holds, missing: missing.unwrap_or_default() }
}

/// The requirements that cases can judge: every shall but those that are judged by reading.
fn judged<'a>(index: &Index<'a>) -> impl Iterator<Item = &'a Requirement> {
    let all = index.evidence.registry.requirements();
    all.filter(|requirement| requirement.level == Level::Shall && !requirement.is_inspected())
}

fn mapped(index: &Index<'_>) -> Gate {
    let mut missing = Vec::new();
    for requirement in judged(index) {
        let cases = index.cases(requirement.id);
        if cases.is_empty() {
            missing.push(format!("{} has no case", requirement.id));
        } else if requirement.tiers.contains(&Tier::Core) && !cases.iter().any(|case| case.is_in_memory) {
            missing.push(format!("{} has no case that can run in memory", requirement.id));
        } else if requirement.tiers.contains(&Tier::Remote) && !cases.iter().any(|case| case.is_remote) {
            missing.push(format!("{} has no case that can run over a network", requirement.id));
        }
    }
    gate("G1", "every shall has a case in each tier where it can be observed", Some(missing))
}

fn detected(index: &Index<'_>) -> Gate {
    let what = "every shall has a breach, a case of its own finds it, and nothing else fails without an explanation";
    let Some(detections) = index.evidence.detections else { return gate("G2", what, None) };
    let by_requirement: BTreeMap<&str, _> = detections.iter().map(|one| (one.requirement.as_str(), one)).collect();
    let mut missing = Vec::new();
    for requirement in judged(index) {
        let id = requirement.id.to_string();
        match by_requirement.get(id.as_str()) {
            None => missing.push(format!("{id}: no breach was planted")),
            Some(one) if one.found_by.is_empty() => missing.push(format!("{id} {} is not found", one.breach)),
            Some(_) => {}
        }
    }
    for one in detections.iter().filter(|one| !one.collateral.is_empty()) {
        missing.push(format!("{} {} also fails {}", one.requirement, one.breach, one.collateral.join(", ")));
    }
    let core = index.evidence.tiers.iter().filter(|ran| ran.tier == Tier::Core);
    for record in core.flat_map(|ran| &ran.records).filter(|record| record.verdict != Verdict::Pass && record.case != CANARY) {
        missing.push(format!("{} does not pass without a breach", record.case));
    }
    gate("G2", what, Some(missing))
}

fn agreement(index: &Index<'_>, disagreements: &[Disagreement]) -> Gate {
    let told = (index.evidence.tiers.len() > 1).then(|| disagreements.iter().map(|one| one.case.clone()).collect());
    gate("G6", "a case has the same verdict in every tier", told)
}

fn canary(index: &Index<'_>) -> Gate {
    let tiers = index.evidence.tiers.iter();
    let verdicts: Vec<_> = tiers.filter_map(|ran| Some((ran.tier, index.evidence.record(ran.tier, CANARY)?.verdict))).collect();
    let silent = |(tier, verdict): &(Tier, Verdict)| {
        let wrong = *verdict != Verdict::Fail;
        wrong.then(|| format!("{}: the canary is told as {verdict}", tier.name()))
    };
    let told = (!verdicts.is_empty()).then(|| verdicts.iter().filter_map(silent).collect());
    gate("G9", "a case whose expectation is wrong on purpose is reported as fail", told)
}
