//! No copy is given up before there are enough others: made of all copies that origins acknowledged and gave up, when the run is over.

use crate::faults::Lives;
use crate::site::flock::{DETECTED, Flock};
use hypermesh_core::base::{NodeId, Time};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Violation;
use std::collections::BTreeMap;

/// A node has an object from now on, or has it no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// When, in ns.
    pub at: u64,
    /// Who.
    pub node: u32,
    /// The object.
    pub object: u32,
    /// Whether it has it.
    pub held: bool,
}

/// Copies that were made and given up.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    /// In any order.
    pub events: Vec<Held>,
}

impl Copies {
    /// The broken promise, if it was broken: the first case, and how many there are.
    pub fn finish(mut self, plan: &Plan) -> Option<Violation> {
        if self.events.iter().all(|event| event.held) {
            return None;
        }
        let (flock, lives) = (Flock::of(plan)?, Lives::new(plan));
        // Of what happens at one moment, copies come first.
        self.events.sort_unstable_by_key(|event| (event.at, !event.held, event.node, event.object));
        // For each object, who acknowledged it, and when.
        let mut holders: BTreeMap<u32, BTreeMap<u32, u64>> = BTreeMap::new();
        let mut first: Option<Violation> = None;
        for event in &self.events {
            let holders = holders.entry(event.object).or_insert_with(|| flock.homes(event.object).iter().map(|node| (node.0, 0)).collect());
            if event.held {
                holders.insert(event.node, event.at);
                continue;
            }
            holders.remove(&event.node);
            // Who was lost a moment ago is still believed in; whoever was away has to acknowledge anew.
            let known = Time(event.at.saturating_sub(DETECTED.0));
            let counts =
                |node: NodeId, since: u64| since > known.0 || (lives.up_at(node, known.0) && !lives.down_within(node, since, known.0));
            let left = holders.iter().filter(|(node, since)| counts(NodeId(**node), **since)).count();
            let wanted = flock.copies().min(flock.members_at(known).len());
            if left < wanted {
                let node = NodeId(event.node);
                let detail = format!("{node} gave up its copy of object {} when {left} others of {wanted} had one", event.object);
                match &mut first {
                    Some(first) => first.count += 1,
                    None => first = Some(Violation { invariant: Id::BrokenCopies, at_ns: event.at, node: event.node, detail, count: 1 }),
                }
            }
        }
        first
    }
}
