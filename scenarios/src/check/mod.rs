//! Rules that span several values of a scenario: names that exist, times within the run, shares that add up, parts that need others.
//!
//! What could not be read has no place and is left out of every comparison, so one mistake is reported once.

mod expect;
mod faults;
mod groups;
mod network;
mod parts;
mod workload;

use crate::problem::{Code, Problem};
use crate::read::{At, Location, NAME, Table, Text, is_name};
use crate::spec::Scenario;
use crate::units::{Count, Duration, Share};

/// Checks a scenario and notes what is wrong.
pub fn check(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let mut checks = Checks { scenario, problems };
    checks.head();
    checks.network();
    checks.groups();
    checks.workload();
    checks.faults();
    checks.observe();
    checks.certs();
    checks.expect();
}

/// One check of one scenario.
struct Checks<'s, 'p> {
    scenario: &'s Scenario,
    problems: &'p mut Vec<Problem>,
}

impl Checks<'_, '_> {
    /// Notes a problem; more can be said about it through what is returned.
    fn note(&mut self, code: Code, at: Location, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(code, at, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// Name and times.
    fn head(&mut self) {
        let scenario = self.scenario;
        self.name(&scenario.name, "a scenario's name");
        let timing = &scenario.time;
        if let Some(stop) = timing.stop.sound() {
            if *stop == Duration::default() {
                self.note(Code::TIMES, timing.stop.at, "the run has no length").example("stop: 60s");
            } else if timing.warmup.sound().is_some_and(|warmup| warmup >= stop) {
                self.note(
                    Code::TIMES,
                    timing.warmup.at,
                    format!("the warm-up of {} is not shorter than the run of {stop}", *timing.warmup),
                )
                .help("make `stop` longer or `warmup` shorter");
            }
            if stop.span().as_secs_f64() > 31_536_000.0 {
                self.note(Code::TIMES, timing.stop.at, "a run lasts at most 365 days").example("stop: 60s");
            }
        }
    }

    /// Certificates.
    fn certs(&mut self) {
        let Some(certs) = &self.scenario.certs else { return };
        self.has_length(&certs.renew, "the time between certificates");
        if let (Some(life), Some(renew)) = (certs.life.sound(), certs.renew.sound())
            && renew >= life
        {
            self.note(Code::TIMES, certs.renew.at, format!("a certificate ends after {life}, no later than the next one comes"))
                .help("make `renew` shorter or `life` longer");
        }
        if let (Some(bound), Some(error)) = (certs.bound.sound(), certs.clock_error.sound())
            && bound.span().0 <= 4 * error.span().0
        {
            self.note(Code::TIMES, certs.bound.at, format!("no list of revocations is made within {bound} for clocks that err by {error}"))
                .help("make `bound` more than four times as long as `clock_error`");
        }
    }

    /// What is kept.
    fn observe(&mut self) {
        let observe = &self.scenario.observe;
        self.has_length(&observe.every, "a time bin");
        let Some(stop) = self.scenario.time.stop.sound() else { return };
        if observe.every.sound().is_some_and(|every| every.span().0 > 0 && stop.span().0 / every.span().0 > 100_000) {
            self.note(Code::TIMES, observe.every.at, "the run has more than 100_000 time bins").help("make `observe.every` longer");
        }
        let kept = observe.flows.sound().map_or(0, |share| share.of(u64::from(self.total())));
        if kept > 20_000 {
            self.note(Code::MANY_FLOWS, observe.flows.at, format!("the flows of about {kept} nodes are kept"))
                .help("keep those of a few hundred nodes: a share of `0.01%` is enough for a million");
        }
    }

    /// How many nodes there are, as far as that can be read.
    fn total(&self) -> u32 {
        self.scenario.groups.iter().filter_map(|(_, group)| group.count.sound()).fold(0, |sum, count| sum.saturating_add(count.0))
    }

    /// Checks that something lasts.
    fn has_length(&mut self, time: &At<Duration>, what: &str) {
        if time.sound().is_some_and(|t| *t == Duration::default()) {
            self.note(Code::TIMES, time.at, format!("{what} has no length")).example("1s");
        }
    }

    /// Checks that a count is within limits.
    fn within(&mut self, count: &At<Count>, what: &str, least: u32, most: u32) {
        if count.sound().is_some_and(|n| n.0 < least || n.0 > most) {
            self.note(Code::LIMIT, count.at, format!("`{what}` is {}", count.value)).expected(format!("{least} to {most}"));
        }
    }

    /// Checks that a text can be a name.
    fn name(&mut self, name: &At<Text>, what: &str) {
        if name.sound().is_some_and(|text| !is_name(text)) {
            self.note(Code::BAD_NAME, name.at, format!("`{}` cannot be {what}", name.value.0)).expected(NAME).example("region-loss");
        }
    }

    /// Checks that a group exists.
    fn group_exists(&mut self, name: &At<Text>) {
        let scenario = self.scenario;
        if scenario.groups.sound().is_none() {
            return;
        }
        if name.sound().is_some_and(|text| scenario.groups.get(text).is_none()) {
            self.unknown(Code::UNKNOWN_GROUP, name, "group", scenario.groups.names());
        }
    }

    /// Notes a name that none of the known things has.
    fn unknown<'w>(&mut self, code: Code, name: &At<Text>, what: &str, known: impl Iterator<Item = &'w str>) {
        let known: Vec<&str> = known.collect();
        let expected = if known.is_empty() { format!("the scenario has no {what}s") } else { format!("one of {}", known.join(", ")) };
        let meant = crate::problem::nearest(name, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        self.note(code, name.at, format!("there is no {what} `{}`", name.value.0)).expected(expected).helps(meant);
    }

    /// Checks that the shares of a mix at `parent` add up to 100%. Points at the name of the last.
    fn adds_up<'t, T: 't>(&mut self, table: &'t Table<T>, share: impl Fn(&'t T) -> &'t At<Share>, what: &str, parent: Location) {
        let mut sum = 0u64;
        for (_, row) in table.iter() {
            let Some(share) = share(row).sound() else { return };
            sum += u64::from(share.ppb());
        }
        let Some((name, _)) = table.0.last() else {
            self.note(Code::SHARES, parent, format!("{what} is empty"));
            return;
        };
        // A third is not a decimal: three times 33.3333333% is as good as all.
        if sum.abs_diff(u64::from(Share::ALL.ppb())) > 10_000 {
            let percent = sum as f64 / 1e7;
            self.note(Code::SHARES, name.at, format!("the shares of {what} add up to {percent}%")).expected("100%");
        }
    }
}
