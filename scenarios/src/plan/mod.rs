//! The plan: a scenario with everything resolved. Every node has a place, every fault a time and a target, every broadcast a number and an origin.
//! A world needs nothing else, and the same plan always gives the same answer.

mod faults;

pub use faults::{
    Band, CertFault, Faults, NodeFault, NodeFaultKind, RegionSet, Side, StoreFault, StoreFaultKind, WireFault, WireFaultKind, WireScope,
};

use crate::expect::Expectation;
use hypermesh_core::base::{NodeId, Span, Spot, Time};
use hypermesh_core::hypermesh::mesh::{gossip, peer, token};
use hypermesh_core::node::BroadcastId;
use hypermesh_core::stoq::cache::policy::Kind as Policy;
use hypermesh_core::testing::Defect;

/// A scenario, resolved.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the scenario; part of the run directory's name.
    pub name: String,
    /// What the scenario is for, in a sentence.
    pub about: String,
    /// The seed of everything random.
    pub seed: u64,
    /// When the run ends.
    pub stop: Time,
    /// Expectations without a time range look at what happens from here on.
    pub warmup: Time,
    /// The scenario with every default written out, as YAML, for the run directory and for `plan`.
    pub resolved_yaml: String,
    /// Groups of nodes, in order of their first node. Together they are all nodes.
    pub groups: Vec<Group>,
    /// Where each node is and how it is connected.
    pub nodes: Nodes,
    /// The wires between them.
    pub network: Network,
    /// Certificates of layer 1; those of all are good for ever if none.
    pub certs: Option<Certs>,
    /// What the applications do.
    pub workload: Workload,
    /// What goes wrong.
    pub faults: Faults,
    /// What to keep.
    pub observe: Observe,
    /// What is expected.
    pub expect: Vec<Expectation>,
    /// What the run may cost.
    pub budget: Budget,
    /// A defect planted by a test.
    pub defect: Option<Defect>,
}

/// Certificates that are renewed and may be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certs {
    /// How long each lives.
    pub life: Span,
    /// How long after one the next is issued.
    pub renew: Span,
    /// How long after its revocation one may be accepted.
    pub bound: Span,
    /// How far clocks may be from the truth.
    pub clock_error: Span,
}

/// Nodes of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name in the scenario.
    pub name: String,
    /// Its first node.
    pub first: u32,
    /// How many nodes it has.
    pub count: u32,
    /// What its nodes are.
    pub role: Role,
    /// When the first of them starts.
    pub join_at: Time,
    /// How long it takes until the last of them has started.
    pub join_over: Span,
    /// How the number of started nodes grows meanwhile.
    pub join_shape: JoinShape,
}

/// How a group grows while it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinShape {
    /// By the same number every second.
    Linear,
    /// By the same factor every second, as a network grows through its members.
    Growth,
}

/// What the nodes of a group are. All groups of one plan have the same kind of role, since others could not talk to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// Holders of tokens.
    Token(token::Config),
    /// Push gossip.
    Gossip(gossip::Config),
    /// Mesh peers.
    Peer(peer::Config),
    /// Nodes of layer 1.
    Stoq(Stoq),
}

/// A node of layer 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stoq {
    /// What it is.
    pub kind: StoqKind,
    /// Index of the group above it; none for origins.
    pub above: Option<u32>,
    /// How many nodes of that group it knows.
    pub servers: u8,
    /// How these are chosen.
    pub routing: Routing,
    /// Its cache, if it is one.
    pub cache: Option<CacheSize>,
    /// How long an origin lets others answer for its names.
    pub max_age: Span,
    /// How long a connection that nobody needs is kept by a client.
    pub linger: Span,
    /// Of an origin: at how many of its group each object lies; at all of them if none.
    pub copies: u8,
    /// Peers that have not agreed on anything which it lets connect at a time.
    pub strangers: u32,
    /// It changes a bit of every chunk that it sends.
    pub poisons: bool,
    /// It publishes two objects under one name and version.
    pub equivocates: bool,
    /// It opens connections and says nothing on them.
    pub floods: bool,
    /// Its processor; without one, work takes no time.
    pub cpu: Option<Cpu>,
}

