//! What the command line changes of a scenario.

use super::merge::is_whole;
use crate::problem::{Code, Problem, nearest};
use crate::read::{Content, Key, Location, Node, Source, Sources, yaml};

/// What is changed of a scenario after its layers were merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Another seed.
    pub seed: Option<u64>,
    /// Values by dotted path, such as (`groups.peer.count`, `1000`); later ones win. Elements of lists are numbered from 0.
    pub set: Vec<(String, String)>,
}

impl Overrides {
    /// Splits an argument `path=value`. The text of the error says how it should look.
    pub fn argument(text: &str) -> Result<(String, String), String> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => Ok((path.trim().to_owned(), value.to_owned())),
            _ => Err("expected PATH=VALUE, for example groups.peer.count=1000".to_owned()),
        }
    }

    /// Changes the tree. What cannot be followed is noted, at the argument.
    pub(super) fn apply(&self, tree: &mut Node, sources: &mut Sources, problems: &mut Vec<Problem>) {
        if let Some(seed) = self.seed {
            let text = seed.to_string();
            let id = sources.add(Source { name: "--seed".to_owned(), text: text.clone(), folder: None });
            let at = sources.locate(id, 0, text.len() as u32);
            put(tree, "seed", at, Node::scalar(&text, at));
        }
        for (path, value) in &self.set {
            set(tree, path, value, sources, problems);
        }
    }
}

/// Sets one value.
fn set(tree: &mut Node, path: &str, value: &str, sources: &mut Sources, problems: &mut Vec<Problem>) {
    let text = format!("{path}={value}");
    let here = std::env::current_dir().ok();
    let id = sources.add(Source { name: "--set".to_owned(), text, folder: here });
    let at = sources.locate(id, 0, path.len() as u32);
    // With blanks in place of the path, every part of the value has its place in the argument.
    let padded = Source { name: String::new(), text: format!("{}{value}", " ".repeat(path.len() + 1)), folder: None };
    let Some(value) = yaml::parse(&padded, id, problems) else { return };
    let mut node = tree;
    let mut walked = String::new();
    let segments: Vec<&str> = path.split('.').collect();
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        let parent_key = i.checked_sub(1).and_then(|above| segments.get(above)).copied().unwrap_or_default();
        open(node, segment, parent_key, at);
        match if last { step(node, segment, at) } else { known(node, segment).and_then(|()| step(node, segment, at)) } {
            Ok(next) if last => {
                *next = value;
                return;
            }
            Ok(next) => node = next,
            Err(message) => {
                let place = if walked.is_empty() { "the scenario".to_owned() } else { format!("`{walked}`") };
                let mut problem = Problem::new(Code::BAD_SET, at, message.replace("{}", &place));
                problem.expected("a dotted path of keys, and of numbers from 0 in lists").example("groups.peer.count=1000");
                problems.push(problem);
                return;
            }
        }
        if !walked.is_empty() {
            walked.push('.');
        }
        walked.push_str(segment);
    }
}

/// Makes room for a key in what is written as a word: `on` is a mapping of defaults, and a choice gives way to another.
fn open(node: &mut Node, segment: &str, parent_key: &str, at: Location) {
    let replace = match &node.content {
        Content::Null => true,
        Content::Scalar { text, .. } => is_whole(parent_key) || matches!(text.as_str(), "on" | "true"),
        Content::Map(entries) => is_whole(parent_key) && parent_key != "access" && entries.iter().all(|(key, _)| key.name != segment),
        Content::List(_) => false,
    };
    if replace {
        *node = Node::empty_map(at);
    }
}

/// The child of that name or number; a missing key is added, for the reader to judge.
fn step<'n>(node: &'n mut Node, segment: &str, at: Location) -> Result<&'n mut Node, String> {
    match &mut node.content {
        Content::Map(entries) if entries.is_empty() && segment.parse::<usize>().is_ok() => {
            Err(format!("{{}} is empty, so it has no {segment}"))
        }
        Content::Map(entries) => {
            let index = entries.iter().position(|(key, _)| key.name == segment).unwrap_or_else(|| {
                entries.push((Key { name: segment.to_owned(), at }, Node { at, content: Content::Null }));
                entries.len() - 1
            });
            Ok(&mut entries[index].1)
        }
        Content::List(items) => {
            let count = items.len();
            let number = segment.parse::<usize>().map_err(|_| format!("{{}} is a list of {count}, so `{segment}` should be a number"))?;
            items.get_mut(number).ok_or_else(|| format!("{{}} is a list of {count}, numbered from 0; it has no {number}"))
        }
        _ => Err(format!("{{}} has nothing inside, so there is no `{segment}`")),
    }
}

/// Refuses to walk through a key that is not there, if another was probably meant.
fn known(node: &Node, segment: &str) -> Result<(), String> {
    let Content::Map(entries) = &node.content else { return Ok(()) };
    let names = || entries.iter().map(|(key, _)| key.name.as_str());
    match nearest(segment, names()) {
        Some(name) if name != segment => Err(format!("{{}} has no `{segment}`; did you mean `{name}`?")),
        _ => Ok(()),
    }
}

/// Sets a key of a mapping.
fn put(node: &mut Node, name: &str, at: Location, value: Node) {
    if let Ok(slot) = step(node, name, at) {
        *slot = value;
    }
}
