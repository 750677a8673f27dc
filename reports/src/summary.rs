//! What a run says in short: the sentences and tables that the page and the Markdown summary share.

use crate::delivery;
use crate::dist::Dist;
use crate::numbers;
use crate::run::Run;
use crate::rundir::manifest::{FaultSummary, Overall};
use serde::Serialize;

/// The verdict in a sentence.
pub(crate) fn verdict(run: &Run) -> String {
    let all = &run.manifest.expectations;
    let count = |outcome: &str| all.iter().filter(|judged| judged.outcome == outcome).count();
    let (met, total) = (count("met"), all.len());
    let of_all = format!("{met} of {total} expectations met");
    match run.manifest.verdict {
        Overall::Passed if total == 0 => "Passed: nothing was expected, and every invariant held".to_owned(),
        Overall::Passed => format!("Passed: {of_all}"),
        Overall::Warnings => format!("Passed with warnings: {of_all}"),
        Overall::Undecided => format!("Undecided: {of_all}, {} could not be judged", count("unknown")),
        Overall::Failed => format!("Failed: {of_all}"),
        Overall::Unsafe if !run.manifest.violations.is_empty() => {
            let broken: Vec<_> = run.manifest.violations.iter().map(|broken| broken.invariant.as_str()).collect();
            format!("Unsafe: {} broken, {of_all}", broken.join(", "))
        }
        Overall::Unsafe => format!("Unsafe: {of_all}, an `always` was missed"),
    }
}

/// The first thing that went wrong, with its virtual time where it has one.
pub(crate) fn first_trouble(run: &Run) -> Option<String> {
    let manifest = &run.manifest;
    let broken = manifest.violations.iter().map(|broken| {
        (
            broken.at_ns,
            format!("{} on node {}: {} ({} times in all)", broken.invariant, broken.node, broken.detail, numbers::exact(broken.count)),
        )
    });
    let missed = manifest.expectations.iter().filter(|judged| judged.outcome == "missed");
    let told = |judged: &crate::rundir::manifest::Judged| format!("{} {} was missed (seen: {})", judged.level, judged.that, judged.seen);
    let timed = missed.clone().filter_map(|judged| Some((judged.first_missed_ns?, told(judged))));
    if let Some((at, what)) = broken.chain(timed).min_by_key(|(at, _)| *at) {
        return Some(format!("First trouble at {}: {what}.", numbers::moment(at)));
    }
    if let Some(judged) = missed.clone().next() {
        return Some(format!("First trouble: {}.", told(judged)));
    }
    let unjudged = manifest.expectations.iter().find(|judged| judged.outcome == "unknown");
    unjudged.map(|judged| format!("{} {} could not be judged: {}.", judged.level, judged.that, judged.seen))
}

/// A number with its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) note: String,
}

fn figure(name: &'static str, value: String, note: impl Into<String>) -> Figure {
    Figure { name, value, note: note.into() }
}

fn per(amount: u64, ns: u64) -> f64 {
    if ns == 0 { f64::NAN } else { amount as f64 / (ns as f64 / 1e9) }
}

/// The figures at the top: what happened.
pub(crate) fn figures(run: &Run) -> Vec<Figure> {
    let facts = &run.manifest.facts;
    let mut all = vec![
        figure("nodes", numbers::exact(facts.nodes), roles(run)),
        figure("virtual time", numbers::moment(facts.virtual_end_ns), format!("of {} planned", numbers::moment(facts.stop_ns))),
        figure(
            "datagrams delivered",
            numbers::count(facts.messages as f64),
            format!("{} sent", numbers::count(run.counter("net.sent") as f64)),
        ),
        figure(
            "bytes sent",
            numbers::bytes(run.counter("net.bytes") as f64),
            format!("{} a node", numbers::bytes(per_node(run, run.counter("net.bytes")))),
        ),
    ];
    if delivery::is_delivery(run) {
        all.extend(fetched(run));
    }
    if let Some(reach) = reach(run) {
        all.push(figure("reached", numbers::percent(reach), "of live nodes that stayed, all broadcasts"));
    }
    if let Some(delivery) = run.whole("broadcast.delivery") {
        let at = |q| numbers::time(delivery.quantile(q).unwrap_or(0) as f64);
        all.push(figure("delivery, median", at(0.5), format!("90 % within {}", at(0.9))));
        all.push(figure("delivery, p99", at(0.99), format!("all within {}", at(1.0))));
    }
    all
}

