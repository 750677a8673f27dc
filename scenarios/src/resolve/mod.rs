//! From a checked scenario to a plan: every node gets a place, every fault a time and its targets, every broadcast an origin.
//!
//! Everything is a function of the scenario and its seed. What is drawn, is drawn from [`chance`], whose streams are apart for each purpose, so that a
//! fault more changes no placement, and a node more at the end of a group changes neither the places nor the churn of the others.
//!
//! **Who is up.** Faults are resolved in the order of their start (of equal ones as written), each knowing what those before it do, also later on. So
//! a crash at 30 s hits nodes that a churn from 20 s on leaves up at that moment. Times during which a node is down are joined where they overlap: a
//! node never crashes while it is down and never restarts while it is up. Nodes that have not started yet are hit by nothing that stops nodes.
//!
//! **What faults are.**
//!
//! | fault | becomes |
//! |---|---|
//! | `crash` | a crash of exactly that many of the nodes that are up (a share is one of them), and a restart after `for` |
//! | `restart` | a restart of that many of the nodes that are down, whatever would have brought them up later |
//! | `churn` | for each node a Poisson process while it is up: it leaves or crashes, and restarts after `downtime` |
//! | `region_loss` | power loss: every node of the region that is up crashes, and restarts after `for` |
//! | `partition` | cut wires: every node goes on running |
//! | `pause` | a pause of nodes that are up; it ends early if the node crashes meanwhile |
//! | `clock_skew` | a jump and a drift, then a drift of zero after `for`; the jump stays |
//! | `storage` | disks that fail, tear, rot or are full for a while |
//! | `revoke`, `lapse` | the last certificate of that many nodes |
//! | the others | wires that lose, delay, copy or hold back more for a while |

mod bands;
pub mod chance;
mod downs;
mod faults;
mod groups;
mod names;
mod network;
mod objects;
pub mod placement;
mod unread;
mod wires;
mod workload;

#[cfg(test)]
mod tests;

use crate::expect::{self, Expectation, Level};
use crate::load::Loaded;
use crate::plan::{Band, Budget, Certs, Observe, Plan};
use crate::problem::{Code, Problem, Report, Severity};
use crate::read::At;
use crate::spec::{Claim, During, Expect, Scenario};
use crate::units::Bytes;
use chance::Chance;
use hypermesh_core::base::{Span, Time};

/// The plan of a scenario, or everything that is wrong with it.
pub fn plan(loaded: &Loaded) -> Result<Plan, Report> {
    plan_and_warnings(loaded).map(|(plan, _)| plan)
}

/// The plan of a scenario and what may not be as meant: faults that hit nobody, expectations that read what nobody records. These come on top of the
/// warnings of [`Loaded`].
pub fn plan_and_warnings(loaded: &Loaded) -> Result<(Plan, Report), Report> {
    let mut problems = Vec::new();
    let plan = resolve(&loaded.scenario, &mut problems);
    let report = Report::new(problems, loaded.sources.clone());
    match plan {
        Some(plan) if report.errors() == 0 => Ok((Plan { resolved_yaml: loaded.resolved_yaml(), ..plan }, report)),
        _ => Err(report),
    }
}

