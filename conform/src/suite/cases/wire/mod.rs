//! Clause 6: the wire image.

mod forms;
mod integers;
mod limits;
mod manifests;
mod types;
mod writer;

use crate::suite::case::Case;
pub(super) use integers::pong;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = integers::cases();
    all.extend(forms::cases());
    all.extend(limits::cases());
    all.extend(types::cases());
    all.extend(manifests::cases());
    all.extend(writer::cases());
    all
}