/// What a run of layer 1 adds to the figures.
fn fetched(run: &Run) -> Vec<Figure> {
    let failed = run.counter("fetch.failed");
    let mut all = vec![figure(
        "objects fetched",
        numbers::exact(run.counter("fetch.done")),
        format!("{} asked for, {} failed", numbers::exact(run.counter("fetch.asked")), numbers::exact(failed)),
    )];
    if let Some(latency) = run.whole("fetch.latency") {
        let at = |q| numbers::time(latency.quantile(q).unwrap_or(0) as f64);
        all.push(figure("fetch, median", at(0.5), format!("90 % within {}", at(0.9))));
        all.push(figure("fetch, p99", at(0.99), format!("all within {}", at(1.0))));
    }
    let ratio = |tier: &delivery::Tier| Some((numbers::percent(tier.hit_ratio()?), tier.group.clone(), tier.byte_hit_ratio()?));
    for (hits, group, bytes) in delivery::tiers(run).iter().filter_map(ratio) {
        all.push(figure("hit ratio", hits, format!("of contents that {group} served; {} of bytes", numbers::percent(bytes))));
    }
    if let Some(offload) = delivery::offload(run) {
        let note = format!(
            "origins served {} of {} that clients took",
            numbers::bytes(offload.origin as f64),
            numbers::bytes(offload.taken as f64)
        );
        all.push(figure("origin offload", numbers::percent(offload.share().max(0.0)), note));
    }
    let poisoned = run.counter("upstream.poisoned");
    if poisoned > 0 {
        all.push(figure(
            "thrown away",
            numbers::exact(poisoned),
            "contents that were not what they were asked for, and reached no application",
        ));
    }
    if let Some(layers) = delivery::layers(run) {
        let share = numbers::percent(layers.objects as f64 / layers.wires.max(1) as f64);
        all.push(figure(
            "bytes of objects",
            numbers::bytes(layers.objects as f64),
            format!("{share} of what crossed wires, each hop counted"),
        ));
    }
    all
}

/// The metric of what applications wait for.
fn answer_metric(run: &Run) -> &'static str {
    if delivery::is_delivery(run) { "fetch.latency" } else { "broadcast.delivery" }
}

/// The share of pairs of broadcast and node that stayed which were reached.
pub(crate) fn reach(run: &Run) -> Option<f64> {
    let stayed: u64 = run.broadcasts.iter().map(|row| row.stayed).sum();
    let reached: u64 = run.broadcasts.iter().map(|row| row.reached).sum();
    (stayed > 0).then(|| reached as f64 / stayed as f64)
}

/// What the run cost.
pub(crate) fn cost(run: &Run) -> Vec<Figure> {
    let facts = &run.manifest.facts;
    let rate = |amount| numbers::count(per(amount, facts.loop_ns));
    let known = |bytes: u64| if bytes > 0 { numbers::bytes(bytes as f64) } else { "unknown".to_owned() };
    let ratio = facts.virtual_end_ns as f64 / facts.wall_ns.max(1) as f64;
    let threads = if facts.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", facts.threads) };
    vec![
        figure("wall time", numbers::time(facts.wall_ns as f64), format!("event loop {}", numbers::time(facts.loop_ns as f64))),
        figure(
            "virtual to real time",
            format!("{}×", numbers::sig4(ratio)),
            if ratio >= 1.0 { "faster than life" } else { "slower than life" },
        ),
        figure("messages per second", rate(facts.messages), "delivered, in the event loop"),
        figure("events per second", rate(facts.events), format!("{} events", numbers::count(facts.events as f64))),
        figure(
            "time per message",
            numbers::time(facts.loop_ns as f64 / facts.messages.max(1) as f64),
            "event loop over messages delivered",
        ),
        figure("memory", known(facts.peak_rss_bytes), "highest of the process"),
        figure("bytes per node", numbers::bytes(per_node(run, facts.world_bytes)), format!("world {}", known(facts.world_bytes))),
        figure("threads", threads, format!("host: {}", facts.host)),
    ]
}

fn per_node(run: &Run, amount: u64) -> f64 {
    amount as f64 / run.manifest.facts.nodes.max(1) as f64
}

fn roles(run: &Run) -> String {
    let one = |group: &crate::rundir::manifest::GroupSummary| {
        let more = match (&group.fanout, group.protocols.as_slice()) {
            (Some(fanout), _) => format!(", fan-out {fanout}"),
            (None, []) => String::new(),
            (None, protocols) => format!(": {}", protocols.join(", ")),
        };
        format!("{} ({}{more})", group.name, group.role)
    };
    run.manifest.plan.groups.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A region's row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RegionRow {
    pub(crate) region: String,
    pub(crate) nodes: String,
    pub(crate) deliveries: String,
    pub(crate) p50: String,
    pub(crate) p90: String,
    pub(crate) p99: String,
    pub(crate) max: String,
    pub(crate) latency_p50: String,
}

fn quantile(dist: Option<&Dist>, q: f64) -> String {
    dist.and_then(|dist| dist.quantile(q)).map_or_else(|| "–".to_owned(), |ns| numbers::time(ns as f64))
}

