//! `conform`: the conformance suite of STOQ, from cases to a report.

mod simulated;
#[cfg(feature = "real")]
mod sockets;
mod words;

use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue::conform::{self as suite, Choice, Report};
use crate::output::{Format, Output};
use crate::progress::Steps;
use crate::{human, interrupt};
use hypermesh_conform::suite::Need;
use hypermesh_conform::suite::report::{Ran, Summary};
use hypermesh_core::testing::Breach;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh conform --select R-6 --out conformance")]
pub(crate) struct Args {
    /// Only cases whose name begins so: those of a clause (`R-6-`), of a requirement (`R-6-01/`), or one; can be repeated.
    #[arg(long, value_name = "PREFIX")]
    select: Vec<String>,

    /// Only cases over a network that need no more than this: `address`, `contents`, `configuration` or `upper` (an upper tester).
    #[arg(long, value_name = "NEED", value_parser = need)]
    need: Option<Need>,

    /// Say which cases there are, and run none.
    #[arg(long)]
    list: bool,

    /// How to write results.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Junit]))]
    format: Format,

    /// Write the report into this directory: `conformance.html`, `conformance.json`, `junit.xml`, `pics.csv` and `pics.json`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Add a case whose expectation is wrong on purpose, to see it reported as a failure.
    #[arg(long)]
    canary: bool,

    /// Print the JSON Schema of `--format json`, and run nothing.
    #[arg(long)]
    schema: bool,

    #[command(flatten)]
    simulated: simulated::Args,

    #[cfg(feature = "real")]
    #[command(flatten)]
    sockets: sockets::Args,

    /// Plant every breach of the standard in turn, and tell which case finds it.
    #[cfg(feature = "zoo")]
    #[arg(long, hide = true)]
    zoo: bool,

    /// Run with one breach on.
    #[cfg(feature = "zoo")]
    #[arg(long, hide = true, value_name = "NAME", value_parser = breach)]
    breach: Option<Breach>,
}

impl Args {
    /// The breach to switch on; never one in a build without the feature `zoo`.
    const fn breach(&self) -> Option<Breach> {
        #[cfg(feature = "zoo")]
        return self.breach;
        #[cfg(not(feature = "zoo"))]
        None
    }
}

fn need(name: &str) -> Result<Need, String> {
    let known = Need::ALL.into_iter().find(|need| need.name() == name);
    known.ok_or_else(|| format!("one of {}", Need::ALL.map(Need::name).join(", ")))
}

#[cfg(feature = "zoo")]
fn breach(name: &str) -> Result<Breach, String> {
    Breach::named(name).ok_or_else(|| "the column `defect` of the standard's index of requirements has the names".to_owned())
}

/// Runs the suite.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    if args.schema {
        output.line(format_args!("{:#}", suite::schema()));
        return Ok(Code::Ok);
    }
    let choice = Choice::new(&args.select, args.need, args.canary);
    if choice.campaign.cases.is_empty() {
        let asked = args.select.join("`, `");
        return Err(Failure::new(Code::Nothing, format!("no case begins with `{asked}`"), "hypermesh conform --list"));
    }
    if args.list {
        words::list(&choice.campaign.cases, output);
        return Ok(Code::Ok);
    }
    let (started, stop) = (Instant::now(), interrupt::listen());
    let tiers = tiers(args, &choice, &stop, output)?;
    if tiers.iter().all(|ran| ran.records.is_empty()) {
        let why = "none of the cases that were chosen can run there";
        return Err(Failure::new(Code::Nothing, why, format!("hypermesh conform --list --select {}", args.select.join(" --select "))));
    }
    #[cfg(feature = "zoo")]
    let detections = args.zoo.then(|| {
        let mut steps = Steps::start(output.quiet, "breaches", choice.breaches().len());
        choice.hunt(crate::machine::cores(), &stop, || steps.step())
    });
    #[cfg(not(feature = "zoo"))]
    let detections = None;
    let report = Report::new(choice.all, tiers, detections);
    told(args, &report, output)?;
    output.note(format_args!("took {}", human::seconds(started.elapsed().as_secs_f64())));
    end(args, &report.summary, &stop, output)
}

