//! What can be set about a cache.

use super::policy::Kind;
use crate::base::Span;
use crate::testing::Defect;

/// What a copy must have shown before it is written to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Nothing.
    Always,
    /// That it was asked for at least so many times while in memory, which keeps what is asked for once from wearing the disk.
    Asked(u32),
}

/// Parameters of the cache of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Room in memory, bytes.
    pub memory_bytes: u64,
    /// Room on disk, bytes; zero for none.
    pub disk_bytes: u64,
    /// What leaves memory.
    pub memory_policy: Kind,
    /// What leaves the disk.
    pub disk_policy: Kind,
    /// What may go to disk.
    pub disk_admission: Admission,
    /// The longest that anything stale is served, whatever the origin allows.
    pub stale_max: Span,
    /// The longest that the absence of an object is believed.
    pub negative_max: Span,
    /// What a negative entry takes of the room in memory, bytes.
    pub negative_bytes: u64,
    /// How long after a failed fetch nobody asks the upstream for the same again.
    pub failure_hold: Span,
    /// How long an answer is waited for.
    pub fetch_timeout: Span,
    /// How often the upstream is asked again because its answer was purged or too old.
    pub refetches_max: u8,
    /// Fetches under way at once.
    pub fetches_max: usize,
    /// Requests that wait for one fetch.
    pub waiters_max: usize,
    /// Purged keys remembered by name.
    pub purges_max: usize,
    /// Failed keys remembered.
    pub failures_max: usize,
    /// Whether a purge is acknowledged only when it would survive a crash.
    pub durable_purges: bool,
    /// Seed of the hashes.
    pub seed: u64,
    /// The planted defect of the tests, if any.
    pub defect: Option<Defect>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            disk_bytes: 0,
            memory_policy: Kind::S3Fifo,
            disk_policy: Kind::S3Fifo,
            disk_admission: Admission::Asked(2),
            stale_max: Span::secs(24 * 3600),
            negative_max: Span::secs(60),
            negative_bytes: 128,
            failure_hold: Span::secs(1),
            fetch_timeout: Span::secs(10),
            refetches_max: 2,
            fetches_max: 4096,
            waiters_max: 65_536,
            purges_max: 65_536,
            failures_max: 4096,
            durable_purges: false,
            seed: 0,
            defect: None,
        }
    }
}
