//! A suspicion and how long it lasts (Lifeguard, clause IV-B).

use super::config::{CONFIRMATIONS_MAX, Config};
use crate::base::{NodeId, Span, Time};

/// How long a suspicion lasts: at least `min`, at most `max`, the shorter the more independent confirmations there are (`wanted` bring it to `min`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// With all wanted confirmations.
    pub min: Span,
    /// Without any.
    pub max: Span,
    /// Confirmations wanted, K.
    pub wanted: u8,
}

impl Patience {
    /// For a group of `present` members, this one included. The logarithm counts at least as one, as in memberlist, so that small groups are not
    /// hasty. Where too few others exist to confirm anything, the shortest time holds.
    pub fn of(config: &Config, present: u32) -> Self {
        let scale = libm::log10(f64::from(present.max(1))).max(1.0);
        let min = Span((f64::from(config.suspicion_factor) * scale * config.probe_every.0 as f64) as u64);
        let others = present.saturating_sub(2).min(u32::from(config.confirmations)) as u8;
        let wanted = others.min(CONFIRMATIONS_MAX as u8);
        let spread = if config.lifeguard.aware_suspicion && wanted > 0 { u64::from(config.suspicion_spread.max(1)) } else { 1 };
        Self { min, max: min.times(spread), wanted }
    }

    /// max(min, max - (max - min) * log(C + 1) / log(K + 1)).
    pub fn after(&self, confirmations: u8) -> Span {
        if confirmations >= self.wanted {
            return self.min;
        }
        let share = libm::log(f64::from(confirmations) + 1.0) / libm::log(f64::from(self.wanted) + 1.0);
        self.min.max(self.max - Span(((self.max - self.min).0 as f64 * share) as u64))
    }
}

/// A suspicion that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspicion {
    pub(super) peer: NodeId,
    /// Names the wake-up that ends it; every change of the deadline asks for a new one.
    pub(super) stamp: u16,
    pub(super) confirmations: u8,
    patience: Patience,
    since: Time,
    accusers: [NodeId; CONFIRMATIONS_MAX + 1],
}

impl Suspicion {
    pub(super) const fn new(peer: NodeId, accuser: NodeId, stamp: u16, patience: Patience, now: Time) -> Self {
        Self { peer, stamp, confirmations: 0, patience, since: now, accusers: [accuser; CONFIRMATIONS_MAX + 1] }
    }

    /// Counts an accuser; true if it is a new one and was still wanted.
    pub(super) fn confirm(&mut self, accuser: NodeId) -> bool {
        let known = usize::from(self.confirmations) + 1;
        if self.confirmations >= self.patience.wanted || self.accusers[..known].contains(&accuser) {
            return false;
        }
        self.accusers[known] = accuser;
        self.confirmations += 1;
        true
    }

    /// How long it still has to run; zero if its time is over.
    pub(super) fn remaining(&self, now: Time) -> Span {
        self.patience.after(self.confirmations) - now.since(self.since)
    }
}
