//! Delays along the world's land and sea cables.
//!
//! A path between two places is found on the world graph of topohub and costs its length, detours and devices included:
//!
//! - Every link costs its length and [`PER_LINK_M`] more, for the devices at its ends.
//! - Links over land outside of North America, western and central Europe, Japan, Korea and Australia cost [`THIN_LAND`] times as much: cables are
//!   sparser there than the map's straight lines, and carriers avoid them.
//! - A place reaches the graph at the [`ATTACHMENTS`] nodes on land that are nearest to it, at [`TAIL`] times the distance.
//! - Within a country the shortest path is taken. Between countries traffic is handed over at an exchange, so the path is the shortest through one of
//!   the [`EXCHANGES`]. This is what makes neighbours in Africa, the Middle East or South America meet in Europe or Florida.
//! - One kilometre of cost takes [`NS_PER_KM`]: light in fibre takes 4,900 ns.
//!
//! **Fit.** The parameters were fitted on the measured round trips between half of the 242 cities of WonderNetwork (November 2018; every second one in
//! alphabetical order), which do not ship, to the least median relative error. The exchanges were chosen among 17 large ones by leaving out, one by
//! one, those without which the fitted half improved by more than a thousandth. The form of the model was found with all cities in
//! view, so the other half is a fair test of the numbers, less so of the form. The test `latency_against_measurements` holds the error: median 0.11
//! and 90th percentile 0.41 on both halves and on all, where a line fitted to great-circle distances has 0.25 and 0.69. What the model cannot see is
//! who peers with whom: short paths (below 500 km) are too fast by a third at the median, and single networks may be off by a factor.
//! The two directions of a path take the same time; measured, they differ by 0.2 % at the median.

mod graph;
mod tables;

use super::cities::{self, Metro};
use super::{Map, PLACES_MAX, WITHIN_PLACE_NS, regions};
use graph::{Graph, Search};
use hypermesh_core::base::Spot;

/// Cost of a link besides its length, in metres.
pub const PER_LINK_M: u32 = 80_000;

/// How much more a link over thinly wired land costs, as a fraction.
pub const THIN_LAND: (u32, u32) = (7, 4);

/// Nodes of the graph that a place is connected to.
pub const ATTACHMENTS: usize = 3;

/// How much longer than the straight line the way to such a node is, as a fraction.
pub const TAIL: (u32, u32) = (3, 2);

/// Nanoseconds that a kilometre of cost takes, one way.
pub const NS_PER_KM: u64 = 5_630;

/// Where networks of different countries meet.
pub const EXCHANGES: [(&str, Spot); 13] = [
    ("London", Spot { lat: 51.51, lon: -0.13 }),
    ("Frankfurt", Spot { lat: 50.11, lon: 8.68 }),
    ("Stockholm", Spot { lat: 59.33, lon: 18.06 }),
    ("Miami", Spot { lat: 25.76, lon: -80.19 }),
    ("Dallas", Spot { lat: 32.78, lon: -96.80 }),
    ("Los Angeles", Spot { lat: 34.05, lon: -118.24 }),
    ("Seattle", Spot { lat: 47.60, lon: -122.30 }),
    ("Singapore", Spot { lat: 1.29, lon: 103.85 }),
    ("Hong Kong", Spot { lat: 22.30, lon: 114.17 }),
    ("Tokyo", Spot { lat: 35.68, lon: 139.69 }),
    ("Sydney", Spot { lat: -33.87, lon: 151.20 }),
    ("Sao Paulo", Spot { lat: -23.55, lon: -46.63 }),
    ("Johannesburg", Spot { lat: -26.20, lon: 28.04 }),
];

/// A place on the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Its country: two letters of ISO 3166-1. Only compared.
    pub country: String,
    /// Where it is.
    pub spot: Spot,
}

/// The largest metropolitan areas of the world, at most [`PLACES_MAX`], and the delays between them.
pub fn map(places: usize) -> Map {
    let metros = cities::metros(places.clamp(1, PLACES_MAX));
    let sites: Vec<Site> = metros.iter().map(|metro| Site { country: metro.country.clone(), spot: metro.spot }).collect();
    Map {
        places: metros.iter().map(Metro::place).collect(),
        population: metros.iter().map(|metro| metro.population).collect(),
        regions: regions::names(),
        one_way_ns: one_way_ns(&sites),
        source: format!("shortest paths over land and sea cables between {} metropolitan areas (topohub, GeoNames)", metros.len()),
    }
}

/// One-way delays between sites, row by row, access apart; the diagonal is [`WITHIN_PLACE_NS`], and no path takes less. Symmetric.
pub fn one_way_ns(sites: &[Site]) -> Vec<u32> {
    let graph = Graph::shipped();
    let ends: Vec<_> = sites.iter().map(|site| graph.attach(site.spot)).collect();
    let mut search = Search::new(&graph);

    // Cost from each exchange to each site, exchange by exchange.
    let mut via = Vec::with_capacity(EXCHANGES.len());
    for (_, spot) in EXCHANGES {
        search.run(&graph.attach(spot), &[]);
        via.push(ends.iter().map(|end| search.cost_to(end)).collect::<Vec<u32>>());
    }

    let mut delays = vec![WITHIN_PLACE_NS; sites.len() * sites.len()];
    for from in 0..sites.len() {
        let compatriots: Vec<usize> = (from + 1..sites.len()).filter(|to| sites[*to].country == sites[from].country).collect();
        let targets: Vec<_> = compatriots.iter().map(|to| &ends[*to]).collect();
        if !targets.is_empty() {
            search.run(&ends[from], &targets);
        }
        for to in from + 1..sites.len() {
            let cost = match compatriots.binary_search(&to) {
                Ok(_) => search.cost_to(&ends[to]),
                Err(_) => via.iter().map(|costs| costs[from].saturating_add(costs[to])).min().unwrap_or(u32::MAX),
            };
            let ns = u32::try_from(u64::from(cost) * NS_PER_KM / 1_000).unwrap_or(u32::MAX).max(WITHIN_PLACE_NS);
            delays[from * sites.len() + to] = ns;
            delays[to * sites.len() + from] = ns;
        }
    }
    delays
}
