//! What can be set about the broadcast trees.

use crate::base::Span;

/// Parameters of Plumtree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// How long an announced message may be missing before it is asked for (timeout 1 of the paper).
    pub missing_after: Span,
    /// How long the next announcer is waited for after that (timeout 2 of the paper; shorter).
    pub retry_after: Span,
    /// Messages whose content is kept for repair, per node; the oldest is forgotten first. Rounded up to a multiple of 64 it is also how many of
    /// the newest broadcasts a node can tell apart from old ones; what is older counts as known.
    pub remembered: u16,
    /// How many hops shorter a lazy path must be before the tree is bent towards it (threshold of the paper's optimisation; 0 turns it off).
    pub optimise_hops: u16,
    /// How long after a push along the tree the same links get an announcement too, which repairs the loss of the push where no other neighbour
    /// would tell (the paper's TCP does this); zero turns it off.
    pub announce_after: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            missing_after: Span::millis(500),
            retry_after: Span::millis(250),
            remembered: 64,
            optimise_hops: 0,
            announce_after: Span::secs(1),
        }
    }
}
