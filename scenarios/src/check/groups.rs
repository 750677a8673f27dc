//! Checks of the groups.

use super::Checks;
use crate::plan::StoqKind;
use crate::problem::Code;
use crate::read::{At, Location};
use crate::spec::stoq::Behaviour;
use crate::spec::{Group, Place, Role};
use crate::units::grouped;

/// Most nodes of one run.
const NODES_MAX: u64 = 100_000_000;

impl Checks<'_, '_> {
    pub(super) fn groups(&mut self) {
        let scenario = self.scenario;
        if scenario.groups.0.is_empty() {
            self.note(Code::NO_NODES, scenario.groups.at, "the scenario has no groups, so there are no nodes")
                .example("groups: {peer: {role: hypermesh-peer, count: 1_000}}");
        }
        let mut total = 0u64;
        for (name, group) in scenario.groups.iter() {
            self.group(group, name.at);
            total += group.count.sound().map_or(0, |count| u64::from(count.0));
            if total > NODES_MAX {
                self.note(Code::NO_NODES, group.count.at, format!("with these there are {} nodes", grouped(total)))
                    .expected(format!("at most {}", grouped(NODES_MAX)));
                break;
            }
        }
        self.same_role();
    }

    /// Layer 1: who is above whom.
    fn above(&mut self, group: &Group, at: Location) {
        let (Some(kind), Some(part)) = (group.role.sound().and_then(|role| role.stoq()), group.stoq()) else { return };
        self.within(&part.servers, "servers", 1, 16);
        self.within(&part.strangers, "strangers", 1, 1_000_000);
        let origins = group.count.sound().filter(|_| kind == StoqKind::Origin).map_or(0, |count| count.0);
        self.within(&part.copies, "copies", 0, origins.min(255));
        let misplaced = match part.behaviour.sound() {
            Some(Behaviour::Poison) => (!kind.serves()).then_some("sends nothing that it could poison"),
            Some(Behaviour::Equivocate) => (kind != StoqKind::Publisher).then_some("publishes nothing"),
            Some(Behaviour::Flood) => (kind != StoqKind::Client).then_some("asks for nothing by itself"),
            Some(Behaviour::Honest) | None => None,
        };
        if let Some(why) = misplaced {
            self.note(Code::NOT_OF_ROLE, part.behaviour.at, format!("a {} {why}", group.role.word()));
        }
        let scenario = self.scenario;
        let kind_of = |other: &Group| other.role.sound().and_then(|role| role.stoq());
        if let Some(name) = &part.above {
            self.group_exists(name);
            let other = name.sound().and_then(|name| scenario.groups.get(name)).and_then(kind_of);
            if other.is_some_and(|other| !other.is_above(kind)) {
                self.note(Code::NEEDS_PART, name.at, format!("a {} is not above a {}", name.value.0, group.role.word()))
                    .help("name a group of origins, regionals or edges that is nearer to the origin");
            }
        } else if kind != StoqKind::Origin
            && !scenario.groups.iter().any(|(_, other)| kind_of(other).is_some_and(|other| other.is_above(kind)))
        {
            self.note(Code::NEEDS_PART, at, format!("no group is above these {}s, so they have nobody to ask", group.role.word()))
                .example("origin: {role: stoq-origin, count: 3}");
        }
    }

    fn group(&mut self, group: &Group, at: Location) {
        if group.count.sound().is_some_and(|count| count.0 == 0) {
            self.note(Code::NO_NODES, group.count.at, "a group of no nodes")
                .expected("at least 1")
                .help("remove the group if it is not needed");
        }
        self.parts_of_role(group);
        if group.role.sound().is_some() {
            self.parts(group, at);
            self.above(group, at);
        }
        if let Some(access) = &group.access {
            self.access(access);
        }
        match group.place.sound() {
            Some(Place::Regions(table)) => self.adds_up(table, |share| share, "the regions", group.place.at),
            Some(Place::Places(places)) if places.is_empty() => {
                self.note(Code::SHARES, group.place.at, "the list of places is empty").example("[tokyo, paris]");
            }
            _ => {}
        }
        let (Some(at), Some(over)) = (group.join.at.sound(), group.join.over.sound()) else { return };
        let end = at.time() + over.span();
        if self.starts_in_time(&group.join.at, "this group") && self.scenario.time.stop.sound().is_some_and(|stop| end > stop.time()) {
            self.note(Code::JOIN_PAST_STOP, group.join.over.at, "the run ends while this group is still joining")
                .help("make `over` shorter or the run longer");
        }
    }

    /// Whether a moment is before the end of the run; noted if not.
    pub(super) fn starts_in_time(&mut self, at: &At<crate::units::Duration>, what: &str) -> bool {
        let (Some(moment), Some(stop)) = (at.sound(), self.scenario.time.stop.sound()) else { return false };
        if moment < stop || stop.span().0 == 0 {
            return true;
        }
        let message = format!("{what} starts at {moment}, but the run ends at {stop}");
        self.note(Code::OUTSIDE_RUN, at.at, message).help(format!("start before {stop}, or set `time.stop` later"));
        false
    }

    /// Parts that nodes of this role do not have.
    fn parts_of_role(&mut self, group: &Group) {
        let Some(role) = group.role.sound() else { return };
        let parts = [
            ("gossip", group.gossip.as_ref().map(|part| part.at), Role::GossipPeer),
            ("hyparview", group.hyparview.as_ref().map(|part| part.at), Role::HypermeshPeer),
            ("plumtree", group.plumtree.as_ref().map(|part| part.at), Role::HypermeshPeer),
            ("swim", group.swim.as_ref().map(|part| part.at), Role::HypermeshPeer),
            ("vivaldi", group.vivaldi.as_ref().map(|part| part.at), Role::HypermeshPeer),
        ];
        let cache = group.cache.as_ref().map(|part| part.at).filter(|_| group.cache().is_none());
        let stoq = group.stoq.as_ref().map(|part| part.at).filter(|_| group.stoq().is_none());
        let cpu = group.cpu.as_ref().map(|part| part.at).filter(|_| group.stoq().is_none());
        let layer_one = [("cache", cache, Role::StoqEdge), ("stoq", stoq, Role::StoqEdge), ("cpu", cpu, Role::StoqEdge)];
        for (key, written, of) in parts.into_iter().chain(layer_one) {
            let Some(at) = written.filter(|_| of != *role) else { continue };
            self.note(Code::NOT_OF_ROLE, at, format!("this group sets `{key}`, which a {} does not have", role.word()))
                .help(format!("remove `{key}`, or make the role {}", of.word()));
        }
    }

    /// All groups have one role.
    fn same_role(&mut self) {
        let scenario = self.scenario;
        let mut roles = scenario.groups.iter().filter(|(_, group)| group.role.sound().is_some()).map(|(name, group)| (name, &group.role));
        let Some((first_name, first)) = roles.next() else { return };
        let others: Vec<_> = roles.filter(|(_, role)| !role.value.speaks_with(first.value)).collect();
        for (_, role) in others {
            let message = format!("a {} cannot talk to the {}s of `{}`", role.word(), first.word(), first_name.value.0);
            self.note(Code::MIXED_ROLES, role.at, message).help("give all groups of a scenario the same role");
        }
    }
}
