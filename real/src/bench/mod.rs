//! What transport costs on this machine: STOQ through the driver, bare quinn, and the ceilings that neither can pass.
//!
//! All arms move the same contents between the same two places with the same windows, certificates and number of streams. STOQ adds frames, the session
//! machine, assembled chunks and their verification; bare quinn reads pieces and drops them.

mod arms;
mod ceilings;
mod conns;
mod profile;
mod pump;
pub mod soak;

pub use arms::{Arm, Bed, Measured, Served, measure, measure_requests, serve};
pub use ceilings::{Ceilings, ceilings};
pub use conns::{Held, hold};
pub use profile::{BATCH_PACKETS, Profile, Sample, fit};

use hypermesh_core::stoq::chunk::ChunkId;
use std::sync::Arc;

/// Bytes of each content.
pub const CHUNK_BYTES: usize = 64 << 10;
/// Distinct contents; they are asked for again and again.
pub const CHUNKS: usize = 512;

/// The contents that are moved, and their names.
#[derive(Debug)]
pub struct Contents {
    /// The contents.
    pub bytes: Vec<Arc<[u8]>>,
    /// Their names.
    pub ids: Vec<ChunkId>,
}

impl Contents {
    /// The same contents every time.
    pub fn new() -> Self {
        let bytes: Vec<Arc<[u8]>> = (0..CHUNKS)
            .map(|number| {
                let mut content = vec![0; CHUNK_BYTES];
                blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut content);
                content.into()
            })
            .collect();
        let ids = bytes.iter().map(|bytes| ChunkId::of(bytes)).collect();
        Self { bytes, ids }
    }
}

impl Default for Contents {
    fn default() -> Self {
        Self::new()
    }
}

/// Seconds of processor that this process used so far, in user and kernel mode; 0 where the system does not tell.
pub fn cpu_seconds() -> f64 {
    cpu_seconds_of(std::process::id())
}

/// The same of another process.
pub fn cpu_seconds_of(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Fields are counted from behind the name, which may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    // The unit is a hundredth of a second wherever Linux runs today.
    (ticks(11) + ticks(12)) / 100.0
}
