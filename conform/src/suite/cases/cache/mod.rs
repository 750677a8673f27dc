//! Clause 11: caches, purges and leases.
//!
//! Most cases stand on both sides of an edge: the tester is the origin above it and the client below it, and decides what the one says and when.

mod age;
mod arithmetic;
mod copies;
mod doubts;
mod leases;
mod purges;
mod stale;
mod town;
mod words;

use crate::suite::case::Case;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    [copies::cases(), age::cases(), stale::cases(), arithmetic::cases(), words::cases(), purges::cases(), leases::cases(), doubts::cases()]
        .concat()
}
