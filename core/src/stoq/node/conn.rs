//! A connection as a node sees it: the session, its exchanges, and the room on it.

use super::flow::Flow;
use super::port::{JobId, Peer, ServerId};
use super::put::Taking;
use super::upstream::Asked;
use crate::base::Time;
use crate::stoq::session::frame::{ContentId, Frame, Range};
use crate::stoq::session::{Config, Roles, Session, Side, StreamId};
use crate::stoq::transfer::AskId;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What an exchange is about.
#[derive(Clone, Debug)]
pub(super) enum Exchange {
    /// A transfer asked.
    Transfer { job: JobId, ask: AskId },
    /// The cache asked.
    Fetch(Box<Asked>),
    /// An application offers an object.
    Offer { job: JobId, flow: Box<Flow> },
    /// An application purges.
    Purge { job: JobId },
    /// A purge is told to a cache.
    Tell { purge: u32 },
    /// A request is looked into, and nothing goes out yet.
    Asked,
    /// A WANT, of which the store is asked what is there.
    Looking { flow: Box<Flow>, send: bool },
    /// Contents go out.
    Serving { flow: Box<Flow>, range: Option<Range> },
    /// An object is taken.
    Taking(Box<Taking>),
    /// A purge is carried out.
    Purging,
    /// All was said.
    Answered,
}

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Conn {
    pub(super) session: Session,
    pub(super) peer: Peer,
    /// Who was dialled; none if the peer was.
    pub(super) server: Option<ServerId>,
    /// What may be repeated can be asked before the handshake is over.
    pub(super) early: bool,
    /// Everything can be asked.
    pub(super) ready: bool,
    /// Both sides agree.
    pub(super) open: bool,
    /// The peer takes no more requests.
    pub(super) leaving: bool,
    pub(super) exchanges: BTreeMap<StreamId, Exchange>,
    /// Heads whose data are under way.
    pub(super) heads: BTreeMap<StreamId, Frame>,
    /// Bytes that were written and not sent, also of exchanges that are over.
    pub(super) writing: BTreeMap<StreamId, u64>,
    /// All of these, and the room of what is read.
    pub(super) ahead: u64,
    /// Streams that would read more if there were room, in turn.
    pub(super) hungry: VecDeque<StreamId>,
    /// The peer is a cache below: it is told of purges.
    pub(super) is_below: bool,
    /// The peer was told that this node may have missed a purge, and has not answered.
    pub(super) is_doubting: bool,
    /// Until when the node above tells of every purge on this connection.
    pub(super) lease_until: Time,
    /// Counts the doubts of the node above: what it said before one is not believed without asking.
    pub(super) epoch: u32,
    /// Jobs that wait for the answer to a probe.
    pub(super) pings: Vec<JobId>,
    /// Since when nobody needs it.
    pub(super) idle_since: Time,
    /// What was asked for last by digest: for a breach that answers a repetition otherwise.
    #[cfg(feature = "zoo")]
    last_id: Option<ContentId>,
}

impl Conn {
    pub(super) fn new(config: &Arc<Config>, peer: Peer, server: Option<ServerId>, early: bool, now: Time) -> Self {
        let side = if server.is_some() { Side::Client } else { Side::Server };
        Self {
            session: Session::new(config, side),
            peer,
            server,
            early,
            ready: false,
            open: false,
            leaving: false,
            exchanges: BTreeMap::new(),
            heads: BTreeMap::new(),
            writing: BTreeMap::new(),
            ahead: 0,
            hungry: VecDeque::new(),
            is_below: false,
            is_doubting: false,
            lease_until: Time::ZERO,
            epoch: 0,
            pings: Vec::new(),
            idle_since: now,
            #[cfg(feature = "zoo")]
            last_id: None,
        }
    }

    /// Which side this node is.
    pub(super) const fn session_side(&self) -> Side {
        if self.server.is_some() { Side::Client } else { Side::Server }
    }

    /// Whether what may be repeated can be asked.
    pub(super) const fn is_usable(&self) -> bool {
        (self.ready || self.early) && !self.leaving
    }

    /// The roles that the peer plays and may play.
    pub(super) const fn roles(&self) -> Roles {
        Roles(self.session.agreed().roles.0 & self.peer.roles().0)
    }

    /// Whether this is what was asked for last by digest. Only a breach wants to know.
    pub(super) fn is_repeated(&mut self, id: ContentId) -> bool {
        #[cfg(feature = "zoo")]
        let before = self.last_id.replace(id);
        #[cfg(not(feature = "zoo"))]
        let before = None;
        before == Some(id)
    }

    /// Bytes on the heap, about.
    pub(super) fn heap_bytes(&self) -> usize {
        let nodes = |entries: usize, bytes: usize| entries.div_ceil(5) * 11 * bytes;
        self.session.heap_bytes()
            + nodes(self.exchanges.len(), size_of::<(StreamId, Exchange)>())
            + nodes(self.heads.len(), size_of::<(StreamId, Frame)>())
            + nodes(self.writing.len(), size_of::<(StreamId, u64)>())
            + self.hungry.capacity() * size_of::<StreamId>()
            + self.pings.capacity() * size_of::<JobId>()
    }

    /// The flow of an exchange, if contents go out on it.
    pub(super) fn flow(&mut self, stream: StreamId) -> Option<&mut Flow> {
        match self.exchanges.get_mut(&stream)? {
            Exchange::Serving { flow, .. } | Exchange::Offer { flow, .. } => Some(flow),
            _ => None,
        }
    }

    /// Lets a stream read more when it is its turn.
    pub(super) fn list(&mut self, stream: StreamId) {
        let Some(flow) = self.flow(stream) else { return };
        if !flow.listed && flow.is_hungry() {
            flow.listed = true;
            self.hungry.push_back(stream);
        }
    }
}
