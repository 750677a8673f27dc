//! What can happen to a session and what it can ask for.

use super::agreed::Agreed;
use super::code::Code;
use super::frame::Frame;
use super::stream::StreamId;
use super::transcript::EXPORTER_BYTES;
use super::violation::Violation;
use crate::base::Span;

/// What can happen to a session: from the driver first, from the layer above after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Streams can be opened and written to, perhaps before the handshake is complete. If early data are rejected later, the driver begins anew
    /// with a new session.
    Begin,
    /// The handshake is complete. It comes before any frame that is not early data: a confirmation that comes first closes the connection.
    Keyed {
        /// The major version that ALPN chose.
        major: u8,
        /// Keying material exported under [`EXPORTER_LABEL`](super::transcript::EXPORTER_LABEL).
        exporter: [u8; EXPORTER_BYTES],
    },
    /// The peer opened a one-way stream and told its type.
    OneWay {
        /// Which.
        stream: StreamId,
        /// Its type.
        kind: u64,
    },
    /// The peer opened a stream of requests. It is read only after [`Effect::Read`].
    Request {
        /// Which.
        stream: StreamId,
        /// It came in early data, which the driver accepted.
        early: bool,
    },
    /// The head of a frame came.
    Frame {
        /// On which stream.
        stream: StreamId,
        /// What it says.
        frame: Frame,
    },
    /// A stream said something that is no frame, or ended inside one.
    Broken {
        /// Which.
        stream: StreamId,
        /// What is wrong.
        violation: Violation,
    },
    /// The peer's direction of a stream ended after a whole frame.
    End {
        /// Which.
        stream: StreamId,
    },
    /// The peer reset its direction of a stream.
    Reset {
        /// Which.
        stream: StreamId,
        /// The QUIC application error code.
        code: u64,
    },
    /// The peer wants no more of this side's direction of a stream.
    Stop {
        /// Which.
        stream: StreamId,
        /// The QUIC application error code.
        code: u64,
    },
    /// A frame came in a datagram.
    Datagram {
        /// What it says.
        frame: Frame,
    },
    /// A datagram holds something that is no frame.
    BrokenDatagram {
        /// What is wrong.
        violation: Violation,
    },
    /// Data of a stream moved, one way or the other.
    Progress {
        /// Which.
        stream: StreamId,
    },
    /// The connection is gone, for whatever reason.
    Gone,

    /// Begin an exchange. It is answered by [`Effect::OpenRequest`] or [`Notice::Refused`] with the same tag.
    Ask {
        /// GET_NAME, GET_ID, WANT, PUT or PURGE.
        frame: Frame,
        /// Anything.
        tag: u32,
        /// In early data: only what may be repeated, and only to a peer that is remembered.
        early: bool,
    },
    /// Go on with an exchange.
    Say {
        /// Which.
        stream: StreamId,
        /// What.
        frame: Frame,
    },
    /// This side's direction of an exchange is complete.
    Finish {
        /// Which.
        stream: StreamId,
    },
    /// Give an exchange up.
    Abort {
        /// Which.
        stream: StreamId,
        /// Why: a code of stream scope.
        code: Code,
    },
    /// Measure the round-trip time.
    Probe,
    /// Tell the peer a LOCATION or a ROUTE.
    Tell {
        /// What.
        frame: Frame,
    },
    /// Leave in good order.
    Leave,
    /// Close at once.
    Close {
        /// Why.
        code: Code,
    },
}

/// What a session asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open the control stream, write its type, and never end it. It has this number.
    OpenControl {
        /// The number.
        stream: StreamId,
    },
    /// Open a stream of requests. It has this number.
    OpenRequest {
        /// The number.
        stream: StreamId,
        /// That of the [`Input::Ask`].
        tag: u32,
    },
    /// Write the head of a frame. Its data, if any, are written after it by the driver.
    Write {
        /// Where.
        stream: StreamId,
        /// What.
        frame: Frame,
    },
    /// End this side's direction of a stream after what was written.
    Finish {
        /// Which.
        stream: StreamId,
    },
    /// Reset this side's direction of a stream.
    Reset {
        /// Which.
        stream: StreamId,
        /// Why.
        code: Code,
    },
    /// Ask the peer to stop its direction of a stream, and read no more of it.
    Stop {
        /// Which.
        stream: StreamId,
        /// Why.
        code: Code,
    },
    /// Read the frames of a stream of requests from now on.
    Read {
        /// Which.
        stream: StreamId,
    },
    /// Send a datagram.
    Datagram {
        /// What.
        frame: Frame,
    },
    /// Close the connection.
    Close {
        /// Why. [`Code::to_quic`] is what QUIC carries.
        code: Code,
    },
    /// Wake the session after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
    /// Something for the layer above.
    Up(Notice),
}

/// What the layer above is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Requests can be asked for: the settings of the peer are known. Answers come only after [`Notice::Open`].
    Ready,
    /// Both sides agree.
    Open(Agreed),
    /// A frame of an exchange. If it has data, they follow from the driver.
    Frame {
        /// Which exchange.
        stream: StreamId,
        /// What it says.
        frame: Frame,
    },
    /// The peer said all that it had to say; the exchange goes on.
    Ended {
        /// Which exchange.
        stream: StreamId,
    },
    /// An exchange is over.
    Over {
        /// Which.
        stream: StreamId,
        /// How: in good order, or why not.
        result: Result<(), Code>,
    },
    /// A request cannot be sent.
    Refused {
        /// That of the [`Input::Ask`].
        tag: u32,
        /// Why.
        code: Code,
    },
    /// The layer above said something that has no place; nothing was sent.
    Misused {
        /// On which exchange.
        stream: StreamId,
    },
    /// A LOCATION or a ROUTE of the peer.
    Heard {
        /// What it says.
        frame: Frame,
    },
    /// A probe was answered.
    Probed {
        /// The round-trip time.
        rtt: Span,
        /// Load of the peer in thousandths of what it can bear.
        load_permille: u16,
        /// For how long after its answer, at least, the peer tells of every purge.
        lease: Span,
    },
    /// The peer accepts no more requests.
    PeerLeaves,
    /// The connection is over.
    Closed {
        /// Why.
        code: Code,
        /// It was the peer, or the network.
        by_peer: bool,
    },
}

/// Why a session is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The two sides should agree by now.
    Agree,
    /// Exchanges should be over by now.
    Leave,
    /// Time to look for exchanges without progress.
    Sweep,
}
