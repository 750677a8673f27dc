//! Which broadcasts a node knows: a window over the newest ones, a bit for each.

use crate::node::BroadcastId;

/// A sliding window of bits. What is older than the window counts as known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// One past the newest broadcast heard of.
    horizon: u32,
    /// The bit of a broadcast is its number modulo the window's size. The first 64 lie here: most windows need no more, and every announcement asks.
    first: u64,
    /// The rest; allocated with the first broadcast.
    rest: Box<[u64]>,
}

impl Known {
    /// Whether this broadcast is known. The greatest number has no place below a horizon, and counts as known always.
    #[inline]
    pub(super) fn contains(&self, id: BroadcastId) -> bool {
        if id.0 >= self.horizon {
            return id.0 == u32::MAX;
        }
        let behind = u64::from(self.horizon - id.0);
        behind > self.size() || self.word(id.0) & bit(id.0) != 0
    }

    /// Remembers a broadcast; true if it was new. The window has at least `size` places.
    pub(super) fn learn(&mut self, id: BroadcastId, size: u16) -> bool {
        if self.horizon == 0 {
            self.rest = vec![0; usize::from(size.saturating_sub(1) / 64)].into();
        }
        if self.contains(id) {
            return false;
        }
        if id.0 >= self.horizon {
            self.slide(id.0);
        }
        *self.word_mut(id.0) |= bit(id.0);
        true
    }

    /// Bytes held on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.rest)
    }

    /// Moves the window's newer end past `id`; the broadcasts in between are not known yet.
    fn slide(&mut self, id: u32) {
        if u64::from(id - self.horizon) >= self.size() {
            self.first = 0;
            self.rest.fill(0);
        } else {
            (self.horizon..=id).for_each(|between| *self.word_mut(between) &= !bit(between));
        }
        self.horizon = id + 1;
    }

    fn size(&self) -> u64 {
        (self.rest.len() as u64 + 1) * 64
    }

    fn word(&self, id: u32) -> u64 {
        if self.rest.is_empty() {
            return self.first;
        }
        match self.place(id) {
            0 => self.first,
            place => self.rest[place - 1],
        }
    }

    fn word_mut(&mut self, id: u32) -> &mut u64 {
        match self.place(id) {
            0 => &mut self.first,
            place => &mut self.rest[place - 1],
        }
    }

    fn place(&self, id: u32) -> usize {
        (u64::from(id) % self.size() / 64) as usize
    }
}

const fn bit(id: u32) -> u64 {
    1 << (id % 64)
}
