//! Bindings that are written and not yet on stable storage. Nobody is told of them: what is told must not be unsaid by a loss of power.

use super::index::Bound;
use hypermesh_core::stoq::chunk::NameKey;
use std::collections::{HashMap, VecDeque};

/// The bindings, in the order in which they were written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    order: VecDeque<(NameKey, Bound)>,
    /// The newest of each name, and how many there are.
    newest: HashMap<NameKey, (Bound, usize)>,
}

impl Pending {
    /// Whoever calls has seen to it that the version is not below that of [`Pending::newest`].
    pub(super) fn push(&mut self, name: NameKey, bound: Bound) {
        self.order.push_back((name, bound));
        let newest = self.newest.entry(name).or_insert((bound, 0));
        *newest = (bound, newest.1 + 1);
    }

    /// The newest binding of a name that waits.
    pub(super) fn newest(&self, name: &NameKey) -> Option<&Bound> {
        self.newest.get(name).map(|(bound, _)| bound)
    }

    /// The next binding that is on stable storage when everything up to a number is.
    pub(super) fn pop(&mut self, durable: u64) -> Option<(NameKey, Bound)> {
        self.order.front().filter(|(_, bound)| bound.seq <= durable)?;
        let (name, bound) = self.order.pop_front()?;
        let newest = self.newest.get_mut(&name).expect("what waits is counted");
        newest.1 -= 1;
        if newest.1 == 0 {
            self.newest.remove(&name);
        }
        Some((name, bound))
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}
