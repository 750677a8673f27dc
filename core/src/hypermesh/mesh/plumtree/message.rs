//! What peers say to broadcast, on the wire: a tag of one byte, then the fields as variable-length integers, then the content.

use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, Reader, Wire, WireError};
use crate::node::BroadcastId;

/// Most bytes of content in one message.
pub const BYTES_MAX: u32 = 1 << 24;

/// A message of the broadcast trees. Content is not kept in memory; only its size matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The content of a broadcast.
    Gossip {
        /// Which.
        id: BroadcastId,
        /// Links crossed, this one included.
        hops: u16,
        /// Size of the content, at most [`BYTES_MAX`].
        bytes: u32,
    },
    /// The sender has the content, and sends it when asked.
    IHave {
        /// Which.
        id: BroadcastId,
        /// Links that the content would have crossed with this one.
        hops: u16,
    },
    /// The sender wants this link to be part of its tree.
    Graft {
        /// The broadcast that it misses, if that is why.
        id: Option<BroadcastId>,
    },
    /// The sender has no use for this link as part of its tree.
    Prune,
}

fn id(reader: &mut Reader<'_>) -> Result<BroadcastId, WireError> {
    Ok(BroadcastId(reader.varint_max(u64::from(u32::MAX), "broadcast id")? as u32))
}

fn hops(reader: &mut Reader<'_>) -> Result<u16, WireError> {
    Ok(reader.varint_max(u64::from(u16::MAX), "hops")? as u16)
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Gossip { id, hops, bytes } => {
                out.push(0);
                put_varint(out, u64::from(id.0));
                put_varint(out, u64::from(hops));
                put_varint(out, u64::from(bytes));
                out.resize(out.len() + bytes as usize, 0);
            }
            Self::IHave { id, hops } => {
                out.push(1);
                put_varint(out, u64::from(id.0));
                put_varint(out, u64::from(hops));
            }
            Self::Graft { id: None } => out.push(2),
            Self::Graft { id: Some(id) } => {
                out.push(3);
                put_varint(out, u64::from(id.0));
            }
            Self::Prune => out.push(4),
        }
    }

    fn encoded_len(&self) -> usize {
        1 + match *self {
            Self::Gossip { id, hops, bytes } => {
                varint_len(u64::from(id.0)) + varint_len(u64::from(hops)) + varint_len(u64::from(bytes)) + bytes as usize
            }
            Self::IHave { id, hops } => varint_len(u64::from(id.0)) + varint_len(u64::from(hops)),
            Self::Graft { id: Some(id) } => varint_len(u64::from(id.0)),
            Self::Graft { id: None } | Self::Prune => 0,
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match reader.u8()? {
            0 => {
                let (id, hops) = (id(reader)?, hops(reader)?);
                let bytes = reader.varint_max(u64::from(BYTES_MAX), "content of a broadcast")? as u32;
                reader.take(bytes as usize)?;
                Self::Gossip { id, hops, bytes }
            }
            1 => Self::IHave { id: id(reader)?, hops: hops(reader)? },
            2 => Self::Graft { id: None },
            3 => Self::Graft { id: Some(id(reader)?) },
            4 => Self::Prune,
            tag => return Err(WireError::UnknownTag(u64::from(tag))),
        })
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Gossip { id, hops, bytes } => mixer.word(u64::from(hops) << 8 | u64::from(id.0) << 32).word(u64::from(bytes)),
            Self::IHave { id, hops } => mixer.word(1 | u64::from(hops) << 8 | u64::from(id.0) << 32),
            Self::Graft { id: None } => mixer.word(2),
            Self::Graft { id: Some(id) } => mixer.word(3 | u64::from(id.0) << 32),
            Self::Prune => mixer.word(4),
        }
    }
}
