//! The servers that a node knows, each with a number that stays, so that what was learnt of it can lie in columns.

use super::claim::Claim;
use super::latency::Latency;
use crate::base::{NodeId, Span, Time};
use crate::testing::Breach;
use std::collections::BTreeMap;

/// A server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) node: NodeId,
    /// When it may be chosen, from the end of its rest to the end of its claim.
    ready_from: Time,
    ready_until: Time,
    /// Requests that it said to have under way, and those that this node has there.
    said: u32,
    asked: u32,
    failures: u32,
    /// The newest sequence number of its own claims; none if it was set by configuration.
    pub(super) sequence: Option<u64>,
    pub(super) claim: Claim,
    latency: Option<Latency>,
    /// The probe under way: its nonce and when it was sent.
    probe: Option<(u64, Time)>,
    probed_at: Time,
}

impl Server {
    pub(super) fn load(&self) -> u32 {
        self.said.max(self.asked)
    }

    pub(super) fn least(&self) -> Option<Span> {
        self.latency.map(|latency| latency.least())
    }

    pub(super) fn ask(&mut self) {
        self.asked += 1;
    }

    pub(super) fn succeed(&mut self) {
        self.asked = self.asked.saturating_sub(1);
        self.failures = 0;
    }

    pub(super) fn fail(&mut self, now: Time, suspend: Span, longest: Span) {
        self.asked = self.asked.saturating_sub(1);
        let rest = suspend.times(1 << self.failures.min(20)).min(longest);
        if !Breach::ForgetRest.is_on() {
            self.ready_from = self.ready_from.max(now + rest);
        }
        self.failures += 1;
    }

    pub(super) fn withdraw(&mut self, sequence: u64) {
        if self.sequence.is_none_or(|known| sequence >= known) {
            self.sequence = Some(sequence);
            self.ready_until = Time::ZERO;
        }
    }

    /// Whether nothing that it said counts any longer.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.ready_until == Time::ZERO
    }

    /// Its packets take another way: what was measured was the old one, and an answer that is under way says nothing of the new one.
    pub(super) fn forget_way(&mut self) {
        (self.latency, self.probe) = (None, None);
    }

    pub(super) fn probe(&mut self, nonce: u64, now: Time) {
        (self.probe, self.probed_at) = (Some((nonce, now)), now);
    }

    pub(super) fn probed(&mut self, nonce: u64, now: Time, window: Span) {
        let Some((_, sent)) = self.probe.take_if(|(wanted, _)| *wanted == nonce) else { return };
        let rtt = now.since(sent);
        match &mut self.latency {
            Some(latency) => latency.add(rtt, now, window),
            None => self.latency = Some(Latency::first(rtt, now)),
        }
    }
}

/// What every decision reads of a server, apart from the rest, so that a thousand of them lie in a few pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief {
    ready_from: Time,
    ready_until: Time,
    pub(super) node: NodeId,
    pub(super) load: u32,
}

impl Brief {
    #[inline]
    pub(super) fn is_ready(&self, now: Time) -> bool {
        (self.ready_from <= now) & (now < self.ready_until)
    }
}

impl Brief {
    /// What is added to a prediction: nothing, or infinity while the server may not be chosen.
    fn shut_ms(&self, now: Time) -> f32 {
        if self.is_ready(now) { 0.0 } else { f32::INFINITY }
    }

    /// When that changes next.
    fn changes_at(&self, now: Time) -> Time {
        [self.ready_from, self.ready_until].into_iter().filter(|at| *at > now).min().unwrap_or(Time::NEVER)
    }
}

impl From<&Server> for Brief {
    fn from(server: &Server) -> Self {
        Self { ready_from: server.ready_from, ready_until: server.ready_until, node: server.node, load: server.load() }
    }
}

/// The servers.
#[derive(Clone, Debug, Default)]
pub(super) struct Servers {
    all: Vec<Server>,
    briefs: Vec<Brief>,
    /// [`Brief::shut_ms`] of all, which holds from one time until before another.
    shut_ms: Vec<f32>,
    shut: (Time, Time),
    numbers: BTreeMap<NodeId, u32>,
    /// A number that was given up and may be given again.
    free: Option<u32>,
}

