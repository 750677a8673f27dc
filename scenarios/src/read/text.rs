//! Texts, paths of files, and expressions.

use super::{Content, Expects, Location, Node, Out, Reader, Shape};
use crate::problem::Code;
use core::ops::Deref;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::path::PathBuf;

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(pub String);

/// A file. Relative paths start at the folder of the scenario file that names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePath {
    /// As it was written.
    pub written: String,
    /// Where it is.
    pub path: PathBuf,
}

/// An expression over metrics.
#[derive(Clone, Debug, Default)]
pub struct Expression {
    /// The expression.
    pub text: String,
    /// Its first byte in its source, if it stands there letter for letter; then byte `i` of the expression is byte `first + i` of the source.
    pub first: Option<u32>,
}

impl Expression {
    /// The place in its source of a range of bytes of the expression that stands at `whole`; the whole expression if its bytes differ from the source's.
    pub fn place(&self, whole: Location, start: usize, end: usize) -> Location {
        let Some(first) = self.first else { return whole };
        let before = self.text.get(..start).unwrap_or_default();
        // The opening quote, if any, is the only character before the text.
        let quote = first - whole.start;
        Location {
            source: whole.source,
            start: first + start as u32,
            end: first + end.max(start) as u32,
            line: whole.line,
            column: whole.column + quote + before.chars().count() as u32,
        }
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// Reads a text that is not empty.
fn read_text<'n>(node: &'n Node, reader: &mut Reader<'_>, expects: Expects) -> Option<(&'n str, Option<u32>)> {
    match &node.content {
        Content::Scalar { text, .. } if text.trim().is_empty() => {
            reader.problem(Code::EMPTY_TEXT, node.at, "the text is empty").expected(expects.what).example(expects.example);
            None
        }
        Content::Scalar { text, verbatim, .. } => Some((text, *verbatim)),
        _ => reader.wrong_type(node, expects),
    }
}

impl Shape for Text {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_text(node, reader, Self::expects()).map(|(text, _)| Self(text.to_owned()))
    }

    fn placeholder() -> Self {
        Self::default()
    }

    fn write(&self) -> Out {
        Out::Text(self.0.clone())
    }

    fn expects() -> Expects {
        Expects::new("a text", "some-name")
    }
}

impl Shape for FilePath {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (written, _) = read_text(node, reader, Self::expects())?;
        let path = match reader.sources.get(node.at.source).and_then(|source| source.folder.as_ref()) {
            Some(folder) => folder.join(written),
            None => PathBuf::from(written),
        };
        Some(Self { written: written.to_owned(), path })
    }

    fn placeholder() -> Self {
        Self::default()
    }

    fn write(&self) -> Out {
        Out::Text(self.path.to_string_lossy().into_owned())
    }

    fn expects() -> Expects {
        Expects::new("the path of a file", "latency.csv")
    }
}

impl Shape for Expression {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        read_text(node, reader, Self::expects()).map(|(text, first)| Self { text: text.to_owned(), first })
    }

    fn placeholder() -> Self {
        Self::default()
    }

    fn write(&self) -> Out {
        Out::Text(self.text.clone())
    }

    fn expects() -> Expects {
        Expects::new("an expression over metrics", "\"p99(broadcast.delivery) < 3s\"")
    }
}

macro_rules! text_schemas {
    ($($text:ident $title:literal $example:literal;)*) => { $(
        impl JsonSchema for $text {
            fn schema_name() -> Cow<'static, str> {
                stringify!($text).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "title": $title, "type": "string", "minLength": 1, "examples": [$example] })
            }
        }
    )* };
}

text_schemas! {
    Text "a text" "some-name";
    FilePath "the path of a file" "latency.csv";
    Expression "an expression over metrics" "p99(broadcast.delivery) < 3s";
}
