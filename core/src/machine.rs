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

/// A cell of a machine's table of states and events: where it goes, and what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<State, Act> {
    /// The next state.
    pub next: State,
    /// What is done.
    pub act: Act,
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

/// Where effects go: straight into the driver's sink, or one by one through the parent that translates them.
pub enum Out<'a, E> {
    /// The sink of the driver.
    Sink(&'a mut Vec<E>),
    /// A parent, called at each effect.
    Through(&'a mut dyn FnMut(E)),
}

impl<E> Out<'_, E> {
    /// Hands over one effect.
    #[inline]
    pub fn emit(&mut self, effect: E) {
        match self {
            Self::Sink(sink) => sink.push(effect),
            Self::Through(parent) => parent(effect),
        }
    }
}

impl<E> core::fmt::Debug for Out<'_, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if matches!(self, Self::Sink(_)) { "Sink" } else { "Through" })
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
    out: Out<'a, E>,
}

impl<'a, E> Cx<'a, E> {
    /// A context whose effects go to `out`.
    pub const fn new(now: Time, me: NodeId, chance: Chance<'a>, out: &'a mut Vec<E>) -> Self {
        Self { now, me, chance, out: Out::Sink(out) }
    }

    /// Asks the driver, or the parent, for one thing.
    #[inline]
    pub fn emit(&mut self, effect: E) {
        self.out.emit(effect);
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
        Cx { now: self.now, me: self.me, chance, out: Out::Sink(out) }
    }

    /// Lets a child react at the same moment, with the same chance. Each of its effects is translated at once, so no queue lies between the two.
    #[inline]
    pub fn through<F, R>(&mut self, mut translate: impl FnMut(F, &mut Out<'a, E>), react: impl FnOnce(&mut Cx<'_, F>) -> R) -> R {
        let chance = Chance { dice: self.chance.dice, stream: self.chance.stream, position: self.chance.position };
        let out = &mut self.out;
        let mut each = |effect: F| translate(effect, out);
        react(&mut Cx { now: self.now, me: self.me, chance, out: Out::Through(&mut each) })
    }
}
