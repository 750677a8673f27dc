//! A mesh peer: partial views, broadcast trees, failure detection and coordinates, each optional, put together.
//!
//! ```text
//!                    ┌── LinkUp, LinkDown ──▶ Plumtree
//!  HyParView ────────┤
//!      ▲             └── MemberUp, MemberDown ──▶ SWIM (in the scope of a view)
//!      ├── PeerFailed ─────────────────────────────┤
//!      └── Heard (a ping, or anything of the trees, from a stranger)
//!                                  SWIM ── round trip, coordinate of the peer ──▶ Vivaldi ── own coordinate ──▶ on SWIM's answers
//! ```
//! The parts do not know each other. Each emits its own effects; this module translates them, one by one and without a queue, and settles what one
//! part's news means to the others before the reaction ends. Whatever the parts hold of a peer's past is gone when it starts anew.
//!
//! A peer lacks, on purpose, any decision of its own.

mod config;
mod message;
mod signals;
#[cfg(test)]
mod tests;
mod wakeup;

pub use config::Config;
pub use message::Message;
pub use wakeup::Wakeup;

use super::hyparview::{self, HyParView, Views};
use super::plumtree::{self, Plumtree, Tree};
use super::swim::{self, Scope, Swim};
use super::vivaldi::{self, Coordinate};
use crate::base::{NodeId, Purpose};
use crate::machine::{Cx, Machine, Out};
use crate::node::{Command, Contacts, Effect, Fact, Input, Node};
use signals::{Signal, Signals};
use std::sync::Arc;
use wakeup::Part;

type Up = Effect<Message, Wakeup>;

/// The promise about its coordinate that [`Node::check`] names; all others are about views and those in them.
pub const COORDINATE_IS_FINITE: &str = "every component of a coordinate is a finite number";

/// A node of the mesh.
#[derive(Clone, Debug)]
pub struct Peer {
    config: Arc<Config>,
    views: Views,
    tree: Tree,
    /// Absent where no failure detector is configured.
    swim: Option<Swim>,
    place: Coordinate,
}

impl Peer {
    /// What the partial views hold.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// What the broadcast trees hold.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The failure detector, if there is one.
    pub fn swim(&self) -> Option<&Swim> {
        self.swim.as_ref()
    }

    /// Where this node believes to be.
    pub fn coordinate(&self) -> Coordinate {
        self.place
    }

    fn on_start(&mut self, contacts: Contacts, cx: &mut Cx<'_, Up>) {
        let config = self.config.clone();
        *self = Self::new(&config);
        let mut signals = Signals::new();
        self.tell_views(hyparview::Input::Start { contacts }, &mut signals, cx);
        self.tell_swim(swim::Input::Start, &mut signals, cx);
        self.settle(signals, cx);
    }

    fn on_message(&mut self, from: NodeId, message: Message, cx: &mut Cx<'_, Up>) {
        let mut signals = Signals::new();
        match message {
            Message::HyParView(message) => self.tell_views(hyparview::Input::Message { from, message }, &mut signals, cx),
            Message::Plumtree(message) if self.tree.is_old_news(&message) => return,
            Message::Plumtree(message) => {
                if !self.tree.is_linked(from) {
                    self.heard(from, &mut signals, cx);
                }
                self.tell_tree(plumtree::Input::Message { from, message }, cx);
            }
            Message::Swim(message) => {
                if self.watches_view() && is_ping(&message) {
                    self.heard(from, &mut signals, cx);
                }
                self.tell_swim(swim::Input::Message { from, message }, &mut signals, cx);
            }
        }
        self.settle(signals, cx);
    }

    /// A peer behaves as a neighbour does. If the views do not hold it for one, they have to decide, and the other parts to know, first.
    #[inline]
    fn heard(&mut self, from: NodeId, signals: &mut Signals, cx: &mut Cx<'_, Up>) {
        if !self.views.is_active(from) {
            self.tell_views(hyparview::Input::Heard { from }, signals, cx);
            self.pass_on(signals, cx);
        }
    }

