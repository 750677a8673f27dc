//! From the bytes of a stream to frames, however the bytes are cut up.
//!
//! The reader holds at most one incomplete head ([`HEAD_BYTES_MAX`] bytes); data of manifests and chunks are handed on as slices of the input, and
//! the payload of unknown frames is dropped. After a violation the reader is of no use any more.

use super::frame::{self, Frame, Kind};
use super::limits::{DATAGRAM_BYTES_MAX, FrameLimits, HEAD_BYTES_MAX};
use super::stream::CONTROL;
use super::violation::Violation;
use crate::base::{Reader, WireError};
use crate::testing::Breach;

/// The next thing that a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// The type of a one-way stream: its first integer.
    StreamKind(u64),
    /// The head of a frame. If it has data, they follow.
    Frame(Frame),
    /// The next bytes of the data of the last frame.
    Data {
        /// Some of them, at least one.
        bytes: &'a [u8],
        /// Whether they are the last.
        last: bool,
    },
}

/// Reads one direction of one stream.
#[derive(Clone, Debug)]
pub struct FrameReader {
    /// An incomplete head; empty, and without capacity, between frames.
    head: Vec<u8>,
    limits: FrameLimits,
    /// Bytes of data or payload that are still to come.
    left: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The type of the stream is due.
    Kind,
    /// A frame is due, or the data of one.
    Frames,
    /// What is left of the payload is dropped.
    Skipping,
    /// The whole stream is dropped.
    Dropping,
}

/// What bytes at hand amount to.
enum Parsed {
    /// Something whole, and how many bytes it took.
    Whole(Whole, usize),
    /// More bytes are needed: this many in all, or more.
    Needs(usize),
}

enum Whole {
    Kind(u64),
    Frame(Frame),
}

impl FrameReader {
    /// A reader for a stream of requests, which begins with a frame.
    pub const fn two_way(limits: FrameLimits) -> Self {
        Self { head: Vec::new(), limits, left: 0, state: State::Frames }
    }

    /// A reader for a one-way stream, which begins with its type.
    pub const fn one_way(limits: FrameLimits) -> Self {
        Self { head: Vec::new(), limits, left: 0, state: State::Kind }
    }

