//! Where replicas belong.

use super::super::{Member, Placement, TwiceError};
use super::{grid, id, over};
use crate::base::NodeId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// How many chunks of `0..chunks` each node holds.
fn shares(placement: &Placement, replicas: usize, chunks: u64) -> BTreeMap<NodeId, u64> {
    let mut shares = BTreeMap::new();
    for chunk in 0..chunks {
        placement.holders(&id(chunk), replicas).into_iter().for_each(|node| *shares.entry(node).or_default() += 1);
    }
    shares
}

#[test]
fn a_node_stands_once_among_the_members() {
    let mut members = grid(1, 1, 3);
    members.push(Member { weight: 9, ..members[1] });
    assert_eq!(Placement::new(members).map(drop), Err(TwiceError(NodeId(1))));
}

#[test]
fn replicas_go_to_different_regions_and_then_to_different_sites() {
    let members = grid(4, 3, 3);
    let placement = over(&members);
    for chunk in 0..300 {
        let holders = placement.holders(&id(chunk), 7);
        let of = |node: &NodeId| &members[node.index()];
        assert_eq!(holders.iter().collect::<BTreeSet<_>>().len(), 7, "at most one replica a node");
        let mut regions = BTreeMap::new();
        holders.iter().for_each(|node| *regions.entry(of(node).region).or_insert(0) += 1);
        let mut counts: Vec<_> = regions.values().copied().collect();
        counts.sort_unstable();
        assert_eq!(counts, [2, 2, 3]);
        let sites: BTreeSet<_> = holders.iter().map(|node| (of(node).region, of(node).site)).collect();
        assert_eq!(sites.len(), 7, "there are nine sites for seven replicas");
    }
}

#[test]
fn the_order_in_which_members_are_told_does_not_matter() {
    let members = grid(2, 2, 3);
    let mut backwards = members.clone();
    backwards.reverse();
    for chunk in 0..100 {
        assert_eq!(over(&members).holders(&id(chunk), 4), over(&backwards).holders(&id(chunk), 4));
    }
}

#[test]
fn a_placement_is_pinned() {
    let holders = over(&grid(3, 2, 3)).holders(&id(1), 4);
    assert_eq!(holders.iter().map(|node| node.0).collect::<Vec<_>>(), PINNED);
}

const PINNED: [u32; 4] = [14, 2, 8, 5];

#[test]
fn chunks_are_spread_evenly_over_equal_nodes() {
    let chunks = 6_000;
    for replicas in [1, 3, 5] {
        let shares = shares(&over(&grid(4, 2, 3)), replicas, chunks);
        let mean = (chunks * replicas as u64) as f64 / 24.0;
        // The chunks of a node are a binomial count; five deviations leave a false alarm of one in a hundred thousand.
        let allowed = 5.0 * mean.sqrt();
        assert_eq!(shares.len(), 24);
        assert!(shares.values().all(|share| (*share as f64 - mean).abs() < allowed), "{shares:?} around {mean}");
    }
}

#[test]
fn chunks_are_spread_by_weight() {
    let mut members = grid(4, 1, 1);
    (0..4).for_each(|i| members[i].weight = i as u32);
    let shares = shares(&over(&members), 1, 12_000);
    assert_eq!(shares.get(&NodeId(0)), None, "a weight of zero holds nothing");
    for (node, wanted) in [(1, 2_000.0), (2, 4_000.0), (3, 6_000.0f64)] {
        let share = shares[&NodeId(node)] as f64;
        assert!((share - wanted).abs() < 5.0 * wanted.sqrt(), "node {node} holds {share} of {wanted}");
    }
}

#[test]
fn fewer_members_than_replicas_hold_one_each() {
    assert_eq!(over(&grid(1, 1, 2)).holders(&id(1), 3).len(), 2);
    assert_eq!(over(&[]).holders(&id(1), 3), []);
}

/// Any members: up to 24 nodes in up to five regions of up to four sites.
fn any_members() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec((0u32..5, 0u32..4, 1u32..6), 1..24).prop_map(|places| {
        let member = |(i, (region, site, weight)): (usize, (u32, u32, u32))| Member { node: NodeId(i as u32 * 17), weight, region, site };
        places.into_iter().enumerate().map(member).collect()
    })
}

proptest! {
    /// Leaving and joining are one property seen from its two ends.
    #[test]
    fn a_member_that_leaves_moves_only_its_own_replicas(members in any_members(), gone: prop::sample::Index, replicas in 1usize..7) {
        let gone = members[gone.index(members.len())].node;
        let before = over(&members);
        let fewer: Vec<_> = members.iter().copied().filter(|member| member.node != gone).collect();
        let after = over(&fewer);
        for chunk in 0..40 {
            let old: BTreeSet<_> = before.holders(&id(chunk), replicas).into_iter().collect();
            let new: BTreeSet<_> = after.holders(&id(chunk), replicas).into_iter().collect();
            let lost: Vec<_> = old.difference(&new).collect();
            if old.contains(&gone) {
                prop_assert_eq!(lost, vec![&gone]);
                prop_assert!(new.difference(&old).count() <= 1);
            } else {
                prop_assert_eq!(&old, &new);
            }
        }
    }

    #[test]
    fn a_member_that_gets_heavier_only_wins_replicas(members in any_members(), who: prop::sample::Index) {
        let who = who.index(members.len());
        let mut heavier = members.clone();
        heavier[who].weight *= 3;
        let (before, after) = (over(&members), over(&heavier));
        for chunk in 0..40 {
            let (old, new) = (before.holders(&id(chunk), 1), after.holders(&id(chunk), 1));
            prop_assert!(old == new || new == [members[who].node]);
        }
    }

    #[test]
    fn no_region_has_two_more_replicas_than_another_with_room(members in any_members(), replicas in 1usize..12) {
        let placement = over(&members);
        let holders = placement.holders(&id(7), replicas);
        let region = |node: &NodeId| members.iter().find(|member| member.node == *node).expect("it is a member").region;
        let mut held = BTreeMap::<u32, usize>::new();
        let mut room = BTreeMap::<u32, usize>::new();
        members.iter().for_each(|member| *room.entry(member.region).or_default() += 1);
        holders.iter().for_each(|node| *held.entry(region(node)).or_default() += 1);
        let most = held.values().copied().max().unwrap_or(0);
        for (region, room) in room {
            let held = held.get(&region).copied().unwrap_or(0);
            prop_assert!(held + 1 >= most || held == room, "region {} holds {} of {} and another {}", region, held, room, most);
        }
    }
}
