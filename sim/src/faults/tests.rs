//! Who is up when, against a world that is played through moment by moment.

use super::Lives;
use crate::bench::{Load, plans};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_scenarios::plan::{JoinShape, NodeFault, NodeFaultKind, Plan};
use proptest::prelude::*;

/// Moments of the small world; it ends at the last.
const STOP: u64 = 40;

/// A plan of `nodes` nodes, the second half of which joins later and over a while.
fn plan(nodes: u32, join_at: u64, join_over: u64, faults: Vec<(u64, u32, NodeFaultKind)>) -> Plan {
    let mut plan = plans::plan(Load::Token, nodes);
    plan.stop = Time(STOP);
    let half = nodes / 2;
    plan.groups.push(plan.groups[0].clone());
    (plan.groups[0].count, plan.groups[1].first, plan.groups[1].count) = (half, half, nodes - half);
    (plan.groups[1].join_at, plan.groups[1].join_over, plan.groups[1].join_shape) = (Time(join_at), Span(join_over), JoinShape::Linear);
    plan.faults.nodes = faults.into_iter().map(|(at, node, what)| NodeFault { at: Time(at), node: NodeId(node % nodes), what }).collect();
    plan.faults.nodes.sort_by_key(|fault| (fault.at, fault.node));
    plan
}

/// The world of one node, played through moment by moment: its start first, then the faults in the order of the plan, as the engine does it. Every
/// change with its moment, and whether the node is up after each moment.
fn played(plan: &Plan, node: NodeId) -> (Vec<(u64, bool)>, Vec<bool>) {
    let (mut up, mut changes) = (false, Vec::new());
    let mut set = |up: &mut bool, at: u64, to: bool| {
        if std::mem::replace(up, to) != to {
            changes.push((at, to));
        }
    };
    let moment = |at: u64| {
        if plan.starts_at(node) == Time(at) {
            set(&mut up, at, true);
        }
        for fault in plan.faults.nodes.iter().filter(|fault| fault.node == node && fault.at == Time(at)) {
            match fault.what {
                NodeFaultKind::Crash | NodeFaultKind::Leave => set(&mut up, at, false),
                NodeFaultKind::Restart => set(&mut up, at, true),
                NodeFaultKind::Pause { .. } | NodeFaultKind::Skew { .. } => {}
            }
        }
        up
    };
    let after = (0..=STOP).map(moment).collect();
    (changes, after)
}

fn kind() -> impl Strategy<Value = NodeFaultKind> {
    prop_oneof![
        3 => Just(NodeFaultKind::Crash),
        1 => Just(NodeFaultKind::Leave),
        3 => Just(NodeFaultKind::Restart),
        1 => Just(NodeFaultKind::Pause { until: Time(STOP) }),
        1 => Just(NodeFaultKind::Skew { step: Span(1), drift_ppm: 5 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn lives_are_those_that_are_lived(
        nodes in 2u32..6, join_at in 0..STOP, join_over in 0..20u64, faults in prop::collection::vec((0..=STOP, 0u32..6, kind()), 0..25),
    ) {
        let plan = plan(nodes, join_at, join_over, faults);
        let lives = Lives::new(&plan);
        for node in (0..nodes).map(NodeId) {
            let (changes, up) = played(&plan, node);
            let since = |at: u64| changes.iter().rev().find(|(when, _)| *when <= at).map(|(when, _)| *when);
            prop_assert_eq!(lives.starts_at(node), plan.starts_at(node).0);
            for at in 0..=STOP {
                prop_assert_eq!(lives.up_at(node, at), up[at as usize], "{} at {}", node, at);
                let down = since(at).filter(|_| !up[at as usize]);
                prop_assert_eq!(lives.down_since(node, at), down, "{} at {}", node, at);
                for until in at..=STOP {
                    let fell = changes.iter().any(|(when, up)| !up && *when > at && *when <= until);
                    prop_assert_eq!(lives.down_within(node, at, until), down.is_some() || fell, "{} from {} to {}", node, at, until);
                }
            }
            // What is planned for the end does not happen.
            let stays = since(STOP - 1).filter(|_| up[STOP as usize - 1]);
            prop_assert_eq!(lives.stays_since(node), stays, "{}", node);
        }
    }
}
