//! Every suspicion ends, by refutation, confirmation or because the peer is no longer watched, within the longest time that the protocol allows.

use crate::engine::cell::Odd;
use hypermesh_core::base::NodeId;
use hypermesh_core::hypermesh::mesh::swim::{Config, Scope};
use std::collections::BTreeMap;

/// The open suspicions of a shard.
#[derive(Clone, Debug)]
pub struct Suspicions {
    open: BTreeMap<(u32, u32), u64>,
    longest: u64,
}

impl Suspicions {
    /// Books for nodes that run the given failure detectors, each over views of the given size, on clocks of which the slowest drifts by so many parts
    /// per million (negative).
    pub fn new(detectors: impl Iterator<Item = (Config, u32)>, slowest_ppm: i32) -> Self {
        let slow = Odd { drift_ppm: slowest_ppm.min(0), ..Odd::default() };
        let longest = detectors.map(|(config, view)| slow.world_span(longest(&config, view))).max();
        Self { open: BTreeMap::new(), longest: longest.unwrap_or(u64::MAX) }
    }

    /// A suspicion starts.
    pub fn start(&mut self, node: NodeId, peer: NodeId, now: u64) {
        self.open.entry((node.0, peer.0)).or_insert(now);
    }

    /// A suspicion ends; when it started, if it is known.
    pub fn end(&mut self, node: NodeId, peer: NodeId) -> Option<u64> {
        self.open.remove(&(node.0, peer.0))
    }

    /// A node stops, or is stopped: its suspicions are gone.
    pub fn forget(&mut self, node: NodeId) {
        let gone: Vec<(u32, u32)> = self.open.range((node.0, 0)..=(node.0, u32::MAX)).map(|(key, _)| *key).collect();
        for key in gone {
            self.open.remove(&key);
        }
    }

    /// Takes out the suspicions that are too old at `now`: (node, peer, since).
    pub fn overdue(&mut self, now: u64) -> Vec<(NodeId, NodeId, u64)> {
        let longest = self.longest;
        let late: Vec<_> = self.open.iter().filter(|(_, since)| now.saturating_sub(**since) > longest).map(|(k, v)| (*k, *v)).collect();
        for (key, _) in &late {
            self.open.remove(key);
        }
        late.into_iter().map(|((node, peer), since)| (NodeId(node), NodeId(peer), since)).collect()
    }
}

/// The longest suspicion of a failure detector in ns: the largest timeout of Lifeguard's formula, and two probe intervals of slack.
fn longest(config: &Config, view: u32) -> u64 {
    let members = match config.scope {
        Scope::View => view,
        Scope::Cell { count, .. } => count,
    };
    let spread = if config.lifeguard.aware_suspicion { u64::from(config.suspicion_spread) } else { 1 };
    let factor = libm::log10(f64::from(members.max(1))).max(1.0) * f64::from(config.suspicion_factor);
    let shortest = (factor * config.probe_every.0 as f64) as u64;
    shortest * spread.max(1) + 2 * config.probe_every.0
}
