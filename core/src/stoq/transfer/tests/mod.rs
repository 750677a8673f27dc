//! Promises of transfers.

mod lines;
mod object;
mod promises;
mod property;
mod sources;
mod speed;
mod standard;
mod states;

use super::*;
use crate::base::{Span, Time};
use lines::{Conduct, World};
use object::Object;

/// A source of this name that may speak for names.
fn offer(source: u32, cost: u32) -> Offer {
    Offer { source: SourceId(source), cost, names: true }
}

/// All of an object, in order, as fast as it can be taken.
fn all(object: &Object, sources: u32) -> Order {
    Order {
        what: What::Id(object.root),
        range: None,
        sources: (0..sources).map(|source| offer(source, 0)).collect(),
        sequence: Sequence::InOrder,
        credit: 1 << 20,
        reads_back: false,
        resume: None,
    }
}

/// Chunks are small here, so more of them are under way.
fn config() -> Config {
    Config { sources_max: 8, chunks_max: 256, window_bytes: 2 << 20, chunk_within: Span::secs(5), defect: None }
}
