//! What to do after a loss.

use super::super::{Budget, GroupStock, Member, Placement, Plan, Shard, Stock, plan};
use super::{grid, id, over};
use crate::base::NodeId;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PLENTY: Budget = Budget { total: u64::MAX, per_node: u64::MAX };

/// Chunks of 1,000 bytes, each where the placement wants it.
fn placed(placement: &Placement, replicas: usize, chunks: u64) -> Vec<Stock> {
    (0..chunks).map(|i| Stock { id: id(i), len: 1_000, holders: placement.holders(&id(i), replicas) }).collect()
}

/// The stock after the copies of a plan arrived.
fn carried_out(stock: &mut [Stock], plan: &Plan) {
    for copy in &plan.copies {
        let chunk = stock.iter_mut().find(|chunk| chunk.id == copy.id).expect("the chunk is in stock");
        assert!(chunk.holders.contains(&copy.from), "a source holds what it gives");
        chunk.holders.push(copy.to);
    }
}

fn without(members: &[Member], lost: impl Fn(&Member) -> bool) -> Placement {
    over(&members.iter().copied().filter(|member| !lost(member)).collect::<Vec<_>>())
}

#[test]
fn nothing_is_done_where_nothing_is_lost() {
    let placement = over(&grid(2, 2, 3));
    assert_eq!(plan(&placement, 3, &placed(&placement, 3, 50), &[], PLENTY), Plan::default());
}

#[test]
fn the_loss_of_a_region_is_repaired_by_one_copy_for_each_lost_replica() {
    let members = grid(3, 2, 4);
    let mut stock = placed(&over(&members), 3, 200);
    let lost = stock.iter().flat_map(|chunk| &chunk.holders).filter(|node| members[node.index()].region == 2).count();
    let after = without(&members, |member| member.region == 2);
    let round = plan(&after, 3, &stock, &[], PLENTY);
    assert_eq!((round.copies.len(), round.deferred, round.lost.len()), (lost, 0, 0));
    carried_out(&mut stock, &round);
    assert_eq!(plan(&after, 3, &stock, &[], PLENTY), Plan::default());
}

#[test]
fn the_most_endangered_chunk_comes_first() {
    let placement = over(&grid(1, 1, 6));
    let mut stock = placed(&placement, 4, 60);
    stock[7].holders.truncate(1);
    stock[9].holders.truncate(2);
    stock[11].holders.truncate(3);
    let order: Vec<_> = plan(&placement, 4, &stock, &[], PLENTY).copies.iter().map(|copy| copy.id).collect();
    // After its first copy, chunk 7 is no worse off than chunk 9: what follows is by survivors and then by name.
    assert_eq!(order[0], id(7));
    assert_eq!(order.len(), 6);
    let rank = |i: u64| order.iter().position(|chunk| *chunk == id(i)).expect("it is copied");
    assert!(rank(9) < rank(11));
}

#[test]
fn a_chunk_that_nobody_holds_is_reported_lost() {
    let placement = over(&grid(1, 1, 3));
    let stock = [Stock { id: id(1), len: 10, holders: vec![NodeId(77)] }, Stock { id: id(2), len: 10, holders: vec![] }];
    let round = plan(&placement, 2, &stock, &[], PLENTY);
    assert_eq!(round.lost, [id(1), id(2)]);
    assert!(round.copies.is_empty());
}

#[test]
fn surplus_copies_are_named_only_once_all_the_right_ones_exist() {
    let placement = over(&grid(1, 1, 5));
    let right = placement.holders(&id(1), 3);
    let other = (0..5).map(NodeId).find(|node| !right.contains(node)).expect("five nodes, three replicas");
    let mut stock = [Stock { id: id(1), len: 10, holders: vec![right[0], right[1], other] }];
    let round = plan(&placement, 3, &stock, &[], PLENTY);
    assert_eq!((round.copies.len(), round.surplus.len()), (1, 0));
    carried_out(&mut stock, &round);
    assert_eq!(plan(&placement, 3, &stock, &[], PLENTY).surplus, [(id(1), other)]);
}

