//! The logs of all shards become one trace.

use super::log::ShardLog;
use super::meters::{Meters, SampleSet};
use super::{digest, meters};
use crate::oracle;
use hypermesh_core::base::{NodeId, Time};
use hypermesh_scenarios::catalog::{Id, Kind};
use hypermesh_scenarios::expect;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{BroadcastRow, Counter, EventRow, Metrics, Mode, RunFacts, Samples, Trace, Violation, WindowDigest};
use std::collections::BTreeMap;

/// What the shards of a run leave, before it becomes a trace.
pub struct Leftovers<'a> {
    /// The logs, closed at the end of the run.
    pub logs: Vec<ShardLog<'a>>,
    /// Datagrams still under way.
    pub under_way: Vec<(u32, NodeId)>,
    /// When the run ended, in ns.
    pub end: u64,
    /// The run as a whole, so far as it is known.
    pub run: RunFacts,
}

/// Makes the trace of a run.
pub fn trace(plan: &Plan, leftovers: Leftovers<'_>) -> Trace {
    let Leftovers { logs, under_way, end, mut run } = leftovers;
    let mut logs = logs.into_iter();
    let first = logs.next().expect("a world has at least one shard");
    let mut windows = first.sums.finish(end);
    let (mut sums, mut broadcasts, mut deliveries, mut flows) = (first.meters, first.broadcasts, first.deliveries, first.flows);
    let (mut events, mut violations) = (first.events, first.oracle.finish());
    let (mut purges, mut copies, mut monitors) = (first.purges, first.copies, first.monitors);
    for log in logs {
        digest::merge(&mut windows, &log.sums.finish(end));
        sums.merge(log.meters);
        broadcasts.merge(&log.broadcasts);
        deliveries.merge(log.deliveries);
        flows.merge(log.flows);
        events.extend(log.events);
        purges.merge(log.purges);
        copies.events.extend(log.copies.events);
        monitors.merge(&log.monitors);
        oracle::merge(&mut violations, log.oracle.finish());
    }
    oracle::merge(&mut violations, purges.finish().into_iter().chain(copies.finish(plan)).chain(monitors.violation()).collect());
    conserve(&sums, under_way.len() as u64, end, &mut violations);
    let (rows, infection) = broadcasts.finish(end);
    sort_events(plan, &mut events, &violations, end);
    let metrics = metrics(plan, sums, &rows, &violations, end);
    run.digest = digest::of_run(&windows);
    run.messages = total(&metrics, Id::NetDelivered);
    run.virtual_end = Time(end);
    let verdicts = plan.expect.iter().map(|e| expect::judge(e, &metrics, Time(end))).collect();
    trim(&mut windows, end);
    let (serving, routes) = deliveries.finish();
    Trace {
        mode: Mode::Message,
        run,
        metrics,
        broadcasts: rows,
        infection,
        serving,
        routes,
        flows: flows.finish(),
        events,
        windows,
        violations,
        monitors: monitors.rows(),
        verdicts,
    }
}

fn trim(windows: &mut [WindowDigest], end: u64) {
    if let Some(last) = windows.last_mut() {
        last.until_ns = last.until_ns.min(end.max(1));
    }
}

fn total(metrics: &Metrics, id: Id) -> u64 {
    metrics.counters.get(&id).map_or(0, |counter| counter.by_bin.iter().sum())
}

/// Every datagram sent was delivered, dropped for a named cause, or is under way.
fn conserve(sums: &Meters, under_way: u64, end: u64, violations: &mut Vec<Violation>) {
    let all = |id: Id| sums.by_bin.iter().map(|bin| bin[id as usize]).sum::<u64>();
    let sent = all(Id::NetSent);
    let known = [Id::NetDelivered, Id::NetLost, Id::NetCut, Id::NetQueueFull, Id::NetToDead].map(all).iter().sum::<u64>() + under_way;
    if sent != known {
        let detail = format!("{sent} datagrams were sent, but {known} were delivered, dropped by a named cause or are under way");
        violations.push(Violation { invariant: Id::BrokenConserved, at_ns: end, node: 0, detail, count: sent.abs_diff(known) });
    }
}

fn sort_events(plan: &Plan, events: &mut Vec<EventRow>, violations: &[Violation], end: u64) {
    for band in plan.faults.bands.iter().filter(|band| band.from.0 < end) {
        let row = |at: Time, detail: &str| EventRow {
            at_ns: at.0,
            node: None,
            kind: band.kind.clone(),
            detail: format!("{} {detail}", band.name),
        };
        events.push(row(band.from, "begins"));
        if band.until.0 < end {
            events.push(row(band.until, "ends"));
        }
    }
    let broken = |v: &Violation| EventRow {
        at_ns: v.at_ns,
        node: Some(v.node),
        kind: "violation".into(),
        detail: format!("{}: {}", v.invariant.metric().name, v.detail),
    };
    events.extend(violations.iter().map(broken));
    events.sort_by(|a, b| (a.at_ns, a.node, &a.kind, &a.detail).cmp(&(b.at_ns, b.node, &b.kind, &b.detail)));
}

