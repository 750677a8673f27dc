//! Where it runs in dream: a plan becomes a world, a world leaves a trace.

pub mod api;

pub use api::{Error, Estimate, Host, Options, Progress, Silent, Watch};
