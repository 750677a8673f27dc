//! Words that have a meaning of their own are explained: acronyms and terms in clause 3, names of things on the wire in the table that lists them.

use crate::text::{Page, Shape};
use crate::{Fault, Text};
use std::collections::{BTreeMap, BTreeSet};

/// The clause of definitions.
const DEFINITIONS: u8 = 3;
/// Words in capitals that are names, or are explained where they stand.
const NAMES: [&str; 6] = ["IEEE", "IETF", "PART", "NIST", "BLAKE3", "MD5"];

pub(super) fn check(text: &Text) -> Vec<Fault> {
    let mut faults = Vec::new();
    let Some(definitions) = text.clause(DEFINITIONS) else {
        return vec![Fault::new("03", 0, "there is no clause of definitions")];
    };
    let defined = bold(definitions);
    faults.extend(acronyms(text, &defined));
    faults.extend(unused(text, definitions, &defined));
    faults.extend(names(text));
    faults
}

/// What clause 3 defines: `**term**: what it means`, by line.
fn bold(page: &Page) -> BTreeMap<String, usize> {
    let lines = page.lines.iter().filter(|line| line.shape == Shape::Prose);
    let terms = lines.filter_map(|line| {
        let (term, _) = line.text.trim_start_matches("- ").strip_prefix("**")?.split_once("**: ")?;
        Some((term.to_owned(), line.number))
    });
    terms.collect()
}

/// Acronyms of the text that nobody explains.
fn acronyms(text: &Text, defined: &BTreeMap<String, usize>) -> Vec<Fault> {
    let mut told = BTreeSet::new();
    let mut faults = Vec::new();
    for page in &text.pages {
        for line in page.written() {
            for word in plain(&line.text).split(|c: char| !c.is_alphanumeric()) {
                let capitals = word.chars().filter(char::is_ascii_uppercase).count();
                let is_acronym = capitals >= 2 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
                if is_acronym && !defined.contains_key(word) && !NAMES.contains(&word) && told.insert(word.to_owned()) {
                    faults.push(Fault::new(&page.name, line.number, format!("{word} is not explained in clause 3")));
                }
            }
        }
    }
    faults
}

/// A line without what stands in backquotes.
fn plain(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// Definitions of what no other page speaks of.
fn unused(text: &Text, definitions: &Page, defined: &BTreeMap<String, usize>) -> Vec<Fault> {
    let others = text.pages.iter().filter(|page| page.name != definitions.name);
    let all: String = others.flat_map(|page| &page.lines).map(|line| line.text.to_lowercase() + "\n").collect();
    let is_used = |term: &str| all.contains(&term.to_lowercase());
    let unused = defined.iter().filter(|(term, _)| !is_used(term));
    unused.map(|(term, line)| Fault::new(&definitions.name, *line, format!("`{term}` is defined and not used"))).collect()
}

/// Names like `GetName` that no table lists in its first column.
fn names(text: &Text) -> Vec<Fault> {
    let mut listed = BTreeSet::new();
    for page in &text.pages {
        for (_, head, cells) in page.rows() {
            // A head lists the events of a table of states.
            let listing = if head { &cells[..] } else { &cells[..1] };
            listed.extend(listing.iter().flat_map(|cell| cell.split(", ")).map(|name| name.replace('`', "")));
        }
    }
    let mut faults = Vec::new();
    for page in &text.pages {
        for line in page.written() {
            for name in line.text.split('`').skip(1).step_by(2).filter(|name| is_name(name)) {
                if !listed.contains(name) {
                    faults.push(Fault::new(&page.name, line.number, format!("no table lists `{name}`")));
                }
            }
        }
    }
    faults
}

/// Whether a text in backquotes names a frame, a setting, a code, a violation and the like.
fn is_name(text: &str) -> bool {
    text.len() > 2 && text.starts_with(|c: char| c.is_ascii_uppercase()) && text[1..].chars().all(|c| c.is_ascii_alphanumeric()) && {
        text[1..].contains(|c: char| c.is_ascii_lowercase())
    }
}
