//! Frames: what two nodes say to each other, on streams and in datagrams.
//!
//! ```text
//! +----------------+------------------+----------------+---------------------------+
//! | type (varint)  | length (varint)  | fields         | data (MANIFEST and CHUNK) |
//! +----------------+------------------+----------------+---------------------------+
//!                                     |<------------- length bytes --------------->|
//! ```
//! An odd type is critical: who does not know it ends the connection. An even one may be passed over. A [`Frame`] is the *head*: it never holds the
//! data of a manifest or a chunk, only how many bytes of them follow. So `encode` writes the head, [`Frame::data_bytes`] tells what the driver writes
//! after it, and [`Frame::wire_bytes`] is what a simulated network charges.

pub mod advert;
pub mod field;
pub mod request;
pub mod word;

pub use advert::{Location, Route};
pub use field::{Bits, ContentId, Name, Range};
pub use request::{Ack, Cancel, Chunk, Fail, GetId, GetName, Manifest, Purge, Purged, Put, Want};

pub use word::{Absent, Word};

use super::limits::{CHUNK_BYTES_MAX, FrameLimits, HEAD_BYTES_MAX, MANIFEST_BYTES_MAX, UNKNOWN_BYTES_MAX};
use super::settings::Settings;
use super::version::is_critical;
use super::violation::FRAME_LENGTH;
use crate::base::wire::{put_varint, varint_len};
use crate::base::{Fingerprint, Mixer, Reader, Wire, WireError};
use crate::testing::Breach;

