//! Which broadcasts a node knows: a window over the newest ones, a bit for each.

use crate::node::BroadcastId;

/// A sliding window of bits. What is older than the window counts as known.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// One past the newest broadcast heard of.
    horizon: u32,
    /// The bit of a broadcast is its number modulo the window's size. Allocated with the first broadcast.
    words: Box<[u64]>,
}

impl Known {
    /// Whether this broadcast is known. The greatest number has no place below a horizon, and counts as known always.
    pub(super) fn contains(&self, id: BroadcastId) -> bool {
        if id.0 >= self.horizon {
            return id.0 == u32::MAX;
        }
        let behind = u64::from(self.horizon - id.0);
        behind > self.size() || self.words[self.word(id.0)] & bit(id.0) != 0
    }

    /// Remembers a broadcast; true if it was new. The window has at least `size` places.
    pub(super) fn learn(&mut self, id: BroadcastId, size: u16) -> bool {
        if self.words.is_empty() {
            self.words = vec![0; usize::from(size).div_ceil(64).max(1)].into();
        }
        if self.contains(id) {
            return false;
        }
        if id.0 >= self.horizon {
            self.slide(id.0);
        }
        let word = self.word(id.0);
        self.words[word] |= bit(id.0);
        true
    }

    /// Bytes held on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    /// Moves the window's newer end past `id`; the broadcasts in between are not known yet.
    fn slide(&mut self, id: u32) {
        if u64::from(id - self.horizon) >= self.size() {
            self.words.fill(0);
        } else {
            for between in self.horizon..=id {
                let word = self.word(between);
                self.words[word] &= !bit(between);
            }
        }
        self.horizon = id + 1;
    }

    fn size(&self) -> u64 {
        self.words.len() as u64 * 64
    }

    fn word(&self, id: u32) -> usize {
        (u64::from(id) % self.size() / 64) as usize
    }
}

const fn bit(id: u32) -> u64 {
    1 << (id % 64)
}
