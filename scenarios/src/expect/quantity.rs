//! Numbers with units.

/// What stands behind a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing: a number of things, or a share of one.
    One,
    /// Hundredths of one.
    Percent,
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Bytes.
    Bytes,
    /// 1,000 bytes.
    Kilobytes,
    /// 1,024 bytes.
    Kibibytes,
    /// 10^6 bytes.
    Megabytes,
    /// 2^20 bytes.
    Mebibytes,
    /// 10^9 bytes.
    Gigabytes,
    /// 2^30 bytes.
    Gibibytes,
}

impl Unit {
    /// Every unit with its word and its size in nanoseconds, bytes or ones.
    const TABLE: [(Self, &'static str, f64); 15] = [
        (Self::One, "", 1.0),
        (Self::Percent, "%", 0.01),
        (Self::Nanoseconds, "ns", 1.0),
        (Self::Microseconds, "us", 1e3),
        (Self::Milliseconds, "ms", 1e6),
        (Self::Seconds, "s", 1e9),
        (Self::Minutes, "min", 60e9),
        (Self::Hours, "h", 3600e9),
        (Self::Bytes, "B", 1.0),
        (Self::Kilobytes, "kB", 1e3),
        (Self::Kibibytes, "KiB", 1024.0),
        (Self::Megabytes, "MB", 1e6),
        (Self::Mebibytes, "MiB", 1_048_576.0),
        (Self::Gigabytes, "GB", 1e9),
        (Self::Gibibytes, "GiB", 1_073_741_824.0),
    ];

    /// Every unit.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::TABLE.iter().map(|row| row.0)
    }

    /// The unit of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == word).map(|row| row.0)
    }

    /// Its word: empty for [`Unit::One`].
    pub const fn word(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// How many nanoseconds, bytes or ones it is.
    pub const fn size(self) -> f64 {
        Self::TABLE[self as usize].2
    }

    /// Whether it measures time.
    pub const fn is_time(self) -> bool {
        self as u8 >= Self::Nanoseconds as u8 && self as u8 <= Self::Hours as u8
    }

    /// Whether it measures bytes.
    pub const fn is_bytes(self) -> bool {
        self as u8 >= Self::Bytes as u8
    }
}

/// A number with its unit, as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The number: finite, not negative.
    pub number: f64,
    /// What stands behind it.
    pub unit: Unit,
    /// Whether it is per second (`/s`).
    pub per_second: bool,
}

impl Quantity {
    /// Its value in nanoseconds, bytes or ones, each per nanosecond where it is a rate.
    pub fn value(self) -> f64 {
        // Divisions, not multiplications with an inverse: so 50 things in 10 s are exactly 5/s.
        let value = if self.unit == Unit::Percent { self.number / 100.0 } else { self.number * self.unit.size() };
        if self.per_second { value / 1e9 } else { value }
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}{}", self.number, self.unit.word(), if self.per_second { "/s" } else { "" })
    }
}
