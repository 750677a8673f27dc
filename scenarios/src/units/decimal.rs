//! Decimal numbers, exactly: digits with `_` between them and at most one point.

use super::UnitError;

/// A decimal number: `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    /// All digits.
    mantissa: u128,
    /// How many of them follow the point.
    decimals: u32,
}

/// Most digits that a number may have.
const DIGITS_MAX: usize = 30;

impl Decimal {
    /// Splits a text into its number and what follows. The rest is trimmed.
    pub(super) fn split(text: &str) -> Result<(Self, &str), UnitError> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(text.len());
        // Two points are the middle of a range, never part of a number.
        let end = text[..end].find("..").unwrap_or(end);
        let (number, rest) = text.split_at(end);
        Ok((Self::parse(number)?, rest.trim()))
    }

    /// Reads a number that is the whole text.
    fn parse(text: &str) -> Result<Self, UnitError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let dotted = text.contains('.');
        let good = |s: &str| s.starts_with(|c: char| c.is_ascii_digit()) && s.ends_with(|c: char| c.is_ascii_digit()) && !s.contains("__");
        if !good(whole) || (dotted && !good(part)) || part.contains('.') {
            return Err(UnitError::NotANumber);
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(UnitError::Octal { decimal: whole.trim_start_matches(['0', '_']).to_owned() });
        }
        let digits: String = whole.chars().chain(part.chars()).filter(char::is_ascii_digit).collect();
        if digits.len() > DIGITS_MAX {
            return Err(UnitError::OutOfRange { limit: format!("a number has at most {DIGITS_MAX} digits") });
        }
        let mantissa = digits.parse().map_err(|_| UnitError::NotANumber)?;
        Ok(Self { mantissa, decimals: part.chars().filter(char::is_ascii_digit).count() as u32 })
    }

    /// The number times `factor`, if that is a whole number that fits.
    pub(super) fn times(self, factor: u64, step: &'static str) -> Result<u64, UnitError> {
        let too_large = || UnitError::OutOfRange { limit: format!("at most {} times {step}", u64::MAX) };
        let product = self.mantissa.checked_mul(u128::from(factor)).ok_or_else(too_large)?;
        let divisor = 10u128.pow(self.decimals);
        if !product.is_multiple_of(divisor) {
            return Err(UnitError::TooFine { step });
        }
        u64::try_from(product / divisor).map_err(|_| too_large())
    }

    /// The number, if it is whole.
    pub(super) fn whole(self) -> Result<u64, UnitError> {
        self.times(1, "1").map_err(|error| match error {
            UnitError::OutOfRange { .. } => UnitError::OutOfRange { limit: "below 2^64".to_owned() },
            error => error,
        })
    }
}

/// Reads a number with one of the units given as (name, factor). `step` names the finest value.
pub(super) fn with_unit(
    text: &str,
    units: &'static [(&'static str, u64)],
    names: &'static [&'static str],
    usual: &str,
    step: &'static str,
) -> Result<u64, UnitError> {
    let (number, unit) = Decimal::split(text)?;
    if unit.is_empty() {
        return Err(UnitError::NoUnit { suggestion: format!("{}{usual}", text.trim()) });
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(UnitError::UnknownUnit { unit: unit.to_owned(), units: names });
    };
    number.times(*factor, step)
}

/// Writes `value / 10^decimals` without trailing zeros.
pub(super) fn write(f: &mut core::fmt::Formatter<'_>, value: u64, decimals: u32) -> core::fmt::Result {
    let divisor = 10u64.pow(decimals);
    let (whole, part) = (value / divisor, value % divisor);
    if part == 0 {
        return write!(f, "{whole}");
    }
    let digits = format!("{part:0width$}", width = decimals as usize);
    write!(f, "{whole}.{}", digits.trim_end_matches('0'))
}

/// Writes `value` in the largest of the units (ascending, as (name, factor)) that divides it.
pub(super) fn write_in_unit(f: &mut core::fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> core::fmt::Result {
    let fitting = units.iter().rev().find(|(_, factor)| value >= *factor && value.is_multiple_of(*factor)).or(units.first());
    match fitting {
        Some((name, factor)) => write!(f, "{}{name}", value / factor),
        None => write!(f, "{value}"),
    }
}
