//! Problems of scenario files: what is wrong, where, what was expected, an example, and what may have been meant.

mod codes;
mod render;
mod report;

pub use codes::{CODES, Code, explain};
pub use report::Report;

use crate::read::Location;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can be run, but probably not as meant.
    Warning,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its stable code.
    pub code: Code,
    /// Where it is.
    pub at: Location,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// How it may be written.
    pub example: Option<String>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(code: Code, at: Location, message: impl Into<String>) -> Self {
        Self { code, at, message: message.into(), expected: None, example: None, help: Vec::new() }
    }

    /// How bad it is; its code says so.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Says what was expected.
    pub fn expected(&mut self, what: impl Into<String>) -> &mut Self {
        self.expected = Some(what.into());
        self
    }

    /// Gives an example.
    pub fn example(&mut self, example: impl Into<String>) -> &mut Self {
        self.example = Some(example.into());
        self
    }

    /// Adds something to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help.push(help.into());
        self
    }

    /// Adds something to do about it, if there is something.
    pub fn helps(&mut self, help: Option<String>) -> &mut Self {
        self.help.extend(help);
        self
    }
}

/// The candidate that a misspelt word most likely means, if any is near enough.
pub fn nearest<'w>(word: &str, candidates: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let known: &[&'w str] = &candidates.into_iter().collect::<Vec<_>>();
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known.iter().copied() {
        let distance = if candidate.to_lowercase() == lower { 0 } else { strsim::osa_distance(&lower, &candidate.to_lowercase()) };
        // Of equally near words the first wins.
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    // A word of one or two letters is near to nearly everything.
    let near = best.filter(|(distance, _)| *distance == 0 || word.chars().count() > *distance).map(|(_, candidate)| candidate);
    near.or_else(|| same_beginning(&lower, known))
}

/// The candidate that begins like a word, if at least half of the word, and four letters, are the same (`region_down`: `region_loss`).
fn same_beginning<'w>(lower: &str, candidates: &[&'w str]) -> Option<&'w str> {
    let shared = |candidate: &str| lower.chars().zip(candidate.to_lowercase().chars()).take_while(|(a, b)| a == b).count();
    let best = candidates.iter().copied().max_by_key(|candidate| shared(candidate))?;
    (shared(best) >= 4 && 2 * shared(best) >= lower.chars().count()).then_some(best)
}
