//! Help for the tests of every crate: planted defects, breaches of the standard, a small deterministic network, questions about its graph, and named adversaries.

pub mod breach;
pub mod defect;
pub mod graph;
pub mod net;
pub mod stoq;
pub mod store;
#[cfg(test)]
mod tests;
pub mod villain;

pub use breach::Breach;
pub use defect::Defect;
pub use graph::components;
pub use net::{Link, Net};
pub use villain::{Flooder, Liar, Replayer, Silent, Villain};
