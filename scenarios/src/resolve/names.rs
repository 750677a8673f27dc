//! Names of regions and places, as scenarios write them.
//!
//! A region's name means that region. The beginning of some names, up to a hyphen, means all of those regions together: `eu` is `eu-west`, `eu-central`
//! and the other three, `us-east` of the cloud's regions is `us-east-1` and `us-east-2`.

use crate::network::Map;
use crate::plan::RegionSet;
use crate::problem::{Code, Problem, nearest};
use crate::read::{At, Text};
use crate::spec::{Fault, Scenario};

/// Names listed in a message.
const LISTED_MAX: usize = 40;

/// The regions that a name means; none if the network has no such region.
pub(super) fn regions(name: &str, all: &[String]) -> Option<RegionSet> {
    if let Some(exact) = all.iter().position(|region| region == name) {
        return Some((0..all.len()).map(|index| index == exact).collect());
    }
    let set: RegionSet = all.iter().map(|region| region.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))).collect();
    set.contains(&true).then_some(set)
}

/// The same, with a problem noted where there is none.
pub(super) fn known_regions(name: &At<Text>, map: &Map, problems: &mut Vec<Problem>) -> Option<RegionSet> {
    let set = regions(&name.value.0, &map.regions);
    if set.is_none() {
        problems.push(unknown(Code::UNKNOWN_REGION, name, "region", &map.regions));
    }
    set
}

/// The regions that any of the names means. Those that mean none are noted.
pub(super) fn any_of(names: &[At<Text>], map: &Map, problems: &mut Vec<Problem>) -> RegionSet {
    let mut any = vec![false; map.regions.len()];
    for set in names.iter().filter_map(|name| known_regions(name, map, problems)) {
        any.iter_mut().zip(set).for_each(|(flag, more)| *flag |= more);
    }
    any
}

/// Notes regions that faults of nodes name and that the network does not have.
pub(super) fn check_faults(scenario: &Scenario, map: &Map, problems: &mut Vec<Problem>) {
    for fault in &scenario.faults {
        let named = match &fault.value {
            Fault::Crash(crash) => crash.region.as_ref(),
            Fault::RegionLoss(loss) => Some(&loss.region),
            _ => None,
        };
        if let Some(name) = named {
            known_regions(name, map, problems);
        }
    }
}

/// The problem of a name that the network does not have.
pub(super) fn unknown(code: Code, name: &At<Text>, what: &str, known: &[String]) -> Problem {
    let mut problem = Problem::new(code, name.at, format!("the network has no {what} `{}`", name.value.0));
    let listed = known[..known.len().min(LISTED_MAX)].join(", ");
    problem.expected(if known.len() > LISTED_MAX {
        format!("one of {} {what}s: {listed}, ...", known.len())
    } else {
        format!("one of {listed}")
    });
    problem.helps(nearest(&name.value.0, known.iter().map(String::as_str)).map(|word| format!("did you mean `{word}`?")));
    problem
}
