//! The nodes of a plan of layer 1, as whoever drives them needs them.

use crate::site::catalogue::Catalogue;
use crate::site::config::{configs, preset};
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::stoq::node;
use hypermesh_core::stoq::preset::Preset;
use hypermesh_core::stoq::session::Roles;
use hypermesh_scenarios::plan::{Plan, StoqKind};
use std::sync::Arc;

/// A node.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Its number.
    pub id: NodeId,
    /// Its machine's configuration, the same as in a simulated run.
    pub node: Arc<node::Config>,
    /// What it is.
    pub kind: StoqKind,
    /// What its certificate has to allow.
    pub roles: Roles,
    /// The preset that its other values come from.
    pub preset: Option<Preset>,
    /// The nodes above it, the best first.
    pub above: Vec<NodeId>,
    /// Bytes that it may keep on its disk.
    pub disk_bytes: u64,
}

/// The nodes of a plan, and the objects that they move.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The nodes, by number.
    pub actors: Vec<Actor>,
    /// The objects; origins have them from the start.
    pub catalogue: Arc<Catalogue>,
}

impl Cast {
    /// The cast of a plan. An error says what of it is no matter of layer 1.
    pub fn new(plan: &Plan) -> Result<Self, String> {
        let configs = configs(plan, false)?;
        let first = configs.first().ok_or("it has no nodes of layer 1")?;
        let catalogue = first.catalogue.clone();
        if configs.len() != plan.groups.len() {
            return Err("some of its nodes are not of layer 1".into());
        }
        let of = |node: u32| {
            let config = &configs[plan.group_of(NodeId(node))];
            Actor {
                id: NodeId(node),
                node: config.node.clone(),
                kind: config.role.kind,
                roles: config.node.roles,
                preset: preset(config.role.kind),
                above: config.directory.above(NodeId(node), config.group, config.role.servers),
                disk_bytes: config.role.cache.map_or(u64::MAX, |cache| cache.disk_bytes),
            }
        };
        Ok(Self { actors: (0..plan.node_count()).map(of).collect(), catalogue })
    }

    /// How long a handshake may take.
    pub const fn dial_within(&self) -> Span {
        crate::site::config::DIAL_WITHIN
    }
}
