//! Monitors find what is planted: the breach of a requirement is found by the monitor of that requirement, in scenarios that people run.

use crate::common::shipped::small;
use crate::common::{run, run_on};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::testing::{Breach, Defect, breach};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;

/// The first seconds of a plan.
fn first(secs: u64, plan: Plan) -> Plan {
    Plan { stop: Time::ZERO + Span::secs(secs), ..plan }
}

/// Caches in two tiers, publishers who purge, and clients who come and go.
fn purges() -> Plan {
    first(12, small("stoq/purge-race", 20, &[("workload.0.requests.objects.items", "3")]))
}

/// How often the monitor of a requirement fired in a run, and how often it was broken.
fn counts(trace: &Trace, requirement: &str) -> (u64, u64) {
    let row = trace.monitors.iter().find(|row| row.requirement == requirement);
    row.map(|row| (row.fired, row.broken)).unwrap_or_else(|| panic!("{requirement} is watched"))
}

/// Each breach breaks its own requirement where the plan is run, and nothing is broken without it.
#[track_caller]
fn assert_found(plan: &Plan, breaches: &[Breach]) {
    let clean = run(plan);
    assert!(clean.monitors.iter().all(|row| row.broken == 0), "without a breach: {:#?}", clean.violations);
    let missed = |breach: &&Breach| {
        let (name, requirement) = breach.names();
        let trace = breach::within(Some(**breach), || run(plan));
        let (fired, broken) = counts(&trace, requirement);
        println!("{name}: {requirement} fired {fired} times and was broken {broken} times");
        let told = trace.violations.iter().any(|violation| violation.invariant == Id::BrokenStandard);
        broken == 0 || !told
    };
    let missed: Vec<&Breach> = breaches.iter().filter(missed).collect();
    assert!(missed.is_empty(), "{missed:?} were not found");
}

#[test]
fn breaches_of_how_sessions_begin_and_end_are_found() {
    use Breach::*;
    assert_found(
        &purges(),
        &[OfferWhatIsLacking, TellNoRoles, ConfirmBeforeSettings, ControlNotFirst, LeaveWithoutGoAway, CodeWithoutBase],
    );
}

#[test]
fn breaches_of_what_is_said_in_sessions_are_found() {
    use Breach::*;
    assert_found(&purges(), &[LeaveRequestOpen, AnswerPingTwice, ChunkBeforeHave, ChooseFarthest]);
}

#[test]
fn breaches_of_what_caches_promise_are_found() {
    use Breach::*;
    assert_found(&purges(), &[OmitWord, ForgetFetchTime, AcknowledgeLate, AcknowledgeBeforeBelow, GiveLongLease, AskSeldomForLease]);
}

#[test]
fn a_planted_defect_is_found_by_the_monitor_of_what_it_breaks() {
    let found = |plan: Plan, defect: Defect, requirement: &str| {
        let trace = run(&Plan { defect: Some(defect), ..plan });
        assert!(counts(&trace, requirement).1 > 0, "{defect:?} breaks {requirement}");
    };
    found(first(20, small("stoq/cert-rotation", 10, &[])), Defect::AcceptExpired, "R-13-20");
    found(small("stoq/poisoned-edge", 100, &[]), Defect::DeliverUnverified, "R-10-04");
    let two_faced = small("stoq/adversaries", 5, &[("workload.1.requests.objects.size", "64KiB")]);
    found(first(20, two_faced), Defect::BindTwice, "R-10-18");
}

#[test]
fn monitors_count_the_same_on_any_number_of_threads() {
    let plan = purges();
    let counted = run(&plan).monitors;
    assert!(counted.iter().filter(|row| row.fired > 0).count() > 20);
    assert_eq!(run_on(&plan, 3).monitors, counted);
    let broken = |threads| breach::within(Some(Breach::OmitWord), || run_on(&plan, threads)).violations;
    assert_eq!(broken(1), broken(3), "and find the same first case");
}
