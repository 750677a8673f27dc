//! A value with the place where it was written.

use super::{Expects, Location, Node, Out, Reader, Shape};
use core::ops::Deref;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;

/// A value and where it was written. A default has the place of the mapping that lacks it. Two are equal if their values are.
#[derive(Clone, Copy, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its place; [`Location::NOWHERE`] if the value could not be read and `value` only stands in for it.
    pub at: Location,
}

impl<T> At<T> {
    /// A value at a place.
    pub const fn new(value: T, at: Location) -> Self {
        Self { value, at }
    }

    /// The value, unless it only stands in for one that could not be read.
    pub fn sound(&self) -> Option<&T> {
        self.at.is_somewhere().then_some(&self.value)
    }
}

impl<T> Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Shape> Shape for At<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(|value| Self { value, at: node.at })
    }

    fn placeholder() -> Self {
        Self { value: T::placeholder(), at: Location::NOWHERE }
    }

    fn absent(parent: Location) -> Option<Self> {
        T::absent(parent).map(|value| Self { value, at: parent })
    }

    fn write(&self) -> Out {
        self.value.write()
    }

    fn expects() -> Expects {
        T::expects()
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
