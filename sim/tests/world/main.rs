//! What the simulated world promises, each promise with its tests.

#[path = "../common/mod.rs"]
mod common;

mod cores;
mod deliveries;
mod faults;
mod interrupt;
mod metrics;
mod monitors;
mod oracle;
mod pauses;
mod shipped;
mod validity;
mod verify;
mod wires;
