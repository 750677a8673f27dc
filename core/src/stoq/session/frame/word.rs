//! What an answer about a name says beside the answer: how fresh it is and what it may be used for (clause 11.2), and whose word it is.

use crate::base::wire::{VARINT_MAX, put_varint, varint_len};
use crate::base::{Reader, Span, WireError};
use crate::stoq::cache::Life;
use crate::testing::Breach;

/// How fresh the answer to a GET_NAME is. All times are whole milliseconds, at most [`VARINT_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The origin itself says so, now.
    pub origin: bool,
    /// It is not to be stored, and to serve one request only.
    pub no_store: bool,
    /// The time since the origin said so, rounded up.
    pub age_millis: u64,
    /// How long it is fresh after that.
    pub max_age_millis: u64,
    /// How long after that it may be served while a fetch is under way.
    pub stale_while_revalidate_millis: u64,
    /// How long after its freshness it may be served if no fresh one can be had.
    pub stale_if_error_millis: u64,
}

/// The absence of an object, as a FAIL may tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absent {
    /// The origin itself says so, now.
    pub origin: bool,
    /// The state of the origin in which there was none.
    pub version: u64,
    /// The time since the origin said so in milliseconds, rounded up.
    pub age_millis: u64,
    /// How long that may be believed in milliseconds.
    pub max_age_millis: u64,
}

/// Whole milliseconds, rounded up: an age is never told too low.
pub fn millis_up(span: Span) -> u64 {
    let millis = if Breach::RoundAgesDown.is_on() { span.0 / 1_000_000 } else { span.0.div_ceil(1_000_000) };
    if millis > VARINT_MAX { VARINT_MAX } else { millis }
}

/// Whole milliseconds, rounded down: nobody may use a copy for longer than the origin said.
pub const fn millis_down(span: Span) -> u64 {
    let millis = span.0 / 1_000_000;
    if millis > VARINT_MAX { VARINT_MAX } else { millis }
}

/// The span of so many milliseconds; the longest there is if it does not fit.
pub const fn span_of(millis: u64) -> Span {
    Span(millis.saturating_mul(1_000_000))
}

impl Word {
    /// The word for a copy of that age and life.
    pub fn new(age: Span, life: &Life, origin: bool) -> Self {
        let mut word = Self {
            origin,
            no_store: false,
            age_millis: millis_up(age),
            max_age_millis: VARINT_MAX,
            stale_while_revalidate_millis: 0,
            stale_if_error_millis: 0,
        };
        if let Life::Limited { max_age, stale_while_revalidate, stale_if_error } = life {
            word.max_age_millis = millis_down(*max_age);
            word.stale_while_revalidate_millis = millis_down(*stale_while_revalidate);
            word.stale_if_error_millis = millis_down(*stale_if_error);
        }
        word
    }

    /// The age.
    pub const fn age(&self) -> Span {
        span_of(self.age_millis)
    }

    /// The life. It is never without end: only a name makes content immutable (R-11-06).
    pub const fn life(&self) -> Life {
        Life::Limited {
            max_age: span_of(self.max_age_millis),
            stale_while_revalidate: span_of(self.stale_while_revalidate_millis),
            stale_if_error: span_of(self.stale_if_error_millis),
        }
    }

    const fn numbers(&self) -> [u64; 4] {
        [self.age_millis, self.max_age_millis, self.stale_while_revalidate_millis, self.stale_if_error_millis]
    }

    /// Bytes of the integers; the bits stand among the flags of the frame.
    pub(super) fn encoded_len(&self) -> usize {
        self.numbers().into_iter().map(varint_len).sum()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.numbers().into_iter().for_each(|number| put_varint(out, number));
    }

    pub(super) fn decode(reader: &mut Reader<'_>, origin: bool, no_store: bool) -> Result<Self, WireError> {
        Ok(Self {
            origin,
            no_store,
            age_millis: reader.varint()?,
            max_age_millis: reader.varint()?,
            stale_while_revalidate_millis: reader.varint()?,
            stale_if_error_millis: reader.varint()?,
        })
    }
}

impl Absent {
    const fn numbers(&self) -> [u64; 3] {
        [self.version, self.age_millis, self.max_age_millis]
    }

    pub(super) fn encoded_len(&self) -> usize {
        self.numbers().into_iter().map(varint_len).sum()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.numbers().into_iter().for_each(|number| put_varint(out, number));
    }

    pub(super) fn decode(reader: &mut Reader<'_>, origin: bool) -> Result<Self, WireError> {
        Ok(Self { origin, version: reader.varint()?, age_millis: reader.varint()?, max_age_millis: reader.varint()? })
    }
}
