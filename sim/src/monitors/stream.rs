//! A stream of requests as it is watched.

use hypermesh_core::base::Time;
use hypermesh_core::base::digest::mix;
use hypermesh_core::stoq::session::StreamId;
use hypermesh_core::stoq::session::frame::{ContentId, Frame, Name};

/// A stream of requests that has not ended in both directions.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its number.
    pub id: StreamId,
    /// What was asked on it.
    pub asked: Asked,
    /// When that was.
    pub since: Time,
    /// When something last moved on it.
    pub moved: Time,
    /// Contents that were sent in answer.
    pub sent: u16,
    /// The answer has begun: a MANIFEST, a HAVE or whatever comes first.
    pub begun: bool,
    /// This side's direction has ended.
    pub we_ended: bool,
    /// The peer's direction has ended, or is not read any more.
    pub they_ended: bool,
    /// This side has reset its direction.
    pub was_reset: bool,
    /// The peer has given the exchange up: a reset of this side answers that, with the code that came (RFC 9000, clause 3.5).
    pub was_given_up: bool,
}

/// What a request asks for, as far as monitors need it.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Nothing yet.
    Nothing,
    /// What a name leads to.
    Name {
        /// The name.
        name: u64,
        /// The version that is known.
        known: Option<u64>,
        /// The manifest alone.
        only: bool,
    },
    /// A content, or a part of it.
    Id {
        /// Which.
        id: ContentId,
        /// All of it.
        is_whole: bool,
    },
    /// Which of so many contents are there.
    Want {
        /// How many.
        count: u16,
    },
    /// To store an object.
    Put {
        /// Its name.
        name: Name,
        /// Its version.
        version: u64,
        /// Contents that the other side wants of it.
        wanted: u32,
        /// The version may not be stored, by what was known when it came.
        is_old: bool,
    },
    /// To forbid versions.
    Purge {
        /// The name.
        name: u64,
        /// Up to this one; zero tells of a doubt.
        upto: u64,
    },
}

/// What names are known by: a number instead of a text.
pub fn key(name: &Name) -> u64 {
    name.as_str().as_bytes().chunks(8).fold(0x6E61_6D65, |key, part| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        mix(key ^ u64::from_le_bytes(word))
    })
}

impl Asked {
    /// What a request asks for; nothing if the frame is no request.
    pub fn of(frame: &Frame) -> Self {
        match frame {
            Frame::GetName(ask) => Self::Name { name: key(&ask.name), known: ask.known, only: ask.manifest_only },
            Frame::GetId(ask) => Self::Id { id: ask.id, is_whole: ask.range.is_none() },
            Frame::Want(want) => Self::Want { count: want.ids.len() as u16 },
            Frame::Put(put) => Self::Put { name: put.name.clone(), version: put.version, wanted: 0, is_old: false },
            Frame::Purge(purge) => Self::Purge { name: key(&purge.name), upto: purge.version },
            _ => Self::Nothing,
        }
    }
}

impl Stream {
    /// A stream on which nothing was said yet.
    pub const fn new(id: StreamId, now: Time) -> Self {
        Self {
            id,
            asked: Asked::Nothing,
            since: now,
            moved: now,
            sent: 0,
            begun: false,
            we_ended: false,
            they_ended: false,
            was_reset: false,
            was_given_up: false,
        }
    }
}
