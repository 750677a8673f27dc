//! The promises of this crate, from a trace made by hand to what people read. One program, since linking the table library takes longer than the tests.

mod calibration;
mod common;
mod compare;
mod delivery;
mod page;
mod run_directory;
mod scale;
mod tables;
