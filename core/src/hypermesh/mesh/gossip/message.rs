//! A rumour on the wire: its name, the hops behind it, a length and that many bytes of content.

use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, Reader, Wire, WireError};
use crate::node::BroadcastId;

/// Most bytes of content in one message.
pub const BYTES_MAX: u32 = 1 << 24;

/// A rumour. Its content is not kept in memory; only its size matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which broadcast.
    pub id: BroadcastId,
    /// Links crossed before this one.
    pub hops: u16,
    /// Size of the content, at most [`BYTES_MAX`].
    pub bytes: u32,
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.id.0));
        put_varint(out, u64::from(self.hops));
        put_varint(out, u64::from(self.bytes));
        out.resize(out.len() + self.bytes as usize, 0);
    }

    fn encoded_len(&self) -> usize {
        varint_len(u64::from(self.id.0)) + varint_len(u64::from(self.hops)) + varint_len(u64::from(self.bytes)) + self.bytes as usize
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let id = BroadcastId(reader.varint_max(u64::from(u32::MAX), "broadcast id")? as u32);
        let hops = reader.varint_max(u64::from(u16::MAX), "hops")? as u16;
        let bytes = reader.varint_max(u64::from(BYTES_MAX), "rumour content")? as u32;
        reader.take(bytes as usize)?;
        Ok(Self { id, hops, bytes })
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        mixer.word(u64::from(self.id.0) | u64::from(self.hops) << 32).word(u64::from(self.bytes))
    }
}
