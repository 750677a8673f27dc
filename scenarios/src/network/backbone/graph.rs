//! The graph of cables, and shortest paths on it (Dijkstra 1959). Costs are whole metres, so a path's cost does not depend on the order of sums.

use super::tables::{self, Link, Node};
use super::{ATTACHMENTS, PER_LINK_M, TAIL, THIN_LAND};
use crate::network::sphere::{self, Vector};
use hypermesh_core::base::Spot;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The way of a place to its nodes: (node, metres). The nearest first.
pub(super) type End = Vec<(u32, u32)>;

/// The graph, each node's links side by side.
pub(super) struct Graph {
    /// Nodes on land, by number, with their positions.
    land: Vec<(u32, Spot)>,
    land_vectors: Vec<Vector>,
    /// Node `n` has the links `first[n]..first[n + 1]`.
    first: Vec<u32>,
    /// (other end, cost in metres).
    links: Vec<(u32, u32)>,
}

impl Graph {
    /// The graph of the shipped tables.
    pub(super) fn shipped() -> Self {
        let (nodes, mut links) = tables::world();
        let land: Vec<(u32, Spot)> = (0..).zip(&nodes).filter(|(_, node)| node.on_land).map(|(number, node)| (number, node.spot)).collect();
        let land_vectors: Vec<Vector> = land.iter().map(|(_, spot)| sphere::vector(*spot)).collect();
        for landings in tables::pacific() {
            let ends = landings.map(|spot| land[sphere::nearest(sphere::vector(spot), &land_vectors).expect("there is land")]);
            let metres = ends[0].1.distance_km(ends[1].1) * 1_100.0;
            links.push(Link { ends: [ends[0].0, ends[1].0], metres: metres as u32, over_land: false });
        }
        let (first, links) = adjacency(&nodes, &links);
        Self { land, land_vectors, first, links }
    }

    /// The nodes that a place is connected to.
    pub(super) fn attach(&self, spot: Spot) -> End {
        let vector = sphere::vector(spot);
        let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(ATTACHMENTS + 1);
        for (index, land) in self.land_vectors.iter().enumerate() {
            let near = sphere::nearness(vector, *land);
            if nearest.len() < ATTACHMENTS || near > nearest[ATTACHMENTS - 1].0 {
                let at = nearest.partition_point(|(other, _)| *other >= near);
                nearest.insert(at, (near, index));
                nearest.truncate(ATTACHMENTS);
            }
        }
        let way = |(_, index): &(f64, usize)| {
            let (node, there) = self.land[*index];
            let metres = (spot.distance_km(there) * 1_000.0) as u32;
            (node, metres * TAIL.0 / TAIL.1)
        };
        nearest.iter().map(way).collect()
    }

    fn links_of(&self, node: u32) -> &[(u32, u32)] {
        &self.links[self.first[node as usize] as usize..self.first[node as usize + 1] as usize]
    }
}

/// All links by their ends, with their costs.
fn adjacency(nodes: &[Node], links: &[Link]) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut directed: Vec<(u32, u32, u32)> = Vec::with_capacity(links.len() * 2);
    for link in links {
        let [a, b] = link.ends;
        let cost = cost(link, nodes[a as usize].spot, nodes[b as usize].spot);
        directed.extend([(a, b, cost), (b, a, cost)]);
    }
    directed.sort_unstable();
    let first = (0..=nodes.len() as u32).map(|node| directed.partition_point(|(from, ..)| *from < node) as u32).collect();
    (first, directed.into_iter().map(|(_, to, cost)| (to, cost)).collect())
}

fn cost(link: &Link, a: Spot, b: Spot) -> u32 {
    let cost = link.metres + PER_LINK_M;
    let middle = Spot { lat: (a.lat + b.lat) / 2.0, lon: (a.lon + b.lon) / 2.0 };
    if link.over_land && !densely_wired(middle) { cost / THIN_LAND.1 * THIN_LAND.0 } else { cost }
}

/// Whether land there is as densely wired as the map draws it: North America without Mexico, Europe west of 25° E, Japan and Korea, Australia and New
/// Zealand.
fn densely_wired(spot: Spot) -> bool {
    let within = |south: f64, north: f64, west: f64, east: f64| spot.lat > south && spot.lat < north && spot.lon > west && spot.lon < east;
    within(28.0, 90.0, -180.0, -50.0)
        || within(36.0, 90.0, -12.0, 25.0)
        || within(30.0, 46.0, 126.0, 150.0)
        || within(-60.0, -10.0, 110.0, 180.0)
}

/// A search for shortest paths from one place, with its memory kept for the next.
pub(super) struct Search<'g> {
    graph: &'g Graph,
    cost: Vec<u32>,
    settled: Vec<bool>,
    heap: BinaryHeap<Reverse<(u32, u32)>>,
}

impl<'g> Search<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let nodes = graph.first.len() - 1;
        Self { graph, cost: vec![u32::MAX; nodes], settled: vec![false; nodes], heap: BinaryHeap::new() }
    }

    /// Finds paths from `start` to the nodes of all `targets`, or to every node if there are none.
    pub(super) fn run(&mut self, start: &End, targets: &[&End]) {
        self.cost.fill(u32::MAX);
        self.settled.fill(false);
        self.heap.clear();
        for (node, way) in start {
            self.reach(*node, *way);
        }
        let mut wanted: Vec<u32> = targets.iter().flat_map(|end| end.iter().map(|(node, _)| *node)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut missing = if targets.is_empty() { usize::MAX } else { wanted.len() };
        while missing > 0
            && let Some(Reverse((cost, node))) = self.heap.pop()
        {
            if std::mem::replace(&mut self.settled[node as usize], true) {
                continue;
            }
            missing -= usize::from(wanted.binary_search(&node).is_ok());
            for (next, link) in self.graph.links_of(node) {
                self.reach(*next, cost + link);
            }
        }
    }

    fn reach(&mut self, node: u32, cost: u32) {
        if cost < self.cost[node as usize] {
            self.cost[node as usize] = cost;
            self.heap.push(Reverse((cost, node)));
        }
    }

    /// Cost of the path to a place, after a run that was to find it.
    pub(super) fn cost_to(&self, end: &End) -> u32 {
        end.iter().map(|(node, way)| self.cost[*node as usize].saturating_add(*way)).min().unwrap_or(u32::MAX)
    }
}
