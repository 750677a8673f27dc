//! Named adversaries: what a node does that keeps no protocol.

use crate::base::{NodeId, Span};

/// A node that says what it likes. The network delivers its messages like all others, always under its own name.
pub trait Villain<M> {
    /// A message reached it. What it sends goes to `out`.
    fn hear(&mut self, me: NodeId, from: NodeId, message: &M, out: &mut Vec<(NodeId, M)>);

    /// A beat of its own clock.
    fn tick(&mut self, me: NodeId, out: &mut Vec<(NodeId, M)>) {
        let _ = (me, out);
    }

    /// The time between two beats.
    fn every(&self) -> Span {
        Span::secs(1)
    }
}

/// It takes everything and answers nothing: worse than a dead node only for those who believe that it joined.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl<M> Villain<M> for Silent {
    fn hear(&mut self, _: NodeId, _: NodeId, _: &M, _: &mut Vec<(NodeId, M)>) {}
}

/// It says again, word for word, what others said to it, to everybody it has heard of.
#[derive(Clone, Debug)]
pub struct Replayer<M> {
    heard: Vec<M>,
    known: Vec<NodeId>,
    /// What it says next, and to whom.
    turn: usize,
    /// Old messages that it says at each beat.
    pub per_beat: usize,
}

impl<M> Replayer<M> {
    /// Most messages that it remembers.
    pub const MEMORY: usize = 256;

    /// A replayer that says this much at each beat.
    pub const fn new(per_beat: usize) -> Self {
        Self { heard: Vec::new(), known: Vec::new(), turn: 0, per_beat }
    }
}

impl<M: Clone + Send> Villain<M> for Replayer<M> {
    fn hear(&mut self, _: NodeId, from: NodeId, message: &M, _: &mut Vec<(NodeId, M)>) {
        if self.heard.len() < Self::MEMORY {
            self.heard.push(message.clone());
        }
        if !self.known.contains(&from) {
            self.known.push(from);
        }
    }

    fn tick(&mut self, _: NodeId, out: &mut Vec<(NodeId, M)>) {
        if self.heard.is_empty() {
            return;
        }
        for _ in 0..self.per_beat {
            let (to, what) = (self.known[self.turn % self.known.len()], &self.heard[self.turn / self.known.len() % self.heard.len()]);
            out.push((to, what.clone()));
            self.turn += 1;
        }
    }
}

/// It floods a range of nodes with one message, joins without end for example, and never listens.
#[derive(Clone, Debug)]
pub struct Flooder<M> {
    /// What it says.
    pub message: M,
    /// How many nodes, from number zero, it says it to in turn.
    pub targets: u32,
    /// The time between two messages.
    pub every: Span,
    /// Whom it says it to next.
    pub next: u32,
}

impl<M: Clone> Villain<M> for Flooder<M> {
    fn hear(&mut self, _: NodeId, _: NodeId, _: &M, _: &mut Vec<(NodeId, M)>) {}

    fn tick(&mut self, me: NodeId, out: &mut Vec<(NodeId, M)>) {
        let to = NodeId(self.next % self.targets.max(1));
        self.next = self.next.wrapping_add(1);
        if to != me {
            out.push((to, self.message.clone()));
        }
    }

    fn every(&self) -> Span {
        self.every
    }
}

/// It gives the same few answers in turn, whatever it is asked: that it accepts who asked nothing, that a link is gone which stands.
#[derive(Clone, Debug)]
pub struct Liar<M> {
    /// What it says to who speaks to it.
    pub answers: Vec<M>,
    turn: usize,
}

impl<M> Liar<M> {
    /// A liar that gives these answers in turn, whatever the question.
    pub const fn new(answers: Vec<M>) -> Self {
        Self { answers, turn: 0 }
    }
}

impl<M: Clone> Villain<M> for Liar<M> {
    fn hear(&mut self, _: NodeId, from: NodeId, _: &M, out: &mut Vec<(NodeId, M)>) {
        if !self.answers.is_empty() {
            out.push((from, self.answers[self.turn % self.answers.len()].clone()));
            self.turn += 1;
        }
    }
}
