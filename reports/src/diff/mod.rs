//! What differs between runs: exactly where both are deterministic, statistically over seeds.

mod scalars;
mod sets;
pub mod stats;
mod words;

pub use scalars::Better;
pub use sets::{SetChange, SetDiff, diff_sets};

use crate::run::Run;
use crate::rundir::manifest::Judged;
use hypermesh_scenarios::trace::WindowDigest;
use scalars::{Scalar, scalars};
use serde::Serialize;

/// What differs between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The first.
    pub a: Side,
    /// The second.
    pub b: Side,
    /// Whether both ran the same resolved scenario with the same seed.
    pub same_plan: bool,
    /// Whether both did the same, event by event: their digests are equal.
    pub identical: bool,
    /// Where they part, if both kept the digests of their windows.
    pub parting: Option<Parting>,
    /// Every metric that changed, in the order of names within its kind.
    pub metrics: Vec<Change>,
    /// How many metrics did not change.
    pub unchanged: usize,
    /// Expectations with another outcome, or that only one of the runs has.
    pub expectations: Vec<ExpectationChange>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// The run's name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: String,
    /// Where its numbers come from.
    pub mode: String,
    /// How it fared.
    pub verdict: &'static str,
}

/// The first window of virtual time in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// When the window begins: until here both did the same.
    pub from_ns: u64,
    /// When it ends.
    pub until_ns: u64,
    /// Which sums differ: `wire` (deliveries), `local` (wake-ups, starts, commands, faults), `facts` (what nodes reported), `events` (their number).
    pub layers: Vec<&'static str>,
    /// Events in it, in the first and the second run.
    pub events: (u64, u64),
    /// Equal windows before it.
    pub equal_before: usize,
}

/// A number that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Which.
    pub metric: String,
    /// Its unit's word.
    pub unit: String,
    /// In the first run; none if it has no such number.
    pub a: Option<f64>,
    /// In the second.
    pub b: Option<f64>,
    /// Second minus first.
    pub absolute: Option<f64>,
    /// The same as a share of the first, in percent; none from zero.
    pub percent: Option<f64>,
    /// Which way it should go.
    pub better: Better,
    /// Whether it depends on the machine.
    pub machine: bool,
}

/// An expectation that fared otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectationChange {
    /// Its level.
    pub level: String,
    /// What was written.
    pub that: String,
    /// Outcome and value in the first run, if it has the expectation.
    pub a: Option<(String, String)>,
    /// In the second.
    pub b: Option<(String, String)>,
}

/// Compares two runs.
pub fn diff(a: &Run, b: &Run) -> Diff {
    let (metrics, unchanged) = changes(&scalars(a), &scalars(b));
    let identical = a.manifest.digest == b.manifest.digest;
    Diff {
        same_plan: a.manifest.resolved_yaml == b.manifest.resolved_yaml && a.manifest.seed == b.manifest.seed,
        identical,
        parting: if identical { None } else { parting(&a.windows, &b.windows) },
        metrics,
        unchanged,
        expectations: expectations(&a.manifest.expectations, &b.manifest.expectations),
        a: side(a),
        b: side(b),
    }
}

fn side(run: &Run) -> Side {
    let manifest = &run.manifest;
    Side {
        name: run.name(),
        seed: manifest.seed,
        digest: manifest.digest.clone(),
        mode: manifest.mode.clone(),
        verdict: manifest.verdict.word(),
    }
}

/// The first window that differs, or that only one of them has.
fn parting(a: &[WindowDigest], b: &[WindowDigest]) -> Option<Parting> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let equal_before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let from_ns = equal_before.checked_sub(1).map_or(0, |last| a[last].until_ns);
    let (in_a, in_b) = (a.get(equal_before), b.get(equal_before));
    let mut layers = Vec::new();
    let mut check = |name, pick: fn(&WindowDigest) -> u64| {
        if in_a.map(pick) != in_b.map(pick) {
            layers.push(name);
        }
    };
    check("wire", |window| window.wire);
    check("local", |window| window.local);
    check("facts", |window| window.facts);
    check("events", |window| window.events);
    check("length", |window| window.until_ns);
    let until_ns = in_a.into_iter().chain(in_b).map(|window| window.until_ns).max()?;
    let events = |window: Option<&WindowDigest>| window.map_or(0, |window| window.events);
    Some(Parting { from_ns, until_ns, layers, events: (events(in_a), events(in_b)), equal_before })
}

