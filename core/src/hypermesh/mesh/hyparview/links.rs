//! Links of the active view: how they come, how they go, and how a lost one is replaced.

use super::message::{Message, Priority};
use super::views::{NOBODY, Question};
use super::{Context, Effect, HyParView, Why};
use crate::base::{NodeId, Purpose};
use crate::node::{Tally, Unlink};
use crate::testing::Defect;

/// Candidates asked after the failure of a neighbour before the search rests until the next shuffle. Where most views are full, most would refuse.
const TRIES_AFTER_FAILURE: u8 = 8;

/// Candidates asked after a neighbour ended the link: it did so for a newcomer, whose own walks will soon ask for links.
const TRIES_AFTER_FAREWELL: u8 = 2;

/// Candidates asked at each shuffle while there is room.
const TRIES_AT_SHUFFLE: u8 = 3;

/// A node that had room at this many shuffles in a row insists on a link; at once where half of its view is empty. Without it a few nodes that know
/// only each other, and so never are alone, could stay apart from the mesh for ever.
const PATIENCE: u8 = 2;

/// A check without an answer is repeated; this many in a row are a failure.
const MISSES_MAX: u8 = 2;

/// Of this many attempts of a lonely node one goes to a contact, the others to passive peers.
const CONTACT_EVERY: u8 = 3;

