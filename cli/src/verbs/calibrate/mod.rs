//! `calibrate`: the same scenario over the QUIC model, over real QUIC on the same simulated wires and, if asked, over real sockets; and how far
//! neighbours among the three are apart.

mod rows;

use crate::args::{Change, Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue::records::{Calibrated, Fetches};
use crate::output::{Format, Output, Tone};
use crate::progress::Meter;
use crate::table::Table;
use crate::{glue, interrupt};
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::Options;
use rows::{Comparison, Row, compare};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh calibrate scenarios/stoq/first-fetch.yaml --set groups.client.count=200")]
pub(crate) struct Args {
    /// Scenarios of layer 1.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    change: Change,

    /// Run over real sockets too, in wall time, and hold real QUIC on simulated wires against that.
    #[cfg(feature = "real")]
    #[arg(long)]
    sockets: bool,

    /// The largest error that is right.
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = super::diff::share)]
    at_most: f64,

    /// Threads; 0 is one a core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,

    #[command(flatten)]
    out: Out,

    /// How to write the table.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Md]))]
    format: Format,
}

/// Runs each scenario in every fidelity that was asked for, and compares.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let plans = args.files.iter().map(|file| plan(file, args, &output)).collect::<Result<Vec<_>, Failure>>()?;
    let stop = interrupt::listen();
    let (mut rows, mut times) = (Vec::new(), Vec::new());
    for plan in &plans {
        rows.extend(one(plan, args, &stop, &output, &mut times)?);
    }
    let is_right = rows.iter().all(|row| row.is_within(args.at_most));
    let told: Vec<_> = rows.iter().map(|row| row.json(args.at_most)).collect();
    match args.format {
        Format::Json => output.json(&json!({ "at_most": args.at_most, "within": is_right, "rows": told })),
        _ => tell(&rows, args, is_right, &output),
    }
    let defect = plans.first().and_then(|plan| plan.defect).map(|defect| format!("{defect:?}"));
    let calibrated = Calibrated { rows: told, times, at_most: args.at_most, command: typed(), defect };
    if let Some(page) = glue::records::calibration(&calibrated, &args.out.out.join("calibration"))? {
        output.note(format_args!("with the distributions over each other: {}", page.display()));
    }
    Ok(if is_right { Code::Ok } else { Code::Expectation })
}

/// The plan of a file in which there is something to compare.
fn plan(file: &Path, args: &Args, output: &Output) -> Result<Plan, Failure> {
    let plan = glue::scenario::plan(file, &args.change, output)?;
    if plan.workload.fetches.is_empty() {
        let message = format!("nobody asks for an object in {}, so there is nothing to compare", file.display());
        return Err(Failure::new(Code::Nothing, message, "hypermesh calibrate scenarios/stoq/first-fetch.yaml"));
    }
    #[cfg(feature = "real")]
    if let Some(why) = args.sockets.then(|| glue::fleet::obstacle(&plan)).flatten() {
        let message = format!("{} cannot run on sockets: {why}", plan.name);
        return Err(Failure::new(Code::OverBudget, message, "the same command without --sockets, or with --set"));
    }
    Ok(plan)
}

/// The command line, for the report.
fn typed() -> String {
    std::iter::once("hypermesh".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" ")
}

/// All comparisons of one plan; the times of its fetches in each fidelity are added to `times`.
fn one(plan: &Plan, args: &Args, stop: &Arc<AtomicBool>, output: &Output, times: &mut Vec<Fetches>) -> Result<Vec<Row>, Failure> {
    let message = simulated(plan, false, args, stop, output)?;
    let packet = simulated(plan, true, args, stop, output)?;
    times.extend([&message, &packet].map(|trace| Fetches::of(plan, trace)));
    let rows = compare(plan, Comparison::MessagePacket, &message, &packet);
    #[cfg(feature = "real")]
    let rows = if args.sockets { with_sockets(plan, rows, &packet, args, stop, output, times)? } else { rows };
    Ok(rows)
}

/// The rows so far, and those of packet mode against real sockets.
#[cfg(feature = "real")]
fn with_sockets(
    plan: &Plan,
    mut rows: Vec<Row>,
    packet: &Trace,
    args: &Args,
    stop: &Arc<AtomicBool>,
    output: &Output,
    times: &mut Vec<Fetches>,
) -> Result<Vec<Row>, Failure> {
    let measured = {
        let meter = Meter::start(output.quiet);
        glue::fleet::run(plan, stop, &meter)?
    };
    output.note(super::net::real::health(&measured));
    if let Some(broken) = measured.trace.violations.first() {
        let message = format!("on sockets {} was broken: {}", broken.invariant.metric().name, broken.detail);
        return Err(Failure::new(Code::Safety, message, "hypermesh real FILE"));
    }
    let socket = whole(measured.trace, stop, args)?;
    times.push(Fetches::of(plan, &socket));
    rows.extend(compare(plan, Comparison::PacketSocket, packet, &socket));
    Ok(rows)
}

/// Runs a plan on simulated wires.
fn simulated(plan: &Plan, packets: bool, args: &Args, stop: &Arc<AtomicBool>, output: &Output) -> Result<Trace, Failure> {
    let options = Options { threads: args.threads, packets, stop: Arc::clone(stop), ..Options::default() };
    let meter = Meter::start(output.quiet);
    let trace = glue::world::run(plan, &options, &meter)?;
    whole(trace, stop, args)
}

/// A run that was cut off is not compared.
fn whole(trace: Trace, stop: &Arc<AtomicBool>, args: &Args) -> Result<Trace, Failure> {
    if stop.load(Ordering::SeqCst) {
        let files: Vec<String> = args.files.iter().map(|file| file.display().to_string()).collect();
        let again = format!("hypermesh calibrate {}", files.join(" "));
        return Err(Failure::new(Code::Interrupted, "interrupted: nothing was compared", again));
    }
    Ok(trace)
}

fn tell(rows: &[Row], args: &Args, is_right: bool, output: &Output) {
    let mut table = Table::new(&["scenario", "seed", "compared", "quantity", "judged", "reference", "error", "verdict"], &[1, 4, 5, 6]);
    for row in rows {
        let value = |value: f64| format!("{value:.1} {}", row.unit).trim_end().to_owned();
        table.row([
            row.scenario.clone(),
            row.seed.to_string(),
            row.comparison.words().to_owned(),
            row.quantity.to_owned(),
            value(row.candidate),
            value(row.reference),
            format!("{:+.1} %", row.error() * 100.0),
            if row.is_within(args.at_most) { "ok" } else { "OFF" }.to_owned(),
        ]);
    }
    output.raw(&if args.format == Format::Md { table.markdown() } else { table.text() });
    let limit = format!("{} %", args.at_most * 100.0);
    let off = rows.iter().filter(|row| !row.is_within(args.at_most)).count();
    output.line(if is_right {
        output.tone(Tone::Good, format!("every figure is within {limit} of its reference"))
    } else {
        output.tone(Tone::Bad, format!("{off} of {} figures are more than {limit} off", rows.len()))
    });
}
