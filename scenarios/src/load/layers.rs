//! The scenarios that a scenario builds on.

use super::merge::merge;
use super::presets;
use crate::problem::{Code, Problem, nearest};
use crate::read::{Content, Location, Node, Source, SourceId, Sources, yaml};
use std::path::{Path, PathBuf};

/// Deepest chain of scenarios that extend each other.
const DEPTH_MAX: usize = 16;
/// Most files and presets of one scenario.
const LAYERS_MAX: usize = 64;

/// The layers read so far.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) sources: Sources,
    pub(super) problems: Vec<Problem>,
    /// What is being read now, outermost first, to find circles.
    chain: Vec<Origin>,
}

/// What a layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Preset(String),
    File(PathBuf),
    Text,
}

impl Layers {
    /// The merged tree of a file and all that it extends.
    pub(super) fn file(&mut self, path: &Path) -> Option<Node> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => self.bytes(name, &bytes, path),
            Err(error) => {
                let id = self.sources.add(Source { name, text: String::new(), folder: None });
                self.note(Code::FILE_UNREADABLE, Location::start_of(id), format!("the scenario cannot be read: {error}"));
                None
            }
        }
    }

    /// The merged tree of a text and all that it extends.
    pub(super) fn text(&mut self, source: Source) -> Option<Node> {
        self.layer(source, Origin::Text)
    }

    fn bytes(&mut self, name: String, bytes: &[u8], path: &Path) -> Option<Node> {
        let folder = Some(path.parent().map_or_else(PathBuf::new, Path::to_path_buf));
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let origin = Origin::File(path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
                self.layer(Source { name, text: text.to_owned(), folder }, origin)
            }
            Err(error) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let id = self.sources.add(Source { name, text, folder });
                // Up to the first bad byte the lossy text is the same.
                let start = error.valid_up_to() as u32;
                let at = self.sources.locate(id, start, start + 3);
                let bad = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                self.note(Code::NOT_UTF8, at, format!("byte {start} of the file, {bad:#04x}, is not UTF-8"));
                self.last().help("save the file as UTF-8");
                None
            }
        }
    }

    /// A layer merged over all that it extends.
    fn layer(&mut self, source: Source, origin: Origin) -> Option<Node> {
        let id = self.sources.add(source);
        let source = self.sources.get(id)?.clone();
        let tree = yaml::parse(&source, id, &mut self.problems)?;
        self.chain.push(origin);
        let below = self.extended(&tree, id);
        self.chain.pop();
        let tree = match &tree.content {
            Content::Map(_) => tree,
            _ => {
                self.note(Code::WRONG_TYPE, tree.at, format!("a scenario is a mapping, not {}", tree.describe()));
                self.last().expected("keys with values").example("version: 1");
                return None;
            }
        };
        Some(match below {
            Some(below) => merge(below, tree),
            None => tree,
        })
    }

    /// What a layer extends, merged in order.
    fn extended(&mut self, tree: &Node, id: SourceId) -> Option<Node> {
        // Anything but a list is reported when the section is read.
        let Some(Content::List(items)) = tree.get("extends").map(|node| &node.content) else { return None };
        let mut merged: Option<Node> = None;
        for item in items {
            let Content::Scalar { text, .. } = &item.content else { continue };
            if self.chain.len() >= DEPTH_MAX || self.sources.iter().count() >= LAYERS_MAX {
                self.note(
                    Code::EXTENDS_DEPTH,
                    item.at,
                    format!("more than {DEPTH_MAX} levels or {LAYERS_MAX} scenarios build on each other"),
                );
                break;
            }
            let layer = match text.strip_prefix("preset:") {
                Some(name) => self.preset(name, item.at),
                None => self.file_of(text, item.at, id),
            };
            merged = match (merged, layer) {
                (Some(below), Some(above)) => Some(merge(below, above)),
                (one, other) => one.or(other),
            };
        }
        // A list of what lower layers extend has been followed already.
        if let Some(Node { content: Content::Map(entries), .. }) = &mut merged {
            entries.retain(|(key, _)| key.name != "extends");
        }
        merged
    }

    fn preset(&mut self, name: &str, at: Location) -> Option<Node> {
        let Some(text) = presets::named(name) else {
            let names: Vec<&str> = presets::PRESETS.iter().map(|(name, _)| *name).collect();
            self.note(Code::EXTENDS_MISSING, at, format!("there is no preset `{name}`"));
            let meant = nearest(name, names.iter().copied()).map(|name| format!("did you mean `preset:{name}`?"));
            self.last().expected(format!("preset: and one of {}", names.join(", "))).helps(meant);
            return None;
        };
        let origin = Origin::Preset(name.to_owned());
        if self.circle(&origin, at) {
            return None;
        }
        self.layer(Source { name: format!("preset:{name}"), text: text.to_owned(), folder: None }, origin)
    }

    fn file_of(&mut self, written: &str, at: Location, from: SourceId) -> Option<Node> {
        let Some(path) = self.sources.get(from).and_then(|source| source.folder.as_ref()).map(|folder| folder.join(written)) else {
            self.note(Code::EXTENDS_MISSING, at, "a preset can only extend other presets");
            return None;
        };
        let origin = Origin::File(path.canonicalize().unwrap_or_else(|_| path.clone()));
        if self.circle(&origin, at) {
            return None;
        }
        match std::fs::read(&path) {
            Ok(bytes) => self.bytes(path.display().to_string(), &bytes, &path),
            Err(error) => {
                self.note(Code::EXTENDS_MISSING, at, format!("`{}` cannot be read: {error}", path.display()));
                let preset = nearest(written, presets::PRESETS.iter().map(|(name, _)| *name));
                self.last().helps(preset.map(|name| format!("the preset of that name is written `preset:{name}`")));
                None
            }
        }
    }

    /// Whether that origin is being read already; noted if so.
    fn circle(&mut self, origin: &Origin, at: Location) -> bool {
        let found = self.chain.contains(origin);
        if found {
            self.note(Code::EXTENDS_CYCLE, at, "this scenario extends itself, directly or through others");
        }
        found
    }

    fn note(&mut self, code: Code, at: Location, message: impl Into<String>) {
        self.problems.push(Problem::new(code, at, message));
    }

    fn last(&mut self) -> &mut Problem {
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }
}
