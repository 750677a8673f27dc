//! Plumtree: broadcast along a tree that repairs itself (Leitão, Pereira, Rodrigues, SRDS 2007).
//!
//! Content is pushed at once along *eager* links, which form a tree; the other, *lazy* links carry announcements. A redundant push prunes its link
//! from the tree; a message that is announced and does not come is asked for, and the asked link becomes part of the tree.
//!
//! ```text
//! Broadcast ─┐            ┌─no──▶ deliver; Gossip to eager links, IHave to lazy ones; the sender becomes eager
//! Gossip ────┴─▶ known? ──┤
//!                         └─yes─▶ redundant: the sender becomes lazy, Prune to it
//! IHave ──▶ known? ──no──▶ wait missing_after ──still missing──▶ Graft to the first announcer (it becomes eager)
//!                               ▲                                        │ still missing after retry_after
//!                               └──────── the next announcer ◀───────────┘
//! Graft ──▶ the sender becomes eager; Gossip if it asks for one          Prune ──▶ the sender becomes lazy
//! ```
//!
//! The paper rides on TCP; here every message is a datagram that may be lost. A lost push is repaired by the announcements of others, and by one
//! more announcement on the links of the tree some time later; a lost `Graft`, or a lost answer, by asking the next announcer, and each of them up
//! to [`GRAFTS_MAX`] times. A lost `Prune` is said again at the next redundant push.
//!
//! It lacks, on purpose, any content in memory: only its size is kept. Broadcasts are numbered by the run, so what a node knows is a window of bits;
//! a peer that invents numbers can empty that window, which the layer above has to prevent by authenticated names.

mod config;
mod known;
mod message;
#[cfg(test)]
mod tests;
mod tree;

pub use config::Config;
pub use message::{BYTES_MAX, Message};
pub use tree::Tree;

use crate::base::{Fingerprint, Mixer, NodeId, Span};
use crate::machine::{Cx, Machine};
use crate::node::{BroadcastId, Fact, Path, Tally};
use crate::testing::Defect;
use tree::Kept;

/// How often one announcer is asked for a message.
pub const GRAFTS_MAX: u8 = 3;

/// What can happen to the trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The application sends a message to everybody.
    Broadcast {
        /// Its name.
        id: BroadcastId,
        /// Size of its content.
        bytes: u32,
    },
    /// A message of this protocol arrives.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// A peer became a neighbour.
    LinkUp {
        /// Who.
        peer: NodeId,
    },
    /// A peer is no neighbour any more.
    LinkDown {
        /// Who.
        peer: NodeId,
    },
}

/// What the trees ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
    },
    /// Wake the trees after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
    /// Something to remember about the run.
    Fact(Fact),
}

/// Why the trees are woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A message should have come by now.
    Missing(BroadcastId),
    /// The links of the tree are told once more.
    Announce {
        /// Of what.
        id: BroadcastId,
        /// The low bits of who gave it to this node, and so needs no telling. They are enough to tell neighbours apart; a mistake costs one of
        /// several announcements.
        giver: u16,
    },
}

impl Fingerprint for Why {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Missing(id) => mixer.word(u64::from(id.0)),
            Self::Announce { id, giver } => mixer.word(1 << 32 | u64::from(giver) << 40 | u64::from(id.0)),
        }
    }
}

/// The protocol at work on one node: what the node remembers, under the rules that its group shares.
#[derive(Debug)]
pub struct Plumtree<'a> {
    /// What the node remembers.
    pub tree: &'a mut Tree,
    /// The rules.
    pub config: &'a Config,
    /// A defect planted by a test.
    pub defect: Option<Defect>,
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for Plumtree<'_> {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Broadcast { id, bytes } => self.on_content(cx.me, Kept { id, bytes, hops: 0 }, cx),
            Input::LinkUp { peer } => self.tree.add(peer),
            Input::LinkDown { peer } => self.tree.remove(peer),
            Input::Message { from, message } => match message {
                Message::Gossip { id, hops, bytes } => self.on_content(from, Kept { id, bytes, hops }, cx),
                Message::IHave { id, hops } => self.on_announcement(from, id, hops, cx),
                Message::Graft { id } => self.on_graft(from, id, cx),
                Message::Prune => self.tree.set_eager(from, false),
            },
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            Why::Missing(id) => self.ask(id, cx),
            Why::Announce { id, giver } => self.announce_again(id, giver, cx),
        }
    }
}

