//! Keepers of several nodes, whose copies arrive, fail and are lost with their nodes.

use super::*;
use crate::base::digest::mix;
use crate::base::{Dice, SeedKey, Time};
use crate::machine::{Chance, Cx, Machine};
use crate::stoq::replication::keeper::{Config, Effect, Input, Keeper};
use crate::stoq::replication::{Budget, Stock};
use crate::testing::Defect;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NODES: u32 = 12;
const CHUNKS: u64 = 16;
const REPLICAS: usize = 3;

/// The nodes that are left, the truth about who holds what, and copies under way.
struct Town {
    members: Vec<Member>,
    lost: Vec<Member>,
    keepers: BTreeMap<NodeId, Keeper>,
    truth: BTreeMap<ChunkId, BTreeSet<NodeId>>,
    under_way: Vec<(NodeId, ChunkId, NodeId)>,
    state: u64,
    defect: Option<Defect>,
    /// Copies that were given up too early.
    early: usize,
}

impl Town {
    fn new(seed: u64, defect: Option<Defect>) -> Self {
        let members = grid(2, 2, 3);
        let mut town = Self {
            lost: Vec::new(),
            keepers: BTreeMap::new(),
            truth: BTreeMap::new(),
            under_way: Vec::new(),
            state: mix(seed),
            defect,
            early: 0,
            members,
        };
        let placement = town.placement();
        let config = Arc::new(Config { replicas: REPLICAS, budget: Budget { total: 1_000, per_node: 1_000 }, ..Config::default() });
        for node in (0..NODES).map(NodeId) {
            town.keepers.insert(node, Keeper::new(config.clone(), node, placement.clone()));
        }
        for chunk in (0..CHUNKS).map(id) {
            let holders = placement.holders(&chunk, REPLICAS);
            town.truth.insert(chunk, holders.iter().copied().collect());
            for node in (0..NODES).map(NodeId) {
                town.tell(node, Input::Known(Stock { id: chunk, len: 100, holders: holders.clone() }));
            }
        }
        town
    }

    fn placement(&self) -> Placement {
        over(&self.members).planted(self.defect)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.state = mix(self.state.wrapping_add(1));
        (self.state % below.max(1) as u64) as usize
    }

    fn tell(&mut self, node: NodeId, input: Input) {
        self.react(node, |keeper, cx| keeper.handle(input, cx));
    }

    fn react(&mut self, node: NodeId, react: impl FnOnce(&mut Keeper, &mut Cx<'_, Effect>)) {
        let Some(keeper) = self.keepers.get_mut(&node) else { return };
        let (mut dice, mut position, mut out) = (Dice::new(SeedKey::new(1)), 0, Vec::new());
        react(keeper, &mut Cx::new(Time::ZERO, node, Chance::new(&mut dice, 0, &mut position), &mut out));
        keeper.check().expect("a keeper keeps its promises");
        for effect in out {
            match effect {
                Effect::Copy { id, to } => self.under_way.push((node, id, to)),
                Effect::Drop { id } => {
                    let holders = self.truth.get_mut(&id).expect("a chunk that there is");
                    holders.remove(&node);
                    self.early += usize::from(holders.len() < REPLICAS.min(self.members.len()));
                }
                Effect::Wake { .. } => {}
            }
        }
    }

    /// One copy arrives, or fails; or everybody has a round.
    fn step(&mut self, honest: bool) {
        if self.under_way.is_empty() || self.roll(8) == 0 {
            let nodes: Vec<NodeId> = self.keepers.keys().copied().collect();
            nodes.into_iter().for_each(|node| self.react(node, |keeper, cx| keeper.wake(crate::stoq::replication::keeper::Why::Round, cx)));
        }
        if self.under_way.is_empty() {
            return;
        }
        let at = self.roll(self.under_way.len());
        let (from, id, to) = self.under_way.swap_remove(at);
        let arrives = self.keepers.contains_key(&to) && self.keepers.contains_key(&from) && (honest || self.roll(4) > 0);
        if arrives {
            self.truth.get_mut(&id).expect("a chunk that there is").insert(to);
            // The receiver knows that it holds it now, and nothing about others.
            self.tell(to, Input::Known(Stock { id, len: 100, holders: vec![to] }));
        }
        self.tell(from, if arrives { Input::Stored { id, to } } else { Input::Refused { id, to } });
    }

    /// Copies arrive until several rounds in turn have nothing to do.
    fn settle(&mut self) {
        let mut idle = 0;
        for _ in 0..1_000 {
            self.step(true);
            idle = if self.under_way.is_empty() { idle + 1 } else { 0 };
            if idle > 3 {
                return;
            }
        }
        panic!("repair goes on for ever");
    }

    /// A node is lost with all that it held; everybody hears of it.
    fn lose(&mut self) {
        let at = self.roll(self.members.len());
        let lost = self.members.remove(at);
        self.lost.push(lost);
        self.keepers.remove(&lost.node);
        for holders in self.truth.values_mut() {
            holders.remove(&lost.node);
        }
        self.tell_members();
    }

    /// A node that was lost comes back with nothing: what stood in for it has to hand back what it keeps.
    fn come_back(&mut self) {
        let at = self.roll(self.lost.len());
        let member = self.lost.remove(at);
        self.members.push(member);
        let config = Arc::new(Config { replicas: REPLICAS, ..Config::default() });
        self.keepers.insert(member.node, Keeper::new(config, member.node, self.placement()));
        self.tell_members();
    }

    fn tell_members(&mut self) {
        let placement = self.placement();
        let nodes: Vec<NodeId> = self.keepers.keys().copied().collect();
        nodes.into_iter().for_each(|node| self.tell(node, Input::Members(placement.clone())));
    }
}

/// Loses nodes one after the other, with time for repair after every second loss; then one of them comes back. The town at its end.
fn after_losses(seed: u64, defect: Option<Defect>) -> Town {
    let mut town = Town::new(seed, defect);
    for loss in 0..6 {
        town.lose();
        (0..20).for_each(|_| town.step(false));
        if loss % 2 == 1 {
            town.settle();
            town.come_back();
            town.settle();
        }
    }
    town
}

#[test]
fn whatever_is_lost_in_turn_every_chunk_is_where_it_belongs_in_the_end() {
    for seed in 0..4 {
        let town = after_losses(seed, None);
        let placement = town.placement();
        assert_eq!(town.early, 0, "seed {seed}: nothing is given up before the right ones have it");
        for (chunk, holders) in &town.truth {
            let right = placement.holders(chunk, REPLICAS);
            assert!(right.iter().all(|node| holders.contains(node)), "seed {seed}: {chunk:?} belongs to {right:?} and is at {holders:?}");
        }
    }
}

#[cfg(feature = "defects")]
#[test]
fn copies_that_count_before_they_are_acknowledged_are_found() {
    let early: usize = (0..5).map(|seed| after_losses(seed, Some(Defect::UnacknowledgedCopy)).early).sum();
    assert!(early > 0, "copies were given up too early");
}
