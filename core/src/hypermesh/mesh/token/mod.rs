//! The token load: each token is always in flight to some node, which sends it on to a node drawn uniformly.
//!
//! ```text
//! Command::Token ──▶ send ──▶ ( arrives ──▶ draw a node ──▶ send )*
//! ```
//! There is no protocol here on purpose: what is measured is the engine, the wire and the draw.

mod config;
mod message;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use message::{BYTES_MAX, Message};

use crate::base::{NodeId, Purpose};
use crate::machine::{Cx, Machine};
use crate::node::{Command, Effect, Input, Node};
use std::sync::Arc;

/// A node that passes tokens on.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    population: u32,
}

type Out = Effect<Message, ()>;

impl Holder {
    #[inline]
    fn pass(self, bytes: u32, cx: &mut Cx<'_, Out>) {
        if self.population < 2 {
            return; // Nobody else is there: the token stays.
        }
        let step = 1 + cx.draw(Purpose::Peer).below(u64::from(self.population - 1)) as u32;
        let to = cx.me.ahead(step, self.population);
        cx.emit(Effect::Send { to, message: Message { bytes } });
    }
}

impl Machine for Holder {
    type Input = Input<Message>;
    type Effect = Out;
    type Why = ();

    #[inline]
    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Out>) {
        match input {
            Input::Message { message, .. } => self.pass(message.bytes, cx),
            Input::Command(Command::Token { bytes }) => self.pass(bytes, cx),
            Input::Start { .. } | Input::Command(_) | Input::Leave => {}
        }
    }

    fn wake(&mut self, (): (), _: &mut Cx<'_, Out>) {}
}

impl Node for Holder {
    type Message = Message;
    type Wakeup = ();
    type Config = Config;

    fn new(config: &Arc<Config>) -> Self {
        Self { population: config.population }
    }

    fn check(&self, _: NodeId) -> Result<(), &'static str> {
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        0
    }
}
