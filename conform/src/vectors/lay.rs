//! Octets by the notation of clause 5.4 and Annex B.2, without core: what the makers of frames, positions and lists write with.

use super::varint::by_hand;

/// A row of octets that grows.
#[derive(Clone, Debug, Default)]
pub(super) struct Lay(pub(super) Vec<u8>);

impl Lay {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// `v`: an integer of variable length.
    pub(super) fn v(mut self, value: u64) -> Self {
        by_hand(&mut self.0, value);
        self
    }

    /// `u8`: an octet.
    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// `b(n)`: octets as they are.
    pub(super) fn b(mut self, octets: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(octets.as_ref());
        self
    }

    /// A name: its length, and its text.
    pub(super) fn name(self, text: impl AsRef<[u8]>) -> Self {
        self.v(text.as_ref().len() as u64).b(text)
    }
}

/// A frame: type, length, fields.
pub(super) fn frame(number: u64, fields: &Lay) -> Vec<u8> {
    Lay::new().v(number).v(fields.0.len() as u64).b(&fields.0).0
}
