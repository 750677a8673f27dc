//! The parts of nodes, and what can be set about each. Defaults are those of the protocols' papers, as `hypermesh-core` has them.

use super::stoq::{Cache, Stoq};
use crate::read::{At, Flag, Switch, choice, section};
use crate::units::{Count, Duration, Share};
use hypermesh_core::hypermesh::mesh::{gossip, hyparview, plumtree, swim, vivaldi};

section! {
    /// Push gossip (Eugster, Guerraoui, Kermarrec, Massoulié 2004).
    pub struct Gossip, "`gossip`", "{fanout: 8}" {
        /// Peers that a node tells when it first hears of a message, 1 to 255.
        fanout: At<Count> = "8",
    }
}

section! {
    /// Membership by partial views: HyParView (Leitão, Pereira, Rodrigues 2007).
    pub struct HyParView, "`hyparview`", "{active: 5, passive: 30}" {
        /// Most peers in the active view, 1 to 64.
        active: At<Count> = "5",
        /// Most peers in the passive view, 0 to 255.
        passive: At<Count> = "30",
        /// Hops of a join's random walk (ARWL), 0 to 255.
        active_walk: At<Count> = "6",
        /// Hops left at which a walking join enters the passive view (PRWL); at most `active_walk`.
        passive_walk: At<Count> = "3",
        /// Active peers sent in a shuffle (ka).
        shuffle_active: At<Count> = "3",
        /// Passive peers sent in a shuffle (kp).
        shuffle_passive: At<Count> = "4",
        /// Time between two shuffles of one node.
        shuffle_every: At<Duration> = "10s",
        /// How long an asked neighbour, or the contact of a join, may take to answer.
        answer_within: At<Duration> = "2s",
        /// Time between two checks of one active peer, each in turn, where swim does not watch the view.
        check_every: At<Duration> = "1s",
    }
}

section! {
    /// Broadcast trees: Plumtree (Leitão, Pereira, Rodrigues 2007).
    pub struct Plumtree, "`plumtree`", "{missing_after: 500ms}" {
        /// How long an announced message may be missing before it is asked for.
        missing_after: At<Duration> = "500ms",
        /// How long the next announcer is waited for after that.
        retry_after: At<Duration> = "250ms",
        /// Messages whose content a node keeps for repair, 1 to 65,535; the oldest is forgotten first.
        remembered: At<Count> = "64",
        /// How many hops shorter a lazy path must be before the tree is bent towards it; 0 turns this off.
        optimise_hops: At<Count> = "0",
        /// How long after a push along the tree the same links get an announcement too, which repairs the loss of the push where nobody else would tell;
        /// `0s` turns this off.
        announce_after: At<Duration> = "1s",
    }
}

section! {
    /// Failure detection: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2017).
    pub struct Swim, "`swim`", "{scope: view, probe_every: 1s}" {
        /// Whom a node watches.
        scope: At<Scope> = "view",
        /// Time between two probes of one node.
        probe_every: At<Duration> = "1s",
        /// How long a direct answer may take. Without it `400ms` for the far peers of a view, `500ms` in a cell.
        answer_within: Option<At<Duration>>,
        /// How long a helper waits for the target before it says that it got no answer. Without it `250ms` for a view, `400ms` in a cell.
        nack_after: Option<At<Duration>>,
        /// Peers asked to probe indirectly when an answer is missing, 0 to 255.
        indirect: At<Count> = "3",
        /// A suspicion lasts at least this many times log10(members) probe intervals. Without it 4 for a view, 5 in a cell.
        suspicion_factor: Option<At<Count>>,
        /// The longest suspicion is this many times the shortest.
        suspicion_spread: At<Count> = "6",
        /// Independent confirmations that bring a suspicion down to its shortest, 0 to 7.
        confirmations: At<Count> = "3",
        /// Updates are repeated this many times log10(members).
        repeat_factor: At<Count> = "4",
        /// Most updates in one message, 1 to 64.
        updates_max: At<Count> = "6",
        /// Highest local health multiplier.
        health_max: At<Count> = "8",
        /// A gossip of its own for the updates of a cell; `off`: they travel on probes and answers only.
        gossip: Switch<UpdateGossip> = "off",
        /// Every so many probes one failed member of a cell is greeted, so that a healed partition is noticed; 0 turns this off.
        greet_failed_every: At<Count> = "8",
        /// The parts of Lifeguard: `on`, `off` (plain SWIM), or each by itself.
        lifeguard: Switch<Lifeguard> = "on",
    }
}

choice! {
    /// Whom a node's failure detector watches.
    pub enum Scope, "view or {cell: COUNT}", "view" {
        words {
            /// The peers of its active view.
            "view" => View,
        }
        parts {
            /// All members of its cell, which know each other from the start: the group is cut into cells of this many nodes, 2 to 5,000.
            "cell" => Cell(At<Count>),
        }
    }
}

section! {
    /// A gossip of updates of a cell, besides the one that probes carry.
    pub struct UpdateGossip, "`gossip`", "{every: 200ms, peers: 3}" {
        /// Time between two rounds, while there are updates to tell.
        every: At<Duration> = "200ms",
        /// Members told in each round.
        peers: At<Count> = "3",
    }
}

