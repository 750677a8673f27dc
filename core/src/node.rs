//! A node as its driver sees it: a [`Machine`] whose inputs are the same for every role.
//!
//! The driver starts a node, hands it messages and commands, wakes it, and carries out its effects. [`Fact`]s change nothing: they are what the
//! trace, the metrics and the oracle are made of.

use crate::base::{Fingerprint, Load, Mixer, NodeId, Span};
use crate::machine::Machine;

/// What can happen to a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<M> {
    /// The node comes up, for the first time or after a crash, with nothing remembered. It may know some contacts (none for the first node).
    Start {
        /// Nodes to join through, each tried in turn.
        contacts: Contacts,
    },
    /// A message arrives.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: M,
    },
    /// The application above asks for something.
    Command(Command),
    /// The node is told to leave in good order. It is stopped right after this input.
    Leave,
}

/// Up to three nodes through which to join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contacts(pub [Option<NodeId>; 3]);

impl Contacts {
    /// One contact.
    pub const fn one(node: NodeId) -> Self {
        Self([Some(node), None, None])
    }

    /// The contact for the given attempt, round robin; none if there are none.
    pub fn for_attempt(&self, attempt: u32) -> Option<NodeId> {
        let known = self.0.iter().flatten().count();
        if known == 0 { None } else { self.0.iter().flatten().nth(attempt as usize % known).copied() }
    }
}

/// A broadcast of the run, numbered in the order of intended start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BroadcastId(pub u32);

/// What an application can ask of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Send a message of `bytes` to everybody.
    Broadcast {
        /// Its name in this run.
        id: BroadcastId,
        /// Size of its content, charged by the wire.
        bytes: u32,
    },
    /// Put one token on its way.
    Token {
        /// Size of its content, charged by the wire.
        bytes: u32,
    },
    /// Fetch an object of the run's catalogue.
    Fetch {
        /// Its number there.
        object: u32,
    },
    /// Publish a new version of an object of the run's catalogue, and then purge what came before it.
    Revise {
        /// Its number there.
        object: u32,
        /// The new version.
        version: u64,
    },
}

/// What a node can ask of its driver.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<M, W> {
    /// Send a datagram. It may be lost.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: M,
    },
    /// Wake me after a while, on my own clock.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: W,
    },
    /// Something to remember about this run.
    Fact(Fact),
}

/// How a broadcast reached a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// It started here.
    Origin,
    /// It was pushed: along the tree, or by gossip.
    Pushed,
    /// It was missed first and asked for later.
    Repaired,
}

/// How a suspicion of a peer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The peer, or a word from it, showed that it lives.
    Refuted,
    /// Nobody spoke for it in time: it is held for failed.
    Confirmed,
    /// The peer is no longer watched.
    Dropped,
}

/// Why a link of the active view ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlink {
    /// The failure detector gave the peer up.
    Failed,
    /// It made room for another.
    Evicted,
    /// The peer said goodbye.
    Disconnected,
}

/// Things that happen often and are only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Tally {
    /// A join was asked for (also each new attempt).
    Join,
    /// A walk of a join was passed on.
    ForwardJoin,
    /// A shuffle was started.
    Shuffle,
    /// A neighbour was asked for.
    Neighbor,
    /// A neighbour was refused.
    NeighborRejected,
    /// A link of the tree was repaired.
    Graft,
    /// A redundant link of the tree was pruned.
    Prune,
    /// An announcement of a broadcast was sent.
    Announce,
    /// A direct probe was sent.
    Probe,
    /// An indirect probe was asked for.
    IndirectProbe,
    /// A probe went without an answer.
    ProbeFailed,
}

impl Tally {
    /// Every tally, in the order of its number.
    pub const ALL: [Self; 11] = [
        Self::Join,
        Self::ForwardJoin,
        Self::Shuffle,
        Self::Neighbor,
        Self::NeighborRejected,
        Self::Graft,
        Self::Prune,
        Self::Announce,
        Self::Probe,
        Self::IndirectProbe,
        Self::ProbeFailed,
    ];
}

/// What a run remembers of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact {
    /// A broadcast was handed to the application.
    Delivered {
        /// Which.
        id: BroadcastId,
        /// Links it crossed.
        hops: u16,
        /// How it came.
        path: Path,
    },
    /// The content of a broadcast that was known already arrived again.
    Redundant {
        /// Which.
        id: BroadcastId,
    },
    /// A peer entered the active view.
    LinkUp {
        /// Who.
        peer: NodeId,
    },
    /// A peer left the active view.
    LinkDown {
        /// Who.
        peer: NodeId,
        /// Why.
        why: Unlink,
    },
    /// A peer is suspected to have failed.
    Suspected {
        /// Who.
        peer: NodeId,
    },
    /// A suspicion ended.
    SuspicionEnded {
        /// Who was suspected.
        peer: NodeId,
        /// How.
        outcome: Outcome,
    },
    /// A round-trip time was measured and the coordinate moved.
    Coordinate {
        /// Relative error of the prediction before the move, |predicted - measured| / measured.
        error: f32,
        /// The measured round-trip time in milliseconds.
        rtt_ms: f32,
        /// Whether every component of the coordinate is a finite number.
        finite: bool,
    },
    /// Something that is only counted.
    Tally(Tally),
    /// Something about contents that are asked for by name.
    Content(Content),
}

