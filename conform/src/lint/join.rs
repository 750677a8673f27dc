//! Registry and text say the same, word for word, in the same order.

use crate::registry::Registry;
use crate::{Fault, Text};
use std::collections::BTreeMap;

pub(super) fn check(registry: &Registry, text: &Text) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut stands = BTreeMap::new();
    for page in &text.pages {
        for (line, id, sentence) in page.requirements() {
            let mut say = |what: String| faults.push(Fault::new(&page.name, line, what));
            if stands.insert(id, line).is_some() {
                say(format!("{id} stands twice in the text"));
            }
            if page.clause() != Some(id.clause) {
                say(format!("{id} stands outside its clause"));
            }
            match registry.get(id) {
                None => say(format!("{id} is not in the registry")),
                Some(requirement) if requirement.text != sentence => {
                    say(format!("{id} says something else in the registry: {}", requirement.text))
                }
                Some(_) => {}
            }
        }
    }
    for clause in &registry.clauses {
        match text.clause(clause.number) {
            None => faults.push(Fault::new(&clause.file, 0, format!("there is no text of clause {}", clause.number))),
            Some(page) if !page.headings().any(|(_, depth, _, title)| depth == 1 && title == clause.title) => {
                faults.push(Fault::new(&clause.file, 0, format!("the title `{}` is not that of {}", clause.title, page.name)));
            }
            Some(_) => {}
        }
        for (line, requirement) in clause.lines().filter(|(_, requirement)| !stands.contains_key(&requirement.id)) {
            faults.push(Fault::new(&clause.file, line, format!("{} does not stand in the text", requirement.id)));
        }
    }
    faults
}
