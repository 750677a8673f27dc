//! Rules about the registry alone.

use crate::registry::{Clause, Level, Registry, Requirement};
use crate::{FOLDER, Fault};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Phrases that leave it open whether a requirement holds.
const LOOPHOLES: [&str; 17] = [
    "if possible",
    "where possible",
    "as possible",
    "if practical",
    "where practicable",
    "if feasible",
    "as appropriate",
    "where appropriate",
    "if necessary",
    "as needed",
    "normally",
    "usually",
    "typically",
    "reasonable",
    "sufficient",
    "best effort",
    "and/or",
];

pub(super) fn check(registry: &Registry, root: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (mut seen, mut defects) = (BTreeMap::new(), BTreeMap::new());
    for clause in &registry.clauses {
        order(clause, &mut faults);
        for (line, requirement) in clause.lines() {
            let mut say = |what: String| faults.push(Fault::new(&clause.file, line, format!("{}: {what}", requirement.id)));
            if let Some(before) = seen.insert(requirement.id, &clause.file) {
                say(format!("the id was given before, in {before}"));
            }
            if registry.is_withdrawn(requirement.id) {
                say("the id was withdrawn and is not given again".to_owned());
            }
            if let Some(defect) = &requirement.defect
                && let Some(other) = defects.insert(defect, requirement.id)
            {
                say(format!("the defect {defect} belongs to {other}"));
            }
            sentence(requirement, &mut say);
            fields(requirement, root, &mut say);
        }
    }
    for gone in &registry.withdrawn {
        if gone.reason.is_empty() || gone.text.is_empty() {
            faults.push(Fault::new("registry/withdrawn.toml", 0, format!("{}: what it said and why it went", gone.id)));
        }
    }
    faults
}

fn order(clause: &Clause, faults: &mut Vec<Fault>) {
    let mut last = None;
    for (line, requirement) in clause.lines() {
        let id = requirement.id;
        if id.clause != clause.number {
            faults.push(Fault::new(&clause.file, line, format!("{id} does not belong to clause {}", clause.number)));
        }
        if last.is_some_and(|last| last >= id) {
            faults.push(Fault::new(&clause.file, line, format!("{id} is out of order")));
        }
        last = Some(id);
    }
    if !clause.file.contains(&format!("{:02}-", clause.number)) {
        faults.push(Fault::new(&clause.file, 0, format!("the file of clause {} begins with {:02}-", clause.number, clause.number)));
    }
}

/// One sentence, one verb, no way out.
fn sentence(requirement: &Requirement, say: &mut impl FnMut(String)) {
    let text = requirement.text.as_str();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    let count = |verb: &str| words.iter().filter(|word| **word == verb).count();
    for level in Level::ALL {
        let wanted = usize::from(level == requirement.level);
        if count(level.verb()) != wanted {
            say(format!("the sentence has `{}` {} times instead of {wanted}", level.verb(), count(level.verb())));
        }
    }
    for word in ["must", "will", "can", "SHALL", "MUST", "SHOULD", "MAY", "etc"] {
        if count(word) > 0 && !(word == "will" || word == "can") {
            say(format!("`{word}` is no verb of a requirement"));
        }
    }
    if !text.ends_with('.') || text[..text.len() - 1].contains(". ") || text.contains('\n') {
        say("a requirement is one sentence on one line".to_owned());
    }
    if !text.starts_with(|c: char| c.is_uppercase()) {
        say("a sentence begins with a capital".to_owned());
    }
    let lower = text.to_lowercase();
    for phrase in LOOPHOLES.iter().filter(|phrase| lower.contains(**phrase)) {
        say(format!("`{phrase}` leaves open whether it holds"));
    }
}

fn fields(requirement: &Requirement, root: &Path, say: &mut impl FnMut(String)) {
    let is_shall = requirement.level == Level::Shall;
    if is_shall && (requirement.defect.is_none() || requirement.purposes.is_none()) {
        say("a shall has a defect and purposes".to_owned());
    }
    if let Some(purposes) = &requirement.purposes
        && [&purposes.valid, &purposes.boundary, &purposes.invalid].iter().any(|purpose| purpose.len() < 10 || !purpose.ends_with('.'))
    {
        say("a purpose is a sentence".to_owned());
    }
    if let Some(defect) = &requirement.defect
        && !(defect.starts_with(|c: char| c.is_ascii_uppercase()) && defect.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        say(format!("`{defect}` is not the name of a variant"));
    }
    if requirement.tiers.is_empty() || requirement.tiers.iter().collect::<BTreeSet<_>>().len() != requirement.tiers.len() {
        say("the tiers are some, and each is named once".to_owned());
    }
    for file in &requirement.code {
        if !root.join(file).is_file() {
            say(format!("there is no file {file}"));
        }
    }
    if requirement.since == 0 {
        say(format!("revisions of {FOLDER} are counted from one"));
    }
}