/// Names of the types and their numbers.
macro_rules! kinds {
    ($($name:ident = $number:literal;)+) => {
        /// Types of frames. Odd ones are critical.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "the frames of the same name tell")]
        pub enum Kind {
            $($name = $number,)+
        }

        impl Kind {
            /// Every known type, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The type of that number, if it is known.
            pub const fn known(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Settings = 0x01;
    Ping = 0x02;
    Confirm = 0x03;
    Pong = 0x04;
    GoAway = 0x05;
    Location = 0x06;
    Route = 0x08;
    GetName = 0x11;
    GetId = 0x13;
    Want = 0x15;
    Have = 0x17;
    Manifest = 0x19;
    Chunk = 0x1b;
    Put = 0x1d;
    Ack = 0x1f;
    Purge = 0x21;
    Purged = 0x23;
    Cancel = 0x25;
    Fail = 0x27;
}

/// The head of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// What the sender can do and bears. The first frame of a control stream, and only that.
    Settings(Box<Settings>),
    /// What the sender holds for agreed: a hash over the settings of both sides, bound to the keys of the connection.
    Confirm(Box<[u8; 32]>),
    /// The sender accepts no more requests than this many, counted from the first of the connection.
    GoAway {
        /// Requests that are, or may have been, acted on.
        accepted: u64,
    },
    /// Asks for an answer with the same token. In a datagram only.
    Ping {
        /// Not to be guessed, so that an answer cannot be sent before the question.
        token: u64,
    },
    /// Answers a PING. In a datagram only.
    Pong {
        /// The token of the PING.
        token: u64,
        /// Load of the sender in thousandths of what it can bear.
        load_permille: u16,
        /// For how long from now on the sender will tell the receiver of every purge, in milliseconds; at most [`LEASE_MILLIS_MAX`].
        lease_millis: u32,
    },
    /// Where a node is.
    Location(Box<Location>),
    /// What can be reached through the sender.
    Route(Box<Route>),
    /// Asks for an object by name.
    GetName(Box<GetName>),
    /// Asks for a chunk.
    GetId(Box<GetId>),
    /// Asks which chunks are there, and for them.
    Want(Want),
    /// Tells which of the chunks of a WANT are there.
    Have(Box<Bits>),
    /// The manifest of an object.
    Manifest(Box<Manifest>),
    /// Bytes of a chunk.
    Chunk(Chunk),
    /// Offers an object.
    Put(Box<Put>),
    /// Acknowledges an object.
    Ack(Box<Ack>),
    /// Purges an object.
    Purge(Box<Purge>),
    /// Acknowledges a purge.
    Purged(Purged),
    /// Takes back some chunks of a WANT.
    Cancel(Cancel),
    /// Says why a request cannot be met.
    Fail(Box<Fail>),
    /// A frame of a type that means nothing here. Its payload is skipped.
    Unknown {
        /// Its type; even, and none of [`Kind`].
        kind: u64,
        /// Its length, at most [`UNKNOWN_BYTES_MAX`].
        bytes: u32,
    },
}

/// Calls one method on the fields of whatever frame, except those whose data follow.
macro_rules! fields {
    ($frame:expr, $fields:ident => $use:expr, $($rest:tt)*) => {
        match $frame {
            Frame::Settings($fields) => $use,
            Frame::Location($fields) => $use,
            Frame::Route($fields) => $use,
            Frame::GetName($fields) => $use,
            Frame::GetId($fields) => $use,
            Frame::Want($fields) => $use,
            Frame::Have($fields) => $use,
            Frame::Put($fields) => $use,
            Frame::Ack($fields) => $use,
            Frame::Purge($fields) => $use,
            Frame::Purged($fields) => $use,
            Frame::Cancel($fields) => $use,
            Frame::Fail($fields) => $use,
            $($rest)*
        }
    };
}

impl Frame {
    /// The type, if it is a known one.
    pub const fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Settings(_) => Kind::Settings,
            Self::Confirm(_) => Kind::Confirm,
            Self::GoAway { .. } => Kind::GoAway,
            Self::Ping { .. } => Kind::Ping,
            Self::Pong { .. } => Kind::Pong,
            Self::Location(_) => Kind::Location,
            Self::Route(_) => Kind::Route,
            Self::GetName(_) => Kind::GetName,
            Self::GetId(_) => Kind::GetId,
            Self::Want(_) => Kind::Want,
            Self::Have(_) => Kind::Have,
            Self::Manifest(_) => Kind::Manifest,
            Self::Chunk(_) => Kind::Chunk,
            Self::Put(_) => Kind::Put,
            Self::Ack(_) => Kind::Ack,
            Self::Purge(_) => Kind::Purge,
            Self::Purged(_) => Kind::Purged,
            Self::Cancel(_) => Kind::Cancel,
            Self::Fail(_) => Kind::Fail,
            Self::Unknown { .. } => return None,
        })
    }

    /// Bytes that follow the head: the data of a manifest or a chunk, or the payload of an unknown frame.
    pub const fn data_bytes(&self) -> u32 {
        match self {
            Self::Manifest(manifest) => manifest.bytes,
            Self::Chunk(chunk) => chunk.bytes,
            Self::Unknown { bytes, .. } => *bytes,
            _ => 0,
        }
    }

    /// Bytes of the whole frame, data included: what a network has to carry.
    pub fn wire_bytes(&self) -> usize {
        self.encoded_len() + self.data_bytes() as usize
    }

    fn number(&self) -> u64 {
        match (self, self.kind()) {
            (_, Some(kind)) => kind as u64,
            (Self::Unknown { kind, .. }, None) => *kind,
            (_, None) => unreachable!("only an unknown frame has no kind"),
        }
    }

    fn fields_len(&self) -> usize {
        fields!(self, fields => fields.encoded_len(),
            Frame::Confirm(hash) => hash.len(),
            Frame::GoAway { accepted } => varint_len(*accepted),
            Frame::Ping { .. } => 8,
            Frame::Pong { load_permille, lease_millis, .. } => {
                8 + varint_len(u64::from(*load_permille)) + varint_len(u64::from(*lease_millis))
            }
            Frame::Manifest(manifest) => manifest.fields_len(),
            Frame::Chunk(chunk) => chunk.fields_len(),
            Frame::Unknown { .. } => 0,
        )
    }

    fn length(&self) -> u64 {
        (self.fields_len() + self.data_bytes() as usize) as u64
    }
}