/// Which part of a node had what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// The memory of a cache.
    Memory,
    /// The disk of a cache.
    Disk,
    /// The node above.
    Upstream,
    /// The store of an origin.
    Store,
}

/// A part of a fetch. Together they are the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// From the moment at which it was asked for until a connection to a node above was open; nothing if one was.
    Connect,
    /// From then until the name had led to a manifest.
    Lookup,
    /// From then until the first verified bytes were there.
    FirstByte,
    /// From then until the last ones were.
    Rest,
}

/// What happens to contents that are asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An application asked for an object.
    Asked,
    /// It has all of it.
    Fetched {
        /// Since it was meant to be asked for.
        took: Span,
        /// Bytes of the object.
        bytes: u64,
    },
    /// It cannot have it.
    Failed {
        /// The code of the failure.
        code: u8,
    },
    /// What it got is not what the origin published under that name and version.
    Wrong,
    /// What it got was forbidden by a purge that had been acknowledged before it asked.
    Old,
    /// A node that is no adversary sent something under a name that is not its.
    Mistaken,
    /// A peer was sent away for its certificate.
    Unwelcome {
        /// It had been accepted before.
        accepted: bool,
    },
    /// An origin handed an object to another.
    Copied {
        /// Its number in the catalogue.
        object: u32,
        /// To whom.
        to: NodeId,
        /// Since it was known to be needed.
        took: Span,
        /// The other had lacked it.
        lacked: bool,
    },
    /// An origin gave up its copy of an object.
    Dropped {
        /// Its number in the catalogue.
        object: u32,
    },
    /// A disk had something else than was written to it.
    Damaged,
    /// A disk could not be read.
    Unread,
    /// A disk had no room.
    Full,
    /// Somebody who showed no good certificate was served.
    Stranger,
    /// A content or a manifest was handed to a peer.
    Served {
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
        /// The code of the refusal.
        code: u8,
    },
    /// The node above was asked for so many contents or names.
    Fetching {
        /// How many.
        count: u32,
    },
    /// Something was thrown away since it had another name.
    Poisoned,
    /// A purge holds wherever it has to.
    Purged {
        /// Since it was ordered.
        took: Span,
    },
    /// A connection was opened, after a handshake of this length.
    Connected {
        /// The time from its beginning to the keys.
        took: Span,
        /// To whom. Not part of the digest.
        to: NodeId,
    },
    /// A connection is over.
    Disconnected,
    /// Packets of a connection were held for lost.
    Lost {
        /// How many.
        packets: u32,
    },
    /// A part of a fetch is over. Not part of the digest.
    Stage {
        /// Which.
        stage: Stage,
        /// How long it took.
        took: Span,
    },
    /// A content or a manifest came whole from another node, good or not. Not part of the digest.
    Took {
        /// From whom.
        from: NodeId,
        /// Bytes.
        bytes: u32,
    },
    /// Bytes were handed to the wires, by the layer that they are of. Not part of the digest.
    Carried {
        /// Of contents and manifests, for the first time.
        content: u32,
        /// Of STOQ's own frames, for the first time.
        frames: u32,
        /// Of streams, sent again since they were held for lost.
        again: u32,
        /// Everything else of QUIC: handshakes, headers, acknowledgements, probes, tags of the cipher.
        quic: u32,
        /// Headers of UDP, IP and the link.
        headers: u32,
    },
    /// A core did a piece of work.
    Worked {
        /// How long that took.
        took: Span,
        /// How long it had waited for the core.
        waited: Span,
    },
    /// An application got an object that has more than one version.
    Handed {
        /// Its number in the catalogue.
        object: u32,
        /// Which version it got.
        version: u64,
        /// Since it asked.
        took: Span,
    },
    /// An application is to publish a version.
    Publishing,
    /// It was told that the version is stored.
    Published {
        /// Since it was meant to be published.
        took: Span,
    },
    /// It was told that versions of an object are purged everywhere.
    Forbidden {
        /// The object's number in the catalogue.
        object: u32,
        /// The greatest purged version.
        upto: u64,
    },
    /// An attempt to publish or to purge has failed. It is made again.
    Rejected {
        /// The code of the failure.
        code: u8,
    },
    /// A requirement of the standard was put to the test. Not part of the digest.
    Tried {
        /// The number of its monitor.
        monitor: u8,
        /// How often.
        times: u32,
    },
    /// A requirement of the standard was not kept. Not part of the digest.
    Unkept {
        /// The number of its monitor.
        monitor: u8,
        /// Towards whom; the node itself if nobody.
        peer: NodeId,
        /// A stream, a version or a span: what the monitor tells.
        what: u64,
    },
}

