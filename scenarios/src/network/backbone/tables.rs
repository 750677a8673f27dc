//! The graph's tables, read from the files that are built into the program.

use crate::network::unpacked;
use hypermesh_core::base::Spot;

/// Nodes and links of topohub's world (MIT; see `scenarios/data/SOURCES.md`).
const WORLD: &[u8] = include_bytes!("../../../data/backbone.csv.gz");

/// Cables across the Pacific, which the former lacks.
const PACIFIC: &str = include_str!("../../../data/pacific.csv");

/// A node of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) spot: Spot,
    /// Whether something can be connected there: it is not a mere bend of a sea cable.
    pub(super) on_land: bool,
}

/// A link, usable in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) ends: [u32; 2],
    pub(super) metres: u32,
    pub(super) over_land: bool,
}

/// The world's nodes and links, without those across the Pacific.
pub(super) fn world() -> (Vec<Node>, Vec<Link>) {
    let (mut nodes, mut links) = (Vec::new(), Vec::new());
    for line in unpacked(WORLD).lines().skip(1) {
        row(line, &mut nodes, &mut links).expect("the shipped graph is well formed");
    }
    (nodes, links)
}

fn row(line: &str, nodes: &mut Vec<Node>, links: &mut Vec<Link>) -> Option<()> {
    let cells: Vec<&str> = line.split(',').collect();
    let [kind, a, b, metres] = cells[..] else { return None };
    match kind {
        "point" | "waypoint" => nodes.push(Node { spot: Spot { lat: a.parse().ok()?, lon: b.parse().ok()? }, on_land: kind == "point" }),
        "land" | "sea" => {
            links.push(Link { ends: [a.parse().ok()?, b.parse().ok()?], metres: metres.parse().ok()?, over_land: kind == "land" })
        }
        _ => return None,
    }
    Some(())
}

/// Where each cable across the Pacific lands.
pub(super) fn pacific() -> Vec<[Spot; 2]> {
    let lines = PACIFIC.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| landings(line).expect("the shipped cables are well formed")).collect()
}

fn landings(line: &str) -> Option<[Spot; 2]> {
    let mut cells = line.splitn(5, ',').map(str::parse);
    let mut spot = || Some(Spot { lat: cells.next()?.ok()?, lon: cells.next()?.ok()? });
    Some([spot()?, spot()?])
}
