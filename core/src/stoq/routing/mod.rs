//! Which server a request goes to.
//!
//! ```text
//!  Advertise ─▶ newer? plausible? ─▶ servers      Place, Prior ─▶ priors ─┐      Measured, Answered ─▶ corrections
//!                  └─no─▶ Rejected                                        ▼                 │
//!  Request ─▶ loop? ─▶ those that may be chosen ─▶ predicted latency ◀────┴─────────────────┘
//!                             └─▶ the near ones ─▶ by content, within their share of load ─▶ Ask ──answer──▶ done
//!                                                                                  ▲          │ overdue, failed
//!                                                                                  └─ others ◀┘ (the server rests for a while)
//! ```
//! Promises: the same inputs in the same order give the same choices; a server whose claimed position is nearer than light allows is not used; a
//! server that fails is left for another within a bounded time; what is learnt moves a prediction by a bounded factor, and is set aside where it is
//! worse than what it corrects; a request never goes in circles.
//!
//! It lacks, on purpose, coordinates (they belong to a layer above, which gives their distances as priors) and any agreement between nodes: two nodes
//! may choose differently, and the caches behind them are right either way.

pub mod choose;
mod claim;
mod config;
mod latency;
mod message;
mod near;
mod port;
pub mod predict;
mod servers;
#[cfg(test)]
mod tests;
mod trust;

pub use claim::{Accuracy, Claim, Held, Implausible, LIFE_MAX, Position, REFRACTION_MILLI, ROUND_TRIP_NS_PER_KM, judge, least_round_trip};
pub use config::{Config, PROBE_EVERY_MIN};
pub use latency::Latency;
pub use message::Message;
pub use port::{Effect, GroupId, HOPS_MAX, Input, NoWay, RequestId, Trail, Why};

use crate::base::{NodeId, Span, Spot, Time};
use crate::machine::{Cx, Machine};
use crate::testing::{Breach, Defect};
use choose::Candidate;
use near::{least, micros, near_ones};
use predict::{Predictor, Row};
use servers::{Server, Servers};
use std::collections::BTreeMap;

/// A group of clients.
#[derive(Clone, Debug)]
struct Group {
    spot: Spot,
    row: Row,
    used: u64,
}

/// A request under way.
#[derive(Clone, Debug)]
struct Pending {
    group: GroupId,
    key: u64,
    trail: Trail,
    /// Numbers of the servers that were asked; the last one is being asked.
    tried: Vec<u32>,
}

/// The routing of one node.
#[derive(Clone, Debug)]
pub struct Router {
    mine: Claim,
    servers: Servers,
    groups: BTreeMap<GroupId, Group>,
    predictor: Predictor,
    pending: BTreeMap<RequestId, Pending>,
    predicted_ms: Vec<f32>,
    scratch: Vec<Candidate>,
    uses: u64,
    config: Config,
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for Router {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Message { from, message } => self.on_message(from, message, cx),
            Input::Server { claim } => self.on_server(claim, None, Time::NEVER, cx.now),
            Input::Moved { node, seems } => self.on_moved(node, seems),
            Input::Place { group, spot } => self.on_place(group, spot),
            Input::Prior { group, node, rtt } => self.on_prior(group, node, rtt),
            Input::Measured { group, node, rtt } => self.on_measured(group, node, rtt, cx.now),
            Input::Request { request, group, key, trail } => self.on_request(request, group, key, trail, cx),
            Input::Answered { request, rtt } => self.on_answered(request, rtt, cx.now),
            Input::Failed { request } => self.on_failed(request, cx),
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            Why::Overdue { request, attempt } => {
                if self.pending.get(&request).is_some_and(|pending| pending.tried.len() == usize::from(attempt)) {
                    self.on_failed(request, cx);
                }
            }
            Why::Probe => self.probe(cx),
        }
    }
}

impl Router {
    /// Routing of a node at the place of its own claim. The first [`Why::Probe`] is the driver's to give, if probes are wanted.
    pub fn new(mine: Claim, config: Config) -> Self {
        let (groups, pending) = (BTreeMap::new(), BTreeMap::new());
        let (servers, predictor) = (Servers::default(), Predictor::default());
        Self { mine, servers, groups, predictor, pending, predicted_ms: Vec::new(), scratch: Vec::new(), uses: 0, config }
    }

