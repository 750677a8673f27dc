//! The report of `bench scale`: what a message costs as the world grows, beside a bare loop and beside madsim alone.

mod fit;
mod words;

pub use fit::{Fit, fits};

use crate::plots::{Plot, cost_by_size};
use crate::rundir::{Machine, WriteError, replace_all};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What did the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// A bare event loop without protocol code: the ceiling.
    Ceiling,
    /// Our engine with links, faults and digest.
    Engine,
    /// madsim alone, a task and an endpoint per node.
    Madsim,
}

impl Arm {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ceiling => "bare loop (ceiling)",
            Self::Engine => "engine",
            Self::Madsim => "madsim alone",
        }
    }

    /// Which series colour it has in every plot.
    const fn color(self, threads: u32) -> usize {
        match (self, threads) {
            (Self::Ceiling, 1) => 0,
            (Self::Engine, 1) => 1,
            (Self::Engine, 2) => 2,
            (Self::Madsim, _) => 3,
            (Self::Engine, _) => 4,
            (Self::Ceiling, _) => 5,
        }
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// `token` or `gossip`.
    pub load: String,
    /// What did the work.
    pub arm: Arm,
    /// Nodes of the world.
    pub nodes: u64,
    /// Threads.
    pub threads: u32,
    /// Messages delivered.
    pub messages: u64,
    /// Wall time for them, in nanoseconds; building the world is not part of it.
    pub wall_ns: u64,
    /// Bytes per node; 0 is unknown.
    pub bytes_per_node: f64,
    /// Highest resident memory of the process that measured; 0 is unknown.
    pub peak_rss_bytes: u64,
    /// Why there is no measurement, or what to know about it.
    pub note: Option<String>,
}

impl Row {
    /// Messages per second of wall time; not a number without a measurement.
    pub fn msg_per_s(&self) -> f64 {
        if self.wall_ns == 0 || self.messages == 0 { f64::NAN } else { self.messages as f64 / (self.wall_ns as f64 / 1e9) }
    }

    /// Nanoseconds of wall time per message.
    pub fn ns_per_msg(&self) -> f64 {
        1e9 / self.msg_per_s()
    }
}

/// A ratio between two measurements of the same load and size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The load.
    pub load: String,
    /// Nodes.
    pub nodes: u64,
    /// Threads of the engine.
    pub threads: u32,
    /// The engine's messages per second over those of the bare loop on as many threads, or on one.
    pub to_ceiling: Option<f64>,
    /// The engine's messages per second over those of madsim alone.
    pub to_madsim: Option<f64>,
    /// The engine's messages per second over its own on one thread.
    pub speedup: Option<f64>,
}

/// The engine's ratios, per load, size and number of threads.
pub fn ratios(rows: &[Row]) -> Vec<Ratio> {
    let speed = |load: &str, arm: Arm, nodes: u64, threads: &[u32]| {
        let of =
            |threads: &u32| rows.iter().find(|row| row.load == load && row.arm == arm && row.nodes == nodes && row.threads == *threads);
        threads.iter().find_map(of).map(Row::msg_per_s).filter(|speed| speed.is_finite())
    };
    let ratio = |row: &Row| {
        let over = |other: Option<f64>| other.map(|other| row.msg_per_s() / other);
        Ratio {
            load: row.load.clone(),
            nodes: row.nodes,
            threads: row.threads,
            to_ceiling: over(speed(&row.load, Arm::Ceiling, row.nodes, &[row.threads, 1])),
            to_madsim: over(speed(&row.load, Arm::Madsim, row.nodes, &[1])),
            speedup: if row.threads > 1 { over(speed(&row.load, Arm::Engine, row.nodes, &[1])) } else { None },
        }
    };
    rows.iter().filter(|row| row.arm == Arm::Engine && row.msg_per_s().is_finite()).map(ratio).collect()
}

/// Everything that is written as JSON.
#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    command: &'a str,
    version: &'a str,
    machine: &'a Machine,
    mode: &'static str,
    rows: &'a [Row],
    rates: Vec<Rate<'a>>,
    ratios: Vec<Ratio>,
    fits: Vec<Fit>,
}

/// What follows from a row.
#[derive(Serialize)]
struct Rate<'a> {
    load: &'a str,
    arm: Arm,
    nodes: u64,
    threads: u32,
    wall_s: f64,
    msg_per_s: Option<f64>,
    ns_per_msg: Option<f64>,
}

/// Writes `bench-scale.json`, `bench-scale.md`, `bench-scale.html` and a plot per load (`bench-<load>.svg`) into `out`, which is made if missing. Returns
/// their paths, in this order. Wall times are measured, on the machine that this runs on.
pub fn write(rows: &[Row], out: &Path, command: &str, version: &str) -> Result<Vec<PathBuf>, WriteError> {
    std::fs::create_dir_all(out).map_err(|cause| WriteError::io(out, cause))?;
    let failed = |cause: String| WriteError::Page { file: "bench-scale".to_owned(), cause };
    let machine = Machine::here();
    let plots = plots(rows).map_err(|cause| failed(cause.to_string()))?;
    let document = Document {
        format: 1,
        command,
        version,
        machine: &machine,
        mode: "measured",
        rows,
        rates: rows.iter().map(rate).collect(),
        ratios: ratios(rows),
        fits: fits(rows),
    };
    let json = serde_json::to_string_pretty(&document).map_err(|cause| failed(cause.to_string()))?;
    let about = words::About { command, version, machine: machine.words() };
    let mut files = vec![
        ("bench-scale.json".to_owned(), json + "\n"),
        ("bench-scale.md".to_owned(), words::markdown(rows, &about)),
        ("bench-scale.html".to_owned(), words::page(rows, &about, &plots).map_err(|cause| failed(cause.to_string()))?),
    ];
    files.extend(plots.iter().map(|(load, plot)| (format!("bench-{load}.svg"), plot.standalone())));
    replace_all(out, files)
}

fn rate(row: &Row) -> Rate<'_> {
    let finite = |value: f64| value.is_finite().then_some(value);
    Rate {
        load: &row.load,
        arm: row.arm,
        nodes: row.nodes,
        threads: row.threads,
        wall_s: row.wall_ns as f64 / 1e9,
        msg_per_s: finite(row.msg_per_s()),
        ns_per_msg: finite(row.ns_per_msg()),
    }
}

/// A plot per load with at least one measurement, a line per arm and number of threads.
fn plots(rows: &[Row]) -> Result<Vec<(String, Plot)>, crate::plots::Trouble> {
    let loads: BTreeSet<&str> = rows.iter().map(|row| row.load.as_str()).collect();
    let mut plots = Vec::new();
    for load in loads {
        let arms: Vec<_> = fit::arms(rows, load);
        if !arms.is_empty() {
            let named: Vec<_> =
                arms.into_iter().map(|(arm, threads, points)| (words::arm(arm, threads), arm.color(threads), points)).collect();
            plots.push((load.to_owned(), cost_by_size("bench-scale", &format!("Cost of a message: {load}"), &named)?));
        }
    }
    Ok(plots)
}
