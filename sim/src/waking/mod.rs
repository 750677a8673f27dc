//! What a fleet on real sockets shares with the simulated world, so that both are the same experiment: who is there and who is above whom ([`Cast`]), the
//! rules of the wires with what they have to remember ([`Lines`]), and the log that makes the same trace ([`Log`]).
//!
//! ```text
//!  Plan ─▶ Cast ─▶ nodes on sockets ─ datagrams ─▶ Lines ─ notes ─▶ Log ─▶ Trace
//!                        └───────────── facts ────────────────────────┘
//! ```
//! Nothing here opens a socket or reads a clock: whoever does tells the time in nanoseconds since the beginning of the run.

mod cast;
mod lines;
mod log;
#[cfg(test)]
mod tests;

pub use cast::{Actor, Cast};
pub use lines::{Lines, Sending};
pub use log::{Log, Note, Reporter};
