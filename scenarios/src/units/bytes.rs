//! Sizes.

use super::{Unit, UnitError, decimal};
use core::fmt;

/// A size: `512B`, `1KiB`, `8GiB`, `1.5MB`. Kept in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

const UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];
const NAMES: &[&str] = &["B", "kB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB"];
const BINARY: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

impl Unit for Bytes {
    const WHAT: &'static str = "a size with its unit (B, KiB, MiB, GiB, TiB, or kB, MB, GB, TB)";
    const EXAMPLE: &'static str = "1KiB";
    const PATTERN: &'static str = r"^\d[\d_]*(\.\d+)? ?(B|kB|KiB|MB|MiB|GB|GiB|TB|TiB)$";
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        decimal::with_unit(text, UNITS, NAMES, "B", "1B").map(Self)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_in_unit(f, self.0, BINARY)
    }
}
