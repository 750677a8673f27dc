//! Never an older version after an acknowledged purge: who published knows when it was told that a purge holds, who fetched knows when it asked and what
//! it got. The two may be in different shards, so they are held against each other when the run is over.

use hypermesh_core::base::{NodeId, Time};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::trace::Violation;
use std::collections::BTreeMap;

/// An application was told that versions of an object are purged everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The object.
    pub object: u32,
    /// When it was told, in ns.
    pub at: u64,
    /// The greatest purged version.
    pub upto: u64,
}

/// An application got an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handed {
    /// When, in ns.
    pub at: u64,
    /// Who.
    pub node: u32,
    /// When it had asked, in ns.
    pub asked: u64,
    /// The object.
    pub object: u32,
    /// The version that it got.
    pub version: u64,
}

/// What was purged, and what was handed out.
#[derive(Clone, Debug, Default)]
pub struct Purges {
    /// Acknowledged purges.
    pub forbidden: Vec<Forbidden>,
    /// Objects that applications got.
    pub handed: Vec<Handed>,
}

impl Purges {
    /// Adds what another shard saw.
    pub fn merge(&mut self, other: Self) {
        self.forbidden.extend(other.forbidden);
        self.handed.extend(other.handed);
    }

    /// The broken promise, if it was broken: the first case, and how many there are.
    pub fn finish(mut self) -> Option<Violation> {
        // For each object, the moments from which on more is forbidden.
        self.forbidden.sort_unstable_by_key(|purge| (purge.at, purge.upto));
        let mut floors: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
        for Forbidden { object, at, upto } in self.forbidden {
            let floors = floors.entry(object).or_default();
            if floors.last().is_none_or(|(_, floor)| *floor < upto) {
                floors.push((at, upto));
            }
        }
        let floor = |handed: &Handed| {
            let floors = floors.get(&handed.object)?;
            // What was asked for at the very moment was not asked for after it.
            floors[..floors.partition_point(|(at, _)| *at < handed.asked)].last().copied()
        };
        let old: Vec<(Handed, (u64, u64))> = self.handed.into_iter().filter_map(|handed| Some((handed, floor(&handed)?))).collect();
        let old = || old.iter().filter(|(handed, (_, upto))| handed.version <= *upto);
        let (first, (at, upto)) = old().min_by_key(|(handed, _)| (handed.at, handed.node))?;
        let (who, asked, told) = (NodeId(first.node), Time(first.asked), Time(*at));
        let detail = format!(
            "{who} asked for object {} at {asked} and got version {}; everything up to version {upto} was purged, as was acknowledged at {told}",
            first.object, first.version
        );
        Some(Violation { invariant: Id::BrokenPurge, at_ns: first.at, node: first.node, detail, count: old().count() as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_after_the_acknowledgement_is_too_old() {
        let forbidden = vec![Forbidden { object: 7, at: 300, upto: 2 }, Forbidden { object: 7, at: 100, upto: 1 }];
        let handed = |asked, object, version| Handed { at: asked + 50, node: 1, asked, object, version };
        let fine = vec![handed(100, 7, 1), handed(101, 7, 2), handed(300, 7, 2), handed(301, 7, 3), handed(400, 8, 1)];
        assert_eq!(Purges { forbidden: forbidden.clone(), handed: fine.clone() }.finish(), None);
        let old = vec![handed(350, 7, 2), handed(101, 7, 1)];
        let broken = Purges { forbidden, handed: [fine, old].concat() }.finish().expect("two are too old");
        assert_eq!((broken.at_ns, broken.node, broken.count), (151, 1, 2));
    }
}