    /// The server for a request now, without asking it: a pure question.
    pub fn choice(&mut self, group: GroupId, key: u64, trail: &Trail, now: Time) -> Option<NodeId> {
        self.choose(group, key, trail, &[], now).map(|slot| self.servers.get(slot).node)
    }

    /// The expected round trip between a group and a server, ms.
    pub fn predicted_ms(&self, group: GroupId, node: NodeId) -> Option<f32> {
        let slot = self.servers.find(node)?;
        let row = &self.groups.get(&group)?.row;
        row.knows(slot as usize).then(|| self.predictor.predict(row, slot as usize, &self.config.predict))
    }

    /// What is known of a group's ways.
    pub fn row(&self, group: GroupId) -> Option<&Row> {
        self.groups.get(&group).map(|group| &group.row)
    }

    /// Requests under way at a server, as far as this node sent them, and what the server said itself.
    pub fn load(&self, node: NodeId) -> Option<u32> {
        self.servers.find(node).map(|slot| self.servers.get(slot).load())
    }

    /// Servers known, also those that rest.
    pub fn len(&self) -> usize {
        self.servers.len()
    }

    /// Whether no server is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap, about.
    pub fn heap_bytes(&self) -> usize {
        let rows: usize = self.groups.values().map(|group| group.row.heap_bytes() + size_of::<Group>()).sum();
        self.servers.heap_bytes()
            + rows
            + self.pending.len() * size_of::<Pending>()
            + self.scratch.capacity() * size_of::<Candidate>()
            + self.predicted_ms.capacity() * size_of::<f32>()
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        let asked: u64 = self.pending.len() as u64;
        if self.servers.asked() > asked {
            return Err("no server is asked more requests than are under way");
        }
        if self.servers.len() > self.config.servers_max
            || self.groups.len() > self.config.groups_max
            || self.pending.len() > self.config.requests_max
        {
            return Err("what is remembered is bounded");
        }
        let impossible = |server: &Server| server.least().is_some_and(|least| !server.claim.is_plausible(&self.mine, least));
        if self.servers.iter().any(|(_, server)| !server.is_withdrawn() && impossible(server)) {
            return Err("no server is used that answers faster than light from where it says it is");
        }
        Ok(())
    }

    fn on_message(&mut self, from: NodeId, message: Message, cx: &mut Context<'_>) {
        match message {
            Message::Advertise { claim, load } => self.on_advertisement(from, claim, load, cx),
            Message::Withdraw { node, sequence } if node == from || Breach::BelieveAboutOthers.is_on() => {
                if let Some(slot) = self.servers.find(node).filter(|_| !Breach::UseWithdrawn.is_on()) {
                    self.servers.change(slot, |server| server.withdraw(sequence));
                }
            }
            Message::Probe { nonce } => cx.emit(Effect::Send { to: from, message: Message::Probed { nonce } }),
            Message::Probed { nonce } => {
                if let Some(slot) = self.servers.find(from) {
                    let window = self.config.least_window;
                    self.servers.change(slot, |server| server.probed(nonce, cx.now, window));
                    self.reject_if_too_fast(slot, cx);
                }
            }
            // Nobody withdraws another.
            Message::Withdraw { .. } => {}
        }
    }

    fn on_advertisement(&mut self, from: NodeId, claim: Claim, load: u32, cx: &mut Context<'_>) {
        if claim.node != from && !Breach::BelieveAboutOthers.is_on() {
            return;
        }
        let known = self.servers.find(from).map(|slot| self.servers.get(slot));
        let (sequence, least) = (known.and_then(|server| server.sequence), known.and_then(|server| server.least()));
        let least = least.filter(|_| !Defect::FasterThanLight.is_planted(self.config.defect));
        match judge(&claim, sequence, &self.mine, least) {
            Ok(()) => {
                let until = if Breach::UseEndedClaim.is_on() { Time::NEVER } else { cx.now + claim.life };
                self.on_server(claim, Some(load), until, cx.now);
            }
            Err(why) => {
                if let (Implausible::FasterThanLight { .. }, Some(slot)) = (why, self.servers.find(from)) {
                    self.servers.change(slot, |server| server.withdraw(claim.sequence));
                }
                cx.emit(Effect::Rejected { node: from, why });
            }
        }
    }

