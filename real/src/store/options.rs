//! What a store is told when it is opened, and what it tells.

use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::ManifestId;
use std::hash::{BuildHasher, RandomState};

/// How a store keeps what it keeps.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes after which a segment is closed, at most 1 GiB. A crash costs the reading of one segment.
    pub segment_bytes: u64,
    /// Bytes of all segments together from which on no content is taken. Notes are: a full store can still be purged, and compacted.
    pub bytes_max: u64,
    /// Chunks and manifests that the index may hold; [`ENTRY_BYTES`](super::ENTRY_BYTES) tells what each costs.
    pub contents_max: usize,
    /// Names that the index may hold.
    pub names_max: usize,
    /// Purges that the index may hold. They are kept for ever.
    pub purges_max: usize,
    /// A segment is compacted when this many hundredths of it are not needed any more.
    pub garbage_percent: u64,
    /// Secret, so that nobody outside can make content that looks like a record.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 128 << 20,
            bytes_max: u64::MAX,
            contents_max: 64 << 20,
            names_max: 16 << 20,
            purges_max: 1 << 20,
            garbage_percent: 50,
            // The standard library keys its tables with randomness of the operating system.
            seed: RandomState::new().hash_one(std::process::id()),
        }
    }
}

/// What was found when a store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments.
    pub segments: usize,
    /// Records that were understood.
    pub records: usize,
    /// Bytes of the last segment, most often at its end, that were given up: records that were never acknowledged.
    pub torn_bytes: u64,
    /// Files that were begun and never finished. They were removed.
    pub unfinished: usize,
    /// Bytes inside of segments that are damaged.
    pub damaged_bytes: u64,
    /// Names whose binding is doubtful, since the damage may have been a purge.
    pub doubtful: usize,
    /// Why the store can only be read, if it can only be read.
    pub read_only: Option<super::StoreError>,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The version.
    pub version: Version,
    /// Its manifest.
    pub manifest: ManifestId,
}

/// What the store knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing that may be served.
    Absent,
    /// This.
    Bound(Binding),
    /// This, but a damaged record may have been its purge. It may be served only if the origin confirms it; binding it again ends the doubt.
    Doubtful(Binding),
}

/// A moment in the log. What was done before it survives a loss of power once [`Store::wait`](super::Store::wait) has returned for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[must_use = "nothing is acknowledged before it was waited for"]
pub struct Ticket(pub(super) u64);

/// Figures of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Segments.
    pub segments: usize,
    /// Bytes of all segments.
    pub bytes: u64,
    /// Of these, bytes that are needed.
    pub live_bytes: u64,
    /// Chunks and manifests.
    pub contents: usize,
    /// Of these, found damaged.
    pub rotten: usize,
    /// Content that was forgotten and still lies in some segment.
    pub forgotten: usize,
    /// Names.
    pub names: usize,
    /// Purges.
    pub purges: usize,
    /// Memory of the index in bytes, about.
    pub index_bytes: usize,
    /// Times that a file was synced to acknowledge something.
    pub syncs: u64,
}

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Segments that are gone.
    pub segments: usize,
    /// Bytes that were copied to a new one.
    pub copied_bytes: u64,
    /// Bytes of disk that were won.
    pub freed_bytes: u64,
}
