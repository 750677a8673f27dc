//! The whole tier on sockets, twice, on the nodes of this build: how long it takes, and whether the verdicts are the same, and those of the machines in
//! memory. An argument chooses cases by how their names begin, and a number how many nodes are tested at a time.

use hypermesh_conform::registry::Tier;
use hypermesh_conform::suite::quic::{QuicPort, Target};
use hypermesh_conform::suite::{Campaign, Pixit, Record, Verdict};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let lanes = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(4);
    let prefixes: Vec<&String> = arguments.iter().filter(|argument| argument.starts_with("R-")).collect();
    let times = if arguments.iter().any(|argument| argument == "once") { 1 } else { 2 };
    let mut campaign = Campaign::all();
    campaign.cases.retain(|case| prefixes.is_empty() || prefixes.iter().any(|prefix| case.name.starts_with(*prefix)));
    let memory: BTreeMap<String, Verdict> = campaign.in_memory(None).into_iter().map(|record| (record.case, record.verdict)).collect();
    let mut before: Option<Vec<Verdict>> = None;
    for _ in 0..times {
        let folder = tempfile::tempdir().expect("a folder");
        let begun = Instant::now();
        let open = |lane: usize| {
            let own = folder.path().join(lane.to_string());
            std::fs::create_dir_all(&own).expect("a folder");
            QuicPort::new(Target::Reference, &own, Pixit::default())
        };
        let since = std::sync::Mutex::new(HashMap::<std::thread::ThreadId, Instant>::new());
        let slow = std::sync::Mutex::new(Vec::new());
        let records = campaign.on_ports(lanes, open, Tier::Remote, |record: &Record| {
            let now = Instant::now();
            let last = since.lock().expect("no panic").insert(std::thread::current().id(), now).unwrap_or(begun);
            slow.lock().expect("no panic").push((now - last, record.case.clone()));
            true
        });
        let records = records.expect("the tester starts");
        let took = begun.elapsed();
        let verdicts: Vec<Verdict> = records.iter().map(|record| record.verdict).collect();
        let passed = verdicts.iter().filter(|verdict| **verdict == Verdict::Pass).count();
        println!("{} cases, {passed} pass, {:.1} s on {lanes} nodes at a time", records.len(), took.as_secs_f64());
        for record in &records {
            if record.verdict != *memory.get(&record.case).unwrap_or(&Verdict::Pass) {
                println!("{}: {} {} {:?}", record.case, record.verdict, record.why, record.runs);
                record.log.iter().for_each(|line| println!("    {line}"));
            }
        }
        let mut slow = slow.into_inner().expect("no panic");
        slow.sort();
        slow.iter().rev().take(12).for_each(|(took, case)| println!("    {:.2} s {case}", took.as_secs_f64()));
        if let Some(before) = &before {
            println!("the same verdicts as before: {}", *before == verdicts);
        }
        before = Some(verdicts);
    }
}
