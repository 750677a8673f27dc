//! The cutter: pieces of any size in, chunks out.

use super::{ChunkerId, Profile};
use crate::testing::Breach;

/// Cuts one object that arrives in pieces. The chunks do not depend on the pieces (R-9-03).
///
/// A cut that is found stands whatever follows; that there is none is certain only once [`Profile::max`] bytes are there. So the cutter looks when twice
/// the average is there, where nine chunks in ten end, and if in vain once more at the maximum: no byte is scanned more than twice, however small the
/// pieces. What is there of the piece at hand is cut in place; only what is left at its end is copied. Holds at most twice [`Profile::max`] bytes.
#[derive(Clone, Debug)]
pub struct Cutter {
    profile: Profile,
    /// The start of a chunk whose end is not decided. Shorter than the maximum between calls.
    held: Vec<u8>,
    /// How much of the chunk has to be there before the next look.
    enough: usize,
    /// Bytes given away in chunks.
    cut: u64,
}

impl Cutter {
    /// A cutter for one object.
    pub const fn new(profile: Profile) -> Self {
        Self { profile, held: Vec::new(), enough: 2 * profile.avg(), cut: 0 }
    }

    /// What to write in the manifest.
    pub const fn chunker(&self) -> ChunkerId {
        self.profile.chunker()
    }

    /// Takes the next bytes of the object and hands over the chunks that are decided, in order.
    pub fn push(&mut self, piece: &[u8], mut chunk: impl FnMut(&[u8])) {
        let carried = self.held.len();
        let mut start = 0;
        let mut taken = 0;
        // Chunks that begin among the held bytes.
        while start < carried {
            let there = self.held.len() - start;
            let more = self.enough.saturating_sub(there).min(piece.len() - taken);
            self.held.extend_from_slice(&piece[taken..taken + more]);
            taken += more;
            if there + more < self.enough {
                self.held.drain(..start);
                return;
            }
            let held = core::mem::take(&mut self.held);
            if let Some(len) = self.look(&held[start..]) {
                chunk(&held[start..start + len]);
                start += len;
            }
            self.held = held;
        }
        // Chunks that begin in the piece: what was copied beyond the carried bytes is read from the piece again.
        let mut rest = &piece[start - carried..];
        self.held.clear();
        while rest.len() >= self.enough {
            if let Some(len) = self.look(rest) {
                let (head, tail) = rest.split_at(len);
                chunk(head);
                rest = tail;
            }
        }
        while Breach::CutAtPieces.is_on() && rest.len() >= self.profile.min() {
            let (head, tail) = rest.split_at(self.profile.cut(rest));
            (self.cut, rest) = (self.cut + head.len() as u64, tail);
            chunk(head);
        }
        self.held.extend_from_slice(rest);
    }

    /// The object has no more bytes: hands over what is left, and returns the object's length. An empty object has no chunks (R-9-06).
    pub fn finish(self, mut chunk: impl FnMut(&[u8])) -> u64 {
        let mut rest = &self.held[..];
        while !rest.is_empty() {
            // Only a tail: an object that is as short as that itself stays whole.
            let is_tail = self.cut > 0 || rest.len() < self.held.len();
            if Breach::DropShortTail.is_on() && is_tail && rest.len() <= self.profile.min() {
                break;
            }
            let (head, tail) = rest.split_at(self.profile.cut(rest));
            chunk(head);
            rest = tail;
        }
        self.cut + self.held.len() as u64
    }

    /// The length of the chunk at the beginning of these bytes, or nothing if more bytes have to be there first.
    #[inline]
    fn look(&mut self, bytes: &[u8]) -> Option<usize> {
        let len = self.profile.cut(bytes);
        if len == bytes.len() && len < self.profile.max() {
            self.enough = self.profile.max();
            return None;
        }
        self.enough = 2 * self.profile.avg();
        self.cut += len as u64;
        Some(len)
    }
}
