//! Where something was written.

use std::path::PathBuf;

/// Number of a source among the [`Sources`] of one load.
pub type SourceId = u16;

/// A place in a source: what an error points at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Which source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first byte in characters, from 1.
    pub column: u32,
}

impl Location {
    /// No place at all: of a value that stands in for one that could not be read. Problems that point here are consequences of others and are dropped.
    pub const NOWHERE: Self = Self { source: SourceId::MAX, start: 0, end: 0, line: 0, column: 0 };

    /// The beginning of a source.
    pub const fn start_of(source: SourceId) -> Self {
        Self { source, start: 0, end: 0, line: 1, column: 1 }
    }

    /// Whether it is a real place.
    pub const fn is_somewhere(self) -> bool {
        self.source != SourceId::MAX
    }
}

/// Something that was read: a file, a preset, or an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What messages call it.
    pub name: String,
    /// What it says.
    pub text: String,
    /// The folder that relative paths in it start from; none where there is no such folder.
    pub folder: Option<PathBuf>,
}

/// All sources of one load. The first is the scenario file itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds one and gives its number.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        // More than 65,534 layers are refused long before.
        (self.0.len() - 1).min(usize::from(SourceId::MAX) - 1) as SourceId
    }

    /// The source of that number.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(usize::from(id))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The place of a range of bytes of a source.
    pub fn locate(&self, source: SourceId, start: u32, end: u32) -> Location {
        let text = self.get(source).map_or("", |s| s.text.as_str());
        let upto = text.get(..start as usize).unwrap_or(text);
        let line = upto.bytes().filter(|b| *b == b'\n').count() as u32 + 1;
        let column = upto.rsplit('\n').next().map_or(0, |l| l.chars().count()) as u32 + 1;
        Location { source, start, end, line, column }
    }
}
