//! The cases, a file a clause.

mod alone;
mod cache;
mod certificates;
mod content;
mod dialling;
mod errors;
mod management;
mod network;
mod rigged;
mod routing;
mod security;
mod states;
mod streams;
mod transfer;
mod versions;
mod wire;

use super::case::Case;

/// Every case, in the order of the standard.
pub fn all() -> Vec<Case> {
    let mut all = wire::cases();
    all.extend(versions::cases());
    all.extend(streams::cases());
    all.extend(errors::cases());
    all.extend(states::cases());
    all.extend(content::cases());
    all.extend(transfer::cases());
    all.extend(cache::cases());
    all.extend(routing::cases());
    all.extend(certificates::cases());
    all.extend(security::cases());
    all.extend(management::cases());
    all.extend(network::cases());
    // Whoever speaks over a connection has opened a session before.
    all = alone::in_sessions(all);
    all.sort_by(|one, other| (one.requirement, &one.name).cmp(&(other.requirement, &other.name)));
    all
}
