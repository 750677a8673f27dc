//! The contract between a node and whoever drives it: what can happen to a node, and what it asks for.
//!
//! **Connections.** The driver owns QUIC and TLS. It numbers connections as it likes, never using a number twice. For each it says [`Input::Accepted`] or
//! [`Input::Dialled`] once, then everything that QUIC says as [`Input::Session`] (only what [`session::Input`] lists above `Ask`; the node says
//! `Begin`, `Ask`, `Say` and the rest to the session by itself), and `session::Input::Gone` last. It keeps a
//! [`FrameReader`](crate::stoq::session::FrameReader) per stream.
//!
//! **Data.** When the head of a MANIFEST or CHUNK came with at least one byte of data, the driver hands over the head first, collects the data (their
//! length is in the head, bounded by [`session::Session::limits`]), says `Progress` now and then meanwhile, and hands them over as one [`Input::Body`]
//! before anything else of that stream. In the other direction [`Effect::Data`] follows right after the `Write` of the head, and the driver writes
//! those bytes behind it; when QUIC took them (not: when they were acknowledged), or will never take them since the stream was
//! stopped or the exchange was reset, it says [`Input::Sent`], also after the stream's end was written. A node writes no more than its configuration
//! allows ahead of that, so a slow reader costs what was not sent, and no more. Nothing copies contents: they are shared.
//!
//! **Store.** Operations have tickets and complete in any order, each exactly once, with [`Input::Done`]. A node without a disk (a client, a cache in
//! memory) asks for none. What a driver reads it has verified, or the node does.
//!
//! **Order.** Effects are carried out in the order in which they come. A stale wake-up is harmless; so is an input about a connection, a job or a ticket
//! that is over.

use crate::base::{Span, Time};
pub use crate::node::Level;
use crate::stoq::cache;
use crate::stoq::cache::Version;
use crate::stoq::chunk::{ManifestId, NameKey};
use crate::stoq::manifest::Piece;
use crate::stoq::session::frame::{Bits, ContentId, Name};
use crate::stoq::session::{self, Code, Roles, StreamId};
use crate::stoq::transfer::{self, Order, Resume};
use core::ops::Range;
use std::sync::Arc;

/// A connection, numbered by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A server that the node may connect with. What its address is, the driver knows. It is the same number as that of the
/// [`SourceId`](transfer::SourceId) of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub u32);

/// Something that an application wants, numbered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// An operation of the store, numbered by the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Who a peer is, as far as the driver knows by its certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peer {
    /// It showed no certificate. It may ask, if the node serves such peers at all.
    #[default]
    Anonymous,
    /// Its certificate was judged good, and allows these roles.
    Certified(Roles),
}

impl Peer {
    /// The roles that it may play.
    pub const fn roles(self) -> Roles {
        match self {
            Self::Anonymous => Roles::CLIENT,
            Self::Certified(roles) => roles,
        }
    }
}

/// What can happen to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A peer connected.
    Accepted {
        /// The connection.
        conn: ConnId,
        /// Who it is.
        peer: Peer,
    },
    /// The answer to [`Effect::Dial`]: streams can be opened.
    Dialled {
        /// The connection.
        conn: ConnId,
        /// With whom.
        server: ServerId,
        /// Who it is.
        peer: Peer,
        /// Early data can be sent: the handshake is not complete, but the server is remembered.
        early: bool,
    },
    /// The other answer to [`Effect::Dial`].
    NoDial {
        /// With whom.
        server: ServerId,
        /// After which time another attempt makes sense; never if none.
        again: Option<Span>,
    },
    /// The peer's certificate was judged anew, for example after the handshake of a connection that was resumed. If it is refused, the driver says
    /// `Close` with the refusal's code to the session.
    Judged {
        /// The connection.
        conn: ConnId,
        /// Who it is.
        peer: Peer,
    },
    /// QUIC says something.
    Session {
        /// On which connection.
        conn: ConnId,
        /// What.
        input: session::Input,
    },
    /// All data of the MANIFEST or CHUNK whose head came last on this stream.
    Body {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: StreamId,
        /// The data, not verified.
        bytes: Arc<[u8]>,
    },
    /// QUIC took bytes of [`Effect::Data`].
    Sent {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: StreamId,
        /// How many.
        bytes: u32,
    },
    /// An operation of the store is complete.
    Done {
        /// Which.
        ticket: Ticket,
        /// How.
        outcome: Outcome,
    },
    /// The application wants something.
    Job {
        /// How it is called from now on.
        job: JobId,
        /// What.
        command: Command,
    },
    /// From now on these servers are above this node, in order of preference (for caches; and for jobs that name none).
    Servers(Box<[Server]>),
    /// Contents that have lain in the store of a cache since before it started, with their lengths in bytes; more than once if they are many. What has no
    /// room any more is given up with [`StoreOp::Forget`]. Other nodes pass it over.
    Kept(Box<[(ContentId, u32)]>),
    /// Leave in good order: nothing new is accepted, what is under way goes on. [`Effect::Left`] follows.
    Leave,
}

