//! `schema`: the JSON Schema of scenario files, generated from the types that read them.

use crate::exit::Code;
use crate::fail::Done;
use crate::glue;
use crate::output::Output;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh schema > scenario.v1.json")]
pub(crate) struct Args {}

/// Writes the schema to stdout.
pub(crate) fn run(_: &Args, output: Output) -> Done {
    output.raw(&glue::scenario::schema());
    Ok(Code::Ok)
}