/// The processor of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// How many cores it has.
    pub cores: u16,
    /// What work costs on one of them.
    pub costs: Costs,
}

/// What QUIC and STOQ cost on one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// To hand up to ten packets to the network card at once.
    pub send_batch: Span,
    /// To send a packet, on top of that.
    pub send_packet: Span,
    /// To send 10^9 bytes of UDP payload, on top of that.
    pub send_gigabyte: Span,
    /// To receive a packet.
    pub receive_packet: Span,
    /// To receive 10^9 bytes of UDP payload, on top of that.
    pub receive_gigabyte: Span,
    /// One side of a handshake.
    pub handshake: Span,
    /// One side of a request.
    pub request: Span,
}

/// What a node of layer 1 is, from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoqKind {
    /// Where objects come from.
    Origin,
    /// A cache between origins and edges.
    Regional,
    /// A cache near clients.
    Edge,
    /// Whoever asks.
    Client,
    /// Whoever stores objects at origins, and purges what they replace.
    Publisher,
}

impl StoqKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Regional => "regional",
            Self::Edge => "edge",
            Self::Client => "client",
            Self::Publisher => "publisher",
        }
    }

    /// Whether others ask it for objects.
    pub const fn serves(self) -> bool {
        matches!(self, Self::Origin | Self::Regional | Self::Edge)
    }

    /// Whether nodes of this kind may be above those of another. Publishers store at origins and nowhere else.
    pub fn is_above(self, below: Self) -> bool {
        self < below && self.serves() && (below != Self::Publisher || self == Self::Origin)
    }
}

/// A cache's policy and room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSize {
    /// Which objects it keeps.
    pub policy: Policy,
    /// Bytes in memory.
    pub memory_bytes: u64,
    /// Bytes on disk.
    pub disk_bytes: u64,
}

/// How a node chooses those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// By the delay between the places.
    Latency,
    /// By distance on the globe.
    Geography,
    /// By chance.
    Random,
}

/// The nodes' columns, each with one entry a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// Index of the node's place.
    pub place: Vec<u16>,
    /// Index of the node's access class.
    pub access: Vec<u8>,
}

/// A place where nodes are: a city or a cloud region.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Index of its region.
    pub region: u16,
    /// Where it is.
    pub spot: Spot,
}

/// How a node is connected to its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Name of the class.
    pub name: String,
    /// Bits a second towards the network; 0 is unlimited.
    pub up_bps: u64,
    /// Bits a second towards the node; 0 is unlimited.
    pub down_bps: u64,
    /// Bytes that a queue holds in either direction before it drops what arrives (drop-tail); 0 is unlimited.
    pub queue_bytes: u64,
    /// One-way delay between the node and its place.
    pub last_mile: Span,
    /// Probability that a datagram is lost here, each way.
    pub loss: f64,
}

/// Delay variation. Within one pair of nodes it is a continuous function of time whose slope is above -1, so a pipe keeps its order without memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// Largest extra delay as a share of the path's one-way delay.
    pub share: f64,
    /// Largest extra delay on top of that.
    pub floor: Span,
    /// Time over which the extra delay changes.
    pub period: Span,
}

/// The wires.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Where nodes can be.
    pub places: Vec<Place>,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// One-way delay in nanoseconds from place to place, row by row (`from * places + to`); the diagonal is the delay within a place. All above zero.
    pub one_way_ns: Vec<u32>,
    /// Classes of access.
    pub access: Vec<Access>,
    /// Delay variation.
    pub jitter: Jitter,
    /// Probability that a datagram is lost on the path.
    pub loss: f64,
    /// Probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Probability that a datagram is held back and may be overtaken.
    pub reorder: f64,
    /// How long such a datagram is held back at most.
    pub reorder_by: Span,
    /// Bytes of headers charged per datagram (IPv6, UDP, QUIC).
    pub overhead_bytes: u32,
    /// Where the delays come from, in words, for reports.
    pub source: String,
}

