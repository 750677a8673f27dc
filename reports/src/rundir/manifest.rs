//! `run.json`: everything about a run that is not a long table. Times are nanoseconds, sizes bytes.

use super::Reproduce;
use super::machine::Machine;
use crate::dist::Dist;
use crate::tables::metrics::unit_word;
use hdrhistogram::Histogram;
use hypermesh_core::base::Time;
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::{Plan, Role};
use hypermesh_scenarios::trace::{Outcome, Trace};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the run directory's form. A reader refuses a newer one.
pub const FORMAT: u32 = 1;

/// The content of `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// What it is for.
    pub about: String,
    /// Seed of everything random.
    pub seed: u64,
    /// `simulated`, `emulated` or `measured`.
    pub mode: String,
    /// Digest of the run: equal digests, equal runs. Per window: `windows.parquet`.
    pub digest: String,
    /// How the run fared as a whole.
    pub verdict: Overall,
    /// Why the run ended before its stop, if it did.
    pub partial: Option<String>,
    /// Size, time and cost.
    pub facts: Facts,
    /// How to get the same run again.
    pub reproduce: Reproduce,
    /// Where it was made.
    pub machine: Machine,
    /// Judged expectations, in the order of the scenario.
    pub expectations: Vec<Judged>,
    /// Broken invariants.
    pub violations: Vec<Broken>,
    /// How often each watched requirement of the standard was put to the test; empty where none was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<Monitored>,
    /// The resolved plan, in short; whole in `resolved_yaml`.
    pub plan: PlanSummary,
    /// One line per metric over the whole run, to check the tables against.
    pub totals: BTreeMap<String, Total>,
    /// Edges of the time bins.
    pub bin_edges_ns: Vec<u64>,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// Rows per table.
    pub tables: BTreeMap<String, u64>,
    /// The scenario with every default written out.
    pub resolved_yaml: String,
}

/// How a run fared as a whole; the worst finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// Every expectation was met and no invariant was broken.
    Passed,
    /// Only what ought to hold (`should`) was missed.
    Warnings,
    /// Some expectation could not be judged.
    Undecided,
    /// Some expectation was missed.
    Failed,
    /// An `always` was missed or an invariant was broken.
    Unsafe,
}

impl Overall {
    /// Judges a trace.
    pub fn of(trace: &Trace) -> Self {
        let broken = if trace.violations.is_empty() { Self::Passed } else { Self::Unsafe };
        let one = |level, outcome| match (level, outcome) {
            (_, Outcome::Met) => Self::Passed,
            (Level::Should, _) => Self::Warnings,
            (_, Outcome::Unknown) => Self::Undecided,
            (Level::Always, Outcome::Missed) => Self::Unsafe,
            (_, Outcome::Missed) => Self::Failed,
        };
        trace.verdicts.iter().map(|verdict| one(verdict.level, verdict.outcome)).fold(broken, Self::max)
    }

    /// The word in `run.json` and in summaries.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warnings => "warnings",
            Self::Undecided => "undecided",
            Self::Failed => "failed",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Size, time and cost of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Nodes of the plan.
    pub nodes: u64,
    /// Datagrams delivered.
    pub messages: u64,
    /// Events handled.
    pub events: u64,
    /// Virtual time reached.
    pub virtual_end_ns: u64,
    /// When the plan ends.
    pub stop_ns: u64,
    /// From when on expectations look, if they do not say otherwise.
    pub warmup_ns: u64,
    /// Wall time, building the world included.
    pub wall_ns: u64,
    /// Wall time of the event loop.
    pub loop_ns: u64,
    /// Highest resident memory of the process; 0 is unknown.
    pub peak_rss_bytes: u64,
    /// Bytes that the world itself held.
    pub world_bytes: u64,
    /// Threads used.
    pub threads: u32,
    /// What hosted the engine.
    pub host: String,
}

