//! What the plan does to nodes, and who is up when: plain data, known before the run.

pub mod lives;
#[cfg(test)]
mod tests;

pub use lives::Lives;
