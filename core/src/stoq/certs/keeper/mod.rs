//! A node's own certificate: asked for, renewed with overlap, given up when it ends or is revoked.
//!
//! The next certificate is asked for when half of the present one's life is over (with some chance, so that a fleet does not ask in step), with a new key.
//! When it comes, new handshakes use it at once; the one before stays in use for the overlap, or to its end if that is sooner, so that handshakes under
//! way are not cut. Sessions do not end with a rotation: their peers judge the certificate that was presented, until it ends.

pub mod states;

use super::certificate::{Certificate, Serial};
use crate::base::{Purpose, Span, Time};
use crate::machine::{Cx, Machine};
use crate::stoq::session::Roles;
use crate::stoq::session::frame::Name;
use crate::testing::Breach;
use states::{Act, Cell, Event, State, cell};
use std::sync::Arc;

/// What a holder wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whom its certificates name.
    pub name: Name,
    /// What it wants to be.
    pub roles: Roles,
    /// How long each should live.
    pub life: Span,
    /// How long the one before stays in use.
    pub overlap: Span,
    /// How long the issuer is waited for.
    pub answer_within: Span,
    /// How long to wait after the first failure; it doubles with each, up to an eighth of the life.
    pub retry_after: Span,
}

/// What can happen to a holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// It wants a certificate.
    Start,
    /// The issuer answered a request.
    Answer {
        /// Which request.
        request: u32,
        /// The certificate, for the key that the driver made for this request; or none.
        granted: Option<Box<Certificate>>,
    },
    /// A certificate of this node stands on a list of revocations.
    Revoked(Serial),
    /// The node stops.
    Stop,
}

/// What a holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make a key and ask the issuer for a certificate of this node's name, roles and life.
    Request {
        /// The number of the request.
        request: u32,
    },
    /// Use this certificate in new handshakes.
    Install(Box<Certificate>),
    /// Use this one no more.
    Retire(Serial),
    /// There is none to use: new handshakes are refused.
    Lapsed,
    /// Wake the holder after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why a holder is woken. Each reason names what it is about, so that a stale one is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Time for the next certificate after this one.
    Due(Serial),
    /// This certificate is out of use.
    Over(Serial),
    /// This certificate ends.
    Expired(Serial),
    /// The issuer should have answered this request.
    Silent(u32),
    /// Time to ask again after this request.
    Retry(u32),
}

/// A node's own certificate.
#[derive(Clone, Debug)]
pub struct Keeper {
    config: Arc<Config>,
    state: State,
    current: Option<Box<Certificate>>,
    previous: Option<Box<Certificate>>,
    /// The number of the last request.
    request: u32,
    /// Whether it is under way.
    asking: bool,
    failures: u8,
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for Keeper {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Start => self.step(Event::Start, None, cx),
            Input::Answer { request, granted } => self.on_answer(request, granted, cx),
            Input::Revoked(serial) if self.is_current(serial) => self.step(Event::Revoked, None, cx),
            Input::Revoked(serial) => {
                if self.previous.as_ref().is_some_and(|previous| previous.serial == serial) {
                    self.retire(cx);
                }
            }
            Input::Stop => self.step(Event::Stop, None, cx),
        }
    }

    fn wake(&mut self, why: Why, cx: &mut Context<'_>) {
        match why {
            Why::Due(serial) if self.is_current(serial) => self.step(Event::Due, None, cx),
            Why::Expired(serial) if self.is_current(serial) => self.step(Event::Expired, None, cx),
            Why::Over(serial) if self.previous.as_ref().is_some_and(|previous| previous.serial == serial) => {
                self.step(Event::Over, None, cx)
            }
            Why::Silent(request) if request == self.request && self.asking => {
                self.asking = false;
                self.step(Event::Silent, None, cx);
            }
            Why::Retry(request) if request == self.request && !self.asking => self.step(Event::Retry, None, cx),
            _ => {}
        }
    }
}

impl Keeper {
    /// A holder that has no certificate yet.
    pub const fn new(config: Arc<Config>) -> Self {
        Self { config, state: State::Empty, current: None, previous: None, request: 0, asking: false, failures: 0 }
    }

    /// Where it is.
    pub const fn state(&self) -> State {
        self.state
    }

    /// The certificate for new handshakes.
    pub fn current(&self) -> Option<&Certificate> {
        self.current.as_deref()
    }

