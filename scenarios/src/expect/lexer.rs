//! Text to words. Whatever is not a word of the language is an error, and is passed over.

use super::ExprError;
use super::expr::{Comparison, Operator};
use super::quantity::{Quantity, Unit};

/// A word and its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last one.
    pub(super) end: usize,
    /// What it is.
    pub(super) word: Word<'a>,
}

/// A word of the language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word<'a> {
    /// A metric, a function or a mistake.
    Name(&'a str),
    /// A number with its unit.
    Quantity(Quantity),
    /// A number that could not be read: already reported.
    BadNumber,
    /// `<` and so on.
    Compare(Comparison),
    /// `+` and so on.
    Operate(Operator),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `and`
    And,
    /// `or`
    Or,
    /// `not`
    Not,
}

/// All words of a text, and what is none.
pub(super) fn words(text: &str) -> (Vec<Token<'_>>, Vec<ExprError>) {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), errors: Vec::new() };
    while let Some(c) = lexer.peek() {
        lexer.step(c);
    }
    (lexer.tokens, lexer.errors)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token<'a>>,
    errors: Vec<ExprError>,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Moves on while `wanted` holds and returns what was passed.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn push(&mut self, start: usize, word: Word<'a>) {
        self.tokens.push(Token { start, end: self.at, word });
    }

    fn error(&mut self, start: usize, message: String, expected: &str, example: Option<&str>) {
        let expected = (!expected.is_empty()).then(|| expected.to_owned());
        self.errors.push(ExprError { start, end: self.at, message, expected, example: example.map(str::to_owned), suggestion: None });
    }

    fn step(&mut self, c: char) {
        let start = self.at;
        if c.is_whitespace() {
            self.take_while(char::is_whitespace);
        } else if c.is_ascii_digit() || (c == '.' && self.text[start + 1..].starts_with(|c: char| c.is_ascii_digit())) {
            self.number();
        } else if c.is_ascii_alphabetic() || c == '_' {
            let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            let word = match name {
                "and" => Word::And,
                "or" => Word::Or,
                "not" => Word::Not,
                _ => Word::Name(name),
            };
            self.push(start, word);
        } else {
            self.sign(c);
        }
    }

    /// A number, its unit right behind it, and `/s` right behind that.
    fn number(&mut self) {
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '.' || c == '_');
        let number: Option<f64> = digits.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite());
        let unit_start = self.at;
        let unit_word =
            if self.peek() == Some('%') { self.take_while(|c| c == '%') } else { self.take_while(|c| c.is_alphanumeric() || c == '_') };
        let unit = Unit::named(unit_word);
        let rest = &self.text[self.at..];
        let per_second =
            rest.starts_with("/s") && !rest[2..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '(');
        if per_second {
            self.at += 2;
        }
        let word = match (number, unit) {
            (Some(number), Some(unit)) => Word::Quantity(Quantity { number, unit, per_second }),
            (None, _) => {
                self.error(start, format!("`{digits}` is not a number"), "digits with at most one point", Some("99.9"));
                Word::BadNumber
            }
            (_, None) => {
                self.unknown_unit(unit_start, unit_word);
                Word::BadNumber
            }
        };
        self.push(start, word);
    }

    fn unknown_unit(&mut self, start: usize, word: &str) {
        let known: Vec<&str> = Unit::all().map(Unit::word).filter(|word| !word.is_empty()).collect();
        let same_letters = known.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
        let suggestion = same_letters.or(match word {
            "sec" | "secs" | "second" | "seconds" => Some("s"),
            "m" | "mins" | "minute" | "minutes" => Some("min"),
            "msec" | "millis" => Some("ms"),
            "µs" | "μs" | "usec" | "micros" => Some("us"),
            "hour" | "hours" => Some("h"),
            "byte" | "bytes" => Some("B"),
            "k" | "K" | "kb" | "KB" => Some("KiB"),
            "M" => Some("MiB"),
            "G" => Some("GiB"),
            _ => None,
        });
        let end = start + word.len();
        self.errors.push(ExprError {
            start,
            end,
            message: format!("`{word}` is not a unit"),
            expected: Some(format!("one of {}, or nothing", known.join(", "))),
            example: None,
            suggestion: suggestion.map(str::to_owned),
        });
    }

    fn sign(&mut self, c: char) {
        let start = self.at;
        let rest = &self.text[start..];
        let pairs = [("<=", Comparison::AtMost), (">=", Comparison::AtLeast), ("==", Comparison::Equal), ("!=", Comparison::Unequal)];
        if let Some((_, comparison)) = pairs.iter().find(|(sign, _)| rest.starts_with(sign)) {
            self.at += 2;
            return self.push(start, Word::Compare(*comparison));
        }
        for (sign, word) in [("&&", Word::And), ("||", Word::Or)] {
            if rest.starts_with(sign) {
                self.at += 2;
                let written = if word == Word::And { "and" } else { "or" };
                self.error(start, format!("`{sign}` is not part of the language"), &format!("`{written}`"), None);
                return self.push(start, word);
            }
        }
        self.at += c.len_utf8();
        let word = match c {
            '<' => Word::Compare(Comparison::Less),
            '>' => Word::Compare(Comparison::More),
            '+' => Word::Operate(Operator::Plus),
            '-' => Word::Operate(Operator::Minus),
            '*' => Word::Operate(Operator::Times),
            '/' => Word::Operate(Operator::Over),
            '(' => Word::Open,
            ')' => Word::Close,
            ',' => Word::Comma,
            '=' => {
                self.error(start, "`=` does not compare".to_owned(), "`==`", None);
                Word::Compare(Comparison::Equal)
            }
            '!' => {
                self.error(start, "`!` is not part of the language".to_owned(), "`not`", None);
                Word::Not
            }
            _ => {
                return self.error(
                    start,
                    format!("`{}` is not part of the language", c.escape_default()),
                    "",
                    Some("p99(broadcast.delivery) < 3s"),
                );
            }
        };
        self.push(start, word);
    }
}
