//! Where monitors write down what they find in one reaction of a node.

use super::Monitor;
use hypermesh_core::base::NodeId;
use hypermesh_core::node::Content;

/// Findings of one reaction. Its room is kept for the next one.
#[derive(Debug, Default)]
pub struct Sheet {
    tried: Vec<(Monitor, u32)>,
    unkept: Vec<(Monitor, NodeId, u64)>,
}

impl Sheet {
    /// An empty sheet.
    pub const fn new() -> Self {
        Self { tried: Vec::new(), unkept: Vec::new() }
    }

    /// The requirement was put to the test.
    pub fn tried(&mut self, monitor: Monitor) {
        match self.tried.iter_mut().find(|(known, _)| *known == monitor) {
            Some((_, times)) => *times += 1,
            None => self.tried.push((monitor, 1)),
        }
    }

    /// It was not kept towards a peer; `what` is for whoever reads of it.
    pub fn unkept(&mut self, monitor: Monitor, peer: NodeId, what: u64) {
        self.unkept.push((monitor, peer, what));
    }

    /// It was put to the test, and kept or not.
    pub fn judge(&mut self, monitor: Monitor, is_kept: bool, peer: NodeId, what: u64) {
        self.tried(monitor);
        if !is_kept {
            self.unkept(monitor, peer, what);
        }
    }

    /// Whether nothing was found.
    pub const fn is_empty(&self) -> bool {
        self.tried.is_empty() && self.unkept.is_empty()
    }

    /// What was found, as facts; nothing is left.
    pub fn drain(&mut self) -> impl Iterator<Item = Content> {
        let tried = self.tried.drain(..).map(|(monitor, times)| Content::Tried { monitor: monitor as u8, times });
        tried.chain(self.unkept.drain(..).map(|(monitor, peer, what)| Content::Unkept { monitor: monitor as u8, peer, what }))
    }

    /// How often a requirement was put to the test and not kept, so far in this reaction.
    pub fn counts(&self, monitor: Monitor) -> (u32, u32) {
        let tried = self.tried.iter().find(|(known, _)| *known == monitor).map_or(0, |(_, times)| *times);
        (tried, self.unkept.iter().filter(|(known, ..)| *known == monitor).count() as u32)
    }
}
