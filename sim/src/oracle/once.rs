//! Each broadcast is handed to each life of an application at most once.

use hypermesh_core::node::BroadcastId;

/// What was handed to whom: a bit a node, for each broadcast that was delivered in this shard.
#[derive(Clone, Debug)]
pub struct Once {
    words: usize,
    handed: Vec<Vec<u64>>,
}

impl Once {
    /// Books for `nodes` nodes.
    pub const fn new(nodes: usize) -> Self {
        Self { words: nodes.div_ceil(64), handed: Vec::new() }
    }

    /// Writes a delivery down; false if it is not the first.
    pub fn first(&mut self, index: usize, id: BroadcastId) -> bool {
        let row = id.0 as usize;
        if row >= self.handed.len() {
            self.handed.resize(row + 1, Vec::new());
        }
        let bits = &mut self.handed[row];
        if bits.is_empty() {
            bits.resize(self.words, 0);
        }
        let (word, bit) = (index / 64, 1 << (index % 64));
        let first = bits[word] & bit == 0;
        bits[word] |= bit;
        first
    }

    /// A node begins a new life.
    pub fn forget(&mut self, index: usize) {
        for bits in self.handed.iter_mut().filter(|bits| !bits.is_empty()) {
            bits[index / 64] &= !(1 << (index % 64));
        }
    }
}
