//! What a node waits for: operations of the store and answers of the cache, by number.

use super::Key;
use super::port::{ConnId, Level};
use crate::stoq::chunk::ManifestId;
use crate::stoq::session::frame::{ContentId, GetName};
use crate::stoq::session::{Code, StreamId};
use std::sync::Arc;

/// Content that was waited for, or why it is not there.
pub(super) type Got = Result<(Arc<[u8]>, Level), Code>;

/// Who waits, and for what.
#[derive(Clone, Debug)]
pub(super) enum Wait {
    /// An exchange, for the next content that it sends.
    Content { conn: ConnId, stream: StreamId, key: Key },
    /// A GET_NAME, for what the store of an origin knows of the name.
    Look { conn: ConnId, stream: StreamId, ask: Box<GetName> },
    /// A GET_NAME, for the top manifest from the store of an origin.
    Top { conn: ConnId, stream: StreamId, ask: Box<GetName>, version: u64, id: ManifestId },
    /// A GET_NAME, for the answer of the cache; `again` if the origin is asked since a copy would not do.
    Name { conn: ConnId, stream: StreamId, ask: Box<GetName>, again: bool },
    /// A WANT, for which contents the store of an origin has.
    Known { conn: ConnId, stream: StreamId },
    /// A waiter of the cache, for a copy on disk.
    Disk { waiter: u64, key: Key },
    /// The cache, for a copy to be on disk.
    Kept { key: Key },
    /// A PUT, for what the store knows of its name.
    PutLook { conn: ConnId, stream: StreamId },
    /// A PUT, for which of these contents are stored.
    PutKnown { conn: ConnId, stream: StreamId, ids: Box<[ContentId]> },
    /// A PUT, for a lower manifest that is stored already.
    PutRead { conn: ConnId, stream: StreamId, id: ContentId },
    /// A PUT, for a content to be stored.
    PutStored { conn: ConnId, stream: StreamId },
    /// A PUT, for its name to be bound.
    PutBound { conn: ConnId, stream: StreamId },
    /// An offer of an application, for a content that the server wants.
    Supply { conn: ConnId, stream: StreamId },
    /// A purge, for being recorded.
    Purge(u32),
    /// Nobody; only the completion is awaited.
    Nobody,
}
