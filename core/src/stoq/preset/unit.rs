//! Units: how a value is written for people and read again.

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes: `0`, `1500`, `64KiB`, `3MiB`, `2GiB`, `1TiB`.
    Bytes,
    /// Nanoseconds: `250us`, `20ms`, `5s`, `10m`, `2h`, `7d`.
    Time,
    /// Things.
    Count,
    /// Yes or no, 1 or 0.
    Switch,
    /// One of some words, by its place.
    Choice(&'static [&'static str]),
}

/// Why a text is no value of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// It does not begin with a number.
    NoNumber,
    /// What follows the number is not of this unit; some of those that are.
    Suffix(&'static str),
    /// It is too large.
    TooLarge,
    /// It is none of the words.
    Word(&'static [&'static str]),
}

impl core::fmt::Display for UnitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoNumber => f.write_str("a number is expected"),
            Self::Suffix("") => f.write_str("nothing follows the number"),
            Self::Suffix(known) => write!(f, "what follows the number is one of {known}"),
            Self::TooLarge => f.write_str("the number is too large"),
            Self::Word(words) => write!(f, "one of {} is expected", words.join(", ")),
        }
    }
}

const BYTES: [(&str, u64); 5] = [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
const TIMES: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const COUNTS: [(&str, u64); 1] = [("", 1)];
const SWITCH: [&str; 2] = ["no", "yes"];

impl Unit {
    /// Suffixes with their factors, and how to tell them to people.
    const fn suffixes(self) -> (&'static [(&'static str, u64)], &'static str) {
        match self {
            Self::Bytes => (&BYTES, "KiB, MiB, GiB, TiB, or nothing"),
            Self::Time => (&TIMES, "ns, us, ms, s, m, h, d"),
            Self::Count | Self::Switch | Self::Choice(_) => (&COUNTS, ""),
        }
    }

    /// Reads a value.
    pub fn read(self, text: &str) -> Result<u64, UnitError> {
        let text = text.trim();
        match self {
            Self::Switch => word(&SWITCH, text),
            Self::Choice(words) => word(words, text),
            Self::Bytes | Self::Time | Self::Count => {
                let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
                let (number, suffix) = text.split_at(end);
                let digits: String = number.chars().filter(|c| *c != '_').collect();
                if digits.is_empty() {
                    return Err(UnitError::NoNumber);
                }
                let (suffixes, known) = self.suffixes();
                let factor = suffixes.iter().find(|(name, _)| *name == suffix.trim_start()).ok_or(UnitError::Suffix(known))?.1;
                digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or(UnitError::TooLarge)
            }
        }
    }

    /// Writes a value, in the largest unit that leaves no rest.
    pub fn show(self, value: u64) -> String {
        match self {
            Self::Switch => SWITCH[usize::from(value != 0)].to_owned(),
            Self::Choice(words) => words.get(value as usize).copied().unwrap_or("?").to_owned(),
            Self::Bytes | Self::Time | Self::Count => {
                let fitting = self.suffixes().0.iter().rev().find(|(_, factor)| value.is_multiple_of(*factor) && value >= *factor);
                let (suffix, factor) = *fitting.unwrap_or(&self.suffixes().0[0]);
                format!("{}{suffix}", value / factor)
            }
        }
    }
}

fn word(words: &'static [&'static str], text: &str) -> Result<u64, UnitError> {
    words.iter().position(|word| *word == text).map(|at| at as u64).ok_or(UnitError::Word(words))
}
