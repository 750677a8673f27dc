//! The suite on the simulated network: the same verdicts as in memory, whatever the path does, and the same octets of log each time.
#![cfg(feature = "simulated")]

use hypermesh_conform::suite::simulated::{Carried, Crossed, FaultPlan, Path, digest};
use hypermesh_conform::suite::{Campaign, Verdict};
#[cfg(feature = "zoo")]
use hypermesh_conform::suite::{
    Case,
    campaign::{in_memory, silently},
};
#[cfg(feature = "zoo")]
use hypermesh_core::testing::Breach;
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 1;

/// One case of each requirement that can run here, the first.
fn some() -> Campaign {
    let mut campaign = Campaign::all();
    let mut seen = BTreeSet::new();
    campaign.cases.retain(|case| case.is_simulated() && seen.insert(case.requirement));
    campaign
}

/// What differs from the verdicts in memory.
fn other(campaign: &Campaign, plan: FaultPlan, crossed: &[Crossed]) -> Vec<String> {
    let memory: BTreeMap<String, Verdict> = campaign.in_memory(None).into_iter().map(|record| (record.case, record.verdict)).collect();
    let records = crossed.iter().map(|crossed| &crossed.record).filter(|record| memory[&record.case] != record.verdict);
    records
        .map(|record| format!("{} on {}: {} {}\n    {}", record.case, plan.name(), record.verdict, record.why, record.log.join("\n    ")))
        .collect()
}

/// What all cases together sent, both ways.
fn carried(crossed: &[Crossed]) -> Carried {
    let mut all = Carried::default();
    crossed.iter().flat_map(|crossed| &crossed.carried).for_each(|one| all.add(one));
    all
}

#[test]
fn on_a_lossy_path_every_case_has_the_verdict_that_it_has_in_memory() {
    let campaign = Campaign::all();
    let crossed = Path::new(FaultPlan::Lossy, SEED).all(&campaign, None, 2);
    let other = other(&campaign, FaultPlan::Lossy, &crossed);
    let left_out = campaign.cases.iter().filter(|case| case.is_simulated() && case.needs_clean_path.is_some()).count();
    assert!(left_out <= 3, "{left_out} cases say nothing on it");
    assert!(crossed.len() > 700, "only {} cases ran", crossed.len());
    assert!(other.is_empty(), "{} of {} differ:\n{}", other.len(), crossed.len(), other.join("\n"));
    let all = carried(&crossed);
    let lost = all.lost as f64 / all.packets as f64;
    assert!((0.01..0.03).contains(&lost), "one packet in fifty is lost: {all:?}");
    assert!(all.overtaken > 0, "some are overtaken: {all:?}");
    let mean = all.under_way_ns / (all.packets - all.lost);
    assert!((20_000_000..26_000_000).contains(&mean), "20 ms and what varies: {mean} ns");
}

#[test]
fn on_every_other_path_a_case_of_each_requirement_has_the_verdict_that_it_has_in_memory() {
    let campaign = some();
    for plan in [FaultPlan::Near, FaultPlan::Far, FaultPlan::Rough] {
        let crossed = Path::new(plan, SEED).all(&campaign, None, 2);
        let other = other(&campaign, plan, &crossed);
        assert!(other.is_empty(), "{} of {} differ:\n{}", other.len(), crossed.len(), other.join("\n"));
        let all = carried(&crossed);
        assert_eq!(all.lost == 0 && all.overtaken == 0, plan.is_clean(), "{}: {all:?}", plan.name());
        assert_eq!(all.copied > 0, plan == FaultPlan::Rough, "{}: {all:?}", plan.name());
    }
}

#[test]
fn two_runs_with_one_seed_give_the_same_octets_of_log_and_another_seed_gives_others() {
    let campaign = some().select("R-8-");
    for plan in FaultPlan::ALL {
        let once = |seed: u64, threads: usize| digest(&Path::new(plan, seed).all(&campaign, None, threads));
        let first = once(SEED, 1);
        assert_eq!(first, once(SEED, 2), "{}", plan.name());
        assert_ne!(first, once(SEED + 1, 2), "{}", plan.name());
    }
}

/// The first breach of each clause that a case finds in memory which runs on any path, with that case.
#[cfg(feature = "zoo")]
fn known() -> Vec<(Breach, Case)> {
    let all = Campaign::all();
    let finds = |breach: Breach| {
        let own = |case: &&Case| case.requirement.to_string() == breach.names().1 && case.is_simulated() && case.needs_clean_path.is_none();
        all.cases.iter().filter(own).find(|case| in_memory(case, Some(breach)).verdict == Verdict::Fail).cloned()
    };
    let of = |clause: u8| {
        let begins = format!("R-{clause}-");
        let breaches = Breach::ALL.iter().copied().filter(|breach| breach.names().1.starts_with(&begins));
        breaches.into_iter().find_map(|breach| Some((breach, finds(breach)?)))
    };
    (4..=17).filter_map(of).collect()
}

#[cfg(feature = "zoo")]
#[test]
fn a_breach_of_each_clause_is_found_by_the_case_that_finds_it_in_memory_whatever_the_path_loses() {
    let found = silently(|| {
        let known = known();
        let crossed = |(breach, case): &(Breach, Case)| Path::new(FaultPlan::Lossy, SEED).run(case, Some(*breach)).record;
        known.iter().map(|one| (one.0.names(), crossed(one))).collect::<Vec<_>>()
    });
    let missed: Vec<_> = found.iter().filter(|(_, record)| record.verdict != Verdict::Fail).collect();
    assert!(found.len() >= 10, "breaches of {} clauses were tried", found.len());
    assert!(missed.is_empty(), "not found: {missed:#?}");
}
