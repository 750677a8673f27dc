//! What happens to a cache and what it asks for.

use super::Life;
use crate::base::Span;

/// The state of an origin's publications: it counts up by one with each change of anything. An object's version is the count at its publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// A request that waits, named by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Waiter(pub u64);

/// A fetch from the upstream, named by the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub u64);

/// A purge, named by whoever ordered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurgeId(pub u64);

/// Where bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// In memory.
    Memory = 0,
    /// On disk.
    Disk = 1,
}

impl Tier {
    /// Both, the faster first.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Disk];
}

/// Where the bytes of an answer are to be taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A tier of this node.
    Tier(Tier),
    /// The answer to a fetch.
    Fetch(FetchId),
}

/// What is asked for, and how good it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<K> {
    /// Its name.
    pub key: K,
    /// Who waits for it.
    pub waiter: Waiter,
    /// Whether the name is the digest of the content, so that no copy is older than another.
    pub immutable: bool,
    /// The least version that will do (of what is not immutable): one above what the asker knows to be purged.
    pub at_least: Version,
    /// Whether only the origin is believed: no copy on the way will do (of what is not immutable).
    pub from_origin: bool,
}

/// What a purge is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<K> {
    /// One object.
    Object(K),
    /// Everything of the origin: all has to be asked from it again.
    Everything,
}

/// What the upstream said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The object; the driver holds its bytes, verified, until it has carried out the effects of this input.
    Content {
        /// Its version.
        version: Version,
        /// Its size.
        bytes: u64,
        /// Time since its birth at the origin, as said by the upstream.
        age: Span,
        /// What it may be used for.
        life: Life,
        /// False if it is not to be stored, and to serve one request only.
        keep: bool,
        /// Whether the origin itself gave it.
        from_origin: bool,
    },
    /// The version that the fetch said to be known is still the newest.
    Same {
        /// Time since the origin said so.
        age: Span,
        /// What the copy may be used for from now on.
        life: Life,
        /// Whether the origin itself said it.
        from_origin: bool,
    },
    /// There is no such object.
    Absent {
        /// The state of the origin in which there was none.
        version: Version,
        /// Time since the origin said so.
        age: Span,
        /// How long that may be believed; a cache has a ceiling of its own.
        max_age: Span,
        /// Whether the origin itself said it.
        from_origin: bool,
    },
    /// No answer could be had.
    Failed,
}

/// What can happen to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<K> {
    /// Somebody asks.
    Request(Request<K>),
    /// Whoever asked wants no answer any more. The fetch goes on: others may want it.
    Cancel {
        /// For what.
        key: K,
        /// Who.
        waiter: Waiter,
    },
    /// The upstream answers.
    Answer {
        /// Which fetch.
        fetch: FetchId,
        /// What.
        answer: Answer,
    },
    /// Nothing in the scope may be served any more up to a version.
    Purge {
        /// Its name.
        purge: PurgeId,
        /// What it is about.
        scope: Scope<K>,
        /// The greatest purged version.
        upto: Version,
    },
    /// What [`Effect::Record`] asked for has reached the disk.
    Recorded {
        /// Which purge.
        purge: PurgeId,
    },
    /// The bytes of a copy cannot be read, or are not what they were.
    Lost {
        /// Of what.
        key: K,
        /// Where.
        tier: Tier,
    },
}

/// Why a request goes without an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The upstream failed, now or a moment ago, and no copy is good enough.
    Upstream,
    /// Too many wait already.
    Busy,
    /// What the upstream said was purged or older than asked for, each time.
    Overtaken,
}

/// What a cache asks for. Effects are carried out in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<K> {
    /// Answer a request with bytes.
    Serve {
        /// Whom.
        waiter: Waiter,
        /// With what.
        key: K,
        /// In which version (zero for what is immutable).
        version: Version,
        /// From where.
        source: Source,
        /// Time since its birth at the origin.
        age: Span,
        /// Whether it is beyond its freshness.
        stale: bool,
    },
    /// Answer that there is no such object.
    ServeAbsent {
        /// Whom.
        waiter: Waiter,
        /// What was asked for.
        key: K,
        /// The state of the origin in which there was none.
        version: Version,
        /// Time since the origin said so.
        age: Span,
    },
    /// Answer that it cannot be had now.
    Refuse {
        /// Whom.
        waiter: Waiter,
        /// What was asked for.
        key: K,
        /// Why.
        why: Refusal,
    },
    /// Ask the upstream. Exactly one [`Input::Answer`] is waited for, for a limited time.
    Fetch {
        /// The fetch's name.
        fetch: FetchId,
        /// What is wanted.
        key: K,
        /// Whether it is immutable.
        immutable: bool,
        /// The version at hand, which need not be sent again.
        known: Option<Version>,
        /// The least version that will do.
        at_least: Version,
        /// Whether only the origin is believed.
        from_origin: bool,
    },
    /// Store a copy.
    Keep {
        /// Of what.
        key: K,
        /// In which version.
        version: Version,
        /// Where.
        tier: Tier,
        /// Its bytes.
        from: Source,
    },
    /// Give up a copy.
    Drop {
        /// Of what.
        key: K,
        /// Where.
        tier: Tier,
    },
    /// Put a purge where it survives a crash, then say [`Input::Recorded`].
    Record {
        /// Which.
        purge: PurgeId,
        /// Its scope.
        scope: Scope<K>,
        /// The greatest purged version.
        upto: Version,
    },
    /// Tell who ordered it that the purge holds here from now on.
    Acknowledge {
        /// Which.
        purge: PurgeId,
    },
    /// Wake the cache after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why a cache is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The answer to a fetch should have come by now.
    Overdue(FetchId),
}

/// What happened so far, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests.
    pub requests: u64,
    /// Requests answered from memory with a fresh copy.
    pub hits_memory: u64,
    /// Requests answered from disk with a fresh copy.
    pub hits_disk: u64,
    /// Requests answered with a stale copy.
    pub hits_stale: u64,
    /// Requests answered from a negative entry.
    pub hits_negative: u64,
    /// Requests that joined a fetch under way.
    pub joined: u64,
    /// Fetches begun.
    pub fetches: u64,
    /// Answers that said that the version at hand is the newest.
    pub revalidated: u64,
    /// Answers not believed because of a purge or of a newer copy.
    pub overtaken: u64,
    /// Fetches that failed or were overdue.
    pub failed: u64,
    /// Copies that left for want of room, by tier.
    pub evicted: [u64; 2],
    /// Copies whose bytes were lost.
    pub lost: u64,
    /// Bytes written to disk.
    pub disk_bytes_written: u64,
}
