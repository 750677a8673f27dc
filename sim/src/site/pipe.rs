//! What carries the streams of a connection: the QUIC model of message mode, or real QUIC in packet mode.

use super::parcel::{Parcel, Said};
use crate::packet::Wire;
use crate::transport::{Conn, Event, Phase};
use hypermesh_core::base::Time;
use hypermesh_core::base::Wire as _;

/// One end of a connection.
#[derive(Debug)]
pub enum Pipe {
    /// The model.
    Model(Box<Conn<Said>>),
    /// quinn-proto.
    Real(Box<Wire>),
}

impl Pipe {
    /// Whether this end began it.
    pub fn is_client(&self) -> bool {
        match self {
            Self::Model(conn) => conn.is_client(),
            Self::Real(wire) => wire.is_client(),
        }
    }

    /// Gives the peer what it may have once the session is open. The model grants everything from the start. Whether there is something to tell the peer.
    pub fn grant_all(&mut self) -> bool {
        let Self::Real(wire) = self else { return false };
        wire.grant_all();
        true
    }

    /// Writes on a stream. The offset of the stream after it.
    pub fn write(&mut self, stream: u64, said: Said) -> u64 {
        match self {
            Self::Model(conn) => {
                let bytes = said.wire_len();
                conn.write(stream, said, bytes)
            }
            Self::Real(wire) => wire.write(stream, said),
        }
    }

    /// Ends this side's direction of a stream after what was written.
    pub fn finish(&mut self, stream: u64) {
        match self {
            Self::Model(conn) => conn.finish(stream),
            Self::Real(wire) => wire.finish(stream),
        }
    }

    /// Ends this side's direction of a stream at once.
    pub fn reset(&mut self, stream: u64, code: u64) {
        match self {
            Self::Model(conn) => conn.reset(stream, code),
            Self::Real(wire) => wire.reset(stream, code),
        }
    }

    /// Reads no more of the other side's direction of a stream.
    pub fn stop(&mut self, stream: u64, code: u64) {
        match self {
            Self::Model(conn) => conn.stop(stream, code),
            Self::Real(wire) => wire.stop(stream, code),
        }
    }

    /// Sends a datagram, once.
    pub fn datagram(&mut self, said: Said) {
        match self {
            Self::Model(conn) => {
                let bytes = said.wire_len();
                conn.datagram(said, bytes);
            }
            Self::Real(wire) => wire.datagram(&said),
        }
    }

    /// Ends the connection.
    pub fn close(&mut self, code: u64, now: Time, events: &mut Vec<Event<Said>>) {
        match self {
            Self::Model(conn) => conn.close(code),
            Self::Real(wire) => wire.close(code, now, events),
        }
    }

    /// A deadline may be due, or something was written.
    pub fn wake(&mut self, now: Time, events: &mut Vec<Event<Said>>) {
        match self {
            Self::Model(conn) => conn.wake(now, events),
            Self::Real(wire) => {
                wire.wake(now);
                wire.progress(events);
            }
        }
    }

    /// The next thing to send, if there is one.
    pub fn poll(&mut self, now: Time, events: &mut Vec<Event<Said>>) -> Option<Parcel> {
        match self {
            Self::Model(conn) => conn.poll(now, events).map(|flight| Parcel::Flight(Box::new(flight))),
            Self::Real(wire) => wire.poll(now).map(Parcel::Datagram),
        }
    }

    /// When [`Pipe::wake`] has something to do.
    pub fn deadline(&mut self) -> Option<Time> {
        match self {
            Self::Model(conn) => conn.deadline(),
            Self::Real(wire) => wire.deadline(),
        }
    }

    /// Whether nothing is left to do for it, not even a last word.
    pub fn is_drained(&self) -> bool {
        match self {
            Self::Model(conn) => conn.phase() == Phase::Closed,
            Self::Real(wire) => wire.is_drained(),
        }
    }

    /// Packets that were held for lost so far.
    pub fn lost_packets(&self) -> u32 {
        match self {
            Self::Model(conn) => conn.lost_packets(),
            Self::Real(wire) => wire.lost_packets(),
        }
    }

    /// Bytes of the application that were sent for the first time, and bytes of streams that were sent again, so far.
    pub fn carried(&self) -> (u64, u64) {
        match self {
            Self::Model(conn) => conn.carried(),
            Self::Real(wire) => wire.carried(),
        }
    }

    /// Bytes on the heap, roughly.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Model(conn) => size_of::<Conn<Said>>() + conn.heap_bytes(),
            Self::Real(wire) => size_of::<Wire>() + wire.heap_bytes(),
        }
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Model(conn) => conn.check(),
            Self::Real(_) => Ok(()),
        }
    }
}

impl Said {
    /// Bytes on the wire.
    pub(super) fn wire_len(&self) -> u32 {
        match self {
            Self::Kind(kind) => hypermesh_core::base::wire::varint_len(*kind) as u32,
            Self::Frame(frame) => frame.encoded_len() as u32,
            Self::Body(_, range) => range.end - range.start,
        }
    }
}
