//! Breaches that only a network shows: each is found by a case of its own requirement over sockets.
#![cfg(all(feature = "sockets", feature = "zoo"))]

use hypermesh_conform::suite::{Campaign, Case, zoo};
use hypermesh_core::testing::Breach;

/// What memory finds by the values that a handshake ends with, and a network by the handshake itself.
const HANDSHAKES: [&str; 6] = ["R-7-01", "R-13-05", "R-13-15", "R-13-17", "R-13-24", "R-13-27"];

#[test]
fn each_breach_that_no_case_in_memory_finds_is_found_over_sockets() {
    let mut campaign = Campaign::all();
    let of = |breach: &Breach| breach.names().1;
    let requirement = |case: &Case| case.requirement.to_string();
    let in_memory: Vec<String> = campaign.cases.iter().filter(|case| case.is_in_memory).map(requirement).collect();
    campaign.cases.retain(|case| case.is_remote && !case.is_in_memory);
    let is_elsewhere = |breach: &Breach| !in_memory.iter().any(|id| id == of(breach)) || HANDSHAKES.contains(&of(breach));
    let elsewhere: Vec<Breach> = Breach::ALL.iter().copied().filter(is_elsewhere).collect();
    let caught = zoo::hunt_over_sockets(&campaign, &elsewhere, |_| ()).expect("the tester starts");
    let missed: Vec<_> = caught.iter().filter(|one| !one.is_detected()).map(|one| one.breach.names()).collect();
    println!("{} of {} breaches are found over sockets alone", caught.len() - missed.len(), caught.len());
    assert!(missed.is_empty() && caught.len() > 5 + HANDSHAKES.len(), "not found: {missed:?}");
}
