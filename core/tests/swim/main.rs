//! The failure detector in a cell: Lifeguard against plain SWIM under slow members, and ours against the crate foca.

mod cell;
mod comparison;
mod lifeguard;
mod ours;
mod theirs;