/// Resolves a scenario that passed its checks, and notes what is wrong: names that the network does not have, files that are not as documented. Without
/// an error there is a plan. Its `resolved_yaml` is left empty.
pub fn resolve(scenario: &Scenario, problems: &mut Vec<Problem>) -> Option<Plan> {
    let mut chance = Chance::new(scenario.seed.value.0);
    let map = network::map(scenario, &chance, problems)?;
    let (groups, ranges) = groups::groups(scenario);
    let (access, mixes) = network::access(scenario, problems);
    let nodes = placement::nodes(scenario, &map, &mixes, &mut chance, problems);
    let bands = bands::bands(scenario);
    let wires = wires::wires(scenario, &map, &chance, problems);
    names::check_faults(scenario, &map, problems);
    let stop = scenario.time.stop.time();
    let mut plan = Plan {
        name: scenario.name.value.0.clone(),
        about: scenario.about.value.0.clone(),
        seed: scenario.seed.value.0,
        stop,
        warmup: scenario.time.warmup.time(),
        resolved_yaml: String::new(),
        groups,
        nodes: nodes?,
        network: network::network(scenario, map, access),
        certs: scenario.certs.as_ref().map(|certs| Certs {
            life: certs.life.span(),
            renew: certs.renew.span(),
            bound: certs.bound.span(),
            clock_error: certs.clock_error.span(),
        }),
        workload: Default::default(),
        faults: Default::default(),
        observe: Observe { every: scenario.observe.every.span(), flows: scenario.observe.flows.unit(), events: scenario.observe.events.0 },
        expect: scenario.expect.iter().filter_map(|expect| expectation(expect, scenario, &bands, problems)).collect(),
        budget: Budget {
            memory_bytes: scenario.engine.max_memory.as_ref().map_or(0, |bytes: &At<Bytes>| bytes.0),
            wall: scenario.engine.max_wall.as_ref().map_or(Span::ZERO, |wall| wall.span()),
        },
        defect: None,
    };
    let (node_faults, others, downs) = faults::nodes(scenario, &plan, &ranges, &mut chance, problems);
    plan.faults = crate::plan::Faults { nodes: node_faults, wires, bands, ..others };
    plan.workload = workload::workload(scenario, &plan, &ranges, &downs, &mut chance);
    let good = problems.iter().all(|problem| problem.severity() != Severity::Error);
    if good {
        unread::check(scenario, problems);
    }
    good.then_some(plan)
}

/// A group of the scenario as a range of nodes. One with cells is several groups of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeRange {
    /// Its first node.
    pub(crate) first: u32,
    /// How many nodes it has.
    pub(crate) count: u32,
    /// Its number in the scenario.
    pub(crate) ordinal: u32,
}

/// The ranges that a fault or a load is about: those of the named group, or all.
fn ranges_of<'r>(ranges: &'r [NodeRange], scenario: &Scenario, group: Option<&At<crate::read::Text>>) -> &'r [NodeRange] {
    let Some(group) = group else { return ranges };
    let found = scenario.groups.names().position(|name| name == group.value.0);
    found.map_or(&[], |index| &ranges[index..=index])
}

/// An expectation with its range in time; none, with a problem noted, where it cannot be.
fn expectation(expect: &At<Expect>, scenario: &Scenario, bands: &[Band], problems: &mut Vec<Problem>) -> Option<Expectation> {
    let level = match &expect.value {
        Expect::Must(_) => Level::Must,
        Expect::Should(_) => Level::Should,
        Expect::Always(_) => Level::Always,
        Expect::Eventually(_) => Level::Eventually,
        Expect::Sometimes(_) => Level::Sometimes,
    };
    let claim = expect.claim();
    let (from, until) = range(claim, scenario, bands);
    if from >= until {
        let at = claim.after.as_ref().map(|after| after.at).or(claim.during.as_ref().map(|during| during.at)).unwrap_or(expect.at);
        let mut problem =
            Problem::new(Code::OUTSIDE_RUN, at, "there is no time that this looks at: the fault ends when it begins, or with the run");
        problem.help("give a range of time (`during: 30s..60s`), or use `after` for a fault that happens at one moment");
        problems.push(problem);
        return None;
    }
    // The checks have reported whatever the expression has wrong.
    let expr = expect::parse(&claim.that.text).ok()?;
    Some(Expectation {
        level,
        that: claim.that.text.clone(),
        expr,
        during: Some((from, until)),
        within: claim.within.as_ref().map(|within| within.span()),
        covers: claim.covers.iter().map(|id| id.value.0.clone()).collect(),
        line: claim.that.at.line,
    })
}

/// From the warm-up to the stop, unless something else is said; never beyond the stop.
fn range(claim: &Claim, scenario: &Scenario, bands: &[Band]) -> (Time, Time) {
    let stop = scenario.time.stop.time();
    let band = |name: &str| bands.iter().find(|band| band.name == name);
    if let Some(band) = claim.after.as_ref().and_then(|after| band(&after.value)) {
        return (band.until.min(stop), stop);
    }
    match claim.during.as_ref().map(|during| &during.value) {
        Some(During::Range(range)) => (range.from.time(), range.until.time().min(stop)),
        Some(During::Fault(name)) => band(name).map_or((Time::ZERO, stop), |band| (band.from, band.until.min(stop))),
        None => (scenario.time.warmup.time(), stop),
    }
}
