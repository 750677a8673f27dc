//! The names of requirements: `R-<clause>-<number>`.

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// The name of a requirement. It is given once and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The clause, 1 to 99.
    pub clause: u8,
    /// The number within the clause, 1 to 99; two digits in text.
    pub number: u8,
}

impl Id {
    /// The id that this text is, if it is one in its only form.
    pub fn parse(text: &str) -> Option<Self> {
        let (clause, number) = text.strip_prefix("R-")?.split_once('-')?;
        let id = Self { clause: clause.parse().ok()?, number: number.parse().ok()? };
        let whole = id.clause > 0 && id.number > 0 && id.to_string() == text;
        whole.then_some(id)
    }

    /// The ids in a text, each with the octet at which it begins. What looks like one and is none comes as an error with its text.
    pub fn all_in(text: &str) -> Vec<(usize, Result<Self, &str>)> {
        let starts = text.match_indices("R-").filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric()));
        let words = starts.filter_map(|(at, _)| {
            let rest = &text[at + 2..];
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
            let word = text[at..at + 2 + end].trim_end_matches('-');
            word[1..].contains(|c: char| c.is_ascii_digit()).then_some((at, word))
        });
        words.map(|(at, word)| (at, Self::parse(word).ok_or(word))).collect()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{}-{:02}", self.clause, self.number)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no id: write R-6-01, with two digits at the end")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(Id::parse("R-6-01"), Some(Id { clause: 6, number: 1 }));
        assert_eq!(Id::parse("R-14-12").map(|id| id.to_string()).as_deref(), Some("R-14-12"));
        for text in ["R-6-1", "R-06-01", "R-6-001", "r-6-01", "R-6-", "R-0-01", "R-6-00", "R-6-01 "] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_are_found_in_text_and_wrong_ones_are_told() {
        let found = Id::all_in("as R-6-01, R-6-2 and OR-7 say (R-10-11)");
        let found: Vec<_> = found.into_iter().map(|(_, id)| id.map(|id| id.to_string())).collect();
        assert_eq!(found, [Ok("R-6-01".to_owned()), Err("R-6-2"), Ok("R-10-11".to_owned())]);
    }
}