#[cfg(feature = "defects")]
/// Runs rounds of repair in which every second copy never arrives and whatever is surplus is dropped at once. Chunks that nobody holds afterwards.
fn lost_on_the_way(placement: &Placement) -> usize {
    let mut stock: Vec<Stock> = (0..60).map(|i| Stock { id: id(i), len: 1_000, holders: vec![NodeId(i as u32 % 8)] }).collect();
    for round in 0..8 {
        let Plan { copies, surplus, .. } = plan(placement, 2, &stock, &[], PLENTY);
        let chunk = |stock: &[Stock], id| stock.iter().position(|chunk| chunk.id == id).expect("it is in stock");
        for (n, copy) in copies.iter().enumerate() {
            let at = chunk(&stock, copy.id);
            let arrives = (n + round) % 2 == 0 && stock[at].holders.contains(&copy.from);
            stock[at].holders.extend(arrives.then_some(copy.to));
        }
        for (id, node) in surplus {
            let at = chunk(&stock, id);
            stock[at].holders.retain(|holder| *holder != node);
        }
    }
    stock.iter().filter(|chunk| chunk.holders.is_empty()).count()
}

#[test]
#[cfg(feature = "defects")]
fn repair_that_counts_copies_on_their_way_is_found() {
    let placement = over(&grid(1, 1, 8));
    assert_eq!(lost_on_the_way(&placement), 0);
    assert!(
        lost_on_the_way(&placement.planted(Some(crate::testing::Defect::UnacknowledgedCopy))) > 0,
        "the first copy is dropped before the second has come"
    );
}

#[test]
fn a_node_that_is_drained_gives_and_is_given_nothing() {
    let mut members = grid(1, 1, 4);
    let mut stock = placed(&over(&members), 2, 80);
    members[0].weight = 0;
    let drained = over(&members);
    let round = plan(&drained, 2, &stock, &[], PLENTY);
    assert!(round.copies.iter().all(|copy| copy.to != NodeId(0)));
    assert!(round.copies.iter().any(|copy| copy.from == NodeId(0)));
    carried_out(&mut stock, &round);
    let surplus = plan(&drained, 2, &stock, &[], PLENTY).surplus;
    assert!(!surplus.is_empty() && surplus.iter().all(|(_, node)| *node == NodeId(0)));
}

#[test]
fn rounds_within_a_budget_reach_what_one_without_would() {
    let members = grid(2, 1, 4);
    let mut stock = placed(&over(&members), 3, 120);
    let after = without(&members, |member| member.node == NodeId(3));
    let all = plan(&after, 3, &stock, &[], PLENTY).copies.len();
    let budget = Budget { total: 12_000, per_node: 4_000 };
    let (mut rounds, mut copied) = (0, 0);
    loop {
        let round = plan(&after, 3, &stock, &[], budget);
        if round.copies.is_empty() {
            assert_eq!(round.deferred, 0);
            break;
        }
        assert_eq!(round.copies.len() + round.deferred + copied, all);
        assert!(round.copies.len() <= 12);
        let mut loads = BTreeMap::<_, u64>::new();
        for copy in &round.copies {
            *loads.entry((copy.from, 0)).or_default() += 1_000;
            *loads.entry((copy.to, 1)).or_default() += 1_000;
        }
        assert!(loads.values().all(|load| *load <= 4_000), "{loads:?}");
        copied += round.copies.len();
        rounds += 1;
        carried_out(&mut stock, &round);
    }
    assert_eq!(copied, all);
    assert!(rounds >= all / 12);
}

#[test]
fn a_chunk_larger_than_the_budget_is_copied_alone() {
    let placement = over(&grid(1, 1, 3));
    let stock = [Stock { id: id(1), len: 5_000, holders: vec![placement.holders(&id(1), 2)[0]] }];
    let round = plan(&placement, 2, &stock, &[], Budget { total: 10, per_node: 10 });
    assert_eq!((round.copies.len(), round.deferred), (1, 0));
}

/// A group of four out of six, each shard at one of the right nodes.
fn spread(placement: &Placement) -> GroupStock {
    let shards = placement.holders(&id(1), 6).into_iter().map(Shard::At).collect();
    GroupStock { id: id(1), shard_len: 640, needed: 4, shards }
}

