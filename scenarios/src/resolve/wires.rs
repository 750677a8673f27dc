//! Faults of wires.

use super::chance::Chance;
use super::names::any_of;
use crate::network::Map;
use crate::plan::{Side, WireFault, WireFaultKind, WireScope};
use crate::problem::Problem;
use crate::spec::Scenario;
use crate::spec::faults::{Fault, Partition, Split, Wires};

/// What happens to wires, by start; of equal starts as written.
pub(super) fn wires(scenario: &Scenario, map: &Map, chance: &Chance, problems: &mut Vec<Problem>) -> Vec<WireFault> {
    let mut all = Vec::new();
    for (index, fault) in scenario.faults.iter().enumerate() {
        let mut cutter = Scopes { map, salt: chance.salt(index as u64), problems };
        let (scope, what) = match &fault.value {
            Fault::Partition(partition) => (cutter.partition(partition), WireFaultKind::Cut),
            Fault::LossBurst(burst) => (cutter.scope(&burst.wires), WireFaultKind::Loss(burst.loss.unit())),
            Fault::LatencySpike(spike) => {
                (cutter.scope(&spike.wires), WireFaultKind::Slow { factor: spike.factor.value.value(), extra: spike.extra.span() })
            }
            Fault::DuplicateBurst(burst) => (cutter.scope(&burst.wires), WireFaultKind::Duplicate(burst.share.unit())),
            Fault::ReorderBurst(burst) => (cutter.scope(&burst.wires), WireFaultKind::Reorder(burst.share.unit())),
            Fault::Crash(_)
            | Fault::Restart(_)
            | Fault::Pause(_)
            | Fault::Churn(_)
            | Fault::RegionLoss(_)
            | Fault::ClockSkew(_)
            | Fault::Storage(_)
            | Fault::Revoke(_)
            | Fault::Lapse(_) => {
                continue;
            }
        };
        let from = fault.value.at().time();
        let until = fault.lasts().map_or(scenario.time.stop.time(), |lasts| from + lasts.span());
        all.push(WireFault { from, until, scope, what });
    }
    all.sort_by_key(|fault| fault.from);
    all
}

/// Turns what people write into scopes.
struct Scopes<'s> {
    map: &'s Map,
    salt: u64,
    problems: &'s mut Vec<Problem>,
}

impl Scopes<'_> {
    fn partition(&mut self, partition: &Partition) -> WireScope {
        match (&partition.split.value, partition.oneway.value.0) {
            (Split::Regions(regions), true) => {
                let from = any_of(regions, self.map, self.problems);
                let to = from.iter().map(|inside| !inside).collect();
                WireScope::OneWay(from, to)
            }
            (split, _) => WireScope::Across(self.side(split)),
        }
    }

    fn side(&mut self, split: &Split) -> Side {
        match split {
            Split::Share(share) => Side::Share { salt: self.salt, share: share.unit() },
            Split::Regions(regions) => Side::Regions(any_of(regions, self.map, self.problems)),
        }
    }

    fn scope(&mut self, wires: &Wires) -> WireScope {
        match wires {
            Wires::All => WireScope::All,
            Wires::Touching(regions) => WireScope::Touching(any_of(regions, self.map, self.problems)),
            Wires::Across(split) => WireScope::Across(self.side(split)),
            Wires::OneWay(way) => WireScope::OneWay(any_of(&way.from, self.map, self.problems), any_of(&way.to, self.map, self.problems)),
        }
    }
}
