//! The whole tier on the simulated network, on one plan or on each: how long it takes, what the paths lost, and where a verdict is not that of the machines
//! in memory. Arguments: names of plans, how the names of cases begin, a seed, and `log` to print what was said and heard.

use hypermesh_conform::suite::simulated::{Carried, FaultPlan, Path, digest};
use hypermesh_conform::suite::{Campaign, Verdict};
use std::collections::BTreeMap;
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<FaultPlan> = arguments.iter().filter_map(|argument| FaultPlan::named(argument)).collect();
    let plans = if named.is_empty() { FaultPlan::ALL.to_vec() } else { named };
    let seed = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let prefixes: Vec<&String> = arguments.iter().filter(|argument| argument.starts_with("R-")).collect();
    let is_log = arguments.iter().any(|argument| argument == "log");
    let mut campaign = Campaign::all();
    campaign.cases.retain(|case| prefixes.is_empty() || prefixes.iter().any(|prefix| case.name.starts_with(*prefix)));
    let memory: BTreeMap<String, Verdict> = campaign.in_memory(None).into_iter().map(|record| (record.case, record.verdict)).collect();
    for plan in plans {
        let began = Instant::now();
        let crossed = Path::new(plan, seed).all(&campaign, None, 2);
        let took = began.elapsed();
        let mut all = [Carried::default(); 2];
        for (at, one) in all.iter_mut().enumerate() {
            crossed.iter().for_each(|crossed| one.add(&crossed.carried[at]));
        }
        println!("{}: {} cases in {:.1} s, {all:?}, {}", plan.name(), crossed.len(), took.as_secs_f64(), digest(&crossed));
        let other: Vec<_> = crossed.iter().map(|one| &one.record).filter(|record| memory[&record.case] != record.verdict).collect();
        println!("{}: {} verdicts are not those in memory", plan.name(), other.len());
        for record in other {
            println!("    {}: {} {}", record.case, record.verdict, record.why);
            if is_log {
                record.log.iter().for_each(|line| println!("        {line}"));
            }
        }
    }
}
