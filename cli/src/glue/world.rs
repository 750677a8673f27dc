//! The simulator, with its errors as failures.

use crate::exit::Code;
use crate::fail::Failure;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use hypermesh_sim::{Error, Options, Watch};

/// Runs a plan.
pub(crate) fn run(plan: &Plan, options: &Options, watch: &dyn Watch) -> Result<Trace, Failure> {
    hypermesh_sim::run(plan, options, watch).map_err(|error| failure(&error))
}

/// An error of the simulator as a failure, with what to do about it.
pub(crate) fn failure(error: &Error) -> Failure {
    let (code, next) = match error {
        Error::NoMadsim => (Code::Usage, "the same command with --host engine"),
        Error::BadPlan(_) => (Code::Internal, "hypermesh check FILE, and send the scenario to the maintainers: a checked file has to run"),
        Error::Panicked(_) => (Code::Internal, "the same command with --threads 1, and send its scenario to the maintainers"),
    };
    Failure::new(code, error.to_string(), next)
}
