//! Promises of failure detection.

mod alone;
mod cell;
mod view;
mod watcher;
mod wire;