/// A node that a driver can run.
pub trait Node: Machine<Input = Input<Self::Message>, Effect = Effect<Self::Message, Self::Wakeup>, Why = Self::Wakeup> + Send {
    /// What its peers say to it. Keep it within 24 bytes: bulky content goes into a box.
    type Message: Load + Fingerprint + Clone + core::fmt::Debug + Send;
    /// Why it can be woken. Keep it within 16 bytes.
    type Wakeup: Copy + Fingerprint + core::fmt::Debug + Send;
    /// What the nodes of one group have in common. Shared, never copied per node.
    type Config: Send + Sync;

    /// A node that has not started.
    fn new(config: &std::sync::Arc<Self::Config>) -> Self;

    /// What is there after this node stopped, before it starts again: a node that has not started, with what survives a crash (a disk). Most nodes have
    /// nothing of the kind.
    #[must_use]
    fn remains(&mut self, config: &std::sync::Arc<Self::Config>) -> Self
    where
        Self: Sized,
    {
        Self::new(config)
    }

    /// What must always hold inside one node; the text names the broken promise. Called by the oracle while the world runs.
    fn check(&self, me: NodeId) -> Result<(), &'static str>;

    /// Bytes that this node holds on the heap.
    fn heap_bytes(&self) -> usize;

    /// Peers that this node would send to now, for the oracle and the map; empty where a role has no view.
    fn view(&self) -> Vec<NodeId> {
        Vec::new()
    }
}

impl Fact {
    /// Whether it is part of the digest of a run. Measurements are not: they follow from what is, and what is measured may change without a change of
    /// what happened.
    #[inline]
    pub const fn leaves_a_mark(&self) -> bool {
        !matches!(
            self,
            Self::Content(
                Content::Stage { .. } | Content::Took { .. } | Content::Carried { .. } | Content::Tried { .. } | Content::Unkept { .. }
            )
        )
    }
}

impl Fingerprint for Fact {
    #[inline]
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Delivered { id, hops, path } => mixer.word(1 | u64::from(hops) << 8 | (path as u64) << 24 | u64::from(id.0) << 32),
            Self::Redundant { id } => mixer.word(2 | u64::from(id.0) << 32),
            Self::LinkUp { peer } => mixer.word(3 | u64::from(peer.0) << 32),
            Self::LinkDown { peer, why } => mixer.word(4 | (why as u64) << 8 | u64::from(peer.0) << 32),
            Self::Suspected { peer } => mixer.word(5 | u64::from(peer.0) << 32),
            Self::SuspicionEnded { peer, outcome } => mixer.word(6 | (outcome as u64) << 8 | u64::from(peer.0) << 32),
            Self::Coordinate { error, rtt_ms, finite } => {
                mixer.word(7 | u64::from(finite) << 8 | u64::from(error.to_bits()) << 32).word(u64::from(rtt_ms.to_bits()))
            }
            Self::Tally(tally) => mixer.word(8 | (tally as u64) << 8),
            Self::Content(content) => content.fold(mixer.word(9)),
        }
    }
}

impl Fingerprint for Content {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Asked => mixer.word(1),
            Self::Fetched { took, bytes } => mixer.word(2).word(took.0).word(bytes),
            Self::Failed { code } => mixer.word(3 | u64::from(code) << 8),
            Self::Wrong => mixer.word(4),
            Self::Old => mixer.word(5),
            Self::Stranger => mixer.word(6),
            Self::Served { level, bytes, named, stale } => {
                mixer.word(7 | (level as u64) << 8 | u64::from(named) << 16 | u64::from(stale) << 17 | u64::from(bytes) << 32)
            }
            Self::Refused { code } => mixer.word(8 | u64::from(code) << 8),
            Self::Fetching { count } => mixer.word(9 | u64::from(count) << 32),
            Self::Poisoned => mixer.word(10),
            Self::Purged { took } => mixer.word(11).word(took.0),
            Self::Connected { took, .. } => mixer.word(12).word(took.0),
            Self::Disconnected => mixer.word(13),
            Self::Lost { packets } => mixer.word(14 | u64::from(packets) << 32),
            Self::Stage { .. } | Self::Took { .. } | Self::Carried { .. } | Self::Tried { .. } | Self::Unkept { .. } => mixer,
            Self::Worked { took, waited } => mixer.word(15).word(took.0).word(waited.0),
            Self::Handed { object, version, took } => mixer.word(27 | u64::from(object) << 32).word(version).word(took.0),
            Self::Publishing => mixer.word(16),
            Self::Published { took } => mixer.word(17).word(took.0),
            Self::Forbidden { object, upto } => mixer.word(18 | u64::from(object) << 32).word(upto),
            Self::Unwelcome { accepted } => mixer.word(24 | u64::from(accepted) << 8),
            Self::Copied { object, to, took, lacked } => {
                mixer.word(25 | u64::from(lacked) << 8 | u64::from(object) << 32).word(u64::from(to.0)).word(took.0)
            }
            Self::Dropped { object } => mixer.word(26 | u64::from(object) << 32),
            Self::Mistaken => mixer.word(20),
            Self::Damaged => mixer.word(21),
            Self::Unread => mixer.word(22),
            Self::Full => mixer.word(23),
            Self::Rejected { code } => mixer.word(19 | u64::from(code) << 8),
        }
    }
}
