//! A campaign: cases, one after the other, on one port.

use super::case::{Case, Run, Subject};
use super::memory::{Memory, under};
use super::port::{Pixit, Port};
use super::tester::Tester;
use super::verdict::{Miss, Outcome, Verdict};
use crate::registry::{Profile, Registry, Tier};
use hypermesh_core::testing::Breach;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What came of one case in one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The name of the case.
    pub case: String,
    /// Where it ran.
    pub tier: Tier,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not a pass; empty if it is.
    pub why: String,
    /// What was said and heard.
    pub log: Vec<String>,
    /// The verdicts of each run, if it was run more than once.
    pub runs: Vec<Verdict>,
}

/// Cases and the tier in which they run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What is run, in this order.
    pub cases: Vec<Case>,
}

/// How often a case is run whose verdict depends on a clock on the wall.
const TIMED_RUNS: usize = 3;

impl Campaign {
    /// All cases.
    pub fn all() -> Self {
        Self { cases: super::cases::all() }
    }

    /// Those whose name begins so; a requirement's id stands for all of its cases.
    pub fn select(mut self, prefix: &str) -> Self {
        self.cases.retain(|case| case.name.starts_with(prefix));
        self
    }

    /// What an implementation that claims these profiles has to keep, and the records of everything else: not applicable.
    pub fn claimed(self, profiles: &[Profile], tier: Tier) -> (Self, Vec<Record>) {
        let registry = Registry::built_in();
        let binds = |case: &Case| {
            let profile = registry.get(case.requirement).map_or(Profile::Core, |requirement| requirement.profile);
            // An edge needs the profile Cache (clause 4.1).
            profiles.contains(&profile) && (case.subject() != Some(Subject::Edge) || profiles.contains(&Profile::Cache))
        };
        let (cases, others): (Vec<Case>, Vec<Case>) = self.cases.into_iter().partition(binds);
        let why = "the profile that it belongs to is not claimed";
        let not_applicable = |case: &Case| Record {
            case: case.name.clone(),
            tier,
            verdict: Verdict::NotApplicable,
            why: why.into(),
            log: Vec::new(),
            runs: Vec::new(),
        };
        let records = others.iter().filter(|case| case.is_remote).map(not_applicable).collect();
        (Self { cases }, records)
    }

    /// Runs every case on the machines in memory, with a breach on or without one. Each gets a node of its own.
    pub fn in_memory(&self, breach: Option<Breach>) -> Vec<Record> {
        self.cases.iter().filter(|case| case.is_in_memory).map(|case| in_memory(case, breach)).collect()
    }

    /// Runs every case that can run over a network on this port. `tell` hears each record as it comes; false ends the campaign, and what is left is absent.
    pub fn on_port(&self, port: &mut dyn Port, tier: Tier, mut tell: impl FnMut(&Record) -> bool) -> Vec<Record> {
        let mut records = Vec::new();
        let mut going = true;
        for (at, case) in self.cases.iter().enumerate().filter(|(_, case)| case.is_remote) {
            let record = if going { on_port(case, at as u64, port, tier) } else { absent(case, tier) };
            going = going && tell(&record);
            records.push(record);
        }
        records
    }
}

/// Runs one case on the machines in memory.
pub fn in_memory(case: &Case, breach: Option<Breach>) -> Record {
    match &case.run {
        Run::Function(run) => judge(case, Tier::Core, || (under(breach, || run()), Vec::new())),
        Run::Process(_) => absent(case, Tier::Core),
        Run::Wire(subject, run) => judge(case, Tier::Core, || {
            let mut port = Memory::new(Pixit::default(), breach);
            script(&mut port, *subject, 1, &**run)
        }),
    }
}

fn on_port(case: &Case, seed: u64, port: &mut dyn Port, tier: Tier) -> Record {
    let (subject, run) = match &case.run {
        Run::Wire(subject, run) => (subject, run),
        Run::Process(run) => return judge(case, tier, || (run(), Vec::new())),
        Run::Function(_) => return absent(case, tier),
    };
    let times = if case.is_timed && tier == Tier::Remote { TIMED_RUNS } else { 1 };
    // Names are made from the seed, so that what one run stored is not in the way of another.
    let mut records: Vec<Record> =
        (0..times).map(|time| judge(case, tier, || script(port, *subject, seed * TIMED_RUNS as u64 + time as u64 + 1, &**run))).collect();
    let runs: Vec<Verdict> = records.iter().map(|record| record.verdict).collect();
    let same = runs.iter().all(|verdict| *verdict == runs[0]);
    let mut record = records.swap_remove(0);
    if !same {
        let passed = runs.iter().filter(|verdict| **verdict == Verdict::Pass).count();
        record.verdict = Verdict::Inconclusive;
        record.why = format!("{passed} of {times} runs passed. {}", record.why);
    }
    record.runs = runs;
    record
}

fn script(port: &mut dyn Port, subject: Subject, seed: u64, run: &dyn Fn(&mut Tester<'_>) -> Outcome) -> (Outcome, Vec<String>) {
    match Tester::new(port, subject, seed) {
        Ok(mut tester) => {
            let outcome = run(&mut tester);
            (outcome, tester.take_log())
        }
        Err(miss) => (Err(miss), Vec::new()),
    }
}

fn judge(case: &Case, tier: Tier, run: impl FnOnce() -> (Outcome, Vec<String>)) -> Record {
    // A node that panics did something else than the standard says; so did one whose invariants broke.
    let (outcome, log) = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        (Err(Miss::Fail(format!("it panicked: {}", text.unwrap_or("without a word")))), Vec::new())
    });
    let (verdict, why) = match outcome {
        Ok(()) => (Verdict::Pass, String::new()),
        Err(miss) => (miss.verdict(), miss.why().to_owned()),
    };
    Record { case: case.name.clone(), tier, verdict, why, log, runs: vec![verdict] }
}

fn absent(case: &Case, tier: Tier) -> Record {
    Record { case: case.name.clone(), tier, verdict: Verdict::Absent, why: "it was not run".into(), log: Vec::new(), runs: Vec::new() }
}
