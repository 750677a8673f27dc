//! What we *ask*: the scenario files that people write, checked and resolved to a [`plan::Plan`], and the shape of the answer, a [`trace::Trace`].
//!
//! A scenario becomes a plan, a plan becomes a world, a world leaves a trace. Simulated and real worlds share both ends, so every expectation and every
//! report works on either.

#![forbid(unsafe_code)]

pub mod catalog;
pub mod check;
pub mod expect;
pub mod load;
pub mod network;
pub mod plan;
pub mod problem;
pub mod read;
pub mod schema;
pub mod spec;
pub mod trace;
pub mod units;
