//! The cases, a file a clause.

mod content;
mod network;
mod rigged;
mod security;
mod transfer;
mod wire;

use super::case::Case;

/// Every case, in the order of the standard.
pub fn all() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(content::cases());
    all.extend(network::cases());
    all.extend(security::cases());
    all.extend(transfer::cases());
    all.extend(wire::cases());
    all.sort_by(|one, other| (one.requirement, &one.name).cmp(&(other.requirement, &other.name)));
    all
}
