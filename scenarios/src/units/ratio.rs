//! Shares of a whole, factors and parts per million.

use super::decimal::Decimal;
use super::{Unit, UnitError, decimal};
use core::fmt;

/// A share of a whole, `0%` to `100%`: a probability, a part of the nodes. Kept in parts per billion, so `0.0000001%` is the finest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

impl Share {
    /// All of it.
    pub const ALL: Self = Self(1_000_000_000);

    /// Parts per billion.
    pub const fn ppb(self) -> u32 {
        self.0
    }

    /// From 0 to 1.
    pub fn unit(self) -> f64 {
        f64::from(self.0) / 1e9
    }

    /// That share of `whole`, rounded to the nearest, half up.
    pub const fn of(self, whole: u64) -> u64 {
        ((whole as u128 * self.0 as u128 + 500_000_000) / 1_000_000_000) as u64
    }
}

impl Unit for Share {
    const WHAT: &'static str = "a share from 0% to 100%";
    const EXAMPLE: &'static str = "1%";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?%$";
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        let ppb = decimal::with_unit(text, &[("%", 10_000_000)], &["%"], "%", "0.0000001%")?;
        match u32::try_from(ppb) {
            Ok(ppb) if ppb <= Self::ALL.0 => Ok(Self(ppb)),
            _ => Err(UnitError::OutOfRange { limit: "at most 100%".to_owned() }),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, u64::from(self.0), 7)?;
        f.write_str("%")
    }
}

/// A factor: `3x`. Kept in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(u64);

impl Factor {
    /// As a number.
    pub fn value(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Unit for Factor {
    const WHAT: &'static str = "a factor";
    const EXAMPLE: &'static str = "3x";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?x$";
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        decimal::with_unit(text, &[("x", 1_000_000)], &["x"], "x", "0.000001x").and_then(|millionths| match millionths {
            n if n <= 1_000_000_000_000 => Ok(Self(n)),
            _ => Err(UnitError::OutOfRange { limit: "at most 1_000_000x".to_owned() }),
        })
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.0, 6)?;
        f.write_str("x")
    }
}

/// An exponent or a deviation without a unit: `0.9`. Kept in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exponent(u32);

impl Exponent {
    /// As a number.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl Unit for Exponent {
    const WHAT: &'static str = "a number from 0 to 10";
    const EXAMPLE: &'static str = "0.9";
    const PATTERN: &'static str = r"^\d+(\.\d+)?$";
    const PLAIN_NUMBER: Option<&'static str> = Some("number");
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        let (number, rest) = Decimal::split(text)?;
        if !rest.is_empty() {
            return Err(UnitError::UnknownUnit { unit: rest.to_owned(), units: &[] });
        }
        match number.times(1_000_000, "0.000001")? {
            millionths @ 0..=10_000_000 => Ok(Self(millionths as u32)),
            _ => Err(UnitError::OutOfRange { limit: "at most 10".to_owned() }),
        }
    }
}

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, u64::from(self.0), 6)
    }
}

/// How much a clock runs fast or slow at most: `50ppm`. One part per million is 86.4 ms a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ppm(pub u32);

impl Unit for Ppm {
    const WHAT: &'static str = "parts per million";
    const EXAMPLE: &'static str = "50ppm";
    const PATTERN: &'static str = r"^\d[\d_]* ?ppm$";
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        let ppm = decimal::with_unit(text, &[("ppm", 1)], &["ppm"], "ppm", "1ppm")?;
        match u32::try_from(ppm) {
            Ok(ppm) if ppm <= 500_000 => Ok(Self(ppm)),
            _ => Err(UnitError::OutOfRange { limit: "at most 500_000ppm".to_owned() }),
        }
    }
}

impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ppm", self.0)
    }
}
