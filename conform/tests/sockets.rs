//! The suite over QUIC sockets: the same verdicts as in memory.
#![cfg(feature = "sockets")]

use hypermesh_conform::registry::{Profile, Tier};
use hypermesh_conform::suite::quic::{QuicPort, Target};
use hypermesh_conform::suite::{Campaign, Miss, Need, Pixit, Record, Subject, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Cases that once had another verdict over sockets than in memory: a connection closed before `GoAway` and the last answer were sent, octets of a handshake
/// that passed QUIC's bound by a packet, and a tester that kept streams which were stopped, or did not cancel. They are always run.
const ONCE_OTHER: [&str; 9] = [
    "R-8-14/after-many",
    "R-8-14/after-none",
    "R-8-14/after-one",
    "R-8-30/the-last-exchange-ends-soon",
    "R-8-34/one-that-is-ended",
    "R-10-05/every-source-lies",
    "R-10-08/before-the-manifest",
    "R-10-08/what-comes-late-is-dropped",
    "R-10-08/with-chunks-under-way",
];

/// Cases, run on the reference implementation over sockets of this machine.
fn over_sockets(campaign: &Campaign, lanes: usize) -> Vec<Record> {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |lane: usize| {
        let own = folder.path().join(lane.to_string());
        std::fs::create_dir(&own).map_err(|error| Miss::Error(error.to_string()))?;
        QuicPort::new(Target::Reference, &own, Pixit::default())
    };
    campaign.on_ports(lanes, open, Tier::Remote, |_| true).expect("the tester starts")
}

/// One case of each requirement, the first that waits for no clock: all of them take minutes.
fn some() -> Campaign {
    let mut campaign = Campaign::all();
    let mut seen = BTreeSet::new();
    campaign
        .cases
        .retain(|case| case.is_remote && !case.is_timed && (seen.insert(case.requirement) || ONCE_OTHER.contains(&case.name.as_str())));
    campaign
}

#[test]
fn over_sockets_a_case_of_each_requirement_has_the_verdict_that_it_has_in_memory() {
    let campaign = some();
    assert!(ONCE_OTHER.iter().all(|name| campaign.cases.iter().any(|case| case.name == *name)), "all of these are cases");
    let memory: BTreeMap<String, Verdict> = campaign.in_memory(None).into_iter().map(|record| (record.case, record.verdict)).collect();
    let records = over_sockets(&campaign, 4);
    let other: Vec<String> = records
        .iter()
        // What only a network shows has to pass there.
        .filter(|record| *memory.get(&record.case).unwrap_or(&Verdict::Pass) != record.verdict)
        .map(|record| format!("{}: {} {}\n    {}", record.case, record.verdict, record.why, record.log.join("\n    ")))
        .collect();
    assert!(records.len() > 100, "only {} cases ran", records.len());
    let names: Vec<&String> = records.iter().map(|record| &record.case).collect();
    let order: Vec<&String> = campaign.cases.iter().map(|case| &case.name).collect();
    assert_eq!(names, order, "records come in the order of the cases, whoever was first");
    assert!(other.is_empty(), "{} of {} differ:\n{}", other.len(), records.len(), other.join("\n"));
}

#[test]
fn most_cases_over_a_network_need_nothing_but_an_address() {
    let mut counts = BTreeMap::<Need, usize>::new();
    for case in Campaign::all().cases.iter().filter(|case| case.is_remote) {
        *counts.entry(hypermesh_conform::suite::needs::of(case)).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    assert!(all >= 200 && counts[&Need::Address] >= 120, "of {all} cases: {counts:?}");
}

#[test]
fn what_belongs_to_a_profile_that_is_not_claimed_is_not_applicable() {
    let all = Campaign::all();
    let remote = all.cases.iter().filter(|case| case.is_remote).count();
    let (campaign, others) = all.claimed(&[Profile::Core], Tier::Remote);
    assert!(others.iter().all(|record| record.verdict == Verdict::NotApplicable));
    assert!(others.iter().any(|record| record.case.starts_with("R-11-")), "no case of a cache is left out");
    assert!(campaign.cases.iter().all(|case| case.subject() != Some(Subject::Edge)), "an edge needs the profile Cache");
    assert_eq!(campaign.cases.iter().filter(|case| case.is_remote).count() + others.len(), remote);
}

#[test]
fn an_upper_tester_that_is_not_there_is_an_error_of_the_tester() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = QuicPort::new(Target::Driven("no-such-program --at-all".into()), folder.path(), Pixit::default());
    assert!(matches!(made, Err(Miss::Error(_))), "{made:?}");
}
