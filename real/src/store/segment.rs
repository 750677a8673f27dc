//! Segments: the files of the log, and what their names say.

use super::record::{CheckKey, SEQ_END};
use std::fmt;
use std::sync::Arc;

/// What the name of an unfinished file ends in. Such a file is removed when the store is opened.
pub(super) const UNFINISHED: &str = ".new";
/// The version of the form, which the name of every segment ends in.
const FORM: &str = ".v1";
/// Numbers of segments are below.
const NUMBER_END: u32 = 1 << 31;

/// What is known of a segment without reading it. It stands in the file's name, so there is no first sector whose loss would lose the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    /// Counts up. The segment that is written to has the greatest.
    pub(super) number: u32,
    /// Above the sequence numbers of all records in segments of lesser numbers.
    pub(super) base: u64,
    /// What is secret about the checks.
    pub(super) secret: [u8; 16],
}

impl SegmentName {
    /// A name with a secret of its own.
    pub(super) fn fresh(number: u32, base: u64, seed: u64) -> Self {
        let mut input = [0; 20];
        input[..8].copy_from_slice(&seed.to_le_bytes());
        input[8..12].copy_from_slice(&number.to_le_bytes());
        input[12..].copy_from_slice(&base.to_le_bytes());
        let secret = *blake3::hash(&input).as_bytes().first_chunk().expect("a digest is longer than a secret");
        Self { number, base, secret }
    }

    pub(super) fn check_key(&self) -> CheckKey {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&self.secret);
        key[16..20].copy_from_slice(&self.number.to_le_bytes());
        key[20..28].copy_from_slice(&self.base.to_le_bytes());
        key
    }

    /// The segment of a file name, if it is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_suffix(FORM)?.split('-');
        let number = u32::from_str_radix(parts.next()?, 16).ok()?;
        let base = u64::from_str_radix(parts.next()?, 16).ok()?;
        let secret = u128::from_str_radix(parts.next()?, 16).ok()?.to_be_bytes();
        let name = Self { number, base, secret };
        // One segment has one name, and there are numbers after it.
        let fits = number < NUMBER_END && base < SEQ_END && parts.next().is_none();
        (fits && name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:016x}-{:032x}{FORM}", self.number, self.base, u128::from_be_bytes(self.secret))
    }
}

/// A segment that is open.
#[derive(Debug)]
pub(super) struct Segment<F> {
    pub(super) name: SegmentName,
    pub(super) file: Arc<F>,
    /// Bytes of records, damage between them included.
    pub(super) len: u64,
    /// Part of it cannot be understood, and may have been a purge. It is kept, so that the doubt is.
    pub(super) evidence: bool,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) offset: u32,
    /// Bytes of the body.
    pub(super) len: u32,
}

impl Place {
    /// Where the body begins.
    pub(super) const fn body(&self) -> u64 {
        self.offset as u64 + super::record::HEAD_LEN as u64
    }

    /// Bytes of the whole record.
    pub(super) const fn total(&self) -> u64 {
        super::record::HEAD_LEN as u64 + self.len as u64
    }
}
