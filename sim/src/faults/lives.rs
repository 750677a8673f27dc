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
        // Stable: what happens to one node at one moment happens in the order of the plan.
        changes.sort_by_key(|(node, at, _)| (*node, *at));
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

    /// When the node really goes up and down, in order: (moment in ns, up from then on). Stopping what is down and starting what is up changes nothing,
    /// and at one moment the first start comes before faults.
    fn turns(&self, node: NodeId) -> impl Iterator<Item = (u64, bool)> {
        let (start, changes) = (self.starts_at(node), self.changes_of(node));
        let (early, rest) = changes.split_at(changes.partition_point(|(_, when, _)| *when < start));
        let change = |(_, when, up): &(u32, u64, bool)| (*when, *up);
        let all = early.iter().map(change).chain([(start, true)]).chain(rest.iter().map(change));
        all.scan(false, |was_up, (when, up)| Some((when, up, std::mem::replace(was_up, up))))
            .filter_map(|(when, up, was_up)| (up != was_up).then_some((when, up)))
    }

    /// The last of these before or at a moment.
    fn last_turn(&self, node: NodeId, at: u64) -> Option<(u64, bool)> {
        self.turns(node).take_while(|(when, _)| *when <= at).last()
    }

    /// Whether the node is up at a moment; changes at that very moment have happened.
    pub fn up_at(&self, node: NodeId, at: u64) -> bool {
        self.last_turn(node, at).is_some_and(|(_, up)| up)
    }

    /// Since when the node has been down, if it is down at a moment after having been up.
    pub fn down_since(&self, node: NodeId, at: u64) -> Option<u64> {
        self.last_turn(node, at).filter(|(_, up)| !up).map(|(when, _)| when)
    }

    /// Whether the node was down at some moment of a range, after having been up.
    pub fn down_within(&self, node: NodeId, from: u64, until: u64) -> bool {
        self.down_since(node, from).is_some() || self.turns(node).any(|(when, up)| !up && when > from && when <= until)
    }

    /// Since when the node is up without a break to the end of the run; none if it is down at the end. What is planned for the end does not happen.
    pub fn stays_since(&self, node: NodeId) -> Option<u64> {
        self.last_turn(node, self.stop.checked_sub(1)?).filter(|(_, up)| *up).map(|(when, _)| when)
    }
}
