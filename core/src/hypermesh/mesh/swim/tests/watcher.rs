//! A node that does nothing but watch, for the tests: a detector behind the contract of a node.

use super::super::{Config, Effect, Input, Message, Scope, Swim, Why};
use crate::base::NodeId;
use crate::machine::{Cx, Machine};
use crate::node::{self, Command, Fact, Node, Unlink};
use crate::testing::Defect;
use std::sync::Arc;

/// What the watchers of a test have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    pub(super) swim: Config,
    /// The whole group, for the scope of a view: everybody watches everybody.
    pub(super) peers: u32,
    pub(super) planted: Option<Defect>,
}

/// A node that watches. A member held for failed or left shows as a link that went down, one that is back as a link that came up.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) swim: Swim,
    setup: Arc<Setup>,
}

type Out = node::Effect<Message, Why>;

impl Watcher {
    fn react(&mut self, cx: &mut Cx<'_, Out>, react: impl FnOnce(&mut super::super::Detector<'_>, &mut Cx<'_, Effect>)) {
        let mut effects = Vec::new();
        react(&mut self.swim.with(&self.setup.swim, self.setup.planted), &mut cx.child(&mut effects));
        for effect in effects {
            cx.emit(match effect {
                Effect::Send { to, message } => node::Effect::Send { to, message },
                Effect::Wake { after, why } => node::Effect::Wake { after, why },
                Effect::Suspected(peer) => node::Effect::Fact(Fact::Suspected { peer }),
                Effect::SuspicionEnded { peer, outcome } => node::Effect::Fact(Fact::SuspicionEnded { peer, outcome }),
                Effect::Failed(peer) => node::Effect::Fact(Fact::LinkDown { peer, why: Unlink::Failed }),
                Effect::Left(peer) => node::Effect::Fact(Fact::LinkDown { peer, why: Unlink::Disconnected }),
                Effect::Recovered(peer) => node::Effect::Fact(Fact::LinkUp { peer }),
                Effect::Rtt { .. } => continue,
                Effect::Tally(tally) => node::Effect::Fact(Fact::Tally(tally)),
            });
        }
    }
}

impl Machine for Watcher {
    type Input = node::Input<Message>;
    type Effect = Out;
    type Why = Why;

    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Out>) {
        let input = match input {
            node::Input::Start { .. } => {
                if self.setup.swim.scope == Scope::View {
                    for peer in (0..self.setup.peers).map(NodeId) {
                        self.react(cx, |swim, cx| swim.handle(Input::MemberUp(peer), cx));
                    }
                }
                Input::Start
            }
            node::Input::Message { from, message } => Input::Message { from, message },
            // The tests' way to take a peer out of a view.
            node::Input::Command(Command::Token { bytes }) => Input::MemberDown(NodeId(bytes)),
            node::Input::Command(_) => return,
            node::Input::Leave => Input::Leave,
        };
        self.react(cx, |swim, cx| swim.handle(input, cx));
    }

    fn wake(&mut self, why: Why, cx: &mut Cx<'_, Out>) {
        self.react(cx, |swim, cx| swim.wake(why, cx));
    }
}

impl Node for Watcher {
    type Message = Message;
    type Wakeup = Why;
    type Config = Setup;

    fn new(setup: &Arc<Setup>) -> Self {
        Self { swim: Swim::new(&setup.swim), setup: setup.clone() }
    }

    fn check(&self, me: NodeId) -> Result<(), &'static str> {
        self.swim.check(me)
    }

    fn heap_bytes(&self) -> usize {
        self.swim.heap_bytes()
    }
}