    /// The one before, as long as it is in use.
    pub fn previous(&self) -> Option<&Certificate> {
        self.previous.as_deref()
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        let valid = matches!(self.state, State::Valid | State::Renewing | State::Overlapping);
        if valid != self.current.is_some() {
            return Err("whoever has a certificate is in a state that says so");
        }
        if self.previous.is_some() && !valid {
            return Err("the one before is used only beside the present one");
        }
        if self.asking && !matches!(self.state, State::Requesting | State::Renewing) {
            return Err("a request is under way only while a certificate is wanted");
        }
        Ok(())
    }

    fn is_current(&self, serial: Serial) -> bool {
        self.current.as_ref().is_some_and(|current| current.serial == serial)
    }

    /// The issuer answered. What is not what was asked for counts as a refusal.
    fn on_answer(&mut self, request: u32, granted: Option<Box<Certificate>>, cx: &mut Context<'_>) {
        if request != self.request || !self.asking {
            return;
        }
        self.asking = false;
        let fits = |certificate: &Certificate| {
            let asked = certificate.name == self.config.name && certificate.roles.has(self.config.roles);
            let later = self.current.as_ref().is_none_or(|current| certificate.not_after > current.not_after);
            asked && later && certificate.not_after > cx.now && !self.is_current(certificate.serial)
        };
        match granted.filter(|certificate| fits(certificate)) {
            Some(certificate) => self.step(Event::Granted, Some(certificate), cx),
            None => self.step(Event::Denied, None, cx),
        }
    }

    fn step(&mut self, event: Event, granted: Option<Box<Certificate>>, cx: &mut Context<'_>) {
        let Cell { next, act } = cell(self.state, event);
        self.state = next;
        match act {
            Act::Nothing => {}
            Act::Ask => self.ask(cx),
            Act::Adopt => self.adopt(granted.expect("only a grant is adopted, and it carries the certificate"), cx),
            Act::Wait => self.wait(cx),
            Act::Retire => self.retire(cx),
            Act::LapseAndAsk => {
                self.lapse(cx);
                self.ask(cx);
            }
            Act::Lapse => self.lapse(cx),
            Act::Halt => {
                self.asking = false;
                self.lapse(cx);
            }
        }
    }

    fn ask(&mut self, cx: &mut Context<'_>) {
        self.request = self.request.wrapping_add(1);
        self.asking = true;
        cx.emit(Effect::Request { request: self.request });
        cx.emit(Effect::Wake { after: self.config.answer_within, why: Why::Silent(self.request) });
    }

    fn wait(&mut self, cx: &mut Context<'_>) {
        let longest = self.config.life.0 / 8;
        let after = self.config.retry_after.0.saturating_mul(1 << self.failures.min(20)).min(longest.max(1));
        self.failures = self.failures.saturating_add(1);
        let after = jittered(after, cx);
        cx.emit(Effect::Wake { after, why: Why::Retry(self.request) });
    }

    fn adopt(&mut self, certificate: Box<Certificate>, cx: &mut Context<'_>) {
        self.retire(cx);
        self.failures = 0;
        let serial = certificate.serial;
        let left = certificate.not_after.since(cx.now);
        cx.emit(Effect::Install(certificate.clone()));
        let after = jittered(if Breach::RenewAtEnd.is_on() { left.0 } else { left.0 / 2 }, cx);
        cx.emit(Effect::Wake { after, why: Why::Due(serial) });
        cx.emit(Effect::Wake { after: left, why: Why::Expired(serial) });
        self.previous = self.current.replace(certificate);
        if let Some(previous) = &self.previous {
            let overlap = if Breach::CutAtRotation.is_on() { Span::ZERO } else { self.config.overlap };
            let after = overlap.min(previous.not_after.since(cx.now));
            cx.emit(Effect::Wake { after, why: Why::Over(previous.serial) });
        }
    }

    fn retire(&mut self, cx: &mut Context<'_>) {
        if let Some(previous) = self.previous.take() {
            cx.emit(Effect::Retire(previous.serial));
        }
    }

    /// Nothing is used any more.
    fn lapse(&mut self, cx: &mut Context<'_>) {
        self.retire(cx);
        if let Some(current) = self.current.take() {
            cx.emit(Effect::Retire(current.serial));
            cx.emit(Effect::Lapsed);
        }
    }

    /// When the present certificate ends.
    pub fn ends(&self) -> Option<Time> {
        self.current.as_ref().map(|current| current.not_after)
    }
}

/// Up to a tenth less, so that a fleet does not ask in step.
fn jittered(span: u64, cx: &mut Context<'_>) -> Span {
    Span(span - cx.draw(Purpose::Delay).below(span / 10 + 1))
}
