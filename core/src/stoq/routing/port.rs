//! What happens to routing and what it asks for.

use super::claim::{Claim, Implausible};
use super::message::Message;
use crate::base::{NodeId, Span, Spot};

/// A group of clients whose ways are alike: those of a prefix, or of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// A request, named by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The longest way of a request through nodes that route.
pub const HOPS_MAX: usize = 4;

/// The nodes that a request has come through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    nodes: [NodeId; HOPS_MAX],
    len: u8,
}

impl Trail {
    /// The trail of a request that begins here.
    pub const EMPTY: Self = Self { nodes: [NodeId(0); HOPS_MAX], len: 0 };

    /// The trail with one more node; none if it is as long as may be.
    pub fn with(mut self, node: NodeId) -> Option<Self> {
        *self.nodes.get_mut(usize::from(self.len))? = node;
        self.len += 1;
        Some(self)
    }

    /// Whether the request has come through a node.
    pub fn contains(&self, node: NodeId) -> bool {
        self.nodes().contains(&node)
    }

    /// The nodes in order.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes[..usize::from(self.len)]
    }
}

/// What can happen to routing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A message of routing arrives. What it says about its sender is authenticated.
    Message {
        /// From whom.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// A server is set by configuration, not by its word; it never expires.
    Server {
        /// Where it is.
        claim: Claim,
    },
    /// A group of clients is at a place: the priors are those of geography.
    Place {
        /// Which.
        group: GroupId,
        /// Where.
        spot: Spot,
    },
    /// Packets of a server come from another address. Its claim stays as it was, since only the server itself says where it is (R-8-12); but what was
    /// measured was the old way, and is measured anew.
    Moved {
        /// Which.
        node: NodeId,
        /// Where the new address seems to be, if somebody thinks to know.
        seems: Option<Spot>,
    },
    /// A better prior than geography, such as the distance of network coordinates.
    Prior {
        /// From where.
        group: GroupId,
        /// To which server.
        node: NodeId,
        /// The expected round trip.
        rtt: Span,
    },
    /// A round trip between a group and a server was measured.
    Measured {
        /// From where.
        group: GroupId,
        /// To which server.
        node: NodeId,
        /// What it took.
        rtt: Span,
    },
    /// A request needs a server.
    Request {
        /// Its name.
        request: RequestId,
        /// Whose it is.
        group: GroupId,
        /// A hash of what is asked for.
        key: u64,
        /// Where it has come through.
        trail: Trail,
    },
    /// The server that was asked has answered.
    Answered {
        /// Which request.
        request: RequestId,
        /// The round trip between the group and the server, if it was measured.
        rtt: Option<Span>,
    },
    /// The server that was asked has failed.
    Failed {
        /// Which request.
        request: RequestId,
    },
}

/// Why a request goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// No server is left that could be asked.
    Nobody,
    /// As many as may be asked have failed.
    Exhausted,
    /// It has come through as many nodes as it may, or through this one already.
    Loop,
    /// Too many requests are under way.
    Busy,
}

/// What routing asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Send a message of routing.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
    },
    /// Ask a server.
    Ask {
        /// For which request.
        request: RequestId,
        /// Whom.
        to: NodeId,
        /// Where the request has come through, this node included.
        trail: Trail,
    },
    /// Give the request up.
    GiveUp {
        /// Which.
        request: RequestId,
        /// Why.
        why: NoWay,
    },
    /// A claim was not believed; the server is not used until it makes a better one.
    Rejected {
        /// Whose.
        node: NodeId,
        /// Why.
        why: Implausible,
    },
    /// Wake routing after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why routing is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server should have answered by now.
    Overdue {
        /// Which request.
        request: RequestId,
        /// Which attempt.
        attempt: u8,
    },
    /// A server is to be probed.
    Probe,
}