/// A server as the node sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Which.
    pub id: ServerId,
    /// What it costs to ask: less comes first, among equals in the order of the list.
    pub cost: u32,
    /// Whether it may say what a name leads to.
    pub names: bool,
}

/// What an application wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// An object, or a range of it. Answered by [`Told::Piece`]s and [`Told::Copy`]s, then [`Told::Got`] or [`Told::Failed`]. If the order names no
    /// sources, the servers of the node are asked. Offers beyond these name servers by [`ServerId`].
    Get(Box<Order>),
    /// The piece that was delivered at this offset is taken.
    Taken {
        /// The offset of its first wanted byte.
        offset: u64,
    },
    /// This many bytes may be delivered and not taken from now on.
    Credit {
        /// How many.
        bytes: u64,
    },
    /// Store an object. Its contents are asked for with [`StoreOp::Supply`] as the server wants them. Answered by [`Told::Stored`] or [`Told::Failed`].
    /// An object that was offered before is offered again with the same command: only what is missing is sent.
    Put(Box<Offer>),
    /// Forbid versions of a name. Answered by [`Told::Purged`] or [`Told::Failed`].
    Purge {
        /// The server; the first one if none.
        server: Option<ServerId>,
        /// Of what.
        name: Name,
        /// Everything under the name too.
        below: bool,
        /// The greatest version that is purged.
        upto: Version,
    },
    /// Measure the round trip. Answered by [`Told::Pong`] or [`Told::Failed`].
    Ping {
        /// The server; the first one if none.
        server: Option<ServerId>,
    },
    /// Nothing more is wanted. Answered by [`Told::Failed`] with [`Code::Cancelled`], unless the job is over.
    Cancel,
}

/// An object that is offered to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The server; the first one if none.
    pub server: Option<ServerId>,
    /// Its name.
    pub name: Name,
    /// Its version: only a higher one takes the place of a lower.
    pub version: Version,
    /// Bytes of the whole object.
    pub len: u64,
    /// The name of its top manifest.
    pub root: ManifestId,
    /// The top manifest, canonical.
    pub manifest: Arc<[u8]>,
    /// Copies that have to be stored before the acknowledgement, 1 to 64.
    pub copies: u8,
}

/// How an operation of the store ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`StoreOp::Read`] and [`StoreOp::Supply`].
    Read(Result<Arc<[u8]>, Unread>),
    /// Of [`StoreOp::Look`].
    Looked(Result<Looked, Unread>),
    /// Of [`StoreOp::Known`]: a bit for each content that is stored and not known to be damaged.
    Known(Bits),
    /// Of [`StoreOp::Store`], [`StoreOp::Bind`] and [`StoreOp::Purge`].
    Stored(Result<(), Unstored>),
}

/// Why content cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is not there.
    Absent,
    /// It is there and not what it was.
    Damaged,
    /// The disk failed.
    Failed,
}

/// Why something is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstored {
    /// No room: on the disk, in the quota or in an index.
    Full,
    /// A newer version, another manifest of the same version, or a purge is in force.
    Conflict,
    /// The content has another name, or the manifest that a name should lead to is not there.
    Wrong,
    /// The disk failed.
    Failed,
}

/// What the store knows of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The newest version that is acknowledged and not purged, and its manifest.
    pub bound: Option<(Version, ManifestId)>,
    /// The greatest version that a purge covers, also one of a name above or of everything.
    pub purged: Option<Version>,
    /// A damaged record may have been a purge of what is bound: it is not served before it is bound again.
    pub doubtful: bool,
}

/// An operation of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOp {
    /// Read a content, chunk or manifest, by its digest.
    Read {
        /// Its digest.
        id: ContentId,
    },
    /// Hand over a content of an object that this application offers, by its digest.
    Supply {
        /// The job of the [`Command::Put`].
        job: JobId,
        /// The digest.
        id: ContentId,
    },
    /// What a name leads to.
    Look {
        /// Which name.
        name: Name,
    },
    /// Which of these contents are stored; at most as many as a WANT names.
    Known {
        /// Their digests.
        ids: Box<[ContentId]>,
        /// What is longer than this, in bytes, does not count.
        most: u32,
    },
    /// Store a content. Complete when it can be read; durable, at the latest, when a later [`StoreOp::Bind`] is complete.
    Store {
        /// A manifest rather than a chunk.
        manifest: bool,
        /// Its digest.
        id: ContentId,
        /// The content, verified.
        bytes: Arc<[u8]>,
    },
    /// Let a version of a name lead to a manifest. Complete when this, and every content that was stored before, survives a loss of power.
    Bind {
        /// Which name.
        name: Name,
        /// Which version.
        version: Version,
        /// Which manifest.
        manifest: ManifestId,
    },
    /// Forbid versions of names, from now on and for ever. Complete when it survives a loss of power.
    Purge {
        /// Of what; of everything if none.
        name: Option<Name>,
        /// Everything under the name too.
        below: bool,
        /// The greatest version that is purged.
        upto: Version,
    },
    /// Give a content up (of a cache). It completes too.
    Forget {
        /// Its digest.
        id: ContentId,
    },
}

