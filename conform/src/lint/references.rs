//! What is referred to is there.

use crate::registry::{Id, Registry};
use crate::text::{Page, Shape};
use crate::{Fault, Text};
use std::collections::BTreeSet;

pub(super) fn check(registry: &Registry, text: &Text) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut labels = BTreeSet::new();
    for page in &text.pages {
        for (line, _, label, _) in page.headings() {
            if let Some(label) = label
                && !labels.insert(label.to_owned())
            {
                faults.push(Fault::new(&page.name, line, format!("the heading {label} stands twice")));
            }
        }
        numbering(page, &mut faults);
    }
    for page in &text.pages {
        for line in page.lines.iter().filter(|line| line.shape != Shape::Comment) {
            let mut say = |what: String| faults.push(Fault::new(&page.name, line.number, what));
            for (_, id) in Id::all_in(&line.text) {
                match id {
                    Err(word) => say(format!("`{word}` is no id")),
                    Ok(id) if registry.get(id).is_none() && !registry.is_withdrawn(id) => say(format!("there is no {id}")),
                    Ok(_) => {}
                }
            }
            for reference in clauses_in(&line.text) {
                if !labels.contains(&reference) {
                    say(format!("there is no clause {reference}"));
                }
            }
        }
    }
    faults
}

/// Headings below the first carry its number.
fn numbering(page: &Page, faults: &mut Vec<Fault>) {
    let mut headings = page.headings();
    let Some((_, 1, first, _)) = headings.next() else {
        return faults.push(Fault::new(&page.name, 1, "a page begins with its heading"));
    };
    let Some(first) = first else { return };
    let prefix = format!("{}.", first.strip_prefix("Annex ").unwrap_or(first));
    for (number, (line, depth, label, _)) in (1..).zip(headings.filter(|(_, depth, _, _)| *depth == 2)) {
        let wanted = format!("{prefix}{number}");
        if label != Some(wanted.as_str()) {
            faults.push(Fault::new(&page.name, line, format!("the heading of depth {depth} is number {wanted}")));
        }
    }
}

/// The clauses and annexes of this standard that a line names: `clause 6.2`, `clauses 6 to 8`, `Annex B`. Those of other documents follow their name:
/// `RFC 9000, clause 16`.
pub fn clauses_in(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in line.match_indices("lause ").chain(line.match_indices("lauses ")) {
        let foreign = line[..at].trim_end_matches(['c', 'C']).trim_end().ends_with(',') && {
            let before = &line[..at];
            before.rfind("RFC ").or_else(|| before.rfind("ISO")).is_some_and(|from| !before[from..].contains([')', ';', '.']))
        };
        if foreign {
            continue;
        }
        let rest = &line[at + word.len()..];
        found.extend(numbers(rest));
    }
    for (at, word) in line.match_indices("Annex ") {
        let letter = line[at + word.len()..].chars().next().filter(char::is_ascii_uppercase);
        found.extend(letter.map(|letter| format!("Annex {letter}")));
    }
    found
}

/// `6.2`, `6, 7 and 8`, `6 to 8`: the numbers at the beginning of a text.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest[..end].trim_end_matches('.');
        if number.is_empty() {
            return found;
        }
        found.push(number.to_owned());
        rest = &rest[number.len()..];
        match [", ", " and ", " to ", " or "].iter().find_map(|link| rest.strip_prefix(link)) {
            Some(more) => rest = more,
            None => return found,
        }
    }
}