/// Runs what was chosen in every tier that was asked for.
fn tiers(args: &Args, choice: &Choice, stop: &AtomicBool, output: Output) -> Result<Vec<Ran>, Failure> {
    let mut tiers = Vec::new();
    let in_memory_cases = choice.campaign.cases.iter().filter(|case| case.is_in_memory).count();
    #[cfg(feature = "real")]
    let in_memory = args.sockets.in_memory(args.simulated.is_asked());
    #[cfg(not(feature = "real"))]
    let in_memory = !args.simulated.is_asked();
    if in_memory {
        let mut steps = Steps::start(output.quiet, "cases", in_memory_cases);
        tiers.push(choice.memory(args.breach(), stop, || steps.step()));
    }
    tiers.extend(args.simulated.ran(choice, args.breach(), stop, output));
    #[cfg(feature = "real")]
    tiers.extend(args.sockets.ran(choice, stop, output)?);
    Ok(tiers)
}

/// Writes what was found where it was asked for.
fn told(args: &Args, report: &Report, output: Output) -> Result<(), Failure> {
    let internal = |error: String| Failure::new(Code::Internal, format!("writing the report: {error}"), "hypermesh conform");
    match args.format {
        Format::Json => {
            let value = serde_json::to_value(&report.summary).map_err(|error| internal(error.to_string()))?;
            output.json(&value);
        }
        Format::Junit => output.raw(&report.junit().map_err(internal)?),
        _ => words::summary(&report.summary, !args.select.is_empty() || args.need.is_some(), output),
    }
    if let Some(dir) = &args.out {
        write(dir, report).map_err(|error| {
            let fits = format!("hypermesh conform --out {}", std::env::temp_dir().join("conformance").display());
            Failure::new(Code::Internal, format!("{}: {error}", dir.display()), fits)
        })?;
        let page = dir.join("conformance.html");
        if args.format == Format::Text {
            output.line(format_args!("report {}", page.display()));
        } else {
            output.note(format_args!("report {}", page.display()));
        }
    }
    Ok(())
}

fn write(dir: &Path, report: &Report) -> Result<(), String> {
    let files = report.files()?;
    std::fs::create_dir_all(dir).map_err(|error| error.to_string())?;
    files.iter().try_for_each(|(name, text)| std::fs::write(dir.join(name), text).map_err(|error| format!("{name}: {error}")))
}

/// How the command ends.
fn end(args: &Args, summary: &Summary, stop: &AtomicBool, output: Output) -> Done {
    if stop.load(Ordering::SeqCst) {
        return Ok(Code::Interrupted);
    }
    let is_silent = summary.gates.iter().any(|gate| gate.id == "G9" && gate.holds == Some(false));
    if is_silent {
        let why = "the canary was not reported as a failure: no verdict of this build can be believed";
        return Err(Failure::new(Code::Internal, why, "hypermesh conform --select R-6-01/ --canary"));
    }
    let code = code(summary);
    if code == Code::Conformance {
        let next = summary.cases.iter().find(|case| !is_kept(case.verdict)).map(|case| case.replay.clone());
        output.next(&next.unwrap_or_else(|| "hypermesh conform --zoo --out conformance".to_owned()));
    } else if args.out.is_none() && args.format == Format::Text {
        output.hint("hypermesh conform --out conformance");
    }
    Ok(code)
}

/// Whether an implementation with this verdict still conforms.
const fn is_kept(verdict: hypermesh_conform::suite::Verdict) -> bool {
    use hypermesh_conform::suite::Verdict;
    matches!(verdict, Verdict::Pass | Verdict::NonStrict | Verdict::NotApplicable)
}

/// Ends well only if every case is kept, and every breach that was planted was found and nothing else failed.
fn code(summary: &Summary) -> Code {
    let kept = summary.cases.iter().all(|case| is_kept(case.verdict));
    let found = summary.defects_planted == summary.defects_detected && summary.collateral_unexplained.unwrap_or(0) == 0;
    if kept && found { Code::Ok } else { Code::Conformance }
}
