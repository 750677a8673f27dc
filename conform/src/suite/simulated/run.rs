//! Cases on a simulated path: each on a network of its own, whose fate follows from the seed and from the name of the case.

use super::{Carried, FaultPlan, Simulated};
use crate::registry::Tier;
use crate::suite::campaign::{Campaign, Record, judge, script};
use crate::suite::case::{Case, Run};
use crate::suite::verdict::Verdict;
use hypermesh_core::base::Span;
use hypermesh_core::base::digest::mix;
use hypermesh_core::testing::Breach;
use hypermesh_scenarios::plan::Plan;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How often a case is tried in which the path took what is not sent again.
pub const TRIES: u64 = 8;

/// A path on which cases are run.
#[derive(Debug)]
pub struct Path {
    faults: FaultPlan,
    seed: u64,
    plan: Plan,
}

/// What came of a case on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossed {
    /// The record. Its log ends with what the path carried, and when it was over.
    pub record: Record,
    /// What the tester sent, and what the implementation sent.
    pub carried: [Carried; 2],
}

impl Path {
    /// The path of a plan. With another seed other packets are lost.
    pub fn new(faults: FaultPlan, seed: u64) -> Self {
        Self { faults, seed, plan: faults.resolved(seed) }
    }

    /// Whether a case says something on this path.
    const fn takes(&self, case: &Case) -> bool {
        case.is_simulated() && (self.faults.is_clean() || case.needs_clean_path.is_none())
    }

    /// The plan with a seed, and its faults at times of their own.
    fn drawn(&self, seed: u64) -> Plan {
        let mut plan = Plan { seed, ..self.plan.clone() };
        let later = Span::millis(seed % FaultPlan::BURST_EVERY_MILLIS);
        for fault in &mut plan.faults.wires {
            (fault.from, fault.until) = (fault.from + later, fault.until + later);
        }
        plan
    }

    /// Runs a case on a network of its own, with a breach on or without one.
    ///
    /// Whatever is on a stream QUIC sends again until it arrives; a datagram, and the last word of a connection, it does not. Where the path took one of these,
    /// a miss says nothing about the implementation: the case is tried again with other losses, at most [`TRIES`] times. A miss on a path that took nothing
    /// for good stands.
    pub fn run(&self, case: &Case, breach: Option<Breach>) -> Crossed {
        let Run::Wire(subject, run) = &case.run else {
            let record = Record::absent(case, Tier::Simulated, "nothing of it goes over a network");
            return Crossed { record, carried: Default::default() };
        };
        let own = case.name.bytes().fold(mix(self.seed), |hash, octet| mix(hash ^ u64::from(octet)));
        let mut tries = 0;
        loop {
            let plan = self.drawn(mix(own.wrapping_add(tries)));
            let mut port = Simulated::on(&plan, self.faults.pixit(), breach);
            let mut record = judge(case, Tier::Simulated, || script(&mut port, *subject, 1, &**run));
            let (carried, taken) = (port.carried(), port.taken_for_good());
            tries += 1;
            record.log.push(told(&carried, taken, tries, port.world.now.0));
            let is_excused = record.verdict != Verdict::Pass && taken > 0 && !self.faults.is_clean();
            if is_excused && tries < TRIES {
                continue;
            }
            if is_excused {
                record.verdict = Verdict::Inconclusive;
                record.why = format!("in each of {TRIES} tries the path took what is not sent again: {}", record.why);
                record.runs = vec![record.verdict];
            }
            return Crossed { record, carried };
        }
    }

    /// Runs every case of a campaign that can run here, on so many threads. The answers come in the order of the cases.
    pub fn all(&self, campaign: &Campaign, breach: Option<Breach>, threads: usize) -> Vec<Crossed> {
        let run = |case: &Case| self.run(case, breach);
        in_lanes(campaign, |case| self.takes(case), run, run, threads, |_| true)
    }

