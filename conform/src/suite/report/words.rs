//! Words that stand in every report.

use crate::registry::Tier;

/// What no report of this suite says.
pub const LIMITS: [&str; 7] = [
    "A pass does not prove full conformance.",
    "No accredited laboratory has run this suite, and no third party has yet.",
    "Its makers ran it in memory, on a simulated network and over the loopback of one machine.",
    "40 Gb/s, 100,000 connections, a million nodes and decisions within 10 ms are claims of measurement (Annex G), never items of conformance.",
    "Kani, Miri, TLC and Apalache were not available; nothing was proved with them.",
    "A bounded check of a model proves its bounds and no more.",
    "The support that the PICS shows is what this campaign observed. A supplier states it, and answers for what no case can see.",
];

/// A tier, for people.
pub const fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Core => "in memory",
        Tier::Simulated => "simulated network",
        Tier::Remote => "over QUIC",
        Tier::Inspection => "by inspection",
    }
}
