//! A campaign: cases, one after the other, on one port.

use super::case::{Case, Need, Run, Subject};
use super::memory::{Memory, under};
use super::port::{Pixit, Port};
use super::tester::Tester;
use super::verdict::{Miss, Outcome, Verdict};
use crate::registry::{Profile, Registry, Tier};
use hypermesh_core::testing::Breach;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

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
    /// What the case used of the implementation; all that it needs, if it ran to its end.
    pub need: Need,
    /// Whether the implementation confirmed a session with the tester (clause 7.2): without that, nobody knows who was tested.
    pub is_alive: bool,
}

impl Record {
    /// The record of a case that was chosen and not run, and why.
    pub fn absent(case: &Case, tier: Tier, why: &str) -> Self {
        let (verdict, why) = (Verdict::Absent, why.to_owned());
        Self { case: case.name.clone(), tier, verdict, why, log: Vec::new(), runs: Vec::new(), need: case.need, is_alive: false }
    }
}

/// What is left of a script.
pub(super) struct Ended {
    outcome: Outcome,
    log: Vec<String>,
    need: Need,
    is_alive: bool,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, log: Vec::new(), need: Need::default(), is_alive: false }
    }
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
        let not_applicable = |case: &Case| Record { verdict: Verdict::NotApplicable, ..Record::absent(case, tier, why) };
        let records = others.iter().filter(|case| case.is_remote).map(not_applicable).collect();
        (Self { cases }, records)
    }

    /// Runs every case on the machines in memory, with a breach on or without one. Each gets a node of its own.
    pub fn in_memory(&self, breach: Option<Breach>) -> Vec<Record> {
        self.cases.iter().filter(|case| case.is_in_memory).map(|case| in_memory(case, breach)).collect()
    }

    /// Runs every case that can run over a network on this port. `tell` hears each record as it comes; false ends the campaign, and what is left is absent.
    ///
    /// Where the tester does not start the implementation, a campaign also ends when nobody answers: after [`SILENT_MAX`] cases in a row in which no session
    /// was confirmed.
    pub fn on_port(&self, port: &mut dyn Port, tier: Tier, mut tell: impl FnMut(&Record) -> bool) -> Vec<Record> {
        let mut records = Vec::new();
        let (mut going, mut silent) = (true, 0);
        for (at, case) in self.cases.iter().enumerate().filter(|(_, case)| case.is_remote) {
            let record = match going {
                true if silent < SILENT_MAX => on_port(case, at as u64, port, tier),
                true => Record::absent(case, tier, "it was not tried: nobody confirmed a session in the cases before it"),
                false => Record::absent(case, tier, "it was not run"),
            };
            let was_tried = case.subject() == Some(Subject::Origin) && record.verdict != Verdict::Absent;
            if record.is_alive {
                silent = 0;
            } else if was_tried && !port.starts_anew() {
                silent += 1;
            }
            going = going && tell(&record);
            records.push(record);
        }
        records
    }

    /// The same on several ports at a time, each with an implementation of its own: a campaign over a network waits more than it works. The records come in
    /// the order of the cases, whoever was first. `open` makes the port of a lane.
    pub fn on_ports<P: Port>(
        &self,
        lanes: usize,
        open: impl Fn(usize) -> Outcome<P> + Sync,
        tier: Tier,
        tell: impl FnMut(&Record) -> bool + Send,
    ) -> Outcome<Vec<Record>> {
        let mut order: Vec<usize> = (0..self.cases.len()).filter(|at| self.cases[*at].is_remote).collect();
        // Those that take long begin first, so that no lane is left with one of them at the end.
        order.sort_by_key(|at| !self.cases[*at].is_timed);
        let (next, going) = (AtomicUsize::new(0), AtomicBool::new(true));
        let (tell, records) = (Mutex::new(tell), Mutex::new(BTreeMap::new()));
        let lane = |number| {
            let mut port = open(number)?;
            while let Some(at) = order.get(next.fetch_add(1, Ordering::SeqCst)) {
                let case = &self.cases[*at];
                let record = match going.load(Ordering::SeqCst) {
                    true => on_port(case, *at as u64, &mut port, tier),
                    false => Record::absent(case, tier, "it was not run"),
                };
                if !tell.lock().unwrap_or_else(PoisonError::into_inner)(&record) {
                    going.store(false, Ordering::SeqCst);
                }
                records.lock().unwrap_or_else(PoisonError::into_inner).insert(*at, record);
            }
            Ok(())
        };
        let lane = &lane;
        std::thread::scope(|scope| {
            let lanes: Vec<_> = (0..lanes.max(1)).map(|number| scope.spawn(move || lane(number))).collect();
            lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|_| Err(Miss::Error("the tester panicked".into()))))
        })?;
        Ok(records.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect())
    }
}

