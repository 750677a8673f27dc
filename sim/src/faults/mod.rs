//! What the plan does to nodes, and who is up when: plain data, known before the run.

pub mod lives;

pub use lives::Lives;
