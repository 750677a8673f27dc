//! Access links: bandwidth and a finite queue in each direction.

use hypermesh_scenarios::plan::Access;

/// The figures of one access class, ready for arithmetic.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Nanoseconds per byte times 2^20, upwards; 0 is unlimited.
    up: u64,
    /// The same downwards.
    down: u64,
    /// Longest wait in the queue upwards, in ns.
    up_wait: u64,
    /// The same downwards.
    down_wait: u64,
    /// One-way delay between node and place, in ns.
    pub last_mile: u64,
}

/// What a datagram meets at a downlink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// An idle link: it is handed on.
    Now,
    /// A busy one: it is handed on then.
    Later(u64),
    /// A full queue.
    Full,
}

/// Binary digits after the point of a time per byte.
const POINT: u32 = 20;

impl Rates {
    /// The figures of a class.
    pub fn new(access: &Access) -> Self {
        let per_byte = |bps: u64| if bps == 0 { 0 } else { ((8_000_000_000u128 << POINT) / u128::from(bps)) as u64 };
        let wait = |per_byte: u64| {
            let ns = (u128::from(access.queue_bytes) * u128::from(per_byte)) >> POINT;
            if access.queue_bytes == 0 { u64::MAX } else { ns.min(u128::from(u64::MAX)) as u64 }
        };
        let (up, down) = (per_byte(access.up_bps), per_byte(access.down_bps));
        Self { up, down, up_wait: wait(up), down_wait: wait(down), last_mile: access.last_mile.0 }
    }

    /// When a datagram sent at `now` has left the uplink; none if its queue is full.
    #[inline]
    pub fn send(&self, now: u64, bytes: u32, free: &mut u64) -> Option<u64> {
        if self.up == 0 {
            return Some(now);
        }
        let starts = now.max(*free);
        if starts - now > self.up_wait {
            return None;
        }
        *free = starts + Self::span(self.up, bytes);
        Some(*free)
    }

    /// What a datagram meets that reaches the downlink at `now`.
    #[inline]
    pub fn receive(&self, now: u64, bytes: u32, free: &mut u64) -> Arrival {
        if self.down == 0 {
            return Arrival::Now;
        }
        let starts = now.max(*free);
        if starts - now > self.down_wait {
            return Arrival::Full;
        }
        *free = starts + Self::span(self.down, bytes);
        if starts == now { Arrival::Now } else { Arrival::Later(starts) }
    }

    #[inline]
    fn span(per_byte: u64, bytes: u32) -> u64 {
        ((u128::from(per_byte) * u128::from(bytes)) >> POINT) as u64
    }
}