/// What the applications do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    /// Broadcasts in the order of their intended start; the index is the broadcast's id.
    pub broadcasts: Vec<Shot>,
    /// Tokens.
    pub tokens: Vec<Tokens>,
    /// Objects that can be asked for.
    pub objects: Vec<Object>,
    /// Who asks for which of them, in the order of the intended start.
    pub fetches: Vec<Fetch>,
    /// Who publishes new versions of them, in the order of the intended start.
    pub revisions: Vec<Revision>,
}

/// An object of the catalogue. Its content follows from the seed and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// How long it is.
    pub bytes: u32,
}

/// Somebody asks for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// When it is meant to be asked for. Latency counts from here.
    pub at: Time,
    /// By whom.
    pub node: NodeId,
    /// Index of the object.
    pub object: u32,
}

/// Somebody publishes a new version of an object, and then purges what came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    /// When it is meant to be published.
    pub at: Time,
    /// By whom.
    pub node: NodeId,
    /// Index of the object.
    pub object: u32,
    /// Its new version. The first of all is 1.
    pub version: u64,
}

/// One broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shot {
    /// When it is meant to start. Latency counts from here.
    pub at: Time,
    /// Where.
    pub origin: NodeId,
    /// Size of its content.
    pub bytes: u32,
}

/// Tokens put on their way at each node of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// When.
    pub at: Time,
    /// First node.
    pub first: u32,
    /// How many nodes.
    pub count: u32,
    /// Tokens per node.
    pub per_node: u32,
    /// Size of a token's content.
    pub bytes: u32,
}

/// What to keep of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Observe {
    /// Width of a time bin of the metrics; bins are also cut at faults and at the ranges of expectations.
    pub every: Span,
    /// Share of the nodes whose datagrams are kept as flows.
    pub flows: f64,
    /// Whether facts of the sampled nodes are kept as events.
    pub events: bool,
}

/// What a run may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Most bytes of memory; 0 is unlimited.
    pub memory_bytes: u64,
    /// Longest wall time; zero is unlimited.
    pub wall: Span,
}

impl Plan {
    /// How many nodes there are.
    pub fn node_count(&self) -> u32 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Index of the group of a node.
    pub fn group_of(&self, node: NodeId) -> usize {
        self.groups.partition_point(|group| group.first <= node.0).saturating_sub(1)
    }

    /// Index of the region of a node.
    pub fn region_of(&self, node: NodeId) -> u16 {
        self.network.places[usize::from(self.nodes.place[node.index()])].region
    }

    /// When a node comes up for the first time.
    pub fn starts_at(&self, node: NodeId) -> Time {
        let group = &self.groups[self.group_of(node)];
        let index = f64::from(node.0 - group.first);
        let share = match group.join_shape {
            JoinShape::Linear => index / f64::from(group.count.max(1)),
            JoinShape::Growth => libm::log(1.0 + index) / libm::log(1.0 + f64::from(group.count)),
        };
        group.join_at + Span((share * group.join_over.0 as f64) as u64)
    }

    /// The broadcasts with their ids.
    pub fn broadcasts(&self) -> impl Iterator<Item = (BroadcastId, &Shot)> {
        self.workload.broadcasts.iter().enumerate().map(|(id, shot)| (BroadcastId(id as u32), shot))
    }

    /// The edges of the metrics' time bins: a grid, cut also at faults and at the ranges of expectations. The first is zero, the last is the stop.
    pub fn bin_edges(&self) -> Vec<Time> {
        let step = self.observe.every.0.max(1);
        let mut edges: Vec<Time> = (0..=self.stop.0 / step).map(|k| Time(k * step)).collect();
        edges.extend(self.faults.bands.iter().flat_map(|band| [band.from, band.until]));
        edges.extend(self.expect.iter().filter_map(|e| e.during).flat_map(|(from, until)| [from, until]));
        edges.extend([self.warmup, self.stop]);
        edges.retain(|edge| *edge <= self.stop);
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}
