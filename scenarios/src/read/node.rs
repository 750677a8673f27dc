//! The tree of a file: mappings, lists and scalars, each with its place.

use super::Location;

/// One value of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it was written.
    pub at: Location,
    /// What it is.
    pub content: Content,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing: a key without a value.
    Null,
    /// A text, a number or a word, as it was written.
    Scalar {
        /// The text after YAML's quotes and escapes.
        text: String,
        /// Whether it stood in quotes or was a block of text, so that it is a text whatever it looks like.
        quoted: bool,
        /// The first byte of the text in its source, if the text stands there letter for letter.
        verbatim: Option<u32>,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file. Keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key.
    pub name: String,
    /// Where it was written.
    pub at: Location,
}

impl Node {
    /// An empty mapping.
    pub const fn empty_map(at: Location) -> Self {
        Self { at, content: Content::Map(Vec::new()) }
    }

    /// A plain scalar that is not in any file.
    pub fn scalar(text: &str, at: Location) -> Self {
        Self { at, content: Content::Scalar { text: text.to_owned(), quoted: false, verbatim: None } }
    }

    /// A mapping of one key.
    pub fn single(key: &str, value: Self) -> Self {
        let at = value.at;
        Self { at, content: Content::Map(vec![(Key { name: key.to_owned(), at }, value)]) }
    }

    /// The value of a key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|(k, _)| k.name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What it is, in words.
    pub fn describe(&self) -> String {
        match &self.content {
            Content::Null => "nothing".to_owned(),
            Content::Scalar { text, .. } if text.chars().count() > 40 => "a long text".to_owned(),
            Content::Scalar { text, .. } => format!("`{text}`"),
            Content::List(items) if items.is_empty() => "an empty list".to_owned(),
            Content::List(_) => "a list".to_owned(),
            Content::Map(_) => "a mapping".to_owned(),
        }
    }

    /// As YAML on one line.
    pub fn flow(&self) -> String {
        match &self.content {
            Content::Null => "null".to_owned(),
            Content::Scalar { text, quoted: true, .. } => format!("\"{text}\""),
            Content::Scalar { text, .. } => text.clone(),
            Content::List(items) => format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Content::Map(entries) => {
                let pairs: Vec<String> = entries.iter().map(|(key, value)| format!("{}: {}", key.name, value.flow())).collect();
                format!("{{{}}}", pairs.join(", "))
            }
        }
    }

    /// Gives this node and all below it one place.
    pub fn relocate(&mut self, at: Location) {
        self.at = at;
        match &mut self.content {
            Content::Null => {}
            Content::Scalar { verbatim, .. } => *verbatim = None,
            Content::List(items) => items.iter_mut().for_each(|item| item.relocate(at)),
            Content::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.at = at;
                value.relocate(at);
            }),
        }
    }
}
