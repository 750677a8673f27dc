//! The tier on the simulated network: which paths, and which of all that may happen on them.

use crate::glue::conform::Choice;
use crate::output::Output;
use crate::progress::Steps;
use hypermesh_conform::suite::report::Ran;
use hypermesh_conform::suite::simulated::FaultPlan;
use hypermesh_core::testing::Breach;
use std::sync::atomic::AtomicBool;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[group(id = "path")]
pub(super) struct Args {
    /// Test the node of this build over the simulated network, instead of the machines in memory: on paths that delay, lose and reorder packets.
    #[arg(long)]
    simulated: bool,

    /// Only on this path: `near`, `far`, `lossy` or `rough`; can be repeated. All of them without this option.
    #[arg(long, value_name = "NAME", value_parser = plan, requires = "simulated")]
    plan: Vec<FaultPlan>,

    /// Which of all that may happen on the paths happens.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "simulated")]
    seed: u64,
}

impl Args {
    /// Whether this tier was asked for.
    pub(super) const fn is_asked(&self) -> bool {
        self.simulated
    }

    /// Runs what was chosen, if that was asked for.
    pub(super) fn ran(&self, choice: &Choice, breach: Option<Breach>, stop: &AtomicBool, output: Output) -> Option<Ran> {
        if !self.simulated {
            return None;
        }
        let plans = if self.plan.is_empty() { FaultPlan::ALL.to_vec() } else { self.plan.clone() };
        let cases = choice.campaign.cases.iter().filter(|case| case.is_simulated()).count();
        let mut steps = Steps::start(output.quiet, "cases on the simulated network", cases);
        Some(choice.simulated(&plans, self.seed, breach, crate::machine::cores(), stop, || steps.step()))
    }
}

fn plan(name: &str) -> Result<FaultPlan, String> {
    FaultPlan::named(name).ok_or_else(|| format!("the plans are {}", FaultPlan::ALL.map(FaultPlan::name).join(", ")))
}