impl Plumtree<'_> {
    /// Content arrives, from a peer or from the application of this node.
    fn on_content(&mut self, from: NodeId, content: Kept, cx: &mut Context<'_>) {
        if self.tree.known.learn(content.id, self.config.remembered) {
            self.on_new(from, content, cx);
        } else {
            self.on_redundant(from, content, cx);
        }
    }

    fn on_new(&mut self, from: NodeId, content: Kept, cx: &mut Context<'_>) {
        let Kept { id, hops, .. } = content;
        self.bend(from, content, cx);
        let asked = self.tree.found(id);
        let path = match (from == cx.me, asked) {
            (true, _) => Path::Origin,
            (false, true) => Path::Repaired,
            (false, false) => Path::Pushed,
        };
        cx.emit(Effect::Fact(Fact::Delivered { id, hops, path }));
        self.tree.keep(content, self.config.remembered);
        self.pass_on(from, content, cx);
    }

    /// Pushes along the tree and announces beside it.
    fn pass_on(&mut self, from: NodeId, content: Kept, cx: &mut Context<'_>) {
        let Kept { id, bytes, hops } = content;
        let hops = hops.saturating_add(1);
        let mut pushed = false;
        for (to, eager) in self.tree.links().filter(|(peer, _)| *peer != from) {
            if eager {
                pushed = true;
                cx.emit(Effect::Send { to, message: Message::Gossip { id, hops, bytes } });
            } else {
                cx.emit(Effect::Fact(Fact::Tally(Tally::Announce)));
                cx.emit(Effect::Send { to, message: Message::IHave { id, hops } });
            }
        }
        if pushed && self.config.announce_after > Span::ZERO {
            cx.emit(Effect::Wake { after: self.config.announce_after, why: Why::Announce { id, giver: from.0 as u16 } });
        }
    }

    /// The sender becomes part of the tree, unless somebody announced a path that is shorter by more than the threshold: then that one does, and
    /// the sender's link is pruned (the paper's optimisation).
    fn bend(&mut self, from: NodeId, content: Kept, cx: &mut Context<'_>) {
        if !self.tree.is_linked(from) {
            return;
        }
        let threshold = self.config.optimise_hops;
        let shortest = self.tree.announcements(content.id).filter(|missing| missing.from != from).min_by_key(|missing| missing.hops);
        let better =
            shortest.filter(|missing| threshold > 0 && missing.hops.saturating_add(threshold) <= content.hops).map(|missing| missing.from);
        self.tree.set_eager(from, better.is_none());
        if let Some(better) = better {
            self.tree.set_eager(better, true);
            cx.emit(Effect::Fact(Fact::Tally(Tally::Graft)));
            cx.emit(Effect::Send { to: better, message: Message::Graft { id: None } });
            cx.emit(Effect::Fact(Fact::Tally(Tally::Prune)));
            cx.emit(Effect::Send { to: from, message: Message::Prune });
        }
    }

    fn on_redundant(&mut self, from: NodeId, content: Kept, cx: &mut Context<'_>) {
        let Kept { id, hops, .. } = content;
        cx.emit(Effect::Fact(Fact::Redundant { id }));
        if Defect::DuplicateDelivery.is_planted(self.defect) {
            cx.emit(Effect::Fact(Fact::Delivered { id, hops, path: Path::Pushed }));
        }
        if self.tree.is_linked(from) {
            self.tree.set_eager(from, false);
            cx.emit(Effect::Fact(Fact::Tally(Tally::Prune)));
            cx.emit(Effect::Send { to: from, message: Message::Prune });
        }
    }

    fn on_announcement(&mut self, from: NodeId, id: BroadcastId, hops: u16, cx: &mut Context<'_>) {
        if !self.tree.known.contains(id) && self.tree.is_linked(from) && self.tree.announce(id, from, hops) {
            cx.emit(Effect::Wake { after: self.config.missing_after, why: Why::Missing(id) });
        }
    }

    /// A message is still missing: its next announcer is asked, and the time for an answer is short.
    fn ask(&mut self, id: BroadcastId, cx: &mut Context<'_>) {
        if self.tree.known.contains(id) {
            return;
        }
        let Some(to) = self.tree.ask_next(id, GRAFTS_MAX) else {
            // Nobody answers. A new announcement starts the search anew.
            self.tree.found(id);
            return;
        };
        self.tree.set_eager(to, true);
        cx.emit(Effect::Fact(Fact::Tally(Tally::Graft)));
        cx.emit(Effect::Send { to, message: Message::Graft { id: Some(id) } });
        cx.emit(Effect::Wake { after: self.config.retry_after, why: Why::Missing(id) });
    }

    fn on_graft(&mut self, from: NodeId, id: Option<BroadcastId>, cx: &mut Context<'_>) {
        self.tree.set_eager(from, true);
        if let Some(Kept { id, bytes, hops }) = id.and_then(|id| self.tree.kept(id)) {
            let hops = hops.saturating_add(1);
            cx.emit(Effect::Send { to: from, message: Message::Gossip { id, hops, bytes } });
        }
    }

    fn announce_again(&mut self, id: BroadcastId, giver: u16, cx: &mut Context<'_>) {
        let Some(kept) = self.tree.kept(id) else { return };
        let hops = kept.hops.saturating_add(1);
        for to in self.tree.eager().filter(|peer| peer.0 as u16 != giver) {
            cx.emit(Effect::Fact(Fact::Tally(Tally::Announce)));
            cx.emit(Effect::Send { to, message: Message::IHave { id, hops } });
        }
    }
}
