//! Packet mode: real QUIC on simulated wires. Each site has an endpoint of quinn-proto, the same state machine that quinn drives over sockets; time comes
//! from the engine, datagrams travel as its messages, one event each.
//!
//! ```text
//!  write(stream, said) ─▶ bytes ─▶ quinn-proto ─▶ datagrams ─ wires ─▶ quinn-proto ─▶ bytes ─▶ FrameReader ─▶ said
//! ```
//! What is random in it comes from the run's seed, but for the keys of TLS: those differ from run to run, and with them every byte, but no length and no
//! time, so the digest of a run counts lengths and times only. It is what message mode is measured against (`hypermesh calibrate`).

mod conn;
mod end;
mod inbound;
mod outbound;
mod raw;
mod stack;
#[cfg(test)]
mod tests;
mod unsent;

pub use conn::Wire;
pub use raw::{Came, Raw, Read, Unrepeated};
pub use stack::{Arrived, Credentials, Stack};
pub use unsent::Unsent;
