//! Clause 13: certificates. What is judged is tried on the machines of core, who the peer is over the wire, and what certificates look like over a network.

#[cfg(feature = "sockets")]
mod files;
mod holder;
mod issuer;
mod judged;
mod lists;
mod logs;
mod peers;
mod scene;
mod shown;
mod transparency;

use crate::suite::case::Case;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let all = [
        judged::cases(),
        lists::cases(),
        holder::cases(),
        issuer::cases(),
        transparency::cases(),
        logs::cases(),
        peers::cases(),
        shown::cases(),
    ]
    .concat();
    #[cfg(feature = "sockets")]
    let all = [all, files::cases()].concat();
    all
}
