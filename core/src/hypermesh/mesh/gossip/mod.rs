//! Plain push gossip, infect and die: who hears of a message for the first time tells `fanout` nodes drawn uniformly from all others, once.
//!
//! ```text
//! Command::Broadcast ─┐
//!                     ├─▶ known? ──no──▶ deliver, send to `fanout` others
//! message ────────────┘      └───yes──▶ count as redundant
//! ```
//! Demers et al. (PODC 1987) call it rumour mongering; the final coverage z of fan-out f solves z = 1 - exp(-f z) (Eugster et al. 2004).
//! It lacks, on purpose, any membership, repair or memory beyond a window of the newest [`WINDOW`] broadcasts.

mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::{BYTES_MAX, Message};

use crate::base::{NodeId, Purpose};
use crate::machine::{Cx, Machine};
use crate::node::{BroadcastId, Command, Effect, Fact, Input, Node, Path};
use std::sync::Arc;

/// How many of the newest broadcasts a node remembers; an older one is taken for known.
pub const WINDOW: u32 = 64;

type Out = Effect<Message, ()>;

/// A node that passes rumours on.
#[derive(Clone, Copy, Debug)]
pub struct Gossiper {
    population: u32,
    fanout: u8,
    /// One past the newest broadcast heard of.
    horizon: u64,
    /// Which of the broadcasts below the horizon are known; the lowest bit is the newest.
    known: u64,
}

impl Gossiper {
    /// Remembers `id`; true if it was new.
    #[inline]
    fn learn(&mut self, id: BroadcastId) -> bool {
        let id = u64::from(id.0);
        if id >= self.horizon {
            let shift = (id - self.horizon + 1).min(64) as u32;
            self.known = self.known.checked_shl(shift).unwrap_or(0) | 1;
            self.horizon = id + 1;
            return true;
        }
        let age = (self.horizon - 1 - id).min(64) as u32;
        let bit = 1u64.checked_shl(age).unwrap_or(0);
        let new = bit != 0 && self.known & bit == 0;
        self.known |= bit;
        new
    }

    #[inline]
    fn hear(&mut self, message: Message, path: Path, cx: &mut Cx<'_, Out>) {
        let Message { id, hops, bytes } = message;
        if !self.learn(id) {
            cx.emit(Effect::Fact(Fact::Redundant { id }));
            return;
        }
        cx.emit(Effect::Fact(Fact::Delivered { id, hops, path }));
        self.tell(Message { id, hops: hops.saturating_add(1), bytes }, cx);
    }

    /// Sends to `fanout` distinct others. Few of many: a draw that hits a peer again is drawn again.
    fn tell(&self, message: Message, cx: &mut Cx<'_, Out>) {
        let others = u64::from(self.population.max(1) - 1);
        let mut steps = [0u32; 32];
        let count = usize::from(self.fanout).min(others as usize).min(steps.len());
        let mut chosen = 0;
        while chosen < count {
            let mut draw = cx.draw(Purpose::Peer);
            for _ in 0..32 {
                if chosen == count {
                    break;
                }
                let step = 1 + draw.below(others) as u32;
                if !steps[..chosen].contains(&step) {
                    steps[chosen] = step;
                    chosen += 1;
                }
            }
        }
        for step in &steps[..chosen] {
            let to = cx.me.ahead(*step, self.population);
            cx.emit(Effect::Send { to, message });
        }
    }
}

impl Machine for Gossiper {
    type Input = Input<Message>;
    type Effect = Out;
    type Why = ();

    #[inline]
    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Out>) {
        match input {
            Input::Message { message, .. } => self.hear(message, Path::Pushed, cx),
            Input::Command(Command::Broadcast { id, bytes }) => self.hear(Message { id, hops: 0, bytes }, Path::Origin, cx),
            Input::Start { .. } | Input::Command(_) | Input::Leave => {}
        }
    }

    fn wake(&mut self, (): (), _: &mut Cx<'_, Out>) {}
}

impl Node for Gossiper {
    type Message = Message;
    type Wakeup = ();
    type Config = Config;

    fn new(config: &Arc<Config>) -> Self {
        Self { population: config.population, fanout: config.fanout.min(32), horizon: 0, known: 0 }
    }

    fn check(&self, _: NodeId) -> Result<(), &'static str> {
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}
