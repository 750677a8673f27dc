//! What waits to be written on a stream until QUIC takes it.

use bytes::Bytes;
use std::collections::VecDeque;

/// One direction of one stream.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    queue: VecDeque<Bytes>,
    /// Bytes written by the node.
    pub(super) written: u64,
    /// Bytes that QUIC took.
    pub(super) taken: u64,
    /// The stream ends after what is queued.
    pub(super) ends: bool,
}

impl Outbound {
    /// Queues bytes.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.written += bytes.len() as u64;
        self.queue.push_back(bytes);
    }

    /// Whether QUIC took all that was queued.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Hands to `write` what it takes. Whether everything was taken.
    pub(super) fn drain(&mut self, mut write: impl FnMut(&mut [Bytes]) -> Option<usize>) -> bool {
        while !self.queue.is_empty() {
            let Some(taken) = write(self.queue.make_contiguous()) else { return false };
            self.taken += taken as u64;
            // What was taken wholly is left empty in its place.
            while self.queue.front().is_some_and(Bytes::is_empty) {
                self.queue.pop_front();
            }
            if taken == 0 {
                return false;
            }
        }
        true
    }
}