    /// Runs a case twice. Two runs that differ are a fault of the tester.
    fn twice(&self, case: &Case, breach: Option<Breach>) -> Record {
        let (first, second) = (self.run(case, breach), self.run(case, breach));
        let name = self.faults.name();
        let record = first.record.clone();
        if first != second {
            let why = format!("on the path {name} two runs with one seed differ");
            return Record { verdict: Verdict::Error, why, ..record };
        }
        let why = if record.why.is_empty() { String::new() } else { format!("on the path {name}: {}", record.why) };
        Record { why, ..record }
    }
}

/// Does something with every case that is `taken`, on so many threads; the answers come in the order of the cases. `tell` hears each as it comes; when it
/// says false, `leave` is done with what is left.
fn in_lanes<T: Send>(
    campaign: &Campaign,
    taken: impl Fn(&Case) -> bool,
    run: impl Fn(&Case) -> T + Sync,
    leave: impl Fn(&Case) -> T + Sync,
    threads: usize,
    tell: impl FnMut(&T) -> bool + Send,
) -> Vec<T> {
    let cases: Vec<&Case> = campaign.cases.iter().filter(|case| taken(case)).collect();
    let (next, goes_on) = (AtomicUsize::new(0), AtomicBool::new(true));
    let (tell, answers) = (Mutex::new(tell), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some((at, case)) = Some(next.fetch_add(1, Ordering::SeqCst)).and_then(|at| Some((at, *cases.get(at)?))) {
            let answer = if goes_on.load(Ordering::SeqCst) { run(case) } else { leave(case) };
            if !tell.lock().unwrap_or_else(PoisonError::into_inner)(&answer) {
                goes_on.store(false, Ordering::SeqCst);
            }
            answers.lock().unwrap_or_else(PoisonError::into_inner).insert(at, answer);
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    answers.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// The last line of a log.
fn told(carried: &[Carried; 2], taken: u64, tries: u64, now_ns: u64) -> String {
    let one = |who: &str, of: &Carried| {
        let Carried { packets, lost, copied, overtaken, under_way_ns } = of;
        format!("{who} {packets} packets, {lost} lost, {copied} copied, {overtaken} overtaken, {under_way_ns} ns under way")
    };
    let [away, back] = carried;
    format!("path: {}; {}; {taken} taken for good; over at {now_ns} ns, try {tries}", one("sent", away), one("came", back))
}

/// One number for all that was said, heard and carried: the same for two runs with one seed.
pub fn digest(crossed: &[Crossed]) -> String {
    let mut hasher = blake3::Hasher::new();
    for Crossed { record, .. } in crossed {
        let lines = [record.case.as_str(), record.verdict.name(), record.why.as_str()];
        for line in lines.into_iter().chain(record.log.iter().map(String::as_str)) {
            hasher.update(&(line.len() as u64).to_le_bytes()).update(line.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

/// Runs every case that says something on one of these paths there, twice: a record a case, the worst of its runs. Where two runs with one seed do not give the same
/// octets of log, or the same counts, the tester is at fault. `tell` hears each record as it comes; false ends the campaign, and what is left is absent.
pub fn campaign(
    campaign: &Campaign,
    paths: &[Path],
    breach: Option<Breach>,
    threads: usize,
    tell: impl FnMut(&Record) -> bool + Send,
) -> Vec<Record> {
    let one = |case: &Case| {
        let records: Vec<Record> = paths.iter().filter(|path| path.takes(case)).map(|path| path.twice(case, breach)).collect();
        let runs: Vec<Verdict> = records.iter().map(|record| record.verdict).collect();
        let worst = records.into_iter().rev().max_by_key(|record| record.verdict);
        let worst = worst.unwrap_or_else(|| Record::absent(case, Tier::Simulated, "there is no path for it"));
        Record { runs, ..worst }
    };
    let takes = |case: &Case| paths.iter().any(|path| path.takes(case));
    let leave = |case: &Case| Record::absent(case, Tier::Simulated, "it was not run");
    in_lanes(campaign, takes, one, leave, threads, tell)
}
