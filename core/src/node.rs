//! A node as its driver sees it: a [`Machine`] whose inputs are the same for every role.
//!
//! The driver starts a node, hands it messages and commands, wakes it, and carries out its effects. [`Fact`]s change nothing: they are what the
//! trace, the metrics and the oracle are made of.

use crate::base::{Fingerprint, Mixer, NodeId, Span, Wire};
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
}

/// A node that a driver can run.
pub trait Node: Machine<Input = Input<Self::Message>, Effect = Effect<Self::Message, Self::Wakeup>, Why = Self::Wakeup> + Send {
    /// What its peers say to it. Keep it within 24 bytes: bulky content goes into a box.
    type Message: Wire + Fingerprint + Clone + core::fmt::Debug + Send;
    /// Why it can be woken. Keep it within 16 bytes.
    type Wakeup: Copy + Fingerprint + core::fmt::Debug + Send;
    /// What the nodes of one group have in common. Shared, never copied per node.
    type Config: Send + Sync;

    /// A node that has not started.
    fn new(config: &std::sync::Arc<Self::Config>) -> Self;

    /// What must always hold inside one node; the text names the broken promise. Called by the oracle while the world runs.
    fn check(&self, me: NodeId) -> Result<(), &'static str>;

    /// Bytes that this node holds on the heap.
    fn heap_bytes(&self) -> usize;

    /// Peers that this node would send to now, for the oracle and the map; empty where a role has no view.
    fn view(&self) -> Vec<NodeId> {
        Vec::new()
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
        }
    }
}
