//! What we *ask*: the scenario files that people write, checked and resolved to a [`plan::Plan`], and the shape of the answer, a [`trace::Trace`].
//!
//! A scenario becomes a plan, a plan becomes a world, a world leaves a trace. Simulated and real worlds share both ends, so every expectation and every
//! report works on either.
//!
//! | module | what it is |
//! |---|---|
//! | [`units`] | numbers as people write them: `250ms`, `1KiB`, `0.5%/s` |
//! | [`spec`] | the sections of a scenario, format version 1 |
//! | [`mod@read`] | from text to these sections, every value with its place |
//! | [`mod@load`] | layers, overrides, and all checks ([`mod@check`]) at once |
//! | [`problem`] | what is wrong, where, and what to write instead |
//! | [`expect`] | the language of expectations |
//! | [`resolve`] | from a scenario to a [`mod@plan`] |
//! | [`network`] | places of the world and how long a datagram takes between two of them |
//! | [`catalog`] | the metrics that a run can record |
//! | [`mod@schema`] | the format as JSON Schema |

#![forbid(unsafe_code)]

pub mod catalog;
pub mod check;
pub mod expect;
pub mod load;
pub mod network;
pub mod plan;
pub mod problem;
pub mod read;
pub mod resolve;
pub mod schema;
pub mod spec;
pub mod trace;
pub mod units;

pub use load::{Loaded, Overrides, load, load_text};
pub use problem::{Problem, Report, Severity, explain};
pub use resolve::{plan, plan_and_warnings};
pub use schema::schema;
