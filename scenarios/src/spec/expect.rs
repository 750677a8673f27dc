//! What is expected of a run.

use crate::read::{At, Content, Expects, Expression, Node, Out, Reader, Shape, Text, choice, section};
use crate::units::{Duration, TimeRange, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

choice! {
    /// Something that is expected.
    pub enum Expect, "an expectation", "must: {that: \"p99(broadcast.delivery) < 3s\"}" {
        parts {
            /// Holds over the range, or the run has failed.
            "must" => Must(Claim),
            /// Ought to hold over the range; a miss is a warning.
            "should" => Should(Claim),
            /// Holds in every time bin of the range, or safety is violated.
            "always" => Always(Claim),
            /// Holds in some time bin, at most `within` after the start of the range.
            "eventually" => Eventually(Claim),
            /// Holds in some time bin of the range: shows that the run reached the interesting state.
            "sometimes" => Sometimes(Claim),
        }
    }
}

section! {
    /// What is expected, when, and of which requirements it is evidence.
    pub struct Claim, "what is expected", "{that: \"p99(broadcast.delivery) < 3s\", during: 30s..60s}", shorthand "that" {
        /// An expression over metrics that is true or false, or the name of an invariant.
        that: At<Expression>,
        /// The range of time it looks at: `30s..60s`, or the name of a fault, from whose start to whose end it then looks. Without it and `after`, from the
        /// warm-up to the end of the run.
        during: Option<At<During>>,
        /// The name of a fault, from whose end to the end of the run it looks.
        after: Option<At<Text>>,
        /// For `eventually`: how long it may take from the start of the range.
        within: Option<At<Duration>>,
        /// Identifiers of the requirements that it is evidence for.
        covers: Vec<At<Text>> = "[]",
    }
}

/// A part of the run: a range of time, or a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum During {
    /// From one moment to another.
    Range(TimeRange),
    /// While the fault of this name lasts.
    Fault(Text),
}

impl Expect {
    /// What is expected, whatever the level.
    pub const fn claim(&self) -> &Claim {
        match self {
            Self::Must(claim) | Self::Should(claim) | Self::Always(claim) | Self::Eventually(claim) | Self::Sometimes(claim) => claim,
        }
    }
}

impl Shape for During {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Content::Scalar { text, .. } = &node.content else { return reader.wrong_type(node, Self::expects()) };
        // Names of faults start with a letter, ranges with a digit.
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return TimeRange::read(node, reader).map(Self::Range);
        }
        Text::read(node, reader).map(Self::Fault)
    }

    fn placeholder() -> Self {
        Self::Range(TimeRange::ZERO)
    }

    fn write(&self) -> Out {
        match self {
            Self::Range(range) => range.write(),
            Self::Fault(name) => name.write(),
        }
    }

    fn expects() -> Expects {
        Expects::new("a range of time or the name of a fault", "30s..60s")
    }
}

impl JsonSchema for During {
    fn schema_name() -> Cow<'static, str> {
        "During".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a range of time or the name of a fault",
            "examples": ["30s..60s", "churn-1"],
            "anyOf": [
                { "type": "string", "pattern": TimeRange::PATTERN },
                { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,63}$" },
            ],
        })
    }
}
