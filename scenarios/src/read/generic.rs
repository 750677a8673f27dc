//! Lists and optional values.

use super::{At, Content, Expects, Location, Node, Out, Reader, Shape};
use crate::problem::Code;

impl<T: Shape> Shape for Option<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Some)
    }

    fn placeholder() -> Self {
        // Something was written, so it is not as if nothing were.
        Some(T::placeholder())
    }

    fn absent(_: Location) -> Option<Self> {
        Some(None)
    }

    fn write(&self) -> Out {
        self.as_ref().map_or(Out::Nothing, Shape::write)
    }

    fn expects() -> Expects {
        T::expects()
    }
}

/// A part that is boxed only to keep its parent small.
impl<T: Shape> Shape for Box<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn placeholder() -> Self {
        Self::new(T::placeholder())
    }

    fn absent(parent: Location) -> Option<Self> {
        T::absent(parent).map(Self::new)
    }

    fn write(&self) -> Out {
        T::write(self)
    }

    fn expects() -> Expects {
        T::expects()
    }
}

/// A list. Elements that could not be read at all are left out.
impl<T: Shape> Shape for Vec<At<T>> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::List(items) => Some(items.iter().filter_map(|item| At::read(item, reader)).collect()),
            Content::Map(_) => {
                let expects = Self::expects();
                reader
                    .problem(Code::WRONG_TYPE, node.at, format!("expected {}, found a mapping", expects.what))
                    .expected(expects.what)
                    .example(expects.example)
                    .help("start each element of a list with `- `");
                None
            }
            Content::Scalar { .. } => {
                let none = reader.wrong_type(node, Self::expects());
                if let Some(problem) = reader.problems.last_mut() {
                    problem.help(format!("put it into brackets: `[{}]`", node.flow()));
                }
                none
            }
            Content::Null => reader.wrong_type(node, Self::expects()),
        }
    }

    fn placeholder() -> Self {
        Self::new()
    }

    fn write(&self) -> Out {
        Out::List(self.iter().map(Shape::write).collect())
    }

    fn expects() -> Expects {
        let element = T::expects();
        Expects::new(format!("a list, each element {}", element.what), format!("[{}]", element.example))
    }
}
