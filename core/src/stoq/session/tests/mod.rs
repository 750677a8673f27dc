//! Promises of the session.

mod bounds;
mod exact;
mod figures;
mod frames;
mod pair;
mod requests;
mod standard;
mod tables;
mod talk;
mod violations;
mod wire;
