//! Promises of the session.

mod bounds;
mod frames;
mod pair;
mod standard;
mod tables;
mod talk;
mod violations;
mod wire;
