//! The text of the standard says what the constants say.

use crate::stoq::session::code::Code;
use crate::stoq::session::exchange::states as exchange;
use crate::stoq::session::frame::Kind;
use crate::stoq::session::settings::Setting;
use crate::stoq::session::states as session;
use crate::stoq::session::violation::Violation;

const WIRE: &str = include_str!("../../../../../docs/standard/06-wire.md");
const VERSIONS: &str = include_str!("../../../../../docs/standard/07-versions.md");
const STREAMS: &str = include_str!("../../../../../docs/standard/08-streams.md");
const ERRORS: &str = include_str!("../../../../../docs/standard/14-errors.md");
const STATES: &str = include_str!("../../../../../docs/standard/15-states.md");

#[test]
fn the_standard_lists_violations_and_codes() {
    let clauses = [WIRE, VERSIONS, STREAMS, ERRORS].concat();
    for violation in Violation::ALL {
        assert!(clauses.contains(&format!("**{}", violation.clause())), "{} of {violation:?} is in the standard", violation.clause());
        assert!(clauses.contains(&format!("`{violation:?}`")), "{violation:?} is in the table of the standard");
    }
    for code in Code::ALL {
        assert!(clauses.contains(&format!("`{code:?}` | 0x{:02x}", code.number())), "{code:?} is in the standard");
    }
}

#[test]
fn the_standard_lists_frames_and_settings_with_their_numbers() {
    let clauses = [WIRE, VERSIONS, STREAMS].concat();
    for kind in Kind::ALL {
        assert!(clauses.contains(&format!("| `{kind:?}` | 0x{:02x} |", *kind as u8)), "{kind:?}");
    }
    for setting in Setting::ALL {
        let (low, high) = setting.bounds();
        let row = format!("| `{setting:?}` | 0x{:02x} | {} | {low} | {high} |", *setting as u8, setting.absent());
        assert!(clauses.contains(&row), "{row}");
    }
}

#[test]
fn the_standard_shows_the_tables_of_states() {
    for state in session::STATES {
        let cells: Vec<String> = session::EVENTS.iter().map(|event| shown(&session::cell(state, *event))).collect();
        assert!(STATES.contains(&format!("| {state:?} | {} |", cells.join(" | "))), "the row of {state:?}: {}", cells.join(" | "));
    }
    for state in exchange::STATES {
        let cells: Vec<String> = exchange::EVENTS.iter().map(|event| shown(&exchange::cell(state, *event))).collect();
        assert!(STATES.contains(&format!("| {state:?} | {} |", cells.join(" | "))), "the row of {state:?}: {}", cells.join(" | "));
    }
}

/// A cell as the standard prints it: the act, and the next state.
fn shown(cell: &impl core::fmt::Debug) -> String {
    let text = format!("{cell:?}");
    let inner = text.trim_start_matches("Cell { next: ").trim_end_matches(" }");
    let (next, act) = inner.split_once(", act: ").expect("a cell has two parts");
    format!("{act} → {next}")
}
