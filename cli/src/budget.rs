//! What a plan may cost and what it will: whether it fits, and if not, why.

use crate::{human, machine};
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::Estimate;

/// Share of the available memory that a run may plan to use; the rest is for the estimate's error and for the report.
const MEMORY_SHARE: f64 = 0.9;

/// The price of a plan on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Price {
    /// What it is expected to cost.
    pub(crate) estimate: Estimate,
    /// Most bytes that it may use, from its budget or the machine.
    pub(crate) memory_limit: Option<u64>,
    /// Longest wall time that it may take, in seconds, from its budget.
    pub(crate) wall_limit_s: Option<f64>,
    /// Why it does not fit, one sentence each; empty if it does.
    pub(crate) reasons: Vec<String>,
}

/// Prices a plan on `threads` threads.
pub(crate) fn price(plan: &Plan, threads: usize) -> Price {
    judge(plan, hypermesh_sim::estimate(plan, threads), machine::available_bytes())
}

fn judge(plan: &Plan, estimate: Estimate, available: Option<u64>) -> Price {
    let mut reasons = Vec::new();
    let budget = Some(plan.budget.memory_bytes).filter(|bytes| *bytes > 0);
    let here = available.map(|bytes| (bytes as f64 * MEMORY_SHARE) as u64);
    if let Some(limit) = budget.filter(|limit| estimate.memory_bytes > *limit) {
        let (needs, limit) = (human::bytes(estimate.memory_bytes), human::bytes(limit));
        reasons.push(format!("it needs about {needs} of memory and its budget (engine.max_memory) is {limit}"));
    }
    if let Some(limit) = here.filter(|limit| estimate.memory_bytes > *limit) {
        let (needs, limit) = (human::bytes(estimate.memory_bytes), human::bytes(limit));
        reasons.push(format!("it needs about {needs} of memory and this machine can give {limit}"));
    }
    let wall_limit_s = Some(plan.budget.wall.as_secs_f64()).filter(|seconds| *seconds > 0.0);
    if let Some(limit) = wall_limit_s.filter(|limit| estimate.wall_s > *limit) {
        let (needs, limit) = (human::seconds(estimate.wall_s), human::seconds(limit));
        reasons.push(format!("it takes about {needs} and its budget (engine.max_wall) is {limit}"));
    }
    let memory_limit = [budget, here].into_iter().flatten().min();
    Price { estimate, memory_limit, wall_limit_s, reasons }
}
