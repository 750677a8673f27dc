//! When nodes are down.

use crate::plan::{NodeFault, NodeFaultKind};
use hypermesh_core::base::{NodeId, Time};

/// A node's time down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Down {
    pub(super) node: u32,
    /// The first moment when it is down.
    pub(super) from: Time,
    /// The first moment when it is up again; [`Time::NEVER`] if it stays down.
    pub(super) until: Time,
    /// Whether it says goodbye first.
    pub(super) leaves: bool,
}

/// All times down. Sorted and joined whenever something is asked: by node, then time, and never two of a node that touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Downs(Vec<Down>);

impl Downs {
    /// Adds times, whatever their order and overlap.
    pub(super) fn add(&mut self, more: impl IntoIterator<Item = Down>) {
        self.0.extend(more);
        // Of equal starts the longest first; a goodbye comes before a crash of the same moment.
        self.0.sort_unstable_by(|a, b| (a.node, a.from, !a.leaves, b.until).cmp(&(b.node, b.from, !b.leaves, a.until)));
        self.0.dedup_by(|next, last| {
            let touch = next.node == last.node && next.from <= last.until;
            if touch {
                last.until = last.until.max(next.until);
            }
            touch
        });
    }

    /// Brings nodes, given in ascending order, up at a moment when they are down.
    pub(super) fn revive(&mut self, nodes: &[u32], at: Time) {
        for down in &mut self.0 {
            if down.from <= at && at < down.until && nodes.binary_search(&down.node).is_ok() {
                down.until = at;
            }
        }
        // Who crashed at that very moment never was down.
        self.0.retain(|down| down.from < down.until);
    }

    /// The nodes that are down at a moment, in ascending order.
    pub(super) fn at(&self, at: Time) -> Vec<u32> {
        self.0.iter().filter(|down| down.from <= at && at < down.until).map(|down| down.node).collect()
    }

    fn of(&self, node: u32) -> &[Down] {
        let first = self.0.partition_point(|down| down.node < node);
        let count = self.0[first..].partition_point(|down| down.node == node);
        &self.0[first..first + count]
    }

    /// Whether a node is down at a moment.
    pub(super) fn is_down(&self, node: u32, at: Time) -> bool {
        self.of(node).iter().any(|down| down.from <= at && at < down.until)
    }

    /// Since when a node is up at a moment, as far as it was down before; the beginning of time if it was not. Only for one that is up.
    pub(super) fn up_since(&self, node: u32, at: Time) -> Time {
        self.of(node).iter().map(|down| down.until).take_while(|until| *until <= at).last().unwrap_or(Time::ZERO)
    }

    /// When a node next goes down after a moment.
    pub(super) fn next(&self, node: u32, after: Time) -> Option<Time> {
        self.of(node).iter().map(|down| down.from).find(|from| *from > after)
    }

    /// What happens to nodes, up to the end of the run.
    pub(super) fn faults(&self, stop: Time) -> impl Iterator<Item = NodeFault> {
        self.0.iter().flat_map(move |down| {
            let what = if down.leaves { NodeFaultKind::Leave } else { NodeFaultKind::Crash };
            let goes = NodeFault { at: down.from, node: NodeId(down.node), what };
            let comes = NodeFault { at: down.until, node: NodeId(down.node), what: NodeFaultKind::Restart };
            [goes, comes].into_iter().filter(move |fault| fault.at < stop)
        })
    }
}
