//! What can be set about the partial views.

use crate::base::Span;

/// Parameters of HyParView. The defaults are those of the paper's evaluation (clause 5.1: 10,000 nodes, fan-out 4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Most peers in the active view (paper: 5); at most [`ACTIVE_MAX`].
    pub active: u8,
    /// Most peers in the passive view (paper: 30).
    pub passive: u8,
    /// Hops of a join's random walk, ARWL (paper: 6).
    pub active_walk: u8,
    /// Hops left at which a walking join enters the passive view, PRWL (paper: 3).
    pub passive_walk: u8,
    /// Active peers sent in a shuffle, ka (paper: 3).
    pub shuffle_active: u8,
    /// Passive peers sent in a shuffle, kp (paper: 4). With `shuffle_active` and the node itself at most [`EXCHANGE_MAX`].
    pub shuffle_passive: u8,
    /// Time between two shuffles of one node.
    pub shuffle_every: Span,
    /// How long an asked neighbour, or the contact of a join, may take to answer.
    pub answer_within: Span,
    /// Time between two checks of one active peer, each peer in turn, when no failure detector watches the view (the paper's TCP connections do
    /// this work there).
    pub check_every: Span,
}

/// Most peers that a shuffle can carry, the sender included.
pub const EXCHANGE_MAX: usize = 24;

/// Most peers that an active view can be set to hold.
pub const ACTIVE_MAX: u8 = 64;

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
            check_every: Span::secs(1),
        }
    }
}

impl Config {
    /// Most peers in the active view, within its limits: at least one, at most [`ACTIVE_MAX`].
    pub(super) fn active_max(&self) -> usize {
        usize::from(self.active.clamp(1, ACTIVE_MAX))
    }

    /// Most peers in the passive view.
    pub(super) fn passive_max(&self) -> usize {
        usize::from(self.passive)
    }
}
