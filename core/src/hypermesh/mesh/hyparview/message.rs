//! What peers say to keep their views, on the wire.
//!
//! A tag of one byte, then the fields as variable-length integers. Lists carry their length first.

use super::config::EXCHANGE_MAX;
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, NodeId, Reader, Wire, WireError};

/// Most hops that a random walk may have left.
pub const HOPS_MAX: u8 = 63;

/// How urgently a neighbour is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Accepted only where there is room. An active peer is asked the same way whether the link still stands on its side.
    Low,
    /// Always accepted, by eviction if need be: the asker has no neighbour at all, or a join has walked to it.
    High,
}

/// A message between two nodes' views. Random walks are boxed with their list, so that every message fits 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A newcomer asks its contact to let it in.
    Join,
    /// A newcomer's name walks through the mesh.
    ForwardJoin {
        /// Who joins.
        newcomer: NodeId,
        /// Hops left, at most [`HOPS_MAX`].
        hops: u8,
    },
    /// The sender wants the receiver as active neighbour.
    Neighbor {
        /// How urgently.
        priority: Priority,
    },
    /// What became of a join or of a wish for a neighbour.
    Answer {
        /// Whether the link stands now.
        accepted: bool,
    },
    /// The link ends.
    Disconnect {
        /// Whether the sender goes away altogether, so that it is no use as a passive peer either.
        leaving: bool,
    },
    /// Parts of the views walk through the mesh to be exchanged.
    Shuffle(Box<Walk>),
    /// What the end of that walk gives in exchange.
    ShuffleReply(Box<Exchange>),
}

/// A shuffle on its way. The first peer of the exchange is the node that started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Hops left, at most [`HOPS_MAX`].
    pub hops: u8,
    /// What its origin sends, itself first; never empty.
    pub peers: Exchange,
}

/// A short list of peers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    len: u8,
    peers: [NodeId; EXCHANGE_MAX],
}

impl Exchange {
    /// An empty list.
    pub const EMPTY: Self = Self { len: 0, peers: [NodeId(0); EXCHANGE_MAX] };

    /// Adds a peer; a full list stays as it is.
    pub fn push(&mut self, peer: NodeId) {
        if let Some(slot) = self.peers.get_mut(usize::from(self.len)) {
            *slot = peer;
            self.len += 1;
        }
    }

    /// The peers.
    pub fn as_slice(&self) -> &[NodeId] {
        &self.peers[..usize::from(self.len)]
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.len));
        self.as_slice().iter().for_each(|peer| put_varint(out, u64::from(peer.0)));
    }

    fn encoded_len(&self) -> usize {
        1 + self.as_slice().iter().map(|peer| varint_len(u64::from(peer.0))).sum::<usize>()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = reader.varint_max(EXCHANGE_MAX as u64, "peers of a shuffle")?;
        let mut exchange = Self::EMPTY;
        for _ in 0..len {
            exchange.push(peer(reader)?);
        }
        Ok(exchange)
    }

    fn fold(&self, mixer: Mixer) -> Mixer {
        self.as_slice().iter().fold(mixer, |mixer, peer| mixer.word(u64::from(peer.0)))
    }
}

impl core::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.as_slice().iter().map(|peer| peer.0)).finish()
    }
}

fn peer(reader: &mut Reader<'_>) -> Result<NodeId, WireError> {
    // The greatest number names nobody (see `views`).
    Ok(NodeId(reader.varint_max(u64::from(u32::MAX - 1), "peer")? as u32))
}

fn hops(reader: &mut Reader<'_>) -> Result<u8, WireError> {
    Ok(reader.varint_max(u64::from(HOPS_MAX), "hops of a walk")? as u8)
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, WireError> {
    Ok(reader.varint_max(1, "flag")? == 1)
}

impl Message {
    const fn tag(&self) -> u8 {
        match self {
            Self::Join => 0,
            Self::ForwardJoin { .. } => 1,
            Self::Neighbor { .. } => 2,
            Self::Answer { .. } => 3,
            Self::Disconnect { .. } => 4,
            Self::Shuffle(_) => 5,
            Self::ShuffleReply(_) => 6,
        }
    }

    /// Whether only an active neighbour has reason to send this.
    pub const fn needs_link(&self) -> bool {
        matches!(self, Self::ForwardJoin { .. } | Self::Shuffle(_))
    }
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.tag());
        match self {
            Self::Join => {}
            Self::ForwardJoin { newcomer, hops } => {
                put_varint(out, u64::from(newcomer.0));
                out.push(*hops);
            }
            Self::Neighbor { priority } => out.push(u8::from(*priority == Priority::High)),
            Self::Answer { accepted } => out.push(u8::from(*accepted)),
            Self::Disconnect { leaving } => out.push(u8::from(*leaving)),
            Self::Shuffle(walk) => {
                out.push(walk.hops);
                walk.peers.encode(out);
            }
            Self::ShuffleReply(peers) => peers.encode(out),
        }
    }

    fn encoded_len(&self) -> usize {
        1 + match self {
            Self::Join => 0,
            Self::ForwardJoin { newcomer, .. } => varint_len(u64::from(newcomer.0)) + 1,
            Self::Neighbor { .. } | Self::Answer { .. } | Self::Disconnect { .. } => 1,
            Self::Shuffle(walk) => 1 + walk.peers.encoded_len(),
            Self::ShuffleReply(peers) => peers.encoded_len(),
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(match reader.u8()? {
            0 => Self::Join,
            1 => Self::ForwardJoin { newcomer: peer(reader)?, hops: hops(reader)? },
            2 => Self::Neighbor { priority: if flag(reader)? { Priority::High } else { Priority::Low } },
            3 => Self::Answer { accepted: flag(reader)? },
            4 => Self::Disconnect { leaving: flag(reader)? },
            5 => {
                let walk = Walk { hops: hops(reader)?, peers: Exchange::decode(reader)? };
                if walk.peers.as_slice().is_empty() {
                    return Err(WireError::OutOfRange("peers of a shuffle"));
                }
                Self::Shuffle(Box::new(walk))
            }
            6 => Self::ShuffleReply(Box::new(Exchange::decode(reader)?)),
            tag => return Err(WireError::UnknownTag(u64::from(tag))),
        })
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        let tag = u64::from(self.tag());
        match self {
            Self::Join => mixer.word(tag),
            Self::ForwardJoin { newcomer, hops } => mixer.word(tag | u64::from(*hops) << 8 | u64::from(newcomer.0) << 32),
            Self::Neighbor { priority } => mixer.word(tag | (*priority as u64) << 8),
            Self::Answer { accepted } => mixer.word(tag | u64::from(*accepted) << 8),
            Self::Disconnect { leaving } => mixer.word(tag | u64::from(*leaving) << 8),
            Self::Shuffle(walk) => walk.peers.fold(mixer.word(tag | u64::from(walk.hops) << 8)),
            Self::ShuffleReply(peers) => peers.fold(mixer.word(tag)),
        }
    }
}
