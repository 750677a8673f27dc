//! The version of the format.

use crate::problem::Code;
use crate::read::{Content, Expects, Node, Out, Reader, Shape};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// Format version 1, the only one so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version;

impl Shape for Version {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let expects = Self::expects();
        match &node.content {
            Content::Scalar { text, .. } if text == "1" => Some(Self),
            Content::Scalar { text, .. } => {
                let message = format!("this program does not read version `{text}` of the format");
                reader.problem(Code::VERSION, node.at, message).expected(expects.what).example(expects.example);
                None
            }
            _ => reader.wrong_type(node, expects),
        }
    }

    fn placeholder() -> Self {
        Self
    }

    fn write(&self) -> Out {
        Out::Whole(1)
    }

    fn expects() -> Expects {
        Expects::new("the version of the format, which is 1", "1")
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "the version of the format", "const": 1 })
    }
}
