//! Ranges.

use super::{Duration, Unit, UnitError};
use core::fmt;

/// A part of the run, from its first to its last moment: `30s..60s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// Where it starts.
    pub from: Duration,
    /// Where it ends; after the start.
    pub until: Duration,
}

/// A range of delays, or one delay: `1ms..10ms`, `5ms`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DelayRange {
    /// The shortest.
    pub min: Duration,
    /// The longest; not below the shortest.
    pub max: Duration,
}

impl Unit for TimeRange {
    const WHAT: &'static str = "a range of time";
    const EXAMPLE: &'static str = "30s..60s";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?(ns|us|ms|s|min|h|d) ?\.\. ?\d[\d_]*(\.\d+)? ?(ns|us|ms|s|min|h|d)$";
    const ZERO: Self = Self { from: Duration::ZERO, until: Duration::ZERO };

    fn parse(text: &str) -> Result<Self, UnitError> {
        let (from, until) = text.split_once("..").ok_or(UnitError::NotANumber)?;
        let range = Self { from: Duration::parse(from)?, until: Duration::parse(until)? };
        if range.from < range.until { Ok(range) } else { Err(UnitError::Backwards) }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

impl Unit for DelayRange {
    const WHAT: &'static str = "a delay or a range of delays";
    const EXAMPLE: &'static str = "1ms..10ms";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?(ns|us|ms|s|min|h|d)( ?\.\. ?\d[\d_]*(\.\d+)? ?(ns|us|ms|s|min|h|d))?$";
    const ZERO: Self = Self { min: Duration::ZERO, max: Duration::ZERO };

    fn parse(text: &str) -> Result<Self, UnitError> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let range = Self { min: Duration::parse(min)?, max: Duration::parse(max)? };
        if range.min <= range.max { Ok(range) } else { Err(UnitError::Backwards) }
    }
}

impl fmt::Display for DelayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max { self.min.fmt(f) } else { write!(f, "{}..{}", self.min, self.max) }
    }
}
