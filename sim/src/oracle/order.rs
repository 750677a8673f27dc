//! A pipe keeps its order: datagrams of a pair arrive in the order of their numbers. Watched at one receiver in 64.

use hypermesh_core::base::NodeId;
use hypermesh_core::base::digest::mix;
use std::collections::BTreeMap;

/// The newest number seen, per watched pair.
#[derive(Clone, Debug, Default)]
pub struct PipeOrder {
    newest: BTreeMap<(u32, u32), u32>,
}

/// Most pairs watched at once; further ones are left out.
const PAIRS: usize = 200_000;

impl PipeOrder {
    /// Writes an arrival down; the newer number that it came after, if there is one.
    #[inline]
    pub fn overtaken(&mut self, to: NodeId, from: NodeId, seq: u32) -> Option<u32> {
        if mix(u64::from(to.0)).is_multiple_of(64) { self.arrived(to, from, seq) } else { None }
    }

    fn arrived(&mut self, to: NodeId, from: NodeId, seq: u32) -> Option<u32> {
        let room = self.newest.len() < PAIRS;
        match self.newest.entry((to.0, from.0)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                if room {
                    entry.insert(seq);
                }
                None
            }
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let newest = *entry.get();
                entry.insert(newest.max(seq));
                (seq < newest).then_some(newest)
            }
        }
    }
}
