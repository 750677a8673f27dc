//! What people are told of a manifest that is refused.

use crate::stoq::manifest::{BuildError, Flaw, Refusal, WalkError};
use std::collections::BTreeSet;

/// Every flaw, with figures that occur once each.
fn all() -> Vec<Flaw> {
    vec![
        Flaw::WrongName,
        Flaw::TooLong(1_001),
        Flaw::Truncated,
        Flaw::Trailing,
        Flaw::NotShortest,
        Flaw::Indefinite,
        Flaw::Float,
        Flaw::WrongType("the field 1002"),
        Flaw::OutOfRange("the field 1003", 1_004),
        Flaw::Items("the field 1005", 1_006),
        Flaw::DuplicateKey(1_007),
        Flaw::UnsortedKey(1_008),
        Flaw::UnknownKey(1_009),
        Flaw::Missing("the field 1010"),
        Flaw::Misplaced("the field 1011"),
        Flaw::Version(1_012),
        Flaw::Level(1_013),
        Flaw::Entries(1_014),
        Flaw::EntryLength { index: 1_015, len: 1_016 },
        Flaw::TotalLength { said: 1_017, summed: 1_018 },
        Flaw::Code { codec: 1_019, data: 1_020, total: 1_021 },
        Flaw::Groups(1_022),
        Flaw::Group(1_023),
        Flaw::Encryption { aead: 1_024, nonce: 1_025 },
        Flaw::Retired(1_026),
    ]
}

#[test]
fn each_flaw_has_a_sentence_of_its_own_with_every_figure_of_it() {
    let said: Vec<String> = all().iter().map(Flaw::to_string).collect();
    let together = said.join("\n");
    (1_001..=1_026).for_each(|figure| assert_eq!(together.matches(&figure.to_string()).count(), 1, "{figure} in:\n{together}"));
    let without_figures = said.iter().map(|said| said.replace(|c: char| c.is_ascii_digit(), ""));
    assert_eq!(without_figures.collect::<BTreeSet<_>>().len(), said.len(), "{together}");
}

#[test]
fn whoever_builds_or_walks_is_told_the_flaw_in_the_same_words() {
    let flaw = Flaw::Level(7);
    let refusal = Refusal { flaw, at: 12 };
    assert_eq!(refusal.to_string(), format!("{flaw} (at octet 12)"));
    assert_eq!(BuildError::Flaw(flaw).to_string(), flaw.to_string());
    assert_eq!(WalkError::Refused(refusal).to_string(), refusal.to_string());
    let others = [
        BuildError::ParityOwed.to_string(),
        BuildError::ParityNotOwed.to_string(),
        WalkError::NotAsked.to_string(),
        WalkError::Disagrees("the length").to_string(),
        WalkError::Range { len: 99 }.to_string(),
    ];
    assert!(others[3].contains("the length") && others[4].contains("99"), "{others:?}");
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
}
