//! What is kept of a run: metrics, histograms, sampled flows, events, digests. Each shard keeps its own; at the end they are merged, by keys and sums.

pub mod broadcasts;
mod contents;
pub mod deliveries;
pub mod digest;
pub mod flows;
pub mod log;
pub mod merge;
pub mod meters;
pub mod record;

pub use log::ShardLog;