    fn on_server(&mut self, claim: Claim, load: Option<u32>, until: Time, now: Time) {
        let known = self.servers.find(claim.node);
        if known.is_none() && self.servers.len() >= self.config.servers_max && !self.servers.drop_one_that_is_over(now) {
            return;
        }
        let moved = known.is_none_or(|slot| self.servers.get(slot).claim.spot() != claim.spot());
        let slot = self.servers.put(claim, load, until);
        if moved {
            let spot = claim.spot();
            for group in self.groups.values_mut() {
                group.row.forget(slot as usize);
                group.row.set_prior(slot as usize, geography(group.spot, spot, &self.config));
            }
            self.predictor.forget(slot as usize);
        }
    }

    fn on_moved(&mut self, node: NodeId, seems: Option<Spot>) {
        let Some(slot) = self.servers.find(node) else { return };
        self.servers.change(slot, Server::forget_way);
        if let (true, Some(spot)) = (Breach::BelieveAddressForPlace.is_on(), seems) {
            let Server { claim, sequence, .. } = self.servers.get(slot).clone();
            self.on_server(
                Claim::new(node, spot, claim.accuracy, claim.sequence, claim.life),
                sequence.map(|_| 0),
                Time::NEVER,
                Time::ZERO,
            );
        }
    }

    fn on_place(&mut self, group: GroupId, spot: Spot) {
        if !self.groups.contains_key(&group) && self.groups.len() >= self.config.groups_max {
            let idlest = self.groups.iter().min_by_key(|(id, group)| (group.used, **id)).map(|(id, _)| *id);
            self.groups.remove(&idlest.expect("there are groups"));
        }
        let mut row = Row::default();
        for (slot, server) in self.servers.iter() {
            row.set_prior(slot as usize, geography(spot, server.claim.spot(), &self.config));
        }
        self.groups.insert(group, Group { spot, row, used: self.uses });
    }

    fn on_prior(&mut self, group: GroupId, node: NodeId, rtt: Span) {
        let (Some(group), Some(slot)) = (self.groups.get_mut(&group), self.servers.find(node)) else { return };
        group.row.set_prior(slot as usize, rtt.as_millis_f64() as f32);
    }

    fn on_measured(&mut self, group: GroupId, node: NodeId, rtt: Span, now: Time) {
        let (Some(group), Some(slot)) = (self.groups.get_mut(&group), self.servers.find(node)) else { return };
        self.predictor.observe(&mut group.row, slot as usize, rtt.as_millis_f64() as f32, now, &self.config.predict);
    }

    fn on_request(&mut self, request: RequestId, group: GroupId, key: u64, trail: Trail, cx: &mut Context<'_>) {
        let trail = if trail.contains(cx.me) && !Breach::ForwardLoops.is_on() { None } else { trail.with(cx.me) };
        let Some(trail) = trail else { return cx.emit(Effect::GiveUp { request, why: NoWay::Loop }) };
        if self.pending.len() >= self.config.requests_max || self.pending.contains_key(&request) {
            return cx.emit(Effect::GiveUp { request, why: NoWay::Busy });
        }
        self.pending.insert(request, Pending { group, key, trail, tried: Vec::new() });
        self.ask_next(request, cx);
    }

    fn on_answered(&mut self, request: RequestId, rtt: Option<Span>, now: Time) {
        let Some(pending) = self.pending.remove(&request) else { return };
        let slot = *pending.tried.last().expect("a request under way is being asked somewhere");
        self.servers.change(slot, Server::succeed);
        if let (Some(rtt), Some(group)) = (rtt, self.groups.get_mut(&pending.group)) {
            self.predictor.observe(&mut group.row, slot as usize, rtt.as_millis_f64() as f32, now, &self.config.predict);
        }
    }

    fn on_failed(&mut self, request: RequestId, cx: &mut Context<'_>) {
        let Some(pending) = self.pending.get(&request) else { return };
        let slot = *pending.tried.last().expect("a request under way is being asked somewhere");
        let (suspend, longest) = (self.config.suspend, self.config.suspend_max);
        self.servers.change(slot, |server| server.fail(cx.now, suspend, longest));
        self.ask_next(request, cx);
    }

