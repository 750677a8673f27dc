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
