//! The waking world: the same nodes on QUIC sockets.
//!
//! [`store`] is what a node keeps on its disk, [`pki`] its keys and certificates, [`quic`] its sockets and streams, [`fleet`] runs the nodes of a scenario in one process, and [`mod@bench`] measures what these
//! cost on this machine. The driver owns sockets, tasks, timers and TLS; every decision stays in [`hypermesh_core`].

#![forbid(unsafe_code)]

pub mod bench;
pub mod client;
pub mod daemon;
pub mod driver;
pub mod fleet;
pub mod heap;
pub mod pki;
pub mod quic;
pub mod store;
