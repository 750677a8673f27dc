//! A coordinate on the wire: eight bytes of fixed point.

use super::{Coordinate, ERROR_MAX, ERROR_MIN};
use crate::base::{Reader, Wire, WireError};
use core::num::NonZeroU64;

/// Steps of a millisecond: the resolution of lengths is 15.6 microseconds.
const STEPS: f32 = 64.0;
/// Steps of the error.
const ERROR_STEPS: f32 = 512.0;
/// Bits of one axis of the plane: ±4,096 ms. Farther points are moved to the edge.
const AXIS_BITS: u32 = 19;
/// Bits of the height: 1,024 ms.
const HEIGHT_BITS: u32 = 16;
/// Bits of the error. It is never zero, so the whole is never zero.
const ERROR_BITS: u32 = 10;

/// A [`Coordinate`] in eight bytes: two axes of 19 bits, a height of 16 and an error of 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packed(NonZeroU64);

impl Packed {
    /// Bytes on the wire.
    pub const BYTES: usize = 8;

    /// All bits, for fingerprints.
    pub const fn bits(self) -> u64 {
        self.0.get()
    }
}

impl From<Coordinate> for Packed {
    fn from(coordinate: Coordinate) -> Self {
        let axis = |value: f32| {
            let edge = (1 << (AXIS_BITS - 1)) as f32 - 1.0;
            let steps = libm::rintf(value * STEPS).clamp(-edge, edge) as i32;
            u64::from(steps as u32 & ((1 << AXIS_BITS) - 1))
        };
        // A float that is not a number becomes zero here.
        let height = libm::rintf(coordinate.height * STEPS).clamp(0.0, ((1 << HEIGHT_BITS) - 1) as f32) as u64;
        let error = (libm::rintf(coordinate.error * ERROR_STEPS).clamp(1.0, ((1 << ERROR_BITS) - 1) as f32) as u64).max(1);
        let bits = axis(coordinate.x) << (AXIS_BITS + HEIGHT_BITS + ERROR_BITS)
            | axis(coordinate.y) << (HEIGHT_BITS + ERROR_BITS)
            | height << ERROR_BITS
            | error;
        Self(NonZeroU64::new(bits).expect("the error is at least one step"))
    }
}

impl From<Packed> for Coordinate {
    fn from(packed: Packed) -> Self {
        let bits = packed.bits();
        let field = |shift: u32, width: u32| (bits >> shift) & ((1 << width) - 1);
        let axis = |shift: u32| {
            let raw = field(shift, AXIS_BITS) as u32;
            ((raw << (32 - AXIS_BITS)) as i32 >> (32 - AXIS_BITS)) as f32 / STEPS
        };
        Self {
            x: axis(AXIS_BITS + HEIGHT_BITS + ERROR_BITS),
            y: axis(HEIGHT_BITS + ERROR_BITS),
            height: field(ERROR_BITS, HEIGHT_BITS) as f32 / STEPS,
            error: (field(0, ERROR_BITS) as f32 / ERROR_STEPS).clamp(ERROR_MIN, ERROR_MAX),
        }
    }
}

impl Wire for Packed {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bits().to_be_bytes());
    }

    fn encoded_len(&self) -> usize {
        Self::BYTES
    }

    /// Any eight bytes whose error is not zero are a coordinate, and its numbers are finite.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let bytes = reader.take(Self::BYTES)?;
        let bits = bytes.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        if bits & ((1 << ERROR_BITS) - 1) == 0 {
            return Err(WireError::OutOfRange("coordinate error"));
        }
        NonZeroU64::new(bits).map(Self).ok_or(WireError::OutOfRange("coordinate"))
    }
}
