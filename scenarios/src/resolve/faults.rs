//! Faults of nodes: who is hit, and when.

use super::chance::{Chain, Chance, Use, exponential};
use super::downs::{Down, Downs};
use super::{NodeRange, names, ranges_of};
use crate::plan::{CertFault, Faults, NodeFault, NodeFaultKind, Plan, Role, StoreFault};
use crate::problem::{Code, Problem};
use crate::read::{At, Text};
use crate::spec::Scenario;
use crate::spec::faults::{Churn, ClockSkew, Crash, Fault, Pause, RegionLoss, Restart, Storage};
use crate::units::Amount;
use hypermesh_core::base::{NodeId, Span, Time};

/// What happens to nodes, by time, then node; and when they are down. The plan has its groups, nodes and network already.
pub(super) fn nodes(
    scenario: &Scenario,
    plan: &Plan,
    ranges: &[NodeRange],
    chance: &mut Chance,
    problems: &mut Vec<Problem>,
) -> (Vec<NodeFault>, Faults, Downs) {
    let mut order: Vec<usize> = (0..scenario.faults.len()).collect();
    order.sort_by_key(|index| scenario.faults[*index].value.at().time());
    let mut hits = Hits { scenario, plan, ranges, chance, problems, downs: Downs::default(), others: Vec::new(), apart: Faults::default() };
    for index in order {
        hits.fault(index);
    }
    let Hits { downs, others, mut apart, .. } = hits;
    let mut all: Vec<NodeFault> = downs.faults(plan.stop).collect();
    all.extend(others.into_iter().filter_map(|fault| shortened(fault, &downs)));
    all.sort_unstable_by_key(|fault| (fault.at, fault.node, rank(fault.what)));
    apart.stores.sort_by_key(|fault| (fault.node, fault.from, fault.fault));
    apart.certs.sort_by_key(|fault| (fault.at, fault.node));
    (all, apart, downs)
}

/// A pause ends with its node; a node that is down is not paused.
fn shortened(fault: NodeFault, downs: &Downs) -> Option<NodeFault> {
    let NodeFaultKind::Pause { until } = fault.what else { return Some(fault) };
    let node = fault.node.0;
    let until = downs.next(node, fault.at).map_or(until, |down| down.min(until));
    (!downs.is_down(node, fault.at)).then_some(NodeFault { what: NodeFaultKind::Pause { until }, ..fault })
}

/// The order of what happens to one node at one moment.
const fn rank(what: NodeFaultKind) -> u8 {
    match what {
        NodeFaultKind::Leave => 0,
        NodeFaultKind::Crash => 1,
        NodeFaultKind::Restart => 2,
        NodeFaultKind::Pause { .. } => 3,
        NodeFaultKind::Skew { .. } => 4,
    }
}

/// The faults resolved so far, in the order of their start.
struct Hits<'h> {
    scenario: &'h Scenario,
    plan: &'h Plan,
    ranges: &'h [NodeRange],
    chance: &'h mut Chance,
    problems: &'h mut Vec<Problem>,
    downs: Downs,
    /// Pauses and clocks.
    others: Vec<NodeFault>,
    /// Disks and certificates, of which the engine knows nothing.
    apart: Faults,
}