impl Servers {
    pub(super) fn find(&self, node: NodeId) -> Option<u32> {
        self.numbers.get(&node).copied()
    }

    pub(super) fn get(&self, slot: u32) -> &Server {
        &self.all[slot as usize]
    }

    /// Changes a server, and what is known of it in brief.
    pub(super) fn change<R>(&mut self, slot: u32, change: impl FnOnce(&mut Server) -> R) -> R {
        let server = &mut self.all[slot as usize];
        let result = change(server);
        self.set_brief(slot);
        result
    }

    /// What a change of a server changes in the columns.
    fn set_brief(&mut self, slot: u32) {
        let brief = Brief::from(&self.all[slot as usize]);
        self.briefs[slot as usize] = brief;
        self.shut_ms[slot as usize] = brief.shut_ms(self.shut.0);
        self.shut.1 = self.shut.1.min(brief.changes_at(self.shut.0));
    }

    /// What is added to the prediction of each server now, in the order of their numbers: infinity where it may not be chosen. All are looked at only
    /// when one of them may have changed.
    pub(super) fn shut_ms(&mut self, now: Time) -> &[f32] {
        if now < self.shut.0 || now >= self.shut.1 {
            self.shut_ms.clear();
            self.shut_ms.extend(self.briefs.iter().map(|brief| brief.shut_ms(now)));
            self.shut = (now, self.briefs.iter().map(|brief| brief.changes_at(now)).min().unwrap_or(Time::NEVER));
        }
        &self.shut_ms
    }

    /// All servers in brief, in the order of their numbers.
    pub(super) fn briefs(&self) -> &[Brief] {
        &self.briefs
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Makes room for another server, in place of one whose claim is over and which is asked nothing. False if there is none.
    pub(super) fn drop_one_that_is_over(&mut self, now: Time) -> bool {
        let over = self.iter().find(|(_, server)| server.ready_until <= now && server.asked == 0).map(|(slot, server)| (slot, server.node));
        let Some((slot, node)) = over else { return false };
        self.numbers.remove(&node);
        self.free = Some(slot);
        true
    }

    /// Adds a server or renews it; its number.
    pub(super) fn put(&mut self, claim: Claim, said: Option<u32>, until: Time) -> u32 {
        let sequence = said.map(|_| claim.sequence);
        if let Some(slot) = self.find(claim.node) {
            self.change(slot, |server| {
                (server.claim, server.ready_until, server.said) = (claim, until, said.unwrap_or(0));
                server.sequence = sequence.or(server.sequence);
            });
            return slot;
        }
        let slot = self.free.take().unwrap_or(self.all.len() as u32);
        self.numbers.insert(claim.node, slot);
        let server = Server {
            node: claim.node,
            ready_from: Time::ZERO,
            ready_until: until,
            said: said.unwrap_or(0),
            asked: 0,
            failures: 0,
            sequence,
            claim,
            latency: None,
            probe: None,
            probed_at: Time::ZERO,
        };
        match self.all.get_mut(slot as usize) {
            Some(given_up) => *given_up = server,
            None => {
                self.briefs.push(Brief::from(&server));
                self.shut_ms.push(0.0);
                self.all.push(server);
            }
        }
        self.set_brief(slot);
        slot
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Server)> {
        self.all.iter().enumerate().map(|(slot, server)| (slot as u32, server))
    }

    /// The server that was probed longest ago, the lower node first.
    pub(super) fn stalest(&self) -> Option<u32> {
        self.iter().min_by_key(|(_, server)| (server.probed_at, server.node)).map(|(slot, _)| slot)
    }

    /// Requests of this node at all servers.
    pub(super) fn asked(&self) -> u64 {
        self.all.iter().map(|server| u64::from(server.asked)).sum()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Server>()
            + self.briefs.capacity() * size_of::<Brief>()
            + self.shut_ms.capacity() * size_of::<f32>()
            + self.numbers.len() * 2 * size_of::<(NodeId, u32)>()
    }
}
