//! What can be set about network coordinates.

use crate::base::Span;

/// Parameters of Vivaldi. The space is a plane with a height (clause 5.4 of the paper).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// How much one sample moves the coordinate, c_c (paper: 0.25).
    pub step: f32,
    /// How much one sample moves the local error, c_e (paper: 0.25).
    pub error_step: f32,
    /// The least height in milliseconds. A height of zero would never grow again, because its growth is proportional to it.
    pub height_ms_min: f32,
    /// A longer round trip is taken for a broken measurement and ignored.
    pub rtt_max: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self { step: 0.25, error_step: 0.25, height_ms_min: 0.1, rtt_max: Span::secs(10) }
    }
}
