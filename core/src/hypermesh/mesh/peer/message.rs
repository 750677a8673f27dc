//! What mesh peers say to each other: a byte for the part that speaks, then that part's message.

use super::super::{hyparview, plumtree, swim};
use crate::base::{Fingerprint, Mixer, Reader, Wire, WireError};

/// A message between two mesh peers.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Of the partial views.
    HyParView(hyparview::Message),
    /// Of the broadcast trees.
    Plumtree(plumtree::Message),
    /// Of the failure detector.
    Swim(swim::Message),
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::HyParView(message) => {
                out.push(0);
                message.encode(out);
            }
            Self::Plumtree(message) => {
                out.push(1);
                message.encode(out);
            }
            Self::Swim(message) => {
                out.push(2);
                message.encode(out);
            }
        }
    }

    #[inline]
    fn encoded_len(&self) -> usize {
        1 + match self {
            Self::HyParView(message) => message.encoded_len(),
            Self::Plumtree(message) => message.encoded_len(),
            Self::Swim(message) => message.encoded_len(),
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match reader.u8()? {
            0 => Self::HyParView(hyparview::Message::decode(reader)?),
            1 => Self::Plumtree(plumtree::Message::decode(reader)?),
            2 => Self::Swim(swim::Message::decode(reader)?),
            tag => return Err(WireError::UnknownTag(u64::from(tag))),
        })
    }
}

impl Fingerprint for Message {
    #[inline]
    fn fold(&self, mixer: Mixer) -> Mixer {
        match self {
            Self::HyParView(message) => message.fold(mixer.word(0)),
            Self::Plumtree(message) => message.fold(mixer.word(1)),
            Self::Swim(message) => message.fold(mixer.word(2)),
        }
    }
}
