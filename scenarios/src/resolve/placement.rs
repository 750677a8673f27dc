//! Which place and which access each node has.
//!
//! Each node draws one number for its place and one for its access, by itself, so that a group may grow without moving anybody.

use super::chance::{Chance, Use};
use super::names;
use super::network::Mix;
use crate::network::Map;
use crate::plan::{Nodes, RegionSet};
use crate::problem::{Code, Problem};
use crate::read::{At, Text};
use crate::spec::{Place, Scenario};

/// The columns of all nodes; none, with problems noted, where a place or region does not exist.
pub(super) fn nodes(scenario: &Scenario, map: &Map, mixes: &[Mix], chance: &mut Chance, problems: &mut Vec<Problem>) -> Option<Nodes> {
    let total: usize = scenario.groups.iter().map(|(_, group)| group.count.value.0 as usize).sum();
    let mut nodes = Nodes { place: Vec::with_capacity(total), access: Vec::with_capacity(total) };
    let mut good = true;
    for (ordinal, ((_, group), mix)) in (0..).zip(scenario.groups.iter().zip(mixes)) {
        let count = group.count.value.0;
        let Some(spread) = spread(&group.place, map, problems) else {
            good = false;
            continue;
        };
        match spread {
            Spread::Weighted(table) => {
                chance.each_node(ordinal, count, Use::Place, 0, |_, number| nodes.place.push(table.pick(number) as u16))
            }
            Spread::Even(places) => nodes.place.extend((0..count as usize).map(|member| places[member % places.len()])),
        }
        let classes = Weights::new(mix.iter().map(|(_, share)| u64::from(share.ppb())).collect());
        chance.each_node(ordinal, count, Use::Access, 0, |_, number| {
            nodes.access.push(mix.get(classes.pick(number)).map_or(0, |(class, _)| *class))
        });
    }
    good.then_some(nodes)
}

/// How a group's nodes are spread over places.
enum Spread {
    /// By weights of all places.
    Weighted(Weights),
    /// In turn at these.
    Even(Vec<u16>),
}

fn spread(place: &At<Place>, map: &Map, problems: &mut Vec<Problem>) -> Option<Spread> {
    let all_regions = 1 << 30;
    let shares: Vec<(&At<Text>, u64)> = match &place.value {
        Place::Population => return Some(Spread::Weighted(Weights::new(map.population.clone()))),
        Place::Even => return Some(Spread::Even((0..map.places.len() as u16).collect())),
        Place::Places(names) => return places(names, map, problems),
        Place::Region(name) => vec![(name, all_regions)],
        Place::Regions(table) => table.iter().map(|(name, share)| (name, u64::from(share.value.ppb()))).collect(),
    };
    let mut weights = vec![0u64; map.places.len()];
    let mut good = true;
    for (name, share) in shares {
        let set = names::known_regions(name, map, problems);
        let added = set.as_ref().is_some_and(|set| add_regions(&mut weights, map, set, share));
        if !added && set.is_some() {
            let message =
                format!("nobody lives in the region `{}`: it has none of the network's {} places", name.value.0, map.places.len());
            problems.push(Problem::new(Code::UNKNOWN_REGION, name.at, message));
        }
        good &= added;
    }
    good.then(|| Spread::Weighted(Weights::new(weights)))
}

/// Spreads a share over the places of some regions by their population; false if nobody lives there.
fn add_regions(weights: &mut [u64], map: &Map, set: &RegionSet, share: u64) -> bool {
    let inside = |place: &usize| set[usize::from(map.places[*place].region)];
    let people: u64 = (0..map.places.len()).filter(inside).map(|place| map.population[place]).sum();
    for place in (0..map.places.len()).filter(inside) {
        // Shares have 30 bits; with 24 more the smallest of places is still told apart, and the sum of all fits.
        let part = (u128::from(share) << 24) * u128::from(map.population[place]);
        weights[place] += part.checked_div(u128::from(people)).unwrap_or(0) as u64;
    }
    people > 0
}

fn places(names: &[At<Text>], map: &Map, problems: &mut Vec<Problem>) -> Option<Spread> {
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        match map.place(&name.value.0) {
            Some(place) => places.push(place as u16),
            None => {
                let all: Vec<String> = map.places.iter().map(|place| place.name.clone()).collect();
                problems.push(names::unknown(Code::UNKNOWN_PLACE, name, "place", &all));
            }
        }
    }
    (places.len() == names.len() && !places.is_empty()).then_some(Spread::Even(places))
}

/// Draws an index by weight, in constant time: a table of sums, and a guide to where in it a number's first bits lead (Chen and Asau 1974).
#[derive(Clone, Debug)]
pub struct Weights {
    /// Sum of the weights up to and with each.
    sums: Vec<u64>,
    /// For each value of the first bits, the first index that can be meant.
    guide: Vec<u32>,
}

/// Bits that the guide looks at.
const GUIDE_BITS: u32 = 12;

impl Weights {
    /// The table of some weights, whose sum is below 2^64. If all are zero, they count as equal.
    pub fn new(mut weights: Vec<u64>) -> Self {
        if weights.iter().all(|weight| *weight == 0) {
            weights.fill(1);
        }
        let mut sum = 0u64;
        let sums: Vec<u64> = weights
            .iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        let start = |bucket: u64| (u128::from(sum) * u128::from(bucket)) >> GUIDE_BITS;
        let guide = (0..1 << GUIDE_BITS).map(|bucket| sums.partition_point(|upto| u128::from(*upto) <= start(bucket)) as u32).collect();
        Self { sums, guide }
    }

    /// The index that 64 uniform bits mean. Zero for a table without entries.
    pub fn pick(&self, bits: u64) -> usize {
        let Some(total) = self.sums.last() else { return 0 };
        let target = ((u128::from(bits) * u128::from(*total)) >> 64) as u64;
        let mut index = self.guide[(bits >> (64 - GUIDE_BITS)) as usize] as usize;
        while self.sums[index] <= target {
            index += 1;
        }
        index
    }
}
