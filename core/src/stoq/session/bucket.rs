//! A bucket of tokens: how often something may happen, in bursts and in the long run.

use crate::base::Time;

/// A bucket, full at first. What it holds and how fast it fills is told at each use, so that it costs 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Nanoseconds of filling that are missing to a full bucket, as of `at`.
    missing_ns: u64,
    at: Time,
}

impl Bucket {
    /// Takes a token out of a bucket that holds `burst` and gains `per_sec` a second. False if there is none.
    pub(super) fn take(&mut self, burst: u32, per_sec: u32, now: Time) -> bool {
        let token_ns = 1_000_000_000 / u64::from(per_sec.max(1));
        let missing = self.missing_ns.saturating_sub(now.since(self.at).0);
        self.at = now;
        let after = missing + token_ns;
        let fits = after <= token_ns.saturating_mul(u64::from(burst));
        self.missing_ns = if fits { after } else { missing };
        fits
    }
}
