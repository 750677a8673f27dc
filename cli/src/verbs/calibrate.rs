//! `calibrate`: the same scenario over the QUIC model and over real QUIC on the same simulated wires, and how far the two are apart.

use crate::args::{Change, Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue::records::{Calibrated, Fetches};
use crate::output::{Format, Output, Tone};
use crate::progress::Meter;
use crate::table::Table;
use crate::{glue, interrupt};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::Options;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh calibrate scenarios/stoq/first-fetch.yaml --set groups.client.count=200")]
pub(crate) struct Args {
    /// A scenario of layer 1.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    change: Change,

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

/// One figure in both modes.
struct Figure {
    name: &'static str,
    unit: &'static str,
    message: f64,
    packet: f64,
}

impl Figure {
    /// The model's error as a share of what real QUIC gave.
    fn error(&self) -> f64 {
        if self.packet == 0.0 { 0.0 } else { self.message / self.packet - 1.0 }
    }
}

/// Runs twice and compares.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let plan = glue::scenario::plan(&args.file, &args.change, &output)?;
    if plan.workload.fetches.is_empty() {
        let hint = "hypermesh calibrate scenarios/stoq/first-fetch.yaml".to_owned();
        return Err(Failure::new(Code::Nothing, "nobody asks for an object in this scenario, so there is nothing to compare", hint));
    }
    let stop = interrupt::listen();
    let [message, packet] = [false, true].map(|packets| one(&plan, packets, args, &stop, &output));
    let (message, packet) = (message?, packet?);
    if stop.load(Ordering::SeqCst) {
        return Err(Failure::new(
            Code::Interrupted,
            "interrupted: nothing was compared",
            format!("hypermesh calibrate {}", args.file.display()),
        ));
    }
    let figures = figures(&message, &packet);
    let is_right = figures.iter().all(|figure| figure.error().abs() <= args.at_most);
    match args.format {
        Format::Json => output.json(&as_json(&plan, &figures, args.at_most, is_right)),
        _ => tell(&figures, args, is_right, &output),
    }
    let calibrated = Calibrated {
        rows: figures.iter().map(|figure| row(&plan, figure, args.at_most)).collect(),
        times: [&message, &packet].map(|trace| Fetches::of(&plan, trace)).to_vec(),
        at_most: args.at_most,
        command: typed(),
        defect: plan.defect.map(|defect| format!("{defect:?}")),
    };
    if let Some(page) = glue::records::calibration(&calibrated, &args.out.out.join("calibration"))? {
        output.note(format_args!("with the distributions over each other: {}", page.display()));
    }
    Ok(if is_right { Code::Ok } else { Code::Expectation })
}

fn one(plan: &Plan, packets: bool, args: &Args, stop: &Arc<AtomicBool>, output: &Output) -> Result<Trace, Failure> {
    let options = Options { threads: args.threads, packets, stop: Arc::clone(stop), ..Options::default() };
    let meter = Meter::start(output.quiet);
    hypermesh_sim::run(plan, &options, &meter).map_err(|error| glue::world::failure(&error))
}

/// What clients saw, and what it cost the network.
fn figures(message: &Trace, packet: &Trace) -> Vec<Figure> {
    let quantile = |trace: &Trace, q: f64| {
        let samples = trace.metrics.samples.get(&Id::FetchLatency)?;
        let mut bins = samples.by_bin.iter();
        let mut all = bins.next()?.clone();
        bins.for_each(|bin| all.add(bin).unwrap_or_default());
        Some(all.value_at_quantile(q) as f64 / 1e6)
    };
    let total = |trace: &Trace, id: Id| trace.metrics.counters.get(&id).map_or(0.0, |counter| counter.by_bin.iter().sum::<u64>() as f64);
    let latency = |name, q| {
        let [message, packet] = [message, packet].map(|trace| quantile(trace, q).unwrap_or(0.0));
        Figure { name, unit: "ms", message, packet }
    };
    let count = |name, unit, id, scale: f64| Figure { name, unit, message: total(message, id) / scale, packet: total(packet, id) / scale };
    vec![
        latency("p50 of fetches", 0.5),
        latency("p90 of fetches", 0.9),
        latency("p99 of fetches", 0.99),
        count("bytes on the wires", "MB", Id::NetBytes, 1e6),
        count("objects fetched", "", Id::FetchDone, 1.0),
    ]
}

fn tell(figures: &[Figure], args: &Args, is_right: bool, output: &Output) {
    let mut table = Table::new(&["figure", "model (simulated)", "real QUIC (emulated)", "error"], &[1, 2, 3]);
    for figure in figures {
        let value = |value: f64| format!("{value:.1} {}", figure.unit).trim_end().to_owned();
        let error = format!("{:+.1} %", figure.error() * 100.0);
        table.row([figure.name.to_owned(), value(figure.message), value(figure.packet), error]);
    }
    output.raw(&if args.format == Format::Md { table.markdown() } else { table.text() });
    let limit = format!("{} %", args.at_most * 100.0);
    let verdict = if is_right {
        output.tone(Tone::Good, format!("the model is within {limit} of real QUIC"))
    } else {
        output.tone(Tone::Bad, format!("the model is more than {limit} off"))
    };
    output.line(verdict);
}

/// A row as reports read it.
fn row(plan: &Plan, figure: &Figure, at_most: f64) -> Value {
    json!({
        "scenario": plan.name,
        "seed": plan.seed,
        "comparison": "message against packet",
        "quantity": figure.name,
        "unit": figure.unit,
        "reference_mode": "emulated",
        "reference": figure.packet,
        "candidate_mode": "simulated",
        "candidate": figure.message,
        "error": figure.error(),
        "within": figure.error().abs() <= at_most,
    })
}

/// The command line, for the report.
fn typed() -> String {
    std::iter::once("hypermesh".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" ")
}

fn as_json(plan: &Plan, figures: &[Figure], at_most: f64, is_right: bool) -> Value {
    let one = |figure: &Figure| json!({ "figure": figure.name, "unit": figure.unit, "message": figure.message, "packet": figure.packet, "error": figure.error() });
    json!({ "scenario": plan.name, "seed": plan.seed, "at_most": at_most, "within": is_right, "figures": figures.iter().map(one).collect::<Vec<_>>() })
}