    /// Settles all that the parts have told each other, and the coordinate.
    #[inline]
    fn settle(&mut self, mut signals: Signals, cx: &mut Cx<'_, Up>) {
        self.pass_on(&mut signals, cx);
        if let (Some((rtt, peer)), Some(config)) = (signals.sample, &self.config.vivaldi) {
            let draw = || vivaldi::direction(&mut cx.draw(Purpose::Direction));
            if let Some(observed) = self.place.observe(&peer.into(), rtt, config, self.config.defect, draw) {
                let vivaldi::Observed { error, rtt_ms, finite } = observed;
                cx.emit(Effect::Fact(Fact::Coordinate { error, rtt_ms, finite }));
            }
        }
    }

    #[inline]
    fn pass_on(&mut self, signals: &mut Signals, cx: &mut Cx<'_, Up>) {
        while let Some(signal) = signals.take() {
            match signal {
                Signal::Up(peer) => {
                    self.tell_tree(plumtree::Input::LinkUp { peer }, cx);
                    self.tell_swim(swim::Input::MemberUp(peer), signals, cx);
                }
                Signal::Down(peer) => {
                    self.tell_tree(plumtree::Input::LinkDown { peer }, cx);
                    self.tell_swim(swim::Input::MemberDown(peer), signals, cx);
                }
                Signal::Failed(peer) => self.tell_views(hyparview::Input::PeerFailed { peer }, signals, cx),
            }
        }
    }

    fn tell_views(&mut self, input: hyparview::Input, signals: &mut Signals, cx: &mut Cx<'_, Up>) {
        self.with_views(signals, cx, |views, cx| views.handle(input, cx));
    }

    fn with_views(
        &mut self,
        signals: &mut Signals,
        cx: &mut Cx<'_, Up>,
        react: impl FnOnce(&mut HyParView<'_>, &mut Cx<'_, hyparview::Effect>),
    ) {
        let watched = self.watches_view();
        let Some(config) = &self.config.hyparview else { return };
        let mut part = HyParView { views: &mut self.views, config, watched, defect: self.config.defect };
        let translate = |effect, out: &mut Out<'_, Up>| {
            out.emit(match effect {
                hyparview::Effect::Send { to, message } => Effect::Send { to, message: Message::HyParView(message) },
                hyparview::Effect::Wake { after, why } => Effect::Wake { after, why: Wakeup::HyParView(why) },
                hyparview::Effect::LinkUp { peer } => {
                    signals.give(Signal::Up(peer));
                    Effect::Fact(Fact::LinkUp { peer })
                }
                hyparview::Effect::LinkDown { peer, why } => {
                    signals.give(Signal::Down(peer));
                    Effect::Fact(Fact::LinkDown { peer, why })
                }
                hyparview::Effect::Tally(tally) => Effect::Fact(Fact::Tally(tally)),
            });
        };
        cx.through(translate, |cx| react(&mut part, cx));
    }

    fn tell_tree(&mut self, input: plumtree::Input, cx: &mut Cx<'_, Up>) {
        self.with_tree(cx, |tree, cx| tree.handle(input, cx));
    }

    fn with_tree(&mut self, cx: &mut Cx<'_, Up>, react: impl FnOnce(&mut Plumtree<'_>, &mut Cx<'_, plumtree::Effect>)) {
        let Some(config) = &self.config.plumtree else { return };
        let mut part = Plumtree { tree: &mut self.tree, config, defect: self.config.defect };
        let translate = |effect, out: &mut Out<'_, Up>| {
            out.emit(match effect {
                plumtree::Effect::Send { to, message } => Effect::Send { to, message: Message::Plumtree(message) },
                plumtree::Effect::Wake { after, why } => Effect::Wake { after, why: why.into() },
                plumtree::Effect::Fact(fact) => Effect::Fact(fact),
            });
        };
        cx.through(translate, |cx| react(&mut part, cx));
    }

    fn tell_swim(&mut self, input: swim::Input, signals: &mut Signals, cx: &mut Cx<'_, Up>) {
        let outside = matches!(input, swim::Input::MemberUp(_) | swim::Input::MemberDown(_)) && !self.watches_view();
        if !outside {
            self.with_swim(signals, cx, |swim, cx| swim.handle(input, cx));
        }
    }

    fn with_swim(
        &mut self,
        signals: &mut Signals,
        cx: &mut Cx<'_, Up>,
        react: impl FnOnce(&mut swim::Detector<'_>, &mut Cx<'_, swim::Effect>),
    ) {
        let (Some(swim), Some(config)) = (&mut self.swim, &self.config.swim) else { return };
        let mut part = swim.with(config, self.config.defect);
        let place = self.config.vivaldi.is_some().then_some(self.place);
        let translate = |effect, out: &mut Out<'_, Up>| {
            let effect = match effect {
                swim::Effect::Send { to, mut message } => {
                    let answers = matches!(message, swim::Message::Ack { .. } | swim::Message::Laden(_));
                    if let Some(place) = place.filter(|_| answers) {
                        message.set_coordinate(place.into());
                    }
                    Effect::Send { to, message: Message::Swim(message) }
                }
                swim::Effect::Wake { after, why } => Effect::Wake { after, why: why.into() },
                swim::Effect::Suspected(peer) => Effect::Fact(Fact::Suspected { peer }),
                swim::Effect::SuspicionEnded { peer, outcome } => Effect::Fact(Fact::SuspicionEnded { peer, outcome }),
                swim::Effect::Tally(tally) => Effect::Fact(Fact::Tally(tally)),
                swim::Effect::Failed(peer) | swim::Effect::Left(peer) => return signals.give(Signal::Failed(peer)),
                swim::Effect::Recovered(_) => return, // Only a cell says so, and its members stay members.
                swim::Effect::Rtt { rtt, coordinate, .. } => {
                    signals.sample = coordinate.map(|coordinate| (rtt, coordinate));
                    return;
                }
            };
            out.emit(effect);
        };
        cx.through(translate, |cx| react(&mut part, cx));
    }

    /// Whether the failure detector watches the active view.
    fn watches_view(&self) -> bool {
        self.config.hyparview.is_some() && self.config.swim.as_ref().is_some_and(|swim| swim.scope == Scope::View)
    }
}

