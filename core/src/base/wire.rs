//! Bytes on the wire: variable-length integers, cursors with limits, and what every message owes.
//!
//! Integers are those of RFC 9000, clause 16: one, two, four or eight bytes, the two highest bits of the first byte tell which. Decoding accepts
//! only the shortest form, so that a message has one encoding and its length is a function of its content.

use crate::testing::Breach;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The bytes end before the message does.
    Truncated,
    /// Bytes remain after the message.
    Trailing,
    /// A tag that no message has.
    UnknownTag(u64),
    /// A value outside its limits; the text names the field.
    OutOfRange(&'static str),
    /// An integer that is not in its shortest form.
    NotShortest,
}

impl core::fmt::Display for WireError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => write!(f, "the bytes end inside the message"),
            Self::Trailing => write!(f, "bytes remain after the message"),
            Self::UnknownTag(tag) => write!(f, "no message has the tag {tag}"),
            Self::OutOfRange(field) => write!(f, "{field} is out of range"),
            Self::NotShortest => write!(f, "an integer is not in its shortest form"),
        }
    }
}

impl core::error::Error for WireError {}

/// What survives the wire. `encode` and `decode` agree, and `encoded_len` is exact: it is what a simulated network charges.
pub trait Wire: Sized {
    /// Appends the bytes of this value.
    fn encode(&self, out: &mut Vec<u8>);

    /// How many bytes `encode` appends.
    fn encoded_len(&self) -> usize;

    /// Reads one value. Never panics and never holds more memory than the input has bytes, times a constant.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError>;

    /// The bytes of this value.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode(&mut out);
        out
    }

    /// Reads exactly one value from all of `bytes`.
    fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let value = Self::decode(&mut reader)?;
        if reader.is_empty() { Ok(value) } else { Err(WireError::Trailing) }
    }
}

/// What a simulated network needs to know of a message. A message with a wire form is one datagram of that many bytes.
pub trait Load {
    /// Bytes that the network carries, without the headers that it charges for each datagram itself.
    fn load_bytes(&self) -> usize;

    /// How many datagrams it is, 1 to 64: a *train*, sent at once and delivered when its last one has come.
    #[inline]
    fn datagrams(&self) -> u32 {
        1
    }

    /// What became of a train on the way: the datagrams that were lost, one bit each, and the time from the arrival of the first to that of the last.
    #[inline]
    fn carried(&mut self, _lost: u64, _spread: super::Span) {}

    /// The losses of which [`Load::carried`] told last.
    #[inline]
    fn lost(&self) -> u64 {
        0
    }

    /// The spread of which [`Load::carried`] told last.
    #[inline]
    fn spread(&self) -> super::Span {
        super::Span::ZERO
    }
}

impl<T: Wire> Load for T {
    #[inline]
    fn load_bytes(&self) -> usize {
        self.encoded_len()
    }
}

/// The largest integer that fits.
pub const VARINT_MAX: u64 = (1 << 62) - 1;

/// Bytes of `value` as a variable-length integer.
pub const fn varint_len(value: u64) -> usize {
    match value {
        0..=0x3F => 1,
        0x40..=0x3FFF => 2,
        0x4000..=0x3FFF_FFFF => 4,
        _ => 8,
    }
}

/// Appends `value` (at most [`VARINT_MAX`]; larger ones are a defect of the caller).
pub fn put_varint(out: &mut Vec<u8>, value: u64) {
    debug_assert!(value <= VARINT_MAX, "a variable-length integer has 62 bits");
    match varint_len(value) {
        1 => out.push(value as u8),
        2 => out.extend_from_slice(&(value as u16 | 0x4000).to_be_bytes()),
        4 => out.extend_from_slice(&(value as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(value | 0xC000_0000_0000_0000).to_be_bytes()),
    }
}

/// A cursor over received bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], WireError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, WireError> {
        Ok(self.take(1)?[0])
    }

    /// A variable-length integer.
    pub fn varint(&mut self) -> Result<u64, WireError> {
        let first = *self.rest.first().ok_or(WireError::Truncated)?;
        let len = 1usize << (first >> 6);
        let mut value = 0u64;
        for byte in self.take(len)? {
            value = value << 8 | u64::from(*byte);
        }
        value &= u64::MAX >> (66 - 8 * len);
        if varint_len(value) == len || Breach::AcceptLongVarint.is_on() { Ok(value) } else { Err(WireError::NotShortest) }
    }

    /// A variable-length integer of at most `max`; `field` names it in the error.
    pub fn varint_max(&mut self, max: u64, field: &'static str) -> Result<u64, WireError> {
        let value = self.varint()?;
        if value <= max { Ok(value) } else { Err(WireError::OutOfRange(field)) }
    }

    /// Bytes that remain.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing remains.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
