//! What is said of members: accusations, defences, and how they spread.

use super::message::{INCARNATION_MAX, Message, Status, Update};
use super::suspicion::{Patience, Suspicion};
use super::{Detector, Effect, Why, rumours};
use crate::base::NodeId;
use crate::machine::Cx;
use crate::node::Outcome;
use crate::testing::Defect;

impl Detector<'_> {
    /// Updates on the back of a message. True if one of them accuses this node.
    pub(super) fn hear_news(&mut self, from: NodeId, updates: &[Update], cx: &mut Cx<'_, Effect>) -> bool {
        let mut accused = false;
        for update in updates {
            if update.member == cx.me {
                accused |= self.defend(update, cx);
            } else if self.state.members.is_cell() || (update.member == from && !update.status.is_accusation()) {
                self.learn(update, cx);
            }
        }
        accused
    }

    /// An own probe of `peer` failed, or `accuser` says so: a suspicion starts or is confirmed.
    pub(super) fn suspect(&mut self, peer: NodeId, accuser: NodeId, cx: &mut Cx<'_, Effect>) {
        if let Some(member) = self.state.members.get(peer) {
            self.learn(&Update { member: peer, status: Status::Suspect, incarnation: member.incarnation(), accuser }, cx);
        }
    }

    /// A suspicion's time is over.
    pub(super) fn end_patience(&mut self, peer: NodeId, stamp: u16, cx: &mut Cx<'_, Effect>) {
        let due = |suspicion: &Suspicion| suspicion.peer == peer && suspicion.stamp == stamp;
        if self.state.cold.as_ref().is_some_and(|cold| cold.suspicions.iter().any(due)) {
            if Defect::SuspicionNeverEnds.is_planted(self.planted) {
                return;
            }
            self.give_up(peer, cx);
        }
    }

    /// The parent has lost a peer of the view.
    pub(super) fn drop_member(&mut self, peer: NodeId, cx: &mut Cx<'_, Effect>) {
        if self.state.members.is_cell() {
            return;
        }
        self.end_suspicion(peer, Outcome::Dropped, cx);
        self.forget_probe_of(peer);
        self.state.members.remove(peer);
    }

    /// The node goes: a few members of its cell are told and tell the others.
    pub(super) fn say_goodbye(&mut self, cx: &mut Cx<'_, Effect>) {
        if !self.state.members.is_cell() {
            return;
        }
        let me = cx.me;
        let goodbye = Update { member: me, status: Status::Left, incarnation: self.state.incarnation, accuser: me };
        let told = usize::from(self.config.indirect).max(1);
        for to in self.state.members.sample(told, cx, |member| member.id != me && !member.is_gone()) {
            cx.emit(Effect::Send { to, message: Message::Gossip.with(vec![goodbye]) });
        }
    }

    /// A round of gossip, and the next one while there is something to tell.
    pub(super) fn gossip(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(gossip) = self.config.gossip else { return };
        self.state.cold().gossiping = false;
        let me = cx.me;
        for to in self.state.members.sample(usize::from(gossip.peers), cx, |member| member.id != me && !member.is_gone()) {
            if self.state.cold().rumours.is_empty() {
                return;
            }
            self.send(to, Message::Gossip, None, cx);
        }
        self.ask_for_gossip(cx);
    }

    /// The updates that a message to `to` carries: the given one, what `to` has to know of itself, then what was told least.
    pub(super) fn updates_for(&mut self, to: NodeId, first: Option<Update>, me: NodeId) -> Vec<Update> {
        if self.state.cold.is_none() && first.is_none() && !self.state.members.is_cell() {
            return Vec::new(); // The common case of a view: nobody is suspected.
        }
        let mut updates: Vec<Update> = first.into_iter().chain(self.accusation(to, me)).collect();
        let own = updates.len();
        let present = self.state.members.present();
        let Some(cold) = self.state.cold.as_mut().filter(|cold| !cold.rumours.is_empty()) else { return updates };
        let repeats = rumours::repeats(self.config.repeat_factor, present);
        let room = usize::from(self.config.updates_max.min(super::UPDATES_MAX)).saturating_sub(own);
        cold.rumours.take(room, repeats, &mut updates);
        // What was put first is not said twice.
        let firsts: [Option<NodeId>; 2] = core::array::from_fn(|i| updates.get(i).filter(|_| i < own).map(|update| update.member));
        let mut place = 0;
        updates.retain(|update| {
            place += 1;
            place <= own || !firsts.contains(&Some(update.member))
        });
        updates
    }

    /// That this node lives.
    pub(super) const fn alive(&self, me: NodeId) -> Update {
        Update { member: me, status: Status::Alive, incarnation: self.state.incarnation, accuser: me }
    }

    /// What `to` has to know of itself: that it is suspected (buddy system) or held for gone.
    fn accusation(&self, to: NodeId, me: NodeId) -> Option<Update> {
        let member = self.state.members.get(to)?;
        let told = match member.status() {
            Status::Failed | Status::Left => true,
            Status::Suspect => self.config.lifeguard.buddy || !self.state.members.is_cell(),
            Status::Alive => false,
        };
        told.then(|| Update { member: to, status: member.status(), incarnation: member.incarnation(), accuser: me })
    }

    /// Somebody speaks of this node. An accusation is answered with an incarnation above it; true if it was one.
    fn defend(&mut self, update: &Update, cx: &mut Cx<'_, Effect>) -> bool {
        if update.status == Status::Alive {
            self.state.incarnation = self.state.incarnation.max(update.incarnation);
            return false;
        }
        if update.incarnation >= self.state.incarnation {
            self.state.incarnation = (update.incarnation + 1).min(INCARNATION_MAX);
            self.worsen(1);
            self.spread(self.alive(cx.me), cx);
        }
        true
    }

    /// News of another member. Only what is newer than the known changes anything (SWIM, clause 4.2).
    fn learn(&mut self, update: &Update, cx: &mut Cx<'_, Effect>) {
        let Some(i) = self.state.members.find(update.member) else { return };
        let Some(mut known) = self.state.members.get(update.member) else { return };
        if update.incarnation > known.incarnation() {
            if known.is_gone() && update.status.is_gone() {
                self.state.members.set(i, update.status, update.incarnation);
                self.spread(*update, cx);
                return;
            }
            self.renew(i, update, cx);
            known.set(Status::Alive, update.incarnation);
        }
        if update.incarnation < known.incarnation() || known.is_gone() {
            return;
        }
        match update.status {
            Status::Alive => {}
            Status::Suspect if known.status() == Status::Suspect => self.confirm(update, cx),
            Status::Suspect => self.start_suspicion(i, update, cx),
            Status::Failed => self.bury(i, update, Outcome::Confirmed, cx),
            Status::Left => self.bury(i, update, Outcome::Dropped, cx),
        }
    }

    /// A higher incarnation: whatever was held against the member is over.
    fn renew(&mut self, i: usize, update: &Update, cx: &mut Cx<'_, Effect>) {
        let was_gone = self.state.members.get(update.member).is_some_and(|member| member.is_gone());
        self.state.members.set(i, Status::Alive, update.incarnation);
        let outcome = match update.status {
            Status::Alive | Status::Suspect => Outcome::Refuted,
            Status::Failed => Outcome::Confirmed,
            Status::Left => Outcome::Dropped,
        };
        self.end_suspicion(update.member, outcome, cx);
        if was_gone {
            cx.emit(Effect::Recovered(update.member));
        }
        if update.status == Status::Alive {
            self.spread(*update, cx);
        }
    }

    fn start_suspicion(&mut self, i: usize, update: &Update, cx: &mut Cx<'_, Effect>) {
        let patience = Patience::of(self.config, self.state.members.present());
        self.state.members.set(i, Status::Suspect, update.incarnation);
        self.state.stamp = self.state.stamp.wrapping_add(1);
        let suspicion = Suspicion::new(update.member, update.accuser, self.state.stamp, patience, cx.now);
        self.state.cold().suspicions.push(suspicion);
        cx.emit(Effect::Suspected(update.member));
        cx.emit(Effect::Wake { after: suspicion.remaining(cx.now), why: Why::Suspicion { peer: update.member, stamp: suspicion.stamp } });
        self.spread(*update, cx);
    }

    /// Another accuser of a suspect. Plain SWIM does not count them.
    fn confirm(&mut self, update: &Update, cx: &mut Cx<'_, Effect>) {
        if !self.config.lifeguard.aware_suspicion {
            return;
        }
        let stamp = self.state.stamp.wrapping_add(1);
        let Some(suspicion) = self.state.cold().suspicions.iter_mut().find(|suspicion| suspicion.peer == update.member) else { return };
        if !suspicion.confirm(update.accuser) {
            return;
        }
        suspicion.stamp = stamp;
        let remaining = suspicion.remaining(cx.now);
        self.state.stamp = stamp;
        self.spread(*update, cx);
        // A wake-up of zero length, so that the defect of a forgotten deadline has one place.
        cx.emit(Effect::Wake { after: remaining, why: Why::Suspicion { peer: update.member, stamp } });
    }

    /// Nobody spoke for a suspect in time.
    fn give_up(&mut self, peer: NodeId, cx: &mut Cx<'_, Effect>) {
        let (Some(i), Some(member)) = (self.state.members.find(peer), self.state.members.get(peer)) else { return };
        self.bury(
            i,
            &Update { member: peer, status: Status::Failed, incarnation: member.incarnation(), accuser: cx.me },
            Outcome::Confirmed,
            cx,
        );
    }

    /// A member is gone. A view does not watch it any more; a cell remembers it.
    fn bury(&mut self, i: usize, update: &Update, outcome: Outcome, cx: &mut Cx<'_, Effect>) {
        let peer = update.member;
        self.state.members.set(i, update.status, update.incarnation);
        self.end_suspicion(peer, outcome, cx);
        self.forget_probe_of(peer);
        cx.emit(if update.status == Status::Left { Effect::Left(peer) } else { Effect::Failed(peer) });
        self.state.members.remove(peer);
        self.spread(*update, cx);
    }

    fn end_suspicion(&mut self, peer: NodeId, outcome: Outcome, cx: &mut Cx<'_, Effect>) {
        let Some(cold) = &mut self.state.cold else { return };
        if let Some(i) = cold.suspicions.iter().position(|suspicion| suspicion.peer == peer) {
            cold.suspicions.swap_remove(i);
            cx.emit(Effect::SuspicionEnded { peer, outcome });
        }
    }

    /// A cell passes it on.
    fn spread(&mut self, update: Update, cx: &mut Cx<'_, Effect>) {
        if self.state.members.is_cell() {
            self.state.cold().rumours.add(update);
            self.ask_for_gossip(cx);
        }
    }

    fn ask_for_gossip(&mut self, cx: &mut Cx<'_, Effect>) {
        if let (Some(gossip), Some(cold)) = (self.config.gossip, &mut self.state.cold)
            && !cold.gossiping
            && !cold.rumours.is_empty()
        {
            cold.gossiping = true;
            cx.emit(Effect::Wake { after: gossip.every, why: Why::Gossip });
        }
    }
}
