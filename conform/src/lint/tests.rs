//! Each lint finds what it is for, in a small standard of its own.

use super::*;
use crate::registry::Clause;
use crate::text::Page;

const GOOD: &str = r#"clause = 6
title = "Wire image"

[[requirement]]
id = "R-6-01"
level = "shall"
text = "An octet shall have eight bits."
role = "both"
profile = "core"
kind = "wire"
tiers = ["core"]
code = []
defect = "SevenBits"
since = 1
purposes.valid = "An octet of eight bits."
purposes.boundary = "An octet of seven and of nine bits."
purposes.invalid = "An octet without bits."
"#;
const PAGE: &str =
    "# 6 Wire image\n\n## 6.1 Octets\n\n**R-6-01** An octet shall have eight bits.\n\nSee clause 6.1 and RFC 9000, clause 16.\n";
const TERMS: &str = "# 3 Definitions\n\n**octet**: eight bits\n\n**RFC**: a document\n";

/// What is wrong with this registry and this text of clause 6.
fn faults(registry: &str, page: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("06-wire.toml"), registry).expect("a file");
    let text = Text { pages: vec![Page::new("03-definitions.md".into(), TERMS), Page::new("06-wire.md".into(), page)] };
    let found = match Registry::load(folder.path()) {
        Ok(registry) => all(&registry, &text, &root()),
        Err(faults) => faults,
    };
    found.iter().map(ToString::to_string).collect()
}

/// The one fault after a change of the registry or of the page.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from) || PAGE.contains(from), "{from}");
    faults(&GOOD.replace(from, to), &PAGE.replace(from, to))
}

#[test]
fn a_sound_standard_has_no_faults() {
    assert_eq!(faults(GOOD, PAGE), Vec::<String>::new());
}

#[test]
fn registry_and_text_are_one_word_for_word() {
    let found = faults(GOOD, &PAGE.replace("eight", "8"));
    assert!(found[0].starts_with("06-wire.md:5: R-6-01 says something else"), "{found:?}");
    let found = faults(GOOD, &PAGE.replace("**R-6-01** An octet shall have eight bits.", ""));
    assert_eq!(found, ["registry/06-wire.toml:5: R-6-01 does not stand in the text"]);
    let found = faults(GOOD, &PAGE.replace("See clause", "**R-6-02** It shall.\n\nSee clause"));
    assert!(found.contains(&"06-wire.md:7: R-6-02 is not in the registry".to_owned()), "{found:?}");
}

#[test]
fn a_requirement_is_one_sentence_with_one_verb_and_no_way_out() {
    for (to, what) in [
        ("An octet shall have bits and shall be sent.", "`shall` 2 times"),
        ("An octet should have eight bits.", "`shall` 0 times"),
        ("An octet shall have eight bits. It does.", "one sentence"),
        ("An octet shall have eight bits if possible.", "`if possible`"),
        ("An octet SHALL have eight bits.", "`SHALL`"),
    ] {
        let found = after("An octet shall have eight bits.", to);
        assert!(found.iter().any(|fault| fault.contains(what)), "{to}: {found:?}");
    }
}

#[test]
fn ids_are_given_once_in_order_and_those_withdrawn_never_again() {
    let again = format!("{GOOD}{}", GOOD.split_once("\n\n").expect("a requirement").1);
    let found = faults(&again, PAGE);
    assert!(found.iter().any(|fault| fault.contains("the id was given before")), "{found:?}");
    assert!(found.iter().any(|fault| fault.contains("out of order")), "{found:?}");
    let mut registry = Registry { clauses: Vec::<Clause>::new(), withdrawn: Vec::new() };
    registry.withdrawn.push(crate::registry::Withdrawn {
        id: crate::registry::Id { clause: 6, number: 1 },
        text: "It shall.".into(),
        reason: "R-6-02 says it.".into(),
    });
    assert!(registry.is_withdrawn(crate::registry::Id { clause: 6, number: 1 }));
}

#[test]
fn verbs_of_requirements_stand_in_requirements_only() {
    for text in ["It may be so.", "It shall be so.", "It must be so.", "It MUST be so."] {
        let found = after("See clause", &format!("{text}\n\nSee clause"));
        let verb = text.split(' ').nth(1).expect("a verb");
        assert!(found.iter().any(|fault| fault.contains(&format!("`{verb}`"))), "{text}: {found:?}");
    }
    assert_eq!(after("See clause", "The verb *shall* is shown.\n\nSee clause"), Vec::<String>::new());
}

#[test]
fn references_resolve() {
    assert_eq!(after("clause 6.1", "clause 6.7"), ["06-wire.md:7: there is no clause 6.7"]);
    assert_eq!(after("See clause", "See R-6-09 and clause"), ["06-wire.md:7: there is no R-6-09"]);
    assert_eq!(after("See clause", "See Annex Z and clause"), ["06-wire.md:7: there is no clause Annex Z"]);
    assert_eq!(after("## 6.1", "## 6.2").len(), 2, "the heading is out of order, and the reference leads nowhere");
}

#[test]
fn words_are_explained_and_explanations_used() {
    assert_eq!(after("See clause", "XYZ; see clause"), ["06-wire.md:7: XYZ is not explained in clause 3"]);
    assert_eq!(after("See clause", "`GetWhat`; see clause"), ["06-wire.md:7: no table lists `GetWhat`"]);
    let found = after("RFC 9000, clause 16", "others");
    assert_eq!(found, ["03-definitions.md:5: `RFC` is defined and not used"]);
}

#[test]
fn everything_that_cannot_be_read_is_told_at_once() {
    let found = faults(&GOOD.replace("level = \"shall\"", "level = \"must\""), PAGE);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("registry/06-wire.toml:5: unknown variant `must`"), "{found:?}");
    let two = format!("{GOOD}\n[[requirement]]\nid = \"R-6-2\"\n\n[[requirement]]\nid = 3\n");
    assert_eq!(faults(&two, PAGE).len(), 2);
}
