//! The suite in memory: the reference implementation passes, and each planted breach is found.

use hypermesh_conform::suite::{Campaign, Verdict};

#[test]
fn the_machines_in_memory_pass_every_case() {
    let records = Campaign::all().in_memory(None);
    let missed: Vec<String> = records
        .iter()
        .filter(|record| record.verdict != Verdict::Pass)
        .map(|record| format!("{}: {}: {}\n    {}", record.case, record.verdict, record.why, record.log.join("\n    ")))
        .collect();
    assert!(missed.is_empty(), "{} of {} cases:\n{}", missed.len(), records.len(), missed.join("\n"));
}

#[test]
fn two_runs_in_memory_give_the_same_log() {
    let campaign = Campaign::all();
    assert_eq!(campaign.in_memory(None), campaign.in_memory(None));
}

#[cfg(feature = "zoo")]
#[test]
fn each_breach_that_has_cases_is_found_by_one_of_its_own() {
    use hypermesh_conform::suite::zoo;
    use hypermesh_core::testing::Breach;
    let campaign = Campaign::all();
    let mut missed = Vec::new();
    zoo::hunt(&campaign, Breach::ALL, |caught| {
        let (name, id) = caught.breach.names();
        if caught.cases > 0 {
            println!(
                "{id} {name}: {} of {} cases, explained {:?}, collateral {:?}",
                caught.found_by.len(),
                caught.cases,
                caught.explained,
                caught.collateral
            );
        }
        if caught.cases > 0 && !caught.is_detected() {
            missed.push(format!("{id} {name}"));
        }
    });
    assert!(missed.is_empty(), "not found: {missed:?}");
}
