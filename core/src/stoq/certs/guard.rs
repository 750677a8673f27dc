//! The peers of a node: each is judged when it comes, and again whenever the judgement could have changed.

use super::certificate::{IssuerId, Presented};
use super::policy::Policy;
use super::refusal::Refusal;
use super::revocation::{Lists, RevocationList};
use super::verify::{Asked, Transparency, judge};
use crate::base::{Span, Time};
use crate::machine::{Cx, Machine};
use crate::testing::Breach;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A connection, numbered by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u64);

/// What can happen to a guard.
#[derive(Clone, Debug)]
pub enum Input {
    /// A peer presents a certificate. A second one of the same peer takes the place of the first, if it is good; if it is not, the peer is dropped.
    Present {
        /// Which.
        peer: PeerId,
        /// What.
        presented: Box<Presented>,
        /// What is asked of it.
        asked: Asked,
    },
    /// A list of revocations came, from anybody.
    List(RevocationList),
    /// What is demanded changed: everybody is judged anew.
    Policy(Arc<Policy>),
    /// A peer is gone.
    Gone(PeerId),
}

/// What a guard asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The peer may speak.
    Accept {
        /// Who.
        peer: PeerId,
    },
    /// The peer may not speak: its session ends with the refusal's code.
    Refuse {
        /// Who.
        peer: PeerId,
        /// Why.
        refusal: Refusal,
    },
    /// A peer that was accepted may not speak any more: its session ends with the refusal's code.
    Drop {
        /// Who.
        peer: PeerId,
        /// Why.
        refusal: Refusal,
    },
    /// A newer list of revocations is needed soon.
    Fetch {
        /// Of whom.
        issuer: IssuerId,
    },
    /// Wake the guard after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why a guard is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Some judgement ends.
    Judge,
    /// Newer lists are asked for.
    Fetch,
}

#[derive(Clone, Debug)]
struct Held {
    presented: Box<Presented>,
    asked: Asked,
    until: Time,
}

/// Judges and watches peers.
#[derive(Clone, Debug)]
pub struct Guard<T> {
    policy: Arc<Policy>,
    logs: T,
    lists: Lists,
    peers: BTreeMap<PeerId, Held>,
    /// The next wake-up that was asked for, so that few are.
    judge_at: Time,
    fetching: bool,
}

type Context<'c> = Cx<'c, Effect>;

impl<T: Transparency> Machine for Guard<T> {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Present { peer, presented, asked } => self.on_presented(peer, presented, asked, cx),
            Input::List(list) => {
                if self.lists.take(list, &self.policy, cx.now) {
                    self.judge_all(cx);
                }
            }
            Input::Policy(policy) => {
                self.policy = policy;
                self.judge_all(cx);
            }
            Input::Gone(peer) => {
                self.peers.remove(&peer);
            }
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            Why::Judge => self.judge_due(cx),
            Why::Fetch => {
                self.fetching = false;
                self.fetch(cx);
            }
        }
    }
}

impl<T: Transparency> Guard<T> {
    /// A guard without peers or lists.
    pub fn new(policy: Arc<Policy>, logs: T) -> Self {
        Self { policy, logs, lists: Lists::default(), peers: BTreeMap::new(), judge_at: Time::NEVER, fetching: false }
    }

    /// Whether a peer may speak at this moment. It never says yes after a judgement has ended, even if the wake-up is late.
    pub fn is_accepted(&self, peer: PeerId, now: Time) -> bool {
        self.peers.get(&peer).is_some_and(|held| now < held.until)
    }

    /// Peers that are watched.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// The lists at hand.
    pub const fn lists(&self) -> &Lists {
        &self.lists
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.peers.len() > self.policy.peers_max as usize {
            return Err("no more peers are watched than allowed");
        }
        if self.peers.values().any(|held| held.until < self.judge_at) {
            return Err("every judgement is looked at when it ends");
        }
        Ok(())
    }

    fn on_presented(&mut self, peer: PeerId, presented: Box<Presented>, asked: Asked, cx: &mut Context<'_>) {
        self.fetch(cx);
        let known = self.peers.contains_key(&peer);
        let room = known || self.peers.len() < self.policy.peers_max as usize;
        let verdict = if room { judge(&presented, &asked, &self.policy, &self.lists, &self.logs, cx.now) } else { Err(Refusal::TooMany) };
        match verdict {
            Ok(until) => {
                self.peers.insert(peer, Held { presented, asked, until });
                cx.emit(Effect::Accept { peer });
                self.watch(until, cx);
            }
            Err(refusal) => {
                if Breach::ServeUnjudged.is_on() {
                    cx.emit(Effect::Accept { peer });
                }
                self.peers.remove(&peer);
                cx.emit(if known { Effect::Drop { peer, refusal } } else { Effect::Refuse { peer, refusal } });
            }
        }
    }

    /// Judges everybody anew.
    fn judge_all(&mut self, cx: &mut Context<'_>) {
        let Self { policy, logs, lists, peers, .. } = self;
        peers.retain(|peer, held| match judge(&held.presented, &held.asked, policy, lists, logs, cx.now) {
            Ok(until) => {
                held.until = until;
                true
            }
            Err(refusal) => {
                cx.emit(Effect::Drop { peer: *peer, refusal });
                false
            }
        });
        let next = self.peers.values().map(|held| held.until).min();
        // An earlier wake-up that was asked for finds nothing to do.
        self.judge_at = Time::NEVER;
        if let Some(next) = next {
            self.watch(next, cx);
        }
    }

    /// Some judgement ended. The wake-up may be one of an earlier time; then there is nothing to do.
    fn judge_due(&mut self, cx: &mut Context<'_>) {
        if cx.now >= self.judge_at {
            self.judge_all(cx);
        }
    }

    /// Asks to be woken when a judgement ends, unless that was asked for already.
    fn watch(&mut self, until: Time, cx: &mut Context<'_>) {
        if until < self.judge_at {
            self.judge_at = until;
            cx.emit(Effect::Wake { after: until.since(cx.now), why: Why::Judge });
        }
    }

    /// Asks for newer lists four times within the life of one, as long as there is anybody to judge.
    fn fetch(&mut self, cx: &mut Context<'_>) {
        if self.fetching {
            return;
        }
        for trusted in &self.policy.trusted {
            cx.emit(Effect::Fetch { issuer: trusted.issuer });
        }
        self.fetching = true;
        cx.emit(Effect::Wake { after: Span((self.policy.list_life().0 / 4).max(1)), why: Why::Fetch });
    }
}
