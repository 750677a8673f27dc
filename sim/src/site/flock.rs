//! The origins of a group that share their objects out: who is a member when, and where each object belongs.
//!
//! Membership is the mesh's matter; here it comes from the plan, [`DETECTED`] after it changed.

use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::replication::{Member, Placement};
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Role};

/// How long it takes until everybody knows that a node is gone, or is back.
pub const DETECTED: Span = Span::secs(3);

/// A group of origins that share their objects out.
#[derive(Clone, Debug)]
pub struct Flock {
    /// Index of the group.
    pub group: u32,
    members: Vec<Member>,
    copies: usize,
    /// When a member goes or comes back.
    changes: Vec<(Time, NodeId, bool)>,
    all: Placement,
    defect: Option<Defect>,
}

impl Flock {
    /// The first group of a plan that shares its objects out.
    pub fn of(plan: &Plan) -> Option<Self> {
        let shares = |role: &Role| if let Role::Stoq(stoq) = role { stoq.copies } else { 0 };
        let index = plan.groups.iter().position(|group| shares(&group.role) > 0)?;
        let group = &plan.groups[index];
        let nodes = || (group.first..group.first + group.count).map(NodeId);
        let member = |node: NodeId| {
            let place = plan.nodes.place[node.index()];
            Member { node, weight: 1, region: u32::from(plan.region_of(node)), site: u32::from(place) }
        };
        let change = |fault: &hypermesh_scenarios::plan::NodeFault| match fault.what {
            NodeFaultKind::Crash | NodeFaultKind::Leave => Some((fault.at, fault.node, false)),
            NodeFaultKind::Restart => Some((fault.at, fault.node, true)),
            NodeFaultKind::Pause { .. } | NodeFaultKind::Skew { .. } => None,
        };
        let changes = plan.faults.nodes.iter().filter_map(change).filter(|(_, node, _)| nodes().any(|member| member == *node));
        let members: Vec<Member> = nodes().map(member).collect();
        Some(Self {
            group: index as u32,
            copies: usize::from(shares(&group.role)),
            changes: changes.collect(),
            all: placement(members.clone(), plan.defect),
            members,
            defect: plan.defect,
        })
    }

    /// Copies of each object.
    pub const fn copies(&self) -> usize {
        self.copies
    }

    /// The origins that are up at a moment.
    pub fn members_at(&self, at: Time) -> Vec<Member> {
        let is_up = |node: NodeId| self.changes.iter().rfind(|(when, who, _)| *when <= at && *who == node).is_none_or(|(.., up)| *up);
        self.members.iter().copied().filter(|member| is_up(member.node)).collect()
    }

    /// Where objects belong, as far as is known at a moment.
    pub fn placement(&self, now: Time) -> Placement {
        placement(self.members_at(Time(now.0.saturating_sub(DETECTED.0))), self.defect)
    }

    /// The moments from one on at which a change becomes known.
    pub fn news(&self, now: Time) -> impl Iterator<Item = Time> {
        self.changes.iter().map(|(when, ..)| *when + DETECTED).filter(move |when| *when >= now)
    }

    /// Where an object lies when the run begins.
    pub fn homes(&self, object: u32) -> Vec<NodeId> {
        self.all.holders(&key(object), self.copies)
    }

    /// The other origins, whether they are up or not.
    pub fn others(&self, me: NodeId) -> Vec<NodeId> {
        self.members.iter().map(|member| member.node).filter(|node| *node != me).collect()
    }
}

fn placement(members: Vec<Member>, defect: Option<Defect>) -> Placement {
    Placement::new(members).expect("each node is there once").planted(defect)
}

/// What an object is placed by.
pub fn key(object: u32) -> ChunkId {
    ChunkId::of(&object.to_le_bytes())
}
