//! The event loop: time, order and randomness of a simulated world, and nothing about protocols, threads or hosts.
//!
//! A world is split into shards, each a range of nodes with a queue of its own. A shard handles its events in the order of their keys, (time, receiver,
//! seeded mix of the sender, sender's sequence number), and never in the order in which they happened to be queued. What a node does depends only on
//! its own events, so nodes may be cut into shards anywhere: the answer is the same.
//!
//! Read in this order: [`event`], [`queue`], [`cell`], [`shard`], [`window`].

pub mod cell;
pub mod event;
mod order;
mod prefetch;
pub mod queue;
pub mod shard;
#[cfg(test)]
mod tests;
pub mod window;

pub use cell::{Cell, Home};
pub use event::{Action, Event, What};
pub use queue::Wheel;
pub use shard::{Observer, Shard, ShardSetup};
