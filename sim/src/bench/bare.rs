//! The ceiling: an event loop over the same queue, one memory access per event, and nothing else. What a simulator adds to this is its price.

use super::{Load, plans};
use crate::engine::event::{Event, What};
use crate::engine::queue::Wheel;
use hypermesh_core::base::digest::mix;
use std::time::Instant;

/// A node of the bare loop.
#[derive(Clone, Copy, Default)]
struct Bare {
    seen: u32,
    rumour: u32,
    rest: [u64; 3],
}

/// Delivers about `wanted` messages to `nodes` nodes; the number delivered and the time of the loop in ns.
pub fn run(load: Load, nodes: u32, wanted: u64) -> (u64, u64) {
    let shift = 63 - (80_000_000u64 * 128 / u64::from(nodes).max(1)).clamp(1 << 10, 1 << 20).leading_zeros();
    let mut world = Loop { wheel: Wheel::new(shift), nodes: vec![Bare::default(); nodes as usize], random: 1, delivered: 0, now: 0 };
    let began = Instant::now();
    match load {
        Load::Token => world.tokens(wanted),
        Load::Gossip => world.gossip(plans::rumours(nodes)),
    }
    (world.delivered, began.elapsed().as_nanos() as u64)
}

struct Loop {
    wheel: Wheel<Event<u32, ()>>,
    nodes: Vec<Bare>,
    random: u64,
    delivered: u64,
    /// Start of the latest slot that was handled.
    now: u64,
}

impl Loop {
    /// Sends one message to a random node, after a random delay.
    #[inline]
    fn send(&mut self, now: u64, from: u32, what: u32) {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let random = mix(self.random);
        let dst = ((u64::from(random as u32) * self.nodes.len() as u64) >> 32) as u32;
        let delay = 10_000_000 + (((random >> 32) * 148_000_000) >> 32);
        self.wheel.push(Event { at: now + delay, dst, src: from, seq: 0, what: What::Message(what) });
    }

    fn tokens(&mut self, wanted: u64) {
        for node in 0..self.nodes.len() as u32 {
            self.send(0, node, 0);
        }
        self.turn(wanted, |world, event| {
            world.nodes[event.dst as usize].seen += 1;
            world.nodes[event.dst as usize].rest[0] ^= event.at;
            world.send(event.at, event.dst, 0);
        });
    }

    fn gossip(&mut self, rumours: u64) {
        for rumour in 1..=rumours as u32 {
            // A rumour may take longer than the time to the next; the next then starts when it is over.
            let now = self.now.max(u64::from(rumour) * 500_000_000);
            self.send(now, 0, rumour);
            self.turn(u64::MAX, |world, event| {
                let What::Message(rumour) = event.what else { return };
                let node = &mut world.nodes[event.dst as usize];
                if node.rumour != rumour {
                    node.rumour = rumour;
                    for _ in 0..plans::FANOUT {
                        world.send(event.at, event.dst, rumour);
                    }
                }
            });
        }
    }

    /// Handles events in order of time until `wanted` are delivered or none is left.
    fn turn(&mut self, wanted: u64, mut handle: impl FnMut(&mut Self, &Event<u32, ()>)) {
        let mut slot = Vec::new();
        while let Some(start) = self.wheel.next_slot().filter(|_| self.delivered < wanted) {
            self.now = start;
            self.wheel.take_slot(start, &mut slot);
            slot.sort_unstable_by_key(|event: &Option<Event<u32, ()>>| event.as_ref().map(|event| (event.at, event.dst)));
            for event in slot.drain(..).flatten() {
                self.delivered += 1;
                handle(self, &event);
            }
        }
    }
}
