//! The shipped scenarios find what is planted: each defect breaks its invariant in a scenario that people run.

use crate::common::shipped::small;
use crate::common::{on, run};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_sim::{Host, Silent, verify};

/// The scenario breaks exactly the invariant that the defect is about, and none without it.
#[track_caller]
fn assert_found(plan: Plan, defect: Defect, invariant: Id) {
    let clean = run(&plan);
    assert!(clean.violations.is_empty(), "without the defect: {:#?}", clean.violations);
    let trace = run(&Plan { defect: Some(defect), ..plan });
    // What breaks a promise of layer 1 breaks the standard too, where a monitor watches that.
    let broken = trace.violations.iter().map(|violation| violation.invariant).filter(|id| *id != Id::BrokenStandard);
    let broken: Vec<Id> = broken.collect();
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

/// The first seconds of a plan.
fn first(secs: u64, plan: Plan) -> Plan {
    Plan { stop: Time::ZERO + Span::secs(secs), ..plan }
}

#[test]
fn races_of_purges_find_caches_that_forget_them() {
    let plan = small("stoq/purge-race", 20, &[("workload.0.requests.objects.items", "3")]);
    assert_found(first(20, plan), Defect::ForgetPurge, Id::BrokenPurge);
}

#[test]
fn failing_disks_find_readers_that_trust_them() {
    let plan = small("stoq/storage-faults", 20, &[("workload.0.requests.objects.items", "8"), ("groups.edge.cache.memory", "40KiB")]);
    assert_found(first(36, plan), Defect::TrustDisk, Id::BrokenHonest);
}

#[test]
fn rotating_certificates_find_guards_that_accept_expired_ones() {
    assert_found(first(20, small("stoq/cert-rotation", 10, &[])), Defect::AcceptExpired, Id::BrokenStranger);
}

#[test]
fn adversaries_find_stores_that_bind_twice() {
    assert_found(
        first(20, small("stoq/adversaries", 5, &[("workload.1.requests.objects.size", "64KiB")])),
        Defect::BindTwice,
        Id::BrokenContent,
    );
}

#[test]
fn floods_find_nodes_that_admit_everybody() {
    let few = [
        ("groups.edge.stoq.strangers", "16"),
        ("workload.1.requests.objects.size", "64KiB"),
        ("workload.2.requests.at", "2s"),
        ("workload.2.requests.rate", "2/s"),
    ];
    assert_found(first(6, small("stoq/adversaries", 5, &few)), Defect::AdmitEverybody, Id::BrokenBounds);
}

#[test]
fn slow_readers_find_nodes_that_read_ahead_without_end() {
    assert_found(first(20, small("stoq/adversaries", 5, &[("workload.1.requests.rate", "6/s")])), Defect::ReadAhead, Id::BrokenBounds);
}

#[test]
fn repair_finds_copies_that_count_before_they_are_acknowledged() {
    assert_found(first(30, small("stoq/replica-repair", 33, &[])), Defect::UnacknowledgedCopy, Id::BrokenCopies);
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
