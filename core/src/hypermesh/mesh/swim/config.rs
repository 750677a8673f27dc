//! What can be set about failure detection.

use crate::base::Span;

/// Whom a node watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The peers of its active view; the parent says who comes and goes.
    #[default]
    View,
    /// A cell of `count` nodes from `first`, all known to each other from the start.
    Cell {
        /// The first node of the cell.
        first: u32,
        /// How many nodes it has; at most [`CELL_MAX`].
        count: u32,
    },
}

/// Most members of a cell.
pub const CELL_MAX: u32 = 5_000;

/// Most confirmations that a suspicion counts.
pub const CONFIRMATIONS_MAX: usize = 7;

/// The parts of Lifeguard, each of which can be turned off (as in the paper's evaluation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifeguard {
    /// Local health aware probe: a node that doubts itself probes slower and waits longer.
    pub aware_probe: bool,
    /// Local health aware suspicion: the suspicion time shrinks with independent confirmations.
    pub aware_suspicion: bool,
    /// Buddy system: a suspected member is told so first, with the next message to it. In the scope of a view it is always on, because the suspect
    /// is the only one to whom the suspicion means anything.
    pub buddy: bool,
}

impl Lifeguard {
    /// Plain SWIM.
    pub const OFF: Self = Self { aware_probe: false, aware_suspicion: false, buddy: false };
    /// All of it.
    pub const ON: Self = Self { aware_probe: true, aware_suspicion: true, buddy: true };
}

/// A gossip of updates besides the one that probes carry, as in memberlist. Only in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gossip {
    /// Time between two rounds, while there are updates to tell.
    pub every: Span,
    /// Members told in each round.
    pub peers: u8,
}

/// Parameters of SWIM with Lifeguard. The defaults are those of the Lifeguard paper's evaluation (memberlist, LAN profile).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Whom a node watches.
    pub scope: Scope,
    /// Time between two probes of one node (BaseProbeInterval, 1 s).
    pub probe_every: Span,
    /// How long a direct answer may take (BaseProbeTimeout, 500 ms).
    pub answer_within: Span,
    /// How long a helper waits for the target before it says that it got no answer (Lifeguard: 80 % of the timeout). A later answer still counts.
    /// In the scope of a view, whose peers may be far, at most half of what the direct answer leaves of the period.
    pub nack_after: Span,
    /// Peers asked to probe indirectly, k (3).
    pub indirect: u8,
    /// Suspicion lasts at least this many times log10(members) probe intervals (alpha, 5).
    pub suspicion_factor: u8,
    /// The longest suspicion is this many times the shortest (beta, 6; only with aware suspicion).
    pub suspicion_spread: u8,
    /// Independent confirmations that bring a suspicion down to its shortest, K (3; only with aware suspicion). At most [`CONFIRMATIONS_MAX`].
    pub confirmations: u8,
    /// Updates are repeated this many times log10(members) (lambda, 4).
    pub repeat_factor: u8,
    /// Most updates in one message; at most [`UPDATES_MAX`](super::UPDATES_MAX).
    pub updates_max: u8,
    /// Highest local health multiplier, S (8).
    pub health_max: u8,
    /// A gossip of its own for the updates of a cell; without it they travel on probes and answers only, as in the SWIM paper.
    pub gossip: Option<Gossip>,
    /// Every so many probes, one failed member of a cell is greeted, so that a healed partition is noticed. 0 turns it off.
    pub greet_failed_every: u8,
    /// Which parts of Lifeguard are on.
    pub lifeguard: Lifeguard,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            scope: Scope::View,
            probe_every: Span::secs(1),
            answer_within: Span::millis(500),
            nack_after: Span::millis(400),
            indirect: 3,
            suspicion_factor: 5,
            suspicion_spread: 6,
            confirmations: 3,
            repeat_factor: 4,
            updates_max: 6,
            health_max: 8,
            gossip: None,
            greet_failed_every: 8,
            lifeguard: Lifeguard::ON,
        }
    }
}

impl Config {
    /// For peers all over the world, such as those of an active view: one-way latencies of up to 150 ms leave a helper's answer time to arrive within
    /// the period (0.4 s for the direct answer, then four ways), and so does a nack (0.25 s and two ways). With the paper's timing, meant for a data
    /// centre, the nacks of far helpers come too late, and every failure of another would count against the node itself.
    pub fn wide_area() -> Self {
        Self { answer_within: Span::millis(400), nack_after: Span::millis(250), suspicion_factor: 4, ..Self::default() }
    }

    /// How long a helper really waits before it sends a nack.
    pub(super) fn nack_wait(&self) -> Span {
        match self.scope {
            Scope::View => Span(self.nack_after.0.min((self.probe_every - self.answer_within).0 / 2)),
            Scope::Cell { .. } => self.nack_after,
        }
    }
}
