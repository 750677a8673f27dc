//! What happens to a transfer and what it asks for.

use super::resume::Resume;
use crate::base::Span;
use crate::base::wire::VARINT_MAX;
use crate::stoq::chunk::{ChunkId, ManifestId};
use crate::stoq::manifest::{Encryption, Piece, WalkError};
use crate::stoq::session::Code;
use crate::stoq::session::frame::{Bits, ContentId, Frame, GetId, GetName, Name, Want};
use crate::stoq::session::limits::WANT_MAX;
use core::ops::Range;
use std::sync::Arc;

/// A source, named by whoever offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// One exchange with a source, named by the transfer and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u32);

/// Somebody who can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Who.
    pub source: SourceId,
    /// What it costs to ask, in any unit: less comes first, and among equals who was offered first.
    pub cost: u32,
    /// Whether its word counts for what a name leads to: its certificate lets it speak for the origin. For contents, nobody's word counts.
    pub names: bool,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The one whose top manifest has this name.
    Id(ManifestId),
    /// The newest version of the one of this name.
    Name {
        /// Its name.
        name: Name,
        /// The oldest version that will do (0: any).
        version_min: u64,
        /// The longest time since the origin confirmed the answer, if there is a limit.
        age_max: Option<Span>,
    },
}

/// In which order pieces are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// As they stand in the object.
    InOrder,
    /// As they come.
    AsTheyCome,
}

/// What is wanted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Which object.
    pub what: What,
    /// Which bytes of it; all if none.
    pub range: Option<Range<u64>>,
    /// Who can be asked, in order of preference among equal costs.
    pub sources: Vec<Offer>,
    /// In which order.
    pub sequence: Sequence,
    /// Bytes that may be delivered and not taken. A single piece may be longer unless this is zero.
    pub credit: u64,
    /// Whether the taker can read what was delivered before: a chunk that repeats is then copied (see [`Effect::Copy`]) however far apart.
    pub reads_back: bool,
    /// What an earlier transfer of the same left. It holds against `what` and `range`: the version is the one that was begun with.
    pub resume: Option<Resume>,
}

/// What can happen to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// It begins.
    Begin(Box<Order>),
    /// There is another source.
    Offer(Offer),
    /// A source can be asked.
    Opened(SourceId),
    /// A source cannot be asked, or not any more. Its exchanges are gone.
    Closed {
        /// Which.
        source: SourceId,
        /// After which time it may be tried again; never if none.
        again: Option<Span>,
    },
    /// A source that was to be opened is left alone for so long, since others could not reach it. It was not tried: that is no trouble with it.
    Away {
        /// Which.
        source: SourceId,
        /// How long.
        after: Span,
    },
    /// MANIFEST came: what a name leads to.
    Named {
        /// In which exchange.
        ask: AskId,
        /// The digest that the head of the frame tells.
        id: ContentId,
        /// The version of the object.
        version: u64,
        /// The manifest, not verified.
        bytes: Arc<[u8]>,
    },
    /// HAVE came.
    Have {
        /// In which exchange.
        ask: AskId,
        /// What is there of what was wanted.
        there: Bits,
    },
    /// A whole CHUNK came.
    Content {
        /// In which exchange.
        ask: AskId,
        /// The digest that the head of the frame tells.
        id: ContentId,
        /// The content, not verified.
        bytes: Arc<[u8]>,
    },
    /// Some bytes of a content came.
    Moving {
        /// In which exchange.
        ask: AskId,
    },
    /// The source said all that it has to say in this exchange.
    Ended {
        /// Which.
        ask: AskId,
    },
    /// An exchange failed: by FAIL, or since either side gave it up.
    Failed {
        /// Which.
        ask: AskId,
        /// Why.
        code: Code,
        /// How long to stay away.
        retry: Span,
    },
    /// This many bytes may be delivered and not taken from now on.
    Credit {
        /// How many.
        bytes: u64,
    },
    /// The piece that was delivered at this offset (of its first wanted byte) is taken: it is never fetched again, also not after a resume. Whoever
    /// resumes from a state that outlives a crash says so only when the bytes do too.
    Taken {
        /// The offset.
        offset: u64,
    },
    /// Nothing more is wanted.
    Cancel,
}

/// What is asked of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// What a name leads to.
    Name {
        /// The name.
        name: Name,
        /// The oldest version that will do.
        version_min: u64,
        /// The longest time since the origin confirmed the answer, if there is a limit.
        age_max: Option<Span>,
    },
    /// A manifest.
    Manifest(ManifestId),
    /// Chunks, 1 to [`WANT_MAX`], the most urgent first.
    Chunks(Box<[ChunkId]>),
}

impl Wish {
    /// The frame that begins the exchange.
    pub fn frame(&self) -> Frame {
        match self {
            Self::Name { name, version_min, age_max } => {
                let age_millis_max = age_max.map_or(VARINT_MAX, |age| age.0 / 1_000_000);
                let (name, version_min) = (name.clone(), *version_min);
                Frame::GetName(Box::new(GetName { manifest_only: true, version_min, age_millis_max, ..GetName::whole(name) }))
            }
            Self::Manifest(id) => Frame::GetId(Box::new(GetId { id: ContentId(id.0), range: None })),
            Self::Chunks(ids) => {
                debug_assert!((1..=WANT_MAX).contains(&ids.len()), "a WANT names some chunks, and not too many");
                Frame::Want(Want { send: true, ids: ids.iter().map(|id| ContentId(id.0)).collect() })
            }
        }
    }
}