#[test]
fn lost_shards_are_rebuilt_at_new_nodes_from_k_others() {
    let members = grid(2, 2, 3);
    let mut group = spread(&over(&members));
    let gone: Vec<_> = [1, 4].iter().map(|i| group.shards[*i]).collect();
    let after = without(&members, |member| gone.contains(&Shard::At(member.node)));
    let round = plan(&after, 3, &[], &[group.clone()], PLENTY);
    let [rebuild] = &round.rebuilds[..] else { panic!("{round:?}") };
    assert_eq!(rebuild.from.len(), 4);
    assert!(rebuild.from.iter().all(|(i, node)| group.shards[*i] == Shard::At(*node) && after.knows(*node)));
    assert_eq!(rebuild.makes.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(rebuild.at, rebuild.makes[0].1);
    for (i, node) in &rebuild.makes {
        assert!(!group.shards.contains(&Shard::At(*node)), "one shard a node");
        group.shards[*i] = Shard::At(*node);
    }
    assert_eq!(plan(&after, 3, &[], &[group], PLENTY), Plan::default());
}

#[test]
fn a_group_with_fewer_than_k_shards_is_lost() {
    let placement = over(&grid(2, 2, 3));
    let mut group = spread(&placement);
    group.shards[..2].fill(Shard::Lost);
    assert_eq!(plan(&placement, 3, &[], &[group.clone()], PLENTY).rebuilds.len(), 1);
    group.shards[2] = Shard::Lost;
    let round = plan(&placement, 3, &[], &[group.clone()], PLENTY);
    assert_eq!((round.lost, round.rebuilds.len()), (vec![id(1)], 0));
    // A shard of zeros is nobody's and everybody's: a group of three chunks needs three.
    group.shards[3] = Shard::Zero;
    group.shards[2] = Shard::At(NodeId(0));
    let round = plan(&placement, 3, &[], &[group], PLENTY);
    assert_eq!(round.rebuilds.iter().map(|rebuild| rebuild.from.len()).collect::<Vec<_>>(), [3]);
}

#[test]
fn rebuilding_stays_within_the_budget() {
    let placement = over(&grid(2, 2, 3));
    let groups: Vec<_> = (0..10)
        .map(|i| {
            let mut shards: Vec<_> = placement.holders(&id(i), 6).into_iter().map(Shard::At).collect();
            shards[0] = Shard::Lost;
            GroupStock { id: id(i), shard_len: 640, needed: 4, shards }
        })
        .collect();
    let round = plan(&placement, 3, &[], &groups, Budget { total: 3 * 4 * 640, per_node: u64::MAX });
    assert_eq!((round.rebuilds.len(), round.deferred), (3, 7));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn repair_of_any_loss_that_leaves_a_copy_ends_with_every_replica_in_place(
        lost in prop::collection::btree_set(0u32..24, 0..14),
        replicas in 1usize..5,
        per_node in 1_000u64..9_000,
    ) {
        let members = grid(2, 3, 4);
        let mut stock = placed(&over(&members), replicas, 40);
        let after = without(&members, |member| lost.contains(&member.node.0));
        let budget = Budget { total: 4 * per_node, per_node };
        let dead: Vec<_> = stock.iter().filter(|chunk| chunk.holders.iter().all(|node| lost.contains(&node.0))).map(|chunk| chunk.id).collect();
        for _ in 0..400 {
            let round = plan(&after, replicas, &stock, &[], budget);
            prop_assert_eq!(&round.lost, &dead);
            prop_assert!(round.copies.iter().all(|copy| after.knows(copy.from) && after.knows(copy.to)));
            if round.copies.is_empty() {
                break;
            }
            carried_out(&mut stock, &round);
        }
        for chunk in stock.iter().filter(|chunk| !dead.contains(&chunk.id)) {
            let right = after.holders(&chunk.id, replicas);
            prop_assert!(right.iter().all(|node| chunk.holders.contains(node)));
        }
    }
}
