//! What failure detectors say to each other, on the wire.
//!
//! The first byte names the kind and tells what follows: 0x10 a coordinate, 0x20 updates. Then the probe's number, the node that the kind names,
//! the coordinate (eight bytes), and the updates with their count first; all integers of variable length.

use super::super::vivaldi::Packed;
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, NodeId, Reader, Wire, WireError};

/// Most updates in one message.
pub const UPDATES_MAX: u8 = 64;

/// The highest incarnation. A member that reaches it cannot refute any more.
pub const INCARNATION_MAX: u32 = (1 << 30) - 1;

const COORDINATE: u8 = 0x10;
const UPDATES: u8 = 0x20;

/// What one failure detector says to another. Every kind fits 16 bytes; what is rare and bulky is boxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Are you there?
    Ping {
        /// The sender's probe, named again in the answer.
        probe: u16,
    },
    /// I am here: the answer to a ping.
    Ack {
        /// The probe that is answered.
        probe: u16,
        /// Where the sender is, for the round trip that the receiver has just measured.
        coordinate: Option<Packed>,
    },
    /// Please ping the target in my name.
    PingRequest {
        /// The sender's probe.
        probe: u16,
        /// Who gave no direct answer.
        target: NodeId,
    },
    /// A ping in the name of another.
    PingFor {
        /// The origin's probe.
        probe: u16,
        /// Who wants to know.
        origin: NodeId,
    },
    /// The answer to a ping in the name of another.
    AckFor {
        /// The origin's probe.
        probe: u16,
        /// Who wants to know.
        origin: NodeId,
    },
    /// The target that you asked me to ping has answered me.
    Relayed {
        /// The receiver's probe.
        probe: u16,
    },
    /// The target that you asked me to ping has not answered me so far, but I am well (Lifeguard).
    Nack {
        /// The receiver's probe.
        probe: u16,
    },
    /// Nothing but updates.
    Gossip,
    /// One of the others, with updates on its back.
    Laden(Box<Laden>),
}

/// A message with updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laden {
    /// The message; never a laden one.
    pub message: Message,
    /// 1 to [`UPDATES_MAX`] updates.
    pub updates: Vec<Update>,
}

/// How a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Nobody says otherwise.
    Alive = 0,
    /// Somebody got no answer from it.
    Suspect = 1,
    /// It did not refute a suspicion in time.
    Failed = 2,
    /// It said goodbye.
    Left = 3,
}

/// News about one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// Whom it is about.
    pub member: NodeId,
    /// How it is.
    pub status: Status,
    /// The member's incarnation that this is about; at most [`INCARNATION_MAX`].
    pub incarnation: u32,
    /// Who said so first; the member itself where it is alive or left.
    pub accuser: NodeId,
}

impl Status {
    /// The status with this number.
    pub(super) const fn numbered(number: u32) -> Self {
        match number & 3 {
            0 => Self::Alive,
            1 => Self::Suspect,
            2 => Self::Failed,
            _ => Self::Left,
        }
    }

    /// Whether it is held against the member by another.
    pub const fn is_accusation(self) -> bool {
        matches!(self, Self::Suspect | Self::Failed)
    }

    /// Whether the member does not belong to the group any more.
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Failed | Self::Left)
    }
}

impl Message {
    /// This message with updates, if there are any.
    pub fn with(self, updates: Vec<Update>) -> Self {
        if updates.is_empty() { self } else { Self::Laden(Box::new(Laden { message: self, updates })) }
    }

    /// Says where the sender is, in kinds that carry a coordinate (answers to a ping). A parent calls it on its way out.
    pub fn set_coordinate(&mut self, place: Packed) {
        match self {
            Self::Ack { coordinate, .. } => *coordinate = Some(place),
            Self::Laden(laden) => laden.message.set_coordinate(place),
            _ => {}
        }
    }

    /// The kind's number, the probe, the node and the coordinate, where it has them.
    const fn parts(&self) -> (u8, Option<u16>, Option<NodeId>, Option<Packed>) {
        match *self {
            Self::Ping { probe } => (0, Some(probe), None, None),
            Self::Ack { probe, coordinate } => (1, Some(probe), None, coordinate),
            Self::PingRequest { probe, target } => (2, Some(probe), Some(target), None),
            Self::PingFor { probe, origin } => (3, Some(probe), Some(origin), None),
            Self::AckFor { probe, origin } => (4, Some(probe), Some(origin), None),
            Self::Relayed { probe } => (5, Some(probe), None, None),
            Self::Nack { probe } => (6, Some(probe), None, None),
            Self::Gossip | Self::Laden(_) => (7, None, None, None),
        }
    }