/// What a transfer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Connect with a source, or tell at once that it is.
    Open(SourceId),
    /// Begin an exchange.
    Ask {
        /// Its name.
        ask: AskId,
        /// With whom.
        source: SourceId,
        /// What is asked: see [`Wish::frame`].
        wish: Wish,
    },
    /// Tell the source that some chunks of an exchange are not wanted any more (CANCEL). They may come all the same.
    Withdraw {
        /// Which exchange.
        ask: AskId,
        /// The first of them.
        first: u8,
        /// How many.
        count: u8,
    },
    /// Give an exchange up. Nothing of it is wanted any more.
    Drop {
        /// Which.
        ask: AskId,
    },
    /// Give an exchange up in which something came that was not asked for (R-8-22).
    GiveUp {
        /// Which.
        ask: AskId,
    },
    /// Hand over the wanted part of a chunk, [`Piece::of`] its bytes once they are opened (if the object is sealed, see [`Fact::Root`]). They are what
    /// the chunk's name says.
    Deliver {
        /// Which part of which chunk, and where in the object.
        piece: Piece,
        /// The chunk as it is stored.
        stored: Arc<[u8]>,
    },
    /// Hand over bytes of the object that were handed over before.
    Copy {
        /// Which part of which chunk, and where in the object.
        piece: Piece,
        /// Where the wanted bytes stand in the object, too.
        from: u64,
    },
    /// A source behaved in a way that others should know.
    Penalise {
        /// Which.
        source: SourceId,
        /// How.
        why: Penalty,
    },
    /// Something worth telling.
    Fact(Fact),
    /// All was taken.
    Finished,
    /// It cannot be done. Nothing is under way any more; what was taken can be resumed from.
    Failed(Failure),
    /// It was cancelled. Nothing is under way any more; what was taken can be resumed from.
    Cancelled,
    /// Wake the transfer after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why a source is worth less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Penalty {
    /// It sent a content that has another name, or a manifest for a name that is none. A source that does so is a liar, or its store is broken.
    Wrong,
    /// It sent what was not asked for.
    NotAsked,
    /// It told of an older version than will do.
    Stale,
    /// It made no progress in the time that its own rate lets expect.
    Stalled,
    /// It said that it has a content, or did not say that it has not, and did not send it.
    Promised,
    /// One of these happened too often: it is not asked again in this transfer.
    Dropped,
}

/// Why a transfer cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody is left to be asked.
    NoSource,
    /// Nobody who may say so knows the name in a version that will do.
    NotFound,
    /// Nobody has this manifest.
    NoManifest(ManifestId),
    /// Nobody has this chunk.
    NoChunk(ChunkId),
    /// The range does not lie within the object.
    Range {
        /// Bytes of the object.
        len: u64,
    },
    /// A manifest that has the right name is not sound: the object itself is broken.
    Manifest(WalkError),
    /// The manifests say of this chunk what is not true, or contradict each other about it: the object itself is broken.
    Object(ChunkId),
}

impl Failure {
    /// The code that tells it to others (clause 14).
    pub const fn code(self) -> Code {
        match self {
            Self::NoSource => Code::Refused,
            Self::NotFound | Self::NoManifest(_) | Self::NoChunk(_) => Code::NotFound,
            Self::Range { .. } => Code::RangeInvalid,
            Self::Manifest(_) | Self::Object(_) => Code::ManifestInvalid,
        }
    }
}

/// What is worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The top manifest is there.
    Root {
        /// Its name.
        id: ManifestId,
        /// The version of the object, if it was asked for by name.
        version: u64,
        /// Bytes of the object.
        len: u64,
        /// How its chunks are sealed, if they are.
        encryption: Option<Encryption>,
    },
    /// A chunk was taken from one source's queue and asked of another.
    Stolen {
        /// From whom.
        from: SourceId,
        /// To whom.
        to: SourceId,
    },
    /// A chunk was asked of a second source.
    Doubled {
        /// Of whom it was asked before.
        from: SourceId,
        /// Of whom too.
        to: SourceId,
    },
    /// A content came that was there already.
    Duplicate {
        /// From whom.
        source: SourceId,
        /// Bytes of it.
        bytes: u32,
    },
}

/// Why a transfer is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A source should have sent something.
    Overdue(SourceId),
    /// A source that rests may be asked again; the number tells which rest.
    Rested(SourceId, u32),
    /// A source should have been opened; the number tells which attempt.
    Opening(SourceId, u32),
}

/// What a transfer did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Exchanges begun.
    pub asks: u64,
    /// Bytes of contents that came, right or wrong.
    pub fetched_bytes: u64,
    /// Bytes of the object delivered.
    pub delivered_bytes: u64,
    /// Bytes of the object copied rather than fetched.
    pub copied_bytes: u64,
    /// Contents that came and were there already.
    pub duplicates: u64,
    /// Bytes of these.
    pub duplicate_bytes: u64,
    /// Contents that have another name.
    pub wrong: u64,
    /// Contents of exchanges that were given up.
    pub late: u64,
    /// Chunks taken from one source's queue for another.
    pub stolen: u64,
    /// Chunks asked of a second source.
    pub doubled: u64,
    /// Times that a source was overtaken.
    pub stalls: u64,
}
