//! What nodes say to each other about routing, as a simulated network charges it: a tag of one byte, then the fields, and numbers for nodes. Between real
//! nodes the same is said by frames of the session: an advertisement by a `Location` and a `Route` of the sender itself, a withdrawal by a `Route` that
//! lives no longer, a probe and its answer by `Ping` and `Pong`. What a claim says has one form in both: [`super::Position`].

use super::claim::Claim;
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, NodeId, Reader, Wire, WireError};

/// A message of routing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The sender serves, from where its claim says, with so many requests under way.
    Advertise {
        /// Where, since when and for how long. Its sequence number is that of the advertisement.
        claim: Claim,
        /// Requests under way.
        load: u32,
    },
    /// The node serves no more. Nothing with this sequence number or a lower one counts any longer.
    Withdraw {
        /// Who.
        node: NodeId,
        /// The last of its sequence numbers.
        sequence: u64,
    },
    /// A question about the way. Answered at once, by a message of the same length.
    Probe {
        /// Comes back with the answer.
        nonce: u64,
    },
    /// The answer.
    Probed {
        /// That of the question.
        nonce: u64,
    },
}

/// Bytes of a nonce: eight, whatever its value, so that an answer is as long as its question.
const NONCE_BYTES: usize = 8;

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Advertise { claim, load } => {
                out.push(0);
                claim.encode(out);
                put_varint(out, u64::from(*load));
            }
            Self::Withdraw { node, sequence } => {
                out.push(1);
                put_varint(out, u64::from(node.0));
                put_varint(out, *sequence);
            }
            Self::Probe { nonce } => {
                out.push(2);
                out.extend_from_slice(&nonce.to_be_bytes());
            }
            Self::Probed { nonce } => {
                out.push(3);
                out.extend_from_slice(&nonce.to_be_bytes());
            }
        }
    }

    fn encoded_len(&self) -> usize {
        1 + match self {
            Self::Advertise { claim, load } => claim.encoded_len() + varint_len(u64::from(*load)),
            Self::Withdraw { node, sequence } => varint_len(u64::from(node.0)) + varint_len(*sequence),
            Self::Probe { .. } | Self::Probed { .. } => NONCE_BYTES,
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let nonce = |reader: &mut Reader<'_>| -> Result<u64, WireError> {
            Ok(u64::from_be_bytes(reader.take(NONCE_BYTES)?.try_into().expect("eight bytes were taken")))
        };
        Ok(match reader.u8()? {
            0 => {
                let claim = Claim::decode(reader)?;
                Self::Advertise { claim, load: reader.varint_max(u64::from(u32::MAX), "load")? as u32 }
            }
            1 => {
                let node = NodeId(reader.varint_max(u64::from(u32::MAX), "node")? as u32);
                Self::Withdraw { node, sequence: reader.varint()? }
            }
            2 => Self::Probe { nonce: nonce(reader)? },
            3 => Self::Probed { nonce: nonce(reader)? },
            tag => return Err(WireError::UnknownTag(u64::from(tag))),
        })
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match self {
            Self::Advertise { claim, load } => claim.fold(mixer.word(u64::from(*load) << 8)),
            Self::Withdraw { node, sequence } => mixer.word(1 | u64::from(node.0) << 8).word(*sequence),
            Self::Probe { nonce } => mixer.word(2).word(*nonce),
            Self::Probed { nonce } => mixer.word(3).word(*nonce),
        }
    }
}