    fn split(&self) -> (&Self, &[Update]) {
        match self {
            Self::Laden(laden) => (&laden.message, &laden.updates),
            plain => (plain, &[]),
        }
    }

    fn decode_plain(tag: u8, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let kind = tag & 0x0F;
        if tag & !(COORDINATE | UPDATES | 0x0F) != 0 || kind > 7 || (tag & COORDINATE != 0 && kind != 1) {
            return Err(WireError::UnknownTag(u64::from(tag)));
        }
        if kind == 7 {
            return Ok(Self::Gossip);
        }
        let probe = reader.varint_max(u64::from(u16::MAX), "probe")? as u16;
        Ok(match kind {
            0 => Self::Ping { probe },
            1 if tag & COORDINATE == 0 => Self::Ack { probe, coordinate: None },
            1 => Self::Ack { probe, coordinate: Some(Packed::decode(reader)?) },
            2 => Self::PingRequest { probe, target: node(reader)? },
            3 => Self::PingFor { probe, origin: node(reader)? },
            4 => Self::AckFor { probe, origin: node(reader)? },
            5 => Self::Relayed { probe },
            _ => Self::Nack { probe },
        })
    }
}

fn node(reader: &mut Reader<'_>) -> Result<NodeId, WireError> {
    Ok(NodeId(reader.varint_max(u64::from(u32::MAX), "node")? as u32))
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        let (plain, updates) = self.split();
        let (kind, probe, node, coordinate) = plain.parts();
        out.push(kind | if coordinate.is_some() { COORDINATE } else { 0 } | if updates.is_empty() { 0 } else { UPDATES });
        if let Some(probe) = probe {
            put_varint(out, u64::from(probe));
        }
        if let Some(node) = node {
            put_varint(out, u64::from(node.0));
        }
        if let Some(coordinate) = coordinate {
            coordinate.encode(out);
        }
        if !updates.is_empty() {
            put_varint(out, updates.len() as u64);
            updates.iter().for_each(|update| update.encode(out));
        }
    }

    fn encoded_len(&self) -> usize {
        let (plain, updates) = self.split();
        let (_, probe, node, coordinate) = plain.parts();
        let load = if updates.is_empty() { 0 } else { varint_len(updates.len() as u64) };
        1 + probe.map_or(0, |probe| varint_len(u64::from(probe)))
            + node.map_or(0, |node| varint_len(u64::from(node.0)))
            + coordinate.map_or(0, |coordinate| coordinate.encoded_len())
            + load
            + updates.iter().map(Update::encoded_len).sum::<usize>()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let tag = reader.u8()?;
        let message = Self::decode_plain(tag, reader)?;
        if tag & UPDATES == 0 {
            return Ok(message);
        }
        let count = reader.varint_max(u64::from(UPDATES_MAX), "updates")?;
        if count == 0 {
            return Err(WireError::OutOfRange("updates"));
        }
        let updates = (0..count).map(|_| Update::decode(reader)).collect::<Result<_, _>>()?;
        Ok(Self::Laden(Box::new(Laden { message, updates })))
    }
}

impl Wire for Update {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.member.0));
        put_varint(out, self.word());
        if self.status.is_accusation() {
            put_varint(out, u64::from(self.accuser.0));
        }
    }

    fn encoded_len(&self) -> usize {
        let accuser = if self.status.is_accusation() { varint_len(u64::from(self.accuser.0)) } else { 0 };
        varint_len(u64::from(self.member.0)) + varint_len(self.word()) + accuser
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let member = node(reader)?;
        let word = reader.varint_max(u64::from(u32::MAX), "incarnation")? as u32;
        let status = Status::numbered(word);
        let accuser = if status.is_accusation() { node(reader)? } else { member };
        Ok(Self { member, status, incarnation: word >> 2, accuser })
    }
}

impl Update {
    const fn word(&self) -> u64 {
        (self.incarnation as u64) << 2 | self.status as u64
    }
}

impl Fingerprint for Message {
    fn fold(&self, mixer: Mixer) -> Mixer {
        let (plain, updates) = self.split();
        let (kind, probe, node, coordinate) = plain.parts();
        let head = u64::from(kind) | u64::from(probe.unwrap_or(0)) << 8 | u64::from(node.map_or(0, |node| node.0)) << 32;
        let mixer = mixer.word(head).word(coordinate.map_or(0, Packed::bits));
        updates
            .iter()
            .fold(mixer, |mixer, update| mixer.word(u64::from(update.member.0) << 32 | update.word()).word(u64::from(update.accuser.0)))
    }
}
