//! Clause 10: transfer.

mod answers;
mod ends;
mod objects;
mod receiver;
mod several;
mod store;

use crate::suite::case::Case;

pub(super) use objects::{long, ranged, tree};

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = answers::cases();
    all.extend(store::cases());
    all.extend(receiver::cases());
    all.extend(ends::cases());
    all.extend(several::cases());
    all
}