/// The header: type and length, checked against what the receiver bears. `Err(UnknownTag)` is an unknown critical type.
fn header(reader: &mut Reader<'_>, limits: &FrameLimits) -> Result<(u64, Option<Kind>, u32), WireError> {
    let number = reader.varint()?;
    let kind = Kind::known(number);
    let most = match kind {
        None if is_critical(number) && !Breach::PassOverCriticalFrame.is_on() => return Err(WireError::UnknownTag(number)),
        None => bounded(UNKNOWN_BYTES_MAX),
        Some(Kind::Manifest) => bounded(limits.manifest_bytes.min(MANIFEST_BYTES_MAX)) + DATA_FIELDS_MAX,
        Some(Kind::Chunk) => bounded(limits.chunk_bytes.min(CHUNK_BYTES_MAX)) + DATA_FIELDS_MAX,
        Some(_) => HEAD_BYTES_MAX - HEADER_BYTES_MAX,
    };
    Ok((number, kind, reader.varint_max(u64::from(most), FRAME_LENGTH)? as u32))
}

/// Longest lease that a PONG can tell, in milliseconds: an hour.
pub const LEASE_MILLIS_MAX: u32 = 3_600_000;

/// Longest header in bytes.
const HEADER_BYTES_MAX: u32 = 16;
/// Longest fields before data in bytes: a digest, flags and five integers.
const DATA_FIELDS_MAX: u32 = 32 + 1 + 5 * 8;

/// Reads a head, under limits of the receiver. Like [`Wire::decode`], which allows the most.
pub fn decode(reader: &mut Reader<'_>, limits: &FrameLimits) -> Result<Frame, WireError> {
    let (number, kind, length) = header(reader, limits)?;
    let Some(kind) = kind else { return Ok(Frame::Unknown { kind: number, bytes: length }) };
    match kind {
        Kind::Manifest => {
            let (mut manifest, bytes) = before_data(reader, length, Manifest::decode_fields)?;
            manifest.bytes = at_most(bytes, limits.manifest_bytes.min(MANIFEST_BYTES_MAX))?;
            if manifest.same && bytes > 0 {
                return Err(WireError::OutOfRange("data behind an answer that has none"));
            }
            Ok(Frame::Manifest(Box::new(manifest)))
        }
        Kind::Chunk => {
            let (mut chunk, bytes) = before_data(reader, length, Chunk::decode_fields)?;
            chunk.bytes = at_most(bytes, limits.chunk_bytes.min(CHUNK_BYTES_MAX))?;
            if chunk.bytes > chunk.whole - chunk.offset {
                return Err(WireError::OutOfRange("the data of a chunk"));
            }
            Ok(Frame::Chunk(chunk))
        }
        _ => {
            let mut fields = Reader::new(reader.take(length as usize)?);
            let frame = fields_of(kind, &mut fields).map_err(|error| match error {
                // The frame is all there: what is missing will not come.
                WireError::Truncated => WireError::OutOfRange("fields past the end of the frame"),
                other => other,
            })?;
            if fields.is_empty() || Breach::IgnoreTrailingFields.is_on() { Ok(frame) } else { Err(WireError::Trailing) }
        }
    }
}

fn at_most(bytes: u32, most: u32) -> Result<u32, WireError> {
    if bytes <= bounded(most) { Ok(bytes) } else { Err(WireError::OutOfRange(FRAME_LENGTH)) }
}

/// The payload that is sent in a frame without meaning: zeros (R-6-15).
pub fn meaningless(bytes: u32) -> Vec<u8> {
    vec![u8::from(Breach::GreaseNotZero.is_on()); bytes as usize]
}

/// The limit of what is not held, as it is kept.
fn bounded(most: u32) -> u32 {
    if Breach::AcceptOverlongFrame.is_on() { 2 * most } else { most - u32::from(Breach::RefuseFrameOfExactLimit.is_on()) }
}