/// A judged expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// `must`, `should`, `always`, `eventually` or `sometimes`.
    pub level: String,
    /// What was written.
    pub that: String,
    /// `met`, `missed` or `unknown`.
    pub outcome: String,
    /// What was seen.
    pub seen: String,
    /// The range looked at.
    pub range: String,
    /// When it was first missed.
    pub first_missed_ns: Option<u64>,
    /// Requirements that it is evidence for.
    pub covers: Vec<String>,
    /// Line in the scenario file.
    pub line: u32,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// Its metric, such as `broken.deliver_once`.
    pub invariant: String,
    /// When first.
    pub at_ns: u64,
    /// At which node first.
    pub node: u32,
    /// What was seen.
    pub detail: String,
    /// How often in all.
    pub count: u64,
}

/// A requirement of the standard that was watched all through the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Monitored {
    /// Its id, such as `R-8-28`.
    pub requirement: String,
    /// What puts it to the test, and what is looked at then.
    pub watches: String,
    /// How often it was put to the test.
    pub fired: u64,
    /// How often it was not kept.
    pub broken: u64,
}

/// A metric over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Total {
    /// `counter`, `gauge` or `samples`.
    pub kind: String,
    /// `one`, `ns`, `bytes` or `millionths`.
    pub unit: String,
    /// Sum of a counter, or number of samples.
    pub count: Option<u64>,
    /// Last level of a gauge.
    pub last: Option<f64>,
    /// Median, of all samples.
    pub p50: Option<u64>,
    /// 99th percentile, of all samples.
    pub p99: Option<u64>,
    /// Largest sample, as the upper end of its range.
    pub max: Option<u64>,
}

/// The plan in short.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Groups of nodes.
    pub groups: Vec<GroupSummary>,
    /// The wires.
    pub network: NetworkSummary,
    /// Places with at least one node.
    pub places: Vec<PlaceSummary>,
    /// Broadcasts of the workload.
    pub broadcasts: u64,
    /// Tokens of the workload.
    pub tokens: u64,
    /// Bytes of content in all broadcasts.
    pub broadcast_bytes: u64,
    /// Faults as people wrote them.
    pub faults: Vec<FaultSummary>,
    /// What happens to nodes, in number.
    pub node_faults: u64,
    /// What happens to wires, in number.
    pub wire_faults: u64,
    /// A planted defect, if a test asked for one.
    pub defect: Option<String>,
}

/// A group of nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// Its name.
    pub name: String,
    /// Its first node.
    pub first: u32,
    /// Its size.
    pub count: u32,
    /// `token`, `gossip` or `peer`.
    pub role: String,
    /// Protocols of a peer, in order of their layers.
    pub protocols: Vec<String>,
    /// Fan-out of push gossip.
    pub fanout: Option<u32>,
    /// When its first node starts.
    pub join_at_ns: u64,
    /// How long until its last one has started.
    pub join_over_ns: u64,
}

/// The wires.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkSummary {
    /// Where the delays come from.
    pub source: String,
    /// Places that the plan knows.
    pub places: u64,
    /// Regions that the plan knows.
    pub regions: u64,
    /// Classes of access, with their numbers of nodes.
    pub access: Vec<AccessSummary>,
    /// Loss on the path.
    pub loss: f64,
    /// Duplication.
    pub duplicate: f64,
    /// Reordering.
    pub reorder: f64,
    /// Jitter as a share of the path's delay.
    pub jitter_share: f64,
    /// Headers charged per datagram.
    pub overhead_bytes: u32,
}

/// A class of access.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessSummary {
    /// Its name.
    pub name: String,
    /// Nodes of the class.
    pub nodes: u64,
    /// Bits a second towards the network; 0 is unlimited.
    pub up_bps: u64,
    /// Bits a second towards the node; 0 is unlimited.
    pub down_bps: u64,
    /// Length of a queue; 0 is unlimited.
    pub queue_bytes: u64,
    /// Delay of the last mile.
    pub last_mile_ns: u64,
    /// Loss of the last mile.
    pub loss: f64,
}

/// A place with nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceSummary {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Nodes there.
    pub nodes: u64,
}

/// A fault as people wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSummary {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// When it starts.
    pub from_ns: u64,
    /// When it ends.
    pub until_ns: u64,
}

