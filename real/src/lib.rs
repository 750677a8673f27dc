//! The waking world: the same nodes on QUIC sockets.
//!
//! This crate is a place held open. It will take the [`plan`](mod@hypermesh_scenarios::plan) that the simulator takes, start its nodes on `[::1]` with the
//! plan's latencies, loss and bandwidth put between them, and leave the same [`trace`](hypermesh_scenarios::trace), so that every expectation and report
//! works on both and the error of the simulation can be stated. Its driver will own sockets, tasks, timers and TLS; every decision stays in
//! [`hypermesh_core`]. The same driver will be the daemon that people deploy.
//!
//! Until then it has no items, on purpose: nothing of it can be called before it does what its name says.

#![forbid(unsafe_code)]
