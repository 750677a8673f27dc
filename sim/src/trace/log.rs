//! The log of a shard: it watches the engine, keeps the metrics and asks the oracle.

use super::broadcasts::Broadcasts;
use super::deliveries::Deliveries;
use super::digest::{Layer, Sums};
use super::flows::{Flows, Sampling};
use super::meters::Meters;
use super::record::{Range, Record};
use crate::engine::shard::EventOf;
use crate::engine::{Action, Cell, Observer, What};
use crate::faults::Lives;
use crate::monitors;
use crate::network::Verdict;
use crate::oracle::Oracle;
use crate::oracle::copies::Copies;
use crate::oracle::purges::Purges;
use hypermesh_core::base::{Fingerprint, Mixer, NodeId};
use hypermesh_core::hypermesh::mesh::peer::COORDINATE_IS_FINITE;
use hypermesh_core::node::{Fact, Node, Outcome, Tally};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Role};
use hypermesh_scenarios::trace::{EventRow, Fate, Flow};

/// Most node faults of a plan that are all kept as events; of more, only those of sampled nodes are.
const FAULT_EVENTS: usize = 2_000;

/// What a shard keeps of a run.
pub struct ShardLog<'a> {
    plan: &'a Plan,
    first: u32,
    region: Vec<u16>,
    /// Digest sums.
    pub sums: Sums,
    /// Metrics.
    pub meters: Meters,
    /// Broadcasts.
    pub broadcasts: Broadcasts,
    /// Who served what to whom.
    pub deliveries: Deliveries<'a>,
    /// Sampled datagrams.
    pub flows: Flows,
    /// Events worth naming.
    pub events: Vec<EventRow>,
    /// What must never happen.
    pub oracle: Oracle<'a>,
    /// The full record of a window.
    pub record: Record,
    sampling: Sampling,
    /// Since when each node stays up to the end, in ns; `u64::MAX` if it does not. Empty without broadcasts.
    stays: Vec<u64>,
    /// Peers in the active view of each node. Empty without views.
    degree: Vec<u8>,
    /// Live nodes by size of their view.
    by_degree: [u64; 256],
    linked: bool,
    /// The second in which each node of layer 1 was looked at last. Empty without that layer.
    looked: Vec<u32>,
    /// What was purged and what was handed out since, where objects have versions.
    pub purges: Purges,
    /// Copies of objects that were made and given up.
    pub copies: Copies,
    /// How often requirements of the standard were put to the test.
    pub monitors: monitors::Tally,
    /// Open connections that each node dialled. Empty without layer 1.
    pub(super) dialled: Vec<u16>,
}

impl<'a> ShardLog<'a> {
    /// The log of a shard whose nodes are `ids`, the first of them with rank `first`.
    pub fn new(plan: &'a Plan, lives: &'a Lives, first: u32, ids: &[NodeId], range: Option<Range>) -> Self {
        let edges = plan.bin_edges().into_iter().map(|edge| edge.0).collect();
        let is_stoq = matches!(plan.groups.first(), Some(group) if matches!(group.role, Role::Stoq(_)));
        let views = plan.groups.iter().any(|group| matches!(&group.role, Role::Peer(c) if c.hyparview.is_some()));
        let stays = if plan.workload.broadcasts.is_empty() {
            Vec::new()
        } else {
            ids.iter().map(|id| lives.stays_since(*id).unwrap_or(u64::MAX)).collect()
        };
        Self {
            plan,
            first,
            region: plan.network.places.iter().map(|place| place.region).collect(),
            sums: Sums::new(plan.stop.0),
            meters: Meters::new(edges, plan.network.regions.len(), plan.warmup.0),
            broadcasts: Broadcasts::new(plan),
            deliveries: Deliveries::new(plan),
            flows: Flows::default(),
            events: Vec::new(),
            oracle: Oracle::new(plan, lives, first, ids.len()),
            record: Record::new(range),
            sampling: Sampling::of(plan.observe.flows),
            stays,
            degree: if views { vec![0; ids.len()] } else { Vec::new() },
            by_degree: [0; 256],
            linked: false,
            looked: if is_stoq { vec![0; ids.len()] } else { Vec::new() },
            purges: Purges::default(),
            copies: Copies::default(),
            monitors: monitors::Tally::new(plan),
            dialled: if is_stoq { vec![0; ids.len()] } else { Vec::new() },
        }
    }

    #[inline]
    fn region<N>(&self, cell: &Cell<N>) -> u16 {
        self.region[usize::from(cell.place)]
    }

    #[inline]
    pub(super) fn count<N>(&mut self, id: Id, cell: &Cell<N>) {
        self.count_many(id, cell, 1);
    }

