//! What to do after a loss: which chunk from whom to whom, the most endangered first, within a budget per round.

use super::Placement;
use crate::base::NodeId;
use crate::stoq::chunk::ChunkId;
use crate::testing::{Breach, Defect};
use std::collections::BTreeMap;

/// Who holds a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// The chunk.
    pub id: ChunkId,
    /// Its stored bytes.
    pub len: u32,
    /// Nodes that hold it. Those that are not members count as lost.
    pub holders: Vec<NodeId>,
}

/// Where a shard of a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shard {
    /// All zeros: the group has fewer chunks than `k`. Nobody keeps it and everybody has it.
    Zero,
    /// At this node. Lost if that is not a member.
    At(NodeId),
    /// Lost.
    Lost,
}

/// Who holds the shards of an erasure group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStock {
    /// What the group is placed by: the name of its first chunk.
    pub id: ChunkId,
    /// Octets of a shard.
    pub shard_len: u32,
    /// Shards that suffice, `k`.
    pub needed: usize,
    /// All `n` shards in order.
    pub shards: Vec<Shard>,
}

/// Bytes that one round of repair may move. A round lets at least one transfer pass, and each node take part in one, however large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// All together.
    pub total: u64,
    /// In or out of any one node.
    pub per_node: u64,
}

/// A chunk to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copying {
    /// The chunk.
    pub id: ChunkId,
    /// Its stored bytes.
    pub len: u32,
    /// A node that holds it.
    pub from: NodeId,
    /// A node that should.
    pub to: NodeId,
}

/// A group to rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    /// The group.
    pub id: ChunkId,
    /// The node that fetches and computes.
    pub at: NodeId,
    /// Shards to fetch, and where.
    pub from: Vec<(usize, NodeId)>,
    /// Lost shards to make, and which node keeps each. The first is kept where it is made.
    pub makes: Vec<(usize, NodeId)>,
}

/// One round of repair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Chunks to copy, the most endangered first.
    pub copies: Vec<Copying>,
    /// Groups to rebuild, the most endangered first.
    pub rebuilds: Vec<Rebuild>,
    /// Copies and rebuilds that the budget left for later rounds.
    pub deferred: usize,
    /// Chunks without a holder and groups with fewer than `k` shards. Nothing can be done here.
    pub lost: Vec<ChunkId>,
    /// Copies beyond the right ones, where all the right ones exist. They may be dropped.
    pub surplus: Vec<(ChunkId, NodeId)>,
}

/// One round of repair: every chunk should be at its `replicas` holders, every shard of a group at one node.
pub fn plan(placement: &Placement, replicas: usize, stock: &[Stock], groups: &[GroupStock], budget: Budget) -> Plan {
    let mut round = Round { budget, moved: 0, loads: BTreeMap::new() };
    let mut plan = Plan::default();
    let mut tasks = Vec::new();
    for (index, chunk) in stock.iter().enumerate() {
        review_chunk(placement, replicas, chunk, &mut plan, |left, to| tasks.push((left, chunk.id, Task::Copy { index, to })));
    }
    for (index, group) in groups.iter().enumerate() {
        if let Some(spare) = review_group(placement, group, &mut plan) {
            tasks.push((spare, group.id, Task::Rebuild { index }));
        }
    }
    // How many losses a task's chunk still survives, then the name, so that every node that plans plans the same.
    tasks.sort_by_key(|(spare, id, _)| (*spare, *id));
    for (_, _, task) in &tasks {
        let done = match *task {
            Task::Copy { index, to } => round.copy(placement, &stock[index], to).map(|copy| plan.copies.push(copy)),
            Task::Rebuild { index } => round.rebuild(placement, &groups[index]).map(|rebuild| plan.rebuilds.push(rebuild)),
        };
        plan.deferred += usize::from(done.is_none());
    }
    plan
}

enum Task {
    Copy { index: usize, to: NodeId },
    Rebuild { index: usize },
}

/// Notes what is lost and what is too much of a chunk, and hands over each copy that it lacks with the number of losses that the chunk survives before
/// that copy exists.
fn review_chunk(placement: &Placement, replicas: usize, chunk: &Stock, plan: &mut Plan, mut lacks: impl FnMut(usize, NodeId)) {
    let mut survivors: Vec<_> = {
        let counts = |node: &NodeId| placement.knows(*node) || Breach::CountCachedCopies.is_on();
        chunk.holders.iter().copied().filter(counts).collect()
    };
    survivors.sort_unstable();
    survivors.dedup();
    if survivors.is_empty() {
        plan.lost.push(chunk.id);
        return;
    }
    let right = placement.holders(&chunk.id, replicas);
    let missing: Vec<_> = right.iter().copied().filter(|node| survivors.binary_search(node).is_err()).collect();
    let complete = missing.is_empty() || Defect::UnacknowledgedCopy.is_planted(placement.defect);
    if complete && right.len() >= replicas.min(survivors.len()) {
        plan.surplus.extend(survivors.iter().filter(|node| !right.contains(node)).map(|node| (chunk.id, *node)));
    }
    missing.into_iter().enumerate().for_each(|(i, to)| lacks(survivors.len() - 1 + i, to));
}

