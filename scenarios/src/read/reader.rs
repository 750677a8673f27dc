//! What reading notes, and the messages that all shapes share.

use super::{Content, Expects, Key, Location, Node, Shape, Sources, yaml};
use crate::problem::{Code, Problem, nearest};
use crate::spec::home_of;

/// Collects the problems of one reading.
#[derive(Debug)]
pub struct Reader<'a> {
    /// Where the nodes come from.
    pub sources: &'a Sources,
    /// What was found so far.
    pub problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// A reader of nodes from these sources.
    pub const fn new(sources: &'a Sources) -> Self {
        Self { sources, problems: Vec::new() }
    }

    /// Notes a problem; more can be said about it through what is returned.
    pub fn problem(&mut self, code: Code, at: Location, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(code, at, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// What is written at a place.
    fn written(&self, at: Location) -> Option<&'a str> {
        self.sources.get(at.source)?.text.get(at.start as usize..at.end as usize)
    }

    /// Notes that the node is not what it should be. Always `None`, for the caller to return.
    pub fn wrong_type<T>(&mut self, node: &Node, expects: Expects) -> Option<T> {
        let problem = match node.content {
            Content::Null => {
                let key = self.written(node.at).filter(|text| !text.is_empty()).map_or("this".to_owned(), |text| format!("`{text}`"));
                let problem = self.problem(Code::NO_VALUE, node.at, format!("{key} has no value"));
                problem.help("indent what belongs to it further than the key, or remove the key")
            }
            _ => self.problem(Code::WRONG_TYPE, node.at, format!("expected {}, found {}", expects.what, node.describe())),
        };
        problem.expected(expects.what).example(expects.example);
        None
    }

    /// Notes a word that is none of `words`. Always `None`, for the caller to return.
    pub fn unknown_word<T>(&mut self, node: &Node, text: &str, words: &[&str], expects: Expects) -> Option<T> {
        let meant = nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        self.problem(Code::UNKNOWN_WORD, node.at, format!("`{text}` is not known here"))
            .expected(expects.what)
            .example(expects.example)
            .helps(meant);
        None
    }

    /// The entries of a mapping, of which only `keys` are known. `what` names the mapping.
    pub fn mapping<'n>(&mut self, node: &'n Node, what: &str, keys: &[&str], expects: Expects) -> Option<&'n [(Key, Node)]> {
        let Content::Map(entries) = &node.content else { return self.wrong_type(node, expects) };
        for (key, _) in entries {
            if !keys.contains(&key.name.as_str()) {
                let meant = nearest(&key.name, keys.iter().copied()).map(|word| format!("did you mean `{word}`?"));
                let home = || home_of(&key.name).map(|path| format!("`{}` belongs to `{path}`", key.name));
                let meant = meant.or_else(home);
                self.problem(Code::UNKNOWN_KEY, key.at, format!("{what} has no `{}`", key.name))
                    .expected(format!("one of {}", keys.join(", ")))
                    .helps(meant);
            }
        }
        Some(entries)
    }
}

/// The fields of one section, while it is read.
#[derive(Debug)]
pub(crate) struct Fields<'n, 'r, 'a> {
    /// The section's mapping.
    pub(crate) parent: &'n Node,
    /// What it has.
    pub(crate) entries: &'n [(Key, Node)],
    /// What the section is called.
    pub(crate) what: &'static str,
    /// One as it may be written.
    pub(crate) example: &'static str,
    /// Where problems go.
    pub(crate) reader: &'r mut Reader<'a>,
}

impl Fields<'_, '_, '_> {
    /// Reads the value of a key, or its default, or notes that it is missing.
    pub(crate) fn field<T: Shape>(&mut self, key: &str, default: Option<&str>) -> T {
        if let Some((_, value)) = self.entries.iter().find(|(k, _)| k.name == key) {
            return T::read(value, self.reader).unwrap_or_else(T::placeholder);
        }
        let at = self.parent.at;
        if let Some(text) = default {
            return T::read(&yaml::literal(text, at), self.reader).unwrap_or_else(T::placeholder);
        }
        T::absent(at).unwrap_or_else(|| {
            let expects = T::expects();
            // The section's example shows a value that fits this very key.
            let shown = yaml::literal(self.example, at).get(key).map_or(expects.example, Node::flow);
            self.reader
                .problem(Code::MISSING_KEY, at, format!("{} needs `{key}`", self.what))
                .expected(format!("{key}: {}", expects.what))
                .example(format!("{key}: {shown}"));
            T::placeholder()
        })
    }
}
