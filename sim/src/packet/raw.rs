//! One end of a real connection whose octets are somebody else's business: what is written goes out as it is, what comes is handed on as it came. A site has
//! [`Wire`], which speaks in frames; this is for whoever plays a peer by hand, or drives a node of its own.

use super::conn::Wire;
use super::end::{End, READ_MAX, id, varint};
use super::outbound::Outbound;
use bytes::Bytes;
use hypermesh_core::base::{Span, Time};
use quinn_proto::{ConnectionEvent, Dir, StreamEvent};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long a peer may take to acknowledge what was said last, before the connection is closed in good order. The same as on sockets.
const ACKNOWLEDGED_WITHIN: Span = Span::secs(1);
/// The longest that a peer may wait before it acknowledges (RFC 9000, clause 18.2).
const ACK_DELAY_MAX: Span = Span::millis(25);

/// What happened to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// The handshake is complete.
    Connected,
    /// There is something to read on a stream, perhaps its end; the other side opened it, if it was not heard of before.
    Readable(u64),
    /// QUIC took the octets of a stream up to here.
    Sent {
        /// The stream.
        stream: u64,
        /// The offset after the last one that was taken.
        upto: u64,
    },
    /// The other side wants no more of this side's direction of a stream.
    Stopped {
        /// The stream.
        stream: u64,
        /// The code that it gave.
        code: u64,
    },
    /// A datagram.
    Datagram(Bytes),
    /// It is over: with this code of the other side's application, or without one.
    Closed(Option<u64>),
}

/// What is read from a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Octets.
    Octets(Bytes),
    /// Its end.
    End,
    /// The other side gave its direction up, with this code.
    Reset(u64),
}

/// A connection that is to be closed in good order.
#[derive(Clone, Copy, Debug)]
enum Parting {
    /// As soon as all that was said last is acknowledged, and at this time at the latest.
    Heard(Time),
    /// At this time.
    At(Time),
}

/// What one end sent and got of that which QUIC does not repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unrepeated {
    /// Datagrams that were sent.
    pub datagrams_sent: u64,
    /// Datagrams that came.
    pub datagrams_came: u64,
    /// When this end ended the connection, if it did.
    pub closed: Option<Time>,
    /// Whether the word came with which the other end ended it.
    pub heard_end: bool,
}

/// One end of a connection of quinn-proto, and the octets of its streams.
#[derive(Debug)]
pub struct Raw {
    pub(super) end: End,
    /// Streams of this side that QUIC has not granted yet, in order, and the codes with which they are to be stopped and reset then.
    pending: VecDeque<u64>,
    early: BTreeMap<u64, (Option<u64>, Option<u64>)>,
    /// Streams that ended and that the other side has not acknowledged to the end.
    unheard: BTreeSet<u64>,
    /// A connection that is to be closed in good order, and the code with which.
    parting: Option<(Parting, u64)>,
    closed: Option<Time>,
}

impl From<Wire> for Raw {
    /// A connection with which nothing was done yet.
    fn from(wire: Wire) -> Self {
        Self { end: wire.end, pending: VecDeque::new(), early: BTreeMap::new(), unheard: BTreeSet::new(), parting: None, closed: None }
    }
}

impl Raw {
    /// Whether this end began it.
    pub const fn is_client(&self) -> bool {
        self.end.is_client
    }

    /// What it sent and got of that which is not sent again when it is lost.
    pub fn unrepeated(&self) -> Unrepeated {
        let stats = self.end.conn.stats();
        Unrepeated {
            datagrams_sent: stats.frame_tx.datagram,
            datagrams_came: stats.frame_rx.datagram,
            closed: self.closed,
            heard_end: stats.frame_rx.connection_close > 0,
        }
    }

    /// Lets the other side have this many requests open, and fill the window of an open session.
    pub fn grant(&mut self, requests: u64) {
        self.end.grant(Some(requests));
    }

