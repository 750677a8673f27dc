//! Cloud regions with round-trip times that were measured between them.

use super::{Map, matrix};

/// Medians between 33 regions of Amazon Web Services, by cloudping.co (see `scenarios/data/SOURCES.md`), in the format of [`matrix`].
const MEDIANS: &str = include_str!("../../data/cloud_rtt_p50.csv");

/// The 33 regions, each a place and a region of its own. A path takes half of the measured round trip each way. Population is that of the cities that
/// are nearest to each.
pub fn map() -> Map {
    let mut map = matrix::read(MEDIANS).expect("the shipped matrix is well formed");
    map.source = "medians measured between 33 cloud regions (cloudping.co)".to_owned();
    map
}
