//! Mappings from names to values of one kind.

use super::{At, Content, Expects, Node, Out, Reader, Shape, Text};
use crate::problem::Code;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A mapping from names to values, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<T>(pub Vec<(At<Text>, T)>);

impl<T> Table<T> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(key, _)| &***key == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = &(At<Text>, T)> {
        self.0.iter()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &***name)
    }
}

/// Whether a name can be used in expressions and file names.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// What a name is made of, for messages.
pub(crate) const NAME: &str = "a letter, then letters, digits, `-` or `_`, at most 64 characters in all";
/// The same as a regular expression, for the JSON Schema.
pub(crate) const NAME_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";

impl<T: Shape> Shape for Table<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Content::Map(entries) = &node.content else { return reader.wrong_type(node, Self::expects()) };
        let mut rows = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if !is_name(&key.name) {
                reader.problem(Code::BAD_NAME, key.at, format!("`{}` cannot be a name", key.name)).expected(NAME).example("edge-1");
            }
            let value = T::read(value, reader).unwrap_or_else(T::placeholder);
            rows.push((At::new(Text(key.name.clone()), key.at), value));
        }
        Some(Self(rows))
    }

    fn placeholder() -> Self {
        Self(Vec::new())
    }

    fn write(&self) -> Out {
        Out::Map(self.iter().map(|(name, value)| (name.0.clone(), value.write())).collect())
    }

    fn expects() -> Expects {
        let value = T::expects();
        Expects::new(format!("a mapping from names, each to {}", value.what), format!("{{some-name: {}}}", value.example))
    }
}

impl<T: JsonSchema> JsonSchema for Table<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("TableOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": NAME_PATTERN },
            "additionalProperties": generator.subschema_for::<T>(),
        })
    }
}
