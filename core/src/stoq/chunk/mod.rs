//! Chunks: an object's bytes cut where their content says so, and named by their hash.
//!
//! ```text
//!  bytes, in pieces of any size ─▶ Cutter ─▶ chunk ─▶ ChunkId (BLAKE3) ─▶ DedupIndex: "you may hold this already, look there"
//! ```
//! Promises: the same bytes under the same chunker give the same chunks, whatever the sizes of the pieces in which they came (R-9-03); a change in one
//! place moves only the cuts near it; a name says what its bytes are used for, so a chunk can never pass for a manifest (R-9-08).
//! Lacks, on purpose: a seed for the cuts. A keyed table hides little (Truong et al. 2025 recover such keys from chunk lengths) and ends deduplication
//! between the writers of different keys.

mod cutter;
mod index;
mod name;
mod profile;
#[cfg(test)]
mod tests;

pub use cutter::Cutter;
pub use index::{DedupIndex, ENTRY_BYTES, Place};
pub use name::{ChunkId, DIGEST_LEN, ManifestId, NameKey};
pub use profile::{CHUNK_LEN_MAX, ChunkerId, Profile};
