//! A plan becomes a world: nodes get their order, the order is cut into shards, the shards run, their logs become a trace.

use crate::api::{Error, Options, Watch};
use crate::drive::{self, Job};
use crate::engine::window::{Cut, floor_shift};
use crate::engine::{Action, Home, Shard, ShardSetup};
use crate::faults::Lives;
use crate::network::Wires;
use crate::site::{self, Site};
use crate::trace::ShardLog;
use crate::trace::merge::{self, Leftovers};
use crate::trace::record::{Range, Recorded};
use hypermesh_core::base::{Dice, NodeId, Purpose};
use hypermesh_core::hypermesh::mesh::{gossip::Gossiper, peer, peer::Peer, token::Holder};
use hypermesh_core::node::{Contacts, Node};
use hypermesh_scenarios::plan::{Plan, Role};
use hypermesh_scenarios::trace::{Mode, RunFacts, Trace};
use std::sync::Arc;
use std::time::Instant;

/// Runs a plan to its end.
pub fn run(plan: &Plan, options: &Options, watch: &dyn Watch) -> Result<Trace, Error> {
    run_recording(plan, options, watch, None).map(|(trace, _)| trace)
}

/// Runs a plan and keeps a full record of the events of a range of time.
pub fn run_recording(plan: &Plan, options: &Options, watch: &dyn Watch, range: Option<Range>) -> Result<(Trace, Vec<Recorded>), Error> {
    let first = plan.groups.first().ok_or_else(|| Error::BadPlan("it has no nodes".into()))?;
    match &first.role {
        Role::Token(_) => {
            World::<Holder>::build(plan, |role| if let Role::Token(c) = role { Some(*c) } else { None })?.run(options, watch, range)
        }
        Role::Gossip(_) => {
            World::<Gossiper>::build(plan, |role| if let Role::Gossip(c) = role { Some(*c) } else { None })?.run(options, watch, range)
        }
        Role::Stoq(_) => {
            let mut configs = site::config::configs(plan, options.packets).map_err(Error::BadPlan)?.into_iter();
            World::<Site>::build(plan, |_| configs.next())?.run(options, watch, range)
        }
        Role::Peer(_) => {
            let planted = |c: &peer::Config| peer::Config { defect: c.defect.or(plan.defect), ..*c };
            World::<Peer>::build(plan, |role| if let Role::Peer(c) = role { Some(planted(c)) } else { None })?.run(options, watch, range)
        }
    }
}

/// Runs a plan with nodes of the caller's own kind. `config` makes what the nodes of a group have in common from the group's role, or refuses it.
pub fn run_nodes<N: Node>(
    plan: &Plan,
    config: impl Fn(&Role) -> Option<N::Config>,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Trace, Error> {
    World::<N>::build(plan, config)?.run(options, watch, None).map(|(trace, _)| trace)
}

/// A plan with everything that its shards share.
struct World<'a, N: Node> {
    plan: &'a Plan,
    wires: Wires,
    lives: Lives,
    homes: Vec<Home>,
    /// Ids by rank.
    order: Vec<NodeId>,
    configs: Vec<Arc<N::Config>>,
}

impl<'a, N: Node> World<'a, N> {
    fn build(plan: &'a Plan, mut config: impl FnMut(&Role) -> Option<N::Config>) -> Result<Self, Error> {
        let configs: Option<Vec<_>> = plan.groups.iter().map(|group| config(&group.role).map(Arc::new)).collect();
        let configs = configs.ok_or_else(|| Error::BadPlan("its groups do not speak the same protocol".into()))?;
        if configs.is_empty() {
            return Err(Error::BadPlan("it has no groups".into()));
        }
        let nodes = plan.node_count() as usize;
        if plan.nodes.place.len() != nodes || plan.nodes.access.len() != nodes {
            return Err(Error::BadPlan("a node has no place or no access class".into()));
        }
        if plan.network.one_way_ns.contains(&0) {
            return Err(Error::BadPlan("a path takes no time".into()));
        }
        let order = order(plan);
        Ok(Self { plan, wires: Wires::new(plan), lives: Lives::new(plan), homes: homes(plan, &order), order, configs })
    }

