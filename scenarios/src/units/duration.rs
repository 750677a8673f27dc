//! Lengths of time.

use super::{Unit, UnitError, decimal};
use core::fmt;
use hypermesh_core::base::{Span, Time};

/// A length of time, or a moment counted from the start of the run: `250ms`, `1.5s`, `2min`. Kept in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub Span);

const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const NAMES: &[&str] = &["ns", "us", "ms", "s", "min", "h", "d"];

impl Duration {
    /// The same as a moment of the run.
    pub const fn time(self) -> Time {
        Time(self.0.0)
    }

    /// The same as a span.
    pub const fn span(self) -> Span {
        self.0
    }
}

impl Unit for Duration {
    const WHAT: &'static str = "a length of time with its unit (ns, us, ms, s, min, h, d)";
    const EXAMPLE: &'static str = "250ms";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?(ns|us|ms|s|min|h|d)$";
    const ZERO: Self = Self(Span::ZERO);

    fn parse(text: &str) -> Result<Self, UnitError> {
        decimal::with_unit(text, UNITS, NAMES, "s", "1ns").map(|ns| Self(Span(ns)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.0 {
            0 => f.write_str("0s"),
            // Seconds stay seconds up to two minutes: `90s` and `60s` read better beside `30s`.
            ns if ns < 120_000_000_000 => decimal::write_in_unit(f, ns, &UNITS[..4]),
            ns => decimal::write_in_unit(f, ns, &UNITS[..6]),
        }
    }
}
