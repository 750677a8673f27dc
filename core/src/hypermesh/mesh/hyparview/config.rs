//! What can be set about the partial views.

use crate::base::Span;

/// Parameters of HyParView. The defaults are those of the paper's evaluation (clause 5.1: 10,000 nodes, fan-out 4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Most peers in the active view (paper: 5).
    pub active: u8,
    /// Most peers in the passive view (paper: 30).
    pub passive: u8,
    /// Hops of a join's random walk, ARWL (paper: 6).
    pub active_walk: u8,
    /// Hops left at which a walking join enters the passive view, PRWL (paper: 3).
    pub passive_walk: u8,
    /// Active peers sent in a shuffle, ka (paper: 3).
    pub shuffle_active: u8,
    /// Passive peers sent in a shuffle, kp (paper: 4).
    pub shuffle_passive: u8,
    /// Time between two shuffles of one node.
    pub shuffle_every: Span,
    /// How long an asked neighbour, or the contact of a join, may take to answer.
    pub answer_within: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            active: 5,
            passive: 30,
            active_walk: 6,
            passive_walk: 3,
            shuffle_active: 3,
            shuffle_passive: 4,
            shuffle_every: Span::secs(10),
            answer_within: Span::secs(2),
        }
    }
}
