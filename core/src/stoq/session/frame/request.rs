//! The frames of requests and of their answers.

use super::field::{ContentId, Name, Range, array, flags, is_printable};
use super::word::{Absent, Word};
use crate::base::wire::{VARINT_MAX, put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};
use crate::stoq::session::code::Code;
use crate::stoq::session::limits::{CHUNK_BYTES_MAX, REASON_BYTES_MAX, WANT_MAX};

/// Copies of an object that can be asked for or reported.
pub const COPIES_MAX: u8 = 64;
/// Longest time to stay away in milliseconds that a FAIL can tell: an hour.
pub const RETRY_MILLIS_MAX: u32 = 3_600_000;

/// GET_NAME: the manifest of the newest version of an object, and its chunks unless only the manifest is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetName {
    /// Which object.
    pub name: Name,
    /// Which bytes of it; all if none.
    pub range: Option<Range>,
    /// The manifest alone.
    pub manifest_only: bool,
    /// The oldest version that will do (0: any). Whoever saw a version, or the acknowledgement of a purge, asks for nothing older.
    pub version_min: u64,
    /// The longest time in milliseconds since the origin confirmed the answer; [`VARINT_MAX`] for no limit.
    pub age_millis_max: u64,
    /// The origin itself has to be asked, whatever copies there are on the way.
    pub from_origin: bool,
    /// The version at hand: if it is still the newest, its manifest need not be sent again.
    pub known: Option<u64>,
}

/// GET_ID: one chunk, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetId {
    /// Which chunk.
    pub id: ContentId,
    /// Which bytes of it; all if none.
    pub range: Option<Range>,
}

/// WANT: which of these chunks are there, and send them if `send`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Send what is there, rather than only tell.
    pub send: bool,
    /// 1 to [`WANT_MAX`] chunks.
    pub ids: Box<[ContentId]>,
}

/// The head of MANIFEST: the data that follow are the manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The digest of the data.
    pub id: ContentId,
    /// The version of the object.
    pub version: u64,
    /// The version that the request said to be known is still the newest; no data follow.
    pub same: bool,
    /// How fresh the answer is. An answer without it serves one request only; in a PUT it has no meaning.
    pub word: Option<Word>,
    /// How many bytes follow.
    pub bytes: u32,
}

/// The head of CHUNK: the data that follow are bytes of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which chunk.
    pub id: ContentId,
    /// Bytes of the whole chunk.
    pub whole: u32,
    /// Where the data begin in it.
    pub offset: u32,
    /// How many bytes follow.
    pub bytes: u32,
}

/// PUT: an object is offered. Its manifest follows, then the chunks that the other side asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Which object.
    pub name: Name,
    /// Its version: only a higher one takes the place of a lower.
    pub version: u64,
    /// Bytes of the whole object.
    pub bytes: u64,
    /// Copies that have to be stored before the acknowledgement.
    pub copies: u8,
}

/// ACK: the object is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The digest of its manifest.
    pub id: ContentId,
    /// Its version.
    pub version: u64,
    /// Copies stored.
    pub copies: u8,
    /// Whether each copy is on stable storage, so that it survives a loss of power.
    pub durable: bool,
}

/// PURGE: nothing up to a version may be served any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Which object.
    pub name: Name,
    /// Everything under the name too.
    pub below: bool,
    /// The last version that is purged.
    pub version: u64,
}

/// PURGED: the purge is in force at the sender and at everybody that it answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// The last version that is purged.
    pub version: u64,
    /// Nodes at which it is in force.
    pub nodes: u32,
}

/// CANCEL: some chunks of a WANT need not be sent any more, for example since another source was faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The first of them, by its place in the WANT.
    pub first: u8,
    /// How many.
    pub count: u8,
}

/// FAIL: the request was understood and cannot be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// A [`Code`] of stream scope, or one that the receiver does not know yet.
    pub code: u8,
    /// How long to stay away in milliseconds.
    pub retry_millis: u32,
    /// For people: at most [`REASON_BYTES_MAX`] bytes, without control characters.
    pub reason: Box<str>,
    /// That there is no object of the name that was asked for, with what a cache has to know to remember it.
    pub absent: Option<Absent>,
}

const RANGE: u8 = 1;
const MANIFEST_ONLY: u8 = 2;
const FROM_ORIGIN: u8 = 4;
const KNOWN: u8 = 8;

const SAME: u8 = 1;
const WORD: u8 = 2;
const ORIGIN: u8 = 4;
const NO_STORE: u8 = 8;

const ABSENT: u8 = 1;
const ORIGIN_LACKS: u8 = 2;

