//! What must never happen, checked while the world runs.
//!
//! The oracle knows the plan and sees what a shard's observer sees. It keeps its own books: since when nodes are down (from the plan; tests hold the
//! engine's flags to it), what was handed to whom, which suspicions are open, in which order pipes deliver. A broken invariant is counted, and its first case kept.

pub mod copies;
pub mod once;
pub mod order;
pub mod purges;
pub mod suspicions;

use crate::engine::Cell;
use crate::faults::Lives;
use hypermesh_core::base::NodeId;
use hypermesh_core::node::BroadcastId;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Role};
use hypermesh_scenarios::trace::Violation;
use once::Once;
use order::PipeOrder;
use std::collections::BTreeMap;
use suspicions::Suspicions;

/// The oracle of one shard.
#[derive(Debug)]
pub struct Oracle<'a> {
    lives: &'a Lives,
    once: Once,
    order: Option<PipeOrder>,
    /// Open suspicions.
    pub suspicions: Suspicions,
    broken: BTreeMap<Id, Violation>,
}

impl<'a> Oracle<'a> {
    /// The oracle of a shard of `nodes` nodes, the first of which has rank `first`.
    pub fn new(plan: &Plan, lives: &'a Lives, first: u32, nodes: usize) -> Self {
        let fifo = plan.network.reorder == 0.0
            && plan.network.duplicate == 0.0
            && !plan.faults.wires.iter().any(|fault| {
                use hypermesh_scenarios::plan::WireFaultKind::{Duplicate, Reorder};
                matches!(fault.what, Duplicate(_) | Reorder(_))
            });
        let detectors = plan.groups.iter().filter_map(|group| match &group.role {
            Role::Peer(config) => config.swim.map(|swim| (swim, config.hyparview.map_or(0, |views| u32::from(views.active)))),
            Role::Token(_) | Role::Gossip(_) | Role::Stoq(_) => None,
        });
        let drifts =
            plan.faults.nodes.iter().map(|fault| if let NodeFaultKind::Skew { drift_ppm, .. } = fault.what { drift_ppm } else { 0 });
        Self {
            lives,
            once: Once::new(nodes),
            order: fifo.then(|| PipeOrder::new(first, nodes, plan.nodes.place.len())),
            suspicions: Suspicions::new(detectors, drifts.min().unwrap_or(0)),
            broken: BTreeMap::new(),
        }
    }

    /// Writes down a broken invariant.
    pub fn broken(&mut self, invariant: Id, at_ns: u64, node: NodeId, detail: impl FnOnce() -> String) {
        let known = self.broken.get_mut(&invariant);
        let count = known.as_ref().map_or(0, |known| known.count) + 1;
        match known {
            // Of several cases at one moment the first node's is kept, whatever the order in which a shard comes to them.
            Some(known) if (known.at_ns, known.node) <= (at_ns, node.0) => known.count = count,
            _ => drop(self.broken.insert(invariant, Violation { invariant, at_ns, node: node.0, detail: detail(), count })),
        }
    }

    /// A datagram was handed to a node.
    #[inline(always)]
    pub fn delivered<N>(&mut self, now: u64, cell: &Cell<N>, from: NodeId, seq: u32) {
        if !cell.up {
            self.delivered_to_dead(now, cell.id, from, seq);
        }
        if let Some(order) = &mut self.order
            && order.watches(cell.rank)
            && let Some(newer) = order.overtaken(cell.rank, from, seq)
        {
            self.broken(Id::BrokenFifo, now, cell.id, || format!("datagram {seq} of {from} came after its later datagram {newer}"));
        }
    }

    #[cold]
    fn delivered_to_dead(&mut self, now: u64, to: NodeId, from: NodeId, seq: u32) {
        let since = self.lives.down_since(to, now);
        self.broken(Id::BrokenDead, now, to, || {
            format!(
                "{to} got datagram {seq} of {from} though it has been down since {}",
                since.map_or("ever".into(), |ns| hypermesh_core::base::Time(ns).to_string())
            )
        });
    }

    /// A broadcast was handed to the application of the node with this index in the shard.
    pub fn handed(&mut self, now: u64, node: NodeId, index: usize, id: BroadcastId) {
        if !self.once.first(index, id) {
            self.broken(Id::BrokenOnce, now, node, || format!("broadcast {} was handed to {node} twice", id.0));
        }
    }

    /// A node came up or went down: it remembers nothing, and nobody is suspected by it.
    pub fn lived(&mut self, node: NodeId, index: usize) {
        self.once.forget(index);
        self.suspicions.forget(node);
    }

    /// Looks for suspicions that are too old.
    pub fn overdue(&mut self, now: u64) {
        for (node, peer, since) in self.suspicions.overdue(now) {
            self.broken(Id::BrokenSuspicion, now, node, || {
                format!("{node} suspects {peer} since {} and neither confirms nor refutes it", hypermesh_core::base::Time(since))
            });
        }
    }

    /// Whether a node was down at some moment of a range, by the plan.
    pub fn was_down(&self, node: NodeId, from: u64, until: u64) -> bool {
        self.lives.down_within(node, from, until)
    }

    /// Since when a node is down at a moment, by the plan.
    pub fn down_since(&self, node: NodeId, now: u64) -> Option<u64> {
        self.lives.down_since(node, now)
    }

    /// Everything that was broken.
    pub fn finish(self) -> Vec<Violation> {
        self.broken.into_values().collect()
    }
}

/// Adds the broken invariants of another shard: counts are summed, the earliest case is kept.
pub fn merge(mine: &mut Vec<Violation>, theirs: Vec<Violation>) {
    for violation in theirs {
        match mine.iter_mut().find(|v| v.invariant == violation.invariant) {
            None => mine.push(violation),
            Some(known) => {
                let count = known.count + violation.count;
                if (violation.at_ns, violation.node) < (known.at_ns, known.node) {
                    *known = violation;
                }
                known.count = count;
            }
        }
    }
    mine.sort_by_key(|v| (v.at_ns, v.node, v.invariant));
}
