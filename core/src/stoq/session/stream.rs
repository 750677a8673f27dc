//! Streams: how they are numbered, what types there are, and which frames may travel on which.

use super::frame::Kind;

/// The number of a QUIC stream (RFC 9000, clause 2.1): bit 0 tells who opened it, bit 1 whether it is one-way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// Which end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// It connected.
    Client,
    /// It was connected to.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl StreamId {
    /// The `n`-th stream of requests that a side opens, counted from zero.
    pub const fn request(opener: Side, n: u64) -> Self {
        Self(n << 2 | opener as u64)
    }

    /// The `n`-th one-way stream that a side opens. The first one is its control stream.
    pub const fn one_way(opener: Side, n: u64) -> Self {
        Self(n << 2 | 2 | opener as u64)
    }

    /// Who opened it.
    pub const fn opener(self) -> Side {
        if self.0 & 1 == 0 { Side::Client } else { Side::Server }
    }

    /// Whether it is one-way.
    pub const fn is_one_way(self) -> bool {
        self.0 & 2 != 0
    }

    /// How many streams of its kind its side opened before it.
    pub const fn ordinal(self) -> u64 {
        self.0 >> 2
    }
}

/// The type of a control stream: the first integer on a one-way stream.
pub const CONTROL: u64 = 0x01;

/// Where a frame can travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the control stream.
    Control,
    /// On a stream of requests, from the side that opened it.
    Request,
    /// On a stream of requests, from the side that answers.
    Answer,
    /// In a datagram.
    Datagram,
}

/// Which frames may travel where: type, control stream, request, answer, datagram. Unknown types that are not critical may travel anywhere.
pub const PLACES: [(Kind, [bool; 4]); 19] = {
    const Y: bool = true;
    const N: bool = false;
    [
        (Kind::Settings, [Y, N, N, N]),
        (Kind::Ping, [N, N, N, Y]),
        (Kind::Confirm, [Y, N, N, N]),
        (Kind::Pong, [N, N, N, Y]),
        (Kind::GoAway, [Y, N, N, N]),
        (Kind::Location, [Y, N, N, Y]),
        (Kind::Route, [Y, N, N, Y]),
        (Kind::GetName, [N, Y, N, N]),
        (Kind::GetId, [N, Y, N, N]),
        (Kind::Want, [N, Y, Y, N]),
        (Kind::Have, [N, N, Y, N]),
        (Kind::Manifest, [N, Y, Y, N]),
        (Kind::Chunk, [N, Y, Y, N]),
        (Kind::Put, [N, Y, N, N]),
        (Kind::Ack, [N, N, Y, N]),
        (Kind::Purge, [N, Y, N, N]),
        (Kind::Purged, [N, N, Y, N]),
        (Kind::Cancel, [N, Y, N, N]),
        (Kind::Fail, [N, N, Y, N]),
    ]
};

/// Whether a frame may travel there.
pub fn may_travel(kind: Kind, place: Place) -> bool {
    PLACES.iter().any(|(row, places)| *row == kind && places[place as usize])
}
