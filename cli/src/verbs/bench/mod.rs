//! `bench`: what the simulator can do on this machine. Figures are measured here and now, and never compared with figures from elsewhere.

mod parts;
mod scale;

pub(crate) use scale::Measured;

use crate::fail::Done;
use crate::output::Output;
use clap::Subcommand;

/// Measures the simulator on this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench scale --nodes 10k,100k")]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Two loads at several sizes, on the simulator, on a bare event loop and on madsim alone
    Scale(scale::Args),
    /// The simulator's parts: queue, draw, codec, node step
    Parts(parts::Args),
    /// One measurement, in this process; prints one JSON object
    #[command(hide = true)]
    One(scale::One),
}

/// Measures what was asked for.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    match &args.what {
        What::Scale(args) => scale::run(args, output),
        What::Parts(args) => parts::run(args, output),
        What::One(args) => scale::one(args, output),
    }
}