    /// Takes the next thing off the front of `input`; none if all of the input was used and more is needed.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Item<'a>>, Violation> {
        if !input.is_empty() && Breach::ReadWholePackets.is_on() {
            // What the last packet ended with is not looked at again.
            self.head = Vec::new();
        }
        loop {
            if self.state == State::Dropping {
                *input = &[];
                return Ok(None);
            }
            if self.left > 0 {
                if input.is_empty() {
                    return Ok(None);
                }
                let (bytes, rest) = input.split_at(input.len().min(self.left as usize));
                *input = rest;
                self.left -= bytes.len() as u32;
                if self.state == State::Frames {
                    return Ok(Some(Item::Data { bytes, last: self.left == 0 }));
                }
                continue;
            }
            if self.state == State::Skipping {
                self.state = State::Frames;
            }
            let at_hand: &[u8] = if self.head.is_empty() { input } else { self.head.as_slice() };
            match self.parse(at_hand)? {
                Parsed::Whole(whole, used) => {
                    if self.head.is_empty() {
                        *input = &input[used..];
                    } else {
                        debug_assert_eq!(used, self.head.len(), "no more is kept than was needed");
                        self.head = Vec::new();
                    }
                    if let Some(item) = self.begin(whole) {
                        return Ok(Some(item));
                    }
                }
                Parsed::Needs(bytes) => {
                    let missing = bytes - self.head.len();
                    let (more, rest) = input.split_at(missing.min(input.len()));
                    if more.is_empty() {
                        return Ok(None);
                    }
                    // Room for what came, not for what was promised.
                    self.head.reserve_exact(if Breach::HoldPromisedLength.is_on() { 2 * HEAD_BYTES_MAX as usize } else { more.len() });
                    self.head.extend_from_slice(more);
                    *input = rest;
                }
            }
        }
    }

    /// Turns what was parsed into what is told, if anything.
    fn begin(&mut self, whole: Whole) -> Option<Item<'static>> {
        match whole {
            Whole::Kind(kind) => {
                // Only a control stream has frames; what any other one says is not looked at (R-8-34).
                self.state = if kind == CONTROL { State::Frames } else { State::Dropping };
                Some(Item::StreamKind(kind))
            }
            Whole::Frame(frame) => {
                self.left = frame.data_bytes();
                if frame.kind().is_none() {
                    self.state = if Breach::StopAtUnknownFrame.is_on() { State::Dropping } else { State::Skipping };
                    return None;
                }
                Some(Item::Frame(frame))
            }
        }
    }

    fn parse(&self, bytes: &[u8]) -> Result<Parsed, Violation> {
        let Some(first) = bytes.first() else { return Ok(Parsed::Needs(1)) };
        let mut reader = Reader::new(bytes);
        if self.state == State::Kind {
            return match reader.varint() {
                Ok(kind) => Ok(Parsed::Whole(Whole::Kind(kind), bytes.len() - reader.remaining())),
                Err(WireError::Truncated) => Ok(Parsed::Needs(1 << (first >> 6))),
                Err(error) => Err(Violation::of_wire(error)),
            };
        }
        match frame::decode(&mut reader, &self.limits) {
            Ok(frame) => Ok(Parsed::Whole(Whole::Frame(frame), bytes.len() - reader.remaining())),
            Err(WireError::Truncated) => Ok(Parsed::Needs(needed(bytes).min(HEAD_BYTES_MAX as usize))),
            Err(error) => Err(Violation::of_wire(error)),
        }
    }

    /// The stream ended. It has to be between frames.
    pub const fn finish(&self) -> Result<(), Violation> {
        match self.state {
            State::Dropping => Ok(()),
            State::Frames | State::Skipping if self.left == 0 && self.head.is_empty() => Ok(()),
            _ => Err(Violation::RequestCut),
        }
    }

    /// Bytes on the heap, at most [`HEAD_BYTES_MAX`].
    pub const fn heap_bytes(&self) -> usize {
        self.head.capacity()
    }
}

/// How many bytes an incomplete head needs at least, always more than there are.
fn needed(bytes: &[u8]) -> usize {
    let mut reader = Reader::new(bytes);
    let more = bytes.len() + 1;
    let Ok(number) = reader.varint() else { return more };
    let header = bytes.len() - reader.remaining();
    match reader.varint() {
        Ok(length) if matches!(Kind::known(number), Some(Kind::Manifest | Kind::Chunk)) => {
            // The digest is always there; how long the integers after it are, they tell themselves.
            more.max(bytes.len() - reader.remaining() + length.min(33) as usize)
        }
        Ok(length) => more.max(bytes.len() - reader.remaining() + length as usize),
        Err(_) => more.max(header + 1),
    }
}

/// Reads the frames of a datagram: one or more, each whole, none with data, no more octets than a datagram may have (R-8-08).
pub fn datagram(bytes: &[u8]) -> Result<Vec<Frame>, Violation> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        return Err(Violation::Malformed);
    }
    let (mut reader, mut frames) = (Reader::new(bytes), Vec::new());
    while !reader.is_empty() {
        let frame = match frame::decode(&mut reader, &FrameLimits::default()) {
            Ok(frame) => frame,
            // The rest of it may come in another one.
            Err(WireError::Truncated) if Breach::SplitFrameOverDatagrams.is_on() => break,
            Err(error) => return Err(Violation::of_wire(error)),
        };
        match frame.kind() {
            None => {
                reader.take(frame.data_bytes() as usize).map_err(Violation::of_wire)?;
            }
            Some(Kind::Manifest | Kind::Chunk) => return Err(Violation::Unexpected),
            Some(_) => frames.push(frame),
        }
    }
    Ok(frames)
}
