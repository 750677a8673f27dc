//! All problems of one load.

use super::{Problem, Severity};
use crate::read::Sources;
use serde_json::{Value, json};

/// All problems of one load, with the texts they point into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The problems, by source, then place.
    pub problems: Vec<Problem>,
    /// What they point into.
    pub sources: Sources,
}

impl Report {
    /// A report of these problems. Those that point nowhere are consequences of others and are dropped, unless they are all there is.
    pub fn new(mut problems: Vec<Problem>, sources: Sources) -> Self {
        if problems.iter().any(|p| p.at.is_somewhere() && p.severity() == Severity::Error) {
            problems.retain(|p| p.at.is_somewhere());
        }
        // Those of one place stay in the order in which they were found.
        problems.sort_by_key(|p| (p.at.source, p.at.start));
        problems.dedup();
        Self { problems, sources }
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity() == Severity::Error).count()
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.problems.len() - self.errors()
    }

    /// As text for people, each problem with the line it is about.
    pub fn render(&self, color: bool) -> String {
        super::render::report(self, color)
    }

    /// As JSON for programs: a list of objects.
    pub fn to_json(&self) -> Value {
        let problem = |p: &Problem| {
            json!({
                "code": p.code.as_str(),
                "severity": match p.severity() { Severity::Error => "error", Severity::Warning => "warning" },
                "file": self.sources.get(p.at.source).map(|s| s.name.as_str()),
                "line": p.at.line,
                "column": p.at.column,
                "start": p.at.start,
                "end": p.at.end,
                "message": p.message,
                "expected": p.expected,
                "example": p.example,
                "help": p.help,
            })
        };
        self.problems.iter().map(problem).collect()
    }
}

impl core::fmt::Display for Report {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl core::error::Error for Report {}
