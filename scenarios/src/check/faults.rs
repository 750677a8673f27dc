//! Checks of the faults.

use super::Checks;
use crate::problem::Code;
use crate::read::At;
use crate::spec::Fault;
use crate::spec::faults::{Split, Wires, names};
use crate::units::{Amount, Count, Factor, Share, Unit};

impl Checks<'_, '_> {
    pub(super) fn faults(&mut self) {
        let scenario = self.scenario;
        self.names_differ();
        for fault in &scenario.faults {
            if let Some(name) = fault.given_name() {
                self.name(name, "a fault's name");
            }
            if let Some(group) = fault.group() {
                self.group_exists(group);
            }
            self.times(fault);
            self.targets(fault);
            self.strength(fault);
            if matches!(fault.value, Fault::Revoke(_) | Fault::Lapse(_)) && self.scenario.certs.is_none() {
                self.note(Code::NEEDS_PART, fault.at, "there are no certificates that could end").example("certs: {life: 30s}");
            }
            if let Fault::Storage(storage) = &fault.value
                && self.scenario.groups.iter().all(|(_, group)| group.role.sound().is_some_and(|role| role.stoq().is_none()))
            {
                self.note(Code::NEEDS_PART, storage.kind.at, "no node has a disk").help("have groups of origins, regionals or edges");
            }
            match &fault.value {
                Fault::Partition(partition) => {
                    if let Some(split) = partition.split.sound() {
                        self.split(split, partition.split.at);
                        if partition.oneway.value.0 && matches!(split, Split::Share(_)) {
                            self.note(Code::ONE_WAY, partition.oneway.at, "a one-way partition needs a split by regions")
                                .example("split: {regions: [eu-west]}");
                        }
                    }
                }
                other => {
                    if let Some(Wires::Across(split)) = other.wires().and_then(At::sound) {
                        self.split(split, fault.at);
                    }
                }
            }
        }
    }

    fn names_differ(&mut self) {
        let faults = &self.scenario.faults;
        let names = names(faults);
        for (i, name) in names.iter().enumerate() {
            if let Some(first) = names[..i].iter().position(|other| other == name) {
                let at = faults[i].given_name().or(faults[first].given_name()).map_or(faults[i].at, |name| name.at);
                self.note(Code::DUPLICATE_NAME, at, format!("two faults are called `{name}`"))
                    .help(format!("the other is on line {}", faults[first].at.line));
            }
        }
    }

    fn times(&mut self, fault: &At<Fault>) {
        let in_time = self.starts_in_time(fault.value.at(), "this fault");
        let Some(lasts) = fault.lasts() else { return };
        self.has_length(lasts, "this fault");
        let (Some(at), Some(length), Some(stop)) = (fault.value.at().sound(), lasts.sound(), self.scenario.time.stop.sound()) else {
            return;
        };
        // A crash may well outlast the run: its nodes just do not come back.
        if in_time && at.time() + length.span() > stop.time() && !matches!(fault.value, Fault::Crash(_)) {
            let message = format!("this fault lasts beyond the end of the run at {stop}");
            self.note(Code::FAULT_PAST_STOP, lasts.at, message).help("make it shorter, or set `time.stop` later");
        }
    }

    /// How many nodes it hits.
    fn targets(&mut self, fault: &At<Fault>) {
        let Some(nodes) = fault.nodes() else { return };
        let Some(amount) = nodes.sound() else { return };
        if *amount == Amount::Count(Count(0)) || *amount == Amount::Share(Share::ZERO) {
            self.note(Code::ZERO_FAULT, nodes.at, "this fault hits no node");
        }
        let scenario = self.scenario;
        let (whole, of) = match fault.group().map(|group| (scenario.groups.get(&group.value), group)) {
            Some((Some(group), name)) => match group.count.sound() {
                Some(count) => (count.0, format!("group `{}`", name.value.0)),
                None => return,
            },
            Some((None, _)) => return,
            None if scenario.groups.iter().any(|(_, group)| group.count.sound().is_none()) => return,
            None => (self.total(), "the scenario".to_owned()),
        };
        if let Amount::Count(count) = amount
            && count.0 > whole
        {
            self.note(Code::TOO_MANY_NODES, nodes.at, format!("this fault is to hit {count} nodes, but {of} has {whole}"))
                .expected(format!("at most {whole}, or a share"))
                .example("5%");
        }
    }

    /// How much it does.
    fn strength(&mut self, fault: &At<Fault>) {
        let nothing = match &fault.value {
            Fault::Churn(churn) => churn.rate.sound().is_some_and(|rate| rate.per_second() == 0.0).then_some(churn.rate.at),
            Fault::LossBurst(burst) => (burst.loss.sound() == Some(&Share::ZERO)).then_some(burst.loss.at),
            Fault::DuplicateBurst(burst) => (burst.share.sound() == Some(&Share::ZERO)).then_some(burst.share.at),
            Fault::ReorderBurst(burst) => (burst.share.sound() == Some(&Share::ZERO)).then_some(burst.share.at),
            Fault::LatencySpike(spike) => {
                let (Some(factor), Some(extra)) = (spike.factor.sound(), spike.extra.sound()) else { return };
                if factor.value() < 1.0 {
                    self.note(Code::LIMIT, spike.factor.at, "a spike cannot make paths faster").expected("at least 1x").example("3x");
                    return;
                }
                (Factor::parse("1x").as_ref() == Ok(factor) && extra.span().0 == 0).then_some(fault.at)
            }
            Fault::Storage(storage) => (storage.share.sound() == Some(&Share::ZERO)).then_some(storage.share.at),
            Fault::ClockSkew(skew) => {
                let (Some(max), Some(drift)) = (skew.max.sound(), skew.drift.sound()) else { return };
                (max.span().0 == 0 && drift.0 == 0).then_some(fault.at)
            }
            _ => None,
        };
        if let Some(at) = nothing {
            self.note(Code::ZERO_FAULT, at, "as written, this fault changes nothing");
        }
    }

    /// Both sides of a split have somebody.
    fn split(&mut self, split: &Split, at: crate::read::Location) {
        match split {
            Split::Share(share) => {
                if share.sound().is_some_and(|s| *s == Share::ZERO || *s == Share::ALL) {
                    self.note(Code::SHARES, share.at, format!("a split at {} leaves one side empty", share.value)).example("50%");
                }
            }
            Split::Regions(regions) => {
                if regions.is_empty() {
                    self.note(Code::SHARES, at, "the first side of the split has no regions").example("{regions: [eu-west]}");
                }
            }
        }
    }
}
