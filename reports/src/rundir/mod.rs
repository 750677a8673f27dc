//! The run directory: `<scenario>-s<seed>-<digest8>/`.
//!
//! ```text
//! run.json             the plan in short and whole, seed, digests, verdicts, machine, how to reproduce
//! metrics.parquet      counters and gauges by time bin and region      histograms.parquet  distributions likewise
//! broadcasts.parquet   one row a broadcast                             infection.parquet   deliveries by time since the start
//! serving.parquet      what nodes of layer 1 served, by level          routes.parquet      who took what from whom, by region
//! flows.parquet        sampled datagrams                               events.parquet      faults, violations, sampled facts
//! windows.parquet      digest sums per window of virtual time          junit.xml           expectations as test cases
//! report.html          one page, opens from disk                       plots/*.svg         its plots alone
//! ```
//! It is written under a hidden name, brought to the disk, and renamed when complete; whatever goes wrong before, nothing of it stays. A run that ended
//! early carries `-partial` in its name and the reason in a file `PARTIAL`, and can be read like any other.
//! Between setting a former run of the same name aside and renaming the new one there is a moment without either name; both are then complete under
//! hidden names.

mod error;
mod junit;
mod machine;
pub mod manifest;
mod select;
mod staging;

pub use error::{ReadError, WriteError};
pub use machine::Machine;
pub use select::find;
pub(crate) use staging::replace_all;

use crate::run::Run;
use crate::tables::{Stored, metrics, rows};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use manifest::Manifest;
use polars::prelude::PolarsResult;
use serde::{Deserialize, Serialize};
use staging::{Staging, replace};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How to get the same run again, told by the command that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reproduce {
    /// The command line, with every setting that differs from the scenario file.
    pub command: String,
    /// The command line that runs it again and compares digests, if there is one.
    pub verify: Option<String>,
    /// Version of the command, with its commit where known.
    pub version: String,
    /// How it was built: `release`, `debug`.
    pub build: String,
    /// What the model of this run leaves out, a sentence each; printed in every report.
    pub leaves_out: Vec<String>,
}

/// Writes a run into `out` (made if missing) and returns its directory. A complete run of the same name is replaced.
pub fn write(plan: &Plan, trace: &Trace, out: &Path, meta: &Reproduce) -> Result<PathBuf, WriteError> {
    let name = directory_name(plan, trace);
    let staging = Staging::create(out, &name)?;
    let mut tables = BTreeMap::new();
    for (file, rows, bytes) in encode(plan, trace) {
        let bytes = bytes.map_err(|cause| WriteError::Table { file, cause: cause.to_string() })?;
        staging.put(file, &bytes)?;
        tables.insert(file.to_owned(), rows);
    }
    let manifest = Manifest::gather(plan, trace, meta, tables);
    staging.put("run.json", &json(&manifest)?)?;
    if let Some(reason) = &trace.run.partial {
        staging.put("PARTIAL", format!("{reason}\n").as_bytes())?;
    }
    // From here on only what was written counts, so that a page drawn anew later says the same.
    let run = read(staging.path()).map_err(WriteError::Unreadable)?;
    for (file, text) in pages(&run)? {
        staging.put(&file, text.as_bytes())?;
    }
    staging.publish()
}

/// Draws `report.html`, the plots and `junit.xml` anew from the stored tables. Returns the path of the page.
pub fn render(directory: &Path) -> Result<PathBuf, RenderError> {
    let run = read(directory).map_err(RenderError::Read)?;
    std::fs::create_dir_all(directory.join("plots"))
        .map_err(|cause| RenderError::Write(WriteError::io(&directory.join("plots"), cause)))?;
    for (file, text) in pages(&run).map_err(RenderError::Write)? {
        replace(&directory.join(file), text.as_bytes()).map_err(RenderError::Write)?;
    }
    Ok(directory.join("report.html"))
}