/// One bit of flags.
const fn bit(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn range_len(range: Option<Range>) -> usize {
    range.map_or(0, |range| range.encoded_len())
}

impl Wire for GetName {
    fn encode(&self, out: &mut Vec<u8>) {
        let (range, known) = (bit(self.range.is_some(), RANGE), bit(self.known.is_some(), KNOWN));
        out.push(range | bit(self.manifest_only, MANIFEST_ONLY) | bit(self.from_origin, FROM_ORIGIN) | known);
        put_varint(out, self.version_min);
        put_varint(out, self.age_millis_max);
        if let Some(known) = self.known {
            put_varint(out, known);
        }
        if let Some(range) = self.range {
            range.encode(out);
        }
        self.name.encode(out);
    }

    fn encoded_len(&self) -> usize {
        let numbers = varint_len(self.version_min) + varint_len(self.age_millis_max) + self.known.map_or(0, varint_len);
        1 + numbers + range_len(self.range) + self.name.encoded_len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let flags = flags(reader, RANGE | MANIFEST_ONLY | FROM_ORIGIN | KNOWN)?;
        let (version_min, age_millis_max) = (reader.varint()?, reader.varint()?);
        let known = if flags & KNOWN != 0 { Some(reader.varint()?) } else { None };
        let range = if flags & RANGE != 0 { Some(Range::decode(reader)?) } else { None };
        let (manifest_only, from_origin) = (flags & MANIFEST_ONLY != 0, flags & FROM_ORIGIN != 0);
        Ok(Self { name: Name::decode(reader)?, range, manifest_only, version_min, age_millis_max, from_origin, known })
    }
}

impl GetName {
    /// All of the newest version, however old the answer.
    pub const fn whole(name: Name) -> Self {
        let age_millis_max = VARINT_MAX;
        Self { name, range: None, manifest_only: false, version_min: 0, age_millis_max, from_origin: false, known: None }
    }
}

impl Wire for GetId {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(if self.range.is_some() { RANGE } else { 0 });
        self.id.encode(out);
        if let Some(range) = self.range {
            range.encode(out);
        }
    }

    fn encoded_len(&self) -> usize {
        1 + self.id.encoded_len() + range_len(self.range)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let flags = flags(reader, RANGE)?;
        let id = ContentId::decode(reader)?;
        Ok(Self { id, range: if flags & RANGE != 0 { Some(Range::decode(reader)?) } else { None } })
    }
}

impl Wire for Want {
    fn encode(&self, out: &mut Vec<u8>) {
        debug_assert!((1..=WANT_MAX).contains(&self.ids.len()), "a WANT names some chunks, and not too many");
        out.push(u8::from(self.send));
        out.push(self.ids.len() as u8);
        self.ids.iter().for_each(|id| id.encode(out));
    }

    fn encoded_len(&self) -> usize {
        2 + 32 * self.ids.len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let send = flags(reader, 1)? == 1;
        let count = usize::from(reader.u8()?);
        if !(1..=WANT_MAX).contains(&count) || reader.remaining() < 32 * count {
            return Err(WireError::OutOfRange("the number of chunks"));
        }
        let ids = (0..count).map(|_| ContentId::decode(reader)).collect::<Result<_, _>>()?;
        Ok(Self { send, ids })
    }
}

impl Wire for Put {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.version);
        put_varint(out, self.bytes);
        out.push(self.copies);
        self.name.encode(out);
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.version) + varint_len(self.bytes) + 1 + self.name.encoded_len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (version, bytes, copies) = (reader.varint()?, reader.varint()?, copies(reader)?);
        Ok(Self { name: Name::decode(reader)?, version, bytes, copies })
    }
}

fn copies(reader: &mut Reader<'_>) -> Result<u8, WireError> {
    match reader.u8()? {
        copies @ 1..=COPIES_MAX => Ok(copies),
        _ => Err(WireError::OutOfRange("the number of copies")),
    }
}

impl Wire for Ack {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.durable));
        out.push(self.copies);
        put_varint(out, self.version);
        self.id.encode(out);
    }

    fn encoded_len(&self) -> usize {
        2 + varint_len(self.version) + 32
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (durable, copies, version) = (flags(reader, 1)? == 1, copies(reader)?, reader.varint()?);
        Ok(Self { id: ContentId::decode(reader)?, version, copies, durable })
    }
}

impl Wire for Purge {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.below));
        put_varint(out, self.version);
        self.name.encode(out);
    }

    fn encoded_len(&self) -> usize {
        1 + varint_len(self.version) + self.name.encoded_len()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (below, version) = (flags(reader, 1)? == 1, reader.varint()?);
        Ok(Self { name: Name::decode(reader)?, below, version })
    }
}

impl Wire for Purged {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.version);
        put_varint(out, u64::from(self.nodes));
    }

    fn encoded_len(&self) -> usize {
        varint_len(self.version) + varint_len(u64::from(self.nodes))
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { version: reader.varint()?, nodes: reader.varint_max(u64::from(u32::MAX), "the number of nodes")? as u32 })
    }
}