/// How many losses the group still survives, if it has shards to rebuild and can be rebuilt.
fn review_group(placement: &Placement, group: &GroupStock, plan: &mut Plan) -> Option<usize> {
    let there = group.shards.iter().filter(|shard| present(placement, **shard)).count();
    if there == group.shards.len() {
        return None;
    }
    let spare = there.checked_sub(group.needed);
    if spare.is_none() {
        plan.lost.push(group.id);
    }
    spare
}

fn present(placement: &Placement, shard: Shard) -> bool {
    match shard {
        Shard::Zero => true,
        Shard::At(node) => placement.knows(node),
        Shard::Lost => false,
    }
}

/// What a round has spent.
struct Round {
    budget: Budget,
    moved: u64,
    /// Bytes in and out of each node.
    loads: BTreeMap<NodeId, [u64; 2]>,
}

const IN: usize = 0;
const OUT: usize = 1;

impl Round {
    fn copy(&mut self, placement: &Placement, chunk: &Stock, to: NodeId) -> Option<Copying> {
        let len = u64::from(chunk.len);
        if !self.fits(len) || !self.has_room(to, IN, len) {
            return None;
        }
        let holders = chunk.holders.iter().copied().filter(|node| placement.knows(*node) && self.has_room(*node, OUT, len));
        let from = holders.min_by_key(|node| (self.load(*node, OUT), *node))?;
        self.spend(from, to, len);
        Some(Copying { id: chunk.id, len: chunk.len, from, to })
    }

    fn rebuild(&mut self, placement: &Placement, group: &GroupStock) -> Option<Rebuild> {
        let len = u64::from(group.shard_len);
        let makes = keepers(placement, group);
        let at = makes.first()?.1;
        let zeros = group.shards.iter().filter(|shard| **shard == Shard::Zero).count();
        let fetched = group.needed.saturating_sub(zeros);
        let bytes = len * (fetched + makes.len() - 1) as u64;
        if !self.fits(bytes) || !self.has_room(at, IN, len * fetched as u64) || !self.has_room(at, OUT, len * (makes.len() - 1) as u64) {
            return None;
        }
        let held = group.shards.iter().enumerate().filter_map(|(i, shard)| match shard {
            Shard::At(node) if placement.knows(*node) => Some((i, *node)),
            _ => None,
        });
        let mut from: Vec<_> = held.filter(|(_, node)| self.has_room(*node, OUT, len)).collect();
        from.sort_by_key(|(i, node)| (self.load(*node, OUT), *i));
        from.truncate(fetched);
        if from.len() < fetched || makes[1..].iter().any(|(_, to)| !self.has_room(*to, IN, len)) {
            return None;
        }
        from.sort_unstable();
        from.iter().for_each(|(_, node)| self.spend(*node, at, len));
        makes[1..].iter().for_each(|(_, to)| self.spend(at, *to, len));
        Some(Rebuild { id: group.id, at, from, makes })
    }

    fn fits(&self, bytes: u64) -> bool {
        self.moved == 0 || self.moved + bytes <= self.budget.total
    }

    fn has_room(&self, node: NodeId, way: usize, bytes: u64) -> bool {
        let load = self.load(node, way);
        load == 0 || load + bytes <= self.budget.per_node
    }

    fn load(&self, node: NodeId, way: usize) -> u64 {
        self.loads.get(&node).map_or(0, |loads| loads[way])
    }

    fn spend(&mut self, from: NodeId, to: NodeId, bytes: u64) {
        self.moved += bytes;
        self.loads.entry(from).or_default()[OUT] += bytes;
        self.loads.entry(to).or_default()[IN] += bytes;
    }
}

/// Which node keeps each lost shard: the group's right nodes that keep none yet. With fewer members than shards, some are left for later.
fn keepers(placement: &Placement, group: &GroupStock) -> Vec<(usize, NodeId)> {
    let real = group.shards.iter().filter(|shard| **shard != Shard::Zero).count();
    let mut free = placement.holders(&group.id, real);
    free.retain(|node| !group.shards.contains(&Shard::At(*node)));
    let lost = group.shards.iter().enumerate().filter(|(_, shard)| !present(placement, **shard)).map(|(i, _)| i);
    lost.zip(free).collect()
}
