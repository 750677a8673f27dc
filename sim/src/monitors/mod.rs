//! Monitors: requirements of the standard that can be told from what nodes say, watched in every run.
//!
//! A monitor has a *premise*, which fires when the requirement is put to the test, and a *check*, which can be broken. Both are counted: a requirement that
//! nothing put to the test was not kept, it was not seen. A broken one is a broken invariant of the run (`broken.standard_is_kept`) that names it.
//!
//! ```text
//!  inputs ─▶ StoqNode ─▶ effects        what a node hears and says on each connection
//!     └──────▶ Talk ◀──────┘            one a connection: what the next word may be
//!                └─▶ Sheet ─▶ facts ─▶ Tally   one a shard: plain sums, merged by key
//! ```
//! Monitors only watch. What they find is no part of the digest of a run, they draw nothing and wake nobody, so a run is the same with and without them.
//! They judge each node by what it has itself heard and said, on its own clock, as the standard does; only contents and certificates are held against what
//! the plan knows. Adversaries of the plan are not judged for what they are there to do.
//!
//! They lack, on purpose: what happens below frames (message mode passes frames as values, so their octets are the suite's matter), and routing beyond the
//! choice of a server, since the nodes of a simulation know each other from the plan.

mod answers;
pub mod counts;
pub mod list;
pub mod names;
mod said;
pub mod sheet;
pub mod stream;
pub mod talk;
#[cfg(test)]
mod tests;

pub use counts::Tally;
pub use list::Monitor;
pub use sheet::Sheet;
pub use talk::Talk;
