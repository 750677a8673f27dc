//! `bench`: what the simulator, and transport on real sockets, can do on this machine. Figures are measured here and now, and never compared with figures from elsewhere.

mod parts;
#[cfg(feature = "real")]
mod profile;
mod scale;
#[cfg(feature = "real")]
mod soak;
#[cfg(feature = "real")]
mod transport;

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
    /// STOQ on real sockets, beside bare quinn and the machine's ceilings
    #[cfg(feature = "real")]
    Transport(transport::Args),
    /// A small network of processes under mixed load and faults for long, and what grows
    #[cfg(feature = "real")]
    Soak(soak::Args),
    /// What a packet, a byte, a handshake and a request cost on one core, as a `cpu` for a scenario
    #[cfg(feature = "real")]
    Profile(profile::Args),
    /// The other process of a measurement in two; serves until its input ends
    #[cfg(feature = "real")]
    #[command(hide = true)]
    TransportSide(transport::Side),
    /// One measurement, in this process; prints one JSON object
    #[command(hide = true)]
    One(scale::One),
}

/// Measures what was asked for.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    match &args.what {
        What::Scale(args) => scale::run(args, output),
        What::Parts(args) => parts::run(args, output),
        #[cfg(feature = "real")]
        What::Transport(args) => transport::run(args, output),
        #[cfg(feature = "real")]
        What::Soak(args) => soak::run(args, output),
        #[cfg(feature = "real")]
        What::Profile(args) => profile::run(args, output),
        #[cfg(feature = "real")]
        What::TransportSide(args) => transport::side(args, output),
        What::One(args) => scale::one(args, output),
    }
}

/// A folder that goes with the measurement.
#[cfg(feature = "real")]
struct Folder(std::path::PathBuf);

#[cfg(feature = "real")]
impl Folder {
    /// A name that no other process has, in the system's folder for such things.
    fn new(word: &str) -> Self {
        Self(std::env::temp_dir().join(format!("{word}-{}", std::process::id())))
    }
}

#[cfg(feature = "real")]
impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
