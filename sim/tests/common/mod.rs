//! What the tests of the simulator share: plans drawn by hand or by chance, nodes that do as they are told, and questions about traces.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod chance;
pub(crate) mod drawn;
pub(crate) mod golden;
pub(crate) mod questions;
pub(crate) mod sender;
pub(crate) mod shipped;

use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::{Host, Options, Silent};

/// Every way to run a plan whose answer has to be the same: threads and host.
pub(crate) const WAYS: [(usize, Host); 6] =
    [(1, Host::Engine), (2, Host::Engine), (3, Host::Engine), (8, Host::Engine), (1, Host::Madsim), (3, Host::Madsim)];

/// Whether this build can run on a host.
pub(crate) fn can(host: Host) -> bool {
    host == Host::Engine || cfg!(madsim)
}

/// Options for some threads on a host.
pub(crate) fn on(threads: usize, host: Host) -> Options {
    Options { threads, host, ..Options::default() }
}

/// Runs a plan on one thread.
pub(crate) fn run(plan: &Plan) -> Trace {
    run_on(plan, 1)
}

/// Runs a plan on some threads.
pub(crate) fn run_on(plan: &Plan, threads: usize) -> Trace {
    hypermesh_sim::run(plan, &on(threads, Host::Engine), &Silent).expect("the plan can run")
}
