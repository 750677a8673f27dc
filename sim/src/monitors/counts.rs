//! How often each requirement was put to the test in a shard, how often it was not kept, and where first. Shards merge by sums.

use super::Monitor;
use hypermesh_core::base::NodeId;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan};
use hypermesh_scenarios::trace::{MonitorRow, Violation};

/// A node that stood still is not judged for what it did not do in time, and for so long after, in ns.
const PAUSE_SLACK: u64 = 10_000_000_000;

/// The counts of a shard.
#[derive(Clone, Debug)]
pub struct Tally {
    fired: [u64; Monitor::COUNT],
    broken: [u64; Monitor::COUNT],
    first: [Option<First>; Monitor::COUNT],
    /// When nodes of the plan stand still: who, from, until.
    pauses: Vec<(NodeId, u64, u64)>,
}

/// The first time that a requirement was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct First {
    at: u64,
    node: NodeId,
    peer: NodeId,
    what: u64,
}

impl Tally {
    /// No counts yet.
    pub fn new(plan: &Plan) -> Self {
        let pause = |fault: &hypermesh_scenarios::plan::NodeFault| match fault.what {
            NodeFaultKind::Pause { until } => Some((fault.node, fault.at.0, until.0)),
            _ => None,
        };
        Self {
            fired: [0; Monitor::COUNT],
            broken: [0; Monitor::COUNT],
            first: [None; Monitor::COUNT],
            pauses: plan.faults.nodes.iter().filter_map(pause).collect(),
        }
    }

    /// A requirement was put to the test.
    #[inline]
    pub fn tried(&mut self, monitor: u8, times: u32) {
        if let Some(fired) = self.fired.get_mut(usize::from(monitor)) {
            *fired += u64::from(times);
        }
    }

    /// A requirement was not kept by a node.
    pub fn unkept(&mut self, monitor: u8, at: u64, node: NodeId, peer: NodeId, what: u64) {
        let stood = |(who, from, until): &(NodeId, u64, u64)| *who == node && *from <= at && at <= until.saturating_add(PAUSE_SLACK);
        if self.pauses.iter().any(stood) {
            return;
        }
        let number = usize::from(monitor);
        if let (Some(broken), Some(first)) = (self.broken.get_mut(number), self.first.get_mut(number)) {
            *broken += 1;
            let here = First { at, node, peer, what };
            *first = Some(first.map_or(here, |known| known.min(here)));
        }
    }

    /// Adds the counts of another shard.
    pub fn merge(&mut self, other: &Self) {
        for number in 0..Monitor::COUNT {
            self.fired[number] += other.fired[number];
            self.broken[number] += other.broken[number];
            self.first[number] = self.first[number].into_iter().chain(other.first[number]).min();
        }
    }

    /// The table of the run; empty if nothing was ever put to the test, as in a run without layer 1.
    pub fn rows(&self) -> Vec<MonitorRow> {
        if self.fired.iter().chain(&self.broken).all(|count| *count == 0) {
            return Vec::new();
        }
        let row = |monitor: &Monitor| {
            let (requirement, premise, check) = monitor.row();
            let number = *monitor as usize;
            MonitorRow {
                requirement: requirement.into(),
                watches: format!("{premise}: {check}"),
                fired: self.fired[number],
                broken: self.broken[number],
                first: self.first[number].map(|first| (first.at, first.node.0, first.told())),
            }
        };
        Monitor::ALL.iter().map(row).collect()
    }

    /// The broken invariant: that the standard is kept.
    pub fn violation(&self) -> Option<Violation> {
        let of = |monitor: &Monitor| Some((self.first[*monitor as usize]?, *monitor));
        let (first, monitor) = Monitor::ALL.iter().filter_map(of).min()?;
        let others = self.broken.iter().filter(|count| **count > 0).count() - 1;
        let more = if others == 0 { String::new() } else { format!("; and {others} more requirements") };
        Some(Violation {
            invariant: Id::BrokenStandard,
            at_ns: first.at,
            node: first.node.0,
            detail: format!("{}: {} {}{more}", monitor.requirement(), monitor.row().1, first.told()),
            count: self.broken.iter().sum(),
        })
    }
}

impl First {
    fn told(&self) -> String {
        let whom = if self.peer == self.node { String::new() } else { format!(" towards {}", self.peer) };
        format!("({}{whom}, {})", self.node, self.what)
    }
}
