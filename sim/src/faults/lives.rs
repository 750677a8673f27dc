//! Who is up when, as a function of the plan alone. The oracle and the choice of contacts ask it; the engine's own flags are checked against it.

use hypermesh_core::base::NodeId;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan};

/// Who is up when.
#[derive(Debug)]
pub struct Lives {
    starts: Vec<StartRule>,
    /// (node, moment, up from then on) for every change after the first start, by node, then moment.
    changes: Vec<(u32, u64, bool)>,
    stop: u64,
}

/// First starts of one group.
#[derive(Debug)]
struct StartRule {
    first: u32,
    at: Vec<u64>,
    fixed: u64,
}

impl Lives {
    /// The lives of a plan's nodes.
    pub fn new(plan: &Plan) -> Self {
        let starts = plan.groups.iter().map(|group| {
            let spread = group.join_over.0 > 0;
            let at = if spread { (0..group.count).map(|i| plan.starts_at(NodeId(group.first + i)).0).collect() } else { Vec::new() };
            StartRule { first: group.first, at, fixed: group.join_at.0 }
        });
        let mut changes: Vec<(u32, u64, bool)> = plan
            .faults
            .nodes
            .iter()
            .filter_map(|fault| match fault.what {
                NodeFaultKind::Crash | NodeFaultKind::Leave => Some((fault.node.0, fault.at.0, false)),
                NodeFaultKind::Restart => Some((fault.node.0, fault.at.0, true)),
                NodeFaultKind::Pause { .. } | NodeFaultKind::Skew { .. } => None,
            })
            .collect();
        changes.sort_unstable_by_key(|(node, at, up)| (*node, *at, *up));
        Self { starts: starts.collect(), changes, stop: plan.stop.0 }
    }

    /// When the node comes up for the first time, in ns.
    pub fn starts_at(&self, node: NodeId) -> u64 {
        let rule = &self.starts[self.starts.partition_point(|rule| rule.first <= node.0) - 1];
        rule.at.get((node.0 - rule.first) as usize).copied().unwrap_or(rule.fixed)
    }

    fn changes_of(&self, node: NodeId) -> &[(u32, u64, bool)] {
        let from = self.changes.partition_point(|(n, ..)| *n < node.0);
        let len = self.changes[from..].partition_point(|(n, ..)| *n == node.0);
        &self.changes[from..from + len]
    }

    /// Whether the node is up at a moment; changes at that very moment have happened.
    pub fn up_at(&self, node: NodeId, at: u64) -> bool {
        let past = self.changes_of(node).iter().take_while(|(_, when, _)| *when <= at).last();
        at >= self.starts_at(node) && past.is_none_or(|(_, _, up)| *up)
    }

    /// Since when the node has been down, if it is down at a moment after having been up.
    pub fn down_since(&self, node: NodeId, at: u64) -> Option<u64> {
        let past: Vec<_> = self.changes_of(node).iter().take_while(|(_, when, _)| *when <= at).collect();
        if past.last().is_none_or(|(_, _, up)| *up) {
            return None;
        }
        // The first of the changes to down that ended the last life.
        let first_down = past.iter().rposition(|(_, _, up)| *up).map_or(0, |last_up| last_up + 1);
        past.get(first_down).map(|(_, when, _)| *when)
    }

    /// Whether the node was down at some moment of a range, after having been up.
    pub fn down_within(&self, node: NodeId, from: u64, until: u64) -> bool {
        let changes = self.changes_of(node);
        self.down_since(node, from).is_some() || changes.iter().any(|(_, when, up)| !up && *when > from && *when <= until)
    }

    /// Since when the node is up without a break to the end of the run; none if it is down at the end.
    pub fn stays_since(&self, node: NodeId) -> Option<u64> {
        let changes = self.changes_of(node);
        let past: Vec<_> = changes.iter().take_while(|(_, when, _)| *when <= self.stop).collect();
        match past.last() {
            None => Some(self.starts_at(node)).filter(|at| *at <= self.stop),
            Some((_, _, false)) => None,
            Some((_, when, true)) => Some(*when),
        }
    }
}
