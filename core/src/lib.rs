//! What a node *is*: protocol logic without clocks, sockets, threads or operating system randomness.
//!
//! Read the crate in this order.
//!
//! 1. [`base`]: time, ids, seeded draws, geography, the wire, digests. Values, no behaviour.
//! 2. [`machine`]: the contract that every protocol component keeps.
//! 3. [`node`]: what a whole node looks like from outside, to the driver that runs it.
//! 4. [`stoq`]: layer 1, the transport of contents: chunks, manifests, caches, routing, certificates, sessions.
//! 5. [`hypermesh`]: layer 3, the mesh: membership, broadcast trees, failure detection, coordinates, gossip.
//! 6. [`testing`]: a small deterministic network, invariant checkers and named adversaries, for the tests of every crate.
//!
//! A driver (the simulator, or sockets) owns time, randomness and the wire. It hands a node what happened and carries out what the node asked for.

#![forbid(unsafe_code)]

pub mod base;
pub mod hypermesh;
pub mod machine;
pub mod node;
pub mod stoq;
pub mod testing;
