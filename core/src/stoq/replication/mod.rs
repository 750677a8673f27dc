//! Keeping bytes although nodes are lost: where replicas belong, what to copy after a loss, and how fast.
//!
//! ```text
//!  members ─▶ Placement: who should hold a chunk ──┐
//!  stock: who holds it ───────────────────────────┴▶ repair::plan ─▶ copies, rebuilds ─▶ Pacer ─▶ transfer
//!  losses, acknowledgements ─▶ Keeper: one node's part of the plan ─▶ offers to other nodes
//!  chunks of a group ─▶ Coder ─▶ parity shards; any k of n shards ─▶ Coder ─▶ the group
//! ```
//! Promises: the same chunk and the same members give the same holders on every node, without talk; when a member leaves or joins, no chunk has more
//! than one replica to move per replica that was lost or won; a plan never names a node as a source that does not hold the chunk, and never exceeds its
//! budget by more than one chunk a node.
//! Lacks, on purpose: knowledge of who is alive. Membership is the mesh's, and its opinion comes in as the list of members.

mod erasure;
pub mod keeper;
mod pacer;
mod placement;
mod repair;
#[cfg(test)]
mod tests;

pub use erasure::{Coder, CodingError};
pub use pacer::Pacer;
pub use placement::{Member, Placement, TwiceError};
pub use repair::{Budget, Copying, GroupStock, Plan, Rebuild, Shard, Stock, plan};