impl Wire for Cancel {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.first, self.count]);
    }

    fn encoded_len(&self) -> usize {
        2
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let [first, count] = array(reader)?;
        let fits = count > 0 && usize::from(first) + usize::from(count) <= WANT_MAX;
        if fits { Ok(Self { first, count }) } else { Err(WireError::OutOfRange("the chunks that are cancelled")) }
    }
}

impl Fail {
    /// A failure about which there is no more to say.
    pub fn new(code: Code, retry_millis: u32) -> Self {
        Self { code: code.number() as u8, retry_millis: retry_millis.min(RETRY_MILLIS_MAX), reason: "".into(), absent: None }
    }
}

impl Wire for Fail {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.absent.map_or(0, |absent| ABSENT | bit(absent.origin, ORIGIN_LACKS)));
        out.push(self.code);
        put_varint(out, u64::from(self.retry_millis));
        out.push(self.reason.len() as u8);
        out.extend_from_slice(self.reason.as_bytes());
        if let Some(absent) = &self.absent {
            absent.encode(out);
        }
    }

    fn encoded_len(&self) -> usize {
        3 + varint_len(u64::from(self.retry_millis)) + self.reason.len() + self.absent.map_or(0, |absent| absent.encoded_len())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let flags = flags(reader, ABSENT | ORIGIN_LACKS)?;
        if flags == ORIGIN_LACKS {
            return Err(WireError::OutOfRange("a word without what it is about"));
        }
        let code = match reader.u8()? {
            code @ 0x80.. => code,
            _ => return Err(WireError::OutOfRange("the code of a failed request")),
        };
        let retry_millis = reader.varint_max(u64::from(RETRY_MILLIS_MAX), "the time to stay away")? as u32;
        let len = usize::from(reader.u8()?);
        let text = core::str::from_utf8(reader.take(len)?).ok().filter(|text| reason_fits(text));
        let reason = text.ok_or(WireError::OutOfRange("the reason"))?.into();
        let absent = if flags & ABSENT != 0 { Some(Absent::decode(reader, flags & ORIGIN_LACKS != 0)?) } else { None };
        Ok(Self { code, retry_millis, reason, absent })
    }
}

/// Whether a text may be the reason of a FAIL.
pub fn reason_fits(text: &str) -> bool {
    text.len() <= REASON_BYTES_MAX && is_printable(text)
}

impl Manifest {
    /// A manifest of which nothing more is said, as in a PUT.
    pub const fn plain(id: ContentId, version: u64, bytes: u32) -> Self {
        Self { id, version, same: false, word: None, bytes }
    }

    /// Bytes of the fields, without the data.
    pub(super) fn fields_len(&self) -> usize {
        33 + varint_len(self.version) + self.word.map_or(0, |word| word.encoded_len())
    }

    pub(super) fn encode_fields(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        put_varint(out, self.version);
        let word = self.word.map_or(0, |word| WORD | bit(word.origin, ORIGIN) | bit(word.no_store, NO_STORE));
        out.push(bit(self.same, SAME) | word);
        if let Some(word) = &self.word {
            word.encode(out);
        }
    }

    /// The fields at the beginning of `reader`; `bytes` is not known from them.
    pub(super) fn decode_fields(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (id, version) = (ContentId::decode(reader)?, reader.varint()?);
        let flags = flags(reader, SAME | WORD | ORIGIN | NO_STORE)?;
        let word = match flags & WORD {
            0 if flags & (ORIGIN | NO_STORE) != 0 => return Err(WireError::OutOfRange("a word without its figures")),
            0 => None,
            _ => Some(Word::decode(reader, flags & ORIGIN != 0, flags & NO_STORE != 0)?),
        };
        Ok(Self { id, version, same: flags & SAME != 0, word, bytes: 0 })
    }
}

impl Chunk {
    /// All bytes of a chunk.
    pub const fn whole(id: ContentId, bytes: u32) -> Self {
        Self { id, whole: bytes, offset: 0, bytes }
    }

    pub(super) fn fields_len(&self) -> usize {
        32 + varint_len(u64::from(self.whole)) + varint_len(u64::from(self.offset))
    }

    pub(super) fn encode_fields(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        put_varint(out, u64::from(self.whole));
        put_varint(out, u64::from(self.offset));
    }

    pub(super) fn decode_fields(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let id = ContentId::decode(reader)?;
        let whole = reader.varint_max(u64::from(CHUNK_BYTES_MAX), "the length of a chunk")? as u32;
        let offset = reader.varint_max(u64::from(whole), "the offset in a chunk")? as u32;
        Ok(Self { id, whole, offset, bytes: 0 })
    }
}
