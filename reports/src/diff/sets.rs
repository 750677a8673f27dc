//! Two sets of runs, each over several seeds.

use super::scalars::{Better, Scalar, scalars};
use super::stats::welch;
use super::{words, worsened};
use crate::run::Run;
use serde::Serialize;
use std::collections::BTreeMap;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// What differs between two sets of runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetDiff {
    /// Runs in the first set.
    pub runs_a: usize,
    /// Runs in the second set.
    pub runs_b: usize,
    /// Confidence of the intervals, 0 to 1.
    pub confidence: f64,
    /// Every metric that all runs have.
    pub metrics: Vec<SetChange>,
    /// Share of the runs in which each expectation was met: (level and text, first set, second set).
    pub expectations: Vec<(String, f64, f64)>,
}

/// A metric in both sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetChange {
    /// Which.
    pub metric: String,
    /// Its unit's word.
    pub unit: String,
    /// Mean of the first set.
    pub mean_a: f64,
    /// Mean of the second set.
    pub mean_b: f64,
    /// Second minus first.
    pub difference: f64,
    /// Confidence interval of the difference (Welch); none with fewer than two runs in a set.
    pub interval: Option<(f64, f64)>,
    /// Hedges' g; none without variance.
    pub effect: Option<f64>,
    /// The difference as a share of the first mean, in percent.
    pub percent: Option<f64>,
    /// Whether the interval leaves zero out.
    pub significant: bool,
    /// Which way it should go.
    pub better: Better,
    /// Whether it depends on the machine.
    pub machine: bool,
}

/// Compares two sets of runs. Neither may be empty.
pub fn diff_sets(a: &[Run], b: &[Run]) -> Result<SetDiff, String> {
    if a.is_empty() || b.is_empty() {
        return Err("both sides need at least one run".to_owned());
    }
    let (of_a, of_b) = (columns(a), columns(b));
    let mut metrics = Vec::new();
    for (scalar, values_a) in &of_a {
        let Some((_, values_b)) = of_b.iter().find(|(other, _)| other.name == scalar.name) else { continue };
        if values_a.len() == a.len() && values_b.len() == b.len() {
            metrics.push(change(scalar, values_a, values_b));
        }
    }
    Ok(SetDiff { runs_a: a.len(), runs_b: b.len(), confidence: CONFIDENCE, metrics, expectations: expectations(a, b) })
}

/// Every number of the first run, with its values in all runs of the set.
fn columns(runs: &[Run]) -> Vec<(Scalar, Vec<f64>)> {
    let all: Vec<Vec<Scalar>> = runs.iter().map(scalars).collect();
    let values =
        |name: &str| all.iter().filter_map(|run| run.iter().find(|scalar| scalar.name == name)).map(|scalar| scalar.value).collect();
    all[0].iter().map(|scalar| (scalar.clone(), values(&scalar.name))).collect()
}

fn change(scalar: &Scalar, a: &[f64], b: &[f64]) -> SetChange {
    let compared = welch(a, b, CONFIDENCE);
    SetChange {
        metric: scalar.name.clone(),
        unit: scalar.unit.clone(),
        mean_a: compared.mean_a,
        mean_b: compared.mean_b,
        difference: compared.difference,
        interval: compared.interval,
        effect: compared.effect,
        percent: (compared.mean_a != 0.0).then(|| compared.difference / compared.mean_a.abs() * 100.0),
        significant: compared.interval.is_some_and(|(low, high)| compared.difference != 0.0 && (low > 0.0 || high < 0.0)),
        better: scalar.better,
        machine: scalar.machine,
    }
}

fn expectations(a: &[Run], b: &[Run]) -> Vec<(String, f64, f64)> {
    let met = |runs: &[Run]| {
        let mut counts = BTreeMap::<String, f64>::new();
        for judged in runs.iter().flat_map(|run| &run.manifest.expectations) {
            let one = if judged.outcome == "met" { 1.0 } else { 0.0 };
            *counts.entry(format!("{} {}", judged.level, judged.that)).or_default() += one / runs.len() as f64;
        }
        counts
    };
    let (in_a, in_b) = (met(a), met(b));
    in_a.into_iter().filter_map(|(name, share)| in_b.get(&name).map(|other| (name.clone(), share, *other))).collect()
}

impl SetDiff {
    /// What got worse by more than `share`, significantly, in words. Numbers that depend on the machine do not count.
    pub fn regressions(&self, share: f64) -> Vec<String> {
        let worse = |change: &&SetChange| {
            !change.machine && change.significant && worsened(change.better, Some(change.mean_a), Some(change.mean_b)) > share
        };
        self.metrics.iter().filter(worse).map(words::set_change).collect()
    }

    /// The comparison for people.
    pub fn text(&self) -> String {
        words::sets(self)
    }

    /// The comparison for programs.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
