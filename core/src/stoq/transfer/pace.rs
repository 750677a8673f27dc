//! How fast a source is, and what follows: how much to ask of it at a time, when to expect something, when to stop waiting.
//!
//! The rate is measured as BBR does (Cardwell et al. 2016): what was delivered between a question and its answer, over the time between the two; so it
//! is below the truth while too little is asked, and asking for twice the product of rate and round trip doubles it each round until the path is full.
//! Only where as much was asked as the source bears may a measurement lower the rate.

use super::config::{CANCELS_BURST, CANCELS_PER_SEC};
use crate::base::{Span, Time};

const SECOND: u64 = 1_000_000_000;
/// Bytes to ask for before anything is known.
const DEPTH_START: u64 = 128 << 10;
/// Bytes to ask for at least.
const DEPTH_MIN: u64 = 32 << 10;
/// Added to the round trip, since neither side answers at once.
const SLACK: Span = Span::millis(1);
/// How long the shortest round trip is believed.
const RTT_LIFE: Span = Span::secs(10);
/// The shortest patience.
pub(super) const PATIENCE_MIN: Span = Span::millis(100);

/// When something was asked of a source, and how much it had delivered by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) asked_at: Time,
    delivered: u64,
    /// Whether as much was asked as the source bears.
    pub(super) full: bool,
}

/// The pace of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Bytes a second; 0 if it is not known.
    rate: u64,
    /// The shortest round trip of late; 0 if it is not known.
    rtt: Span,
    rtt_at: Time,
    delivered: u64,
    /// When it made progress last, or was first asked after a rest.
    moved: Time,
    /// Cancellations, as nanoseconds of refilling that are missing.
    cancels_ns: u64,
    cancels_at: Time,
}

impl Pace {
    /// A question is sent; `idle` if nothing else was under way.
    pub(super) fn asked(&mut self, idle: bool, now: Time) -> Mark {
        if idle {
            self.moved = now;
        }
        Mark { asked_at: now, delivered: self.delivered, full: false }
    }

    /// The source said the first word of its answer. That is no progress yet: whoever only promises is overtaken.
    pub(super) fn answered(&mut self, asked_at: Time, now: Time) {
        let sample = now.since(asked_at).max(Span(1));
        if self.rtt == Span::ZERO || sample <= self.rtt || now.since(self.rtt_at) > RTT_LIFE {
            (self.rtt, self.rtt_at) = (sample, now);
        }
    }

    /// Some bytes moved.
    pub(super) const fn moved(&mut self, now: Time) {
        self.moved = now;
    }

    /// A content came whole.
    pub(super) fn arrived(&mut self, mark: Mark, bytes: u64, now: Time) {
        if self.rtt == Span::ZERO {
            self.answered(mark.asked_at, now);
        }
        self.moved = now;
        self.delivered += bytes;
        let span = now.since(mark.asked_at).0.max(1_000);
        let sample = per_second(self.delivered - mark.delivered, span).max(1);
        if sample > self.rate {
            self.rate = sample;
        } else if mark.full {
            self.rate = (self.rate - self.rate / 8 + sample / 8).max(1);
        }
    }

    /// It stalled: what was measured is worth half.
    pub(super) fn stalled(&mut self, now: Time) {
        self.rate = (self.rate / 2).max(u64::from(self.rate > 0));
        self.moved = now;
    }

    /// Bytes to have under way: twice what the path holds.
    pub(super) fn depth(&self, most: u64) -> u64 {
        if self.rate == 0 || self.rtt == Span::ZERO {
            return DEPTH_START.min(most);
        }
        let held = (u128::from(self.rate) * u128::from((self.rtt + SLACK).0) / u128::from(SECOND)) as u64;
        held.saturating_mul(2).max(DEPTH_MIN).min(most)
    }

    /// Whether anything was measured.
    pub(super) const fn is_known(&self) -> bool {
        self.rate > 0
    }

    /// When the last of `bytes` should be there that were asked first at `asked_at`. What is late already is expected to be as late again.
    pub(super) fn expected(&self, asked_at: Time, bytes: u64, now: Time) -> Time {
        if !self.is_known() {
            // Nothing says that it is slow, but for the time that it has taken already.
            return now + now.since(asked_at).times(2) + PATIENCE_MIN;
        }
        let due = self.moved.max(asked_at + self.rtt) + self.sending(bytes);
        if due >= now { due } else { now + now.since(due) }
    }

    /// When `bytes` more would be there, behind `before` that are under way, if they were asked now. At once, if nothing was measured: so it is measured.
    pub(super) fn would_take(&self, before: u64, bytes: u64, now: Time) -> Time {
        if self.is_known() { now + self.rtt + self.sending(before + bytes) } else { now }
    }

    /// Whether what follows `before` bytes is not sent yet, and can be taken back in time.
    pub(super) fn is_far(&self, before: u64) -> bool {
        !self.is_known() || self.sending(before) > self.rtt
    }

    /// When waiting ends if nothing comes, with `next` bytes being the longest content under way and `asks` exchanges that share the path.
    pub(super) fn patience_ends(&self, next: u64, asks: usize, troubles: u8, longest: Span) -> Time {
        let span = if self.is_known() {
            let one = self.rtt + self.sending(next.saturating_mul(asks as u64));
            one.times(4).max(PATIENCE_MIN).times(1 << troubles.min(10)).min(longest)
        } else {
            longest
        };
        self.moved + span
    }

    /// Whether the source bears another cancellation.
    pub(super) fn may_cancel(&mut self, now: Time) -> bool {
        let token = SECOND / u64::from(CANCELS_PER_SEC);
        let missing = self.cancels_ns.saturating_sub(now.since(self.cancels_at).0);
        self.cancels_at = now;
        let fits = missing + token <= token * u64::from(CANCELS_BURST);
        self.cancels_ns = if fits { missing + token } else { missing };
        fits
    }

    const fn sending(&self, bytes: u64) -> Span {
        let rate = if self.rate == 0 { 1 } else { self.rate };
        let nanos = bytes as u128 * SECOND as u128 / rate as u128;
        Span(if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 })
    }

    /// Bytes a second, for people.
    pub(super) const fn rate(&self) -> u64 {
        self.rate
    }
}

const fn per_second(bytes: u64, nanos: u64) -> u64 {
    let rate = bytes as u128 * SECOND as u128 / nanos as u128;
    if rate > u64::MAX as u128 { u64::MAX } else { rate as u64 }
}