    #[inline]
    pub(super) fn count_many<N>(&mut self, id: Id, cell: &Cell<N>, n: u64) {
        let region = self.region(cell);
        self.meters.count(id, region, n);
    }

    #[inline]
    pub(super) fn sample<N>(&mut self, id: Id, cell: &Cell<N>, now: u64, value: u64) {
        let region = self.region(cell);
        self.meters.sample(id, region, now, value);
    }

    pub(super) const fn index<N>(&self, cell: &Cell<N>) -> usize {
        (cell.rank - self.first) as usize
    }

    /// Ends the bins that are over at `now`, for whoever has no events of the engine to show.
    pub(crate) fn turn_until(&mut self, now: u64) {
        if self.meters.bin_is_over(now) {
            self.turn(now);
        }
    }

    /// Ends the bins that are over at `now`.
    #[cold]
    fn turn(&mut self, now: u64) {
        // What happens up to an edge does not depend on the shard; what comes after it does.
        while self.meters.bin_is_over(now) {
            let edge = self.meters.bin_end();
            self.close_bin(edge);
            self.oracle.overdue(edge);
        }
    }

    fn close_bin(&mut self, now: u64) {
        if !self.degree.is_empty() {
            self.meters.levels[Id::Isolated as usize] = self.by_degree[0];
            for (size, nodes) in self.by_degree.iter().enumerate().filter(|(_, nodes)| **nodes > 0) {
                self.meters.sample_many(Id::ViewSize, None, now, size as u64, *nodes);
            }
        }
        self.meters.close_bin();
    }

    /// Ends all bins that begin before `end`, the end of the run, and looks at every node once more.
    pub fn close<N: Node>(&mut self, end: u64, cells: &[Cell<N>]) {
        self.turn(end);
        self.oracle.overdue(end);
        let bins = self.plan.bin_edges().iter().filter(|edge| edge.0 < end).count();
        while self.meters.by_bin.len() < bins {
            self.close_bin(end);
        }
        for cell in cells.iter().filter(|cell| cell.up) {
            self.check(end, cell);
        }
        let mut since: Vec<u64> = self.stays.iter().copied().filter(|since| *since != u64::MAX).collect();
        since.sort_unstable();
        self.broadcasts.stayed(&since);
    }

    /// A node of layer 1 has served somebody: it is looked at once a second, since each look goes through all its connections.
    pub(super) fn look_at<N>(&mut self, now: u64, cell: &Cell<N>) {
        let (index, second) = (self.index(cell), (now / 1_000_000_000) as u32);
        if let Some(looked) = self.looked.get_mut(index).filter(|looked| **looked < second) {
            *looked = second;
            self.linked = true;
        }
    }

    fn check<N: Node>(&mut self, now: u64, cell: &Cell<N>) {
        if let Err(what) = cell.node.check(cell.id) {
            let invariant = match what {
                COORDINATE_IS_FINITE => Id::BrokenCoordinate,
                _ if !self.dialled.is_empty() => Id::BrokenBounds,
                _ => Id::BrokenViews,
            };
            self.oracle.broken(invariant, now, cell.id, || format!("{}: {what}", cell.id));
        }
    }

    pub(super) fn note<N>(&mut self, now: u64, cell: &Cell<N>, kind: &str, detail: impl FnOnce() -> String) {
        if self.plan.observe.events && self.sampling.takes(cell.id) {
            self.events.push(EventRow { at_ns: now, node: Some(cell.id.0), kind: kind.into(), detail: detail() });
        }
    }

    /// Takes in a fact that is more than a count.
    fn remember<N: Node>(&mut self, now: u64, cell: &Cell<N>, fact: &Fact) {
        match *fact {
            Fact::Tally(_) => {}
            Fact::Content(content) => self.content(now, cell, content),
            Fact::Delivered { id, hops, path } => {
                let index = self.index(cell);
                self.oracle.handed(now, cell.id, index, id);
                let since = self.stays.get(index).copied().filter(|since| *since != u64::MAX);
                let took = self.broadcasts.delivered(now, id, hops, path, since);
                self.count(Id::BroadcastDelivered, cell);
                if path == hypermesh_core::node::Path::Repaired {
                    self.count(Id::BroadcastRepaired, cell);
                }
                self.sample(Id::BroadcastDelivery, cell, now, took);
                self.sample(Id::BroadcastHops, cell, now, u64::from(hops));
                self.note(now, cell, "delivered", || format!("broadcast {} after {hops} hops", id.0));
            }
            Fact::Redundant { id } => {
                self.broadcasts.redundant(id);
                self.count(Id::BroadcastRedundant, cell);
            }
            Fact::LinkUp { peer } => {
                self.count(Id::LinkUp, cell);
                self.link(cell, true);
                self.note(now, cell, "link_up", || peer.to_string());
            }
            Fact::LinkDown { peer, why } => {
                self.count(Id::LinkDown, cell);
                self.link(cell, false);
                self.note(now, cell, "link_down", || format!("{peer}: {why:?}"));
            }
            Fact::Suspected { peer } => {
                self.count(Id::Suspected, cell);
                self.oracle.suspicions.start(cell.id, peer, now);
                self.note(now, cell, "suspected", || peer.to_string());
            }
            Fact::SuspicionEnded { peer, outcome } => {
                self.suspicion_ended(now, cell, peer, outcome);
                self.note(now, cell, "suspicion_ended", || format!("{peer}: {outcome:?}"));
            }
            Fact::Coordinate { error, rtt_ms, finite } => {
                if !finite {
                    self.oracle.broken(Id::BrokenCoordinate, now, cell.id, || format!("{} has a coordinate that is not a number", cell.id));
                }
                self.sample(Id::CoordinateError, cell, now, (f64::from(error) * 1e6) as u64);
                self.sample(Id::RoundTrip, cell, now, (f64::from(rtt_ms) * 1e6) as u64);
            }
        }
    }

