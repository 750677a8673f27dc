//! Who served what, and who took what from whom: sums by group, level and region, so that they are as small for a million nodes as for ten.

use hypermesh_core::base::NodeId;
use hypermesh_core::node::Level;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{RouteRow, ServingRow};
use std::collections::BTreeMap;

/// Time bin, group, whether it is names, level.
type Served = (u32, u16, bool, Level);
/// Group and region of who asked, then of who was asked.
type Route = (u16, u16, u16, u16);

/// Connections, contents and bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    connections: u64,
    contents: u64,
    bytes: u64,
}

/// The deliveries that one shard saw.
#[derive(Clone, Debug)]
pub struct Deliveries<'a> {
    plan: &'a Plan,
    served: BTreeMap<Served, (u64, u64)>,
    routes: BTreeMap<Route, Sum>,
}

impl<'a> Deliveries<'a> {
    /// No deliveries yet.
    pub const fn new(plan: &'a Plan) -> Self {
        Self { plan, served: BTreeMap::new(), routes: BTreeMap::new() }
    }

    /// A node served something.
    pub fn served(&mut self, bin: usize, node: NodeId, named: bool, level: Level, bytes: u32) {
        let sum = self.served.entry((bin as u32, self.plan.group_of(node) as u16, named, level)).or_default();
        sum.0 += 1;
        sum.1 += u64::from(bytes);
    }

    /// A node opened a connection.
    pub fn connected(&mut self, node: NodeId, to: NodeId) {
        self.route(node, to).connections += 1;
    }

    /// Something came to a node.
    pub fn took(&mut self, node: NodeId, from: NodeId, bytes: u32) {
        let sum = self.route(node, from);
        sum.contents += 1;
        sum.bytes += u64::from(bytes);
    }

    fn route(&mut self, node: NodeId, to: NodeId) -> &mut Sum {
        let of = |node| (self.plan.group_of(node) as u16, self.plan.region_of(node));
        let ((group, region), (to_group, to_region)) = (of(node), of(to));
        self.routes.entry((group, region, to_group, to_region)).or_default()
    }

    /// Adds what another shard saw.
    pub fn merge(&mut self, other: Self) {
        for (key, theirs) in other.served {
            let mine = self.served.entry(key).or_default();
            *mine = (mine.0 + theirs.0, mine.1 + theirs.1);
        }
        for (key, theirs) in other.routes {
            let mine = self.routes.entry(key).or_default();
            mine.connections += theirs.connections;
            mine.contents += theirs.contents;
            mine.bytes += theirs.bytes;
        }
    }

    /// The rows of the trace, each in the order of its key.
    pub fn finish(self) -> (Vec<ServingRow>, Vec<RouteRow>) {
        let served = |((bin, group, named, level), (count, bytes))| ServingRow { bin, group, named, level, count, bytes };
        let route = |((group, region, to_group, to_region), sum): (Route, Sum)| RouteRow {
            group,
            region,
            to_group,
            to_region,
            connections: sum.connections,
            contents: sum.contents,
            bytes: sum.bytes,
        };
        (self.served.into_iter().map(served).collect(), self.routes.into_iter().map(route).collect())
    }
}
