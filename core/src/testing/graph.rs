//! Questions about the graph of views.

use super::net::Net;
use crate::base::NodeId;
use crate::node::Node;

/// Sizes of the connected components among `members`, largest first, where an edge is a view entry in either direction.
pub fn components(members: &[NodeId], view: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<usize> {
    let place = |node: NodeId| members.binary_search(&node).ok();
    let mut parent: Vec<usize> = (0..members.len()).collect();
    for (i, node) in members.iter().enumerate() {
        for peer in view(*node) {
            if let Some(j) = place(peer) {
                let (a, b) = (root(&mut parent, i), root(&mut parent, j));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let mut sizes = vec![0usize; members.len()];
    for i in 0..members.len() {
        sizes[root(&mut parent, i)] += 1;
    }
    sizes.retain(|size| *size > 0);
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

/// The root of a set of a disjoint-set forest, halving the path on the way.
fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

impl<N: Node> Net<N> {
    /// Sizes of the connected components of the honest live nodes, by their views, largest first.
    pub fn components(&self) -> Vec<usize> {
        components(&self.live(), |node| self.node(node).view())
    }

    /// Whether all honest live nodes are connected.
    pub fn is_connected(&self) -> bool {
        self.components().len() == 1
    }
}
