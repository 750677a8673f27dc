//! What nodes tell about themselves: where they are, and what can be reached through them. The wire form and its limits; whether a claim is plausible,
//! and what a route is worth, is decided in `routing`.

use super::field::{Name, array};
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};

/// A claim tells latitude and longitude in millionths of a degree, at most 0.11 m each.
pub const MICRODEGREES_PER_DEGREE: i32 = 1_000_000;
/// Longest life of a claim or of a route in milliseconds: a day.
pub const LIFE_MILLIS_MAX: u32 = 86_400_000;
/// Most nodes that a route may have passed.
pub const HOPS_MAX: u8 = 16;

/// How exactly a claim tells the place. It is also what its sender chose to reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Accuracy {
    /// Within 1 km.
    Building = 0,
    /// Within 50 km.
    City = 1,
    /// Within 500 km.
    Region = 2,
    /// Within 5,000 km.
    Continent = 3,
}

impl Accuracy {
    /// Every class, by its number.
    pub const ALL: [Self; 4] = [Self::Building, Self::City, Self::Region, Self::Continent];

    /// The greatest distance in kilometres between the claim and the place.
    pub const fn km(self) -> u32 {
        match self {
            Self::Building => 1,
            Self::City => 50,
            Self::Region => 500,
            Self::Continent => 5_000,
        }
    }
}

/// LOCATION: a signed claim of where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The digest of the key of the node's certificate.
    pub node: [u8; 32],
    /// A later claim of a node has a higher number.
    pub sequence: u64,
    /// How long it holds, in milliseconds from when it is received.
    pub life_millis: u32,
    /// Latitude in millionths of a degree, -90 to 90 degrees.
    pub latitude: i32,
    /// Longitude in millionths of a degree, from -180 up to but not including 180 degrees.
    pub longitude: i32,
    /// How exact it is.
    pub accuracy: Accuracy,
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
    /// Load of the node in thousandths of what it can bear; more than 1,000 means that it is beyond.
    pub load_permille: u16,
    /// The names that it serves: those under this one; all if none.
    pub names: Option<Name>,
}

impl Wire for Location {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.node);
        put_varint(out, self.sequence);
        put_varint(out, u64::from(self.life_millis));
        out.extend_from_slice(&self.latitude.to_be_bytes());
        out.extend_from_slice(&self.longitude.to_be_bytes());
        out.push(self.accuracy as u8);
        out.extend_from_slice(&self.signature);
    }

    fn encoded_len(&self) -> usize {
        32 + varint_len(self.sequence) + varint_len(u64::from(self.life_millis)) + 9 + 64
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (node, sequence, life_millis) = (array(reader)?, reader.varint()?, life(reader)?);
        let (latitude, longitude) = (i32::from_be_bytes(array(reader)?), i32::from_be_bytes(array(reader)?));
        let (pole, turn) = (90 * MICRODEGREES_PER_DEGREE, 180 * MICRODEGREES_PER_DEGREE);
        if !(-pole..=pole).contains(&latitude) || !(-turn..turn).contains(&longitude) {
            return Err(WireError::OutOfRange("a place"));
        }
        let accuracy = *Accuracy::ALL.get(usize::from(reader.u8()?)).ok_or(WireError::OutOfRange("the accuracy of a place"))?;
        Ok(Self { node, sequence, life_millis, latitude, longitude, accuracy, signature: array(reader)? })
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
    Ok(reader.varint_max(u64::from(LIFE_MILLIS_MAX), "the life of a claim")? as u32)
}

impl Wire for Route {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.names.is_some()));
        out.extend_from_slice(&self.node);
        put_varint(out, self.sequence);
        put_varint(out, u64::from(self.life_millis));
        out.push(self.hops);
        put_varint(out, u64::from(self.rtt_micros));
        put_varint(out, u64::from(self.load_permille));
        if let Some(names) = &self.names {
            names.encode(out);
        }
    }

    fn encoded_len(&self) -> usize {
        let numbers = [self.sequence, self.life_millis.into(), self.rtt_micros.into(), self.load_permille.into()];
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
        let load_permille = reader.varint_max(u64::from(u16::MAX), "a load")? as u16;
        let names = if named { Some(Name::decode(reader)?) } else { None };
        Ok(Self { node, sequence, life_millis, hops, rtt_micros, load_permille, names })
    }
}
