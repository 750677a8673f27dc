//! What the parts of a peer tell each other: a short queue on the stack of one reaction.

use super::super::vivaldi::Packed;
use crate::base::{NodeId, Span};

/// Signals that are held without an allocation. One reaction seldom gives more than two.
const INLINE: usize = 6;

/// Something that one part says and another has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The views took a peer in.
    Up(NodeId),
    /// The views let a peer go.
    Down(NodeId),
    /// The failure detector gave a peer up.
    Failed(NodeId),
}

/// Signals in the order in which they were given, and at most one measured round trip.
#[derive(Debug)]
pub(super) struct Signals {
    inline: [Signal; INLINE],
    given: usize,
    taken: usize,
    /// Whatever does not fit; allocated only then.
    more: Vec<Signal>,
    /// A round trip that the failure detector measured, and where the peer says it is.
    pub(super) sample: Option<(Span, Packed)>,
}

impl Signals {
    pub(super) const fn new() -> Self {
        Self { inline: [Signal::Up(NodeId(0)); INLINE], given: 0, taken: 0, more: Vec::new(), sample: None }
    }

    pub(super) fn give(&mut self, signal: Signal) {
        match self.inline.get_mut(self.given) {
            Some(slot) => *slot = signal,
            None => self.more.push(signal),
        }
        self.given += 1;
    }

    #[inline]
    pub(super) fn take(&mut self) -> Option<Signal> {
        if self.taken == self.given {
            return None;
        }
        let at = self.taken;
        self.taken += 1;
        self.inline.get(at).or_else(|| self.more.get(at - INLINE)).copied()
    }
}