section! {
    /// The parts of Lifeguard.
    pub struct Lifeguard, "`lifeguard`", "{aware_probe: on, aware_suspicion: on, buddy: off}" {
        /// A node that doubts itself probes slower and waits longer.
        aware_probe: At<Flag> = "on",
        /// The suspicion time shrinks with independent confirmations.
        aware_suspicion: At<Flag> = "on",
        /// A suspected member is told so first, with the next message to it.
        buddy: At<Flag> = "on",
    }
}

section! {
    /// Network coordinates: Vivaldi (Dabek, Cox, Kaashoek, Morris 2004), a plane with a height.
    pub struct Vivaldi, "`vivaldi`", "{step: 25%}" {
        /// How much one sample moves the coordinate (c_c).
        step: At<Share> = "25%",
        /// How much one sample moves the local error (c_e).
        error_step: At<Share> = "25%",
        /// The least height.
        height_min: At<Duration> = "100us",
        /// A longer round trip is taken for a broken measurement and ignored.
        rtt_max: At<Duration> = "10s",
    }
}

macro_rules! default_is_empty {
    ($($section:ident),*) => { $(
        impl Default for $section {
            /// Every key at its default.
            fn default() -> Self {
                crate::read::empty()
            }
        }
    )* };
}

default_is_empty!(Gossip, HyParView, Plumtree, Swim, Vivaldi, Cache, Stoq);

/// A count as one byte. Larger ones are refused before a plan is made.
fn byte(count: &At<Count>) -> u8 {
    u8::try_from(count.0).unwrap_or(u8::MAX)
}

/// A count as two bytes. Larger ones are refused before a plan is made.
fn two_bytes(count: &At<Count>) -> u16 {
    u16::try_from(count.0).unwrap_or(u16::MAX)
}

impl Gossip {
    /// For the core, in a run of `population` nodes.
    pub fn config(&self, population: u32) -> gossip::Config {
        gossip::Config { fanout: byte(&self.fanout), population }
    }
}

impl HyParView {
    /// For the core.
    pub fn config(&self) -> hyparview::Config {
        hyparview::Config {
            active: byte(&self.active),
            passive: byte(&self.passive),
            active_walk: byte(&self.active_walk),
            passive_walk: byte(&self.passive_walk),
            shuffle_active: byte(&self.shuffle_active),
            shuffle_passive: byte(&self.shuffle_passive),
            shuffle_every: self.shuffle_every.span(),
            answer_within: self.answer_within.span(),
            check_every: self.check_every.span(),
        }
    }
}

impl Plumtree {
    /// For the core.
    pub fn config(&self) -> plumtree::Config {
        plumtree::Config {
            missing_after: self.missing_after.span(),
            retry_after: self.retry_after.span(),
            remembered: two_bytes(&self.remembered),
            optimise_hops: two_bytes(&self.optimise_hops),
            announce_after: self.announce_after.span(),
        }
    }
}

impl Swim {
    /// What the core holds right for this scope: peers of a view may be anywhere in the world, members of a cell are near.
    fn usual(&self) -> swim::Config {
        match self.scope.value {
            Scope::View => swim::Config::wide_area(),
            Scope::Cell(_) => swim::Config::default(),
        }
    }

    /// How long a direct answer may take.
    pub fn answer_within(&self) -> Duration {
        self.answer_within.map_or(Duration(self.usual().answer_within), |written| written.value)
    }

    /// The same with what depends on the scope written out.
    pub fn spelled_out(&self) -> Self {
        let (usual, at) = (self.usual(), self.scope.at);
        Self {
            answer_within: Some(At::new(self.answer_within(), at)),
            nack_after: self.nack_after.or(Some(At::new(Duration(usual.nack_after), at))),
            suspicion_factor: self.suspicion_factor.or(Some(At::new(Count(u32::from(usual.suspicion_factor)), at))),
            ..self.clone()
        }
    }

    /// For the core. `cell` is the first node and the size of the node's cell, for the scope of a cell.
    pub fn config(&self, cell: Option<(u32, u32)>) -> swim::Config {
        let usual = self.usual();
        let lifeguard = self.lifeguard.on().map_or(swim::Lifeguard::OFF, |l| swim::Lifeguard {
            aware_probe: l.aware_probe.0,
            aware_suspicion: l.aware_suspicion.0,
            buddy: l.buddy.0,
        });
        swim::Config {
            scope: cell.map_or(swim::Scope::View, |(first, count)| swim::Scope::Cell { first, count }),
            probe_every: self.probe_every.span(),
            answer_within: self.answer_within.map_or(usual.answer_within, |t| t.span()),
            nack_after: self.nack_after.map_or(usual.nack_after, |t| t.span()),
            indirect: byte(&self.indirect),
            suspicion_factor: self.suspicion_factor.as_ref().map_or(usual.suspicion_factor, byte),
            suspicion_spread: byte(&self.suspicion_spread),
            confirmations: byte(&self.confirmations),
            repeat_factor: byte(&self.repeat_factor),
            updates_max: byte(&self.updates_max),
            health_max: byte(&self.health_max),
            gossip: self.gossip.on().map(|gossip| swim::Gossip { every: gossip.every.span(), peers: byte(&gossip.peers) }),
            greet_failed_every: byte(&self.greet_failed_every),
            lifeguard,
        }
    }
}

impl Vivaldi {
    /// For the core.
    pub fn config(&self) -> vivaldi::Config {
        vivaldi::Config {
            step: self.step.unit() as f32,
            error_step: self.error_step.unit() as f32,
            height_ms_min: self.height_min.span().as_millis_f64() as f32,
            rtt_max: self.rtt_max.span(),
        }
    }
}
