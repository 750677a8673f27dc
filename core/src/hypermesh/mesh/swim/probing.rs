//! The probe of one period, direct and through helpers, and the help given to others.

use super::message::{Message, Status, Update};
use super::{Cold, Detector, Effect, Why};
use crate::base::{NodeId, Span, Time};
use crate::machine::Cx;
use crate::node::Tally;

/// Helps that wait for an answer at most; more are given without the promise of a nack.
const HELPS_MAX: usize = 64;

/// The probe of the current period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    sent_at: Time,
    target: NodeId,
    /// The number of the period.
    pub(super) number: u16,
    state: State,
    /// The local health multiplier when the period began.
    health: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody is probed.
    Idle,
    Waiting,
    Answered,
}

impl Default for Probe {
    fn default() -> Self {
        Self { sent_at: Time::ZERO, target: NodeId(0), number: 0, state: State::Idle, health: 0 }
    }
}

/// A ping in the name of another that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Help {
    origin: NodeId,
    target: NodeId,
    probe: u16,
}

impl Detector<'_> {
    /// The last probe is judged and the next member gets a ping.
    pub(super) fn begin_period(&mut self, number: u16, cx: &mut Cx<'_, Effect>) {
        if number != self.state.probe.number.wrapping_add(1) {
            return; // An earlier life, or a period that began already.
        }
        self.judge(cx);
        self.tidy();
        let target = self.state.members.next_target(cx);
        let state = if target.is_some() { State::Waiting } else { State::Idle };
        let health = if self.config.lifeguard.aware_probe { self.state.health } else { 0 };
        self.state.probe = Probe { sent_at: cx.now, target: target.unwrap_or_default(), number, state, health };
        if let Some(target) = target {
            self.send(target, Message::Ping { probe: number }, None, cx);
            cx.emit(Effect::Tally(Tally::Probe));
        }
        self.tell_suspects(target, cx);
        self.greet_failed(number, cx);
        cx.emit(Effect::Wake { after: self.answer_within(), why: Why::Answer { probe: number } });
    }

    /// A direct answer is overdue: helpers try on their own paths.
    pub(super) fn ask_for_help(&mut self, number: u16, cx: &mut Cx<'_, Effect>) {
        let Probe { target, number: current, state, health, .. } = self.state.probe;
        if number != current {
            return;
        }
        if state == State::Waiting {
            let (me, count) = (cx.me, usize::from(self.config.indirect));
            let helpers =
                self.state.members.sample(count, cx, |member| member.id != target && member.id != me && member.status() == Status::Alive);
            for &helper in &helpers {
                self.send(helper, Message::PingRequest { probe: number, target }, None, cx);
                cx.emit(Effect::Tally(Tally::IndirectProbe));
            }
            self.state.cold().helpers = helpers.into_iter().map(|helper| (helper, false)).collect();
        }
        let period = self.config.probe_every.times(u64::from(health) + 1);
        // A timeout that is longer than its period would let periods overlap.
        let rest = period - self.answer_within();
        cx.emit(Effect::Wake { after: rest, why: Why::Probe { probe: number.wrapping_add(1) } });
    }

    /// A message apart from its updates; `accused` tells that an update on it accused this node.
    pub(super) fn hear(&mut self, from: NodeId, message: &Message, accused: bool, cx: &mut Cx<'_, Effect>) {
        let defence = accused.then(|| self.alive(cx.me));
        match *message {
            Message::Ping { probe } => self.send(from, Message::Ack { probe, coordinate: None }, defence, cx),
            Message::Ack { probe, coordinate } => {
                let current = self.state.probe;
                if current.number == probe && current.target == from && current.state == State::Waiting {
                    self.state.probe.state = State::Answered;
                    cx.emit(Effect::Rtt { peer: from, rtt: cx.now.since(current.sent_at), coordinate });
                }
            }
            Message::PingRequest { probe, target } => self.help(Help { origin: from, target, probe }, cx),
            Message::PingFor { probe, origin } => self.send(from, Message::AckFor { probe, origin }, defence, cx),
            Message::AckFor { probe, origin } => {
                if let Some(cold) = &mut self.state.cold {
                    cold.helps.retain(|help| *help != Help { origin, target: from, probe });
                }
                self.send(origin, Message::Relayed { probe }, None, cx);
            }
            Message::Relayed { probe } => {
                if self.state.probe.number == probe && self.state.probe.state == State::Waiting {
                    self.state.probe.state = State::Answered;
                }
            }
            Message::Nack { probe } => {
                if let (true, Some(cold)) = (self.state.probe.number == probe, &mut self.state.cold) {
                    cold.helpers.iter_mut().filter(|(helper, _)| *helper == from).for_each(|(_, nack)| *nack = true);
                }
            }
            Message::Gossip | Message::Laden(_) => {}
        }
    }

    /// A help has waited long enough: its origin learns that the helper at least is well.
    pub(super) fn admit_silence(&mut self, origin: NodeId, probe: u16, cx: &mut Cx<'_, Effect>) {
        let Some(cold) = &mut self.state.cold else { return };
        let before = cold.helps.len();
        cold.helps.retain(|help| help.origin != origin || help.probe != probe);
        if cold.helps.len() < before {
            self.send(origin, Message::Nack { probe }, None, cx);
        }
    }

    /// The probe loses its target.
    pub(super) fn forget_probe_of(&mut self, peer: NodeId) {
        if self.state.probe.target == peer {
            self.state.probe.state = State::Idle;
        }
    }

    /// Sends a message with the updates that fit it, the given one first.
    pub(super) fn send(&mut self, to: NodeId, message: Message, first: Option<Update>, cx: &mut Cx<'_, Effect>) {
        let updates = self.updates_for(to, first, cx.me);
        cx.emit(Effect::Send { to, message: message.with(updates) });
    }

    fn answer_within(&self) -> Span {
        let timeout = Span(self.config.answer_within.0.min(self.config.probe_every.0));
        timeout.times(u64::from(self.state.probe.health) + 1)
    }

    fn help(&mut self, help: Help, cx: &mut Cx<'_, Effect>) {
        let Help { origin, target, probe } = help;
        if target == cx.me {
            self.send(origin, Message::Relayed { probe }, None, cx);
            return;
        }
        self.send(target, Message::PingFor { probe, origin }, None, cx);
        if self.config.lifeguard.aware_probe {
            let cold = self.state.cold();
            if cold.helps.len() < HELPS_MAX && !cold.helps.contains(&help) {
                cold.helps.push(help);
                cx.emit(Effect::Wake { after: self.config.nack_wait(), why: Why::Nack { origin, probe } });
            }
        }
    }

    /// What the last probe says about its target, and about this node.
    fn judge(&mut self, cx: &mut Cx<'_, Effect>) {
        match self.state.probe.state {
            State::Idle => {}
            State::Answered => self.state.health = self.state.health.saturating_sub(1),
            State::Waiting => {
                cx.emit(Effect::Tally(Tally::ProbeFailed));
                let helpers = self.state.cold.as_mut().map(|cold| core::mem::take(&mut cold.helpers)).unwrap_or_default();
                let silent = helpers.iter().filter(|(_, nack)| !nack).count() as u8;
                self.worsen(if helpers.is_empty() { 1 } else { silent });
                let target = self.state.probe.target;
                self.suspect(target, cx.me, cx);
                // In a view nobody else can confirm: its helpers are the witnesses.
                if !self.state.members.is_cell() {
                    helpers.iter().filter(|(_, nack)| *nack).for_each(|(witness, _)| self.suspect(target, *witness, cx));
                }
            }
        }
        self.state.probe.state = State::Idle;
    }

    /// Raises the local health multiplier, up to its limit.
    pub(super) fn worsen(&mut self, points: u8) {
        self.state.health = self.state.health.saturating_add(points).min(self.config.health_max);
    }

    /// A view tells each suspect in each period that it is suspected, so that it can answer for itself.
    fn tell_suspects(&mut self, already: Option<NodeId>, cx: &mut Cx<'_, Effect>) {
        if self.state.members.is_cell() || self.state.suspicions() == 0 {
            return;
        }
        let suspects: Vec<NodeId> = self.state.cold().suspicions.iter().map(|suspicion| suspicion.peer).collect();
        for suspect in suspects.into_iter().filter(|suspect| Some(*suspect) != already) {
            self.send(suspect, Message::Ping { probe: self.state.probe.number }, None, cx);
        }
    }

    /// A cell greets one of its failed members now and then.
    fn greet_failed(&mut self, number: u16, cx: &mut Cx<'_, Effect>) {
        let every = u16::from(self.config.greet_failed_every);
        if every == 0 || !number.is_multiple_of(every) || !self.state.members.is_cell() {
            return;
        }
        let failed: Vec<NodeId> =
            self.state.members.iter().filter(|member| member.status() == Status::Failed).map(|member| member.id).collect();
        if !failed.is_empty() {
            let pick = failed[cx.draw(crate::base::Purpose::Peer).index(failed.len())];
            self.send(pick, Message::Ping { probe: number }, None, cx);
        }
    }

    /// Gives back what a quiet node of a view does not need.
    fn tidy(&mut self) {
        let quiet = |cold: &Cold| cold.suspicions.is_empty() && cold.helps.is_empty() && cold.rumours.is_empty() && !cold.gossiping;
        if self.state.cold.as_deref().is_some_and(quiet) {
            self.state.cold = None;
        } else if let Some(cold) = &mut self.state.cold {
            cold.helpers.clear();
        }
    }
}
