//! Purges, and the leases that make their acknowledgement true (R-11-16, R-11-17).
//!
//! ```text
//!  publisher ─PURGE─▶ origin: record ─PURGE─▶ every cache below ─PURGE─▶ every cache below it
//!            ◀─PURGED─ when all of them said PURGED, and the leases of those that went are over
//! ```
//! A cache tells names from copies only under a *lease* of the node above: as long as it lasts, that node tells it of every purge. A lease is asked for
//! with PING and given with PONG, for no longer than the giver's own. A cache that loses a node above may have missed a purge: it tells all below that
//! it is in *doubt* (a PURGE of everything up to version zero), after which they ask for each name again before they tell it.

use super::conn::{Conn, Exchange};
use super::port::{ConnId, Fact, ServerId, StoreOp, Unstored, Why};
use super::turn::Turn;
use super::wait::Wait;
use super::{Key, LEASE_PARTS, StoqNode, session};
use crate::base::{Span, Time};
use crate::stoq::cache::{self, PurgeId, Scope, Version};
use crate::stoq::chunk::NameKey;
use crate::stoq::session::frame::{self, Frame, Name, Purged};
use crate::stoq::session::{Code, Roles, StreamId};
use crate::testing::{Breach, Defect};
use std::collections::{BTreeMap, BTreeSet};

/// The purges of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    purges: BTreeMap<u32, Purge>,
    next: u32,
    /// Until when caches that are not connected any more may tell names from copies.
    pub(super) lost_until: Time,
}

/// A purge under way.
#[derive(Clone, Debug)]
struct Purge {
    name: Name,
    below: bool,
    upto: Version,
    /// Who waits for the answer.
    from: Option<(ConnId, StreamId)>,
    since: Time,
    /// Whether it holds here.
    here: bool,
    /// Whether the caches below were told.
    told: bool,
    /// Those that have not answered.
    pending: BTreeSet<ConnId>,
    /// Nodes below at which it holds.
    nodes: u32,
}

impl StoqNode {
    /// A peer purges. An origin obeys publishers, a cache the nodes above it.
    pub(super) fn on_purge(&mut self, conn: ConnId, stream: StreamId, purge: frame::Purge, t: &mut Turn<'_, '_>) {
        let roles = self.roles_of(conn);
        let is_above = self.conns.get(&conn).is_some_and(|c| c.server.is_some());
        let allowed = if self.is_origin() {
            roles.has(Roles::PUBLISHER) || roles.has(Roles::ORIGIN) || Breach::PurgeForAnybody.is_on()
        } else {
            let from_above = is_above && (roles.has(Roles::ORIGIN) || roles.has(Roles::REGIONAL));
            self.tier.is_some() && (from_above || Breach::ObeyAnyPurge.is_on())
        };
        if !allowed {
            return self.refuse(conn, stream, Code::NotAuthorised, t);
        }
        if self.ledger.as_ref().is_none_or(|ledger| ledger.purges.len() >= self.config.purges_max) {
            return self.refuse(conn, stream, Code::Overloaded, t);
        }
        if let Some(c) = self.conns.get_mut(&conn) {
            c.exchanges.insert(stream, Exchange::Purging);
        }
        let frame::Purge { name, below, version } = purge;
        self.begin_purge(name, below, Version(version), Some((conn, stream)), t);
    }

    fn begin_purge(&mut self, name: Name, below: bool, upto: Version, from: Option<(ConnId, StreamId)>, t: &mut Turn<'_, '_>) {
        let is_origin = self.is_origin();
        let Some(ledger) = &mut self.ledger else { return };
        ledger.next = ledger.next.wrapping_add(1);
        let id = ledger.next;
        let scope = if below { Scope::Everything } else { Scope::Object(Key::of(&name)) };
        let purge =
            Purge { name: name.clone(), below, upto, from, since: t.now(), here: false, told: false, pending: BTreeSet::new(), nodes: 0 };
        ledger.purges.insert(id, purge);
        if upto == Version(0) {
            // A doubt: what was told on that connection has to be confirmed.
            if let Some(c) = from.and_then(|(conn, _)| self.conns.get_mut(&conn)).filter(|_| !Breach::IgnoreDoubt.is_on()) {
                c.epoch = c.epoch.wrapping_add(1);
            }
            self.on_purge_holds(id, t);
        } else if is_origin {
            self.state = self.state.max(upto.0.saturating_add(1));
            let number = self.wait(Wait::Purge(id));
            t.store(number, StoreOp::Purge { name: Some(name), below, upto });
        } else if Defect::ForgetPurge.is_planted(self.config.defect) {
            self.on_purge_holds(id, t);
        } else {
            t.cache(cache::Input::Purge { purge: PurgeId(u64::from(id)), scope, upto });
        }
    }

