//! Promises of placement, repair and erasure groups.

mod erasure;
mod keeper;
mod pacing;
mod placement;
mod repair;

use super::{Member, Placement};
use crate::base::NodeId;
use crate::stoq::chunk::ChunkId;

fn id(i: u64) -> ChunkId {
    ChunkId::of(&i.to_le_bytes())
}

/// Nodes with equal weights: so many a site, so many sites a region, so many regions.
fn grid(per_site: u32, sites: u32, regions: u32) -> Vec<Member> {
    let node = |i: u32| Member { node: NodeId(i), weight: 1, region: i / (per_site * sites), site: i / per_site % sites };
    (0..per_site * sites * regions).map(node).collect()
}

fn over(members: &[Member]) -> Placement {
    Placement::new(members.to_vec()).expect("no node stands twice")
}
