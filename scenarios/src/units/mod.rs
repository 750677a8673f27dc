//! Numbers as people write them: each with its unit, each exact.
//!
//! Every unit keeps an integer, so that what is written is what is meant, and prints itself in a form that reads back as the same value.

mod bandwidth;
mod bytes;
mod count;
mod decimal;
mod duration;
mod range;
mod rate;
mod ratio;
#[cfg(test)]
mod tests;

pub use bandwidth::Bandwidth;
pub use bytes::Bytes;
pub(crate) use count::grouped;
pub use count::{Amount, Count, Seed};
pub use duration::Duration;
pub use range::{DelayRange, TimeRange};
pub use rate::{Rate, ShareRate};
pub use ratio::{Exponent, Factor, Ppm, Share};

use core::fmt::Display;

/// A value that is written as one scalar with its unit.
pub trait Unit: Sized + Display + Clone + PartialEq {
    /// What it is, in words that fit after "expected" (`a length of time`).
    const WHAT: &'static str;
    /// A value as it may be written.
    const EXAMPLE: &'static str;
    /// A regular expression (ECMA 262) of everything that may be written as text; for the JSON Schema.
    const PATTERN: &'static str;
    /// The type of JSON that a plain number has, if it is also right.
    const PLAIN_NUMBER: Option<&'static str> = None;
    /// A value to go on with after an error.
    const ZERO: Self;

    /// Reads it.
    fn parse(text: &str) -> Result<Self, UnitError>;
}

/// Why a text is not the value that it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// It starts with no number at all.
    NotANumber,
    /// It is a number without a unit. The text is the same number with a unit that may have been meant.
    NoUnit {
        /// The number with a unit.
        suggestion: String,
    },
    /// The unit is not one of those that fit.
    UnknownUnit {
        /// What was written.
        unit: String,
        /// What would fit.
        units: &'static [&'static str],
    },
    /// The value is too small or too large.
    OutOfRange {
        /// What holds.
        limit: String,
    },
    /// The value is finer than can be kept.
    TooFine {
        /// The finest that can be kept.
        step: &'static str,
    },
    /// A number with a leading zero, which some read as octal.
    Octal {
        /// The same digits as a decimal number.
        decimal: String,
    },
    /// A range whose end is not after its start.
    Backwards,
}
