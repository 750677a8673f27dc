//! Runs written, drawn and compared by the reports crate.

use super::{Calibrated, Diffed, Fetches, Kept};
use crate::exit::Code;
use crate::fail::Failure;
use crate::verbs::bench::Measured;
use hypermesh_reports::{Reproduce, bench, calibration, rundir};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Mode, Trace};
use hypermesh_sim::bench::Arm;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a run on real sockets leaves out, for its report.
const SOCKETS_LEAVE_OUT: [&str; 3] = [
    "The network between the sockets is emulated: its delays, queues and losses are the scenario's, not those of a real path.",
    "All nodes share the processors of one machine; how late it was is told when the run ends.",
    "Nothing repeats: time is wall time, and threads run as the system lets them.",
];

/// What every simulated run leaves out, for its report.
const LEAVES_OUT: [&str; 3] = [
    "Nodes compute in no time: only wires, queues and timers take any.",
    "There is no other traffic on the wires, and routes do not change.",
    "Delays between places are those of the scenario's data, the same in every run.",
];

/// What carries the messages of a run, and what that leaves out.
fn carrier(plan: &Plan, mode: Mode) -> &'static str {
    match mode {
        _ if plan.workload.fetches.is_empty() => {
            "A datagram is charged for its headers, but there is no handshake, no encryption and no congestion control."
        }
        Mode::Message => {
            "QUIC is a model: handshake, acknowledgements, loss recovery, congestion control and pacing are computed, no byte is encrypted. `hypermesh calibrate` \
             tells how far it is from real QUIC."
        }
        Mode::Packet => "QUIC is real, encryption included; its keys differ from run to run, the lengths of its packets do not.",
        Mode::Socket => "QUIC is real, on real sockets.",
    }
}

/// Writes a run into `out` and gives its directory. `command` is what runs it again.
pub(crate) fn write(plan: &Plan, trace: &Trace, out: &Path, command: &str) -> Result<Option<PathBuf>, Failure> {
    let digest: String = trace.run.digest.chars().take(8).collect();
    let leaves_out = if trace.mode == Mode::Socket { SOCKETS_LEAVE_OUT } else { LEAVES_OUT };
    let meta = Reproduce {
        command: command.to_owned(),
        verify: (trace.mode != Mode::Socket).then(|| format!("hypermesh verify {digest}")),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        leaves_out: std::iter::once(carrier(plan, trace.mode)).chain(leaves_out).map(str::to_owned).collect(),
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

/// Writes the report of a calibration and gives its page.
pub(crate) fn calibration(all: &Calibrated, out: &Path) -> Result<Option<PathBuf>, Failure> {
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        calibration::Row {
            scenario: text("scenario"),
            seed: row["seed"].as_u64().unwrap_or_default(),
            compared: text("comparison"),
            quantity: text("quantity"),
            unit: text("unit"),
            candidate_mode: text("candidate_mode"),
            candidate: number("candidate"),
            reference_mode: text("reference_mode"),
            reference: number("reference"),
            error: number("error"),
            within: row["within"].as_bool().unwrap_or_default(),
        }
    };
    let times = |one: &Fetches| {
        let bins = one.times.as_ref().map(|times| times.by_bin.as_slice()).unwrap_or_default();
        calibration::Times::new(&one.scenario, one.seed, one.mode.word(), bins)
    };
    let report = calibration::Calibration {
        rows: all.rows.iter().map(row).collect(),
        times: all.times.iter().map(times).collect(),
        at_most: all.at_most,
        command: all.command.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        defect: all.defect.clone(),
    };
    let written = calibration::write(&report, out);
    let again = format!("{} --out DIR, where there is room", all.command);
    let files = written.map_err(|error| Failure::new(Code::Internal, error.to_string(), again))?;
    Ok(files.into_iter().find(|file| file.extension().is_some_and(|extension| extension == "html")))
}

fn read(kept: &Kept) -> Result<hypermesh_reports::Run, Failure> {
    hypermesh_reports::read(&kept.dir).map_err(|error| Failure::new(Code::Internal, error.to_string(), again(kept)))
}

fn again(kept: &Kept) -> String {
    format!("run its scenario ({}) again with --seed {}", kept.scenario, kept.seed)
}
