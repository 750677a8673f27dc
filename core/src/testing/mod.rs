//! Help for the tests of every crate: planted defects, a small deterministic network, questions about its graph, and named adversaries.

pub mod defect;
pub mod graph;
pub mod net;
pub mod stoq;
pub mod store;
#[cfg(test)]
mod tests;
pub mod villain;

pub use defect::Defect;
pub use graph::components;
pub use net::{Link, Net};
pub use villain::{Flooder, Liar, Replayer, Silent, Villain};
