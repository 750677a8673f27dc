//! `verify`: the same plan twice, in two different ways, and with the digest that was kept.

use crate::args::{Change, Engine, Host, Mode, Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue::records::Kept;
use crate::output::{Format, Output, Tone};
use crate::progress::Meter;
use crate::{glue, interrupt, machine};
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::{Options, Verification};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh verify scenarios/first/broadcast.yaml\n  hypermesh verify latest")]
pub(crate) struct Args {
    /// A scenario file, or a run: its directory, the beginning of its name, or `latest`.
    #[arg(value_name = "FILE|RUN", default_value = "latest")]
    target: String,

    #[command(flatten)]
    change: Change,

    #[command(flatten)]
    out: Out,

    /// Threads of the second run; 0 is one a core, and two at least.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,

    /// What hosts the engine of the second run; the first is always the bare engine on one thread.
    #[arg(long, value_enum)]
    host: Option<Host>,

    /// What carries the connections of layer 1, in both runs.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// Runs twice, compares, and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let (plan, kept) = subject(args, &output)?;
    let stop = interrupt::listen();
    let (first, second) = arms(args, &stop);
    let told = (how(&first), how(&second));
    let verification = {
        let meter = Meter::start(output.quiet);
        hypermesh_sim::verify(&plan, &first, &second, &meter).map_err(|error| glue::world::failure(&error))?
    };
    if stop.load(Ordering::SeqCst) {
        return Err(Failure::new(Code::Interrupted, "interrupted: nothing was compared", format!("hypermesh verify {}", args.target)));
    }
    let stored = kept.as_ref().map(|kept| kept.digest.clone());
    let equal = verification.digest_a == verification.digest_b && stored.as_ref().is_none_or(|stored| *stored == verification.digest_a);
    match args.format {
        Format::Json => output.json(&as_json(&verification, &told, stored.as_deref(), equal)),
        _ => tell(&plan, &verification, &told, stored.as_deref(), &output),
    }
    if equal {
        return Ok(Code::Ok);
    }
    output.next(&advice(&verification, args));
    Ok(Code::Mismatch)
}

/// What is verified: the plan of a file, or of a run that is kept.
fn subject(args: &Args, output: &Output) -> Result<(Plan, Option<Kept>), Failure> {
    let path = Path::new(&args.target);
    let is_scenario = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if is_scenario {
        return Ok((glue::scenario::plan(path, &args.change, output)?, None));
    }
    let kept = glue::records::open(&args.out.out, &args.target)?;
    let change = Change { seed: args.change.seed.or(Some(kept.seed)), ..args.change.clone() };
    let plan = glue::scenario::plan_of_text(&kept.scenario, &kept.resolved_yaml, &change, output)?;
    Ok((plan, Some(kept)))
}

/// The bare engine on one thread, and something as different from it as was asked for.
fn arms(args: &Args, stop: &Arc<AtomicBool>) -> (Options, Options) {
    let threads = if args.threads == 0 { machine::cores().max(2) } else { args.threads };
    let host = args.host.unwrap_or(if cfg!(madsim) { Host::Madsim } else { Host::Engine });
    let first = Engine { threads: 1, host: Host::Engine, mode: args.mode };
    (first.options(stop), Engine { threads, host, mode: args.mode }.options(stop))
}

fn how(options: &Options) -> String {
    let host = match options.host {
        hypermesh_sim::Host::Engine => "the bare engine",
        hypermesh_sim::Host::Madsim => "madsim",
    };
    let plural = if options.threads == 1 { "" } else { "s" };
    format!("{host}, {} thread{plural}", options.threads)
}

fn tell(plan: &Plan, verification: &Verification, told: &(String, String), stored: Option<&str>, output: &Output) {
    output.line(format_args!("{} (seed {})", plan.name, plan.seed));
    let wide = told.0.len().max(told.1.len());
    output.line(format_args!(" {:<wide$}  {}", told.0, verification.digest_a));
    output.line(format_args!(" {:<wide$}  {}", told.1, verification.digest_b));
    if let Some(stored) = stored {
        output.line(format_args!(" {:<wide$}  {stored}", "the run that is kept"));
    }
    let differ = output.tone(Tone::Bad, "DIFFER");
    match &verification.first {
        Some(first) => {
            let (from, until) = (first.window_from_ns as f64 / 1e9, first.window_until_ns as f64 / 1e9);
            output.line(format_args!("{differ}: first between {from:.6} s and {until:.6} s, in layer {}", first.layer));
            output.line(format_args!("  first run:  {}", first.event_a));
            output.line(format_args!("  second run: {}", first.event_b));
        }
        None if verification.digest_a != verification.digest_b => output.line(format_args!("{differ}: no single event was found")),
        None if stored.is_some_and(|stored| stored != verification.digest_a) => {
            output.line(format_args!("{differ}: both runs agree with each other and not with the one that is kept"));
        }
        None => output.line(output.tone(Tone::Good, "equal")),
    }
}

fn as_json(verification: &Verification, told: &(String, String), stored: Option<&str>, equal: bool) -> Value {
    json!({
        "equal": equal,
        "digest_a": verification.digest_a,
        "digest_b": verification.digest_b,
        "how_a": told.0,
        "how_b": told.1,
        "stored": stored,
        "first": verification.first.as_ref().map(|first| json!({
            "from_ns": first.window_from_ns,
            "until_ns": first.window_until_ns,
            "layer": first.layer,
            "event_a": first.event_a,
            "event_b": first.event_b,
        })),
    })
}

fn advice(verification: &Verification, args: &Args) -> String {
    if verification.digest_a != verification.digest_b {
        return format!("hypermesh verify {} --host engine, which leaves threads as the only difference", args.target);
    }
    format!("hypermesh run FILE with this version, then hypermesh diff {} latest: another version made the run that is kept", args.target)
}
