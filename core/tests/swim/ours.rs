//! Our detector as an agent of a cell.

use super::cell::{Agent, Reaction};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Time, Wire};
use hypermesh_core::hypermesh::mesh::swim::{Config, Detector, Effect, Input, Message, Scope, Swim, Why};
use hypermesh_core::machine::{Chance, Cx, Machine};
use std::sync::Arc;

pub(crate) struct Ours {
    me: NodeId,
    swim: Swim,
    config: Arc<Config>,
    dice: Dice,
    draws: u32,
}

/// A cell of `count` detectors.
pub(crate) fn agents(count: u32, config: Config, seed: u64) -> Vec<Ours> {
    let config = Arc::new(Config { scope: Scope::Cell { first: 0, count }, ..config });
    let dice = Dice::new(SeedKey::new(seed));
    (0..count).map(|i| Ours { me: NodeId(i), swim: Swim::new(&config), config: config.clone(), dice: dice.clone(), draws: 0 }).collect()
}

impl Ours {
    fn react(&mut self, now: Time, out: &mut Reaction<Self>, react: impl FnOnce(&mut Detector<'_>, &mut Cx<'_, Effect>)) {
        let mut effects = Vec::new();
        let mut cx = Cx::new(now, self.me, Chance::new(&mut self.dice, self.me.0, &mut self.draws), &mut effects);
        react(&mut self.swim.with(&self.config, None), &mut cx);
        for effect in effects {
            match effect {
                Effect::Send { to, message } => {
                    let bytes = message.encoded_len();
                    out.sends.push((to.0, message, bytes));
                }
                Effect::Wake { after, why } => out.timers.push((after, why)),
                Effect::Failed(peer) => out.failed.push(peer.0),
                _ => {}
            }
        }
    }
}

impl Agent for Ours {
    type Message = Message;
    type Timer = Why;

    fn start(&mut self, now: Time, out: &mut Reaction<Self>) {
        self.react(now, out, |swim, cx| swim.handle(Input::Start, cx));
    }

    fn hear(&mut self, now: Time, from: u32, message: Message, out: &mut Reaction<Self>) {
        self.react(now, out, |swim, cx| swim.handle(Input::Message { from: NodeId(from), message }, cx));
    }

    fn wake(&mut self, now: Time, timer: Why, out: &mut Reaction<Self>) {
        self.react(now, out, |swim, cx| swim.wake(timer, cx));
    }
}
