//! The tier on sockets: what to connect to, and with which certificates.

use crate::exit::Code;
use crate::fail::Failure;
use crate::glue::conform::{Choice, Place};
use crate::output::Output;
use crate::progress::Steps;
use hypermesh_conform::registry::Profile;
use hypermesh_conform::suite::report::Ran;
use std::net::{SocketAddr, SocketAddrV6};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[group(id = "reach")]
pub(super) struct Args {
    /// Test the origin that listens at this address, over QUIC, instead of the machines in memory (`[::1]:4433`).
    #[arg(long, value_name = "[ADDR]:PORT")]
    target: Option<SocketAddrV6>,

    /// Where the target tells of itself over HTTP, `/metrics` and `/health`, as `local` in the file of a node says (`[::1]:9100`).
    #[arg(long, value_name = "ADDR:PORT", requires = "target")]
    management: Option<SocketAddr>,

    /// Test the implementation behind this upper tester (Annex E of the standard), as server and as client: a program and its arguments.
    #[arg(long, value_name = "COMMAND", conflicts_with = "target")]
    upper: Option<String>,

    /// Folder of the authority that the target trusts, as `hypermesh certs init` makes it.
    #[arg(long, value_name = "DIR", default_value = "certs")]
    certs: PathBuf,

    /// A profile that the implementation claims; can be repeated. What belongs to another one is not applicable. All without this option.
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    profile: Vec<Profile>,

    /// Test the nodes of this build over QUIC, on the loopback of this machine, instead of the machines in memory.
    #[arg(long, conflicts_with_all = ["target", "upper"])]
    loopback: bool,

    /// Run in memory too, and tell where the verdicts differ.
    #[arg(long)]
    compare: bool,
}

impl Args {
    /// Whether the machines in memory are tested: where nothing else is, or to compare.
    pub(super) const fn in_memory(&self, is_simulated: bool) -> bool {
        self.compare || (self.target.is_none() && self.upper.is_none() && !self.loopback && !is_simulated)
    }

    /// Runs what was chosen on sockets, if that was asked for.
    pub(super) fn ran(&self, choice: &Choice, stop: &AtomicBool, output: Output) -> Result<Option<Ran>, Failure> {
        let place = match (self.target, &self.upper) {
            (Some(address), _) => Place::At(address, self.certs.clone(), self.management),
            (None, Some(upper)) => Place::Driven(upper.clone(), self.certs.clone()),
            (None, None) if self.loopback => Place::Loopback,
            (None, None) => return Ok(None),
        };
        let key = self.certs.join("ca.key");
        if !self.loopback && !key.is_file() {
            let why = format!("{}: without the authority that the target trusts there is nothing to connect with", key.display());
            return Err(Failure::new(Code::Nothing, why, format!("hypermesh certs init {} origin:origin", self.certs.display())));
        }
        let remote = choice.campaign.cases.iter().filter(|case| case.is_remote).count();
        let mut steps = Steps::start(output.quiet, "cases over QUIC", remote);
        let profiles = if self.profile.is_empty() { Profile::ALL.to_vec() } else { self.profile.clone() };
        let ran = choice.sockets(&place, &profiles, stop, || steps.step());
        ran.map(Some).map_err(|why| Failure::new(Code::Internal, why, "hypermesh conform"))
    }
}

fn profile(name: &str) -> Result<Profile, String> {
    let names = Profile::ALL.map(|profile| profile.name().to_lowercase());
    let found = Profile::ALL.iter().copied().find(|profile| profile.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| format!("the profiles are {}", names.join(", ")))
}
