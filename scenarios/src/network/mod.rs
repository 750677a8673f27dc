//! Where nodes can be and how long a datagram takes between two places.
//!
//! A [`Map`] is what every source of delays gives: [`backbone`] (the default: shortest paths over the world's cables), [`cloud`] (measured between
//! cloud regions), [`matrix`] (a file of one's own), and [`synthetic`] (great circles, or delays drawn from a range). All are symmetric unless a file
//! or [`Map::skew`] says otherwise, and hold whole nanoseconds, so that every machine gets the same.

pub mod backbone;
pub mod cities;
pub mod cloud;
pub mod matrix;
pub mod regions;
mod sphere;
pub mod synthetic;

#[cfg(test)]
mod tests;

use crate::plan::Place;
use hypermesh_core::base::Mixer;

/// One-way delay between two nodes of the same place, their access apart: round trips between servers within 30 km take 1.4 ms at the median of the
/// measurements that `backbone` was fitted on.
pub const WITHIN_PLACE_NS: u32 = 500_000;

/// Most places of a map. A matrix of that many has 16 MB.
pub const PLACES_MAX: usize = 2_000;

/// Places, and the delays between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Where nodes can be; at least one.
    pub places: Vec<Place>,
    /// How many people live around each place; nodes are placed in proportion to it. Not all zero.
    pub population: Vec<u64>,
    /// Names of the regions.
    pub regions: Vec<String>,
    /// One-way delay in nanoseconds, row by row; the diagonal is the delay within a place. All above zero.
    pub one_way_ns: Vec<u32>,
    /// Where the delays come from, in words.
    pub source: String,
}

impl Map {
    /// The delay from one place to another.
    pub fn one_way_ns(&self, from: usize, to: usize) -> u32 {
        self.one_way_ns[from * self.places.len() + to]
    }

    /// The index of the place of that name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.name == name)
    }

    /// The index of the region of that name.
    pub fn region(&self, name: &str) -> Option<usize> {
        self.regions.iter().position(|region| region == name)
    }

    /// Makes the two directions of each path differ: one takes up to `share` (0 to 1) longer, the other as much shorter. By how much is a hash of the
    /// pair keyed by `salt`.
    pub fn skew(&mut self, share: f64, salt: u64) {
        let places = self.places.len();
        // In billionths, so that what follows is whole numbers.
        let most = (share.clamp(0.0, 1.0) * 1e9) as i64;
        for from in 0..places {
            for to in from + 1..places {
                let hash = Mixer::new(salt).word(from as u64).word(to as u64).finish();
                let part = i64::try_from(hash >> 34).expect("30 bits fit") - (1 << 29);
                let by = most * part / (1 << 29);
                for (cell, by) in [(from * places + to, by), (to * places + from, -by)] {
                    let ns = i64::from(self.one_way_ns[cell]);
                    let skewed = i128::from(ns) * i128::from(1_000_000_000 + by) / 1_000_000_000;
                    self.one_way_ns[cell] = u32::try_from(skewed.max(1)).unwrap_or(u32::MAX);
                }
            }
        }
    }
}

/// Turns names into different ones: of equal names the first stays, others get their country behind them, then a number.
fn distinct_names(names: &[(&str, &str)]) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let mut all = Vec::with_capacity(names.len());
    for (name, country) in names {
        let numbered = (2..).map(|n| format!("{name}, {country} {n}"));
        let candidates = [(*name).to_owned(), format!("{name}, {country}")].into_iter().chain(numbered);
        let free = candidates.into_iter().find(|candidate| !taken.contains(candidate)).expect("there is always another number");
        taken.insert(free.clone());
        all.push(free);
    }
    all
}

/// Text of a file that is built into the program, compressed.
fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes), &mut text).expect("the shipped data are whole");
    text
}
