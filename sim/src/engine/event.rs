//! An event: something that happens to one node at one moment.

use hypermesh_core::base::digest::mix;
use hypermesh_core::base::{Fingerprint, Mixer};
use std::cmp::Ordering;

/// Something that happens to a node.
#[derive(Clone, Debug)]
pub struct Event<M, W> {
    /// When, in ns.
    pub at: u64,
    /// To whom: the node's rank.
    pub dst: u32,
    /// From whom: the sender's id for messages, the receiver's life for wake-ups, zero for actions.
    pub src: u32,
    /// The sender's sequence number.
    pub seq: u32,
    /// What.
    pub what: What<M, W>,
}

/// What can happen.
#[derive(Clone, Debug)]
pub enum What<M, W> {
    /// A datagram reaches the receiver's access link.
    Message(M),
    /// A datagram has passed the queue of the receiver's access link.
    Queued(M),
    /// A deadline is due.
    Wake(W),
    /// The plan does something to the node.
    Action(Action),
}

/// What a plan does to a node. Indices point into the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Comes up for the first time.
    Start,
    /// Fault number `n` of the plan's node faults.
    Fault(u32),
    /// Broadcast number `n`.
    Broadcast(u32),
    /// Token work number `n`, once per token of the node.
    Token(u32),
    /// A pause ends.
    Resume,
    /// Fetch number `n`.
    Fetch(u32),
    /// Revision number `n`.
    Revise(u32),
}

impl Action {
    const fn word(self) -> u64 {
        match self {
            Self::Start => 1,
            Self::Fault(n) => 2 | (n as u64) << 8,
            Self::Broadcast(n) => 3 | (n as u64) << 8,
            Self::Token(n) => 4 | (n as u64) << 8,
            Self::Resume => 5,
            Self::Fetch(n) => 6 | (n as u64) << 8,
            Self::Revise(n) => 7 | (n as u64) << 8,
        }
    }
}

impl<M, W> Event<M, W> {
    /// Order of two events of one world whose seed gives `salt`.
    #[inline]
    pub fn order(&self, other: &Self, salt: u64) -> Ordering {
        let key = |e: &Self| (u128::from(e.at) << 32) | u128::from(e.dst);
        key(self).cmp(&key(other)).then_with(|| self.tie(salt).cmp(&other.tie(salt)))
    }

    /// Order at one node and moment: the plan first, then by a seeded mix of the sender, so that seeds explore orders while each sender keeps its own.
    fn tie(&self, salt: u64) -> (u64, u32, u32, u64) {
        match &self.what {
            What::Action(action) => (0, 0, 0, action.word()),
            What::Message(_) | What::Queued(_) => (mix(salt ^ u64::from(self.src)) | 1, self.src, self.seq, 0),
            What::Wake(_) => (mix(salt ^ u64::from(self.dst) << 32) | 1, self.src, self.seq, 1),
        }
    }
}

impl<M: Fingerprint, W: Fingerprint> Event<M, W> {
    /// Hash of the event with its content, for digests.
    #[inline(always)]
    pub fn fingerprint(&self) -> u64 {
        let kind = match &self.what {
            What::Message(_) | What::Queued(_) => 1,
            What::Wake(_) => 2,
            What::Action(_) => 3,
        };
        let mixer = Mixer::new(kind).word(self.at).word(u64::from(self.dst) << 32 | u64::from(self.src)).word(u64::from(self.seq));
        match &self.what {
            What::Message(message) | What::Queued(message) => message.fold(mixer),
            What::Wake(why) => why.fold(mixer),
            What::Action(action) => mixer.word(action.word()),
        }
        .finish()
    }
}
