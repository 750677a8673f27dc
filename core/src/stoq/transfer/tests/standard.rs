//! The text of the standard says what the constants say.

use super::super::states::{Cell, EVENTS, STATES, cell};
use super::*;
use crate::stoq::manifest::WalkError;

const TEXT: &str = include_str!("../../../../../docs/standard/10-transfer.md");

#[test]
fn the_standard_shows_the_table_of_states() {
    for state in STATES {
        let shown = EVENTS.map(|event| {
            let Cell { next, act } = cell(state, event);
            format!("{act:?} → {next:?}")
        });
        let row = format!("| {state:?} | {} |", shown.join(" | "));
        assert!(TEXT.contains(&row), "{row}");
    }
}

#[test]
fn the_standard_names_bounds_penalties_and_failures() {
    let bounds = [
        ("wrong contents, and contents that were not asked for, of one source", u64::from(WRONG_MAX)),
        ("stalls, refusals for now, breaks and broken promises in a row", u64::from(TROUBLES_MAX)),
        ("sources asked for one chunk at a time", ASKERS_MAX as u64),
        ("chunks asked of two sources at a time", DOUBLED_MAX as u64),
        ("chunks taken back from a source at once", u64::from(CANCELS_BURST)),
        ("chunks taken back from a source per second", u64::from(CANCELS_PER_SEC)),
        ("times that a chunk is taken from one source for another", u64::from(STOLEN_MAX)),
        ("sources of a transfer", SOURCES_MAX as u64),
    ];
    for (bound, value) in bounds {
        assert!(TEXT.contains(&format!("| {bound} | {value} |")), "{bound}");
    }
    for penalty in [Penalty::Wrong, Penalty::NotAsked, Penalty::Stale, Penalty::Stalled, Penalty::Promised, Penalty::Dropped] {
        assert!(TEXT.contains(&format!("| `{penalty:?}` |")), "{penalty:?}");
    }
    let failures = [
        ("NoSource", Failure::NoSource),
        ("NotFound", Failure::NotFound),
        ("NoManifest", Failure::NoManifest(ManifestId([0; 32]))),
        ("NoChunk", Failure::NoChunk(ChunkId([0; 32]))),
        ("Range", Failure::Range { len: 0 }),
        ("Manifest", Failure::Manifest(WalkError::NotAsked)),
        ("Object", Failure::Object(ChunkId([0; 32]))),
    ];
    for (name, failure) in failures {
        let row = TEXT.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect(name);
        assert!(row.ends_with(&format!("| `{:?}` |", failure.code())), "{row}");
    }
}

#[test]
fn the_defaults_are_those_that_can_be_printed() {
    assert_eq!(crate::stoq::preset::Effective::new(None).transfer(), Config::default());
}
