//! A run as read back from its directory.

use crate::dist::Dist;
use crate::rundir::ReadError;
use crate::rundir::manifest::{FORMAT, Manifest};
use crate::rundir::open_table;
use crate::tables::{Stored, metrics, rows};
use hypermesh_scenarios::trace::{BroadcastRow, RouteRow, ServingRow, WindowDigest};
use polars::prelude::PolarsResult;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that reports and comparisons need. Sampled flows and events stay on disk.
#[derive(Clone, Debug)]
pub struct Run {
    /// `run.json`.
    pub manifest: Manifest,
    /// The metrics.
    pub series: Series,
    /// One row a broadcast.
    pub broadcasts: Vec<BroadcastRow>,
    /// Deliveries by time since the intended start: (upper edge of the step in ns, deliveries in it).
    pub infection: Vec<(u64, u64)>,
    /// What nodes of layer 1 served; groups are those of [`Manifest::plan`].
    pub serving: Vec<ServingRow>,
    /// Who took what from whom; regions are those of [`Manifest::regions`].
    pub routes: Vec<RouteRow>,
    /// Digest sums per window.
    pub windows: Vec<WindowDigest>,
}

/// The metrics of a run by name; bins are those of [`Manifest::bin_edges_ns`], regions those of [`Manifest::regions`].
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Counters.
    pub counters: BTreeMap<String, Counter>,
    /// Gauges.
    pub gauges: BTreeMap<String, Gauge>,
    /// Distributions.
    pub samples: BTreeMap<String, Samples>,
}

/// A counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Its unit's word.
    pub unit: String,
    /// Per bin.
    pub by_bin: Vec<u64>,
    /// Per region over the whole run; empty where regions make no sense.
    pub by_region: Vec<u64>,
}

/// A gauge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    /// Its unit's word.
    pub unit: String,
    /// The level at the end of each bin; not a number where it was not read.
    pub by_bin: Vec<f64>,
}

/// A distribution over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Its unit's word.
    pub unit: String,
    /// Per bin.
    pub by_bin: Vec<Dist>,
    /// Per region from the warm-up on; empty where regions make no sense.
    pub by_region: Vec<Dist>,
}

impl Counter {
    /// The sum over the run.
    pub fn total(&self) -> u64 {
        self.by_bin.iter().sum()
    }
}

impl Samples {
    /// All samples of the run.
    pub fn whole(&self) -> Dist {
        Dist::merge(&self.by_bin)
    }
}

impl Run {
    /// Reads a run directory; see [`crate::rundir::read`].
    pub(crate) fn read(directory: &Path) -> Result<Self, ReadError> {
        if !directory.is_dir() {
            return Err(ReadError::NoDirectory(directory.to_owned()));
        }
        let manifest = manifest(directory)?;
        let (edges, regions) = (&manifest.bin_edges_ns, &manifest.regions);
        let mut series = Series::default();
        load(directory, "metrics.parquet", |table| metrics::read_metrics(table, edges, regions, &mut series))?;
        load(directory, "histograms.parquet", |table| metrics::read_histograms(table, edges, regions, &mut series))?;
        let broadcasts = load(directory, "broadcasts.parquet", rows::read_broadcasts)?;
        let infection = load(directory, "infection.parquet", rows::read_infection)?;
        let groups: Vec<&str> = manifest.plan.groups.iter().map(|group| group.name.as_str()).collect();
        let names: Vec<&str> = regions.iter().map(String::as_str).collect();
        // Runs of earlier versions do not have these.
        let has = |file: &str| manifest.tables.contains_key(file);
        let serving = if has("serving.parquet") {
            load(directory, "serving.parquet", |table| rows::read_serving(table, edges, &groups))?
        } else {
            Vec::new()
        };
        let routes = if has("routes.parquet") {
            load(directory, "routes.parquet", |table| rows::read_routes(table, &groups, &names))?
        } else {
            Vec::new()
        };
        let windows = load(directory, "windows.parquet", rows::read_windows)?;
        Ok(Self { manifest, series, broadcasts, infection, serving, routes, windows })
    }

    /// Sum of a counter over the run, 0 if it was never touched.
    pub fn counter(&self, name: &str) -> u64 {
        self.series.counters.get(name).map_or(0, Counter::total)
    }

    /// All samples of a metric; none if there are none.
    pub fn whole(&self, name: &str) -> Option<Dist> {
        self.series.samples.get(name).map(Samples::whole).filter(|dist| !dist.is_empty())
    }

    /// The name of the run's directory, without the mark of a partial one.
    pub fn name(&self) -> String {
        let digest: String = self.manifest.digest.chars().take(8).collect();
        format!("{}-s{}-{digest}", self.manifest.scenario, self.manifest.seed)
    }
}

fn manifest(directory: &Path) -> Result<Manifest, ReadError> {
    let file = directory.join("run.json");
    let text = std::fs::read_to_string(&file).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => ReadError::NotARun(directory.to_owned()),
        _ => ReadError::Io { file: file.clone(), cause },
    })?;
    let damaged = |cause: serde_json::Error| ReadError::Damaged { file: file.clone(), cause: cause.to_string() };
    // The form is looked at first: a newer file may lack or rename anything else.
    let form: serde_json::Value = serde_json::from_str(&text).map_err(damaged)?;
    match form.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > u64::from(FORMAT) => Err(ReadError::Newer { file, format }),
        Some(_) => serde_json::from_str(&text).map_err(damaged),
        None => Err(ReadError::Damaged { file, cause: "it has no `format`".to_owned() }),
    }
}

fn load<T>(directory: &Path, file: &str, read: impl FnOnce(&Stored) -> PolarsResult<T>) -> Result<T, ReadError> {
    let table = open_table(directory, file)?;
    read(&table).map_err(|cause| ReadError::Damaged { file: directory.join(file), cause: cause.to_string() })
}
