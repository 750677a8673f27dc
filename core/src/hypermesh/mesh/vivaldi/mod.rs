//! Vivaldi network coordinates (Dabek, Cox, Kaashoek, Morris, SIGCOMM 2004): each node finds a point such that distances predict round trips.
//!
//! ```text
//! (my coordinate, peer's coordinate, measured rtt) ──▶ spring force ──▶ (moved coordinate, smaller or larger local error)
//! ```
//! The space is a plane with a height: the plane stands for the core of the Internet, the height for the access link that every path of a node
//! crosses (clause 5.4). The step is adaptive (clause 3.4): a node that trusts itself moves little, most of all towards one that does not.
//!
//! Three guards come from deployments rather than from the paper: a least height, so that heights can grow; no trust in absurd round trips, nor in
//! coordinates that are not numbers; a random direction for two nodes at the same point, which is how all of them begin.
//!
//! There is no machine here. A coordinate is four floats, an observation is a pure function of two of them, and its wire form is eight bytes
//! ([`Packed`]). It lacks, on purpose, any filter over samples of one peer and any gravity towards the origin: distances are what matters, and a
//! drift of all nodes together changes none.

mod config;
mod packed;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use packed::Packed;

use crate::base::{Draw, Span};
use crate::testing::Defect;

/// The largest local error; also that of a node that knows nothing yet.
pub const ERROR_MAX: f32 = 1.5;

/// The least local error. Below it a node would not move any more when the network changes.
pub const ERROR_MIN: f32 = 0.005;

/// A place in the plane with a height, in milliseconds of round trip, and how far it is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinate {
    /// First axis of the plane, ms.
    pub x: f32,
    /// Second axis of the plane, ms.
    pub y: f32,
    /// Round trip between the node and the plane, ms. It is part of every distance.
    pub height: f32,
    /// Expected relative error of a prediction.
    pub error: f32,
}

impl Default for Coordinate {
    /// Where every node begins: the origin, without height or trust.
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, height: 0.0, error: ERROR_MAX }
    }
}

/// What one observation said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Relative error of the prediction before the move, |predicted - measured| / measured.
    pub error: f32,
    /// The measured round trip, ms.
    pub rtt_ms: f32,
    /// Whether the coordinate is still made of finite numbers.
    pub finite: bool,
}

impl Coordinate {
    /// The predicted round trip to `other`, ms.
    pub fn distance_ms(&self, other: &Self) -> f32 {
        self.plane_ms(other) + self.height + other.height
    }

    /// Whether every component is a finite number.
    pub fn is_finite(&self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.height.is_finite() && self.error.is_finite()
    }

    /// Moves this coordinate by one measured round trip to a peer (figure 3 of the paper). `None`, and no move, if the sample is unusable.
    ///
    /// `draw` is used only when both are at the same point of the plane.
    pub fn observe(
        &mut self,
        peer: &Self,
        rtt: Span,
        config: &Config,
        planted: Option<Defect>,
        draw: impl FnOnce() -> [f32; 2],
    ) -> Option<Observed> {
        if rtt == Span::ZERO || rtt > config.rtt_max || !peer.is_finite() {
            return None;
        }
        let rtt_ms = (rtt.0 as f64 / 1e6) as f32;
        let mine = Self { height: self.height.max(config.height_ms_min), ..*self };
        let peer = Self { height: peer.height.max(config.height_ms_min), error: peer.error.clamp(ERROR_MIN, ERROR_MAX), ..*peer };
        let predicted = mine.distance_ms(&peer);
        let error = (predicted - rtt_ms).abs() / rtt_ms;

        let weight = mine.error / (mine.error + peer.error);
        let trust = config.error_step * weight;
        let force = config.step * weight * (rtt_ms - predicted);
        let plane = mine.plane_ms(&peer);
        let same_point = plane < f32::MIN_POSITIVE && !Defect::CoordinateNotFinite.is_planted(planted);
        // The unit vector has the length 1 in the norm of the space, |plane| + height, so the height takes its part of the force.
        let unit = if same_point { draw() } else { [(mine.x - peer.x) / plane, (mine.y - peer.y) / plane] };
        let share = (mine.height + peer.height) / predicted;
        let along = if same_point { 1.0 } else { 1.0 - share };
        let lift = if same_point { 0.0 } else { share };
        *self = Self {
            x: mine.x + force * along * unit[0],
            y: mine.y + force * along * unit[1],
            height: (mine.height + force * lift).max(config.height_ms_min),
            error: (error * trust + mine.error * (1.0 - trust)).clamp(ERROR_MIN, ERROR_MAX),
        };
        Some(Observed { error, rtt_ms, finite: self.is_finite() })
    }

    fn plane_ms(&self, other: &Self) -> f32 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        libm::sqrtf(dx * dx + dy * dy)
    }
}

/// A uniformly random direction in the plane.
pub fn direction(draw: &mut Draw<'_>) -> [f32; 2] {
    let angle = draw.unit() * core::f64::consts::TAU;
    [libm::cos(angle) as f32, libm::sin(angle) as f32]
}
