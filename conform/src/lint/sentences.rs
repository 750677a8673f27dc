//! The words of requirements belong to requirements: elsewhere in a normative text, nothing sounds like one.

use crate::text::{Page, Shape};
use crate::{Fault, Text};

/// Verbs that are kept for requirements. What is possible or allowed outside of them is said with *can*.
const KEPT: [&str; 5] = ["shall", "should", "may", "must", "ought"];
/// Words of other standards.
const LOUD: [&str; 6] = ["SHALL", "SHOULD", "MUST", "MAY", "REQUIRED", "RECOMMENDED"];

pub(super) fn check(text: &Text) -> Vec<Fault> {
    text.pages.iter().flat_map(page).collect()
}

fn page(page: &Page) -> Vec<Fault> {
    let mut faults = Vec::new();
    for line in &page.lines {
        let mut say = |what: String| faults.push(Fault::new(&page.name, line.number, what));
        if line.text.starts_with("**R-") && line.shape != Shape::Requirement {
            say("a requirement begins with `**R-clause-nn** `".to_owned());
        }
        if matches!(line.shape, Shape::Code | Shape::Comment) || line.is_generated {
            continue;
        }
        let is_open = page.is_normative() && line.shape != Shape::Requirement;
        for (word, is_shown) in words(&line.text) {
            if LOUD.contains(&word) {
                say(format!("`{word}`: verbs are written in lower case"));
            }
            // A verb that is shown, as *shall*, is spoken about.
            if is_open && KEPT.contains(&word) && !is_shown {
                say(format!("`{word}` stands outside a requirement"));
            }
        }
    }
    faults
}

/// The words of a line, with whether each stands alone between asterisks.
fn words(line: &str) -> impl Iterator<Item = (&str, bool)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    line.split(move |c: char| !is_part(c)).filter(|word| !word.is_empty()).map(move |word| {
        // Words are slices of the line, so where they lie is known.
        let at = word.as_ptr() as usize - line.as_ptr() as usize;
        let before = line[..at].ends_with('*');
        let after = line[at + word.len()..].starts_with('*');
        (word, before && after)
    })
}
