//! Where it runs in dream: a plan becomes a world, a world leaves a trace.
//!
//! Read in this order: [`api`] (what a caller sees), [`engine`] (the event loop), [`network`] (every wire rule), [`faults`] (who is up when),
//! [`trace`] (what is kept), [`oracle`] (what must never happen), [`monitors`] (which requirements of the standard are put to the test), [`world`] (a plan becomes shards), [`drive`] (shards on threads), [`waking`] (what real sockets share with it), [`mod@verify`] (is the
//! answer the same), [`mod@estimate`] (what will it cost).

pub mod api;
pub mod bench;
pub mod drive;
pub mod engine;
pub mod estimate;
pub mod faults;
pub mod host;
pub mod monitors;
pub mod network;
pub mod oracle;
pub mod packet;
pub mod site;
pub mod trace;
pub mod transport;
pub mod verify;
pub mod waking;
pub mod world;

pub use api::{Error, Estimate, Host, Options, Progress, Silent, Watch};
pub use estimate::estimate;
pub use verify::{Difference, Verification, verify};
pub use world::run;
