//! Random walks: joins that look for a place, and shuffles that exchange parts of the passive views.

use super::config::EXCHANGE_MAX;
use super::message::{Exchange, HOPS_MAX, Message, Walk};
use super::{Context, Effect, HyParView};
use crate::base::{NodeId, Purpose};
use crate::node::Tally;

impl HyParView<'_> {
    /// The contact takes the newcomer in at any price, and sends its name on a walk through every other neighbour. A join that is repeated walks
    /// again: it may come from a node that crashed, came back and remembers nothing.
    pub(super) fn on_join(&mut self, from: NodeId, cx: &mut Context<'_>) {
        self.link(from, cx);
        cx.emit(Effect::Send { to: from, message: Message::Answer { accepted: true } });
        let hops = self.config.active_walk.min(HOPS_MAX);
        for peer in self.views.active().iter().filter(|peer| **peer != from) {
            cx.emit(Effect::Tally(Tally::ForwardJoin));
            cx.emit(Effect::Send { to: *peer, message: Message::ForwardJoin { newcomer: from, hops } });
        }
    }

    pub(super) fn on_forward_join(&mut self, from: NodeId, newcomer: NodeId, hops: u8, cx: &mut Context<'_>) {
        if self.is_barred(newcomer, cx.me) {
            return;
        }
        let next = if hops == 0 || self.views.active().len() <= 1 { None } else { self.next_hop(from, newcomer, cx) };
        let Some(next) = next else { return self.end_of_join(newcomer, cx) };
        if hops == self.config.passive_walk {
            self.remember(newcomer, &[], cx);
        }
        cx.emit(Effect::Tally(Tally::ForwardJoin));
        cx.emit(Effect::Send { to: next, message: Message::ForwardJoin { newcomer, hops: hops.min(HOPS_MAX) - 1 } });
    }

    /// The walk ends here: the two become neighbours. The newcomer hears of it as of the answer to its wish; should that be lost, the next thing that
    /// it hears over the link puts it right.
    fn end_of_join(&mut self, newcomer: NodeId, cx: &mut Context<'_>) {
        if !self.views.is_active(newcomer) {
            self.link(newcomer, cx);
            cx.emit(Effect::Send { to: newcomer, message: Message::Answer { accepted: true } });
        }
    }

    /// Sends a part of both views on a walk.
    pub(super) fn shuffle(&mut self, cx: &mut Context<'_>) {
        let active = self.views.active();
        if active.is_empty() {
            return;
        }
        let (ka, kp) = (usize::from(self.config.shuffle_active), usize::from(self.config.shuffle_passive));
        let me = cx.me;
        let mut draw = cx.draw(Purpose::Exchange);
        let to = active[draw.index(active.len())];
        let mut peers = Exchange::EMPTY;
        peers.push(me);
        let first = draw.index(active.len());
        for peer in active.iter().cycle().skip(first).take(active.len()).filter(|peer| **peer != to).take(ka) {
            peers.push(*peer);
        }
        let spare = kp.min(EXCHANGE_MAX - peers.as_slice().len());
        draw.sample_to_front(self.views.passive_mut(), spare);
        let sent = &self.views.passive()[..spare.min(self.views.passive().len())];
        sent.iter().for_each(|peer| peers.push(*peer));
        let sent = (!sent.is_empty()).then(|| sent.into());
        self.views.sent = sent;
        let hops = self.config.active_walk.min(HOPS_MAX);
        cx.emit(Effect::Tally(Tally::Shuffle));
        cx.emit(Effect::Send { to, message: Message::Shuffle(Box::new(Walk { hops, peers })) });
    }

    /// A shuffle walks on, or ends here and is answered with as many passive peers as it brought.
    pub(super) fn on_shuffle(&mut self, from: NodeId, mut walk: Box<Walk>, cx: &mut Context<'_>) {
        let Some(&origin) = walk.peers.as_slice().first() else { return };
        walk.hops = walk.hops.min(HOPS_MAX).saturating_sub(1);
        let walks_on = walk.hops > 0 && self.views.active().len() > 1;
        if let Some(next) = walks_on.then(|| self.next_hop(from, origin, cx)).flatten() {
            return cx.emit(Effect::Send { to: next, message: Message::Shuffle(walk) });
        }
        if origin == cx.me {
            return;
        }
        let brought = walk.peers;
        let mut back = Exchange::EMPTY;
        let count = brought.as_slice().len().min(self.views.passive().len());
        cx.draw(Purpose::Exchange).sample_to_front(self.views.passive_mut(), count);
        self.views.passive()[..count].iter().for_each(|peer| back.push(*peer));
        cx.emit(Effect::Send { to: origin, message: Message::ShuffleReply(Box::new(back)) });
        self.integrate(brought.as_slice(), back.as_slice(), cx);
    }

    pub(super) fn on_shuffle_reply(&mut self, peers: &Exchange, cx: &mut Context<'_>) {
        let sent = self.views.sent.take().unwrap_or_default();
        self.integrate(peers.as_slice(), &sent, cx);
    }

    /// Remembers what an exchange brought. What was given away makes room first.
    fn integrate(&mut self, peers: &[NodeId], given: &[NodeId], cx: &mut Context<'_>) {
        for peer in peers {
            self.remember(*peer, given, cx);
        }
    }

    /// Puts a peer into the passive view, unless it is known already. A full view first forgets one of `given`, else a random peer.
    pub(super) fn remember(&mut self, peer: NodeId, given: &[NodeId], cx: &mut Context<'_>) {
        let limit = self.config.passive_max();
        let known = self.views.is_active(peer) || self.views.passive().contains(&peer);
        if known || limit == 0 || self.is_barred(peer, cx.me) {
            return;
        }
        if self.views.passive().len() >= limit && !given.iter().any(|gone| self.views.remove_passive(*gone)) {
            let at = cx.draw(Purpose::Exchange).index(self.views.passive().len());
            let gone = self.views.passive()[at];
            self.views.remove_passive(gone);
        }
        self.views.add_passive(peer, self.config.active_max() + limit);
    }

    /// A random neighbour to which a walk goes on: not where it came from, and not whom it is about.
    fn next_hop(&self, from: NodeId, about: NodeId, cx: &mut Context<'_>) -> Option<NodeId> {
        let eligible = || self.views.active().iter().filter(|peer| **peer != from && **peer != about);
        let count = eligible().count();
        if count == 0 { None } else { eligible().nth(cx.draw(Purpose::Peer).index(count)).copied() }
    }
}