impl Manifest {
    /// Gathers it; `tables` are the numbers of rows written.
    pub(crate) fn gather(plan: &Plan, trace: &Trace, meta: &Reproduce, tables: BTreeMap<String, u64>) -> Self {
        Self {
            format: FORMAT,
            scenario: plan.name.clone(),
            about: plan.about.clone(),
            seed: plan.seed,
            mode: trace.mode.word().to_owned(),
            digest: trace.run.digest.clone(),
            verdict: Overall::of(trace),
            partial: trace.run.partial.clone(),
            facts: facts(plan, trace),
            reproduce: meta.clone(),
            machine: Machine::here(),
            expectations: judged(trace),
            violations: broken(trace),
            monitors: monitored(trace),
            plan: summary(plan),
            totals: totals(trace),
            bin_edges_ns: trace.metrics.edges.iter().map(|edge| edge.0).collect(),
            regions: trace.metrics.regions.clone(),
            tables,
            resolved_yaml: plan.resolved_yaml.clone(),
        }
    }
}

fn facts(plan: &Plan, trace: &Trace) -> Facts {
    let run = &trace.run;
    Facts {
        nodes: run.nodes,
        messages: run.messages,
        events: run.events,
        virtual_end_ns: run.virtual_end.0,
        stop_ns: plan.stop.0,
        warmup_ns: plan.warmup.0,
        wall_ns: run.wall_ns,
        loop_ns: run.loop_ns,
        peak_rss_bytes: run.peak_rss_bytes,
        world_bytes: run.world_bytes,
        threads: run.threads,
        host: run.host.clone(),
    }
}

const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Must => "must",
        Level::Should => "should",
        Level::Always => "always",
        Level::Eventually => "eventually",
        Level::Sometimes => "sometimes",
    }
}

fn judged(trace: &Trace) -> Vec<Judged> {
    let one = |verdict: &hypermesh_scenarios::trace::Verdict| Judged {
        level: level_word(verdict.level).to_owned(),
        that: verdict.that.clone(),
        outcome: match verdict.outcome {
            Outcome::Met => "met",
            Outcome::Missed => "missed",
            Outcome::Unknown => "unknown",
        }
        .to_owned(),
        seen: verdict.seen.clone(),
        range: verdict.range.clone(),
        first_missed_ns: verdict.first_missed_ns,
        covers: verdict.covers.clone(),
        line: verdict.line,
    };
    trace.verdicts.iter().map(one).collect()
}

fn broken(trace: &Trace) -> Vec<Broken> {
    let one = |violation: &hypermesh_scenarios::trace::Violation| Broken {
        invariant: violation.invariant.metric().name.to_owned(),
        at_ns: violation.at_ns,
        node: violation.node,
        detail: violation.detail.clone(),
        count: violation.count,
    };
    trace.violations.iter().map(one).collect()
}

fn monitored(trace: &Trace) -> Vec<Monitored> {
    let one = |row: &hypermesh_scenarios::trace::MonitorRow| Monitored {
        requirement: row.requirement.clone(),
        watches: row.watches.clone(),
        fired: row.fired,
        broken: row.broken,
    };
    trace.monitors.iter().map(one).collect()
}

fn totals(trace: &Trace) -> BTreeMap<String, Total> {
    let metrics = &trace.metrics;
    let new = |kind: &str, unit| Total { kind: kind.to_owned(), unit: unit_word(unit).to_owned(), ..Total::default() };
    let mut totals = BTreeMap::new();
    for (id, counter) in &metrics.counters {
        let metric = id.metric();
        totals.insert(metric.name.to_owned(), Total { count: Some(counter.by_bin.iter().sum()), ..new("counter", metric.unit) });
    }
    for (id, levels) in &metrics.gauges {
        let metric = id.metric();
        let last = levels.last().copied().filter(|level| level.is_finite());
        totals.insert(metric.name.to_owned(), Total { last, ..new("gauge", metric.unit) });
    }
    for (id, samples) in &metrics.samples {
        let metric = id.metric();
        let dist = Dist::merge(&samples.by_bin.iter().map(dist_of).collect::<Vec<_>>());
        let total = Total {
            count: Some(dist.count()),
            p50: dist.quantile(0.5),
            p99: dist.quantile(0.99),
            max: dist.max(),
            ..new("samples", metric.unit)
        };
        totals.insert(metric.name.to_owned(), total);
    }
    totals
}

