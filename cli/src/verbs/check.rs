//! `check`: every error of every file, at once.

use crate::args::{Change, formats};
use crate::exit::Code;
use crate::fail::Done;
use crate::glue;
use crate::output::{Format, Output, Tone};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh check scenarios/first/broadcast.yaml")]
pub(crate) struct Args {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    change: Change,

    /// Let warnings fail too.
    #[arg(long)]
    deny_warnings: bool,

    /// How to write problems.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Sarif]))]
    format: Format,
}

/// Checks each file and prints what was found.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let checked: Vec<_> = args.files.iter().map(|file| (file, glue::scenario::check(file, &args.change, output.colored_err()))).collect();
    let problems: Vec<Value> = checked.iter().flat_map(|(_, found)| found.problems.clone()).collect();
    let (errors, warnings) =
        checked.iter().fold((0, 0), |(errors, warnings), (_, found)| (errors + found.errors, warnings + found.warnings));
    match args.format {
        Format::Json => output.json(&json!({ "errors": errors, "warnings": warnings, "problems": problems })),
        Format::Sarif => output.json(&glue::sarif::log(&problems)),
        _ => {
            for (file, found) in &checked {
                if !found.text.is_empty() {
                    eprintln!("{}\n", found.text.trim_end());
                }
                if found.errors == 0 {
                    let ok = output.tone(Tone::Good, "ok");
                    output.line(format_args!("{}: {ok} ({})", file.display(), found.summary));
                }
            }
        }
    }
    if errors > 0 || (args.deny_warnings && warnings > 0) {
        eprintln!("{}", count(errors, warnings));
        output.next(&format!("hypermesh check {}", args.files[0].display()));
        return Ok(Code::Invalid);
    }
    Ok(Code::Ok)
}

/// `2 errors, 1 warning`.
pub(crate) fn count(errors: usize, warnings: usize) -> String {
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    match (errors, warnings) {
        (errors, 0) => plural(errors, "error"),
        (0, warnings) => plural(warnings, "warning"),
        (errors, warnings) => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}
