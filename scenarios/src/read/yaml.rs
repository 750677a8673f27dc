//! From YAML to a tree, through the events of granit-parser.
//!
//! Refused, each with its reason: more than one document, keys that are not plain texts or stand twice, tags, merge keys (`<<`), and files or aliases
//! that would grow beyond [`NODES_MAX`].

use super::{Content, Key, Location, Node, Source, SourceId};
use crate::problem::{Code, Problem};
use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::BTreeMap;

/// Most nodes of one file, aliases counted in full.
pub const NODES_MAX: usize = 200_000;
/// Largest file in bytes.
pub const BYTES_MAX: usize = 16 << 20;
/// Deepest nesting.
pub const DEPTH_MAX: usize = 64;

/// Reads a file's tree. The problems are noted; a tree may come with them.
pub fn parse(source: &Source, id: SourceId, problems: &mut Vec<Problem>) -> Option<Node> {
    if source.text.len() > BYTES_MAX {
        problems.push(Problem::new(Code::TOO_LARGE, Location::start_of(id), format!("the file has more than {} MiB", BYTES_MAX >> 20)));
        return None;
    }
    let mut builder = Builder { text: &source.text, id, problems, anchors: BTreeMap::new(), budget: NODES_MAX };
    builder.document()
}

/// Reads a default that is part of the program. Everything in it has the place `at`.
pub fn literal(text: &str, at: Location) -> Node {
    let source = Source { name: String::new(), text: text.to_owned(), folder: None };
    let mut node = parse(&source, 0, &mut Vec::new()).unwrap_or(Node { at, content: Content::Null });
    node.relocate(at);
    node
}

/// The usual cause of a syntax error.
fn cause(info: &str) -> Option<&'static str> {
    const CAUSES: &[(&str, &str)] = &[
        ("flow", "look above for a `{` or `[` that is never closed, or for a missing comma"),
        ("quoted scalar", "look above for a quote that is never closed"),
        ("mapping values are not allowed", "put a text with `: ` in it into quotes"),
        ("unknown anchor", "put a text that starts with `*` into quotes; as an alias it repeats what `&` has marked above"),
        ("block mapping", "all keys of one mapping start in the same column"),
        ("block collection", "all elements of one list start in the same column"),
        ("directives", "remove the line that starts with `%`"),
    ];
    CAUSES.iter().find(|(part, _)| info.contains(part)).map(|(_, cause)| *cause)
}

struct Builder<'t, 'p> {
    text: &'t str,
    id: SourceId,
    problems: &'p mut Vec<Problem>,
    anchors: BTreeMap<usize, (Node, usize)>,
    budget: usize,
}

/// Reading of this file cannot go on; the reason is noted.
struct Stop;

type Events<'t> = Parser<'t, granit_parser::StrInput<'t>>;

