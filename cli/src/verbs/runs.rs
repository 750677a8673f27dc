//! `runs`: what is kept.

use crate::args::{Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::{Format, Output};
use crate::table::Table;
use crate::{glue, human};
use serde_json::json;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh runs")]
pub(crate) struct Args {
    #[command(flatten)]
    out: Out,

    /// How to write the list.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Jsonl, Format::Md]))]
    format: Format,
}

/// Prints the list.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let kept = glue::records::list(&args.out.out);
    if kept.is_empty() {
        let message = format!("there are no runs in {}", args.out.out.display());
        return Err(Failure::new(Code::Nothing, message, "hypermesh demo, or name another directory with --out"));
    }
    let as_json = |line: &glue::records::Kept| {
        json!({
            "run": line.name(), "dir": line.dir.display().to_string(), "scenario": line.scenario, "seed": line.seed,
            "verdict": line.verdict, "nodes": line.nodes, "digest": line.digest,
        })
    };
    match args.format {
        Format::Json => output.json(&kept.iter().map(as_json).collect()),
        Format::Jsonl => kept.iter().for_each(|line| output.json(&as_json(line))),
        _ => {
            let mut table = Table::new(&["run", "verdict", "nodes", "seed"], &[2, 3]);
            for line in &kept {
                table.row([line.name(), line.verdict.clone(), human::count(line.nodes), line.seed.to_string()]);
            }
            output.raw(&if args.format == Format::Md { table.markdown() } else { table.text() });
        }
    }
    Ok(Code::Ok)
}
