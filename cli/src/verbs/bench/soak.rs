//! `bench soak`: a small network of processes under mixed load and faults, for as long as asked, and whether anything grew that must not grow.

use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::human;
use crate::output::{Format, Output};
use crate::table::Table;
use crate::verbs::net::signalled;
use hypermesh_real::bench::soak::{FIGURES, Judged, Plan, Report, Sample, SoakError, run as soak};
use serde_json::{Value, json};
use std::time::Duration;

const EXAMPLE: &str = "hypermesh bench soak --minutes 30";

/// Loads a small network for long and looks for what grows.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench soak --minutes 30")]
pub(crate) struct Args {
    /// Minutes of load.
    #[arg(long, value_name = "N", default_value_t = 2.0)]
    minutes: f64,

    /// Operations per second, of all readers and publishers together.
    #[arg(long, value_name = "N", default_value_t = 30.0)]
    rate: f64,

    /// Seconds between two looks at every process.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    every: f64,

    /// Seconds between two kills of an edge; never if 0.
    #[arg(long, value_name = "SECONDS", default_value_t = 45.0)]
    kill_every: f64,

    /// Where choices come from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How to write the results.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Md]))]
    format: Format,
}

/// Loads, judges and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let failed = |error: SoakError| Failure::new(Code::Internal, error.to_string(), EXAMPLE);
    let folder = super::Folder::new("hypermesh-soak");
    let seconds = |value: f64| Duration::from_secs_f64(value.clamp(0.0, 1e6));
    let plan = Plan {
        exe: std::env::current_exe().map_err(|error| Failure::machine("finding this command", &error, EXAMPLE))?,
        folder: folder.0.clone(),
        seconds: args.minutes * 60.0,
        rate: args.rate,
        every: seconds(args.every).max(Duration::from_millis(100)),
        kill_every: seconds(args.kill_every),
        seed: args.seed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::machine("starting threads", &error, EXAMPLE))?;
    let report = runtime.block_on(async {
        tokio::select! {
            report = soak(&plan, |line| output.note(line)) => report.map_err(failed),
            // The nodes end with what was begun.
            () = signalled() => Err(Failure::new(Code::Interrupted, "interrupted", EXAMPLE)),
        }
    })?;
    match args.format {
        Format::Json => output.json(&json_of(&report)),
        format => {
            let shown = |table: &Table| if format == Format::Md { table.markdown() } else { table.text() };
            output.raw(&shown(&processes(&report)));
            output.line("");
            output.raw(&shown(&memory(&report)));
            output.line("");
            output.raw(&shown(&done(&report)));
            output.line(format_args!(
                "\n{} of load, {:.2} cores, {} kills; {}",
                human::seconds(report.seconds),
                report.cores,
                report.kills,
                report.idle_after.map_or_else(|| "NEVER back at the level of before".to_owned(), |s| format!("idle again after {s:.0} s")),
            ));
            report.wrong.iter().for_each(|wrong| output.line(format_args!("WRONG: {wrong}")));
            output.line(if report.passed() { "passed" } else { "FAILED" });
        }
    }
    Ok(if report.passed() { Code::Ok } else { Code::Expectation })
}

/// What was counted of each process: idle before, the most under load, idle after.
fn processes(report: &Report) -> Table {
    let mut table = Table::new(&["process", "what", "idle before", "most under load", "idle after", "verdict"], &[2, 3, 4]);
    for judged in &report.judged {
        for (what, of) in &FIGURES[1..] {
            let most = judged.samples.iter().map(of).max().unwrap_or_default();
            let cells = [of(&judged.before), most, of(&judged.after)].map(|value| value.to_string());
            let [before, most, after] = cells;
            table.row([judged.name.to_owned(), (*what).to_owned(), before, most, after, judged.counts.word().to_owned()]);
        }
    }
    table
}

/// Resident memory: medians of the quarters.
fn memory(report: &Report) -> Table {
    let mut table = Table::new(
        &["process", "lives", "idle before", "1st quarter", "2nd", "3rd", "4th", "slope an hour", "idle after", "memory"],
        &[1, 2, 3, 4, 5, 6, 7, 8],
    );
    for judged in &report.judged {
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let quarters = judged.quarters.map(mib);
        let [first, second, third, fourth] = quarters;
        table.row([
            judged.name.to_owned(),
            lives(judged).to_string(),
            mib(judged.before.resident),
            first,
            second,
            third,
            fourth,
            format!("{:+.1} MiB", judged.slope_per_hour / f64::from(1 << 20)),
            mib(judged.after.resident),
            judged.memory.word().to_owned(),
        ]);
    }
    table
}

fn lives(judged: &Judged) -> usize {
    let mut processes: Vec<u32> = judged.samples.iter().map(|sample| sample.process).collect();
    processes.dedup();
    processes.len()
}

fn done(report: &Report) -> Table {
    let mut table = Table::new(&["what was done", "times"], &[1]);
    report.tally.iter().for_each(|(what, times)| table.row([(*what).to_owned(), human::count(*times)]));
    table
}

fn json_of(report: &Report) -> Value {
    let sample = |sample: &Sample| {
        let mut object: serde_json::Map<String, Value> =
            FIGURES.iter().map(|(name, of)| (name.replace(' ', "_"), json!(of(sample)))).collect();
        object.insert("at_s".to_owned(), json!(sample.at));
        object.insert("process".to_owned(), json!(sample.process));
        Value::Object(object)
    };
    let process = |judged: &Judged| {
        json!({
            "name": judged.name, "lives": lives(judged), "before": sample(&judged.before), "after": sample(&judged.after),
            "resident_bytes_quarters": judged.quarters, "slope_bytes_per_hour": judged.slope_per_hour,
            "memory": judged.memory.word(), "counts": judged.counts.word(), "samples": judged.samples.iter().map(sample).collect::<Vec<_>>(),
        })
    };
    json!({
        "passed": report.passed(), "seconds": report.seconds, "cores": report.cores, "kills": report.kills, "idle_after_s": report.idle_after,
        "wrong": report.wrong, "processes": report.judged.iter().map(process).collect::<Vec<_>>(),
        "done": report.tally.iter().map(|(what, times)| ((*what).replace(' ', "_"), json!(times))).collect::<serde_json::Map<_, _>>(),
    })
}