/// In how many cases in a row no session may be confirmed before a campaign against somebody else's implementation ends.
pub const SILENT_MAX: usize = 4;

/// Does something whose panics are verdicts, and not faults of this program: nothing of them is printed, what they say is in the record.
pub fn silently<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(hook);
    done
}

/// Runs one case on the machines in memory.
pub fn in_memory(case: &Case, breach: Option<Breach>) -> Record {
    match &case.run {
        Run::Function(run) => judge(case, Tier::Core, || under(breach, || run()).into()),
        Run::Process(_) => Record::absent(case, Tier::Core, "it was not run"),
        Run::Wire(subject, run) => judge(case, Tier::Core, || {
            let mut port = Memory::new(Pixit::default(), breach);
            script(&mut port, *subject, 1, &**run)
        }),
    }
}

fn on_port(case: &Case, seed: u64, port: &mut dyn Port, tier: Tier) -> Record {
    let (subject, run) = match &case.run {
        Run::Wire(subject, run) => (subject, run),
        Run::Process(run) if port.starts_anew() => return judge(case, tier, || run().into()),
        Run::Process(_) => return Record::absent(case, tier, "it starts a node of this build, and says nothing of another"),
        Run::Function(_) => return Record::absent(case, tier, "it was not run"),
    };
    let times = if case.is_timed && tier == Tier::Remote { TIMED_RUNS } else { 1 };
    let mut records: Vec<Record> = Vec::new();
    for time in 0..times as u64 {
        // Names are made from the seed, so that what one run stored is not in the way of another.
        let record = judge(case, tier, || script(port, *subject, seed * TIMED_RUNS as u64 + time + 1, &**run));
        let goes_on = record.is_alive;
        records.push(record);
        // Where nobody is there, nothing depends on a clock.
        if !goes_on {
            break;
        }
    }
    let runs: Vec<Verdict> = records.iter().map(|record| record.verdict).collect();
    let same = runs.iter().all(|verdict| *verdict == runs[0]);
    // The run that went worst is the evidence.
    let worst = (0..records.len()).rev().max_by_key(|at| records[*at].verdict).unwrap_or_default();
    let mut record = records.swap_remove(worst);
    if !same {
        let passed = runs.iter().filter(|verdict| **verdict == Verdict::Pass).count();
        record.verdict = Verdict::Inconclusive;
        record.why = format!("{passed} of {times} runs passed. {}", record.why);
    }
    record.runs = runs;
    record
}

/// Runs a script on a port.
pub(super) fn script(port: &mut dyn Port, subject: Subject, seed: u64, run: &dyn Fn(&mut Tester<'_>) -> Outcome) -> Ended {
    match Tester::new(port, subject, seed) {
        Ok(mut tester) => {
            let outcome = run(&mut tester).and_then(|()| tester.expect_life());
            Ended { outcome, need: tester.need(), is_alive: tester.is_alive(), log: tester.take_log() }
        }
        Err(miss) => Err(miss).into(),
    }
}

/// The record of what a script came to.
pub(super) fn judge(case: &Case, tier: Tier, run: impl FnOnce() -> Ended) -> Record {
    // A node that panics did something else than the standard says; so did one whose invariants broke.
    let ended = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Miss::Fail(format!("it panicked: {}", text.unwrap_or("without a word")))).into()
    });
    let (verdict, why) = match &ended.outcome {
        Ok(()) => (Verdict::Pass, String::new()),
        Err(miss) => (miss.verdict(), miss.why().to_owned()),
    };
    let Ended { log, need, is_alive, .. } = ended;
    Record { case: case.name.clone(), tier, verdict, why, log, runs: vec![verdict], need: need.max(case.need), is_alive }
}
