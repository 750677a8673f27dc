//! What sites send each other, as messages of the engine: flights of the QUIC model, or datagrams of real QUIC.

use crate::transport::Flight;
use hypermesh_core::base::{Fingerprint, Load, Mixer, Span};
use hypermesh_core::stoq::session::frame::Frame;
use std::ops::Range;
use std::sync::Arc;

/// What is said on a stream or in a datagram.
#[derive(Clone, Debug)]
pub enum Said {
    /// The type of a one-way stream.
    Kind(u64),
    /// The head of a frame.
    Frame(Frame),
    /// The data after a head: some bytes of a content.
    Body(Arc<[u8]>, Range<u32>),
}

/// What is on its way.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A flight of the QUIC model.
    Flight(Box<Flight<Said>>),
    /// A datagram of real QUIC.
    Datagram(Box<[u8]>),
}

impl Parcel {
    /// Whether its packets carry nothing but acknowledgements, as far as it can be seen: what real QUIC sends is encrypted.
    pub const fn only_acknowledges(&self) -> bool {
        if let Self::Flight(flight) = self { !flight.eliciting } else { false }
    }
}

impl Load for Parcel {
    fn load_bytes(&self) -> usize {
        match self {
            Self::Flight(flight) => flight.bytes as usize,
            Self::Datagram(bytes) => bytes.len(),
        }
    }

    fn datagrams(&self) -> u32 {
        match self {
            Self::Flight(flight) => flight.packets,
            Self::Datagram(_) => 1,
        }
    }

    fn carried(&mut self, lost: u64, spread: Span) {
        if let Self::Flight(flight) = self {
            (flight.lost, flight.spread) = (lost, spread.0);
        }
    }

    fn lost(&self) -> u64 {
        if let Self::Flight(flight) = self { flight.lost } else { 0 }
    }

    fn spread(&self) -> Span {
        Span(if let Self::Flight(flight) = self { flight.spread } else { 0 })
    }
}

impl Fingerprint for Parcel {
    fn fold(&self, mixer: Mixer) -> Mixer {
        let flight = match self {
            Self::Flight(flight) => flight,
            // The keys of TLS differ from run to run, and with them every byte; lengths do not.
            Self::Datagram(bytes) => return mixer.word(bytes.len() as u64),
        };
        let mixer = mixer
            .word(u64::from(flight.conn) << 32 | u64::from(flight.packets) << 8 | u64::from(flight.to_server))
            .word(flight.first)
            .word(flight.lost)
            .word(u64::from(flight.bytes) << 32 | (flight.acks.len() as u64) << 16 | flight.datagrams.len() as u64);
        let mixer = flight.acks.first().map_or(mixer, |ack| mixer.word(ack.first).word(ack.mask));
        flight.parts.iter().fold(mixer, |mixer, part| mixer.word(part.stream).word(part.start << 24 | u64::from(part.len)))
    }
}