    /// Opens a stream now, of one way or of both, if one is granted.
    pub fn open(&mut self, is_one_way: bool) -> Option<u64> {
        if self.end.conn.is_handshaking() || !self.pending.is_empty() {
            return None;
        }
        self.end.conn.streams().open(if is_one_way { Dir::Uni } else { Dir::Bi }).map(Into::into)
    }

    /// Opens this stream as soon as it is granted. Streams are opened in the order of their numbers.
    pub fn open_later(&mut self, stream: u64) {
        self.pending.push_back(stream);
    }

    /// Writes on a stream. The offset of the stream after it.
    pub fn write(&mut self, stream: u64, octets: Bytes) -> u64 {
        let out = self.end.outbound.entry(stream).or_default();
        if !octets.is_empty() {
            out.push(octets);
        }
        out.written
    }

    /// Ends this side's direction of a stream after what was written.
    pub fn finish(&mut self, stream: u64) {
        self.end.outbound.entry(stream).or_default().ends = true;
        self.unheard.insert(stream);
    }

    /// Ends this side's direction of a stream at once.
    pub fn reset(&mut self, stream: u64, code: u64) {
        self.end.outbound.remove(&stream);
        self.unheard.remove(&stream);
        if self.pending.contains(&stream) {
            self.early.entry(stream).or_default().1 = Some(code);
        } else {
            let _closed = self.end.conn.send_stream(id(stream)).reset(varint(code));
        }
    }

    /// Reads no more of the other side's direction of a stream.
    pub fn stop(&mut self, stream: u64, code: u64) {
        if self.pending.contains(&stream) {
            self.early.entry(stream).or_default().0 = Some(code);
        } else {
            let _closed = self.end.conn.recv_stream(id(stream)).stop(varint(code));
        }
    }

    /// Sends a datagram, once. Whether QUIC takes one of that length.
    pub fn datagram(&mut self, octets: Bytes) -> bool {
        self.end.conn.datagrams().send(octets, true).is_ok()
    }

    /// Ends the connection at once: what was not sent is lost.
    pub fn close(&mut self, code: u64, now: Time) {
        if self.end.close(code, now) {
            self.parting = None;
            self.closed = Some(now);
        }
    }

    /// Ends the connection without an error, once the other side has heard what was said before; see [`Raw::is_over`].
    pub fn part(&mut self, code: u64, now: Time) {
        if !self.end.is_over && self.parting.is_none() {
            self.parting = Some((Parting::Heard(now + ACKNOWLEDGED_WITHIN), code));
        }
    }

    /// Whether it is over for the application.
    pub const fn is_over(&self) -> bool {
        self.end.is_over
    }

    /// The endpoint has something for it.
    pub fn receive(&mut self, event: ConnectionEvent) {
        self.end.receive(event);
    }

    /// A deadline may be due.
    pub fn wake(&mut self, now: Time) {
        self.end.wake(now);
    }

    /// When [`Raw::wake`] or [`Raw::progress`] have something to do.
    pub fn deadline(&mut self) -> Option<Time> {
        let parting = self.parting.map(|(Parting::Heard(at) | Parting::At(at), _)| at);
        parting.into_iter().chain(self.end.deadline()).min()
    }

    /// The next datagram of UDP to send, if there is one.
    pub fn poll(&mut self, now: Time) -> Option<Box<[u8]>> {
        self.end.poll(now)
    }

    /// Opens and writes what can be, and tells what happened.
    pub fn progress(&mut self, now: Time, came: &mut Vec<Came>) {
        self.push_all(came);
        while let Some(event) = self.end.conn.poll() {
            match event {
                quinn_proto::Event::Connected => {
                    came.push(Came::Connected);
                    self.push_all(came);
                }
                quinn_proto::Event::ConnectionLost { reason } => self.lost(&reason, came),
                quinn_proto::Event::Stream(event) => self.on_stream(event, came),
                quinn_proto::Event::DatagramReceived => {
                    while let Some(octets) = self.end.conn.datagrams().recv() {
                        came.push(Came::Datagram(octets));
                    }
                }
                quinn_proto::Event::HandshakeDataReady | quinn_proto::Event::DatagramsUnblocked => {}
            }
        }
        self.go_on_parting(now);
    }

