//! The cutter: pieces of any size in, chunks out.

use super::{ChunkerId, Profile};

/// Cuts one object that arrives in pieces. The chunks do not depend on the pieces (R-9-03).
///
/// A chunk is decided once [`Profile::max`] bytes of it are there, since a cut may depend on all of them. What is there of the piece at hand is cut in
/// place; only what is left at its end is copied. Holds at most twice [`Profile::max`] bytes.
#[derive(Clone, Debug)]
pub struct Cutter {
    profile: Profile,
    /// The start of a chunk whose end is not decided. Shorter than the maximum between calls.
    held: Vec<u8>,
    /// Bytes given away in chunks.
    cut: u64,
}

impl Cutter {
    /// A cutter for one object.
    pub const fn new(profile: Profile) -> Self {
        Self { profile, held: Vec::new(), cut: 0 }
    }

    /// What to write in the manifest.
    pub const fn chunker(&self) -> ChunkerId {
        self.profile.chunker()
    }

    /// Takes the next bytes of the object and hands over the chunks that are decided, in order.
    pub fn push(&mut self, piece: &[u8], mut chunk: impl FnMut(&[u8])) {
        let max = self.profile.max();
        let carried = self.held.len();
        let mut start = 0;
        let mut taken = 0;
        // Chunks that begin among the held bytes.
        while start < carried {
            let wanted = max.saturating_sub(self.held.len() - start).min(piece.len() - taken);
            self.held.extend_from_slice(&piece[taken..taken + wanted]);
            taken += wanted;
            if self.held.len() - start < max {
                self.held.drain(..start);
                return;
            }
            let len = self.profile.cut(&self.held[start..start + max]);
            chunk(&self.held[start..start + len]);
            start += len;
            self.cut += len as u64;
        }
        // Chunks that begin in the piece: what was copied beyond the carried bytes is read from the piece again.
        let mut rest = &piece[start - carried..];
        self.held.clear();
        while rest.len() >= max {
            let (head, tail) = rest.split_at(self.profile.cut(rest));
            chunk(head);
            self.cut += head.len() as u64;
            rest = tail;
        }
        self.held.extend_from_slice(rest);
    }

    /// The object has no more bytes: hands over what is left, and returns the object's length. An empty object has no chunks (R-9-06).
    pub fn finish(self, mut chunk: impl FnMut(&[u8])) -> u64 {
        let mut rest = &self.held[..];
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(self.profile.cut(rest));
            chunk(head);
            rest = tail;
        }
        self.cut + self.held.len() as u64
    }
}
