//! How many.

use super::decimal::Decimal;
use super::{Share, Unit, UnitError};
use core::fmt;

/// A whole number: `31`, `1_000_000`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(pub u32);

impl Unit for Count {
    const WHAT: &'static str = "a whole number";
    const EXAMPLE: &'static str = "10_000";
    const PATTERN: &'static str = r"^(0|[1-9]\d*(_\d+)*)$";
    const PLAIN_NUMBER: Option<&'static str> = Some("integer");
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        let n = whole(text)?;
        u32::try_from(n).map(Self).map_err(|_| UnitError::OutOfRange { limit: format!("at most {}", grouped(u64::from(u32::MAX))) })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A seed: any whole number below 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

impl Unit for Seed {
    const WHAT: &'static str = "a whole number below 2^64";
    const EXAMPLE: &'static str = "42";
    const PATTERN: &'static str = r"^(0|[1-9]\d*(_\d+)*)$";
    const PLAIN_NUMBER: Option<&'static str> = Some("integer");
    const ZERO: Self = Self(0);

    fn parse(text: &str) -> Result<Self, UnitError> {
        whole(text).map(Self)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Some of the nodes: a number (`50_000`) or a share (`5%`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// That many.
    Count(Count),
    /// That share.
    Share(Share),
}

impl Amount {
    /// How many that is of `whole`, which it never exceeds.
    pub fn of(self, whole: u32) -> u32 {
        match self {
            Self::Count(count) => count.0.min(whole),
            Self::Share(share) => share.of(u64::from(whole)) as u32,
        }
    }
}

impl Unit for Amount {
    const WHAT: &'static str = "a number of nodes or a share of them";
    const EXAMPLE: &'static str = "5%";
    const PATTERN: &'static str = r"^((0|[1-9]\d*(_\d+)*)|\d[\d_]*(\.\d+)? ?%)$";
    const PLAIN_NUMBER: Option<&'static str> = Some("integer");
    const ZERO: Self = Self::Count(Count(0));

    fn parse(text: &str) -> Result<Self, UnitError> {
        if text.contains('%') { Share::parse(text).map(Self::Share) } else { Count::parse(text).map(Self::Count) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Share(share) => share.fmt(f),
        }
    }
}

/// Reads a whole number. Octal (`0o17`) and a leading zero are refused, since readers disagree on them.
fn whole(text: &str) -> Result<u64, UnitError> {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix("0o").or_else(|| text.strip_prefix("0O")) {
        return Err(UnitError::Octal { decimal: digits.to_owned() });
    }
    match Decimal::split(text)? {
        (number, "") => number.whole(),
        _ => Err(UnitError::NotANumber),
    }
}

/// The number with `_` between its groups of three digits.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
