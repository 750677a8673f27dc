//! How old a copy is and what it may still be used for (the arithmetic of RFC 9111, clause 4.2, and RFC 5861).
//!
//! ```text
//!  born at the origin ──────────── max_age ───────────▶│── stale_while_revalidate ──▶│
//!  ├─ age it had when it came ─┤── kept here ──▶       │── stale_if_error ────────────────────▶│
//!                              stamp                  fresh until              usable if the upstream fails until
//! ```
//! There are no dates, so clocks of different nodes are never compared: age travels with the copy, and each cache adds the time that it kept the copy
//! and the whole time that fetching it took (`corrected_age_value`), so that age is never underestimated.

use crate::base::{Span, Time};
use crate::testing::Breach;

/// What the origin allows a copy to be used for. All spans begin with the copy's birth at the origin, or where the span before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// The name is the digest of the content: it is never stale (a chunk).
    Immutable,
    /// The content under this name may change.
    Limited {
        /// How long after its birth a copy is fresh.
        max_age: Span,
        /// How long after that it may be served while a fetch for a fresh one is under way.
        stale_while_revalidate: Span,
        /// How long after freshness it may be served if no fresh one can be had. A cache has a ceiling of its own.
        stale_if_error: Span,
    },
}

impl Life {
    /// Fresh for `max_age`, and never used after.
    pub const fn fresh_for(max_age: Span) -> Self {
        Self::Limited { max_age, stale_while_revalidate: Span::ZERO, stale_if_error: Span::ZERO }
    }
}

/// When a copy came, and how old it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the answer arrived, on this node's clock.
    pub at: Time,
    /// The age that the copy had then: the one that came with it and the time from request to answer.
    pub age: Span,
}

impl Stamp {
    /// The stamp of an answer that says it is `age` old, asked for at `asked` and received at `at`.
    pub fn of_answer(age: Span, asked: Time, at: Time) -> Self {
        let asked = if Breach::ForgetFetchTime.is_on() { at } else { asked };
        Self { at, age: Span(age.0.saturating_add(at.since(asked).0)) }
    }

    /// The copy's age at a moment.
    pub const fn age(&self, now: Time) -> Span {
        Span(self.age.0.saturating_add(now.since(self.at).0))
    }
}

/// What a copy may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Serve it.
    Fresh,
    /// Serve it, and fetch a fresh one meanwhile.
    WhileRevalidating,
    /// Serve it only if the upstream fails.
    IfError,
    /// Keep it from everybody; its version may still be compared with the upstream's.
    No,
}

/// What a copy may be used for at `now`. `stale_max` is the cache's own ceiling for everything stale. A copy as old as its `max_age` is not fresh.
pub fn usable(life: &Life, stamp: &Stamp, now: Time, stale_max: Span) -> Use {
    let Life::Limited { max_age, stale_while_revalidate, stale_if_error } = *life else {
        let over = Breach::ImmutableEnds.is_on() && stamp.age(now) > Span::secs(60);
        return if over { Use::No } else { Use::Fresh };
    };
    let age = stamp.age(now);
    if age < max_age || (age == max_age && Breach::FreshAtMaxAge.is_on()) {
        return Use::Fresh;
    }
    let stale = Span(age.0 - max_age.0);
    if stale < stale_while_revalidate.min(stale_max) || (stale_while_revalidate > Span::ZERO && Breach::ServeAnyStale.is_on()) {
        Use::WhileRevalidating
    } else if stale < stale_if_error.min(stale_max) {
        Use::IfError
    } else {
        Use::No
    }
}
