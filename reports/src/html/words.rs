//! The parts of the page that are words about the plan and about how far to trust the numbers.

use crate::numbers;
use crate::run::Run;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct ExpectationWords {
    level: String,
    that: String,
    seen: String,
    range: String,
    outcome: &'static str,
    class: &'static str,
    first_missed: String,
    covers: String,
    line: u32,
}

/// The expectations, with the outcome in a word.
pub(super) fn expectations(run: &Run) -> Vec<ExpectationWords> {
    let words = |judged: &crate::rundir::manifest::Judged| {
        let (outcome, class) = match (judged.outcome.as_str(), judged.level.as_str()) {
            ("met", _) => ("met", "met"),
            ("missed", "should") => ("missed", "warned"),
            ("missed", _) => ("missed", "missed"),
            _ => ("not judged", "warned"),
        };
        ExpectationWords {
            level: judged.level.clone(),
            that: judged.that.clone(),
            seen: judged.seen.clone(),
            range: judged.range.clone(),
            outcome,
            class,
            first_missed: judged.first_missed_ns.map(|ns| format!("from {}", numbers::moment(ns))).unwrap_or_default(),
            covers: judged.covers.join(", "),
            line: judged.line,
        }
    };
    run.manifest.expectations.iter().map(words).collect()
}

/// What monitors found.
#[derive(Serialize)]
pub(super) struct MonitorWords {
    told: String,
    is_broken: bool,
    rows: Vec<MonitorRow>,
}

#[derive(Serialize)]
struct MonitorRow {
    requirement: String,
    /// Every second part is code.
    watches: Vec<String>,
    tried: String,
    broken: Option<String>,
    was_tried: bool,
}

/// What monitors found: in a line, and requirement by requirement, the broken ones first.
pub(super) fn monitors(run: &Run) -> MonitorWords {
    let all = &run.manifest.monitors;
    let (tried, broken) = (all.iter().filter(|row| row.fired > 0).count(), all.iter().filter(|row| row.broken > 0).count());
    let times: u64 = all.iter().map(|row| row.fired).sum();
    let kept = match broken {
        0 => "none was broken".to_owned(),
        1 => "one was broken".to_owned(),
        _ => format!("{broken} were broken"),
    };
    let told = format!("{tried} of {} requirements were put to the test, {} times in all; {kept}", all.len(), numbers::exact(times));
    let words = |row: &crate::rundir::manifest::Monitored| MonitorRow {
        requirement: row.requirement.clone(),
        watches: row.watches.split('`').map(str::to_owned).collect(),
        tried: numbers::exact(row.fired),
        broken: (row.broken > 0).then(|| if row.broken == 1 { "once".to_owned() } else { format!("{} times", numbers::exact(row.broken)) }),
        was_tried: row.fired > 0,
    };
    let (bad, good): (Vec<_>, Vec<_>) = all.iter().partition(|row| row.broken > 0);
    MonitorWords { told, is_broken: broken > 0, rows: bad.into_iter().chain(good).map(words).collect() }
}

/// How far to trust the numbers, a sentence each.
pub(super) fn honesty(run: &Run) -> Vec<String> {
    let manifest = &run.manifest;
    let mode = match manifest.mode.as_str() {
        "simulated" => {
            "Simulated: every node ran its real protocol code; transport, wires and time are models. No number of this run was measured on a network."
        }
        "emulated" => "Emulated: real QUIC code on simulated wires in virtual time.",
        _ => "Measured: real sockets on one machine in wall time, with the delays of the plan added by an emulator.",
    };
    let mut all = vec![mode.to_owned(), format!("Delays between places: {}.", manifest.plan.network.source.trim_end_matches('.'))];
    all.extend(manifest.reproduce.leaves_out.iter().cloned());
    if let Some(defect) = &manifest.plan.defect {
        all.push(format!("A defect was planted by a test: {defect}."));
    }
    all.push("Quantiles are upper ends of histogram ranges; the ranges are in histograms.parquet.".to_owned());
    all.push("Latency counts from the intended start of a request, so a late start is not forgiven.".to_owned());
    all.push(
        "Wall time, rates per second of wall time and memory are of the machine below; everything else is the same on every machine."
            .to_owned(),
    );
    all
}

/// The wires in (name, value).
pub(super) fn network(run: &Run) -> Vec<(&'static str, String)> {
    let network = &run.manifest.plan.network;
    vec![
        ("delays", network.source.clone()),
        ("places, regions", format!("{}, {}", network.places, network.regions)),
        ("loss on the path", numbers::percent(network.loss)),
        ("duplication", numbers::percent(network.duplicate)),
        ("reordering", numbers::percent(network.reorder)),
        ("jitter", format!("up to {} of the path's delay", numbers::percent(network.jitter_share))),
        ("headers", format!("{} B a datagram", network.overhead_bytes)),
    ]
}

#[derive(Serialize)]
pub(super) struct AccessWords {
    name: String,
    nodes: String,
    up: String,
    down: String,
    queue: String,
    last_mile: String,
    loss: String,
}

/// The classes of access that have nodes.
pub(super) fn access(run: &Run) -> Vec<AccessWords> {
    let or_unlimited = |value: u64, say: String| if value == 0 { "unlimited".to_owned() } else { say };
    let words = |class: &crate::rundir::manifest::AccessSummary| AccessWords {
        name: class.name.clone(),
        nodes: numbers::exact(class.nodes),
        up: or_unlimited(class.up_bps, bits(class.up_bps)),
        down: or_unlimited(class.down_bps, bits(class.down_bps)),
        queue: or_unlimited(class.queue_bytes, numbers::bytes(class.queue_bytes as f64)),
        last_mile: numbers::time(class.last_mile_ns as f64),
        loss: numbers::percent(class.loss),
    };
    run.manifest.plan.network.access.iter().filter(|class| class.nodes > 0).map(words).collect()
}

fn bits(bps: u64) -> String {
    match bps as f64 {
        value if value >= 1e9 => format!("{} Gbit/s", numbers::sig4(value / 1e9)),
        value if value >= 1e6 => format!("{} Mbit/s", numbers::sig4(value / 1e6)),
        value => format!("{} kbit/s", numbers::sig4(value / 1e3)),
    }
}

#[derive(Serialize)]
pub(super) struct GroupWords {
    name: String,
    nodes: String,
    role: String,
    protocols: String,
    joins: String,
}

/// The groups of nodes.
pub(super) fn groups(run: &Run) -> Vec<GroupWords> {
    let words = |group: &crate::rundir::manifest::GroupSummary| GroupWords {
        name: group.name.clone(),
        nodes: numbers::exact(u64::from(group.count)),
        role: group.role.clone(),
        protocols: group.fanout.map_or_else(|| group.protocols.join(", "), |fanout| format!("fan-out {fanout}")),
        joins: match (group.join_at_ns, group.join_over_ns) {
            (0, 0) => "at the start".to_owned(),
            (at, 0) => format!("at {}", numbers::moment(at)),
            (at, over) => format!("{} to {}", numbers::moment(at), numbers::moment(at.saturating_add(over))),
        },
    };
    run.manifest.plan.groups.iter().map(words).collect()
}
