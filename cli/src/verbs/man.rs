//! `man`: the manual pages, made from the same words as `--help`.

use crate::args;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::Output;
use clap_mangen::Man;
use std::path::PathBuf;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh man --dir man && man ./man/hypermesh-run.1")]
pub(crate) struct Args {
    /// Write one page for each verb into this directory instead of printing the first.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Writes the page to stdout, or all pages to a directory.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let failed = |error: std::io::Error| Failure::machine("writing manual pages", &error, "hypermesh man > hypermesh.1");
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        Man::new(args::command()).render(&mut page).map_err(failed)?;
        output.raw(&String::from_utf8_lossy(&page));
        return Ok(Code::Ok);
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(args::command(), dir).map_err(failed)?;
    output.line(dir.display());
    Ok(Code::Ok)
}