    /// Asks the best server that this request has not tried.
    fn ask_next(&mut self, request: RequestId, cx: &mut Context<'_>) {
        let mut pending = self.pending.remove(&request).expect("the request is under way");
        if pending.tried.len() >= usize::from(self.config.attempts_max) && !Breach::TryForEver.is_on() {
            return cx.emit(Effect::GiveUp { request, why: NoWay::Exhausted });
        }
        let Some(slot) = self.choose(pending.group, pending.key, &pending.trail, &pending.tried, cx.now) else {
            return cx.emit(Effect::GiveUp { request, why: NoWay::Nobody });
        };
        self.servers.change(slot, Server::ask);
        let to = self.servers.get(slot).node;
        pending.tried.push(slot);
        let attempt = pending.tried.len() as u8;
        let predicted = self.predicted_ms(pending.group, to).unwrap_or(0.0);
        let wait = Span((f64::from(predicted) * 1e6) as u64).times(self.config.patience);
        let after = wait.clamp(self.config.timeout.0, self.config.timeout.1);
        let after = if Breach::WaitForDeadServer.is_on() { after.times(60) } else { after };
        cx.emit(Effect::Ask { request, to, trail: pending.trail });
        cx.emit(Effect::Wake { after, why: Why::Overdue { request, attempt } });
        self.pending.insert(request, pending);
    }

    /// The decision. Without a place for the group, every server is as near as any other.
    fn choose(&mut self, group: GroupId, key: u64, trail: &Trail, tried: &[u32], now: Time) -> Option<u32> {
        self.uses += 1;
        let uses = self.uses;
        let row = self.groups.get_mut(&group).map(|group| {
            group.used = uses;
            &group.row
        });
        match row {
            Some(row) => self.predictor.predict_all(row, &self.config.predict, &mut self.predicted_ms),
            None => self.predicted_ms.clear(),
        }
        // Every server has a prior, but in a group without a place.
        self.predicted_ms.resize(self.servers.briefs().len(), 0.0);
        let not_again = trail.nodes().iter().filter_map(|node| self.servers.find(*node)).chain(tried.iter().copied());
        not_again.for_each(|slot| self.predicted_ms[slot as usize] = f32::INFINITY);
        let nearest_ms = least(&mut self.predicted_ms, self.servers.shut_ms(now));
        if nearest_ms == f32::INFINITY {
            return None;
        }
        let limit_us = choose::near_limit(micros(nearest_ms), &self.config.rules).min(u32::MAX - 1);
        self.scratch.clear();
        near_ones(&self.predicted_ms, limit_us, |slot, predicted_us| {
            let servers::Brief { node, load, .. } = self.servers.briefs()[slot as usize];
            self.scratch.push(Candidate { node, slot, predicted_us, load });
        });
        choose::choose(key, &self.scratch, &self.config.rules)
    }

    /// Probes the server whose measurement is oldest.
    fn probe(&mut self, cx: &mut Context<'_>) {
        if self.config.probe_every == Span::ZERO {
            return;
        }
        let every = if Breach::ProbeTooOften.is_on() { Span(self.config.probe_every.0 / 2) } else { self.config.probe_every };
        cx.emit(Effect::Wake { after: every.max(PROBE_EVERY_MIN), why: Why::Probe });
        let Some(slot) = self.servers.stalest() else { return };
        let nonce = cx.draw(crate::base::Purpose::Peer).u64();
        self.servers.change(slot, |server| server.probe(nonce, cx.now));
        cx.emit(Effect::Send { to: self.servers.get(slot).node, message: Message::Probe { nonce } });
    }

    fn reject_if_too_fast(&mut self, slot: u32, cx: &mut Context<'_>) {
        let server = self.servers.get(slot);
        if Defect::FasterThanLight.is_planted(self.config.defect) || Breach::ClaimBeforeProbe.is_on() {
            return;
        }
        let Some(least) = server.least().filter(|least| !server.claim.is_plausible(&self.mine, *least)) else { return };
        let allowed = server.claim.least_round_trip(&self.mine);
        debug_assert!(least < allowed);
        let (node, sequence) = (server.node, server.claim.sequence);
        self.servers.change(slot, |server| server.withdraw(sequence));
        cx.emit(Effect::Rejected { node, why: Implausible::FasterThanLight { least: allowed } });
    }
}

/// The prior of geography, ms.
fn geography(from: Spot, to: Spot, config: &Config) -> f32 {
    config.prior_ms_base + config.prior_ms_per_km * from.distance_km(to) as f32
}
