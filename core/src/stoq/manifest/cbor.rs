//! A strict reader of deterministic CBOR (RFC 8949, 4.2.1) over minicbor: what has more than one encoding is read in one and refused in the others.

use super::{Flaw, Refusal};
use crate::testing::Breach;
use minicbor::data::Type;
use minicbor::decode::Decoder;

/// A cursor that knows where it is.
pub(super) struct Strict<'a> {
    decoder: Decoder<'a>,
    /// Where the last item began.
    at: usize,
}

impl<'a> Strict<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { decoder: Decoder::new(bytes), at: 0 }
    }

    /// The flaw with the place of the last item.
    pub(super) const fn refuse(&self, flaw: Flaw) -> Refusal {
        Refusal { at: self.at, flaw }
    }

    /// An unsigned integer of at most `max`.
    pub(super) fn uint(&mut self, max: u64, field: &'static str) -> Result<u64, Refusal> {
        self.expect(field, |kind| matches!(kind, Type::U8 | Type::U16 | Type::U32 | Type::U64))?;
        let value = self.decoder.u64().map_err(|_| self.refuse(Flaw::Truncated))?;
        self.shortest(value, 0)?;
        if value <= max { Ok(value) } else { Err(self.refuse(Flaw::OutOfRange(field, value))) }
    }

    /// A byte string.
    pub(super) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], Refusal> {
        self.expect(field, |kind| kind == Type::Bytes)?;
        let bytes = self.decoder.bytes().map_err(|_| self.refuse(Flaw::Truncated))?;
        self.shortest(bytes.len() as u64, bytes.len())?;
        Ok(bytes)
    }

    /// A byte string of `N` octets.
    pub(super) fn octets<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Refusal> {
        let bytes = self.bytes(field)?;
        bytes.try_into().map_err(|_| self.refuse(Flaw::OutOfRange(field, bytes.len() as u64)))
    }

    /// The head of an array; the number of its items.
    pub(super) fn array(&mut self, field: &'static str) -> Result<u64, Refusal> {
        self.expect(field, |kind| kind == Type::Array)?;
        let count = self.decoder.array();
        self.counted(count)
    }

    /// The head of an array of exactly `items`.
    pub(super) fn tuple(&mut self, items: u64, field: &'static str) -> Result<(), Refusal> {
        let count = self.array(field)?;
        if count == items { Ok(()) } else { Err(self.refuse(Flaw::Items(field, count))) }
    }

    /// The head of a map; the number of its pairs.
    pub(super) fn map(&mut self, field: &'static str) -> Result<u64, Refusal> {
        self.expect(field, |kind| kind == Type::Map)?;
        let count = self.decoder.map();
        self.counted(count)
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Refusal> {
        self.at = self.decoder.position();
        if self.at == self.decoder.input().len() { Ok(()) } else { Err(self.refuse(Flaw::Trailing)) }
    }

    /// Looks at the next item before it is read.
    fn expect(&mut self, field: &'static str, wanted: impl Fn(Type) -> bool) -> Result<(), Refusal> {
        self.at = self.decoder.position();
        let kind = self.decoder.datatype().map_err(|_| self.refuse(Flaw::Truncated))?;
        let flaw = match kind {
            kind if wanted(kind) => return Ok(()),
            Type::F16 | Type::F32 | Type::F64 => Flaw::Float,
            Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef => Flaw::Indefinite,
            _ => Flaw::WrongType(field),
        };
        Err(self.refuse(flaw))
    }

    fn counted(&self, count: Result<Option<u64>, minicbor::decode::Error>) -> Result<u64, Refusal> {
        let count = count.map_err(|_| self.refuse(Flaw::Truncated))?.ok_or(self.refuse(Flaw::Indefinite))?;
        self.shortest(count, 0)?;
        Ok(count)
    }

    /// Whether the head of the last item, which is followed by `content` octets, is the shortest that says `value`.
    fn shortest(&self, value: u64, content: usize) -> Result<(), Refusal> {
        let head = match value {
            0..=0x17 => 1,
            0x18..=0xFF => 2,
            0x100..=0xFFFF => 3,
            0x1_0000..=0xFFFF_FFFF => 5,
            _ => 9,
        };
        let is_shortest = self.decoder.position() - self.at == head + content;
        if is_shortest || Breach::AcceptLongForms.is_on() { Ok(()) } else { Err(self.refuse(Flaw::NotShortest)) }
    }
}
