//! What one node does for the copies: it hands on what others should have, and gives up what it should not.
//!
//! ```text
//!  members change ─▶ round: what is mine to see to? ─▶ plan ─▶ Copy ─▶ Stored: noted ─┐
//!                      ▲                                        └────▶ Refused ─ later ┤
//!                      └──────────────────────────────────────────────────────────────┘
//!                                   all the right ones have it, and this is none of them ─▶ Drop
//! ```
//! Nobody asks anybody who has what. A node knows who held what when it came up, and what was acknowledged to itself since; it sees to a chunk if it is the
//! first of the right holders that are left, as far as it knows, or if it holds the chunk without being a right holder. So a chunk is seen to by
//! somebody as long as anybody holds it; two may see to the same one, and then the second learns that nothing is missing.
//!
//! Promises: a copy is given up only after each right holder has acknowledged its own; a chunk that one member holds is with all its right holders after
//! finitely many rounds without a refusal; no more copies are under way than allowed.

use super::{Budget, Placement, Stock, plan};
use crate::base::{NodeId, Span};
use crate::machine::{Cx, Machine};
use crate::stoq::chunk::ChunkId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What can be set about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Copies that each chunk should have.
    pub replicas: usize,
    /// Bytes that one round may put on their way.
    pub budget: Budget,
    /// The time between rounds as long as something is left to do.
    pub every: Span,
    /// Copies under way at a time.
    pub under_way_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { replicas: 3, budget: Budget { total: 64 << 20, per_node: 64 << 20 }, every: Span::secs(1), under_way_max: 32 }
    }
}

/// What can happen to it.
#[derive(Clone, Debug)]
pub enum Input {
    /// These are the members from now on. This node is one of them.
    Members(Placement),
    /// A chunk that there is, and who holds it for certain.
    Known(Stock),
    /// A member acknowledged that it holds a chunk.
    Stored {
        /// The chunk.
        id: ChunkId,
        /// Who.
        to: NodeId,
    },
    /// A member did not take a chunk, or was not reached.
    Refused {
        /// The chunk.
        id: ChunkId,
        /// Who.
        to: NodeId,
    },
}

/// What it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Hand a chunk to a member. [`Input::Stored`] or [`Input::Refused`] follows.
    Copy {
        /// The chunk.
        id: ChunkId,
        /// To whom.
        to: NodeId,
    },
    /// Give up this node's copy.
    Drop {
        /// Of which chunk.
        id: ChunkId,
    },
    /// Wake it after a while.
    Wake {
        /// How long from now.
        after: Span,
        /// Why.
        why: Why,
    },
}

/// Why it is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Time for another round.
    Round,
}

/// The keeper of a node's copies.
#[derive(Clone, Debug)]
pub struct Keeper {
    config: Arc<Config>,
    me: NodeId,
    placement: Placement,
    /// Chunks with those who hold them for certain.
    stock: BTreeMap<ChunkId, Stock>,
    under_way: BTreeSet<(ChunkId, NodeId)>,
    /// A wake-up is on its way.
    awake: bool,
}

type Context<'c> = Cx<'c, Effect>;

impl Machine for Keeper {
    type Input = Input;
    type Effect = Effect;
    type Why = Why;

    fn handle(&mut self, input: Input, cx: &mut Context<'_>) {
        match input {
            Input::Members(placement) => self.on_members(placement, cx),
            Input::Known(stock) => self.on_known(stock),
            Input::Stored { id, to } => {
                self.under_way.remove(&(id, to));
                if let Some(stock) = self.stock.get_mut(&id).filter(|stock| !stock.holders.contains(&to)) {
                    stock.holders.push(to);
                }
                if self.under_way.is_empty() {
                    self.round(cx);
                }
            }
            // The next round tries again.
            Input::Refused { id, to } => drop(self.under_way.remove(&(id, to))),
        }
    }

    fn wake(&mut self, _: Why, cx: &mut Context<'_>) {
        self.awake = false;
        self.round(cx);
    }
}

impl Keeper {
    /// A keeper that knows of no chunk yet, and of these members.
    pub const fn new(config: Arc<Config>, me: NodeId, placement: Placement) -> Self {
        Self { config, me, placement, stock: BTreeMap::new(), under_way: BTreeSet::new(), awake: false }
    }

    /// Copies under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// What must always hold; the text names the broken promise.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.under_way.len() > self.config.under_way_max {
            return Err("no more copies are under way than allowed");
        }
        if self.under_way.iter().any(|(_, to)| *to == self.me) {
            return Err("nobody copies to itself");
        }
        Ok(())
    }

    /// What is certain is added to what was.
    fn on_known(&mut self, known: Stock) {
        let entry = self.stock.entry(known.id).or_insert_with(|| Stock { holders: Vec::new(), ..known.clone() });
        entry.holders.extend(known.holders);
        entry.holders.sort_unstable();
        entry.holders.dedup();
    }

    fn on_members(&mut self, placement: Placement, cx: &mut Context<'_>) {
        self.placement = placement;
        let Self { placement, stock, under_way, config, me, .. } = self;
        for stock in stock.values_mut() {
            // Others may give up what is no longer theirs; whether they did, nobody tells.
            let right = placement.holders(&stock.id, config.replicas);
            stock.holders.retain(|node| *node == *me || right.contains(node));
        }
        under_way.retain(|(_, to)| placement.knows(*to));
        self.round(cx);
    }

    /// The chunks that this node has to see to.
    fn mine(&self) -> Vec<Stock> {
        let sees_to = |stock: &&Stock| {
            let right = self.placement.holders(&stock.id, self.config.replicas);
            let first = right.iter().find(|node| stock.holders.contains(node));
            stock.holders.contains(&self.me) && (first == Some(&self.me) || !right.contains(&self.me))
        };
        self.stock.values().filter(sees_to).cloned().collect()
    }

    fn round(&mut self, cx: &mut Context<'_>) {
        let plan = plan(&self.placement, self.config.replicas, &self.mine(), &[], self.config.budget);
        for (id, node) in &plan.surplus {
            if let Some(stock) = self.stock.get_mut(id) {
                stock.holders.retain(|holder| holder != node);
            }
            if *node == self.me {
                cx.emit(Effect::Drop { id: *id });
            }
        }
        let left = !plan.copies.is_empty() || plan.deferred > 0;
        for copy in plan.copies {
            // Whoever the plan would take it from: this node sees to it.
            if self.under_way.len() < self.config.under_way_max && copy.to != self.me && self.under_way.insert((copy.id, copy.to)) {
                cx.emit(Effect::Copy { id: copy.id, to: copy.to });
            }
        }
        if left && !self.awake {
            self.awake = true;
            cx.emit(Effect::Wake { after: self.config.every, why: Why::Round });
        }
    }
}
