//! The waking world: the same nodes on QUIC sockets.
//!
//! [`store`] is here: what a node keeps on its disk. The driver is not yet. It will take the [`plan`](mod@hypermesh_scenarios::plan) that the simulator
//! takes, start its nodes on `[::1]` with the plan's latencies, loss and bandwidth put between them, and leave the same
//! [`trace`](hypermesh_scenarios::trace), so that every expectation and report works on both and the error of the simulation can be stated. It will own
//! sockets, tasks, timers and TLS; every decision stays in [`hypermesh_core`]. The same driver will be the daemon that people deploy.

#![forbid(unsafe_code)]

pub mod store;