    fn link<N>(&mut self, cell: &Cell<N>, up: bool) {
        let index = self.index(cell);
        if let Some(degree) = self.degree.get_mut(index) {
            let now = if up { degree.saturating_add(1) } else { degree.saturating_sub(1) };
            self.by_degree[usize::from(*degree)] = self.by_degree[usize::from(*degree)].saturating_sub(1);
            self.by_degree[usize::from(now)] += 1;
            *degree = now;
        }
        self.linked |= up;
    }

    fn suspicion_ended<N>(&mut self, now: u64, cell: &Cell<N>, peer: NodeId, outcome: Outcome) {
        let since = self.oracle.suspicions.end(cell.id, peer).unwrap_or(now);
        match outcome {
            Outcome::Refuted => self.count(Id::Refuted, cell),
            Outcome::Confirmed => {
                self.count(Id::Confirmed, cell);
                // A peer that was down for a part of the time in which it did not answer was rightly given up.
                let unanswered = since.saturating_sub(PROBE_SLACK);
                if let Some(down) = self.oracle.down_since(peer, now) {
                    self.sample(Id::Detection, cell, now, now - down);
                } else if !self.oracle.was_down(peer, unanswered, now) {
                    self.count(Id::FalsePositive, cell);
                }
            }
            Outcome::Dropped => {}
        }
    }
}

/// How long before a suspicion its probe may have begun, in ns.
const PROBE_SLACK: u64 = 10_000_000_000;

