//! Help for the tests of every crate: planted defects.

pub mod defect;

pub use defect::Defect;
