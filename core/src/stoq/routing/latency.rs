//! What was measured of the way to one target: the least and the smoothed round trip, how much it varies, and when.
//!
//! The smoothing is that of RFC 6298 (Jacobson 1988) in whole nanoseconds. The least is forgotten after a while, so that a longer path is noticed: two
//! halves of the window are kept, as in BBR's filter.

use crate::base::{Span, Time};

/// The part of a new sample in the smoothed value: one in `2^SMOOTHING`.
const SMOOTHING: u32 = 3;
/// The part of a new deviation: one in `2^VARIATION`.
const VARIATION: u32 = 2;

/// Measurements of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    smoothed: Span,
    variation: Span,
    least: [Span; 2],
    half_began: Time,
    measured_at: Time,
    samples: u32,
}

impl Latency {
    /// The first measurement.
    pub const fn first(rtt: Span, now: Time) -> Self {
        Self { smoothed: rtt, variation: Span(rtt.0 / 2), least: [rtt; 2], half_began: now, measured_at: now, samples: 1 }
    }

    /// One more measurement; `window` is how long the least is remembered, at least half of it.
    pub fn add(&mut self, rtt: Span, now: Time, window: Span) {
        let off = self.smoothed.0.abs_diff(rtt.0);
        self.variation = Span(self.variation.0 - (self.variation.0 >> VARIATION) + (off >> VARIATION));
        self.smoothed = Span(self.smoothed.0 - (self.smoothed.0 >> SMOOTHING) + (rtt.0 >> SMOOTHING));
        if now.since(self.half_began).0 >= window.0 / 2 {
            self.least = [self.least[1], rtt];
            self.half_began = now;
        }
        self.least[1] = self.least[1].min(rtt);
        self.measured_at = now;
        self.samples = self.samples.saturating_add(1);
    }

    /// The smoothed round trip.
    pub const fn smoothed(&self) -> Span {
        self.smoothed
    }

    /// The mean deviation from it.
    pub const fn variation(&self) -> Span {
        self.variation
    }

    /// The least round trip in the window.
    pub fn least(&self) -> Span {
        self.least[0].min(self.least[1])
    }

    /// How long ago the last measurement was.
    pub const fn age(&self, now: Time) -> Span {
        now.since(self.measured_at)
    }

    /// How many measurements there were.
    pub const fn samples(&self) -> u32 {
        self.samples
    }
}