    fn run(&self, options: &Options, watch: &dyn Watch, range: Option<Range>) -> Result<(Trace, Vec<Recorded>), Error> {
        let began = Instant::now();
        let threads = if options.threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { options.threads };
        let cut = self.cut(threads.min(self.order.len()).max(1));
        let least = self.wires.lookahead(|_| true, |_| true);
        let shift = self.slot_shift(least.min(cut.lookahead));
        let contacts = |node: NodeId, life: u16, now: u64, dice: &mut Dice| self.contacts(node, life, now, dice);
        let setup = ShardSetup {
            plan: self.plan,
            wires: &self.wires,
            homes: &self.homes,
            cuts: &cut.cuts,
            configs: &self.configs,
            contacts: &contacts,
            jinx: jinx(),
        };
        let mut agendas = self.agendas(&cut);
        let make = |index: usize, agenda: Vec<(u64, u32, Action)>| {
            let ids = &self.order[cut.cuts[index] as usize..cut.cuts[index + 1] as usize];
            let log = ShardLog::new(self.plan, &self.lives, cut.cuts[index], ids, range);
            Shard::<N, ShardLog<'_>>::new(&setup, index, ids, agenda, shift, log)
        };
        let shards = agendas.drain(..).enumerate().map(|(index, agenda)| make(index, agenda)).collect();
        let job = Job { shards, lookahead: cut.lookahead, width: 1 << shift, stop: self.plan.stop.0, began };
        let outcome = drive::drive(job, options, watch)?;
        let mut run = RunFacts {
            nodes: u64::from(self.plan.node_count()),
            events: outcome.events,
            loop_ns: outcome.loop_ns,
            world_bytes: outcome.bytes + self.shared_bytes(),
            threads: threads as u32,
            host: match options.host {
                crate::Host::Engine => "engine".into(),
                crate::Host::Madsim => "madsim".into(),
            },
            partial: outcome.partial,
            ..RunFacts::default()
        };
        let (mut logs, mut under_way) = (Vec::new(), Vec::new());
        for shard in outcome.shards {
            let (cells, mut log, rest) = shard.finish();
            log.close(outcome.end, &cells);
            under_way.extend(rest);
            logs.push(log);
        }
        let mut record: Vec<Recorded> = logs.iter_mut().flat_map(|log| std::mem::take(&mut log.record.events)).collect();
        record.sort();
        run.peak_rss_bytes = drive::peak_rss_bytes();
        let mut trace = merge::trace(self.plan, Leftovers { logs, under_way, end: outcome.end, run });
        if options.packets {
            trace.mode = Mode::Packet;
        }
        trace.run.wall_ns = began.elapsed().as_nanos() as u64;
        Ok((trace, record))
    }

    fn shared_bytes(&self) -> u64 {
        let nodes = self.order.len() * (size_of::<Home>() + size_of::<NodeId>() + 3);
        (nodes + self.plan.network.one_way_ns.len() * 4) as u64
    }

    /// Slots hold a few thousand events when every node has a message under way (gossip: all its copies), and never outlast the shortest path.
    fn slot_shift(&self, shortest: u64) -> u32 {
        let delays = &self.plan.network.one_way_ns;
        let mean = delays.iter().map(|ns| u64::from(*ns)).sum::<u64>() / delays.len().max(1) as u64;
        let copies = self
            .plan
            .groups
            .iter()
            .map(|group| if let Role::Gossip(config) = &group.role { u64::from(config.fanout) } else { 1 })
            .max()
            .unwrap_or(1);
        let wanted = mean.saturating_mul(EVENTS_PER_SLOT) / (self.order.len() as u64 * copies).max(1);
        floor_shift(wanted.clamp(1 << 10, 1 << 20).min(shortest.max(1)))
    }

    /// Cuts the order into shards of about equal size. Of the borders between places near an even cut, the one is taken across which paths are longest:
    /// the longer they are, the less often shards have to wait for each other.
    fn cut(&self, shards: usize) -> Cut {
        let nodes = self.order.len();
        let place_at = |rank: usize| self.plan.nodes.place[self.order[rank].index()];
        let slack = nodes / shards / 20;
        let mut cuts = vec![0u32];
        for k in 1..shards {
            let ideal = nodes * k / shards;
            let near = ideal.saturating_sub(slack).max(1)..=(ideal + slack).min(nodes - 1);
            let borders = near.filter(|rank| place_at(*rank) != place_at(*rank - 1));
            let best =
                borders.max_by_key(|rank| (self.across(place_at(*rank - 1), place_at(*rank)), std::cmp::Reverse(rank.abs_diff(ideal))));
            cuts.push(best.unwrap_or(ideal) as u32);
        }
        cuts.push(nodes as u32);
        let lookahead = self.cut_lookahead(&cuts);
        Cut { cuts, lookahead }
    }

    /// Shortest delay between the places up to `west` and those from `east` on, in the order of the world.
    fn across(&self, west: u16, east: u16) -> u64 {
        let places = &self.plan.network.places;
        let key = |place: usize| (places[place].spot.lon, place);
        let before = |a: usize, b: usize| key(a).0.total_cmp(&key(b).0).then(a.cmp(&b)).is_le();
        self.wires.lookahead(|p| before(p, usize::from(west)), |p| before(usize::from(east), p))
    }

    fn cut_lookahead(&self, cuts: &[u32]) -> u64 {
        let places = self.plan.network.places.len();
        let mut member = vec![vec![false; places]; cuts.len() - 1];
        for (shard, range) in cuts.windows(2).enumerate() {
            for rank in range[0]..range[1] {
                member[shard][usize::from(self.plan.nodes.place[self.order[rank as usize].index()])] = true;
            }
        }
        let pairs = (0..member.len()).flat_map(|a| (0..member.len()).filter(move |b| *b != a).map(move |b| (a, b)));
        pairs.map(|(a, b)| self.wires.lookahead(|p| member[a][p], |p| member[b][p])).min().unwrap_or(u64::MAX)
    }

