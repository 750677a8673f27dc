//! The catalogue: objects with their sizes, and how often each is asked for.

use super::chance::{Series, unit};
use crate::plan::Object;
use crate::spec::stoq::Objects;

/// Bytes of the largest object.
const BYTES_MAX: f64 = 64.0 * 1024.0 * 1024.0;

/// How often each of some objects of the catalogue is asked for.
pub(super) struct Popularity {
    /// The first of them.
    first: u32,
    /// The sum of the weights up to and with each.
    sums: Vec<f64>,
}

/// Adds objects to the catalogue.
pub(super) fn add(of: &Objects, all: &mut Vec<Object>, series: &mut Series<'_>) -> Popularity {
    let (items, zipf, median, spread) = (of.items.value.0, of.zipf.value.value(), of.size.value.0 as f64, of.spread.value.value());
    let (first, mut sums, mut sum) = (all.len() as u32, Vec::with_capacity(items as usize), 0.0);
    for rank in 1..=items {
        sum += libm::pow(f64::from(rank), -zipf);
        sums.push(sum);
        let bytes = if spread > 0.0 { median * libm::exp(spread * normal(series)) } else { median };
        all.push(Object { bytes: bytes.clamp(1.0, BYTES_MAX) as u32 });
    }
    Popularity { first, sums }
}

impl Popularity {
    /// One of them.
    pub(super) fn draw(&self, series: &mut Series<'_>) -> u32 {
        let all = self.sums.last().copied().unwrap_or(0.0);
        let at = unit(series.u64()) * all;
        let found = self.sums.partition_point(|sum| *sum <= at);
        self.first + found.min(self.sums.len().saturating_sub(1)) as u32
    }
}

/// A normal value (Box and Muller 1958).
fn normal(series: &mut Series<'_>) -> f64 {
    let (a, b) = (1.0 - unit(series.u64()), unit(series.u64()));
    libm::sqrt(-2.0 * libm::log(a)) * libm::cos(2.0 * core::f64::consts::PI * b)
}
