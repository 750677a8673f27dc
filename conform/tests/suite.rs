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

/// The whole matrix: every case in memory with every breach on, as far as the case comes to the breach's place.
#[cfg(feature = "zoo")]
#[test]
fn each_breach_is_found_by_a_case_of_its_own_requirement_and_fails_no_other_without_a_reason() {
    use hypermesh_conform::suite::zoo;
    use hypermesh_core::testing::Breach;
    let caught = zoo::hunt(&Campaign::all(), Breach::ALL, |_| ());
    // Where no case of its own runs in memory, a network is needed: `tests/breaches.rs`.
    let (asked, over_a_network): (Vec<_>, Vec<_>) = caught.iter().partition(|one| one.cases > 0);
    let missed: Vec<_> = asked.iter().filter(|one| !one.is_detected()).map(|one| one.breach.names()).collect();
    let beside: Vec<_> = caught.iter().filter(|one| !one.collateral.is_empty()).map(|one| (one.breach.names(), &one.collateral)).collect();
    let (explained, elsewhere) = (caught.iter().map(|one| one.explained.len()).sum::<usize>(), over_a_network.len());
    println!("{} of {} breaches are found in memory, {elsewhere} need a network", asked.len() - missed.len(), asked.len());
    println!("collateral: {explained} failures of other requirements' cases are explained, {} are not", beside.len());
    assert!(missed.is_empty() && beside.is_empty(), "not found: {missed:?}; beside: {beside:#?}");
}
