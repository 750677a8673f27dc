//! How much a link carries.

use super::{Unit, UnitError, decimal};
use core::fmt;

/// A bandwidth: `50Mbit`, `1Gbit` (a second, always). Kept in bits a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(pub u64);

const UNITS: &[(&str, u64)] = &[("bit", 1), ("kbit", 1_000), ("Mbit", 1_000_000), ("Gbit", 1_000_000_000), ("Tbit", 1_000_000_000_000)];
const NAMES: &[&str] = &["bit", "kbit", "Mbit", "Gbit", "Tbit"];

impl Unit for Bandwidth {
    const WHAT: &'static str = "a bandwidth with its unit, per second (bit, kbit, Mbit, Gbit, Tbit)";
    const EXAMPLE: &'static str = "50Mbit";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?(bit|kbit|Mbit|Gbit|Tbit)(/s)?$";
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        decimal::with_unit(text.strip_suffix("/s").unwrap_or(text), UNITS, NAMES, "Mbit", "1bit").map(Self)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_in_unit(f, self.0, UNITS)
    }
}
