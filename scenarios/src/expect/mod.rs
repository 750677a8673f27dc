//! What is expected of a run: levels, and a small language over metrics.

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

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// How much it matters.
    pub level: Level,
    /// What was written after `that:`.
    pub that: String,
    /// The same, parsed.
    pub expr: Expr,
    /// The range it looks at; none is from the warm-up to the stop.
    pub during: Option<(Time, Time)>,
    /// For `eventually`: how long it may take from the start of the range.
    pub within: Option<Span>,
    /// Requirements that it is evidence for.
    pub covers: Vec<String>,
    /// Its line in the scenario file, from 1; 0 if it has none.
    pub line: u32,
}

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {}
