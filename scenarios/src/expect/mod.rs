//! What is expected of a run: levels, and a small language over metrics.
//!
//! ```text
//! p99(broadcast.delivery) < 3s and not ratio(broadcast.redundant, broadcast.delivered) >= 200%
//! ```
//!
//! | piece | meaning |
//! |---|---|
//! | `250ms`, `1KiB`, `99.99%`, `3`, `5/s`, `1MiB/s` | a quantity; the unit stands right behind the number |
//! | `net.sent` | a counter's total, or the highest level of a gauge |
//! | `p0(m)` to `p100(m)`, `p99.9(m)` | a quantile of a histogram |
//! | `mean(m)`, `min(m)`, `max(m)` | of a histogram's values, or of a gauge over time |
//! | `count(m)`, `sum(m)` | how many values a histogram has, and their sum |
//! | `rate(m)` | a counter's total per second |
//! | `last(m)` | a gauge's level at the end |
//! | `ratio(a, b)` | one counter's total over another's |
//! | `coverage(broadcast)` | see [`Function::Coverage`] |
//! | `views_bounded` | alone: the invariant of that name was never broken (`broken.views_bounded == 0`) |
//! | `+ - * /`, parentheses | arithmetic; units have to agree |
//! | `< <= > >= == !=` | one comparison; a chain is written with `and` |
//! | `not`, `and`, `or` | in this order of strength |
//!
//! [`parse`] checks kinds and units and tells all it finds wrong at once, each with its place in the text. [`judge`] compares an expectation with
//! what a run recorded.

mod arithmetic;
mod check;
mod expr;
mod judge;
mod lexer;
mod parser;
mod quantity;
mod reading;
mod words;

#[cfg(test)]
mod tests;

pub use check::parse;
pub use expr::{Comparison, Expr, Function, Operator, Quantile, Value};
pub use judge::{fails, judge};
pub use parser::LONGEST;
pub use quantity::{Quantity, Unit};

use hypermesh_core::base::{Span, Time};

/// How much an expectation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Holds over the range, or the run has failed (exit code 10).
    Must,
    /// Ought to hold; a miss is a warning.
    Should,
    /// Holds in every time bin of the range, or safety is violated (exit code 11).
    Always,
    /// Holds in some time bin within a while after a moment.
    Eventually,
    /// Holds in some time bin: shows that the scenario reached the interesting state.
    Sometimes,
}

impl Level {
    /// The word in scenario files and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::Always => "always",
            Self::Eventually => "eventually",
            Self::Sometimes => "sometimes",
        }
    }
}

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// How much it matters.
    pub level: Level,
    /// What was written after `that:`.
    pub that: String,
    /// The same, parsed.
    pub expr: Expr,
    /// The range it looks at. A resolved plan always has one (from the warm-up to the stop where nothing was written); none is all that was recorded.
    pub during: Option<(Time, Time)>,
    /// For `eventually`: how long it may take from the start of the range.
    pub within: Option<Span>,
    /// Requirements that it is evidence for.
    pub covers: Vec<String>,
    /// Its line in the scenario file, from 1; 0 if it has none.
    pub line: u32,
}

/// Something wrong in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprError {
    /// First byte that it is about.
    pub start: usize,
    /// Byte after the last one.
    pub end: usize,
    /// What is wrong, as a sentence without its point.
    pub message: String,
    /// What was expected there, where that can be said.
    pub expected: Option<String>,
    /// Something to write instead.
    pub example: Option<String>,
    /// A name that was probably meant.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for ExprError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(name) = &self.suggestion {
            write!(f, "; did you mean `{name}`?")?;
        }
        match &self.example {
            Some(example) => write!(f, " (for example `{example}`)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ExprError {}
