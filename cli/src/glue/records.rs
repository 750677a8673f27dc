//! Runs that are kept. Finding and listing them needs only `run.json`; writing, drawing and comparing is the work of the reports crate, and a light
//! build without it says so.

use crate::exit::Code;
use crate::fail::Failure;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Mode, Samples, Trace};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A run that is kept, as far as verbs need it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Its directory.
    pub(crate) dir: PathBuf,
    /// Name of its scenario.
    pub(crate) scenario: String,
    /// Its seed.
    pub(crate) seed: u64,
    /// Its digest.
    pub(crate) digest: String,
    /// Its verdict in one word; `partial` if it was interrupted.
    pub(crate) verdict: String,
    /// Nodes of its plan.
    pub(crate) nodes: u64,
    /// The scenario with every default written out.
    pub(crate) resolved_yaml: String,
}

/// A comparison, told twice.
#[derive(Clone, Debug)]
pub(crate) struct Diffed {
    /// For the terminal.
    pub(crate) text: String,
    /// As an object.
    pub(crate) json: Value,
    /// Metrics that are worse than the limit admits.
    pub(crate) regressions: Vec<String>,
}

/// A calibration, for its report.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "reports"), expect(dead_code, reason = "only reports read it"))]
pub(crate) struct Calibrated {
    /// The rows of the table, as scripts read them.
    pub(crate) rows: Vec<Value>,
    /// The times of fetches in each fidelity.
    pub(crate) times: Vec<Fetches>,
    /// The largest error that is right.
    pub(crate) at_most: f64,
    /// The command line.
    pub(crate) command: String,
    /// A planted defect, if there is one.
    pub(crate) defect: Option<String>,
}

/// The times of all fetches of one scenario in one fidelity.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "reports"), expect(dead_code, reason = "only reports read it"))]
pub(crate) struct Fetches {
    /// Name of the scenario.
    pub(crate) scenario: String,
    /// Its seed.
    pub(crate) seed: u64,
    /// In which fidelity.
    pub(crate) mode: Mode,
    /// The times; none if nothing was fetched.
    pub(crate) times: Option<Samples>,
}

impl Fetches {
    /// Those of a run.
    pub(crate) fn of(plan: &Plan, trace: &Trace) -> Self {
        let times = trace.metrics.samples.get(&Id::FetchLatency).cloned();
        Self { scenario: plan.name.clone(), seed: plan.seed, mode: trace.mode, times }
    }
}

impl Kept {
    /// The name of its directory.
    pub(crate) fn name(&self) -> String {
        let absolute = self.dir.canonicalize().unwrap_or_else(|_| self.dir.clone());
        absolute.file_name().map_or_else(|| self.dir.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    fn read(dir: &Path) -> Result<Self, String> {
        let file = dir.join("run.json");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("{} is damaged: {error}", file.display()))?;
        let text = |key: &str| {
            value[key].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("{} is damaged: it has no `{key}`", file.display()))
        };
        let partial = value["partial"].is_string();
        Ok(Self {
            dir: dir.to_owned(),
            scenario: text("scenario")?,
            seed: value["seed"].as_u64().ok_or_else(|| format!("{} is damaged: it has no `seed`", file.display()))?,
            digest: text("digest")?,
            verdict: if partial { "partial".to_owned() } else { text("verdict")? },
            nodes: value["facts"]["nodes"].as_u64().unwrap_or_default(),
            resolved_yaml: text("resolved_yaml")?,
        })
    }
}

/// The run that `name` means: a directory, the beginning of its name or digest, or `latest`.
pub(crate) fn open(out: &Path, name: &str) -> Result<Kept, Failure> {
    let dir = find(out, name)?;
    Kept::read(&dir).map_err(|message| Failure::new(Code::Internal, message, "hypermesh runs, and run its scenario again"))
}

fn find(out: &Path, name: &str) -> Result<PathBuf, Failure> {
    let path = Path::new(name);
    if path.join("run.json").is_file() {
        return Ok(path.to_owned());
    }
    let nothing = |message: String| {
        Failure::new(
            Code::Nothing,
            message,
            if out == Path::new("runs") { "hypermesh runs".to_owned() } else { format!("hypermesh runs --out {}", out.display()) },
        )
    };
    let runs = directories(out);
    if name == "latest" {
        let latest = runs.into_iter().max_by_key(|(_, written)| *written);
        return latest.map(|(dir, _)| dir).ok_or_else(|| nothing(format!("there are no runs in {}", out.display())));
    }
    let base = |dir: &Path| dir.file_name().map(|base| base.to_string_lossy().into_owned()).unwrap_or_default();
    let fitting: Vec<&PathBuf> = runs.iter().map(|(dir, _)| dir).filter(|dir| fits(&base(dir), name)).collect();
    match fitting.as_slice() {
        [dir] => Ok((*dir).clone()),
        [] => Err(nothing(format!("no run in {} fits `{name}`", out.display()))),
        several => match several.iter().find(|dir| base(dir) == name) {
            Some(exact) => Ok((**exact).clone()),
            None => Err(nothing(format!("`{name}` fits {} runs; write more of its name", several.len()))),
        },
    }
}

/// Whether a run's name, or the digest at its end, begins like that.
fn fits(base: &str, name: &str) -> bool {
    let digest = base.trim_end_matches("-partial").rsplit('-').next().unwrap_or_default();
    !name.is_empty() && (base.starts_with(name) || digest.starts_with(name))
}

/// Runs that are kept, each with the time when it was written. Hidden directories are runs in the making.
fn directories(out: &Path) -> Vec<(PathBuf, SystemTime)> {
    let Ok(entries) = std::fs::read_dir(out) else { return Vec::new() };
    let kept = |entry: std::fs::DirEntry| {
        let visible = !entry.file_name().to_string_lossy().starts_with('.');
        let written = std::fs::metadata(entry.path().join("run.json")).ok()?.modified().ok()?;
        visible.then(|| (entry.path(), written))
    };
    entries.flatten().filter_map(kept).collect()
}

/// Every run that is kept, the latest first. Damaged ones are left out with a warning.
pub(crate) fn list(out: &Path) -> Vec<Kept> {
    let mut runs = directories(out);
    runs.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let read = |dir: &PathBuf| match Kept::read(dir) {
        Ok(kept) => Some(kept),
        Err(message) => {
            eprintln!("warning: {message}");
            None
        }
    };
    runs.iter().filter_map(|(dir, _)| read(dir)).collect()
}

/// All of `run.json`.
pub(crate) fn json(kept: &Kept) -> Result<Value, Failure> {
    let file = kept.dir.join("run.json");
    let damaged =
        |error: String| Failure::new(Code::Internal, format!("{}: {error}", file.display()), "hypermesh runs, and run its scenario again");
    let text = std::fs::read_to_string(&file).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))
}

/// The page of a run, if it has one.
pub(crate) fn page(dir: &Path) -> Option<PathBuf> {
    let page = dir.join("report.html");
    page.is_file().then_some(page)
}

pub(crate) use with::{bench, calibration, diff, markdown, render, write};

#[cfg(feature = "reports")]
#[path = "records_full.rs"]
mod with;

#[cfg(not(feature = "reports"))]
#[path = "records_light.rs"]
mod with;
