//! Runs written, drawn and compared by the reports crate.

use super::{Diffed, Kept};
use crate::exit::Code;
use crate::fail::Failure;
use crate::verbs::bench::Measured;
use hypermesh_reports::{Reproduce, bench, rundir};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::bench::Arm;
use std::path::{Path, PathBuf};

/// What message mode leaves out, for every report.
const LEAVES_OUT: [&str; 4] = [
    "A datagram is charged for its headers, but there is no handshake, no encryption and no congestion control.",
    "Nodes compute in no time: only wires, queues and timers take any.",
    "There is no other traffic on the wires, and routes do not change.",
    "Delays between places are those of the scenario's data, the same in every run.",
];

/// Writes a run into `out` and gives its directory. `command` is what runs it again.
pub(crate) fn write(plan: &Plan, trace: &Trace, out: &Path, command: &str) -> Result<Option<PathBuf>, Failure> {
    let digest: String = trace.run.digest.chars().take(8).collect();
    let meta = Reproduce {
        command: command.to_owned(),
        verify: Some(format!("hypermesh verify {digest}")),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        leaves_out: LEAVES_OUT.map(str::to_owned).to_vec(),
    };
    let written = hypermesh_reports::write(plan, trace, out, &meta);
    written.map(Some).map_err(|error| Failure::new(Code::Internal, error.to_string(), format!("{command} --out DIR, where there is room")))
}

/// Draws the report of a run again.
pub(crate) fn render(kept: &Kept) -> Result<PathBuf, Failure> {
    rundir::render(&kept.dir).map_err(|error| Failure::new(Code::Internal, error.to_string(), again(kept)))
}

/// The report of a run as Markdown.
pub(crate) fn markdown(kept: &Kept) -> Result<String, Failure> {
    Ok(hypermesh_reports::markdown::summary(&read(kept)?))
}

/// Compares two runs, or two sets of runs.
pub(crate) fn diff(a: &[Kept], b: &[Kept], fail_on: Option<f64>) -> Result<Diffed, Failure> {
    let runs = |side: &[Kept]| side.iter().map(read).collect::<Result<Vec<_>, Failure>>();
    let (a, b) = (runs(a)?, runs(b)?);
    if let ([a], [b]) = (a.as_slice(), b.as_slice()) {
        let diff = hypermesh_reports::diff::diff(a, b);
        let regressions = fail_on.map_or_else(Vec::new, |share| diff.regressions(share));
        return Ok(Diffed { text: diff.text(), json: diff.json(), regressions });
    }
    let usage = |message: String| Failure::new(Code::Usage, message, "hypermesh diff --help");
    let diff = hypermesh_reports::diff::diff_sets(&a, &b).map_err(usage)?;
    let regressions = fail_on.map_or_else(Vec::new, |share| diff.regressions(share));
    Ok(Diffed { text: diff.text(), json: diff.json(), regressions })
}

/// Writes the report of `bench scale` and gives its page. `typed` is the command line.
pub(crate) fn bench(rows: &[Measured], out: &Path, typed: &str) -> Result<Option<PathBuf>, Failure> {
    let arm = |arm: Arm| match arm {
        Arm::Bare => bench::Arm::Ceiling,
        Arm::Engine => bench::Arm::Engine,
        Arm::Madsim => bench::Arm::Madsim,
    };
    let row = |row: &Measured| bench::Row {
        load: row.load.name().to_owned(),
        arm: arm(row.arm),
        nodes: u64::from(row.nodes),
        threads: row.threads,
        messages: row.messages,
        wall_ns: (row.loop_s * 1e9) as u64,
        bytes_per_node: row.bytes_per_node,
        peak_rss_bytes: row.peak_rss_bytes,
        note: None,
    };
    let rows: Vec<bench::Row> = rows.iter().map(row).collect();
    let written = bench::write(&rows, out, typed, env!("CARGO_PKG_VERSION"));
    let files =
        written.map_err(|error| Failure::new(Code::Internal, error.to_string(), format!("{typed} --out DIR, where there is room")))?;
    Ok(files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "html")))
}

fn read(kept: &Kept) -> Result<hypermesh_reports::Run, Failure> {
    hypermesh_reports::read(&kept.dir).map_err(|error| Failure::new(Code::Internal, error.to_string(), again(kept)))
}

fn again(kept: &Kept) -> String {
    format!("run its scenario ({}) again with --seed {}", kept.scenario, kept.seed)
}
