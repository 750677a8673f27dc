//! What nodes tell about themselves: where they are, and what can be reached through them. The wire form and its limits; whether a claim is plausible,
//! and what a route is worth, is decided in `routing`.

use super::field::{Name, array};
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};
use crate::stoq::routing::Position;

/// Longest life of a route in milliseconds: a day.
pub const LIFE_MILLIS_MAX: u32 = 86_400_000;
/// Most nodes that a route may have passed.
pub const HOPS_MAX: u8 = 16;

/// LOCATION: a signed claim of where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The digest of the key of the node's certificate.
    pub node: [u8; 32],
    /// What it claims.
    pub position: Position,
    /// The signature of the node's key over all fields before it.
    pub signature: [u8; 64],
}

/// ROUTE: what can be reached through the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The node that the route leads to: the digest of the key of its certificate.
    pub node: [u8; 32],
    /// A later route of a node has a higher number.
    pub sequence: u64,
    /// How long it holds, in milliseconds from when it is received; zero withdraws it.
    pub life_millis: u32,
    /// Nodes that it has passed, at most [`HOPS_MAX`].
    pub hops: u8,
    /// Round-trip time to the node in microseconds, as the sender sees it.
    pub rtt_micros: u32,
    /// Requests under way at the node: what the choice of a server is bounded by (clause 12.3).
    pub load: u32,
    /// The names that it serves: those under this one; all if none.
    pub names: Option<Name>,
}

impl Wire for Location {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.node);
        self.position.encode(out);
        out.extend_from_slice(&self.signature);
    }

    fn encoded_len(&self) -> usize {
        32 + self.position.encoded_len() + 64
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { node: array(reader)?, position: Position::decode(reader)?, signature: array(reader)? })
    }
}

impl Location {
    /// The bytes that the signature covers.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = self.to_bytes();
        bytes.truncate(bytes.len() - self.signature.len());
        bytes
    }
}

fn life(reader: &mut Reader<'_>) -> Result<u32, WireError> {
    Ok(reader.varint_max(u64::from(LIFE_MILLIS_MAX), "the life of a route")? as u32)
}

impl Wire for Route {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.names.is_some()));
        out.extend_from_slice(&self.node);
        put_varint(out, self.sequence);
        put_varint(out, u64::from(self.life_millis));
        out.push(self.hops);
        put_varint(out, u64::from(self.rtt_micros));
        put_varint(out, u64::from(self.load));
        if let Some(names) = &self.names {
            names.encode(out);
        }
    }

    fn encoded_len(&self) -> usize {
        let numbers = [self.sequence, self.life_millis.into(), self.rtt_micros.into(), self.load.into()];
        34 + numbers.into_iter().map(varint_len).sum::<usize>() + self.names.as_ref().map_or(0, Wire::encoded_len)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let named = super::field::flags(reader, 1)? == 1;
        let (node, sequence, life_millis) = (array(reader)?, reader.varint()?, life(reader)?);
        let hops = match reader.u8()? {
            hops @ 0..=HOPS_MAX => hops,
            _ => return Err(WireError::OutOfRange("the hops of a route")),
        };
        let rtt_micros = reader.varint_max(u64::from(u32::MAX), "the time of a route")? as u32;
        let load = reader.varint_max(u64::from(u32::MAX), "a load")? as u32;
        let names = if named { Some(Name::decode(reader)?) } else { None };
        Ok(Self { node, sequence, life_millis, hops, rtt_micros, load, names })
    }
}