/// A histogram as a distribution.
pub(crate) fn dist_of(histogram: &Histogram<u64>) -> Dist {
    Dist::gather(crate::tables::metrics::buckets(histogram).collect())
}

fn summary(plan: &Plan) -> PlanSummary {
    PlanSummary {
        groups: plan.groups.iter().map(group).collect(),
        network: network(plan),
        places: places(plan),
        broadcasts: plan.workload.broadcasts.len() as u64,
        tokens: plan.workload.tokens.iter().map(|tokens| u64::from(tokens.count) * u64::from(tokens.per_node)).sum(),
        broadcast_bytes: plan.workload.broadcasts.iter().map(|shot| u64::from(shot.bytes)).sum(),
        faults: plan
            .faults
            .bands
            .iter()
            .map(|band| FaultSummary {
                name: band.name.clone(),
                kind: band.kind.clone(),
                from_ns: band.from.0,
                until_ns: until(band.until, plan.stop),
            })
            .collect(),
        node_faults: plan.faults.nodes.len() as u64,
        wire_faults: plan.faults.wires.len() as u64,
        defect: plan.defect.map(|defect| format!("{defect:?}")),
    }
}

/// The end of a band; what lasts for ever ends with the run.
const fn until(end: Time, stop: Time) -> u64 {
    if end.0 > stop.0 { stop.0 } else { end.0 }
}

fn group(group: &hypermesh_scenarios::plan::Group) -> GroupSummary {
    let (role, fanout, protocols) = match &group.role {
        Role::Token(_) => ("token", None, vec![]),
        Role::Gossip(config) => ("gossip", Some(u32::from(config.fanout)), vec![]),
        Role::Stoq(config) => (config.kind.word(), None, vec!["STOQ".to_owned()]),
        Role::Peer(config) => {
            let all = [
                ("HyParView", config.hyparview.is_some()),
                ("Plumtree", config.plumtree.is_some()),
                ("SWIM", config.swim.is_some()),
                ("Vivaldi", config.vivaldi.is_some()),
            ];
            ("peer", None, all.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).to_owned()).collect())
        }
    };
    GroupSummary {
        name: group.name.clone(),
        first: group.first,
        count: group.count,
        role: role.to_owned(),
        protocols,
        fanout,
        join_at_ns: group.join_at.0,
        join_over_ns: group.join_over.0,
    }
}

fn network(plan: &Plan) -> NetworkSummary {
    let wires = &plan.network;
    let mut nodes = vec![0u64; wires.access.len()];
    for &class in &plan.nodes.access {
        if let Some(count) = nodes.get_mut(usize::from(class)) {
            *count += 1;
        }
    }
    let access = |(class, &nodes): (&hypermesh_scenarios::plan::Access, &u64)| AccessSummary {
        name: class.name.clone(),
        nodes,
        up_bps: class.up_bps,
        down_bps: class.down_bps,
        queue_bytes: class.queue_bytes,
        last_mile_ns: class.last_mile.0,
        loss: class.loss,
    };
    NetworkSummary {
        source: wires.source.clone(),
        places: wires.places.len() as u64,
        regions: wires.regions.len() as u64,
        access: wires.access.iter().zip(&nodes).map(access).collect(),
        loss: wires.loss,
        duplicate: wires.duplicate,
        reorder: wires.reorder,
        jitter_share: wires.jitter.share,
        overhead_bytes: wires.overhead_bytes,
    }
}

fn places(plan: &Plan) -> Vec<PlaceSummary> {
    let mut nodes = vec![0u64; plan.network.places.len()];
    for &place in &plan.nodes.place {
        if let Some(count) = nodes.get_mut(usize::from(place)) {
            *count += 1;
        }
    }
    let one = |(place, &nodes): (&hypermesh_scenarios::plan::Place, &u64)| PlaceSummary {
        name: place.name.clone(),
        region: plan.network.regions.get(usize::from(place.region)).cloned().unwrap_or_default(),
        lat: place.spot.lat,
        lon: place.spot.lon,
        nodes,
    };
    plan.network.places.iter().zip(&nodes).filter(|(_, nodes)| **nodes > 0).map(one).collect()
}
