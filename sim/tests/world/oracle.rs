//! For each invariant a planted defect that breaks it and no other, and the same plan without the defect, which breaks none.

use crate::common::drawn::{expect, fault, gossip, peers, tokens, whole_peer};
use crate::common::questions::total;
use crate::common::{run, run_on};
use hypermesh_core::base::Span;
use hypermesh_core::hypermesh::mesh::{peer, swim};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Role};
use hypermesh_scenarios::trace::Outcome;

/// Every invariant.
const INVARIANTS: [Id; 7] =
    [Id::BrokenDead, Id::BrokenOnce, Id::BrokenViews, Id::BrokenSuspicion, Id::BrokenCoordinate, Id::BrokenConserved, Id::BrokenFifo];

/// The defect breaks the invariant, no other, and on any threads in the same way; without it nothing is broken.
#[track_caller]
fn assert_breaks(plan: Plan, defect: Defect, invariant: Id) {
    let clean = run(&plan);
    assert!(clean.violations.is_empty(), "without the defect: {:#?}", clean.violations);
    let planted = Plan { defect: Some(defect), ..plan };
    let trace = run(&planted);
    let broken: Vec<Id> = trace.violations.iter().map(|violation| violation.invariant).collect();
    assert_eq!(broken, [invariant], "{:#?}", trace.violations);
    let violation = &trace.violations[0];
    for id in INVARIANTS {
        assert_eq!(total(&trace, id), if id == invariant { violation.count } else { 0 }, "{}", id.metric().name);
    }
    assert!(violation.count > 0 && !violation.detail.is_empty());
    let told = trace.events.iter().find(|event| event.kind == "violation").expect("a row among the events");
    assert_eq!((told.at_ns, told.node), (violation.at_ns, Some(violation.node)));
    assert!(told.detail.contains(invariant.metric().name) && told.detail.contains(&violation.detail), "{}", told.detail);
    assert_eq!(run_on(&planted, 3).violations, trace.violations, "three threads see the same");
}

/// A plan in which every ninth node is down for half a second.
fn with_crashes(mut plan: Plan) -> Plan {
    for node in (0..plan.node_count()).step_by(9) {
        plan.faults.nodes.push(fault(300, node, NodeFaultKind::Crash));
        plan.faults.nodes.push(fault(800, node, NodeFaultKind::Restart));
    }
    plan.faults.nodes.sort_by_key(|fault| (fault.at, fault.node));
    plan
}

/// Peers whose failure detectors are quick, three of whom crash for good.
fn quick_to_suspect() -> Plan {
    let mut plan = peers(40);
    let swim = swim::Config {
        probe_every: Span::millis(200),
        answer_within: Span::millis(110),
        suspicion_factor: 2,
        lifeguard: swim::Lifeguard::OFF,
        ..swim::Config::default()
    };
    plan.groups[0].role = Role::Peer(peer::Config { swim: Some(swim), ..whole_peer() });
    plan.faults.nodes = [3, 11, 29].map(|node| fault(2_500, node, NodeFaultKind::Crash)).to_vec();
    plan
}

#[test]
fn a_delivery_to_the_dead_is_found() {
    assert_breaks(with_crashes(tokens(90)), Defect::DeliverToDead, Id::BrokenDead);
}

#[test]
fn a_second_delivery_of_a_broadcast_is_found() {
    assert_breaks(peers(40), Defect::DuplicateDelivery, Id::BrokenOnce);
}

#[test]
fn a_view_without_bounds_is_found() {
    assert_breaks(peers(40), Defect::UnboundedView, Id::BrokenViews);
}

#[test]
fn a_node_in_its_own_view_is_found() {
    assert_breaks(peers(40), Defect::SelfInView, Id::BrokenViews);
}

#[test]
fn a_suspicion_that_never_ends_is_found() {
    assert_breaks(quick_to_suspect(), Defect::SuspicionNeverEnds, Id::BrokenSuspicion);
}

#[test]
fn a_coordinate_that_is_not_a_number_is_found() {
    assert_breaks(peers(40), Defect::CoordinateNotFinite, Id::BrokenCoordinate);
}

#[test]
fn a_message_that_vanishes_is_found() {
    assert_breaks(gossip(90), Defect::SilentLoss, Id::BrokenConserved);
}

#[test]
fn a_pipe_that_loses_its_order_is_found() {
    let mut plan = tokens(3);
    plan.workload.tokens[0].per_node = 8;
    assert_breaks(plan, Defect::WireReorders, Id::BrokenFifo);
}

#[test]
fn a_wire_that_was_asked_to_reorder_breaks_nothing() {
    let mut plan = tokens(3);
    plan.workload.tokens[0].per_node = 8;
    (plan.network.reorder, plan.network.reorder_by) = (0.3, Span::millis(50));
    let trace = run(&plan);
    assert!(trace.violations.is_empty(), "{:#?}", trace.violations);
}

#[test]
fn an_answer_that_changes_from_run_to_run_breaks_no_invariant() {
    // It takes a comparison of two runs to find it.
    let trace = run(&Plan { defect: Some(Defect::NonDeterminism), ..peers(40) });
    assert!(trace.violations.is_empty(), "{:#?}", trace.violations);
}

#[test]
fn a_broken_invariant_misses_its_expectation() {
    let mut plan = gossip(90);
    plan.expect = vec![expect(Level::Always, "messages_conserved", &plan), expect(Level::Must, "deliver_once", &plan)];
    let outcomes = |plan: &Plan| run(plan).verdicts.iter().map(|verdict| verdict.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&plan), [Outcome::Met, Outcome::Met]);
    assert_eq!(outcomes(&Plan { defect: Some(Defect::SilentLoss), ..plan }), [Outcome::Missed, Outcome::Met]);
}

#[test]
fn every_defect_is_known_by_its_name() {
    for (name, defect) in Defect::ALL {
        assert_eq!(Defect::named(name), Some(defect));
        assert!(defect.is_planted(Some(defect)) && !defect.is_planted(None), "tests are built with planted defects");
    }
}
