//! Who is above whom: for each place, the nodes of a group that are near it; for each node, those of them that it knows.

use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{NodeId, SeedKey, Spot};
use hypermesh_core::stoq::node::Peer;
use hypermesh_core::stoq::routing::choose::{Candidate, Rules, choose, near_limit};
use hypermesh_core::stoq::session::Roles;
use hypermesh_scenarios::plan::{Plan, Role, Routing, Stoq, StoqKind};
use std::collections::BTreeMap;

/// Nodes of a group that are kept for one place, the nearest first.
const NEAR_MAX: usize = 64;
/// Round trip of a kilometre on the globe as a great-circle fit of measured paths has it, in microseconds, and its constant part.
const US_PER_KM: f64 = 17.4;
const US_AT_HOME: f64 = 31_700.0;

/// The directory of a run.
#[derive(Debug)]
pub struct Directory {
    seed: u64,
    places: Vec<u16>,
    /// First node and kind of each group.
    groups: Vec<(u32, StoqKind)>,
    /// For a group and a place, the nodes of the group above that are near.
    near: BTreeMap<(u32, u16), Vec<Candidate>>,
}

impl Directory {
    /// The directory of a plan whose nodes are of layer 1.
    pub fn new(plan: &Plan) -> Self {
        let mut near = BTreeMap::new();
        for (index, group) in plan.groups.iter().enumerate() {
            let Role::Stoq(role) = &group.role else { continue };
            let Some(above) = role.above else { continue };
            let mut places: Vec<u16> = (group.first..group.first + group.count).map(|node| plan.nodes.place[node as usize]).collect();
            places.sort_unstable();
            places.dedup();
            for place in places {
                near.insert((index as u32, place), around(plan, role, above, place));
            }
        }
        let kind = |role: &Role| if let Role::Stoq(stoq) = role { stoq.kind } else { StoqKind::Client };
        Self {
            seed: SeedKey::new(plan.seed).salt(),
            places: plan.nodes.place.clone(),
            groups: plan.groups.iter().map(|group| (group.first, kind(&group.role))).collect(),
            near,
        }
    }

    /// The nodes above a node, the best first. Among those that are about as near as the nearest each node has its own order.
    pub fn above(&self, node: NodeId, group: u32, servers: u8) -> Vec<NodeId> {
        let Some(candidates) = self.near.get(&(group, self.places[node.index()])) else { return Vec::new() };
        let mut candidates = candidates.clone();
        let key = mix(self.seed ^ u64::from(node.0));
        let mut above = Vec::with_capacity(usize::from(servers));
        while above.len() < usize::from(servers) {
            let Some(slot) = choose(key, &candidates, &Rules::default()) else { break };
            let at = candidates.iter().position(|candidate| candidate.slot == slot).expect("a candidate was chosen");
            above.push(candidates.swap_remove(at).node);
        }
        above
    }

    /// Whether a node above is about as near to a node as the nearest.
    pub fn is_near(&self, node: NodeId, group: u32, above: NodeId) -> bool {
        let Some(candidates) = self.near.get(&(group, self.places[node.index()])) else { return false };
        let limit = candidates.first().map_or(0, |nearest| near_limit(nearest.predicted_us, &Rules::default()));
        candidates.iter().any(|candidate| candidate.node == above && candidate.predicted_us <= limit)
    }

    /// Who a node is by its certificate.
    pub fn peer(&self, node: NodeId) -> Peer {
        let group = self.groups.partition_point(|(first, _)| *first <= node.0).saturating_sub(1);
        Peer::Certified(roles(self.groups[group].1))
    }
}

/// The roles of a kind of node.
pub const fn roles(kind: StoqKind) -> Roles {
    match kind {
        StoqKind::Origin => Roles::ORIGIN,
        StoqKind::Regional => Roles::REGIONAL,
        StoqKind::Edge => Roles::EDGE,
        StoqKind::Client => Roles::CLIENT,
        StoqKind::Publisher => Roles::CLIENT.with(Roles::PUBLISHER),
    }
}

/// The nodes of a group that are near a place, by the rule of whoever looks for them.
fn around(plan: &Plan, role: &Stoq, above: u32, place: u16) -> Vec<Candidate> {
    let group = &plan.groups[above as usize];
    let here = plan.network.places[usize::from(place)].spot;
    let mut all: Vec<Candidate> = (group.first..group.first + group.count)
        .map(|node| {
            let there = plan.nodes.place[node as usize];
            let predicted_us = match role.routing {
                Routing::Latency => round_trip_us(plan, place, there),
                Routing::Geography => fitted_us(here, plan.network.places[usize::from(there)].spot),
                Routing::Random => (mix(u64::from(place) << 32 ^ mix(u64::from(node))) % 300_000) as u32,
            };
            Candidate { node: NodeId(node), slot: node, predicted_us, load: 0 }
        })
        .collect();
    all.sort_unstable_by_key(|candidate| (candidate.predicted_us, candidate.node));
    // All that are about as near as the nearest belong to it, however many they are.
    let limit = all.first().map_or(0, |nearest| near_limit(nearest.predicted_us, &Rules::default()));
    let as_near = all.partition_point(|candidate| candidate.predicted_us <= limit);
    all.truncate(as_near.max(NEAR_MAX));
    all
}

fn round_trip_us(plan: &Plan, a: u16, b: u16) -> u32 {
    let places = plan.network.places.len();
    let one_way = |a: u16, b: u16| u64::from(plan.network.one_way_ns[usize::from(a) * places + usize::from(b)]);
    ((one_way(a, b) + one_way(b, a)) / 1_000) as u32
}

fn fitted_us(a: Spot, b: Spot) -> u32 {
    (US_AT_HOME + US_PER_KM * a.distance_km(b)) as u32
}
