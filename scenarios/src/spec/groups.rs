//! The nodes.

use super::cpu::Cpu;
use super::network::Access;
use super::parts::{Gossip, HyParView, Plumtree, Swim, Vivaldi};
use super::stoq::{Cache, Stoq};
use crate::plan::StoqKind;
use crate::read::{At, Switch, Table, Text, choice, section, words};
use crate::units::{Count, Duration, Share};

section! {
    /// Nodes of one role.
    pub struct Group, "a group", "{role: hypermesh-peer, count: 10_000}" {
        /// What its nodes are.
        role: At<Role>,
        /// How many there are.
        count: At<Count>,
        /// Where they are.
        place: At<Place> = "population",
        /// How they are connected, if otherwise than the network says.
        access: Option<At<Table<Access>>>,
        /// When they start.
        join: Join = "{}",
        /// Push gossip, for gossip-peers.
        gossip: Option<At<Gossip>>,
        /// Membership by partial views, for hypermesh-peers. On unless it is said to be off.
        hyparview: Option<At<Switch<HyParView>>>,
        /// Broadcast trees, for hypermesh-peers. On unless they are said to be off; they need hyparview.
        plumtree: Option<At<Switch<Plumtree>>>,
        /// Failure detection, for hypermesh-peers. On unless it is said to be off.
        swim: Option<At<Switch<Swim>>>,
        /// Network coordinates, for hypermesh-peers. Off unless they are said to be on; they need swim, whose probes carry them.
        vivaldi: Option<At<Switch<Vivaldi>>>,
        /// The cache, for stoq-edges and stoq-regionals.
        cache: Option<At<Cache>>,
        /// How nodes of layer 1 work.
        stoq: Option<At<Stoq>>,
        /// The processor, for nodes of layer 1. Without it their work takes no time.
        cpu: Option<At<Cpu>>,
    }
}

words! {
    /// What a node is.
    pub enum Role, "a role" {
        /// A peer of the mesh: partial views, broadcast trees, failure detection, coordinates.
        "hypermesh-peer" => HypermeshPeer,
        /// A node that knows everybody and passes each new message on to some at random, once: the baseline of every comparison.
        "gossip-peer" => GossipPeer,
        /// A node that passes tokens on to others at random: one message in flight per token, for benches.
        "token-holder" => TokenHolder,
        /// Where objects come from: it answers from its store.
        "stoq-origin" => StoqOrigin,
        /// A cache between origins and edges.
        "stoq-regional" => StoqRegional,
        /// A cache near clients.
        "stoq-edge" => StoqEdge,
        /// Whoever asks for objects.
        "stoq-client" => StoqClient,
        /// Whoever stores objects at an origin, and purges what they replace.
        "stoq-publisher" => StoqPublisher,
    }
}

impl Role {
    /// The kind of a node of layer 1; none for other roles.
    pub const fn stoq(self) -> Option<StoqKind> {
        Some(match self {
            Self::StoqOrigin => StoqKind::Origin,
            Self::StoqRegional => StoqKind::Regional,
            Self::StoqEdge => StoqKind::Edge,
            Self::StoqClient => StoqKind::Client,
            Self::StoqPublisher => StoqKind::Publisher,
            Self::HypermeshPeer | Self::GossipPeer | Self::TokenHolder => return None,
        })
    }

    /// Whether nodes of the two roles speak with each other.
    pub fn speaks_with(self, other: Self) -> bool {
        self == other || (self.stoq().is_some() && other.stoq().is_some())
    }
}

choice! {
    /// Where the nodes of a group are.
    pub enum Place, "population, {region: NAME}, {regions: {NAME: SHARE, ..}}, or a list of places", "population" {
        words {
            /// At the network's places, in proportion to their population.
            "population" => Population,
            /// At the network's places, the same number at each.
            "even" => Even,
        }
        parts {
            /// In one region, by population.
            "region" => Region(At<Text>),
            /// In several regions, by shares that add up to 100%; within each by population.
            "regions" => Regions(Table<At<Share>>),
            /// At these places, the same number at each.
            "places" => Places(Vec<At<Text>>),
        }
        list => Places(Vec<At<Text>>)
    }
}

section! {
    /// When the nodes of a group start.
    pub struct Join, "`join`", "{at: 0s, over: 20s, shape: growth}" {
        /// When the first starts.
        at: At<Duration> = "0s",
        /// How long it takes until all have started.
        over: At<Duration> = "0s",
        /// How the group grows meanwhile.
        shape: At<JoinShape> = "growth",
    }
}

words! {
    /// How a group grows while it joins.
    pub enum JoinShape, "how a group grows" {
        /// By the same factor every second, as a network grows through its members.
        "growth" => Growth,
        /// By the same number every second.
        "linear" => Linear,
    }
}

impl Group {
    /// Push gossip as it runs here; none for nodes of another role.
    pub fn gossip(&self) -> Option<Gossip> {
        matches!(self.role.value, Role::GossipPeer)
            .then(|| self.gossip.as_ref().map_or_else(Gossip::default, |gossip| gossip.value.clone()))
    }

    /// Partial views as they run here, if they do.
    pub fn hyparview(&self) -> Option<HyParView> {
        self.part(&self.hyparview, true)
    }

    /// Broadcast trees as they run here, if they do.
    pub fn plumtree(&self) -> Option<Plumtree> {
        self.part(&self.plumtree, true)
    }

    /// Failure detection as it runs here, if it does.
    pub fn swim(&self) -> Option<Swim> {
        self.part(&self.swim, true)
    }

    /// Coordinates as they run here, if they do.
    pub fn vivaldi(&self) -> Option<Vivaldi> {
        self.part(&self.vivaldi, false)
    }

    /// How it works as a node of layer 1; none for nodes of another role.
    pub fn stoq(&self) -> Option<Stoq> {
        self.role.value.stoq().map(|_| self.stoq.as_ref().map_or_else(Stoq::default, |stoq| stoq.value.clone()))
    }

    /// Its cache as it runs here, if its role has one.
    pub fn cache(&self) -> Option<Cache> {
        matches!(self.role.value, Role::StoqRegional | Role::StoqEdge)
            .then(|| self.cache.as_ref().map_or_else(Cache::default, |cache| cache.value.clone()))
    }

    /// A part of a mesh peer: as written, or its default if the role has it.
    fn part<T: Clone + Default>(&self, written: &Option<At<Switch<T>>>, usual: bool) -> Option<T> {
        match written {
            _ if self.role.value != Role::HypermeshPeer => None,
            Some(switch) => switch.value.on().cloned(),
            None => usual.then(T::default),
        }
    }

    /// The same group with every part that its role has written out.
    pub fn spelled_out(&self) -> Self {
        let mut group = self.clone();
        for (name, access) in group.access.iter_mut().flat_map(|table| &mut table.value.0) {
            *access = access.spelled_out(name);
        }
        let at = self.role.at;
        group.gossip = self.gossip().map(|gossip| At::new(gossip, at));
        group.stoq = self.stoq().map(|stoq| At::new(stoq, at));
        group.cache = self.cache().map(|cache| At::new(cache, at));
        if self.role.value == Role::HypermeshPeer {
            group.hyparview = Some(At::new(Switch::from(self.hyparview()), at));
            group.plumtree = Some(At::new(Switch::from(self.plumtree()), at));
            group.swim = Some(At::new(Switch::from(self.swim().map(|swim| swim.spelled_out())), at));
            group.vivaldi = Some(At::new(Switch::from(self.vivaldi()), at));
        }
        group
    }
}
