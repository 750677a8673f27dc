//! `completions`: a script that completes verbs and options in a shell.

use crate::args;
use crate::exit::Code;
use crate::fail::Done;
use crate::output::Output;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh completions bash > ~/.local/share/bash-completion/completions/hypermesh")]
pub(crate) struct Args {
    /// For which shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Writes the script to stdout.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "hypermesh", &mut script);
    output.raw(&String::from_utf8_lossy(&script));
    Ok(Code::Ok)
}
