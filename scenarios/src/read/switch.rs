//! Things that can be turned on and off.

use super::{Content, Expects, Node, Out, Reader, Shape};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// `on` or `off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(pub bool);

/// A part that can be `off`, `on` with its defaults, or set in detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Switch<T> {
    /// It is absent.
    Off,
    /// It is there.
    On(T),
}

impl<T> Switch<T> {
    /// The part, if it is there.
    pub const fn on(&self) -> Option<&T> {
        match self {
            Self::On(part) => Some(part),
            Self::Off => None,
        }
    }
}

impl<T> From<Option<T>> for Switch<T> {
    fn from(part: Option<T>) -> Self {
        part.map_or(Self::Off, Self::On)
    }
}

/// YAML 1.1 reads `on` and `off` as `true` and `false`, YAML 1.2 as texts; all four mean the same here.
fn word(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

impl Shape for Flag {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Content::Scalar { text, .. } = &node.content else { return reader.wrong_type(node, Self::expects()) };
        match word(text) {
            Some(on) => Some(Self(on)),
            None => reader.unknown_word(node, text, &["on", "off"], Self::expects()),
        }
    }

    fn placeholder() -> Self {
        Self(false)
    }

    fn write(&self) -> Out {
        Out::Text(if self.0 { "on" } else { "off" }.to_owned())
    }

    fn expects() -> Expects {
        Expects::new("on or off", "on")
    }
}

impl JsonSchema for Flag {
    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "on or off", "enum": ["on", "off", true, false] })
    }
}

impl<T: Shape> Shape for Switch<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::Scalar { text, .. } => match word(text) {
                Some(true) => T::read(&Node::empty_map(node.at), reader).map(Self::On),
                Some(false) => Some(Self::Off),
                None => reader.unknown_word(node, text, &["on", "off"], Self::expects()),
            },
            Content::Map(_) => T::read(node, reader).map(Self::On),
            _ => reader.wrong_type(node, Self::expects()),
        }
    }

    fn placeholder() -> Self {
        Self::Off
    }

    fn write(&self) -> Out {
        match self {
            Self::Off => Out::Text("off".to_owned()),
            Self::On(part) => part.write(),
        }
    }

    fn expects() -> Expects {
        let part = T::expects();
        Expects::new(format!("on, off or {}", part.what), part.example)
    }
}

impl<T: JsonSchema> JsonSchema for Switch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("SwitchOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["on", "off", true, false] }, generator.subschema_for::<T>()] })
    }
}