impl<N: Node> Observer<N> for ShardLog<'_> {
    #[inline]
    fn turns(&self, now: u64) -> bool {
        self.meters.bin_is_over(now)
    }

    #[inline(always)]
    fn event(&mut self, event: &EventOf<N>, node: NodeId, key: u64) {
        if self.meters.bin_is_over(event.at) {
            self.turn(event.at);
        }
        let layer = if matches!(event.what, What::Message(_) | What::Queued(_)) { Layer::Wire } else { Layer::Local };
        self.sums.add(event.at, layer, key);
        if self.record.wants(event.at) {
            let sender = if layer == Layer::Wire { format!("from n{} ", event.src) } else { String::new() };
            self.record.add(event.at, node, format!("{sender}#{} {:?}", event.seq, event.what), key);
        }
    }

    #[inline(always)]
    fn sent(&mut self, now: u64, cell: &Cell<N>, to: NodeId, bytes: u32, seq: u32, verdict: Verdict) {
        let region = self.region(cell);
        self.meters.count(Id::NetSent, region, 1);
        self.meters.count(Id::NetBytes, region, u64::from(bytes));
        let (done, fate) = match verdict {
            Verdict::Deliver { at, copy } => {
                if copy.is_some() {
                    self.meters.count(Id::NetDuplicated, region, 1);
                    self.meters.count(Id::NetSent, region, 1);
                    self.meters.count(Id::NetBytes, region, u64::from(bytes));
                }
                // One datagram in sixteen is enough for the distribution.
                if seq.is_multiple_of(16) {
                    self.meters.sample(Id::NetLatency, region, now, at - now);
                }
                (at, Fate::InFlight)
            }
            Verdict::Drop(fate) => {
                self.meters.count(drop_metric(fate), region, 1);
                (now, fate)
            }
        };
        if self.sampling.takes(cell.id) {
            self.flows.send(seq, Flow { sent_ns: now, done_ns: done, from: cell.id.0, to: to.0, bytes, kind: 0, fate });
        }
    }

    #[inline(always)]
    fn delivered(&mut self, now: u64, cell: &Cell<N>, from: NodeId, seq: u32) {
        self.count(Id::NetDelivered, cell);
        self.oracle.delivered(now, cell, from, seq);
        if self.sampling.takes(from) {
            self.flows.end(from, seq, now, Fate::Delivered);
        }
    }

    #[inline]
    fn dropped(&mut self, now: u64, cell: &Cell<N>, from: NodeId, seq: u32, fate: Fate) {
        self.count(drop_metric(fate), cell);
        if self.sampling.takes(from) {
            self.flows.end(from, seq, now, fate);
        }
    }

    #[inline]
    fn woken(&mut self, _: u64, cell: &Cell<N>) {
        self.count(Id::TimerFired, cell);
    }

    fn lived(&mut self, _: u64, cell: &Cell<N>) {
        let index = self.index(cell);
        self.count(if cell.up { Id::NodeStarted } else { Id::NodeCrashed }, cell);
        let up = &mut self.meters.levels[Id::NodesUp as usize];
        *up = if cell.up { *up + 1 } else { *up - 1 };
        if let Some(degree) = self.degree.get_mut(index) {
            if cell.up {
                self.by_degree[0] += 1;
            } else {
                self.by_degree[usize::from(*degree)] -= 1;
            }
            *degree = 0;
        }
        // Who goes without a word takes its connections with it.
        let lost = self.dialled.get_mut(index).map_or(0, std::mem::take);
        if lost > 0 {
            self.meters.levels[Id::Connections as usize] -= u64::from(lost);
            self.count_many(Id::Disconnected, cell, u64::from(lost));
        }
        self.oracle.lived(cell.id, index);
    }

    fn acted(&mut self, now: u64, cell: &Cell<N>, action: Action) {
        match action {
            Action::Fault(number) => {
                let fault = self.plan.faults.nodes[number as usize].what;
                let (kind, detail) = match fault {
                    NodeFaultKind::Crash => ("crash", String::new()),
                    NodeFaultKind::Leave => ("leave", String::new()),
                    NodeFaultKind::Restart => ("restart", String::new()),
                    NodeFaultKind::Pause { until } => {
                        self.oracle.suspicions.forget(cell.id);
                        ("pause", format!("until {until}"))
                    }
                    NodeFaultKind::Skew { step, drift_ppm } => ("clock_skew", format!("{step} ahead, {drift_ppm} ppm fast")),
                };
                if self.plan.faults.nodes.len() <= FAULT_EVENTS || self.sampling.takes(cell.id) {
                    self.events.push(EventRow { at_ns: now, node: Some(cell.id.0), kind: kind.into(), detail });
                }
            }
            Action::Broadcast(id) => {
                if cell.up {
                    self.count(Id::BroadcastSent, cell);
                }
                let detail = if cell.up { format!("broadcast {id}") } else { format!("broadcast {id} was not sent: its origin is down") };
                self.events.push(EventRow { at_ns: now, node: Some(cell.id.0), kind: "broadcast".into(), detail });
            }
            Action::Start | Action::Token(_) | Action::Fetch(_) | Action::Revise(_) | Action::Resume => {}
        }
    }

    #[inline(always)]
    fn fact(&mut self, now: u64, cell: &Cell<N>, fact: &Fact) {
        if fact.leaves_a_mark() {
            let mixer = Mixer::new(4).word(now).word(u64::from(cell.id.0));
            self.sums.add(now, Layer::Facts, fact.fold(mixer).finish());
        }
        // Most facts are counts.
        if let Fact::Tally(tally) = *fact {
            self.count(tally_metric(tally), cell);
        } else {
            self.remember(now, cell, fact);
        }
    }

    #[inline]
    fn reacted(&mut self, now: u64, cell: &Cell<N>) {
        if self.linked {
            self.linked = false;
            self.check(now, cell);
        }
    }
}

/// The metric of a cause of loss.
const fn drop_metric(fate: Fate) -> Id {
    match fate {
        Fate::Lost => Id::NetLost,
        Fate::Cut => Id::NetCut,
        Fate::QueueFull => Id::NetQueueFull,
        Fate::Dead => Id::NetToDead,
        Fate::Delivered | Fate::InFlight => Id::NetDelivered,
    }
}

/// The metric of a tally.
const fn tally_metric(tally: Tally) -> Id {
    match tally {
        Tally::Join => Id::Join,
        Tally::ForwardJoin => Id::ForwardJoin,
        Tally::Shuffle => Id::Shuffle,
        Tally::Neighbor => Id::Neighbor,
        Tally::NeighborRejected => Id::NeighborRejected,
        Tally::Graft => Id::Graft,
        Tally::Prune => Id::Prune,
        Tally::Announce => Id::Announce,
        Tally::Probe => Id::Probe,
        Tally::IndirectProbe => Id::IndirectProbe,
        Tally::ProbeFailed => Id::ProbeFailed,
    }
}
