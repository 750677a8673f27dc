//! Where a node says it is, and whether that can be true.
//!
//! A claim is believed only as far as physics allows: a round trip faster than light in fibre along the great circle shows that the two ends are
//! nearer to each other than the claims say. (Delay-based verification, as in constraint-based geolocation, Gueye et al., IMC 2004.) The reverse
//! shows nothing, since any path can be slow.

use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, NodeId, Reader, Span, Spot, Time, Wire, WireError};
use crate::testing::Breach;

/// Refractive index of the fibre's core, in thousandths (silica at 1,550 nm: 1.468).
pub const REFRACTION_MILLI: u64 = 1_468;
/// Nanoseconds of round trip for each kilometre between the ends: 2 * 1.468 / 299,792.458 km/s.
pub const ROUND_TRIP_NS_PER_KM: f64 = 2.0 * REFRACTION_MILLI as f64 * 1e6 / 299_792.458;
/// The longest life of a claim.
pub const LIFE_MAX: Span = Span::secs(7 * 24 * 3600);
/// Degrees are sent in millionths (about 0.11 m of latitude).
const MICRO: f64 = 1e6;

/// How exact a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Accuracy {
    /// Within a kilometre.
    Site = 0,
    /// Within 25 km.
    City = 1,
    /// Within 250 km.
    Region = 2,
    /// Within 2,500 km.
    Continent = 3,
}

impl Accuracy {
    /// Every class, by its number.
    pub const ALL: [Self; 4] = [Self::Site, Self::City, Self::Region, Self::Continent];

    /// How far the node may be from the position.
    pub const fn radius_km(self) -> f64 {
        match self {
            Self::Site => 1.0,
            Self::City => 25.0,
            Self::Region => 250.0,
            Self::Continent => 2_500.0,
        }
    }

    fn from_wire(class: u64) -> Result<Self, WireError> {
        Self::ALL.get(class as usize).copied().ok_or(WireError::OutOfRange("accuracy class"))
    }
}

/// Where a node says it is. Who says it is known from the session that carries the claim, or from the signature around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// About whom.
    pub node: NodeId,
    /// Millionths of a degree north, -90 to 90 degrees.
    pub lat_micro: i32,
    /// Millionths of a degree east, above -180 to 180 degrees.
    pub lon_micro: i32,
    /// How exact it is.
    pub accuracy: Accuracy,
    /// Counts up with each claim of the node.
    pub sequence: u64,
    /// How long it holds from its arrival, at most [`LIFE_MAX`].
    pub life: Span,
}

impl Claim {
    /// A claim for a spot. The spot's latitude is limited to the poles, its longitude wrapped, and its life cut to whole seconds.
    pub fn new(node: NodeId, spot: Spot, accuracy: Accuracy, sequence: u64, life: Span) -> Self {
        let lat_micro = libm::round(spot.lat.clamp(-90.0, 90.0) * MICRO) as i32;
        let turns = libm::ceil((spot.lon - 180.0) / 360.0);
        let lon_micro = libm::round((spot.lon - turns * 360.0) * MICRO) as i32;
        let lon_micro = if lon_micro <= -180_000_000 { 180_000_000 } else { lon_micro };
        Self { node, lat_micro, lon_micro, accuracy, sequence, life: Span::secs(life.min(LIFE_MAX).0 / 1_000_000_000) }
    }

    /// What a node that is known here by this number says of itself.
    pub const fn about(node: NodeId, position: Position) -> Self {
        let Position { sequence, life, lat_micro, lon_micro, accuracy } = position;
        Self { node, lat_micro, lon_micro, accuracy, sequence, life }
    }

    /// What it says, without whom it is about.
    pub const fn position(&self) -> Position {
        let Self { lat_micro, lon_micro, accuracy, sequence, life, .. } = *self;
        Position { sequence, life, lat_micro, lon_micro, accuracy }
    }

    /// The claimed spot.
    pub fn spot(&self) -> Spot {
        Spot { lat: f64::from(self.lat_micro) / MICRO, lon: f64::from(self.lon_micro) / MICRO }
    }

    /// The least round trip between this claimed position and another, if both are as near to each other as their accuracy allows.
    pub fn least_round_trip(&self, other: &Self) -> Span {
        let slack = self.accuracy.radius_km() + other.accuracy.radius_km();
        least_round_trip((self.spot().distance_km(other.spot()) - slack).max(0.0))
    }

    /// Whether a measured round trip between the two leaves both claims possible. The least of many measurements should be used: queues only add.
    pub fn is_plausible(&self, other: &Self, measured: Span) -> bool {
        measured >= self.least_round_trip(other) || Breach::FasterThanLight.is_on()
    }
}

