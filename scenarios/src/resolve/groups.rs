//! Groups, roles, and the cells that failure detectors watch.

use super::NodeRange;
use crate::plan::{CacheSize, Group, JoinShape, Role, Stoq};
use crate::spec;
use crate::spec::Scenario;
use crate::spec::groups::JoinShape as SpecShape;
use crate::spec::parts::Scope;
use crate::spec::stoq::Behaviour;
use hypermesh_core::base::Span;
use hypermesh_core::hypermesh::mesh::{peer, token};

/// The plan's groups, and the range of nodes of each group of the scenario. A group whose failure detectors watch cells becomes one group per cell,
/// named `peer.1`, `peer.2` and so on, since the nodes of each have other members to watch.
pub(super) fn groups(scenario: &Scenario) -> (Vec<Group>, Vec<NodeRange>) {
    let population = scenario.groups.iter().map(|(_, group)| group.count.value.0).sum();
    let (mut groups, mut ranges) = (Vec::new(), Vec::new());
    let mut first = 0;
    // A group of layer 1 is one group of the plan, and all groups are if one is.
    for (ordinal, (name, group)) in (0..).zip(scenario.groups.iter()) {
        let count = group.count.value.0;
        ranges.push(NodeRange { first, count, ordinal });
        match cell_size(group) {
            Some(size) => groups.extend(cells(scenario, &name.value.0, group, first, size)),
            None => groups.push(Group {
                name: name.value.0.clone(),
                first,
                count,
                role: role(scenario, group, population, None),
                join_at: group.join.at.time(),
                join_over: group.join.over.span(),
                join_shape: shape(group),
            }),
        }
        first += count;
    }
    (groups, ranges)
}

fn shape(group: &spec::Group) -> JoinShape {
    match group.join.shape.value {
        SpecShape::Growth => JoinShape::Growth,
        SpecShape::Linear => JoinShape::Linear,
    }
}

/// How many members a cell is to have, if the group has cells.
fn cell_size(group: &spec::Group) -> Option<u32> {
    match group.swim()?.scope.value {
        Scope::Cell(size) => Some(size.value.0.max(1)),
        Scope::View => None,
    }
}

/// Cells of equal size, up to one, and at most as large as asked for.
fn cells(scenario: &Scenario, name: &str, group: &spec::Group, first: u32, size: u32) -> Vec<Group> {
    let count = group.count.value.0;
    let cells = count.div_ceil(size).max(1);
    let border = |cell: u32| (u64::from(count) * u64::from(cell) / u64::from(cells)) as u32;
    let over = group.join.over.span();
    // The share of the joining time after which the member of that number starts.
    let starts = |member: u32| {
        let share = match shape(group) {
            JoinShape::Linear => f64::from(member) / f64::from(count),
            JoinShape::Growth => libm::log(1.0 + f64::from(member)) / libm::log(1.0 + f64::from(count)),
        };
        Span((share * over.0 as f64) as u64)
    };
    let cell = |cell: u32| {
        let (from, until) = (border(cell), border(cell + 1));
        Group {
            name: if cells == 1 { name.to_owned() } else { format!("{name}.{}", cell + 1) },
            first: first + from,
            count: until - from,
            role: role(scenario, group, count, Some((first + from, until - from))),
            join_at: group.join.at.time() + starts(from),
            join_over: starts(until) - starts(from),
            // Within the first cell a network still grows by factors; a later one is so small a part of the whole that it grows evenly.
            join_shape: if cell == 0 { shape(group) } else { JoinShape::Linear },
        }
    };
    (0..cells).map(cell).collect()
}

/// Layer 1: the group above by name, or the nearest kind above.
fn stoq(scenario: &Scenario, group: &spec::Group) -> Option<Stoq> {
    let (kind, part) = (group.role.value.stoq()?, group.stoq()?);
    let named = part.above.as_ref().and_then(|name| scenario.groups.names().position(|other| other == name.value.0));
    let kind_of = |other: &spec::Group| other.role.value.stoq();
    let above = scenario
        .groups
        .iter()
        .map(|(_, other)| kind_of(other))
        .enumerate()
        .filter(|(_, other)| other.is_some_and(|other| other.is_above(kind)));
    let nearest = above.max_by_key(|(index, other)| (*other, std::cmp::Reverse(*index))).map(|(index, _)| index);
    Some(Stoq {
        kind,
        above: named.or(nearest).map(|index| index as u32),
        servers: part.servers.value.0 as u8,
        routing: part.routing.value.rule(),
        cache: group.cache().map(|cache| CacheSize {
            policy: cache.policy.value.kind(),
            memory_bytes: cache.memory.value.0,
            disk_bytes: cache.disk.value.0,
        }),
        max_age: part.max_age.span(),
        linger: part.linger.span(),
        copies: part.copies.value.0 as u8,
        strangers: part.strangers.value.0,
        poisons: part.behaviour.value == Behaviour::Poison,
        equivocates: part.behaviour.value == Behaviour::Equivocate,
        floods: part.behaviour.value == Behaviour::Flood,
        cpu: group.cpu.as_ref().map(|cpu| cpu.value.resolved()),
    })
}

fn role(scenario: &Scenario, group: &spec::Group, population: u32, cell: Option<(u32, u32)>) -> Role {
    if let Some(stoq) = stoq(scenario, group) {
        return Role::Stoq(stoq);
    }
    match group.role.value {
        spec::Role::GossipPeer => Role::Gossip(group.gossip().unwrap_or_default().config(population)),
        spec::Role::TokenHolder => Role::Token(token::Config { population }),
        // Layer 1 was told above.
        _ => Role::Peer(peer::Config {
            hyparview: group.hyparview().map(|part| part.config()),
            plumtree: group.plumtree().map(|part| part.config()),
            swim: group.swim().map(|part| part.config(cell)),
            vivaldi: group.vivaldi().map(|part| part.config()),
            defect: None,
        }),
    }
}
