//! What can be set about push gossip.

/// Parameters of push gossip: infect and die (Eugster, Guerraoui, Kermarrec, Massoulié 2004).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Peers that a node tells when it first hears of a message.
    pub fanout: u8,
    /// All nodes of the run, from which peers are drawn uniformly (full knowledge, no membership protocol).
    pub population: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { fanout: 8, population: 1 }
    }
}
