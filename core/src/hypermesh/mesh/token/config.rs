//! What can be set about the token load.

/// Parameters of the token load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// All nodes of the run, from which the next holder is drawn uniformly.
    pub population: u32,
}
