//! The driver: one node of layer 1 on real sockets, disks and clocks. It keeps the contract of [`hypermesh_core::stoq::node`] and decides nothing.
//!
//! ```text
//!  quinn ─ a task per connection ─┬─ hear (a task per stream) ─▶ input ─▶ ┌─────────┐ ─▶ outboxes, opens, closes ─▶ quinn
//!                                 └─ datagrams ────────────────▶ input ─▶ │ machine │ ─▶ store threads ─▶ Done ─▶ input
//!  clock ─ one task for all deadlines ─────────────────────────▶ wake ──▶ └─────────┘ ─▶ told: applications
//!  door: certificates are judged before the machine hears of a connection, and again whenever the judgement could have changed
//! ```
//! One lock guards the machine. Whoever has something to say to it puts it into a queue and, if nobody is at the machine, takes the lock, lets it react to
//! all that waits, and carries its effects out in their order; none of them waits for anything. So inputs are ordered, a frame goes from its stream to the
//! machine without a change of task, and a thread that drives QUIC does not wait while another verifies a chunk (flat combining: Hendler et al. 2010).
//!
//! It lacks, on purpose: early data. Sessions of TLS are not resumed, so that every connection shows its certificates.

mod clock;
mod conn;
mod disk;
mod door;
mod farewell;
mod figures;
mod session;
mod shared;
mod stream;

pub use clock::Clock;
pub use disk::{Disk, Supply};
pub use door::Door;
pub use figures::Figures;
pub use session::session;
pub use shared::{Address, Driver, Held, Node, Setup, Watch};
