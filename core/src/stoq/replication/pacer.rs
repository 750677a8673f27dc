//! How fast repair may go: so many bytes a second, so many at once (the virtual scheduling form of the leaky bucket, ITU-T I.371).

use crate::base::{Span, Time};

/// A limit on a stream of bytes. Sixteen bytes of state and no timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacer {
    bytes_per_second: u64,
    burst: Span,
    /// When all that was let through would have gone at the even rate.
    clear: Time,
}

impl Pacer {
    /// At most `bytes_per_second` (at least one) on the whole, and `burst` bytes at once.
    pub fn new(bytes_per_second: u64, burst: u64) -> Self {
        let bytes_per_second = bytes_per_second.max(1);
        Self { bytes_per_second, burst: lasting(burst, bytes_per_second), clear: Time::ZERO }
    }

    /// Lets `bytes` through now, or says when to ask again. Something larger than the burst goes when the bucket is empty, and is paid for afterwards.
    pub fn take(&mut self, bytes: u64, now: Time) -> Result<(), Time> {
        let cost = lasting(bytes, self.bytes_per_second);
        let backlog = self.clear.since(now);
        let room = Span::nanos(self.burst.0.saturating_sub(cost.0));
        if backlog > room {
            return Err(now + Span::nanos(backlog.0 - room.0));
        }
        self.clear = self.clear.max(now) + cost;
        Ok(())
    }
}

fn lasting(bytes: u64, bytes_per_second: u64) -> Span {
    let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second);
    Span::nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 4))
}
