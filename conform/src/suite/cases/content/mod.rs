//! Clause 9: content.

mod cutting;
mod groups;
mod manifests;
mod names;
pub(super) mod raw;
mod trees;

use crate::suite::case::Case;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = cutting::cases();
    all.extend(names::cases());
    all.extend(manifests::cases());
    all.extend(trees::cases());
    all.extend(groups::cases());
    all
}
