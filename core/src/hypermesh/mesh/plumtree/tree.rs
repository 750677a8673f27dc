//! What one node remembers of the broadcast trees: its links, what it knows, what it keeps and what it misses.

use super::known::Known;
use super::message::Message;
use crate::base::NodeId;
use crate::node::BroadcastId;

/// Most links that take part in the trees.
pub(super) const LINKS_MAX: usize = 64;

/// Most announcements of missing messages that are remembered at once. Further ones are ignored; they come again, or another peer's do.
pub(super) const MISSING_MAX: usize = 1_024;

/// What one node remembers.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The neighbours, in no particular order.
    links: Vec<NodeId>,
    /// Which of them are eager: they get content at once, the lazy ones an announcement.
    eager: u64,
    /// Contents for repair; a ring once it is full.
    kept: Vec<Kept>,
    /// Announcements of messages that have not come yet, oldest first.
    missing: Vec<Missing>,
    pub(super) known: Known,
    /// The place in `kept` that is overwritten next once it is full.
    oldest: u16,
}

/// A broadcast whose content can be given to others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) id: BroadcastId,
    pub(super) bytes: u32,
    pub(super) hops: u16,
}

/// An announcement of a message that has not come yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing {
    pub(super) id: BroadcastId,
    pub(super) from: NodeId,
    pub(super) hops: u16,
    /// How often its sender was asked for it.
    pub(super) asked: u8,
}

impl Tree {
    /// Bytes held on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.links.capacity() * size_of::<NodeId>()
            + self.kept.capacity() * size_of::<Kept>()
            + self.missing.capacity() * size_of::<Missing>()
            + self.known.heap_bytes()
    }

    /// The neighbours that get content at once.
    pub fn eager(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.links().filter(|(_, eager)| *eager).map(|(peer, _)| peer)
    }

    /// The neighbours that get announcements.
    pub fn lazy(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.links().filter(|(_, eager)| !*eager).map(|(peer, _)| peer)
    }

    /// What must always hold: the links are the neighbours that the views name, and what is missing is not known and was announced by a neighbour.
    pub fn check(&self, neighbours: &[NodeId]) -> Result<(), &'static str> {
        let all = self.links.len() == neighbours.len().min(LINKS_MAX);
        if !all || !self.links.iter().all(|peer| neighbours.contains(peer)) {
            return Err("the trees run over the links of the active view");
        }
        if self.missing.iter().any(|missing| self.known.contains(missing.id)) {
            return Err("a message that came is not missing");
        }
        if self.missing.iter().any(|missing| !self.links.contains(&missing.from)) {
            return Err("a missing message was announced by a neighbour");
        }
        Ok(())
    }

    /// All neighbours, each with whether it is eager.
    pub(super) fn links(&self) -> impl Iterator<Item = (NodeId, bool)> + '_ {
        self.links.iter().enumerate().map(|(i, peer)| (*peer, self.eager >> i & 1 == 1))
    }

    /// Whether a peer is a neighbour.
    #[inline]
    pub fn is_linked(&self, peer: NodeId) -> bool {
        self.links.contains(&peer)
    }

    /// Whether a message says nothing that this node does not know: announcements mostly do not.
    #[inline]
    pub fn is_old_news(&self, message: &Message) -> bool {
        matches!(message, Message::IHave { id, .. } if self.known.contains(*id))
    }

    /// A new neighbour is eager.
    pub(super) fn add(&mut self, peer: NodeId) {
        if self.links.len() < LINKS_MAX && !self.is_linked(peer) {
            if self.links.len() == self.links.capacity() {
                self.links.reserve_exact(if self.links.is_empty() { 5 } else { self.links.len() });
            }
            self.eager |= 1 << self.links.len();
            self.links.push(peer);
        }
    }

    pub(super) fn remove(&mut self, peer: NodeId) {
        let Some(at) = self.links.iter().position(|known| *known == peer) else { return };
        self.links.swap_remove(at);
        let last = self.links.len();
        let moved = self.eager >> last & 1;
        self.eager &= !(1 << at | 1 << last);
        if at != last {
            self.eager |= moved << at;
        }
        self.missing.retain(|missing| missing.from != peer);
    }

    /// Makes a neighbour eager or lazy.
    pub(super) fn set_eager(&mut self, peer: NodeId, eager: bool) {
        if let Some(at) = self.links.iter().position(|known| *known == peer) {
            self.eager = self.eager & !(1 << at) | u64::from(eager) << at;
        }
    }

    /// Keeps a content; the oldest of more than `most` is forgotten.
    pub(super) fn keep(&mut self, content: Kept, most: u16) {
        let most = usize::from(most.max(1));
        if self.kept.len() < most {
            if self.kept.len() == self.kept.capacity() {
                let wanted = (self.kept.len() * 2).clamp(4, most.max(4));
                self.kept.reserve_exact(wanted - self.kept.len());
            }
            self.kept.push(content);
        } else {
            let at = usize::from(self.oldest) % most;
            self.kept[at] = content;
            self.oldest = ((at + 1) % most) as u16;
        }
    }

    pub(super) fn kept(&self, id: BroadcastId) -> Option<Kept> {
        self.kept.iter().find(|kept| kept.id == id).copied()
    }

    /// The announcements of a message.
    pub(super) fn announcements(&self, id: BroadcastId) -> impl Iterator<Item = &Missing> {
        self.missing.iter().filter(move |missing| missing.id == id)
    }

    /// Notes an announcement; true if it is the first one of its message.
    pub(super) fn announce(&mut self, id: BroadcastId, from: NodeId, hops: u16) -> bool {
        let first = self.announcements(id).next().is_none();
        if let Some(again) = self.missing.iter_mut().find(|missing| missing.id == id && missing.from == from) {
            // It is announced anew, so it can be asked for anew.
            (again.asked, again.hops) = (0, hops);
        } else if self.missing.len() < MISSING_MAX {
            if self.missing.capacity() == 0 {
                self.missing.reserve_exact(4);
            }
            self.missing.push(Missing { id, from, hops, asked: 0 });
        } else {
            return false;
        }
        first
    }

    /// The announcer to ask next: the one asked least, the earliest of those; none once all were asked `most` times. It counts as asked.
    pub(super) fn ask_next(&mut self, id: BroadcastId, most: u8) -> Option<NodeId> {
        let next = self.missing.iter_mut().filter(|missing| missing.id == id).min_by_key(|missing| missing.asked)?;
        if next.asked >= most {
            return None;
        }
        next.asked += 1;
        Some(next.from)
    }

    /// Forgets that a message is missing; true if it had been asked for.
    pub(super) fn found(&mut self, id: BroadcastId) -> bool {
        let asked = self.announcements(id).any(|missing| missing.asked > 0);
        self.missing.retain(|missing| missing.id != id);
        if self.missing.is_empty() && self.missing.capacity() > 8 {
            self.missing = Vec::new();
        }
        asked
    }
}