/// Why a run could not be drawn anew.
#[derive(Debug)]
pub enum RenderError {
    /// It cannot be read.
    Read(ReadError),
    /// The pages cannot be written; the old ones are still there.
    Write(WriteError),
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(cause) => cause.fmt(f),
            Self::Write(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for RenderError {}

/// Reads a run back.
pub fn read(directory: &Path) -> Result<Run, ReadError> {
    Run::read(directory)
}

/// Everything that is drawn from the stored tables: (file, content).
fn pages(run: &Run) -> Result<Vec<(String, String)>, WriteError> {
    let page = |file: &str, cause: String| WriteError::Page { file: file.to_owned(), cause };
    let plots = crate::plots::all(run).map_err(|cause| page("plots", cause.to_string()))?;
    let mut files: Vec<_> = plots.shown.iter().map(|plot| (format!("plots/{}.svg", plot.name), plot.standalone())).collect();
    files.push(("report.html".to_owned(), crate::html::page(run, &plots).map_err(|cause| page("report.html", cause.to_string()))?));
    files.push(("junit.xml".to_owned(), junit::document(run).map_err(|cause| page("junit.xml", cause.to_string()))?));
    Ok(files)
}

fn json(manifest: &Manifest) -> Result<Vec<u8>, WriteError> {
    let failed = |cause: serde_json::Error| WriteError::Page { file: "run.json".to_owned(), cause: cause.to_string() };
    let mut bytes = serde_json::to_vec_pretty(manifest).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

type Encoded = (&'static str, u64, PolarsResult<Vec<u8>>);

/// Every table: (file, rows, bytes).
fn encode(plan: &Plan, trace: &Trace) -> Vec<Encoded> {
    let counted = |file, made: PolarsResult<(Vec<u8>, u64)>| match made {
        Ok((bytes, rows)) => (file, rows, Ok(bytes)),
        Err(cause) => (file, 0, Err(cause)),
    };
    let mode = trace.mode;
    vec![
        counted("metrics.parquet", metrics::write_metrics(mode, &trace.metrics)),
        counted("histograms.parquet", metrics::write_histograms(mode, &trace.metrics, plan.warmup)),
        ("broadcasts.parquet", trace.broadcasts.len() as u64, rows::write_broadcasts(mode, &trace.broadcasts)),
        ("infection.parquet", trace.infection.len() as u64, rows::write_infection(mode, &trace.infection)),
        ("serving.parquet", trace.serving.len() as u64, rows::write_serving(mode, plan, &trace.metrics.edges, &trace.serving)),
        ("routes.parquet", trace.routes.len() as u64, rows::write_routes(mode, plan, &trace.routes)),
        ("flows.parquet", trace.flows.len() as u64, rows::write_flows(mode, &trace.flows)),
        ("events.parquet", trace.events.len() as u64, rows::write_events(mode, &trace.events)),
        ("windows.parquet", trace.windows.len() as u64, rows::write_windows(mode, &trace.windows)),
    ]
}

/// `<scenario>-s<seed>-<digest8>`, with `-partial` for a run that ended early. Signs that file systems or shells might not like become `-`.
fn directory_name(plan: &Plan, trace: &Trace) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let scenario: String = plan.name.chars().map(plain).collect();
    let scenario = scenario.trim_start_matches(['.', '-']);
    let scenario = if scenario.is_empty() { "run" } else { scenario };
    let digest: String = trace.run.digest.chars().take(8).collect();
    let partial = if trace.run.partial.is_some() { "-partial" } else { "" };
    format!("{scenario}-s{}-{digest}{partial}", plan.seed)
}

/// Opens one table of a run.
pub(crate) fn open_table(directory: &Path, file: &str) -> Result<Stored, ReadError> {
    let path = directory.join(file);
    let bytes = std::fs::read(&path).map_err(|cause| ReadError::Io { file: path.clone(), cause })?;
    Stored::open(bytes).map_err(|cause| ReadError::Damaged { file: path, cause: cause.to_string() })
}
