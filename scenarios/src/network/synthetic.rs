//! Delays that are made, not measured: by distance, or drawn from a range.

use super::cities::Metro;
use super::{Map, PLACES_MAX, cities, regions};
use crate::plan::Place;
use hypermesh_core::base::{Mixer, Span, Spot};

/// Zones that the places of [`uniform`] belong to in turn, so that faults of regions make sense there too.
pub const ZONES: usize = 8;

/// The metropolitan areas of the world, with a one-way delay of `base` plus the great-circle distance times `per_1000km`.
pub fn geography(places: usize, base: Span, per_1000km: Span) -> Map {
    let metros = cities::metros(places.clamp(1, PLACES_MAX));
    let delay = |from: &Metro, to: &Metro| {
        // To whole metres first: from there on everything is whole numbers.
        let metres = (from.spot.distance_km(to.spot) * 1000.0) as u64;
        let ns = u128::from(base.0) + u128::from(metres) * u128::from(per_1000km.0) / 1_000_000;
        u32::try_from(ns.max(1)).unwrap_or(u32::MAX)
    };
    let one_way_ns = metros.iter().flat_map(|from| metros.iter().map(move |to| delay(from, to))).collect();
    Map {
        places: metros.iter().map(Metro::place).collect(),
        population: metros.iter().map(|metro| metro.population).collect(),
        regions: regions::names(),
        one_way_ns,
        source: format!("great-circle distances: {base} and {per_1000km} per 1,000 km, one way"),
    }
}

/// Places without a position, with one-way delays that a hash of each pair, keyed by `salt`, spreads evenly over `min` to `max`. They belong to
/// `zone-1` to `zone-8` in turn.
pub fn uniform(places: usize, min: Span, max: Span, salt: u64) -> Map {
    let places = places.clamp(1, PLACES_MAX);
    let width = u128::from(max.0.saturating_sub(min.0)) + 1;
    let delay = |from: usize, to: usize| {
        let hash = Mixer::new(salt).word(from.min(to) as u64).word(from.max(to) as u64).finish();
        let ns = u128::from(min.0) + ((u128::from(hash) * width) >> 64);
        u32::try_from(ns.max(1)).unwrap_or(u32::MAX)
    };
    let one_way_ns = (0..places).flat_map(|from| (0..places).map(move |to| delay(from, to))).collect();
    Map {
        places: (0..places)
            .map(|place| Place { name: format!("place-{}", place + 1), region: (place % ZONES) as u16, spot: spiral(place, places) })
            .collect(),
        population: vec![1; places],
        regions: (1..=ZONES.min(places)).map(|zone| format!("zone-{zone}")).collect(),
        one_way_ns,
        source: if min == max {
            format!("{min} between any two nodes, one way")
        } else {
            format!("{min} to {max} between two places, one way")
        },
    }
}

/// The points of a spiral that covers the globe evenly (Vogel's), so that maps have something to draw.
fn spiral(index: usize, of: usize) -> Spot {
    let height = 1.0 - (2 * index + 1) as f64 / of as f64;
    let turns = index as f64 * 0.618_033_988_749_895;
    Spot { lat: libm::asin(height).to_degrees(), lon: (turns - libm::floor(turns)) * 360.0 - 180.0 }
}