    /// What the plan does to the nodes of each shard.
    fn agendas(&self, cut: &Cut) -> Vec<Vec<(u64, u32, Action)>> {
        let mut agendas = vec![Vec::new(); cut.cuts.len() - 1];
        let mut add = |at: u64, node: NodeId, action: Action| {
            let rank = self.homes[node.index()].rank;
            let shard = cut.cuts.partition_point(|first| *first <= rank) - 1;
            agendas[shard].push((at, rank, action));
        };
        for id in &self.order {
            add(self.lives.starts_at(*id), *id, Action::Start);
        }
        for (number, fault) in self.plan.faults.nodes.iter().enumerate() {
            add(fault.at.0, fault.node, Action::Fault(number as u32));
        }
        for (number, shot) in self.plan.workload.broadcasts.iter().enumerate() {
            add(shot.at.0, shot.origin, Action::Broadcast(number as u32));
        }
        for (number, fetch) in self.plan.workload.fetches.iter().enumerate() {
            add(fetch.at.0, fetch.node, Action::Fetch(number as u32));
        }
        for (number, revision) in self.plan.workload.revisions.iter().enumerate() {
            add(revision.at.0, revision.node, Action::Revise(number as u32));
        }
        for (number, tokens) in self.plan.workload.tokens.iter().enumerate() {
            for node in tokens.first..tokens.first + tokens.count {
                add(tokens.at.0, NodeId(node), Action::Token(number as u32));
            }
        }
        agendas
    }

    /// Nodes to join through: up to three that came up before, drawn from the node's own stream.
    fn contacts(&self, node: NodeId, life: u16, now: u64, dice: &mut Dice) -> Contacts {
        let group = &self.plan.groups[self.plan.group_of(node)];
        if !matches!(group.role, Role::Peer(_)) {
            // The other roles know the whole population.
            return Contacts::default();
        }
        // In its first life a node only knows of nodes that come before it.
        let known = if life <= 1 && node.0 > group.first { node.0 - group.first } else { group.count };
        let (first, count) = if life <= 1 && node.0 == group.first { (0, group.first) } else { (group.first, known) };
        let mut draw = dice.draw(node.0, Purpose::World, u32::from(life));
        let mut contacts = Contacts::default();
        let mut found = 0;
        for _ in 0..TRIES {
            if found == contacts.0.len() || count == 0 {
                break;
            }
            let candidate = NodeId(first + draw.below(u64::from(count)) as u32);
            let up = candidate != node && self.lives.starts_at(candidate) < now.max(1) && self.lives.up_at(candidate, now);
            if up && !contacts.0.contains(&Some(candidate)) {
                contacts.0[found] = Some(candidate);
                found += 1;
            }
        }
        contacts
    }
}

/// Events that a slot should hold: few enough to sort in a near cache, many enough that the slots in use stay there too.
const EVENTS_PER_SLOT: u64 = 4096;
/// How often a contact is drawn before a node makes do with fewer.
const TRIES: usize = 24;

/// The world's order of nodes: by longitude of their place, so that a cut parts the world where paths are long; then by id. It depends on the plan alone.
fn order(plan: &Plan) -> Vec<NodeId> {
    let places = &plan.network.places;
    let mut by_longitude: Vec<u16> = (0..places.len() as u16).collect();
    by_longitude.sort_by(|a, b| places[usize::from(*a)].spot.lon.total_cmp(&places[usize::from(*b)].spot.lon).then(a.cmp(b)));
    let mut starts = vec![0usize; places.len() + 1];
    let mut position = vec![0usize; places.len()];
    for (index, place) in by_longitude.iter().enumerate() {
        position[usize::from(*place)] = index;
    }
    for place in &plan.nodes.place {
        starts[position[usize::from(*place)] + 1] += 1;
    }
    for index in 1..starts.len() {
        starts[index] += starts[index - 1];
    }
    let mut order = vec![NodeId(0); plan.nodes.place.len()];
    for (node, place) in plan.nodes.place.iter().enumerate() {
        let slot = &mut starts[position[usize::from(*place)]];
        order[*slot] = NodeId(node as u32);
        *slot += 1;
    }
    order
}

fn homes(plan: &Plan, order: &[NodeId]) -> Vec<Home> {
    let mut homes = vec![Home::default(); order.len()];
    for (rank, id) in order.iter().enumerate() {
        let node = id.index();
        homes[node] = Home { rank: rank as u32, place: plan.nodes.place[node], access: plan.nodes.access[node] };
    }
    homes
}

/// A number that differs from run to run: the planted source of non-determinism. Zero in builds without planted defects.
fn jinx() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    if cfg!(feature = "defects") { RandomState::new().hash_one(std::process::id()) } else { 0 }
}