    /// The cache wants a purge to survive a crash before it is acknowledged.
    pub(super) fn on_purge_record(&mut self, purge: PurgeId, scope: Scope<Key>, upto: Version, t: &mut Turn<'_, '_>) {
        let _ = scope;
        let id = purge.0 as u32;
        let Some(purge) = self.ledger.as_ref().and_then(|ledger| ledger.purges.get(&id)) else { return };
        let (name, below) = (Some(purge.name.clone()), purge.below);
        let number = self.wait(Wait::Purge(id));
        t.store(number, StoreOp::Purge { name, below, upto });
    }

    pub(super) fn on_purge_recorded(&mut self, id: u32, result: Result<(), Unstored>, t: &mut Turn<'_, '_>) {
        if result.is_err() {
            // It may hold now and not after a crash: it is not acknowledged. Whoever purged tries again.
            if let Some(purge) = self.ledger.as_mut().and_then(|ledger| ledger.purges.remove(&id))
                && let Some((conn, stream)) = purge.from
            {
                self.refuse(conn, stream, Code::StoreFailed, t);
            }
            return;
        }
        if self.tier.is_some() {
            t.cache(cache::Input::Recorded { purge: PurgeId(u64::from(id)) });
        } else {
            self.on_purge_holds(id, t);
        }
    }

    /// The cache does not serve what is purged any more.
    pub(super) fn on_purge_here(&mut self, purge: PurgeId, t: &mut Turn<'_, '_>) {
        self.on_purge_holds(purge.0 as u32, t);
    }

    /// A purge holds here: the caches below are told.
    fn on_purge_holds(&mut self, id: u32, t: &mut Turn<'_, '_>) {
        let Some(purge) = self.ledger.as_mut().and_then(|ledger| ledger.purges.get_mut(&id)) else { return };
        if purge.here {
            return;
        }
        (purge.here, purge.told) = (true, true);
        let frame = Frame::Purge(Box::new(frame::Purge { name: purge.name.clone(), below: purge.below, version: purge.upto.0 }));
        let below: Vec<ConnId> = self.conns.iter().filter(|(_, c)| c.is_below).map(|(conn, _)| *conn).collect();
        for conn in below {
            match self.ask(conn, frame.clone(), Exchange::Tell { purge: id }, t) {
                Ok(_) => {
                    if let Some(purge) = self.ledger.as_mut().and_then(|ledger| ledger.purges.get_mut(&id)) {
                        purge.pending.insert(conn);
                    }
                }
                // Whoever cannot be told has to go: without the connection its lease ends.
                Err(_) => self.expel(conn, t),
            }
        }
        t.wake(self.tell_within(), Why::Purge(id));
        self.conclude(id, t);
    }

    /// How long caches below may take. A cache has to answer the node above it before that one loses patience.
    fn tell_within(&self) -> Span {
        if self.is_origin() { Span(self.config.lease.0 * 5 / 2) } else { self.config.lease }
    }

    /// Closes a connection with a cache that cannot be told of a purge.
    fn expel(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        self.say(conn, session::Input::Close { code: Code::NoError }, t);
        self.lose_below(conn, t);
        if let Some(c) = self.conns.get_mut(&conn) {
            c.is_below = false;
        }
    }

    /// A cache below says something about a purge.
    pub(super) fn on_told(&mut self, id: u32, conn: ConnId, frame: &Frame, t: &mut Turn<'_, '_>) {
        let Some(purge) = self.ledger.as_mut().and_then(|ledger| ledger.purges.get_mut(&id)) else { return };
        match frame {
            Frame::Purged(purged) if purge.pending.remove(&conn) => {
                purge.nodes = purge.nodes.saturating_add(purged.nodes);
                self.settle_doubt(conn);
                self.conclude(id, t);
            }
            Frame::Purged(_) => {}
            _ => self.on_tell_over(id, conn, t),
        }
    }

    /// A cache below will not say that a purge holds.
    pub(super) fn on_tell_over(&mut self, id: u32, conn: ConnId, t: &mut Turn<'_, '_>) {
        let is_pending = self.ledger.as_ref().and_then(|ledger| ledger.purges.get(&id)).is_some_and(|purge| purge.pending.contains(&conn));
        if is_pending {
            self.expel(conn, t);
        }
    }

    /// A connection with a cache below is gone: its lease goes on for a while.
    pub(super) fn lose_below(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        let lease = self.config.lease;
        let Some(ledger) = &mut self.ledger else { return };
        ledger.lost_until = ledger.lost_until.max(t.now() + lease);
        let ids: Vec<u32> = ledger.purges.keys().copied().collect();
        for id in ids {
            if let Some(purge) = self.ledger.as_mut().and_then(|ledger| ledger.purges.get_mut(&id)) {
                purge.pending.remove(&conn);
            }
            self.conclude(id, t);
        }
    }

    /// A purge has waited for somebody.
    pub(super) fn on_purge_due(&mut self, id: u32, t: &mut Turn<'_, '_>) {
        let within = self.tell_within();
        let Some(purge) = self.ledger.as_ref().and_then(|ledger| ledger.purges.get(&id)) else { return };
        if t.now().since(purge.since) >= within && !Breach::WaitForSilentCache.is_on() {
            for conn in purge.pending.clone() {
                self.expel(conn, t);
            }
        }
        self.conclude(id, t);
    }

