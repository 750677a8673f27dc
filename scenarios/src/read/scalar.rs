//! Values with a unit.

use super::{Content, Expects, Node, Out, Reader, Shape};
use crate::problem::{Code, nearest};
use crate::units::{
    Amount, Bandwidth, Bytes, Count, DelayRange, Duration, Exponent, Factor, Ppm, Rate, Seed, Share, ShareRate, TimeRange, Unit, UnitError,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Reads one scalar with its unit.
fn read_unit<T: Unit>(node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    let expects = Expects::new(T::WHAT, T::EXAMPLE);
    let Content::Scalar { text, .. } = &node.content else { return reader.wrong_type(node, expects) };
    match T::parse(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let (code, message, help) = explain::<T>(text, &error);
            reader.problem(code, node.at, message).expected(expects.what).example(expects.example).helps(help);
            None
        }
    }
}

/// What is wrong with a scalar, in words.
fn explain<T: Unit>(text: &str, error: &UnitError) -> (Code, String, Option<String>) {
    match error {
        UnitError::NotANumber => (Code::NOT_A_NUMBER, format!("`{text}` is not {}", T::WHAT), None),
        UnitError::NoUnit { suggestion } => {
            (Code::NO_UNIT, format!("`{text}` has no unit"), Some(format!("write for example `{suggestion}`, if that is meant")))
        }
        UnitError::UnknownUnit { unit, units } => {
            let help = match nearest(unit, units.iter().copied()) {
                Some(meant) => format!("did you mean `{}`?", text.replacen(unit.as_str(), meant, 1)),
                None => format!("the units here are {}", units.join(", ")),
            };
            (Code::UNKNOWN_UNIT, format!("`{unit}` is not a unit that fits here"), Some(help))
        }
        UnitError::OutOfRange { limit } => (Code::OUT_OF_RANGE, format!("`{text}` is out of range: {limit}"), None),
        UnitError::TooFine { step: "1" } => (Code::TOO_FINE, format!("`{text}` is not whole"), None),
        UnitError::TooFine { step } => (Code::TOO_FINE, format!("`{text}` is finer than {step}, the finest that is kept"), None),
        UnitError::Octal { decimal } => (
            Code::OCTAL,
            format!("`{text}` could be read as an octal number"),
            Some(if decimal.is_empty() {
                "write a decimal number".to_owned()
            } else {
                format!("write `{decimal}` if the decimal number is meant")
            }),
        ),
        UnitError::Backwards => (Code::BACKWARDS, format!("the range `{text}` does not end after its start"), None),
    }
}

/// The schema of a scalar with its unit.
fn unit_schema<T: Unit>() -> Schema {
    let text = json_schema!({ "type": "string", "pattern": T::PATTERN });
    let mut schema = match T::PLAIN_NUMBER {
        Some(plain) => json_schema!({ "anyOf": [{ "type": plain, "minimum": 0 }, text] }),
        None => text,
    };
    schema.insert("title".to_owned(), T::WHAT.into());
    schema.insert("examples".to_owned(), serde_json::json!([T::EXAMPLE]));
    schema
}

macro_rules! units {
    ($($unit:ident),*) => { $(
        impl Shape for $unit {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                read_unit(node, reader)
            }

            fn placeholder() -> Self {
                Self::ZERO
            }

            fn write(&self) -> Out {
                let text = self.to_string();
                match text.parse() {
                    Ok(whole) if Self::PLAIN_NUMBER.is_some() => Out::Whole(whole),
                    _ => Out::Text(text),
                }
            }

            fn expects() -> Expects {
                Expects::new(Self::WHAT, Self::EXAMPLE)
            }
        }

        impl JsonSchema for $unit {
            fn schema_name() -> Cow<'static, str> {
                stringify!($unit).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                unit_schema::<Self>()
            }
        }
    )* };
}

units!(Amount, Bandwidth, Bytes, Count, DelayRange, Duration, Exponent, Factor, Ppm, Rate, Seed, Share, ShareRate, TimeRange);
