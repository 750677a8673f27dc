//! Clause 12: routing. Cases on the machine of a router, in memory.

mod choice;
mod claims;
mod failure;
mod one;
mod position;

use crate::suite::case::Case;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    [position::cases(), claims::cases(), choice::cases(), failure::cases()].concat()
}