    /// Acknowledges a purge if it holds everywhere.
    fn conclude(&mut self, id: u32, t: &mut Turn<'_, '_>) {
        let Some(ledger) = &mut self.ledger else { return };
        let Some(purge) = ledger.purges.get_mut(&id).filter(|purge| purge.told) else { return };
        let is_doubt = purge.upto == Version(0);
        if !purge.pending.is_empty() {
            let early = purge.from.filter(|_| Breach::AcknowledgeBeforeBelow.is_on() && !is_doubt);
            if let Some((conn, stream)) = early {
                purge.from = None;
                let upto = purge.upto.0;
                self.answer(conn, stream, Frame::Purged(Purged { version: upto, nodes: 1 }), t);
            }
            return;
        }
        if t.now() < ledger.lost_until && !is_doubt {
            return t.wake(ledger.lost_until.since(t.now()), Why::Purge(id));
        }
        let late = purge.since + Span::millis(1_200);
        if Breach::AcknowledgeLate.is_on() && t.now() < late && !is_doubt {
            return t.wake(late.since(t.now()), Why::Purge(id));
        }
        let Some(Purge { name, below, upto, from, since, nodes, .. }) = ledger.purges.remove(&id) else { return };
        let nodes = nodes.saturating_add(1);
        if !is_doubt {
            let name = (!below).then(|| NameKey::of(name.as_str()));
            t.fact(Fact::PurgeHolds { name, upto, nodes, since });
        }
        if let Some((conn, stream)) = from {
            self.answer(conn, stream, Frame::Purged(Purged { version: upto.0, nodes }), t);
        }
    }

    // Leases.

    /// How long a cache waits before it asks the node above again for a sign of life.
    pub(super) fn lease_part(&self) -> Span {
        if Breach::AskSeldomForLease.is_on() {
            return Span(self.config.lease.0 / 2);
        }
        Span((self.config.lease.0 / LEASE_PARTS).max(1))
    }

    pub(super) fn on_lease_due(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        if let Some(server) = c.server
            && c.lease_until > Time::ZERO
            && c.lease_until <= t.now()
        {
            c.lease_until = Time::ZERO;
            t.fact(Fact::LeaseLost { server });
        }
        // Without a lease every answer takes the whole way, so it is asked for more often.
        let is_leased = c.lease_until > t.now();
        let part = self.lease_part();
        self.say(conn, session::Input::Probe, t);
        t.wake(if is_leased { part } else { Span(part.0.div_ceil(4)) }, Why::Lease(conn));
    }

    /// The node above gives a lease. It begins when it was asked for, and is taken for a little shorter, since clocks run unequally fast.
    pub(super) fn on_lease(&mut self, conn: ConnId, rtt: Span, lease: Span, t: &Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn).filter(|c| c.server.is_some()) else { return };
        let asked = if Breach::LeaseFromAnswer.is_on() { t.now() } else { Time(t.now().0.saturating_sub(rtt.0)) };
        let lease = lease.0.min(self.config.lease.0);
        c.lease_until = c.lease_until.max(asked + Span(lease - lease / 16));
    }

    /// Before a probe is answered: until when this node will tell the peer of every purge.
    pub(super) fn promise(&mut self, conn: ConnId, t: &Turn<'_, '_>) {
        let until = if self.is_origin() || Breach::GiveLongLease.is_on() {
            t.now() + self.config.lease
        } else {
            let above = self.above.iter().filter_map(|conn| self.conns.get(conn)).filter(|c| c.open);
            above.map(|c| c.lease_until).min().unwrap_or(Time::ZERO)
        };
        if let Some(c) = self.conns.get_mut(&conn) {
            c.session.promise(if c.is_below && !c.is_doubting || Breach::LeaseForAnybody.is_on() { until } else { Time::ZERO });
        }
    }

    /// A node above is gone, and with it the certainty of having heard of every purge: all below are told so.
    pub(super) fn lose_above(&mut self, above: &Conn, server: ServerId, t: &mut Turn<'_, '_>) {
        if self.tier.is_none() {
            return;
        }
        if above.lease_until > t.now() {
            t.fact(Fact::LeaseLost { server });
        }
        if Breach::TellOfDoubtTooLate.is_on() {
            return;
        }
        let mut anybody = false;
        for c in self.conns.values_mut().filter(|c| c.is_below) {
            c.is_doubting = true;
            anybody = true;
        }
        if anybody && let Some(name) = Name::new("/") {
            self.begin_purge(name, true, Version(0), None, t);
        }
    }

    /// A cache below has answered: it is in no doubt any more if that was the last question of this kind.
    fn settle_doubt(&mut self, conn: ConnId) {
        let Some(ledger) = &self.ledger else { return };
        let open = ledger.purges.values().any(|purge| purge.upto == Version(0) && purge.pending.contains(&conn));
        if let Some(c) = self.conns.get_mut(&conn) {
            c.is_doubting = open;
        }
    }
}