impl Hits<'_> {
    fn fault(&mut self, index: usize) {
        let fault = &self.scenario.faults[index];
        match &fault.value {
            Fault::Crash(crash) => self.crash(index, crash),
            Fault::Restart(restart) => self.restart(index, restart),
            Fault::Pause(pause) => self.pause(index, pause),
            Fault::Churn(churn) => self.churn(index, churn),
            Fault::RegionLoss(loss) => self.region_loss(loss),
            Fault::ClockSkew(skew) => self.clock_skew(index, skew),
            Fault::Storage(storage) => self.storage(index, storage),
            Fault::Revoke(revoke) => self.last_certificate(index, revoke.at.time(), (&revoke.nodes, &revoke.group), true),
            Fault::Lapse(lapse) => self.last_certificate(index, lapse.at.time(), (&lapse.nodes, &lapse.group), false),
            Fault::Partition(_) | Fault::LossBurst(_) | Fault::LatencySpike(_) | Fault::DuplicateBurst(_) | Fault::ReorderBurst(_) => {}
        }
    }

    /// Nodes that have started before a moment, down or not, in ascending order.
    fn started(&self, ranges: &[NodeRange], at: Time) -> Vec<u32> {
        let mut nodes = Vec::new();
        for range in ranges {
            let of_range = self.plan.groups.iter().filter(|group| (range.first..range.first + range.count).contains(&group.first));
            for group in of_range {
                nodes.extend(group.first..group.first + started_before(self.plan, group.first, group.count, at));
            }
        }
        nodes
    }

    /// Nodes that are up at a moment, in ascending order.
    fn up(&self, ranges: &[NodeRange], at: Time) -> Vec<u32> {
        let down = self.downs.at(at);
        let mut nodes = self.started(ranges, at);
        if !down.is_empty() {
            nodes.retain(|node| down.binary_search(node).is_err());
        }
        nodes
    }

    /// That many of the candidates, drawn at random; a warning if that is none.
    fn sample(&mut self, index: usize, candidates: Vec<u32>, amount: &At<Amount>) -> Vec<u32> {
        let count = amount.of(candidates.len() as u32);
        if candidates.is_empty() {
            let message = "when this fault happens there is no node that it could hit";
            self.problems.push(Problem::new(Code::ZERO_FAULT, amount.at, message));
        }
        self.chance.of_fault(index).sample(candidates, count as usize)
    }

    fn crash(&mut self, index: usize, crash: &Crash) {
        let at = crash.at.time();
        let mut candidates = self.up(ranges_of(self.ranges, self.scenario, crash.group.as_ref()), at);
        if let Some(region) = &crash.region {
            self.keep_region(&mut candidates, &region.value);
        }
        let hit = self.sample(index, candidates, &crash.nodes);
        let until = crash.lasts.as_ref().map_or(Time::NEVER, |lasts| at + lasts.span());
        self.downs.add(hit.into_iter().map(|node| Down { node, from: at, until, leaves: false }));
    }

    fn region_loss(&mut self, loss: &RegionLoss) {
        let at = loss.at.time();
        let mut hit = self.up(self.ranges, at);
        self.keep_region(&mut hit, &loss.region.value);
        if hit.is_empty() {
            self.problems.push(Problem::new(Code::ZERO_FAULT, loss.region.at, "when this fault happens no node of that region is up"));
        }
        self.downs.add(hit.into_iter().map(|node| Down { node, from: at, until: at + loss.lasts.span(), leaves: false }));
    }

    fn restart(&mut self, index: usize, restart: &Restart) {
        let at = restart.at.time();
        let ranges = ranges_of(self.ranges, self.scenario, restart.group.as_ref());
        let mut down = self.downs.at(at);
        down.retain(|node| ranges.iter().any(|range| (range.first..range.first + range.count).contains(node)));
        let revived = self.sample(index, down, &restart.nodes);
        self.downs.revive(&revived, at);
    }

    fn pause(&mut self, index: usize, pause: &Pause) {
        let at = pause.at.time();
        let candidates = self.up(ranges_of(self.ranges, self.scenario, pause.group.as_ref()), at);
        let what = NodeFaultKind::Pause { until: at + pause.lasts.span() };
        let hit = self.sample(index, candidates, &pause.nodes);
        self.others.extend(hit.into_iter().map(|node| NodeFault { at, node: NodeId(node), what }));
    }

    /// For each node a Poisson process from the start of the churn to its end. Being without memory, it can be drawn as if it went on while the node is
    /// down: what falls into such a time does nothing.
    fn churn(&mut self, index: usize, churn: &Churn) {
        let per_second = churn.rate.per_second();
        if per_second <= 0.0 {
            return;
        }
        let mut hits = Vec::new();
        let process = Process {
            from: churn.at.time(),
            until: (churn.at.time() + churn.lasts.span()).min(self.plan.stop),
            mean_ns: 1e9 / per_second,
            downtime: churn.downtime.as_ref().map(|downtime| downtime.span()),
            leaves: churn.leave.unit(),
        };
        // Most nodes are not hit at all: their one number is above this, and no logarithm is needed to know.
        let window = process.until.since(process.from).0 as f64;
        let missed = 1.0 - libm::exp(-window / process.mean_ns) + 1e-9;
        for range in ranges_of(self.ranges, self.scenario, churn.group.as_ref()) {
            self.chance.each_node(range.ordinal, range.count, Use::Churn, index as u32, |member, number| {
                if super::chance::unit(number) < missed {
                    process.hits(range.first + member, number, self.plan, &self.downs, &mut hits);
                }
            });
        }
        self.downs.add(hits);
    }

    fn clock_skew(&mut self, index: usize, skew: &ClockSkew) {
        let (at, end) = (skew.at.time(), skew.at.time() + skew.lasts.span());
        let ranges = ranges_of(self.ranges, self.scenario, skew.group.as_ref());
        let everybody: Vec<u32> = ranges.iter().flat_map(|range| range.first..range.first + range.count).collect();
        let count = skew.nodes.of(everybody.len() as u32);
        let mut series = self.chance.of_fault(index);
        let (most, drift) = (skew.max.span().0, i64::from(skew.drift.0));
        for node in series.sample(everybody, count as usize) {
            let step = Span(series.below(most.saturating_add(1)));
            let drift_ppm = (series.below(2 * drift as u64 + 1) as i64 - drift) as i32;
            self.others.push(NodeFault { at, node: NodeId(node), what: NodeFaultKind::Skew { step, drift_ppm } });
            if drift_ppm != 0 && end < self.plan.stop {
                self.others.push(NodeFault { at: end, node: NodeId(node), what: NodeFaultKind::Skew { step: Span::ZERO, drift_ppm: 0 } });
            }
        }
    }

    fn last_certificate(&mut self, index: usize, at: Time, (nodes, group): (&At<Amount>, &Option<At<Text>>), revoked: bool) {
        let ranges = ranges_of(self.ranges, self.scenario, group.as_ref());
        let candidates: Vec<u32> = ranges.iter().flat_map(|range| range.first..range.first + range.count).collect();
        for node in self.sample(index, candidates, nodes) {
            self.apart.certs.push(CertFault { at, node: NodeId(node), revoked });
        }
    }

    fn storage(&mut self, index: usize, storage: &Storage) {
        let (from, until) = (storage.at.time(), storage.at.time() + storage.lasts.span());
        let ranges = ranges_of(self.ranges, self.scenario, storage.group.as_ref());
        // Who has no disk is not hit, and does not count.
        let has_disk = |node: &u32| {
            let group = &self.plan.groups[self.plan.group_of(NodeId(*node))];
            matches!(&group.role, Role::Stoq(role) if role.kind.serves())
        };
        let candidates: Vec<u32> = ranges.iter().flat_map(|range| range.first..range.first + range.count).filter(has_disk).collect();
        let (what, share) = (storage.kind.value.rule(), storage.share.unit());
        for node in self.sample(index, candidates, &storage.nodes) {
            self.apart.stores.push(StoreFault { node: NodeId(node), from, until, what, share, fault: index as u32 });
        }
    }

    /// Keeps those nodes that are in the named region. One that does not exist was noted before.
    fn keep_region(&self, nodes: &mut Vec<u32>, name: &Text) {
        let set = names::regions(name, &self.plan.network.regions).unwrap_or_default();
        nodes.retain(|node| set.get(usize::from(self.plan.region_of(NodeId(*node)))).copied().unwrap_or_default());
    }
}

