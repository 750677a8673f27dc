//! Clause 7: versions, capabilities, extensions; and of clause 4 what is told of capabilities.

mod agreed;
mod confirmation;
mod settings;
mod tokens;

use super::super::case::Case;
use crate::suite::octets;
use crate::suite::port::{Identity, Line};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::Outcome;
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::{Code, Settings};
pub(super) use settings::{at_most, get};

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = settings::cases();
    all.extend(agreed::cases());
    all.extend(confirmation::cases());
    all.extend(tokens::cases());
    all
}

/// Connects, and says `Settings` with this payload.
fn greeting(t: &mut Tester<'_>, payload: &[u8]) -> Outcome<Line> {
    let line = t.connect(Identity::Certified(ROLES))?;
    t.greet(line, payload)?;
    Ok(line)
}

/// `Settings` with this payload close the connection with one of these codes.
fn closes(t: &mut Tester<'_>, payload: &[u8], codes: &[Code]) -> Outcome {
    let line = greeting(t, payload)?;
    t.expect_close(line, codes)
}

/// A session with these settings opens and works.
fn opens(t: &mut Tester<'_>, settings: &Settings) -> Outcome<Line> {
    let line = t.connect(Identity::Certified(ROLES))?;
    t.agree(line, settings)?;
    t.expect_alive(line)?;
    Ok(line)
}

/// What the tester tells, with these pairs in the order of their numbers.
fn told(pairs: &[(u64, u64)]) -> Vec<u8> {
    pairs.iter().fold(Tester::settings(ROLES), |settings, (number, value)| settings.with_number(*number, *value)).to_bytes()
}

/// Pairs in just this order.
fn raw(pairs: &[(u64, u64)]) -> Vec<u8> {
    octets::settings(pairs)
}

/// A session opens on a connection, and works.
fn agrees(t: &mut Tester<'_>, line: Line) -> Outcome {
    let settings = Tester::settings(ROLES);
    t.agree(line, &settings)?;
    t.expect_alive(line)
}
