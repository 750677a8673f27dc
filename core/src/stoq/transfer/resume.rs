//! What is left of a transfer when it ends early: which bytes were taken.

use crate::base::wire::{VARINT_MAX, put_varint, varint_len};
use crate::base::{Reader, Wire, WireError};
use crate::stoq::chunk::ManifestId;
use core::ops::Range;
use std::collections::BTreeMap;

/// Ranges that a state has at most. A transfer has fewer: its gaps are what is planned, or delivered and not taken.
pub const RANGES_MAX: usize = 16_384;

/// A set of bytes as ranges that neither touch nor overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// End by start.
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds a range.
    pub fn insert(&mut self, range: Range<u64>) {
        let Range { mut start, mut end } = range;
        if start >= end {
            return;
        }
        while let Some((&before, &until)) = self.ends.range(..=end).next_back().filter(|(_, until)| **until >= start) {
            start = start.min(before);
            end = end.max(until);
            self.ends.remove(&before);
        }
        self.ends.insert(start, end);
    }

    /// Whether all of a range is in the set.
    pub fn covers(&self, range: &Range<u64>) -> bool {
        range.is_empty() || self.ends.range(..=range.start).next_back().is_some_and(|(_, until)| *until >= range.end)
    }

    /// What lies between the first and the last byte of a range that are not in the set; empty if all are.
    pub fn missing(&self, range: &Range<u64>) -> Range<u64> {
        let mut missing = range.clone();
        if let Some((_, until)) = self.ends.range(..=missing.start).next_back() {
            missing.start = missing.start.max(*until).min(missing.end);
        }
        if let Some((start, _)) = self.ends.range(..missing.end).next_back().filter(|(_, until)| **until >= missing.end) {
            missing.end = missing.end.min(*start).max(missing.start);
        }
        missing
    }

    /// The ranges, in order.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.ends.iter().map(|(start, end)| *start..*end)
    }

    /// Bytes in the set.
    pub fn bytes(&self) -> u64 {
        self.iter().map(|range| range.end - range.start).sum()
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What a transfer can be resumed from (R-10-07). Serialised it is 32 octets for the name, up to four integers, and up to two a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// The name of the top manifest.
    pub root: ManifestId,
    /// The version of the object, if it was asked for by name.
    pub version: u64,
    /// Which bytes are wanted.
    pub range: Range<u64>,
    /// Which of them were taken.
    pub done: Ranges,
}

impl Wire for Resume {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.root.0);
        self.numbers().for_each(|number| put_varint(out, number));
    }

    fn encoded_len(&self) -> usize {
        self.root.0.len() + self.numbers().map(varint_len).sum::<usize>()
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let root = ManifestId(reader.take(32)?.try_into().expect("take gives as many bytes as asked"));
        let version = reader.varint()?;
        let start = reader.varint()?;
        let range = start..start + reader.varint_max(VARINT_MAX - start, "the length of a range")?;
        let count = reader.varint_max(RANGES_MAX as u64, "the number of ranges")?;
        let (mut done, mut at) = (Ranges::default(), range.start);
        for nth in 0..count {
            let gap = reader.varint_max(range.end - at, "a gap")?;
            let len = reader.varint_max(range.end - at - gap, "a range")?;
            if len == 0 || (nth > 0 && gap == 0) {
                return Err(WireError::OutOfRange("a range"));
            }
            at += gap + len;
            done.ends.insert(at - len, at);
        }
        Ok(Self { root, version, range, done })
    }
}

impl Resume {
    /// The integers: version, start and length of the range, number of ranges, and the gap before and the length of each.
    fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        let head = [self.version, self.range.start, self.range.end - self.range.start, self.done.len() as u64];
        let each = self.done.iter().scan(self.range.start, |at, range| {
            let pair = [range.start - *at, range.end - range.start];
            *at = range.end;
            Some(pair)
        });
        head.into_iter().chain(each.flatten())
    }
}