fn metrics(plan: &Plan, mut sums: Meters, rows: &[BroadcastRow], violations: &[Violation], end: u64) -> Metrics {
    let edges = plan.bin_edges();
    per_broadcast(&edges, &mut sums, rows);
    in_flight(&mut sums);
    let bins = sums.by_bin.len();
    let mut metrics = Metrics {
        edges: edges.iter().copied().take(bins).chain([Time(end)]).collect(),
        regions: plan.network.regions.clone(),
        ..Metrics::default()
    };
    for &id in Id::ALL {
        match id.metric().kind {
            Kind::Counter => {
                let by_bin: Vec<u64> = sums.by_bin.iter().map(|bin| bin[id as usize]).collect();
                let by_region = sums.by_region.iter().map(|region| region[id as usize]).collect();
                if by_bin.iter().any(|n| *n > 0) || is_invariant(id) {
                    metrics.counters.insert(id, Counter { by_bin, by_region });
                }
            }
            Kind::Gauge => {
                let by_bin: Vec<f64> = sums.gauges.iter().map(|bin| bin[id as usize] as f64).collect();
                // A gauge stands where what moves it was counted at all.
                let moved_by = |id: Id| sums.by_bin.iter().any(|bin| bin[id as usize] > 0);
                let stands = match id {
                    Id::Isolated => moved_by(Id::LinkUp),
                    Id::Connections => moved_by(Id::Connected),
                    _ => true,
                };
                if stands {
                    metrics.gauges.insert(id, by_bin);
                }
            }
            Kind::Samples => {
                if let Some(set) = sums.samples[id as usize].take() {
                    metrics.samples.insert(id, samples(*set, bins));
                }
            }
        }
    }
    for violation in violations {
        let bin = metrics.edges.partition_point(|edge| edge.0 <= violation.at_ns).clamp(1, bins.max(1)) - 1;
        if let Some(slot) = metrics.counters.get_mut(&violation.invariant).and_then(|c| c.by_bin.get_mut(bin)) {
            *slot += violation.count;
        }
    }
    metrics
}

fn is_invariant(id: Id) -> bool {
    id.metric().name.starts_with("broken.")
}

fn samples(set: SampleSet, bins: usize) -> Samples {
    let fill =
        |list: Vec<Option<hdrhistogram::Histogram<u64>>>| list.into_iter().map(|h| h.unwrap_or_else(meters::histogram)).collect::<Vec<_>>();
    let mut by_bin = fill(set.by_bin);
    by_bin.truncate(bins);
    Samples { by_bin, by_region: fill(set.by_region) }
}

/// Coverage and redundancy, one value a broadcast, in the bin of its start.
fn per_broadcast(edges: &[Time], sums: &mut Meters, rows: &[BroadcastRow]) {
    let mut values: BTreeMap<(Id, usize), Vec<u64>> = BTreeMap::new();
    let share = |part: u64, whole: u64| (u128::from(part) * 1_000_000 / u128::from(whole.max(1))) as u64;
    for row in rows.iter().filter(|row| row.delivered > 0 || row.stayed > 0) {
        let bin = edges.partition_point(|edge| edge.0 <= row.at_ns).max(1) - 1;
        if row.stayed > 0 {
            values.entry((Id::BroadcastCoverage, bin)).or_default().push(share(row.reached, row.stayed));
        }
        values.entry((Id::BroadcastRedundancy, bin)).or_default().push(share(row.redundant, row.delivered));
    }
    let bins = edges.len() - 1;
    for ((id, bin), list) in values {
        let set = sums.samples[id as usize].get_or_insert_with(|| Box::new(SampleSet { by_bin: vec![None; bins], by_region: Vec::new() }));
        let fresh = if id == Id::BroadcastCoverage { fine_histogram } else { meters::histogram };
        let histogram = set.by_bin[bin.min(bins - 1)].get_or_insert_with(fresh);
        for value in list {
            histogram.record(value).expect("a histogram that resizes itself takes any value");
        }
    }
}

/// Shares near one must not be rounded: five digits.
fn fine_histogram() -> hdrhistogram::Histogram<u64> {
    hdrhistogram::Histogram::new(5).expect("five digits are within the library's range")
}

fn in_flight(sums: &mut Meters) {
    let mut under_way = 0u64;
    for (bin, gauges) in sums.by_bin.iter().zip(&mut sums.gauges) {
        let ended =
            [Id::NetDelivered, Id::NetLost, Id::NetCut, Id::NetQueueFull, Id::NetToDead].map(|id| bin[id as usize]).iter().sum::<u64>();
        under_way = (under_way + bin[Id::NetSent as usize]).saturating_sub(ended);
        gauges[Id::NetInFlight as usize] = under_way;
    }
}
