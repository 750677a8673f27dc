//! `real`: a scenario on real sockets.

use crate::args::{Change, Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue::fleet::{self, Measured};
use crate::output::{Format, Output};
use crate::progress::Meter;
use crate::verbs::run::{Ended, command, summary, tell};
use crate::{glue, interrupt};
use hypermesh_scenarios::plan::Plan;
use serde_json::json;
use std::path::PathBuf;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh real scenarios/calibrate/long-path.yaml")]
pub(crate) struct Args {
    /// A scenario of layer 1, of so few nodes that one machine can run them.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    change: Change,

    #[command(flatten)]
    out: Out,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,

    /// Write no run directory and no report.
    #[arg(long)]
    no_report: bool,
}

/// Runs it, keeps it, and tells how it went.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let typed = format!("hypermesh real {}", args.file.display());
    let plan = glue::scenario::plan(&args.file, &args.change, &output)?;
    if let Some(why) = fleet::obstacle(&plan) {
        let message = format!("{} was not started: {why}", plan.name);
        return Err(Failure::new(Code::OverBudget, message, format!("hypermesh run {}, or {typed} --set ..", args.file.display())));
    }
    let stop = interrupt::listen();
    let measured = {
        let meter = Meter::start(output.quiet);
        fleet::run(&plan, &stop, &meter)?
    };
    let typed = command(&typed, &plan, &args.change);
    let dir = if args.no_report { None } else { glue::records::write(&plan, &measured.trace, &args.out.out, &typed)? };
    let mut ended = Ended::new(&plan, &measured.trace, dir);
    told(&plan, &measured, &mut ended, &output);
    let code = ended.code;
    summary(&[ended], code, &output);
    Ok(code)
}

/// Says how it went, and how well this machine kept up.
fn told(plan: &Plan, measured: &Measured, ended: &mut Ended, output: &Output) {
    let health = &measured.health;
    if output.format == Format::Text {
        tell(plan, &measured.trace, ended, output);
        output.line(format_args!(" {}", self::health(measured)));
    } else if let Some(object) = ended.json.as_object_mut() {
        let health = json!({
            "datagrams": health.datagrams,
            "lost_by_system": health.lost,
            "late_mean_s": health.late_mean.0 as f64 / 1e9,
            "late_max_s": health.late_max.0 as f64 / 1e9,
        });
        object.insert("sockets".to_owned(), health);
    }
}

/// How well this machine kept up, in a line.
pub(crate) fn health(measured: &Measured) -> String {
    let health = &measured.health;
    let ms = |span: hypermesh_core::base::Span| span.0 as f64 / 1e6;
    format!(
        "measured over {} real sockets: {} datagrams, {} lost by this system, handed over {:.2} ms late on average, {:.1} ms at most",
        measured.trace.run.nodes,
        crate::human::count(health.datagrams),
        health.lost,
        ms(health.late_mean),
        ms(health.late_max),
    )
}
