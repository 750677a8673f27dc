//! From text to typed values, with every problem found on the way.
//!
//! A file becomes a tree whose every key and value knows its place ([`Node`], by [`yaml`]); layers are merged as trees; the merged tree is read into the
//! typed scenario by [`Shape::read`], which notes each problem and goes on. Nothing here panics on any input.

mod at;
mod choice;
mod generic;
mod location;
mod node;
mod output;
mod reader;
mod scalar;
mod schema;
mod section;
mod shape;
mod switch;
mod table;
mod text;
mod words;
pub mod yaml;

pub use at::At;
pub(crate) use choice::{choice, only_entry};
pub use location::{Location, Source, SourceId, Sources};
pub use node::{Content, Key, Node};
pub use output::Out;
pub(crate) use reader::Fields;
pub use reader::Reader;
pub(crate) use schema::{choice_schema, section_schema};
pub use section::FieldInfo;
pub(crate) use section::section;
pub use shape::{Expects, Shape};
pub use switch::{Flag, Switch};
pub use table::Table;
pub(crate) use table::{NAME, is_name};
pub use text::{Expression, FilePath, Text};
pub(crate) use words::words;

/// A section with every key at its default.
pub(crate) fn empty<T: Shape>() -> T {
    let sources = Sources::default();
    let node = Node::empty_map(Location::NOWHERE);
    T::read(&node, &mut Reader::new(&sources)).unwrap_or_else(T::placeholder)
}
