//! What we *learnt*: the trace of a run becomes tables, tables become a report.
//!
//! - [`rundir`] keeps a run as a directory that is complete or absent, and finds runs again.
//! - [`run`] is a run as read back from its directory; everything below works on that, never on memory, so a page can be drawn anew at any time.
//! - [`plots`], [`html`] and [`markdown`] show one run, [`diff`] compares runs, [`mod@bench`] shows how cost grows with size, [`calibration`] how far the models are off.
//!
//! It is the only crate that knows polars and plotters. Every row of every table says in its `mode` column whether it was simulated, emulated or measured.

#![forbid(unsafe_code)]

pub mod bench;
pub mod calibration;
pub mod delivery;
pub mod diff;
pub mod dist;
pub mod html;
pub mod markdown;
pub mod numbers;
pub mod plots;
pub mod run;
pub mod rundir;
mod summary;
mod tables;
#[cfg(test)]
mod tests;

pub use run::Run;
pub use rundir::{Reproduce, WriteError, find, read, write};