impl<'t> Builder<'t, '_> {
    fn document(&mut self) -> Option<Node> {
        let options = granit_parser::options! { emit_comments: false, disallow_directives: true };
        let mut events = Parser::new_from_str_with_options(self.text, options);
        self.whole(&mut events).ok().flatten()
    }

    /// The one document of the file.
    fn whole(&mut self, events: &mut Events<'t>) -> Result<Option<Node>, Stop> {
        let mut root = None;
        while let Some((event, span)) = self.next(events)? {
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    let at = self.locate(&span);
                    self.note(Code::MANY_DOCUMENTS, at, "a second document starts here; one file is one scenario");
                    return Ok(root);
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node(event, &span, events, 0)?),
            }
        }
        let nothing = matches!(root, None | Some(Node { content: Content::Null, .. }));
        if nothing {
            let problem = Problem::new(Code::EMPTY_FILE, Location::start_of(self.id), "the file says nothing");
            self.problems.push(problem);
            self.last().expected("a scenario").example("version: 1").help("`hypermesh demo --list` tells scenarios to start from");
            return Ok(None);
        }
        Ok(root)
    }

    /// The next event that matters; a syntax error is noted.
    fn next(&mut self, events: &mut Events<'t>) -> Result<Option<(Event<'t>, Span)>, Stop> {
        loop {
            match events.next_event() {
                None => return Ok(None),
                Some(Ok((Event::Anchor(..), _))) => {}
                Some(Ok(pair)) => return Ok(Some(pair)),
                Some(Err(error)) => {
                    self.syntax(&error);
                    return Err(Stop);
                }
            }
        }
    }

    /// Notes a syntax error, with a hint for the usual causes.
    fn syntax(&mut self, error: &granit_parser::ScanError) {
        let marker = error.marker();
        let start = (marker.byte_offset().unwrap_or_default() as u32).min(self.text.len() as u32);
        let at = self.place(start, start, marker.line(), marker.col());
        let line = self.text.lines().nth(marker.line().saturating_sub(1)).unwrap_or_default();
        let before: String = line.chars().take_while(|c| c.is_whitespace()).collect();
        let info = error.info();
        if before.contains('\t') {
            self.note(Code::TAB, at, "a tab indents this line; YAML allows only spaces there");
            self.last().help("replace the tab by spaces");
            return;
        }
        self.note(Code::SYNTAX, at, format!("this is not YAML: {info}"));
        self.last().helps(cause(&info).map(str::to_owned));
    }

    fn node(&mut self, event: Event<'t>, span: &Span, events: &mut Events<'t>, depth: usize) -> Result<Node, Stop> {
        let at = self.locate(span);
        self.spend(1, at)?;
        if depth > DEPTH_MAX {
            self.note(Code::TOO_LARGE, at, format!("this is nested more than {DEPTH_MAX} levels deep"));
            return Err(Stop);
        }
        if let Some(tag) = event.tag() {
            self.note(Code::TAG, at, format!("the tag `{}` means nothing here", tag.original()));
            self.last().help("remove the tag");
        }
        let before = self.budget;
        let (anchor, content) = match event {
            Event::Scalar(text, style, anchor, _) => (anchor, self.scalar(&text, style, at)),
            Event::SequenceStart(_, anchor, _) => (anchor, self.list(events, depth)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.map(events, depth)?),
            Event::Alias(target) => return self.alias(target, at),
            _ => (0, Content::Null),
        };
        let at = match &content {
            // A block mapping begins where its first key does.
            Content::Map(entries) if at.start == at.end => entries.first().map_or(at, |(key, _)| key.at),
            _ => at,
        };
        let node = Node { at, content };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), before - self.budget + 1));
        }
        Ok(node)
    }

    fn scalar(&self, text: &str, style: ScalarStyle, at: Location) -> Content {
        let plain = matches!(style, ScalarStyle::Plain);
        if plain && matches!(text, "" | "~" | "null") {
            return Content::Null;
        }
        let first = at.start + u32::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
        let in_source = self.text.get(first as usize..first as usize + text.len());
        Content::Scalar { text: text.to_owned(), quoted: !plain, verbatim: (in_source == Some(text)).then_some(first) }
    }

    fn list(&mut self, events: &mut Events<'t>, depth: usize) -> Result<Content, Stop> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next(events)? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, &span, events, depth + 1)?);
        }
        Ok(Content::List(items))
    }

    fn map(&mut self, events: &mut Events<'t>, depth: usize) -> Result<Content, Stop> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen = BTreeMap::new();
        while let Some((event, span)) = self.next(events)? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, &span, events, depth + 1)?;
            let Some((event, span)) = self.next(events)? else { break };
            let mut value = self.node(event, &span, events, depth + 1)?;
            let Some(key) = self.key(key) else { continue };
            if matches!(value.content, Content::Null) {
                // An absent value has no place of its own: the key is what people can see.
                value.at = key.at;
            }
            if let Some(first) = seen.insert(key.name.clone(), key.at) {
                self.note(Code::DUPLICATE_KEY, key.at, format!("`{}` stands here a second time", key.name));
                self.last().help(format!("the first is on line {}; keep one of them", first.line));
                continue;
            }
            entries.push((key, value));
        }
        Ok(Content::Map(entries))
    }

    /// A mapping's key, which must be a text.
    fn key(&mut self, node: Node) -> Option<Key> {
        match node.content {
            Content::Scalar { text, quoted, .. } if quoted || text != "<<" => Some(Key { name: text, at: node.at }),
            Content::Scalar { .. } => {
                self.note(Code::BAD_KEY, node.at, "merge keys (`<<`) are not part of the format");
                self.last().help("use `extends` to build on another scenario");
                None
            }
            Content::Null => {
                self.note(Code::BAD_KEY, node.at, "this key is empty");
                None
            }
            _ => {
                self.note(Code::BAD_KEY, node.at, format!("a key is a word, not {}", node.describe()));
                None
            }
        }
    }

    /// A copy of what an anchor names, at the place of the alias.
    fn alias(&mut self, target: usize, at: Location) -> Result<Node, Stop> {
        let Some((node, size)) = self.anchors.get(&target).cloned() else {
            self.note(Code::SYNTAX, at, "this alias stands inside of what it names");
            return Err(Stop);
        };
        self.spend(size, at)?;
        Ok(node)
    }

    /// Counts nodes against the limit.
    fn spend(&mut self, nodes: usize, at: Location) -> Result<(), Stop> {
        match self.budget.checked_sub(nodes) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                self.note(Code::TOO_LARGE, at, format!("the file, with its aliases written out, has more than {NODES_MAX} values"));
                Err(Stop)
            }
        }
    }

    fn note(&mut self, code: Code, at: Location, message: impl Into<String>) {
        self.problems.push(Problem::new(code, at, message));
    }

    fn last(&mut self) -> &mut Problem {
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn place(&self, start: u32, end: u32, line: usize, column: usize) -> Location {
        Location { source: self.id, start, end: end.max(start), line: line.max(1) as u32, column: column as u32 + 1 }
    }

    fn locate(&self, span: &Span) -> Location {
        let byte = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or_default() as u32;
        self.place(byte(span.start), byte(span.end), span.start.line(), span.start.col())
    }
}
