//! The wire faults of a plan by spells of time, so that a datagram only meets those that matter when it leaves.

use super::{End, slowed_by, threshold};
use hypermesh_scenarios::plan::{Side, WireFault, WireFaultKind, WireScope};

/// Between one spell's start and the next the same faults are in force.
#[derive(Debug)]
pub(super) struct Spells {
    starts: Vec<u64>,
    forces: Vec<Vec<Force>>,
}

/// A fault during a spell.
#[derive(Clone, Debug)]
pub(super) struct Force {
    reach: Reach,
    /// What it does.
    pub(super) act: Act,
}

/// Which paths a fault concerns.
#[derive(Clone, Debug)]
enum Reach {
    /// By the regions of sender and receiver: one answer a pair.
    Regions(Vec<bool>),
    /// Those between the two sides.
    Across(Side),
}

/// What a fault does to a datagram, ready for arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    /// Nothing gets through.
    Cut,
    /// It is lost if its hash with `key` is below the threshold.
    Loss { below: u64, key: u64 },
    /// It takes longer.
    Slow { factor: f64, extra: u64 },
    /// The threshold of a copy rises.
    Duplicate(u64),
    /// The threshold of being held back rises.
    Reorder(u64),
    /// A latency spike that ended at `until`, while its last datagrams may still be under way.
    Lingers { until: u64 },
}

impl Spells {
    /// The spells of a plan's wire faults among `regions` regions; a spike lingers for `drain` ns after its end.
    pub(super) fn new(faults: &[WireFault], regions: usize, drain: u64) -> Self {
        let lingers = |fault: &WireFault| matches!(fault.what, WireFaultKind::Slow { .. });
        let mut starts = vec![0];
        for fault in faults {
            starts.extend([fault.from.0, fault.until.0]);
            starts.extend(lingers(fault).then(|| fault.until.0.saturating_add(drain)));
        }
        starts.sort_unstable();
        starts.dedup();
        let force = |start: u64, (index, fault): (usize, &WireFault)| {
            let active = (fault.from.0..fault.until.0).contains(&start);
            let after = lingers(fault) && start >= fault.from.0 && (fault.until.0..fault.until.0.saturating_add(drain)).contains(&start);
            let act = if after { Act::Lingers { until: fault.until.0 } } else { Act::of(index, &fault.what) };
            (active || after).then(|| Force { reach: Reach::of(&fault.scope, regions), act })
        };
        let forces = starts.iter().map(|start| faults.iter().enumerate().filter_map(|fault| force(*start, fault)).collect()).collect();
        Self { starts, forces }
    }

    /// The faults that matter at `now`, in the plan's order.
    #[inline]
    pub(super) fn at(&self, now: u64) -> &[Force] {
        let next = self.starts.partition_point(|start| *start <= now);
        &self.forces[next - 1]
    }
}

impl Act {
    fn of(index: usize, what: &WireFaultKind) -> Self {
        match *what {
            WireFaultKind::Cut => Self::Cut,
            WireFaultKind::Loss(p) => Self::Loss { below: threshold(p), key: super::BURST ^ (index as u64) << 32 },
            WireFaultKind::Slow { factor, extra } => Self::Slow { factor, extra: extra.0 },
            WireFaultKind::Duplicate(p) => Self::Duplicate(threshold(p)),
            WireFaultKind::Reorder(p) => Self::Reorder(threshold(p)),
        }
    }
}

impl Force {
    /// Whether it concerns a path between two nodes in two regions, of `regions` in all.
    #[inline]
    pub(super) fn concerns(&self, from: (End, u16), to: (End, u16), regions: usize) -> bool {
        match &self.reach {
            Reach::Regions(pairs) => pairs[usize::from(from.1) * regions + usize::from(to.1)],
            Reach::Across(side) => side.contains(from.0.id, from.1) != side.contains(to.0.id, to.1),
        }
    }

    /// How much longer a path of `path` ns takes because of it.
    pub(super) fn slows(&self, path: u64) -> u64 {
        if let Act::Slow { factor, extra } = self.act { slowed_by(path, factor, extra) } else { 0 }
    }
}

impl Reach {
    fn of(scope: &WireScope, regions: usize) -> Self {
        let within = |set: &Vec<bool>, region: usize| set.get(region).copied().unwrap_or(false);
        let pairs = |holds: &dyn Fn(usize, usize) -> bool| {
            Self::Regions((0..regions).flat_map(|a| (0..regions).map(move |b| (a, b))).map(|(a, b)| holds(a, b)).collect())
        };
        match scope {
            WireScope::All => pairs(&|_, _| true),
            WireScope::Touching(set) => pairs(&|a, b| within(set, a) || within(set, b)),
            WireScope::OneWay(first, second) => pairs(&|a, b| within(first, a) && within(second, b)),
            WireScope::Across(side) => Self::Across(side.clone()),
        }
    }
}
