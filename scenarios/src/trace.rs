//! The trace: everything that a run leaves, from a simulated or a real world, in the same columns.

use crate::catalog::Id;
use crate::expect::Level;
use hdrhistogram::Histogram;
use hypermesh_core::base::Time;

/// Where numbers come from. Every output row says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The simulator's message mode: modelled transport, virtual time.
    Message,
    /// Real QUIC on simulated wires, virtual time.
    Packet,
    /// Real sockets, wall time.
    Socket,
}

impl Mode {
    /// The word in every table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Message => "simulated",
            Self::Packet => "emulated",
            Self::Socket => "measured",
        }
    }
}

/// Everything that a run leaves.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Where the numbers come from.
    pub mode: Mode,
    /// The run as a whole.
    pub run: RunFacts,
    /// The metrics.
    pub metrics: Metrics,
    /// One row a broadcast.
    pub broadcasts: Vec<BroadcastRow>,
    /// Deliveries of all broadcasts by time since their intended start: (upper edge of the step in ns, deliveries in it), the infection curve.
    pub infection: Vec<(u64, u64)>,
    /// What nodes of layer 1 served, by time bin, group and level; in this order.
    pub serving: Vec<ServingRow>,
    /// From whom nodes of layer 1 took what, by groups and regions; in this order.
    pub routes: Vec<RouteRow>,
    /// Sampled datagrams.
    pub flows: Vec<Flow>,
    /// Events worth naming: faults, violations, facts of sampled nodes.
    pub events: Vec<EventRow>,
    /// Digest sums per window, for the search of the first difference.
    pub windows: Vec<WindowDigest>,
    /// Broken invariants, the first of each kind first.
    pub violations: Vec<Violation>,
    /// How often each watched requirement of the standard was put to the test; empty where none was.
    pub monitors: Vec<MonitorRow>,
    /// Verdicts on the expectations, in the order of the plan.
    pub verdicts: Vec<Verdict>,
}

/// The run as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFacts {
    /// Nodes of the plan.
    pub nodes: u64,
    /// Datagrams delivered.
    pub messages: u64,
    /// Events handled: deliveries, wake-ups, commands, faults.
    pub events: u64,
    /// Virtual time reached.
    pub virtual_end: Time,
    /// Wall time of the run in nanoseconds, building the world included. Not part of any digest.
    pub wall_ns: u64,
    /// Wall time of the event loop alone.
    pub loop_ns: u64,
    /// Highest resident memory of the process so far, in bytes; 0 where the system does not tell.
    pub peak_rss_bytes: u64,
    /// Bytes that the world itself held at its largest: nodes, events, metrics.
    pub world_bytes: u64,
    /// Threads used.
    pub threads: u32,
    /// The run's digest: hexadecimal, 64 digits.
    pub digest: String,
    /// What hosted the engine: `engine` or `madsim`.
    pub host: String,
    /// Why the run ended before its stop, if it did.
    pub partial: Option<String>,
}

/// A counter's values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Per time bin.
    pub by_bin: Vec<u64>,
    /// Per region, over the whole run; empty where regions make no sense.
    pub by_region: Vec<u64>,
}

/// A histogram metric's values.
#[derive(Clone, Debug)]
pub struct Samples {
    /// Per time bin.
    pub by_bin: Vec<Histogram<u64>>,
    /// Per region, from the warm-up on.
    pub by_region: Vec<Histogram<u64>>,
}

/// All metrics. Vectors are indexed by [`Id`]; a metric that was never touched is absent.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Edges of the time bins, one more than there are bins.
    pub edges: Vec<Time>,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// Counters.
    pub counters: std::collections::BTreeMap<Id, Counter>,
    /// Gauges: the value at the end of each bin.
    pub gauges: std::collections::BTreeMap<Id, Vec<f64>>,
    /// Histograms.
    pub samples: std::collections::BTreeMap<Id, Samples>,
}

