//! The suite over QUIC sockets: the same verdicts as in memory.
#![cfg(feature = "sockets")]

use hypermesh_conform::registry::Tier;
use hypermesh_conform::suite::quic::{QuicPort, Target};
use hypermesh_conform::suite::{Campaign, Pixit, Record, Verdict};
use std::collections::BTreeMap;

/// Cases, run on the reference implementation over sockets of this machine.
fn over_sockets(campaign: &Campaign) -> Vec<Record> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut port = QuicPort::new(Target::Reference, folder.path(), Pixit::default()).expect("the tester starts");
    campaign.on_port(&mut port, Tier::Remote, |_| true)
}

#[test]
fn over_sockets_each_case_has_the_verdict_that_it_has_in_memory() {
    let campaign = Campaign::all();
    let memory: BTreeMap<String, Verdict> = campaign.in_memory(None).into_iter().map(|record| (record.case, record.verdict)).collect();
    let other: Vec<String> = over_sockets(&campaign)
        .iter()
        // What only a network shows has to pass there.
        .filter(|record| *memory.get(&record.case).unwrap_or(&Verdict::Pass) != record.verdict)
        .map(|record| format!("{}: {} {}\n    {}", record.case, record.verdict, record.why, record.log.join("\n    ")))
        .collect();
    assert!(other.is_empty(), "{} differ:\n{}", other.len(), other.join("\n"));
}