impl HyParView<'_> {
    /// Takes a peer into the active view; a full view makes room by eviction of a random peer.
    pub(super) fn link(&mut self, peer: NodeId, cx: &mut Context<'_>) {
        if self.is_barred(peer, cx.me) || self.views.is_active(peer) {
            return;
        }
        if !self.has_room() && !Defect::UnboundedView.is_planted(self.defect) {
            let at = cx.draw(Purpose::Peer).index(self.views.active().len());
            let victim = self.views.active()[at];
            cx.emit(Effect::Send { to: victim, message: Message::Disconnect { leaving: false } });
            self.unlink(victim, Unlink::Evicted, cx);
            self.remember(victim, &[], cx);
        }
        self.views.remove_passive(peer);
        self.views.add_active(peer, self.config.active_max() + self.config.passive_max());
        if self.views.asked == peer {
            self.views.asked = NOBODY;
        }
        cx.emit(Effect::LinkUp { peer });
    }

    /// Takes a peer out of the active view; false if it was not there.
    pub(super) fn unlink(&mut self, peer: NodeId, why: Unlink, cx: &mut Context<'_>) -> bool {
        let was_there = self.views.remove_active(peer);
        if was_there {
            if self.views.checked == peer {
                (self.views.checked, self.views.misses) = (NOBODY, 0);
            }
            cx.emit(Effect::LinkDown { peer, why });
        }
        was_there
    }

    /// A peer is held for failed: no view keeps it, and another takes its place.
    pub(super) fn fail(&mut self, peer: NodeId, cx: &mut Context<'_>) {
        self.views.remove_passive(peer);
        if self.unlink(peer, Unlink::Failed, cx) {
            self.replace(TRIES_AFTER_FAILURE, cx);
        }
    }

    pub(super) fn on_neighbor(&mut self, from: NodeId, priority: Priority, cx: &mut Context<'_>) {
        let accepted = priority == Priority::High || self.views.is_active(from) || self.has_room();
        if accepted {
            self.link(from, cx);
        } else {
            cx.emit(Effect::Tally(Tally::NeighborRejected));
        }
        cx.emit(Effect::Send { to: from, message: Message::Answer { accepted } });
    }

    pub(super) fn on_answer(&mut self, from: NodeId, accepted: bool, cx: &mut Context<'_>) {
        if self.views.checked == from {
            (self.views.checked, self.views.misses) = (NOBODY, 0);
        }
        let asked = self.views.asked == from;
        match (accepted, self.views.is_active(from)) {
            (true, true) => {}
            // The link stands on the other side. Here it can have become unwanted since it was asked for.
            (true, false) => self.on_heard(from, cx),
            (false, true) => {
                self.unlink(from, Unlink::Disconnected, cx);
                self.remember(from, &[], cx);
                self.replace(TRIES_AFTER_FAREWELL, cx);
            }
            // Only a node that breaks the protocol refuses a lonely one; the timer goes on, so that it cannot set the pace.
            (false, false) if asked && self.views.active().is_empty() => {
                self.views.remove_passive(from);
                return;
            }
            (false, false) => {}
        }
        if asked {
            self.views.asked = NOBODY;
            self.seek(cx);
        }
    }

    pub(super) fn on_disconnect(&mut self, from: NodeId, leaving: bool, cx: &mut Context<'_>) {
        let was_linked = self.unlink(from, Unlink::Disconnected, cx);
        if leaving {
            self.views.remove_passive(from);
        } else if was_linked {
            self.remember(from, &[], cx);
        }
        if was_linked {
            self.replace(TRIES_AFTER_FAREWELL, cx);
        }
    }

    /// The asked peer stays silent.
    pub(super) fn on_silence(&mut self, cx: &mut Context<'_>) {
        let silent = core::mem::replace(&mut self.views.asked, NOBODY);
        match self.views.question {
            Question::Neighbor if self.has_room() => return self.ask(silent, Question::NeighborAgain, cx),
            Question::NeighborAgain => {
                self.views.remove_passive(silent);
            }
            Question::Join | Question::Neighbor | Question::Urgent => {}
        }
        self.seek(cx);
    }

    /// Looks for a neighbour in the place of a lost one.
    fn replace(&mut self, tries: u8, cx: &mut Context<'_>) {
        self.views.tries = self.views.tries.max(tries);
        self.seek(cx);
    }

    /// The rounds at each shuffle: a way out of a clique, and a few more neighbours while there is room.
    pub(super) fn refill(&mut self, cx: &mut Context<'_>) {
        let room = self.has_room();
        self.views.short = if room { self.views.short.wrapping_add(1) } else { 0 };
        if !self.leave_clique(cx) && room {
            self.views.tries = self.views.tries.max(TRIES_AT_SHUFFLE);
            self.insist_or_seek(cx);
        }
    }

    /// Nodes whose active views are full of each other hear no name from outside, so their passive views stay poor. Such a node joins anew, ever
    /// more rarely, since a mesh can also be just that small. True if it did.
    fn leave_clique(&mut self, cx: &mut Context<'_>) -> bool {
        let enough = self.config.active_max().min(self.config.passive_max());
        let poor = self.views.passive().len() < enough;
        self.views.poor = if poor { self.views.poor.saturating_add(1) } else { 0 };
        let due = self.views.poor >= PATIENCE && self.views.poor.is_power_of_two() && self.views.asked == NOBODY;
        let contact = if due { self.next_contact().filter(|contact| !self.views.is_active(*contact)) } else { None };
        if let Some(contact) = contact {
            self.ask(contact, Question::Join, cx);
        }
        contact.is_some()
    }

    /// Asks a candidate. Where all have refused for long, one is asked urgently: a contact and a passive peer in turn.
    fn insist_or_seek(&mut self, cx: &mut Context<'_>) {
        let links = self.views.active().len();
        let patient = 2 * links > self.config.active_max() && !self.views.short.is_multiple_of(PATIENCE);
        if links == 0 || self.views.asked != NOBODY || patient {
            return self.seek(cx);
        }
        self.views.attempts = self.views.attempts.wrapping_add(1);
        let contact = if self.views.attempts.is_multiple_of(2) { self.next_contact() } else { None };
        if let Some(peer) = contact.filter(|contact| !self.views.is_active(*contact)).or_else(|| self.candidate(cx)) {
            self.ask(peer, Question::Urgent, cx);
        }
    }

    /// Asks the next candidate, if there is room and nobody is being asked.
    pub(super) fn seek(&mut self, cx: &mut Context<'_>) {
        if self.views.asked != NOBODY || !self.has_room() {
            return;
        }
        let alone = self.views.active().is_empty();
        if alone {
            self.views.attempts = self.views.attempts.wrapping_add(1);
            let contacts_turn = self.views.passive().is_empty() || self.views.attempts.is_multiple_of(CONTACT_EVERY);
            if contacts_turn && self.join(cx) {
                return;
            }
        } else if self.views.tries == 0 {
            return;
        }
        if let Some(candidate) = self.candidate(cx) {
            self.views.tries = self.views.tries.saturating_sub(1);
            self.ask(candidate, Question::Neighbor, cx);
        }
    }

    /// A random passive peer.
    fn candidate(&self, cx: &mut Context<'_>) -> Option<NodeId> {
        let passive = self.views.passive();
        if passive.is_empty() { None } else { Some(passive[cx.draw(Purpose::Peer).index(passive.len())]) }
    }

    /// The contacts in turn.
    fn next_contact(&mut self) -> Option<NodeId> {
        let at = self.views.contacts.iter().position(|contact| *contact != NOBODY)?;
        let contact = self.views.contacts[at];
        self.views.contacts.rotate_left(at + 1);
        Some(contact)
    }

    /// Asks the next contact to be let in; false if there is none.
    fn join(&mut self, cx: &mut Context<'_>) -> bool {
        let contact = self.next_contact();
        if let Some(contact) = contact {
            self.ask(contact, Question::Join, cx);
        }
        contact.is_some()
    }

    fn ask(&mut self, peer: NodeId, question: Question, cx: &mut Context<'_>) {
        self.views.asked = peer;
        self.views.question = question;
        self.views.serial = self.views.serial.wrapping_add(1);
        let urgent = question == Question::Urgent || self.views.active().is_empty();
        let priority = if urgent { Priority::High } else { Priority::Low };
        let (message, tally) = match question {
            Question::Join => (Message::Join, Tally::Join),
            _ => (Message::Neighbor { priority }, Tally::Neighbor),
        };
        cx.emit(Effect::Tally(tally));
        cx.emit(Effect::Send { to: peer, message });
        cx.emit(Effect::Wake { after: self.config.answer_within, why: Why::Answer(self.views.serial) });
    }

    /// Asks the next active peer whether the link stands, or judges the one that was asked last.
    pub(super) fn check_next(&mut self, cx: &mut Context<'_>) {
        let checked = self.views.checked;
        if checked != NOBODY {
            self.views.misses += 1;
            if self.views.misses >= MISSES_MAX {
                return self.fail(checked, cx);
            }
        } else if !self.views.active().is_empty() {
            let turn = cx.now.0 / self.config.check_every.0.max(1);
            self.views.checked = self.views.active()[(turn % self.views.active().len() as u64) as usize];
        }
        if self.views.checked != NOBODY {
            cx.emit(Effect::Send { to: self.views.checked, message: Message::Neighbor { priority: Priority::Low } });
        }
    }
}
