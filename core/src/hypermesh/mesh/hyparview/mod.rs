//! HyParView: who my neighbours are (Leitão, Pereira, Rodrigues, DSN 2007).
//!
//! Each node keeps a small *active view*, whose links stand on both sides and carry everything else, and a larger *passive view* of spare names. A
//! join walks through the mesh and links the newcomer to a few distant nodes; a failed neighbour is replaced from the passive view; shuffles keep
//! the passive view fresh.
//!
//! ```text
//!            Join ──▶ contact ──ForwardJoin──▶ … ──hops 3──▶ passive     … ──hops 0──▶ active, Answer to the newcomer
//!  active peer lost ──▶ Neighbor(low; high if alone) to a passive peer ──Answer──▶ active
//!                            │ refused, or silent twice (then forgotten)
//!                            └──▶ the next passive peer; alone and none left ──▶ Join through the next contact
//!  every shuffle_every ──▶ Shuffle ──walk──▶ … ──▶ ShuffleReply; both ends keep what they learnt
//! ```
//!
//! The paper rides on TCP; here every message is a datagram that may be lost. So:
//! - a join and a wish for a neighbour have a timer, and are repeated;
//! - links are held symmetric by two rules. Who hears something that only a neighbour has reason to send, from a node that is not in its view,
//!   takes it in if there is room and otherwise answers `Disconnect`. And where no failure detector watches the view, active peers are asked in
//!   turn whether the link stands; silence twice in a row is a failure;
//! - a node without neighbours asks passive peers and contacts in turn until somebody answers.
//!
//! And one thing that a fast join of very many nodes shows: a few of them can end up with views of each other alone. So a node that stays short of
//! neighbours asks one urgently, and a node whose passive view stays poor joins anew, ever more rarely.
//!
//! It lacks, on purpose, any choice of neighbours by distance or load, and any defence against many joins of few nodes: a join is never refused.

mod config;
mod links;
mod message;
#[cfg(test)]
mod tests;
mod views;
mod walks;

pub use config::{ACTIVE_MAX, Config, EXCHANGE_MAX};
pub use message::{Exchange, HOPS_MAX, Message, Priority, Walk};
pub use views::Views;

use crate::base::{Fingerprint, Mixer, NodeId, Purpose, Span};
use crate::machine::{Cx, Machine};
use crate::node::{Contacts, Tally, Unlink};
use crate::testing::Defect;
use views::NOBODY;

/// What can happen to the views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The node comes up and joins. Nothing of an earlier life remains.
    Start {
        /// Nodes to join through.
        contacts: Contacts,
    },
    /// A message of this protocol arrives.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        message: Message,
    },
    /// Another protocol heard something that only an active neighbour has reason to send.
    Heard {
        /// From whom.
        from: NodeId,
    },
    /// The failure detector gave a peer up.
    PeerFailed {
        /// Whom.
        peer: NodeId,
    },
    /// The node leaves in good order.
    Leave,
}

/// What the views ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        message: Message,
    },
    /// Wake the views after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
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
    /// Something to count.
    Tally(Tally),
}

/// Why the views are woken. The number tells a stale wake-up from a due one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A shuffle is due.
    Shuffle(u16),
    /// The next active peer is to be checked.
    Check(u16),
    /// An answer should have come by now.
    Answer(u16),
}

impl Fingerprint for Why {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Shuffle(beat) => mixer.word(u64::from(beat)),
            Self::Check(beat) => mixer.word(1 << 16 | u64::from(beat)),
            Self::Answer(serial) => mixer.word(2 << 16 | u64::from(serial)),
        }
    }
}

/// The protocol at work on one node: what the node remembers, under the rules that its group shares.
#[derive(Debug)]
pub struct HyParView<'a> {
    /// What the node remembers.
    pub views: &'a mut Views,
    /// The rules.
    pub config: &'a Config,
    /// Whether a failure detector watches the active view, so that no checks are needed here.
    pub watched: bool,
    /// A defect planted by a test.
    pub defect: Option<Defect>,
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for HyParView<'_> {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Start { contacts } => self.on_start(contacts, cx),
            Input::Message { from, message } => self.on_message(from, message, cx),
            Input::Heard { from } => self.on_heard(from, cx),
            Input::PeerFailed { peer } => self.fail(peer, cx),
            Input::Leave => {
                for peer in self.views.active() {
                    cx.emit(Effect::Send { to: *peer, message: Message::Disconnect { leaving: true } });
                }
            }
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            Why::Shuffle(beat) if beat == self.views.beat => {
                self.shuffle(cx);
                self.refill(cx);
                cx.emit(Effect::Wake { after: self.config.shuffle_every, why });
            }
            Why::Check(beat) if beat == self.views.beat => {
                self.check_next(cx);
                cx.emit(Effect::Wake { after: self.config.check_every, why });
            }
            Why::Answer(serial) if serial == self.views.serial && self.views.asked != NOBODY => self.on_silence(cx),
            Why::Shuffle(_) | Why::Check(_) | Why::Answer(_) => {} // Of an earlier life, or answered in time.
        }
    }
}

impl HyParView<'_> {
    fn on_start(&mut self, contacts: Contacts, cx: &mut Context<'_>) {
        *self.views = Views::default();
        let known = contacts.0.into_iter().flatten().filter(|contact| *contact != cx.me && *contact != NOBODY);
        for (slot, contact) in self.views.contacts.iter_mut().zip(known) {
            *slot = contact;
        }
        let mut draw = cx.draw(Purpose::Phase);
        let names = draw.u32();
        let (shuffle, check) = (draw.below(self.config.shuffle_every.0), draw.below(self.config.check_every.0));
        (self.views.beat, self.views.serial) = (names as u16, (names >> 16) as u16);
        if self.config.shuffle_every > Span::ZERO {
            cx.emit(Effect::Wake { after: Span(shuffle), why: Why::Shuffle(self.views.beat) });
        }
        if !self.watched && self.config.check_every > Span::ZERO {
            cx.emit(Effect::Wake { after: Span(check), why: Why::Check(self.views.beat) });
        }
        self.seek(cx);
    }

    fn on_message(&mut self, from: NodeId, message: Message, cx: &mut Context<'_>) {
        if message.needs_link() {
            self.on_heard(from, cx);
        }
        match message {
            Message::Join => self.on_join(from, cx),
            Message::ForwardJoin { newcomer, hops } => self.on_forward_join(from, newcomer, hops, cx),
            Message::Neighbor { priority } => self.on_neighbor(from, priority, cx),
            Message::Answer { accepted } => self.on_answer(from, accepted, cx),
            Message::Disconnect { leaving } => self.on_disconnect(from, leaving, cx),
            Message::Shuffle(walk) => self.on_shuffle(from, walk, cx),
            Message::ShuffleReply(peers) => self.on_shuffle_reply(&peers, cx),
        }
    }

    /// Somebody behaves as a neighbour. If it is none here, the two sides disagree, and one of them has to follow the other.
    fn on_heard(&mut self, from: NodeId, cx: &mut Context<'_>) {
        if self.views.is_active(from) || from == cx.me {
            return;
        }
        if self.has_room() {
            self.link(from, cx);
        } else {
            cx.emit(Effect::Send { to: from, message: Message::Disconnect { leaving: false } });
        }
    }

    fn has_room(&self) -> bool {
        self.views.active().len() < self.config.active_max()
    }

    /// Whether this name must not enter a view: the node's own, or nobody's.
    fn is_barred(&self, peer: NodeId, me: NodeId) -> bool {
        peer == NOBODY || peer == me && !Defect::SelfInView.is_planted(self.defect)
    }
}
