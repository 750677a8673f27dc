//! The contract of everything that can stand in a scenario file.

use super::{Location, Node, Out, Reader};
use schemars::JsonSchema;

/// Something that can stand in a scenario file: it can be read, written, described to editors, and missed.
pub trait Shape: Sized + JsonSchema {
    /// Reads it. Every problem is noted with the reader; `None` says that nothing usable is left.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// What stands in for one that could not be read, so that reading can go on. It is never run.
    fn placeholder() -> Self;

    /// What a missing key means, in a mapping at `parent`; `None` if the key is required.
    fn absent(parent: Location) -> Option<Self> {
        let _ = parent;
        None
    }

    /// How it is written so that it reads back as the same.
    fn write(&self) -> Out;

    /// What to say to a person who wrote something else.
    fn expects() -> Expects;
}

/// What to say to a person who wrote something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expects {
    /// What it is, in words that fit after "expected".
    pub what: String,
    /// One as it may be written.
    pub example: String,
}

impl Expects {
    /// From two texts.
    pub fn new(what: impl Into<String>, example: impl Into<String>) -> Self {
        Self { what: what.into(), example: example.into() }
    }
}
