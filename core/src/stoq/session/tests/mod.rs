//! Promises of the session.

mod bounds;
mod exact;
mod frames;
mod pair;
mod requests;
mod standard;
mod tables;
mod talk;
mod violations;
mod wire;