/// How many of a group's nodes have started before a moment. They start in the order of their numbers.
pub(super) fn started_before(plan: &Plan, first: u32, count: u32, at: Time) -> u32 {
    let (mut least, mut most) = (0, count);
    while least < most {
        let middle = least + (most - least) / 2;
        if plan.starts_at(NodeId(first + middle)) < at {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    least
}

/// The churn of one node.
struct Process {
    from: Time,
    until: Time,
    mean_ns: f64,
    downtime: Option<Span>,
    /// Share of the departures that are in good order.
    leaves: f64,
}

impl Process {
    /// The times down of a node whose first number is given.
    fn hits(&self, node: u32, number: u64, plan: &Plan, downs: &Downs, out: &mut Vec<Down>) {
        let mut chain = Chain::after(number);
        let mut at = self.from + Span(exponential(number, self.mean_ns) as u64);
        let started = plan.starts_at(NodeId(node));
        while at < self.until {
            if at > started && !downs.is_down(node, at) {
                let leaves = self.leaves > 0.0 && super::chance::unit(chain.u64()) < self.leaves;
                let until = self.downtime.map_or(Time::NEVER, |downtime| at + downtime);
                out.push(Down { node, from: at, until, leaves });
                at = until;
            }
            at += Span(exponential(chain.u64(), self.mean_ns) as u64);
        }
    }
}
