//! The token on the wire: a length and that many bytes of content.

use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, Reader, Wire, WireError};

/// Most bytes of content.
pub const BYTES_MAX: u32 = 65_000;

/// A token. Its content is not kept in memory; only its size matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Size of the content, at most [`BYTES_MAX`].
    pub bytes: u32,
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.bytes));
        out.resize(out.len() + self.bytes as usize, 0);
    }

    fn encoded_len(&self) -> usize {
        varint_len(u64::from(self.bytes)) + self.bytes as usize
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let bytes = reader.varint_max(u64::from(BYTES_MAX), "token content")? as u32;
        reader.take(bytes as usize)?;
        Ok(Self { bytes })
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        mixer.word(u64::from(self.bytes))
    }
}
