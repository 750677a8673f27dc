//! The QUIC model of message mode: what a connection costs in time and bytes, without a single byte of QUIC.
//!
//! ```text
//!  write(stream, item) ─▶ Sending ─┐                                    ┌─▶ Receiving ─▶ item
//!                                  ├─ pacer, window ─▶ flight ─ wires ─▶┤
//!  datagram ───────────────────────┘        ▲                           └─▶ acknowledgement ─▶ rtt, window, losses
//! ```
//! The unit is the *flight*: the burst that a paced sender hands to its network card at once, ten packets or two milliseconds' worth. The wires delay a
//! flight as a whole, charge each of its packets, and lose packets one by one; what a lost packet carried is sent again when three later ones or a timer
//! tell of it. Handshake, slow start, CUBIC, pacing, loss detection and probes follow RFC 9000, 9002 and 9438 with the constants of quinn 0.11.12, since
//! packet mode runs that stack and the two are compared (`hypermesh calibrate`).
//!
//! It leaves out, on purpose: encryption (only its bytes), ECN, migration, and acknowledgements of single packets within a flight: a flight is
//! acknowledged when its last packet came.

pub mod config;
pub mod conn;
pub mod cubic;
pub mod flight;
pub mod pacer;
pub mod recovery;
pub mod rtt;
pub mod stream;
#[cfg(test)]
mod tests;

pub use config::Quic;
pub use conn::{Conn, Event, Phase};
pub use flight::{Flight, Item, PACKETS_MAX, Part, Step};
