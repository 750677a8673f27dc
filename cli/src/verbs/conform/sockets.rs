//! The tier on sockets: what to connect to, and with which certificates.

use crate::exit::Code;
use crate::fail::Failure;
use crate::glue::conform::{Choice, Place};
use crate::output::Output;
use crate::progress::Steps;
use hypermesh_conform::suite::report::Ran;
use std::net::SocketAddrV6;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[group(id = "reach")]
pub(super) struct Args {
    /// Test the origin that listens at this address, over QUIC, instead of the machines in memory (`[::1]:4433`).
    #[arg(long, value_name = "[ADDR]:PORT")]
    target: Option<SocketAddrV6>,

    /// Folder of the authority that the target trusts, as `hypermesh certs init` makes it.
    #[arg(long, value_name = "DIR", default_value = "certs", requires = "target")]
    certs: PathBuf,

    /// Test the nodes of this build over QUIC, on the loopback of this machine, instead of the machines in memory.
    #[arg(long, conflicts_with = "target")]
    loopback: bool,

    /// Run in memory too, and tell where the verdicts differ.
    #[arg(long)]
    compare: bool,
}

impl Args {
    /// Whether the machines in memory are tested.
    pub(super) const fn in_memory(&self) -> bool {
        self.compare || (self.target.is_none() && !self.loopback)
    }

    /// Runs what was chosen on sockets, if that was asked for.
    pub(super) fn ran(&self, choice: &Choice, stop: &AtomicBool, output: Output) -> Result<Option<Ran>, Failure> {
        let place = match self.target {
            Some(address) => Place::At(address, self.certs.clone()),
            None if self.loopback => Place::Loopback,
            None => return Ok(None),
        };
        let key = self.certs.join("ca.key");
        if self.target.is_some() && !key.is_file() {
            let why = format!("{}: without the authority that the target trusts there is nothing to connect with", key.display());
            return Err(Failure::new(Code::Nothing, why, format!("hypermesh certs init {} origin:origin", self.certs.display())));
        }
        let remote = choice.campaign.cases.iter().filter(|case| case.is_remote).count();
        let mut steps = Steps::start(output.quiet, "cases over QUIC", remote);
        let ran = choice.sockets(&place, stop, || steps.step());
        ran.map(Some).map_err(|why| Failure::new(Code::Internal, why, "hypermesh conform"))
    }
}