/// Reads the fields that stand before data, and tells how many bytes of data follow.
fn before_data<T>(
    reader: &mut Reader<'_>,
    length: u32,
    fields: impl FnOnce(&mut Reader<'_>) -> Result<T, WireError>,
) -> Result<(T, u32), WireError> {
    let all = (length as usize).min(DATA_FIELDS_MAX as usize);
    let there = all.min(reader.remaining());
    let mut ahead = *reader;
    let mut window = Reader::new(ahead.take(there)?);
    let value = fields(&mut window).map_err(|error| match error {
        WireError::Truncated if there == all => WireError::OutOfRange("fields past the end of the frame"),
        other => other,
    })?;
    let used = there - window.remaining();
    reader.take(used)?;
    Ok((value, length - used as u32))
}

fn fields_of(kind: Kind, reader: &mut Reader<'_>) -> Result<Frame, WireError> {
    Ok(match kind {
        Kind::Settings if reader.is_empty() && Breach::RefuseEmptySettings.is_on() => return Err(WireError::Truncated),
        Kind::Settings => Frame::Settings(Box::new(Settings::decode(reader)?)),
        Kind::Confirm => Frame::Confirm(Box::new(field::array(reader)?)),
        Kind::GoAway => Frame::GoAway { accepted: reader.varint()? },
        Kind::Ping => Frame::Ping { token: u64::from_be_bytes(field::array(reader)?) },
        Kind::Pong => {
            let token = u64::from_be_bytes(field::array(reader)?);
            let load_permille = reader.varint_max(u64::from(u16::MAX), "a load")? as u16;
            let lease_millis = reader.varint_max(u64::from(LEASE_MILLIS_MAX), "a lease")? as u32;
            Frame::Pong { token, load_permille, lease_millis }
        }
        Kind::Location => Frame::Location(Box::new(Location::decode(reader)?)),
        Kind::Route => Frame::Route(Box::new(Route::decode(reader)?)),
        Kind::GetName => Frame::GetName(Box::new(GetName::decode(reader)?)),
        Kind::GetId => Frame::GetId(Box::new(GetId::decode(reader)?)),
        Kind::Want => Frame::Want(Want::decode(reader)?),
        Kind::Have => Frame::Have(Box::new(Bits::decode(reader)?)),
        Kind::Put => Frame::Put(Box::new(Put::decode(reader)?)),
        Kind::Ack => Frame::Ack(Box::new(Ack::decode(reader)?)),
        Kind::Purge => Frame::Purge(Box::new(Purge::decode(reader)?)),
        Kind::Purged => Frame::Purged(Purged::decode(reader)?),
        Kind::Cancel => Frame::Cancel(Cancel::decode(reader)?),
        Kind::Fail => Frame::Fail(Box::new(Fail::decode(reader)?)),
        Kind::Manifest | Kind::Chunk => unreachable!("frames with data are read apart"),
    })
}

/// An integer of one octet or two in the next longer form.
fn longer(value: u64) -> Vec<u8> {
    if value < 0x40 { (value as u16 | 0x4000).to_be_bytes().to_vec() } else { (value as u32 | 0x8000_0000).to_be_bytes().to_vec() }
}

impl Wire for Frame {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.number());
        match self.length() {
            // One less than what the form of one octet, or of two, can hold.
            length @ (0x3F | 0x3FFF) if Breach::SendLongVarint.is_on() => out.extend(longer(length)),
            length => put_varint(out, length),
        }
        fields!(self, fields => fields.encode(out),
            Frame::Confirm(hash) => out.extend_from_slice(&hash[..]),
            Frame::GoAway { accepted } => put_varint(out, *accepted),
            Frame::Ping { token } => out.extend_from_slice(&token.to_be_bytes()),
            Frame::Pong { token, load_permille, lease_millis } => {
                out.extend_from_slice(&if Breach::FixedIntegerReversed.is_on() { token.to_le_bytes() } else { token.to_be_bytes() });
                put_varint(out, u64::from(*load_permille));
                put_varint(out, u64::from(*lease_millis));
            }
            Frame::Manifest(manifest) => manifest.encode_fields(out),
            Frame::Chunk(chunk) => chunk.encode_fields(out),
            Frame::Unknown { .. } => {}
        );
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.number()) + varint_len(self.length()) + self.fields_len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        decode(reader, &FrameLimits::default())
    }
}

impl Fingerprint for Frame {
    /// Folds the bytes of the head, eight at a time.
    fn fold(&self, mixer: Mixer) -> Mixer {
        let bytes = self.to_bytes();
        bytes.chunks(8).fold(mixer.word(bytes.len() as u64), |mixer, part| {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            mixer.word(u64::from_le_bytes(word))
        })
    }
}
