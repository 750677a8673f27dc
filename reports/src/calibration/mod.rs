//! The report of `calibrate`: how far each fidelity of the simulator is from the next one that models less, figure by figure, with the distributions of
//! fetch times over each other.

mod words;

use crate::dist::Dist;
use crate::plots::{Plot, Trouble, fetch_times};
use crate::rundir::manifest::dist_of;
use crate::rundir::{Machine, WriteError, replace_all};
use hdrhistogram::Histogram;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One figure of one scenario in two fidelities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Name of the scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Which fidelities, such as `message against packet`.
    pub compared: String,
    /// What is compared.
    pub quantity: String,
    /// Its unit; empty for counts.
    pub unit: String,
    /// Where the candidate's numbers come from: `simulated` or `emulated`.
    pub candidate_mode: String,
    /// What the fidelity that is judged gave.
    pub candidate: f64,
    /// Where the reference's numbers come from: `emulated` or `measured`.
    pub reference_mode: String,
    /// What the fidelity that models less gave.
    pub reference: f64,
    /// The candidate's error as a share of the reference.
    pub error: f64,
    /// Whether the error is within the bound.
    pub within: bool,
}

/// The times of all fetches of one scenario in one fidelity.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Name of the scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// `simulated`, `emulated` or `measured`.
    pub mode: String,
    /// The times in nanoseconds.
    pub fetches: Dist,
}

impl Times {
    /// The times from the histograms of a run, all of its time bins together.
    pub fn new<'a>(scenario: &str, seed: u64, mode: &str, bins: impl IntoIterator<Item = &'a Histogram<u64>>) -> Self {
        let bins: Vec<Dist> = bins.into_iter().map(dist_of).collect();
        Self { scenario: scenario.to_owned(), seed, mode: mode.to_owned(), fetches: Dist::merge(&bins) }
    }
}

/// A calibration: its table, its distributions, and how it was made.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The table.
    pub rows: Vec<Row>,
    /// The distributions; none are drawn where there are none.
    pub times: Vec<Times>,
    /// The largest error that is right, as a share.
    pub at_most: f64,
    /// The command line that makes it again.
    pub command: String,
    /// Version of the command.
    pub version: String,
    /// A defect that a test planted, if one did.
    pub defect: Option<String>,
}

impl Calibration {
    /// Whether every figure is within the bound.
    pub fn is_within(&self) -> bool {
        self.rows.iter().all(|row| row.within)
    }
}

/// Everything that is written as JSON.
#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    command: &'a str,
    version: &'a str,
    machine: &'a Machine,
    defect: Option<&'a str>,
    at_most: f64,
    within: bool,
    rows: &'a [Row],
    times: Vec<Stored<'a>>,
}

/// A distribution as ranges of nanoseconds (both ends included) and counts.
#[derive(Serialize)]
struct Stored<'a> {
    scenario: &'a str,
    seed: u64,
    mode: &'a str,
    ranges: Vec<(u64, u64, u64)>,
}

/// Writes `calibration.json`, `calibration.md`, `calibration.html` and a plot per scenario (`calibration-<n>.svg`) into `out`, which is made if missing.
/// Returns their paths, in this order.
pub fn write(all: &Calibration, out: &Path) -> Result<Vec<PathBuf>, WriteError> {
    std::fs::create_dir_all(out).map_err(|cause| WriteError::io(out, cause))?;
    let failed = |cause: String| WriteError::Page { file: "calibration".to_owned(), cause };
    let machine = Machine::here();
    let plots = plots(all).map_err(|cause| failed(cause.to_string()))?;
    let document = Document {
        format: 1,
        command: &all.command,
        version: &all.version,
        machine: &machine,
        defect: all.defect.as_deref(),
        at_most: all.at_most,
        within: all.is_within(),
        rows: &all.rows,
        times: all.times.iter().map(stored).collect(),
    };
    let json = serde_json::to_string_pretty(&document).map_err(|cause| failed(cause.to_string()))?;
    let mut files = vec![
        ("calibration.json".to_owned(), json + "\n"),
        ("calibration.md".to_owned(), words::markdown(all, &machine.words())),
        ("calibration.html".to_owned(), words::page(all, &machine.words(), &plots).map_err(|cause| failed(cause.to_string()))?),
    ];
    files.extend(plots.iter().enumerate().map(|(k, plot)| (format!("calibration-{}.svg", k + 1), plot.standalone())));
    replace_all(out, files)
}

fn stored(times: &Times) -> Stored<'_> {
    let ranges = times.fetches.buckets().iter().map(|bucket| (bucket.low, bucket.high, bucket.count)).collect();
    Stored { scenario: &times.scenario, seed: times.seed, mode: &times.mode, ranges }
}

/// A plot per scenario and seed with fetches, a line per fidelity.
fn plots(all: &Calibration) -> Result<Vec<Plot>, Trouble> {
    let mut keys: Vec<(&str, u64)> = Vec::new();
    for times in all.times.iter().filter(|times| !times.fetches.is_empty()) {
        let key = (times.scenario.as_str(), times.seed);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let one = |(scenario, seed): (&str, u64)| {
        let of = |times: &&Times| times.scenario == scenario && times.seed == seed && !times.fetches.is_empty();
        let curves: Vec<_> = all.times.iter().filter(of).map(|times| (times.mode.clone(), &times.fetches)).collect();
        fetch_times("calibration", &format!("Fetch times of {scenario}, seed {seed}"), &curves)
    };
    keys.into_iter().map(one).collect()
}