/// The round trip of light in fibre over a distance.
pub fn least_round_trip(distance_km: f64) -> Span {
    Span((distance_km * ROUND_TRIP_NS_PER_KM) as u64)
}

/// What a claim says, whoever it is about: the part of it that has one form on every wire. In a session it stands in a `Location` frame behind the
/// digest of the node's key and before its signature; in a simulation, where nodes have numbers, behind the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Counts up with each claim of the node.
    pub sequence: u64,
    /// How long it holds from its arrival, at most [`LIFE_MAX`]; whole seconds on the wire.
    pub life: Span,
    /// Millionths of a degree north, -90 to 90 degrees.
    pub lat_micro: i32,
    /// Millionths of a degree east, above -180 to 180 degrees.
    pub lon_micro: i32,
    /// How exact it is.
    pub accuracy: Accuracy,
}

/// Bytes of a position that do not depend on its content: two angles and the class.
const FIXED_BYTES: usize = 4 + 4 + 1;

impl Wire for Position {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.sequence);
        put_varint(out, self.life.0 / 1_000_000_000);
        out.extend_from_slice(&order(self.lat_micro.to_be_bytes()));
        out.extend_from_slice(&order(self.lon_micro.to_be_bytes()));
        out.push(self.accuracy as u8);
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.sequence) + varint_len(self.life.0 / 1_000_000_000) + FIXED_BYTES
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let sequence = reader.varint()?;
        let life = Span::secs(reader.varint_max(LIFE_MAX.0 / 1_000_000_000, "life of a claim")?);
        let lat_micro = angle(reader, 90_000_000, "latitude")?;
        let lon_micro = angle(reader, 180_000_000, "longitude")?;
        if lon_micro == -180_000_000 {
            return Err(WireError::OutOfRange("longitude"));
        }
        let accuracy = Accuracy::from_wire(u64::from(reader.u8()?))?;
        Ok(Self { sequence, life, lat_micro, lon_micro, accuracy })
    }
}

impl Wire for Claim {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.node.0));
        self.position().encode(out);
    }

    fn encoded_len(&self) -> usize {
        varint_len(u64::from(self.node.0)) + self.position().encoded_len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let node = NodeId(reader.varint_max(u64::from(u32::MAX), "node")? as u32);
        Ok(Self::about(node, Position::decode(reader)?))
    }
}

/// The octets of an angle as they stand on the wire: the first is the highest (R-12-01).
fn order(mut octets: [u8; 4]) -> [u8; 4] {
    if Breach::PositionLittleEndian.is_on() {
        octets.reverse();
    }
    octets
}

fn angle(reader: &mut Reader<'_>, max: i32, field: &'static str) -> Result<i32, WireError> {
    let bytes = reader.take(4)?;
    let angle = i32::from_be_bytes(order(bytes.try_into().expect("four bytes were taken")));
    if (-max..=max).contains(&angle) { Ok(angle) } else { Err(WireError::OutOfRange(field)) }
}

impl Fingerprint for Claim {
    fn fold(&self, mixer: Mixer) -> Mixer {
        let angles = u64::from(self.lat_micro as u32) << 32 | u64::from(self.lon_micro as u32);
        mixer.word(u64::from(self.node.0) << 8 | self.accuracy as u64).word(angles).word(self.sequence).word(self.life.0)
    }
}

/// A claim that was accepted, and until when it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The claim.
    pub claim: Claim,
    /// When it ends.
    pub until: Time,
}

/// Why a claim is not accepted. Nothing changes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implausible {
    /// It is not newer than what is known.
    Old,
    /// It is over already.
    Expired,
    /// The round trip is shorter than light allows.
    FasterThanLight {
        /// The least round trip between the claimed positions.
        least: Span,
    },
}

/// Judges a claim against what is known of the node and the least round trip measured to it from `mine`.
pub fn judge(claim: &Claim, known: Option<u64>, mine: &Claim, measured: Option<Span>) -> Result<(), Implausible> {
    if known.is_some_and(|known| claim.sequence < known || (claim.sequence == known && !Breach::AcceptOldSequence.is_on())) {
        return Err(Implausible::Old);
    }
    if claim.life == Span::ZERO {
        return Err(Implausible::Expired);
    }
    match measured {
        Some(measured) if !claim.is_plausible(mine, measured) => Err(Implausible::FasterThanLight { least: claim.least_round_trip(mine) }),
        _ => Ok(()),
    }
}
