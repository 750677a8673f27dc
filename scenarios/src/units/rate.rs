//! How often things happen.

use super::decimal::{self, Decimal};
use super::{Share, Unit, UnitError};
use core::fmt;
use hypermesh_core::base::Span;

/// Events per time: `1/s`, `20_000/s`, `30/min`, `0.5/h`. Kept in millionths of an event per the written unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    millionths: u64,
    per: Per,
}

/// A share of the nodes per time: `0.5%/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShareRate {
    share: Share,
    per: Per,
}

/// A unit of time below the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Per {
    Second,
    Minute,
    Hour,
}

const PER_NAMES: &[&str] = &["/s", "/min", "/h"];
const SHARE_PER_NAMES: &[&str] = &["%/s", "%/min", "%/h"];

impl Per {
    const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Hour];

    const fn name(self) -> &'static str {
        match self {
            Self::Second => "/s",
            Self::Minute => "/min",
            Self::Hour => "/h",
        }
    }

    const fn secs(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|per| per.name() == name)
    }
}

impl Rate {
    /// Events a second.
    pub fn per_second(self) -> f64 {
        self.millionths as f64 / (1e6 * self.per.secs() as f64)
    }

    /// Mean time between two events, rounded down to whole nanoseconds; none for a rate of zero.
    pub fn interval(self) -> Option<Span> {
        let ns = u128::from(self.per.secs()) * 1_000_000_000_000_000;
        ns.checked_div(u128::from(self.millionths)).map(|ns| Span(u64::try_from(ns).unwrap_or(u64::MAX)))
    }
}

impl Unit for Rate {
    const WHAT: &'static str = "a number of events per time (/s, /min, /h)";
    const EXAMPLE: &'static str = "10/s";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?/(s|min|h)$";
    const ZERO: Self = Self { millionths: 0, per: Per::Second };

    fn parse(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = Decimal::split(text)?;
        if unit.is_empty() {
            return Err(UnitError::NoUnit { suggestion: format!("{}/s", text.trim()) });
        }
        let per = Per::named(unit).ok_or_else(|| UnitError::UnknownUnit { unit: unit.to_owned(), units: PER_NAMES })?;
        Ok(Self { millionths: number.times(1_000_000, "0.000001/s")?, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.millionths, 6)?;
        f.write_str(self.per.name())
    }
}

impl ShareRate {
    /// Share (0 to 1) a second.
    pub fn per_second(self) -> f64 {
        self.share.unit() / self.per.secs() as f64
    }
}

impl Unit for ShareRate {
    const WHAT: &'static str = "a share of the nodes per time (%/s, %/min, %/h)";
    const EXAMPLE: &'static str = "0.5%/s";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?%/(s|min|h)$";
    const ZERO: Self = Self { share: Share::ZERO, per: Per::Second };

    fn parse(text: &str) -> Result<Self, UnitError> {
        let (_, unit) = Decimal::split(text)?;
        if unit.is_empty() || unit == "%" {
            let number = text.trim().trim_end_matches('%').trim_end();
            return Err(UnitError::NoUnit { suggestion: format!("{number}%/s") });
        }
        let per = unit.strip_prefix('%').and_then(Per::named);
        let per = per.ok_or_else(|| UnitError::UnknownUnit { unit: unit.to_owned(), units: SHARE_PER_NAMES })?;
        let share = Share::parse(text.trim().trim_end_matches(per.name()))?;
        Ok(Self { share, per })
    }
}

impl fmt::Display for ShareRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.share, self.per.name())
    }
}
