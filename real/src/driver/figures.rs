//! What a driver counts, for metrics and benches.

use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of a driver. Each only grows, but for `connections` and `store_waiting`.
#[derive(Debug, Default)]
pub struct Figures {
    /// Connections that are open.
    pub connections: AtomicU64,
    /// Connections that were accepted.
    pub accepted: AtomicU64,
    /// Connections that were dialled.
    pub dialled: AtomicU64,
    /// Attempts to dial that failed.
    pub undialled: AtomicU64,
    /// Peers whose certificate was refused.
    pub refused: AtomicU64,
    /// Bytes of contents that QUIC took.
    pub sent_bytes: AtomicU64,
    /// Bytes of contents that came.
    pub came_bytes: AtomicU64,
    /// Operations of the store that are under way.
    pub store_waiting: AtomicU64,
    /// Operations of the store that were asked for.
    pub store_ops: AtomicU64,
}

impl Figures {
    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    pub(super) fn sub(counter: &AtomicU64, by: u64) {
        counter.fetch_sub(by, Ordering::Relaxed);
    }

    /// The value of a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }
}
