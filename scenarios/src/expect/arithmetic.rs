//! Kinds and units of values: what can be compared with what, and what comes out of an operation.

use super::expr::Operator;
use super::quantity::Quantity;
use crate::catalog;

/// What a value is of: powers of time and of bytes, and for what has neither whether it counts things or is a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) time: i8,
    pub(super) bytes: i8,
    pub(super) tally: Tally,
}

/// What a value without time and bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tally {
    /// A number as written: it fits both.
    Plain,
    /// A number of things.
    Things,
    /// A share of something.
    Share,
}

impl Tally {
    const fn without_share(self) -> Self {
        if matches!(self, Self::Share) { Self::Plain } else { self }
    }
}

impl Shape {
    pub(super) const PLAIN: Self = Self { time: 0, bytes: 0, tally: Tally::Plain };
    pub(super) const THINGS: Self = Self { time: 0, bytes: 0, tally: Tally::Things };
    pub(super) const SHARE: Self = Self { time: 0, bytes: 0, tally: Tally::Share };

    /// That of a metric's value.
    pub(super) const fn of_metric(unit: catalog::Unit) -> Self {
        match unit {
            catalog::Unit::One => Self::THINGS,
            catalog::Unit::Nanoseconds => Self { time: 1, ..Self::PLAIN },
            catalog::Unit::Bytes => Self { bytes: 1, ..Self::PLAIN },
            catalog::Unit::Millionths => Self::SHARE,
        }
    }

    /// That of a quantity.
    pub(super) const fn of_quantity(quantity: Quantity) -> Self {
        let tally = if matches!(quantity.unit, super::Unit::Percent) { Tally::Share } else { Tally::Plain };
        Self { time: quantity.unit.is_time() as i8 - quantity.per_second as i8, bytes: quantity.unit.is_bytes() as i8, tally }
    }

    /// The same per time.
    pub(super) const fn per_time(self) -> Self {
        Self { time: self.time - 1, ..self }
    }

    /// Whether the two can be compared, added and subtracted.
    pub(super) fn fits(self, other: Self) -> bool {
        let powers_agree = self.time == other.time && self.bytes == other.bytes;
        let apart = matches!((self.tally, other.tally), (Tally::Things, Tally::Share) | (Tally::Share, Tally::Things));
        powers_agree && !apart
    }

    /// What the operation gives; none where the two do not go together.
    pub(super) fn combine(self, operator: Operator, other: Self) -> Option<Self> {
        let stronger = |a: Tally, b: Tally| match (a, b) {
            (Tally::Things, _) | (_, Tally::Things) => Tally::Things,
            (Tally::Share, _) | (_, Tally::Share) => Tally::Share,
            _ => Tally::Plain,
        };
        // A share of a plain number is a plain number: `0.1% * 1000` is one of anything.
        let product =
            |a: Tally, b: Tally| if (a, b) == (Tally::Share, Tally::Share) { Tally::Share } else { stronger(a, b).without_share() };
        match operator {
            Operator::Plus | Operator::Minus => self.fits(other).then(|| Self { tally: stronger(self.tally, other.tally), ..self }),
            Operator::Times => Some(Self {
                time: self.time.checked_add(other.time)?,
                bytes: self.bytes.checked_add(other.bytes)?,
                tally: product(self.tally, other.tally),
            }),
            Operator::Over => {
                // Things over things, bytes over bytes and time over time are shares; what is divided by a plain number stays what it is.
                let same = (self.time, self.bytes) == (other.time, other.bytes) && (self.time, self.bytes) != (0, 0);
                let tally = match (self.tally, other.tally) {
                    _ if same => Tally::Share,
                    (Tally::Things, Tally::Things) => Tally::Share,
                    (tally, Tally::Plain | Tally::Share) => tally,
                    (_, Tally::Things) => Tally::Plain,
                };
                Some(Self { time: self.time.checked_sub(other.time)?, bytes: self.bytes.checked_sub(other.bytes)?, tally })
            }
        }
    }

    /// What it is, in words: `a time`.
    pub(super) const fn words(self) -> &'static str {
        match (self.time, self.bytes, self.tally) {
            (0, 0, Tally::Share) => "a share",
            (0, 0, _) => "a number",
            (1, 0, _) => "a time",
            (0, 1, _) => "a number of bytes",
            (-1, 0, _) => "a number per second",
            (-1, 1, _) => "a number of bytes per second",
            _ => "of a unit that cannot be written",
        }
    }

    /// A quantity of it to write, made of the number that was written where there is one.
    pub(super) fn example(self, number: Option<f64>) -> Option<String> {
        let (default, unit) = match (self.time, self.bytes, self.tally) {
            (0, 0, Tally::Share) => (99.99, "%"),
            (0, 0, _) => (3.0, ""),
            (1, 0, _) => (250.0, "ms"),
            (0, 1, _) => (64.0, "KiB"),
            (-1, 0, _) => (5.0, "/s"),
            (-1, 1, _) => (1.0, "MiB/s"),
            _ => return None,
        };
        Some(format!("{}{unit}", number.unwrap_or(default)))
    }
}
