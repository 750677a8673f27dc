//! How far the last sample of a pair says more than its average, by how long ago it was.
//!
//! For each age, in powers of two of nanoseconds, the slope of a least-squares line through zero is kept: how much of the last sample's distance from
//! the average is left in the next one. It is near one while round trips stay as they are, and near zero where each sample is noise of its own. Old
//! evidence fades (recursive least squares with forgetting, Ljung and Soderstrom 1983). Nothing has to be set for a network: it is measured.

use crate::base::Span;

/// Ages are told apart from 2^20 ns (about a millisecond) to 2^52 ns (about 52 days).
const AGES: usize = 33;
const YOUNGEST: u32 = 20;
/// What remains of the evidence with each sample of its age: half of it after some 1,400.
const KEPT: f32 = 1.0 - 1.0 / 2048.0;
/// Evidence for a slope of zero that is there before the first sample.
const DOUBT: f32 = 0.25;
/// A distance from the average counts no more than this, as a part of the prior.
const FARTHEST: f32 = 1.0;

/// The slope of one age.
#[derive(Clone, Copy, Debug, Default)]
struct Slope {
    products: f32,
    squares: f32,
}

impl Slope {
    fn value(self) -> f32 {
        (self.products / (self.squares + DOUBT)).clamp(0.0, 1.0)
    }
}

/// The slopes of all ages.
#[derive(Clone, Debug)]
pub(super) struct Recency {
    slopes: [Slope; AGES],
}

impl Default for Recency {
    fn default() -> Self {
        Self { slopes: [Slope::default(); AGES] }
    }
}

impl Recency {
    /// How far a sample of this age is trusted above the average, 0 to 1.
    pub(super) fn trust(&self, age: Span) -> f32 {
        self.slopes[class(age)].value()
    }

    /// Learns from a pair: how far its last sample was from the average, and how far the next one is, both as parts of the prior.
    pub(super) fn learn(&mut self, age: Span, last: f32, next: f32) {
        let (last, next) = (last.clamp(-FARTHEST, FARTHEST), next.clamp(-FARTHEST, FARTHEST));
        let slope = &mut self.slopes[class(age)];
        slope.products = slope.products * KEPT + last * next;
        slope.squares = slope.squares * KEPT + last * last;
    }
}

fn class(age: Span) -> usize {
    let power = age.0.checked_ilog2().unwrap_or(0);
    (power.saturating_sub(YOUNGEST) as usize).min(AGES - 1)
}