/// Regions with nodes or deliveries, in the order of the plan.
pub(crate) fn regions(run: &Run) -> Vec<RegionRow> {
    let by_region = |metric: &str| run.series.samples.get(metric).map(|samples| samples.by_region.as_slice()).unwrap_or_default();
    let (delivery, latency) = (by_region("broadcast.delivery"), by_region("net.latency"));
    let row = |(index, region): (usize, &String)| {
        let nodes: u64 = run.manifest.plan.places.iter().filter(|place| place.region == *region).map(|place| place.nodes).sum();
        let (delivery, latency) = (delivery.get(index), latency.get(index));
        let count = delivery.map_or(0, Dist::count);
        (nodes > 0 || count > 0).then(|| RegionRow {
            region: region.clone(),
            nodes: numbers::exact(nodes),
            deliveries: numbers::count(count as f64),
            p50: quantile(delivery, 0.5),
            p90: quantile(delivery, 0.9),
            p99: quantile(delivery, 0.99),
            max: quantile(delivery, 1.0),
            latency_p50: quantile(latency, 0.5),
        })
    };
    run.manifest.regions.iter().enumerate().filter_map(row).collect()
}

/// What was measured before, during or after a fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PhaseRow {
    /// The fault, in the first of its rows only.
    pub(crate) fault: String,
    pub(crate) kind: String,
    pub(crate) phase: &'static str,
    pub(crate) range: String,
    pub(crate) messages: String,
    pub(crate) dropped: String,
    pub(crate) deliveries: String,
    pub(crate) p50: String,
    pub(crate) p99: String,
    pub(crate) nodes_up: String,
}

/// Most faults in the table of phases.
pub(crate) const FAULTS_MAX: usize = 12;

/// Before, during and after each fault; before and after are as long as the fault, but at least one time bin.
pub(crate) fn phases(run: &Run) -> Vec<PhaseRow> {
    let mut rows = Vec::new();
    for fault in run.manifest.plan.faults.iter().take(FAULTS_MAX) {
        let mut of_fault: Vec<PhaseRow> =
            around(run, fault).into_iter().filter_map(|(phase, from, until)| phase_row(run, phase, from, until)).collect();
        if let Some(first) = of_fault.first_mut() {
            first.fault.clone_from(&fault.name);
            first.kind.clone_from(&fault.kind);
        }
        rows.append(&mut of_fault);
    }
    rows
}

fn around(run: &Run, fault: &FaultSummary) -> [(&'static str, u64, u64); 3] {
    let bin = run.manifest.bin_edges_ns.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
    let long = (fault.until_ns - fault.from_ns).max(bin);
    let end = run.manifest.facts.virtual_end_ns;
    [
        ("before", fault.from_ns.saturating_sub(long), fault.from_ns),
        ("during", fault.from_ns, fault.until_ns.min(end)),
        ("after", fault.until_ns.min(end), fault.until_ns.saturating_add(long).min(end)),
    ]
}

/// The bins that lie in the range; none if no whole bin does.
fn phase_row(run: &Run, phase: &'static str, from: u64, until: u64) -> Option<PhaseRow> {
    let edges = &run.manifest.bin_edges_ns;
    let first = edges.partition_point(|edge| *edge < from);
    let last = edges.partition_point(|edge| *edge <= until).checked_sub(1)?;
    if last <= first {
        return None;
    }
    let span = edges[last] - edges[first];
    let sum = |name: &str| {
        run.series.counters.get(name).map_or(0, |counter| counter.by_bin.get(first..last).unwrap_or_default().iter().sum::<u64>())
    };
    let dropped: u64 =
        ["net.dropped.loss", "net.dropped.partition", "net.dropped.queue", "net.dropped.dead"].iter().map(|name| sum(name)).sum();
    let delivered = sum("net.delivered");
    let delivery =
        run.series.samples.get(answer_metric(run)).map(|samples| Dist::merge(samples.by_bin.get(first..last).unwrap_or_default()));
    let up = run.series.gauges.get("node.up").and_then(|gauge| gauge.by_bin.get(last - 1)).copied().filter(|level| level.is_finite());
    Some(PhaseRow {
        fault: String::new(),
        kind: String::new(),
        phase,
        range: format!("{} to {}", numbers::moment(edges[first]), numbers::moment(edges[last])),
        messages: format!("{}/s", numbers::count(per(delivered, span))),
        dropped: numbers::percent(dropped as f64 / (delivered + dropped).max(1) as f64),
        deliveries: numbers::count(delivery.as_ref().map_or(0, Dist::count) as f64),
        p50: quantile(delivery.as_ref(), 0.5),
        p99: quantile(delivery.as_ref(), 0.99),
        nodes_up: up.map_or_else(|| "–".to_owned(), |level| numbers::exact(level as u64)),
    })
}

/// An invariant and how often it was broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct InvariantRow {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) count: u64,
}

/// Every invariant of the catalogue.
pub(crate) fn invariants(run: &Run) -> Vec<InvariantRow> {
    let told =
        |name: &str| run.manifest.violations.iter().filter(|broken| broken.invariant == name).map(|broken| broken.count).sum::<u64>();
    let all = hypermesh_scenarios::catalog::METRICS.iter().filter(|metric| metric.name.starts_with("broken."));
    all.map(|metric| InvariantRow { name: metric.name, about: metric.about, count: told(metric.name).max(run.counter(metric.name)) })
        .collect()
}
