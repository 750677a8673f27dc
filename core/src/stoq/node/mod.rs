//! A node of layer 1: origin, regional, edge and client are one machine with different parts in use.

mod config;
mod key;
mod port;

pub use config::{Config, LEASE, LEASE_PARTS};
pub use key::Key;
pub use port::{
    Command, ConnId, Effect, Fact, Input, JobId, Level, Looked, Offer, Outcome, Peer, Server, ServerId, StoreOp, Ticket, Told, Unread,
    Unstored, Why,
};
