//! Pacing (RFC 9002, clause 7.7) by a token bucket of the shape that quinn 0.11.12 has: bursts of two milliseconds' worth, refilled at 1.25 windows a
//! round trip. The bursts are the flights of this model.

use hypermesh_core::base::{Span, Time};

/// A burst's length in time, in ns.
const BURST_NS: u128 = 2_000_000;
/// Least packets of a burst.
const BURST_MIN: u64 = 10;
/// Most packets of a burst.
const BURST_MAX: u64 = 256;

/// The bucket. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub struct Pacer {
    tokens: u64,
    capacity: u64,
    filled: Time,
}

impl Pacer {
    /// A full bucket.
    pub fn new(rtt: Span, window: u64, mtu: u32, now: Time) -> Self {
        let capacity = capacity(rtt, window, mtu);
        Self { tokens: capacity, capacity, filled: now }
    }

    /// Bytes that may be sent now; if that is less than a packet, when a burst may.
    pub fn room(&mut self, rtt: Span, window: u64, mtu: u32, now: Time) -> Result<u64, Time> {
        self.capacity = capacity(rtt, window, mtu);
        self.tokens = self.tokens.min(self.capacity);
        if self.tokens >= u64::from(mtu) {
            return Ok(self.tokens);
        }
        let elapsed = now.since(self.filled).0;
        let fresh = u128::from(window) * 5 * u128::from(elapsed) / (4 * u128::from(rtt.0.max(1)));
        self.tokens = self.tokens.saturating_add(fresh.min(u128::from(u64::MAX)) as u64).min(self.capacity);
        self.filled = now;
        if self.tokens >= u64::from(mtu) {
            return Ok(self.tokens);
        }
        let missing = u128::from(self.capacity - self.tokens);
        let wait = u128::from(rtt.0) * missing * 4 / (5 * u128::from(window.max(1)));
        Err(now + Span(wait as u64 + 1))
    }

    /// Bytes were sent.
    pub const fn sent(&mut self, bytes: u64) {
        self.tokens = self.tokens.saturating_sub(bytes);
    }
}

fn capacity(rtt: Span, window: u64, mtu: u32) -> u64 {
    let burst = (u128::from(window) * BURST_NS / u128::from(rtt.0.max(1))) as u64;
    burst.clamp(BURST_MIN * u64::from(mtu), BURST_MAX * u64::from(mtu))
}
