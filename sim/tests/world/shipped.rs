//! The shipped scenarios find what is planted: each defect breaks its invariant in a scenario that people run.

use crate::common::shipped::small;
use crate::common::{on, run};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::{Host, Silent, verify};

/// The scenario breaks exactly the invariant that the defect is about, and none without it.
#[track_caller]
fn assert_found(plan: Plan, defect: Defect, invariant: Id) {
    assert!(run(&plan).violations.is_empty(), "without the defect");
    let trace = run(&Plan { defect: Some(defect), ..plan });
    let broken: Vec<Id> = trace.violations.iter().map(|violation| violation.invariant).collect();
    assert_eq!(broken, [invariant], "{:#?}", trace.violations);
}

#[test]
fn churn_finds_deliveries_to_the_dead_and_pipes_that_lose_their_order() {
    assert_found(small("faults/churn", 60, &[]), Defect::DeliverToDead, Id::BrokenDead);
    assert_found(small("faults/churn", 150, &[]), Defect::WireReorders, Id::BrokenFifo);
}

#[test]
fn a_lost_region_finds_suspicions_that_never_end() {
    // The longest suspicion is 26 s; who comes back before that ends it.
    assert_found(small("faults/region-loss", 150, &[]), Defect::SuspicionNeverEnds, Id::BrokenSuspicion);
}

#[test]
fn the_first_broadcast_finds_second_deliveries_and_bad_views() {
    assert_found(small("first/broadcast", 60, &[]), Defect::DuplicateDelivery, Id::BrokenOnce);
    assert_found(small("first/broadcast", 60, &[]), Defect::UnboundedView, Id::BrokenViews);
    assert_found(small("first/broadcast", 60, &[]), Defect::SelfInView, Id::BrokenViews);
}

#[test]
fn poisoned_edges_find_contents_that_nobody_verified() {
    assert_found(small("stoq/poisoned-edge", 100, &[]), Defect::DeliverUnverified, Id::BrokenContent);
}

#[test]
fn gossip_finds_messages_that_vanish() {
    assert_found(small("scale/gossip-1m", 60, &[]), Defect::SilentLoss, Id::BrokenConserved);
}

#[test]
fn a_lost_region_finds_coordinates_that_are_not_numbers() {
    assert_found(small("faults/region-loss", 60, &[]), Defect::CoordinateNotFinite, Id::BrokenCoordinate);
}

#[test]
fn a_second_run_finds_a_decision_that_changes() {
    let plan = Plan { defect: Some(Defect::NonDeterminism), ..small("first/broadcast", 60, &[]) };
    let differs = || verify(&plan, &on(1, Host::Engine), &on(2, Host::Engine), &Silent).expect("both run").first.is_some();
    assert!((0..3).any(|_| differs()));
}
