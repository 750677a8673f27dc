//! The two views of one node: plain lists in one allocation, and what the node waits for.

use super::config::Config;
use crate::base::NodeId;

/// The name of nobody, where an optional name would cost twice the bytes.
pub(super) const NOBODY: NodeId = NodeId(u32::MAX);

/// What one node knows of others, and what it has asked of whom.
#[derive(Clone, Debug)]
pub struct Views {
    /// The active peers, then the passive ones.
    peers: Vec<NodeId>,
    /// Passive peers sent in the last shuffle: the first to make room for what comes back.
    pub(super) sent: Option<Box<[NodeId]>>,
    /// Nodes to join through, each tried in turn.
    pub(super) contacts: [NodeId; 3],
    /// Who owes an answer to a join or to a wish for a neighbour.
    pub(super) asked: NodeId,
    /// Whose side of the link is being checked.
    pub(super) checked: NodeId,
    active: u16,
    /// Names the question that the running timer belongs to.
    pub(super) serial: u16,
    /// Names this life of the node, so that periodic wake-ups of an earlier one are recognised.
    pub(super) beat: u16,
    /// Joins and urgent wishes so far; chooses between passive peers and contacts.
    pub(super) attempts: u8,
    /// Candidates that may still be asked in this search for a neighbour.
    pub(super) tries: u8,
    /// Checks in a row without an answer.
    pub(super) misses: u8,
    /// Shuffles in a row at which there was room in the active view.
    pub(super) short: u8,
    /// Shuffles in a row at which the passive view held few names.
    pub(super) poor: u8,
    /// What the asked peer was asked.
    pub(super) question: Question,
}

/// What an asked peer was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Join,
    Neighbor,
    /// The same wish a second time, in case the first or its answer was lost.
    NeighborAgain,
    /// A wish that is not refused, though the node has neighbours.
    Urgent,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            peers: Vec::new(),
            sent: None,
            contacts: [NOBODY; 3],
            asked: NOBODY,
            checked: NOBODY,
            active: 0,
            serial: 0,
            beat: 0,
            attempts: 0,
            tries: 0,
            misses: 0,
            short: 0,
            poor: 0,
            question: Question::Join,
        }
    }
}

impl Views {
    /// The active view, in no particular order.
    #[inline]
    pub fn active(&self) -> &[NodeId] {
        &self.peers[..usize::from(self.active)]
    }

    /// The passive view, in no particular order.
    #[inline]
    pub fn passive(&self) -> &[NodeId] {
        &self.peers[usize::from(self.active)..]
    }

    /// Whether a peer is in the active view.
    #[inline]
    pub fn is_active(&self, peer: NodeId) -> bool {
        self.active().contains(&peer)
    }

    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        let sent = self.sent.as_ref().map_or(0, |sent| sent.len());
        (self.peers.capacity() + sent) * size_of::<NodeId>()
    }

    /// What must always hold: both views within their limits, nobody twice, and never the node itself.
    pub fn check(&self, me: NodeId, config: &Config) -> Result<(), &'static str> {
        if self.active().len() > config.active_max() {
            return Err("the active view stays within its limit");
        }
        if self.passive().len() > config.passive_max() {
            return Err("the passive view stays within its limit");
        }
        if self.peers.contains(&me) {
            return Err("no view holds its own node");
        }
        if self.peers.iter().enumerate().any(|(i, peer)| self.peers[..i].contains(peer)) {
            return Err("the two views are disjoint and hold nobody twice");
        }
        Ok(())
    }

    /// Adds a peer that is in neither view to the active one. `full` is how many both views hold at most.
    pub(super) fn add_active(&mut self, peer: NodeId, full: usize) {
        self.push(peer, full);
        let (last, border) = (self.peers.len() - 1, usize::from(self.active));
        self.peers.swap(border, last);
        self.active = self.active.saturating_add(1);
    }

    /// Adds a peer that is in neither view to the passive one.
    pub(super) fn add_passive(&mut self, peer: NodeId, full: usize) {
        self.push(peer, full);
    }

    /// Takes a peer out of the active view; false if it was not there.
    pub(super) fn remove_active(&mut self, peer: NodeId) -> bool {
        let Some(at) = self.active().iter().position(|known| *known == peer) else { return false };
        self.active -= 1;
        let border = usize::from(self.active);
        self.peers.swap(at, border);
        self.peers.swap_remove(border);
        true
    }

    /// Takes a peer out of the passive view; false if it was not there.
    pub(super) fn remove_passive(&mut self, peer: NodeId) -> bool {
        let Some(at) = self.passive().iter().position(|known| *known == peer) else { return false };
        self.peers.swap_remove(usize::from(self.active) + at);
        true
    }

    /// The passive view, to be brought into another order.
    pub(super) fn passive_mut(&mut self) -> &mut [NodeId] {
        &mut self.peers[usize::from(self.active)..]
    }

    /// Appends with an exact last allocation: a full pair of views wastes no byte.
    fn push(&mut self, peer: NodeId, full: usize) {
        if self.peers.len() == self.peers.capacity() {
            let wanted = (self.peers.capacity() * 2).clamp(8, full.max(8)).max(self.peers.len() + 1);
            self.peers.reserve_exact(wanted - self.peers.len());
        }
        self.peers.push(peer);
    }
}