/// One broadcast.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BroadcastRow {
    /// Its id.
    pub id: u32,
    /// Where it started.
    pub origin: u32,
    /// When it was meant to start, in ns.
    pub at_ns: u64,
    /// Nodes that were up from its start to the end of the run.
    pub stayed: u64,
    /// How many of those it reached.
    pub reached: u64,
    /// Deliveries to any node.
    pub delivered: u64,
    /// Deliveries that were repairs.
    pub repaired: u64,
    /// Redundant contents.
    pub redundant: u64,
    /// Time to the last delivery at a node that stayed, in ns.
    pub last_ns: u64,
    /// Most hops.
    pub hops_max: u16,
}

/// What the nodes of a group served from one level in one time bin. Only what happened has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServingRow {
    /// The time bin.
    pub bin: u32,
    /// The group.
    pub group: u16,
    /// Whether it is what names led to, rather than contents.
    pub named: bool,
    /// From where.
    pub level: hypermesh_core::node::Level,
    /// How many.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What the nodes of a group in a region took from those of another group in another region, over the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// The group of those who asked.
    pub group: u16,
    /// Their region.
    pub region: u16,
    /// The group of those who were asked.
    pub to_group: u16,
    /// Their region.
    pub to_region: u16,
    /// Connections that were opened.
    pub connections: u64,
    /// Contents and manifests that came.
    pub contents: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was handed to its receiver.
    Delivered,
    /// It was lost on the path.
    Lost,
    /// A partition stopped it.
    Cut,
    /// A queue was full.
    QueueFull,
    /// Its receiver was down.
    Dead,
    /// It was under way when the run ended.
    InFlight,
}

impl Fate {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Lost => "loss",
            Self::Cut => "partition",
            Self::QueueFull => "queue",
            Self::Dead => "dead",
            Self::InFlight => "in_flight",
        }
    }
}

/// A sampled datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When it was sent, in ns.
    pub sent_ns: u64,
    /// When it was delivered or dropped, in ns.
    pub done_ns: u64,
    /// Sender.
    pub from: u32,
    /// Receiver.
    pub to: u32,
    /// Bytes charged.
    pub bytes: u32,
    /// What kind of message it was: an index in the node type's table of kinds, or 0.
    pub kind: u16,
    /// What became of it.
    pub fate: Fate,
}

/// An event worth naming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// When, in ns.
    pub at_ns: u64,
    /// The node, or none.
    pub node: Option<u32>,
    /// One word: `crash`, `restart`, `pause`, `suspected`, `link_up`, ...
    pub kind: String,
    /// More, for people.
    pub detail: String,
}

/// Digest sums of one window of virtual time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowDigest {
    /// End of the window, in ns.
    pub until_ns: u64,
    /// Events in it.
    pub events: u64,
    /// Sum over deliveries of messages.
    pub wire: u64,
    /// Sum over wake-ups, starts, commands and faults.
    pub local: u64,
    /// Sum over facts.
    pub facts: u64,
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which: a `broken.*` metric.
    pub invariant: Id,
    /// When first, in ns.
    pub at_ns: u64,
    /// Where first.
    pub node: u32,
    /// What was seen.
    pub detail: String,
    /// How often in all.
    pub count: u64,
}

/// A monitor: a requirement of the standard that was watched all through the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorRow {
    /// The id of the requirement, such as `R-8-28`.
    pub requirement: String,
    /// What puts it to the test, and what is looked at then.
    pub watches: String,
    /// How often it was put to the test.
    pub fired: u64,
    /// How often it was not kept.
    pub broken: u64,
    /// When and where that was first, and what was seen.
    pub first: Option<(u64, u32, String)>,
}

/// How an expectation fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It held.
    Met,
    /// It did not.
    Missed,
    /// It could not be judged: nothing was recorded, or the run ended before.
    Unknown,
}

/// A judged expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How much it matters.
    pub level: Level,
    /// What was written.
    pub that: String,
    /// How it fared.
    pub outcome: Outcome,
    /// The value that was compared, in words (`231 ms`), or why there is none.
    pub seen: String,
    /// When it was first missed, in ns, where that makes sense.
    pub first_missed_ns: Option<u64>,
    /// The range it looked at, in words.
    pub range: String,
    /// Requirements that it is evidence for.
    pub covers: Vec<String>,
    /// Its line in the scenario file.
    pub line: u32,
}
