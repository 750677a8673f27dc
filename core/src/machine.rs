//! The contract that every protocol component keeps: inputs in, effects out, nothing else in between.
//!
//! A component reacts to an input or to a deadline that it asked for. While it reacts it may read the time, draw seeded chance and emit effects;
//! all three arrive through [`Cx`]. The sink belongs to the driver and is reused, so a sleeping node owns no queue.
//!
//! A parent drains what its children emitted and translates it: a child's effect is rarely the parent's. A layer names the layer below, never the
//! one above.

use crate::base::{Dice, Draw, NodeId, Purpose, Time};

/// A protocol component.
pub trait Machine {
    /// Everything that can happen to it.
    type Input;
    /// Everything it can ask for.
    type Effect;
    /// Every reason it has to be woken. It says what was due; a stale wake-up (its reason no longer holds) is harmless.
    type Why;

    /// A message, a command or a local completion arrives.
    fn handle(&mut self, input: Self::Input, cx: &mut Cx<'_, Self::Effect>);

    /// A deadline that this component asked for is due.
    fn wake(&mut self, why: Self::Why, cx: &mut Cx<'_, Self::Effect>);
}

/// A node's access to seeded chance: the driver's dice, the node's stream and its position there.
#[derive(Debug)]
pub struct Chance<'a> {
    dice: &'a mut Dice,
    stream: u32,
    position: &'a mut u32,
}

impl<'a> Chance<'a> {
    /// Chance for the node `stream`, which has drawn `position` times so far.
    pub const fn new(dice: &'a mut Dice, stream: u32, position: &'a mut u32) -> Self {
        Self { dice, stream, position }
    }
}

/// What a machine may touch while it reacts.
#[derive(Debug)]
pub struct Cx<'a, E> {
    /// The node's clock. It never runs backwards, and it may be skewed.
    pub now: Time,
    /// The node that reacts.
    pub me: NodeId,
    chance: Chance<'a>,
    out: &'a mut Vec<E>,
}

impl<'a, E> Cx<'a, E> {
    /// A context whose effects go to `out`.
    pub const fn new(now: Time, me: NodeId, chance: Chance<'a>, out: &'a mut Vec<E>) -> Self {
        Self { now, me, chance, out }
    }

    /// Asks the driver, or the parent, for one thing.
    #[inline]
    pub fn emit(&mut self, effect: E) {
        self.out.push(effect);
    }

    /// A fresh draw. Each call moves the node's position by one, and gives up to 32 numbers.
    #[inline]
    pub fn draw(&mut self, purpose: Purpose) -> Draw<'_> {
        let position = *self.chance.position;
        *self.chance.position = position.wrapping_add(1);
        self.chance.dice.draw(self.chance.stream, purpose, position)
    }

    /// The same moment and chance for a child whose effects go to `out`.
    #[inline]
    pub const fn child<'b, F>(&'b mut self, out: &'b mut Vec<F>) -> Cx<'b, F> {
        let chance = Chance { dice: self.chance.dice, stream: self.chance.stream, position: self.chance.position };
        Cx { now: self.now, me: self.me, chance, out }
    }
}
