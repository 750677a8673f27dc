//! Delay variation that keeps a pipe in order without remembering anything.
//!
//! The extra delay of a pair of nodes is a polyline over time: a hash gives its height at each knot, between 0 and the amplitude, and the knots are at
//! least the amplitude apart. So its slope is never below -1: a datagram that leaves later never arrives earlier.

use hypermesh_core::base::NodeId;
use hypermesh_core::base::digest::mix;
use hypermesh_scenarios::plan::Jitter;

/// Binary digits after the point of a share.
const POINT: u32 = 16;

/// Delay variation of a world.
#[derive(Clone, Debug)]
pub struct Wobble {
    salt: u64,
    share: u64,
    floor: u64,
    /// Knots are `2^shift` ns apart, or further where the amplitude is larger.
    shift: u32,
}

impl Wobble {
    /// The variation that a plan asks for; its period is rounded up to a power of two of nanoseconds.
    pub fn new(jitter: &Jitter, salt: u64) -> Self {
        let share = (jitter.share.max(0.0) * f64::from(1u32 << POINT)) as u64;
        let shift = jitter.period.0.max(1).next_power_of_two().trailing_zeros();
        Self { salt: mix(salt ^ 0x6A69_7474), share, floor: jitter.floor.0, shift }
    }

    /// Extra delay in ns of a datagram that leaves at `leaves` on a path of `path` ns.
    #[inline]
    pub fn extra(&self, leaves: u64, from: NodeId, to: NodeId, path: u64) -> u64 {
        let amplitude = ((path * self.share) >> POINT) + self.floor;
        if amplitude == 0 {
            return 0;
        }
        let shift = self.shift.max(u64::BITS - amplitude.leading_zeros());
        let pair = mix(self.salt ^ (u64::from(from.0) << 32 | u64::from(to.0)));
        // Each pair has its knots at moments of its own.
        let moment = leaves + (pair >> (u64::BITS - shift).min(63));
        let (knot, along) = (moment >> shift, moment & ((1 << shift) - 1));
        let height = |k: u64| ((u128::from(mix(pair ^ k)) * u128::from(amplitude)) >> 64) as i64;
        let (here, next) = (height(knot), height(knot + 1));
        // Heights are below 2^bits and `along` below 2^shift, so their product has room in 63 bits but for very long delays.
        let bits = u64::BITS - amplitude.leading_zeros();
        let slope = if bits + shift < 63 {
            ((next - here) * along as i64) >> shift
        } else {
            ((i128::from(next - here) * i128::from(along)) >> shift) as i64
        };
        (here + slope) as u64
    }
}
