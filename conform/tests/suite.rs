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
fn each_breach_is_found_by_a_case_of_its_own_requirement() {
    use hypermesh_conform::suite::zoo;
    use hypermesh_core::testing::Breach;
    // What other requirements' cases say of a breach takes minutes; `hypermesh conform --zoo` asks all of them.
    let mut missed = Vec::new();
    let mut asked = 0;
    for breach in Breach::ALL {
        let (name, id) = breach.names();
        let own = Campaign::all().select(&format!("{id}/"));
        if own.cases.iter().all(|case| !case.is_in_memory) {
            continue;
        }
        asked += 1;
        if !zoo::hunt(&own, &[*breach], |_| ())[0].is_detected() {
            missed.push(format!("{id} {name}"));
        }
    }
    println!("{} of {asked} breaches are found in memory", asked - missed.len());
    assert!(missed.is_empty(), "not found: {missed:?}");
}
