//! What a peer can make a node hold, and the figures that bound it.

use super::reader::FrameReader;
use super::{Exchange, Session};
use crate::stoq::chunk::CHUNK_LEN_MAX;
use crate::stoq::manifest::{MANIFEST_LEN_MAX, TAG_LEN};

/// Longest head of a frame in bytes: type, length and fields, without the data that follow a MANIFEST or a CHUNK. A receiver holds at most this
/// much of an incomplete frame.
pub const HEAD_BYTES_MAX: u32 = 4 << 10;
/// Longest frame of an unknown type in bytes. It is skipped, never held.
pub const UNKNOWN_BYTES_MAX: u32 = 16 << 10;
/// Longest manifest in one frame in bytes; larger objects nest theirs.
pub const MANIFEST_BYTES_MAX: u32 = MANIFEST_LEN_MAX as u32;
/// Longest chunk in bytes, as it is stored: sealed chunks carry a tag.
pub const CHUNK_BYTES_MAX: u32 = CHUNK_LEN_MAX + TAG_LEN;
/// Most names in one WANT.
pub const WANT_MAX: usize = 120;
/// Longest name of an object in bytes.
pub const NAME_BYTES_MAX: usize = 1024;
/// Longest reason in a FAIL in bytes.
pub const REASON_BYTES_MAX: usize = 128;
/// Longest payload of a datagram in bytes: what fits any path of 1,280 bytes under QUIC, UDP and IPv6 (clause 8).
pub const DATAGRAM_BYTES_MAX: usize = 1_150;
/// Most settings in one frame.
pub const SETTINGS_MAX: usize = 32;

/// Request streams that a peer may have open before the session is open. They are not read before.
pub const HELD_MAX: usize = 16;
/// One-way streams that a peer may have open at any time: its control stream, and two of types that are passed over.
pub const ONE_WAY_MAX: usize = 3;
/// Receive window of a connection in bytes before the session is open: what a QUIC stack may hold of a peer whose certificate has not been judged.
pub const EARLY_WINDOW_BYTES: usize = 64 << 10;

/// Most request streams that either side can grant, whatever the settings say.
pub const REQUESTS_MAX: usize = 4096;

/// Bytes that STOQ holds for a peer that has not been authenticated: the session, the streams it holds unread, one reader with an incomplete head for
/// each one-way stream, the settings of both sides. The windows of QUIC come on top, see [`UNAUTHENTICATED_BYTES`].
pub const UNAUTHENTICATED_OWN_BYTES: usize = size_of::<Session>()
    + HELD_MAX * size_of::<u64>()
    + ONE_WAY_MAX * (size_of::<u64>() + size_of::<FrameReader>() + HEAD_BYTES_MAX as usize)
    + 2 * SETTINGS_MAX * size_of::<(u64, u64)>()
    // With early data, the held streams are read: each is an exchange with a reader of its own.
    + HELD_MAX * (size_of::<(u64, Exchange)>() + size_of::<FrameReader>() + HEAD_BYTES_MAX as usize)
    // A node of a B-tree map has room for 11 entries and may be half empty.
    + 2 * 11 * size_of::<(u64, Exchange)>();

/// Bytes held for a peer that has not been authenticated, the receive window of QUIC included. What quinn keeps for the connection itself is the
/// driver's to state.
pub const UNAUTHENTICATED_BYTES: usize = UNAUTHENTICATED_OWN_BYTES + EARLY_WINDOW_BYTES;

/// What one side lets the other send in one frame, as told in its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Longest chunk in bytes, at most [`CHUNK_BYTES_MAX`].
    pub chunk_bytes: u32,
    /// Longest manifest in bytes, at most [`MANIFEST_BYTES_MAX`].
    pub manifest_bytes: u32,
}

impl Default for FrameLimits {
    fn default() -> Self {
        Self { chunk_bytes: CHUNK_BYTES_MAX, manifest_bytes: MANIFEST_BYTES_MAX }
    }
}
