//! What can be set about network coordinates.

/// Parameters of Vivaldi. The space is a plane with a height (clause 5.4 of the paper).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// How much one sample moves the coordinate, c_c (paper: 0.25).
    pub step: f32,
    /// How much one sample moves the local error, c_e (paper: 0.25).
    pub error_step: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { step: 0.25, error_step: 0.25 }
    }
}