/// Whether only an active neighbour has reason to send this.
fn is_ping(message: &swim::Message) -> bool {
    match message {
        swim::Message::Ping { .. } => true,
        swim::Message::Laden(laden) => matches!(laden.message, swim::Message::Ping { .. }),
        _ => false,
    }
}

impl Machine for Peer {
    type Input = Input<Message>;
    type Effect = Up;
    type Why = Wakeup;

    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Up>) {
        match input {
            Input::Start { contacts } => self.on_start(contacts, cx),
            Input::Message { from, message } => self.on_message(from, message, cx),
            Input::Command(Command::Broadcast { id, bytes }) => self.tell_tree(plumtree::Input::Broadcast { id, bytes }, cx),
            Input::Command(_) => {}
            Input::Leave => {
                let mut signals = Signals::new();
                self.tell_swim(swim::Input::Leave, &mut signals, cx);
                self.tell_views(hyparview::Input::Leave, &mut signals, cx);
                self.settle(signals, cx);
            }
        }
    }

    fn wake(&mut self, why: Wakeup, cx: &mut Cx<'_, Up>) {
        let mut signals = Signals::new();
        match why.part() {
            Part::HyParView(why) => self.with_views(&mut signals, cx, |views, cx| views.wake(why, cx)),
            Part::Plumtree(why) => self.with_tree(cx, |tree, cx| tree.wake(why, cx)),
            Part::Swim(why) => self.with_swim(&mut signals, cx, |swim, cx| swim.wake(why, cx)),
        }
        self.settle(signals, cx);
    }
}

impl Node for Peer {
    type Message = Message;
    type Wakeup = Wakeup;
    type Config = Config;

    fn new(config: &Arc<Config>) -> Self {
        Self {
            config: config.clone(),
            views: Views::default(),
            tree: Tree::default(),
            swim: config.swim.as_ref().map(Swim::new),
            place: Coordinate::default(),
        }
    }

    fn check(&self, me: NodeId) -> Result<(), &'static str> {
        if let Some(config) = &self.config.hyparview {
            self.views.check(me, config)?;
        }
        if self.config.plumtree.is_some() {
            self.tree.check(self.views.active())?;
        }
        if let Some(swim) = &self.swim {
            swim.check(me)?;
        }
        if self.place.is_finite() { Ok(()) } else { Err(COORDINATE_IS_FINITE) }
    }

    fn heap_bytes(&self) -> usize {
        self.views.heap_bytes() + self.tree.heap_bytes() + self.swim.as_ref().map_or(0, Swim::heap_bytes)
    }

    fn view(&self) -> Vec<NodeId> {
        match &self.swim {
            Some(swim) if self.config.hyparview.is_none() => swim.watched().collect(),
            _ => self.views.active().to_vec(),
        }
    }
}