/// Numbers that differ, and how many do not.
fn changes(a: &[Scalar], b: &[Scalar]) -> (Vec<Change>, usize) {
    let mut changed = Vec::new();
    let mut unchanged = 0;
    let find = |all: &[Scalar], name: &str| all.iter().find(|scalar| scalar.name == name).map(|scalar| scalar.value);
    let only_b = b.iter().filter(|scalar| find(a, &scalar.name).is_none());
    for scalar in a.iter().chain(only_b) {
        let (in_a, in_b) = (find(a, &scalar.name), find(b, &scalar.name));
        if in_a == in_b {
            unchanged += 1;
            continue;
        }
        let absolute = in_a.zip(in_b).map(|(a, b)| b - a);
        changed.push(Change {
            metric: scalar.name.clone(),
            unit: scalar.unit.clone(),
            a: in_a,
            b: in_b,
            absolute,
            percent: absolute.zip(in_a).filter(|(_, a)| *a != 0.0).map(|(difference, a)| difference / a.abs() * 100.0),
            better: scalar.better,
            machine: scalar.machine,
        });
    }
    (changed, unchanged)
}

fn expectations(a: &[Judged], b: &[Judged]) -> Vec<ExpectationChange> {
    let same = |x: &Judged, y: &Judged| x.level == y.level && x.that == y.that && x.range == y.range;
    let words = |judged: &Judged| (judged.outcome.clone(), judged.seen.clone());
    let change = |in_a: Option<&Judged>, in_b: Option<&Judged>| {
        let either = in_a.or(in_b)?;
        (in_a.map(|judged| &judged.outcome) != in_b.map(|judged| &judged.outcome)).then(|| ExpectationChange {
            level: either.level.clone(),
            that: either.that.clone(),
            a: in_a.map(words),
            b: in_b.map(words),
        })
    };
    let of_a = a.iter().filter_map(|in_a| change(Some(in_a), b.iter().find(|in_b| same(in_a, in_b))));
    let only_b = b.iter().filter(|in_b| !a.iter().any(|in_a| same(in_a, in_b))).filter_map(|in_b| change(None, Some(in_b)));
    of_a.chain(only_b).collect()
}

/// Reads a threshold such as `5%` or `0.5 %`; the result is a share (0.05).
pub fn threshold(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a threshold; write a percentage such as 5%");
    let number = text.trim().strip_suffix('%').ok_or_else(wrong)?.trim();
    let percent: f64 = number.parse().map_err(|_| wrong())?;
    if percent.is_finite() && percent >= 0.0 { Ok(percent / 100.0) } else { Err(wrong()) }
}

impl Diff {
    /// What got worse by more than `share` (0.05 for 5 %), in words; empty if nothing did. Numbers that depend on the machine do not count, nor do those
    /// that may go either way. An expectation that was met and is not any more counts whatever the threshold.
    pub fn regressions(&self, share: f64) -> Vec<String> {
        let worse = |change: &&Change| !change.machine && worsened(change.better, change.a, change.b) > share;
        let metrics = self.metrics.iter().filter(worse).map(words::change);
        let lost = |change: &&ExpectationChange| {
            let met = |side: &Option<(String, String)>| side.as_ref().is_some_and(|(outcome, _)| outcome == "met");
            met(&change.a) && change.b.is_some() && !met(&change.b)
        };
        let expectations = self.expectations.iter().filter(lost).map(words::expectation);
        expectations.chain(metrics).collect()
    }

    /// The comparison for people.
    pub fn text(&self) -> String {
        words::diff(self)
    }

    /// The comparison for programs.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// By which share a number got worse; negative if it got better, 0 if it may go either way. From zero on, any growth in the wrong direction is infinite.
pub(crate) fn worsened(better: Better, a: Option<f64>, b: Option<f64>) -> f64 {
    let (Some(a), Some(b)) = (a.or(Some(0.0)), b) else { return 0.0 };
    let growth = if a == b {
        0.0
    } else if a == 0.0 {
        f64::INFINITY * (b - a).signum()
    } else {
        (b - a) / a.abs()
    };
    match better {
        Better::Lower => growth,
        Better::Higher => -growth,
        Better::Neither => 0.0,
    }
}
