//! Fields that several frames share. Each knows its limits, so that what was decoded needs no second look.

use crate::base::wire::{VARINT_MAX, put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};
use crate::stoq::session::limits::{NAME_BYTES_MAX, WANT_MAX};
use crate::testing::Breach;

/// The name of content: a digest of 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentId(pub [u8; 32]);

impl Wire for ContentId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self(array(reader)?))
    }
}

/// The next `N` bytes.
pub(super) fn array<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], WireError> {
    Ok(reader.take(N)?.try_into().expect("take gives as many bytes as asked"))
}

/// The name of an object: 1 to 1,024 bytes of UTF-8 without control characters, compared byte by byte (no normalisation).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// A name, if the text may be one.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len());
        (fits && is_printable(text)).then(|| Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this name or lies under it, as a path lies under a folder.
    pub fn covers(&self, other: &Self) -> bool {
        let folder = self.0.strip_suffix('/').unwrap_or(&self.0);
        other.0.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Bytes on the heap.
    pub const fn heap_bytes(&self) -> usize {
        self.0.len()
    }
}

impl Wire for Name {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        out.extend_from_slice(self.0.as_bytes());
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.0.len() as u64) + self.0.len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = reader.varint_max(NAME_BYTES_MAX as u64, "the length of a name")? as usize;
        let text = core::str::from_utf8(reader.take(len)?).map_err(|_| WireError::OutOfRange("the text of a name"))?;
        Self::new(text).ok_or(WireError::OutOfRange("the text of a name"))
    }
}

/// Whether a text has no control character.
pub(super) fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control) || Breach::AcceptControlCharacters.is_on()
}

/// Some bytes of an object or of a chunk: at least one, and all of them numbered below 2^62.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    start: u64,
    bytes: u64,
}

impl Range {
    /// `bytes` from `start` on, if that is a range.
    pub const fn new(start: u64, bytes: u64) -> Option<Self> {
        if bytes == 0 || start > VARINT_MAX || bytes > VARINT_MAX - start { None } else { Some(Self { start, bytes }) }
    }

    /// The first byte.
    pub const fn start(self) -> u64 {
        self.start
    }

    /// How many.
    pub const fn bytes(self) -> u64 {
        self.bytes
    }

    /// The first byte after it.
    pub const fn end(self) -> u64 {
        self.start + self.bytes
    }
}

impl Wire for Range {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.start);
        put_varint(out, self.bytes);
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.start) + varint_len(self.bytes)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Self::new(reader.varint()?, reader.varint()?).ok_or(WireError::OutOfRange("a range"))
    }
}

/// One bit for each name of a WANT, in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    count: u8,
    bits: u128,
}

const _: () = assert!(WANT_MAX <= 120, "the bits of a WANT fit a word with room to spare");

impl Bits {
    /// `count` bits, all zero; at most [`WANT_MAX`].
    pub const fn zeros(count: usize) -> Option<Self> {
        if count > WANT_MAX { None } else { Some(Self { count: count as u8, bits: 0 }) }
    }

    /// Sets a bit. Bits past the end are left alone.
    pub const fn set(&mut self, index: usize) {
        if index < self.count as usize {
            self.bits |= 1 << index;
        }
    }

    /// Clears a bit.
    pub const fn clear(&mut self, index: usize) {
        if index < self.count as usize {
            self.bits &= !(1 << index);
        }
    }

    /// Whether a bit is set.
    pub const fn get(self, index: usize) -> bool {
        index < self.count as usize && self.bits >> index & 1 == 1
    }

    /// How many bits there are.
    pub const fn count(self) -> usize {
        self.count as usize
    }

    /// How many are set.
    pub const fn ones(self) -> usize {
        self.bits.count_ones() as usize
    }
}

impl Wire for Bits {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.count);
        out.extend_from_slice(&self.bits.to_le_bytes()[..self.count().div_ceil(8)]);
    }

    fn encoded_len(&self) -> usize {
        1 + self.count().div_ceil(8)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut bits = Self::zeros(usize::from(reader.u8()?)).ok_or(WireError::OutOfRange("the number of bits"))?;
        let mut bytes = [0; 16];
        let len = bits.count().div_ceil(8);
        bytes[..len].copy_from_slice(reader.take(len)?);
        bits.bits = u128::from_le_bytes(bytes);
        if bits.bits >> bits.count == 0 { Ok(bits) } else { Err(WireError::OutOfRange("bits past the last")) }
    }
}

/// Reads a byte of flags of which only those in `known` may be set.
pub(super) fn flags(reader: &mut Reader<'_>, known: u8) -> Result<u8, WireError> {
    let flags = reader.u8()?;
    if flags & !known == 0 || Breach::IgnoreReservedBits.is_on() { Ok(flags & known) } else { Err(WireError::OutOfRange("a reserved bit")) }
}
