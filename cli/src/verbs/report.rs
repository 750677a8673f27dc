//! `report`: the report of a run that is kept, written again or printed.

use crate::args::{Out, formats};
use crate::exit::Code;
use crate::fail::Done;
use crate::glue;
use crate::output::{Format, Output};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh report latest --format md")]
pub(crate) struct Args {
    /// The run: a directory, a unique part of its name, or `latest`.
    #[arg(value_name = "RUN", default_value = "latest")]
    run: String,

    #[command(flatten)]
    out: Out,

    /// Text writes report.html again and prints its path; md and json print the report.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Md, Format::Json]))]
    format: Format,
}

/// Renders again or prints.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let kept = glue::records::open(&args.out.out, &args.run)?;
    match args.format {
        Format::Md => output.raw(&glue::records::markdown(&kept)?),
        Format::Json => output.json(&glue::records::json(&kept)?),
        _ => output.line(glue::records::render(&kept)?.display()),
    }
    Ok(Code::Ok)
}
