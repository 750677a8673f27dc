//! What a transfer may use, and the figures that do not change.

use crate::base::Span;
use crate::stoq::manifest::MANIFEST_LEN_MAX;
use crate::stoq::session::limits::CHUNK_BYTES_MAX;
use crate::testing::Defect;

/// Sources that a transfer knows at most; more are not taken.
pub const SOURCES_MAX: usize = 64;
/// Sources that one chunk is asked of at a time (R-10-06).
pub const ASKERS_MAX: usize = 2;
/// Chunks that are asked of two sources at a time.
pub const DOUBLED_MAX: usize = 4;
/// Times that one chunk is taken from a source's queue for another source.
pub const STOLEN_MAX: u8 = 4;
/// Wrong contents after which a source is dropped (R-10-05).
pub const WRONG_MAX: u8 = 3;
/// Stalls, refusals and broken promises in a row after which a source is dropped.
pub const TROUBLES_MAX: u8 = 4;
/// How long a source is waited for that is being opened, while nobody can be asked, before the next one is tried beside it. It is the delay between attempts
/// to connect that RFC 8305 (clause 5) recommends: longer than the round trip to most servers, so that who is there is seldom called in vain, and short
/// enough that some dead ones, one after the other, cost a person little.
pub const OPENING_PATIENCE: Span = Span::millis(250);
/// Chunks that are taken back from one source at once. A source bears four times as many (R-14-05).
pub const CANCELS_BURST: u32 = 64;
/// The same per second.
pub const CANCELS_PER_SEC: u32 = 16;
/// Manifests that are fetched before they are needed: one that leads to few chunks comes behind what was asked for before it.
pub const MANIFESTS_AHEAD: usize = 3;
/// Pieces that are planned and not delivered: more than chunks only where chunks repeat.
pub const PIECES_MAX: usize = 4_096;
/// Pieces that are delivered and not taken.
pub const UNTAKEN_MAX: usize = 4_096;
/// Delivered chunks that are remembered, so that one which repeats is copied instead of fetched.
pub const REMEMBERED_MAX: usize = 65_536;

/// What one transfer may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Sources in use at a time, 1 to [`SOURCES_MAX`]. More are used only for what none of these has.
    pub sources_max: usize,
    /// Chunks that are asked for or held, at least 1.
    pub chunks_max: usize,
    /// Bytes of the same; at least one chunk is always let through.
    pub window_bytes: u64,
    /// The longest that a source without progress is waited for.
    pub chunk_within: Span,
    /// The planted defect of the tests, if any.
    pub defect: Option<Defect>,
}

impl Default for Config {
    fn default() -> Self {
        Self { sources_max: 3, chunks_max: 16, window_bytes: 16 << 20, chunk_within: Span::secs(5), defect: None }
    }
}

impl Config {
    /// Bytes of content that a transfer holds at most: its window, and the manifests that wait for their turn. Those that the walk has read, one a level,
    /// come on top.
    pub fn held_max(&self) -> u64 {
        let manifests = (1 + MANIFESTS_AHEAD) as u64 * MANIFEST_LEN_MAX as u64;
        self.window_bytes.max(u64::from(CHUNK_BYTES_MAX)) + manifests
    }
}
