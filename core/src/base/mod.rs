//! Values that every layer shares. Nothing here has behaviour of its own.

mod chacha;
pub mod digest;
pub mod draw;
pub mod geo;
pub mod id;
#[cfg(test)]
mod tests;
pub mod time;
pub mod wire;

pub use digest::{Fingerprint, Mixer};
pub use draw::{Dice, Draw, Purpose, SeedKey};
pub use geo::Spot;
pub use id::NodeId;
pub use time::{Span, Time};
pub use wire::{Load, Reader, Wire, WireError};