    fn go_on_parting(&mut self, now: Time) {
        match self.parting {
            Some((Parting::Heard(by), code))
                if now >= by || (self.unheard.is_empty() && self.end.outbound.values().all(Outbound::is_empty)) =>
            {
                // The control stream never ends, so nobody is told when the last of it is acknowledged: it gets the time in which a packet that is lost is
                // sent once more (RFC 9002, clause 6.2).
                let rtt = Span(self.end.conn.rtt().as_nanos() as u64);
                let more = Span(3 * rtt.0 + ACK_DELAY_MAX.0).min(ACKNOWLEDGED_WITHIN);
                self.parting = Some((Parting::At(now + more), code));
            }
            Some((Parting::At(at), code)) if now >= at => self.close(code, now),
            _ => {}
        }
    }

    fn lost(&mut self, reason: &quinn_proto::ConnectionError, came: &mut Vec<Came>) {
        came.extend(self.end.lost(reason).map(Came::Closed));
        self.parting = None;
    }

    fn on_stream(&mut self, event: StreamEvent, came: &mut Vec<Came>) {
        match event {
            StreamEvent::Opened { dir } => {
                while let Some(stream) = self.end.conn.streams().accept(dir) {
                    came.push(Came::Readable(stream.into()));
                }
            }
            StreamEvent::Readable { id } => came.push(Came::Readable(id.into())),
            StreamEvent::Writable { id } => self.push(id.into(), came),
            StreamEvent::Stopped { id, error_code } => {
                self.end.outbound.remove(&id.into());
                self.unheard.remove(&id.into());
                came.push(Came::Stopped { stream: id.into(), code: error_code.into_inner() });
            }
            StreamEvent::Available { .. } => self.push_all(came),
            StreamEvent::Finished { id } => drop(self.unheard.remove(&id.into())),
        }
    }

    fn push_all(&mut self, came: &mut Vec<Came>) {
        if self.end.conn.is_handshaking() || self.end.is_over {
            return;
        }
        while let Some(stream) = self.pending.front().copied() {
            let Some(opened) = self.end.conn.streams().open(id(stream).dir()) else { break };
            debug_assert_eq!(u64::from(opened), stream, "streams are opened in the order of their numbers");
            self.pending.pop_front();
            let (stop, reset) = self.early.remove(&stream).unwrap_or_default();
            stop.into_iter().for_each(|code| self.stop(stream, code));
            reset.into_iter().for_each(|code| self.reset(stream, code));
        }
        let streams: Vec<u64> = self.end.outbound.keys().copied().collect();
        streams.into_iter().for_each(|stream| self.push(stream, came));
    }

    /// Hands to QUIC what it takes of a stream.
    fn push(&mut self, stream: u64, came: &mut Vec<Came>) {
        if self.pending.contains(&stream) {
            return;
        }
        if let Some((_, upto)) = self.end.push(stream).filter(|(before, upto)| upto > before) {
            came.push(Came::Sent { stream, upto });
        }
    }

    /// Reads what there is of a stream.
    pub fn read(&mut self, stream: u64) -> Vec<Read> {
        let mut all = Vec::new();
        let mut recv = self.end.conn.recv_stream(id(stream));
        let Ok(mut chunks) = recv.read(true) else { return all };
        loop {
            match chunks.next(READ_MAX) {
                Ok(Some(chunk)) => all.push(Read::Octets(chunk.bytes)),
                Ok(None) => {
                    all.push(Read::End);
                    break;
                }
                Err(quinn_proto::ReadError::Reset(code)) => {
                    all.push(Read::Reset(code.into_inner()));
                    break;
                }
                Err(quinn_proto::ReadError::Blocked) => break,
            }
        }
        let _transmits = chunks.finalize();
        all
    }
}
