//! What a node wrote of contents and QUIC has not taken yet, so that the node is told when it may read on.

use std::collections::{BTreeMap, VecDeque};

/// For each stream, where the contents that were written on it end, with their octets.
#[derive(Debug, Default)]
pub struct Unsent(BTreeMap<u64, VecDeque<(u64, u32)>>);

impl Unsent {
    /// None.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// `octets` of a content were written, which end at this offset of a stream.
    pub fn wrote(&mut self, stream: u64, end: u64, octets: u32) {
        self.0.entry(stream).or_default().push_back((end, octets));
    }

    /// QUIC took a stream up to here. The octets of the contents that it took wholly by that; none if it is 0.
    pub fn taken(&mut self, stream: u64, upto: u64) -> u32 {
        let Some(ends) = self.0.get_mut(&stream) else { return 0 };
        let mut octets = 0;
        while let Some((_, len)) = ends.front().copied().filter(|(end, _)| *end <= upto) {
            octets += len;
            ends.pop_front();
        }
        if ends.is_empty() {
            self.0.remove(&stream);
        }
        octets
    }

    /// Nothing more of a stream is sent.
    pub fn forget(&mut self, stream: u64) {
        self.0.remove(&stream);
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        self.0.len() * 96
    }
}