/// What a node asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Connect with a server. Exactly one [`Input::Dialled`] or [`Input::NoDial`] answers; meanwhile the node does not ask again.
    Dial {
        /// Which.
        server: ServerId,
    },
    /// Do something to a connection. Never `Up`, and never `Wake`.
    Session {
        /// Which.
        conn: ConnId,
        /// What.
        effect: session::Effect,
    },
    /// The data of the MANIFEST or CHUNK whose head was written last on this stream.
    Data {
        /// The connection.
        conn: ConnId,
        /// The stream.
        stream: StreamId,
        /// A whole content.
        bytes: Arc<[u8]>,
        /// Which bytes of it are written, at least one.
        range: Range<u32>,
    },
    /// Use the store, or the contents of an application.
    Store {
        /// The ticket of the completion.
        ticket: Ticket,
        /// What to do.
        op: StoreOp,
    },
    /// Tell an application.
    Told {
        /// About which job.
        job: JobId,
        /// What.
        told: Told,
    },
    /// Something worth recording.
    Fact(Fact),
    /// Wake the node after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
    /// Nothing is left of a node that leaves: every connection is closed.
    Left,
}

/// What an application is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// The top manifest of an object is there: [`transfer::Fact::Root`]. It comes before the first piece, unless the transfer was resumed.
    Root {
        /// Its name.
        id: ManifestId,
        /// The version of the object, if it was asked for by name.
        version: Version,
        /// Bytes of the object.
        len: u64,
        /// Whether its chunks are sealed.
        sealed: bool,
    },
    /// The wanted part of a chunk: [`Piece::of`] its bytes.
    Piece {
        /// Which part of which chunk, and where in the object.
        piece: Piece,
        /// The chunk as it is stored.
        stored: Arc<[u8]>,
    },
    /// Bytes of the object that were delivered before.
    Copy {
        /// Which part of which chunk, and where in the object.
        piece: Piece,
        /// Where the wanted bytes stand in the object, too.
        from: u64,
    },
    /// All was taken.
    Got {
        /// What the transfer did.
        counters: transfer::Counters,
    },
    /// The object is stored.
    Stored {
        /// Its version.
        version: Version,
        /// Copies.
        copies: u8,
        /// Whether each of them survives a loss of power.
        durable: bool,
        /// Contents that were sent, and their bytes: what the server lacked.
        sent: u64,
        /// Bytes of these.
        sent_bytes: u64,
    },
    /// The purge is in force.
    Purged {
        /// Up to this version.
        upto: Version,
        /// At so many nodes.
        nodes: u32,
    },
    /// A server answered.
    Pong {
        /// The round trip.
        rtt: Span,
        /// Its load in thousandths of what it can bear.
        load_permille: u16,
    },
    /// It could not be done.
    Failed {
        /// Why.
        code: Code,
        /// How long to stay away before another attempt.
        retry: Span,
        /// What a transfer can be resumed from.
        resume: Option<Box<Resume>>,
    },
}

/// What is worth recording, for metrics and for the oracle of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A content or a manifest was handed to a connection.
    Served {
        /// To whom.
        conn: ConnId,
        /// From where.
        level: Level,
        /// Bytes.
        bytes: u32,
        /// What a name led to, rather than a content.
        named: bool,
        /// Beyond its freshness.
        stale: bool,
    },
    /// A request, or a part of it, was refused.
    Refused {
        /// Whose.
        conn: ConnId,
        /// Why.
        code: Code,
    },
    /// A connection was closed since the peer may not do what it says, or is nobody.
    Unwelcome {
        /// Which.
        conn: ConnId,
    },
    /// The node above is asked for so many contents or names.
    Fetching {
        /// Whom.
        server: ServerId,
        /// How many.
        count: u32,
        /// Names rather than contents.
        named: bool,
    },
    /// The node above sent a content or a manifest.
    Fetched {
        /// Who.
        server: ServerId,
        /// Bytes.
        bytes: u32,
        /// From question to answer.
        took: Span,
    },
    /// A server sent what has another name. It was thrown away.
    Poisoned {
        /// Who.
        server: ServerId,
    },
    /// A server behaved in a way that routing should know.
    Penalised {
        /// Who.
        server: ServerId,
        /// How.
        why: transfer::Penalty,
    },
    /// A purge holds here and everywhere below.
    PurgeHolds {
        /// The name; more than one if none.
        name: Option<NameKey>,
        /// The greatest purged version.
        upto: Version,
        /// Nodes at which it holds.
        nodes: u32,
        /// When it came.
        since: Time,
    },
    /// The node above is out of reach for longer than the lease: names are not answered for from copies (R-11-16).
    LeaseLost {
        /// Who it is.
        server: ServerId,
    },
}

/// Why a node is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A session asked for it.
    Session(ConnId, session::Why),
    /// A transfer did.
    Transfer(JobId, transfer::Why),
    /// The cache did.
    Cache(cache::Why),
    /// Time to ask the node above for a sign of life.
    Lease(ConnId),
    /// A purge has waited long enough for somebody.
    Purge(u32),
    /// A server may be dialled again.
    Dial(ServerId),
    /// A connection that nobody needs may be closed.
    Linger(ConnId),
    /// A job has waited long enough for a server.
    Job(JobId),
}
