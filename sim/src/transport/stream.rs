//! The two halves of a stream: what is to be sent, and what came. The end of a stream is counted as one byte more, as TCP does, so that it is lost,
//! repeated and acknowledged like any other.

use super::flight::{Item, Part};
use hypermesh_core::stoq::transfer::Ranges;
use std::collections::{BTreeMap, VecDeque};

/// What is to be sent on a stream.
#[derive(Clone, Debug)]
pub struct Sending<T> {
    /// Items that are not wholly acknowledged, with the offsets after their last bytes.
    items: VecDeque<(u64, Item<T>)>,
    /// Bytes written.
    written: u64,
    /// Bytes sent at least once.
    next: u64,
    /// Bytes acknowledged from the beginning on without a gap.
    prefix: u64,
    /// Acknowledged beyond that.
    acked: Ranges,
    /// To be sent again: ranges by start.
    lost: BTreeMap<u64, u64>,
    ended: bool,
}

impl<T> Default for Sending<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), written: 0, next: 0, prefix: 0, acked: Ranges::default(), lost: BTreeMap::new(), ended: false }
    }
}

impl<T: Clone> Sending<T> {
    /// Adds an item of so many bytes. Nothing follows [`Item::Fin`].
    pub fn write(&mut self, item: Item<T>, bytes: u32) {
        if self.ended {
            return;
        }
        self.ended = matches!(item, Item::Fin);
        self.written += u64::from(bytes.max(1));
        self.items.push_back((self.written, item));
    }

    /// Bytes written.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Bytes sent at least once.
    pub const fn sent(&self) -> u64 {
        self.next
    }

    /// Whether there is something to send now, under a window for what is under way.
    pub fn is_ready(&self, window: u64) -> bool {
        !self.lost.is_empty() || (self.next < self.written && self.next - self.prefix < window)
    }

    /// Whether everything, the end included, was acknowledged.
    pub const fn is_done(&self) -> bool {
        self.ended && self.prefix == self.written
    }

    /// The next piece, of at most `room` bytes.
    pub fn take(&mut self, stream: u64, room: u32, window: u64) -> Option<Part<T>> {
        let room = u64::from(room);
        let (start, len) = if let Some((start, end)) = self.lost.pop_first() {
            let len = (end - start).min(room);
            if start + len < end {
                self.lost.insert(start + len, end);
            }
            (start, len)
        } else {
            let len = (self.written - self.next).min(room).min((self.prefix + window).saturating_sub(self.next));
            self.next += len;
            (self.next - len, len)
        };
        (len > 0).then(|| Part { stream, start, len: len as u32, items: self.inside(start, start + len) })
    }

    /// The items that end after `start` and not after `end`.
    fn inside(&self, start: u64, end: u64) -> Vec<(u64, Item<T>)> {
        let from = self.items.partition_point(|(at, _)| *at <= start);
        self.items.iter().skip(from).take_while(|(at, _)| *at <= end).cloned().collect()
    }

    /// A piece was acknowledged.
    pub fn acknowledged(&mut self, start: u64, end: u64) {
        if start <= self.prefix {
            self.prefix = self.prefix.max(end);
        } else {
            self.acked.insert(start..end);
        }
        if !self.acked.is_empty() {
            self.prefix = self.acked.missing(&(self.prefix..self.written + 1)).start;
            if self.acked.covers(&(0..self.prefix)) || self.acked.iter().all(|range| range.end <= self.prefix) {
                self.acked = Ranges::default();
            }
        }
        while self.items.front().is_some_and(|(at, _)| *at <= self.prefix) {
            self.items.pop_front();
        }
    }

    /// A piece was lost: what of it is not acknowledged otherwise is sent again.
    pub fn lost(&mut self, start: u64, end: u64) {
        let start = start.max(self.prefix);
        if start < end && !self.acked.covers(&(start..end)) {
            self.lost.insert(start, end);
        }
    }
}

/// What came of a stream.
#[derive(Clone, Debug)]
pub struct Receiving<T> {
    /// Bytes that came from the beginning on without a gap.
    next: u64,
    /// What came beyond.
    ahead: Ranges,
    /// Items that wait for what is missing before them, by the offsets after their last bytes.
    waiting: BTreeMap<u64, Item<T>>,
    /// Its end was handed on.
    ended: bool,
}

impl<T> Default for Receiving<T> {
    fn default() -> Self {
        Self { next: 0, ahead: Ranges::default(), waiting: BTreeMap::new(), ended: false }
    }
}

impl<T> Receiving<T> {
    /// Takes a piece in, and hands on what is complete. Tells whether anything new came without a gap before it.
    pub fn take(&mut self, part: Part<T>, mut hand: impl FnMut(Item<T>)) -> bool {
        let (start, end, before) = (part.start, part.start + u64::from(part.len), self.next);
        for (at, item) in part.items {
            if at > self.next {
                self.waiting.entry(at).or_insert(item);
            }
        }
        if start <= self.next {
            self.next = self.next.max(end);
        } else {
            self.ahead.insert(start..end);
        }
        if !self.ahead.is_empty() {
            let last = self.ahead.iter().map(|range| range.end).max().unwrap_or(0);
            self.next = self.ahead.missing(&(self.next..last.max(self.next) + 1)).start;
            if last <= self.next {
                self.ahead = Ranges::default();
            }
        }
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= self.next) {
            let item = entry.remove();
            self.ended |= matches!(item, Item::Fin);
            hand(item);
        }
        self.next > before
    }

    /// Whether all came.
    pub const fn is_done(&self) -> bool {
        self.ended
    }
}
