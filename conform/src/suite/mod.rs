//! The conformance suite: for each requirement what is tried, against any implementation.
//!
//! ```text
//! cases/*.rs ──▶ Case ──▶ Tester ──▶ Port ──┬─▶ memory: a node in memory, tier 1
//!   what is tried         frames, streams,  ├─▶ simulated: a simulated network, tier 2
//!                         expectations      └─▶ quic: sockets, any address, tier 3
//!        campaign: cases x port ──▶ Record ──▶ report: matrix, PICS, JUnit, JSON
//!        zoo:      cases x breaches in memory ──▶ which case finds which breach
//! ```
//! Read [`case`] and [`tester`] first, then one file of [`cases`]. A case is named after the requirement that it judges; what runs to its end has passed.

pub mod campaign;
pub mod case;
pub mod cases;
pub mod memory;
pub mod needs;
pub mod octets;
pub mod port;
#[cfg(feature = "sockets")]
pub mod quic;
pub mod report;
#[cfg(feature = "simulated")]
pub mod simulated;
pub mod tester;
pub mod verdict;
#[cfg(feature = "zoo")]
pub mod zoo;

pub use campaign::{Campaign, Record};
pub use case::{Case, Need, Polarity, Run, Subject};
pub use port::{Pixit, Port};
pub use tester::Tester;
pub use verdict::{Miss, Outcome, Verdict, ensure};
