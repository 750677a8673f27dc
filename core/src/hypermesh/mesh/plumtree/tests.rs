//! Promises of the broadcast trees, one node at a time. Whole trees are tested in `peer`.

use super::*;
use crate::base::{Dice, SeedKey, Time, Wire};
use crate::machine::Chance;
use proptest::prelude::*;
use std::collections::BTreeSet;

const ME: NodeId = NodeId(1_000);

#[test]
fn content_is_pushed_to_eager_links_and_announced_to_lazy_ones() {
    let mut one = One::linked(&[1, 2, 3, 4]);
    one.receive(3, Message::Prune);
    one.receive(1, gossip(7, 2));
    assert_eq!(one.delivered(), [(7, 2, Path::Pushed)]);
    assert_eq!((one.sent_to(2), one.sent_to(4)), (vec![gossip(7, 3)], vec![gossip(7, 3)]));
    assert_eq!(one.sent_to(3), [Message::IHave { id: BroadcastId(7), hops: 3 }]);
    assert_eq!(one.sent_to(1), [], "the sender has it");
}

#[test]
fn what_starts_here_is_delivered_here_and_pushed() {
    let mut one = One::linked(&[1]);
    one.handle(Input::Broadcast { id: BroadcastId(0), bytes: 100 });
    assert_eq!(one.delivered(), [(0, 0, Path::Origin)]);
    assert_eq!(one.sent_to(1), [Message::Gossip { id: BroadcastId(0), hops: 1, bytes: 100 }]);
}

#[test]
fn a_redundant_push_prunes_its_link() {
    let mut one = One::linked(&[1, 2]);
    one.receive(1, gossip(7, 2));
    one.receive(2, gossip(7, 5));
    assert_eq!(one.sent_to(2), [Message::Prune]);
    assert!(one.out.contains(&Effect::Fact(Fact::Redundant { id: BroadcastId(7) })));
    assert_eq!((one.eager(), one.lazy()), (vec![1], vec![2]));
    one.receive(2, gossip(8, 1));
    assert_eq!(one.eager(), [1, 2], "who is first again is part of the tree again");
}

#[test]
fn a_missing_message_is_asked_for_and_its_link_grafted() {
    let mut one = One::linked(&[1, 2]);
    one.receive(2, Message::Prune);
    one.receive(2, announcement(7));
    let missing = one.timer();
    one.wake(missing);
    assert_eq!(one.sent_to(2), [Message::Graft { id: Some(BroadcastId(7)) }]);
    assert_eq!(one.eager(), [1, 2]);
    one.receive(2, gossip(7, 4));
    assert_eq!(one.delivered(), [(7, 4, Path::Repaired)]);
    one.wake(missing);
    assert_eq!(one.out, [], "a stale wake-up is harmless");
}

#[test]
fn a_lost_graft_is_repeated_with_the_next_announcer_and_with_the_same() {
    let mut one = One::linked(&[1, 2]);
    one.receive(1, announcement(7));
    let missing = one.timer();
    one.receive(2, announcement(7));
    assert_eq!(one.out, [], "one timer is enough");
    let mut asked = Vec::new();
    for _ in 0..2 * GRAFTS_MAX + 1 {
        one.wake(missing);
        asked.extend([1, 2].into_iter().filter(|peer| !one.sent_to(*peer).is_empty()));
    }
    assert_eq!(asked, [1, 2, 1, 2, 1, 2], "each in turn, then it is given up");
    one.receive(1, announcement(7));
    assert_eq!(one.timer(), missing, "a new announcement starts anew");
}

#[test]
fn a_graft_is_answered_with_the_content_it_asks_for() {
    let mut one = One::linked(&[1, 2]);
    one.receive(1, gossip(7, 2));
    one.receive(2, Message::Prune);
    one.receive(2, Message::Graft { id: Some(BroadcastId(7)) });
    assert_eq!(one.sent_to(2), [gossip(7, 3)]);
    assert_eq!(one.eager(), [1, 2]);
    one.receive(2, Message::Graft { id: Some(BroadcastId(99)) });
    assert_eq!(one.out, [], "what is not kept cannot be given");
}

#[test]
fn a_push_is_announced_later_on_the_same_links_but_not_to_its_giver() {
    let mut one = One::linked(&[1, 2, 3]);
    one.receive(3, Message::Prune);
    one.receive(1, gossip(7, 2));
    let later = one.timer();
    one.wake(later);
    assert_eq!(one.sent_to(2), [Message::IHave { id: BroadcastId(7), hops: 3 }]);
    assert_eq!((one.sent_to(1), one.sent_to(3)), (vec![], vec![]));
}

#[test]
fn the_tree_bends_towards_a_path_that_is_shorter_by_the_threshold() {
    for (threshold, bends) in [(0, false), (3, true), (4, false)] {
        let mut one = One::linked(&[1, 2]);
        one.config.optimise_hops = threshold;
        one.receive(2, Message::Prune);
        one.receive(2, Message::IHave { id: BroadcastId(7), hops: 2 });
        one.receive(1, gossip(7, 5));
        assert_eq!(one.sent_to(2).contains(&Message::Graft { id: None }), bends, "threshold {threshold}");
        assert_eq!(one.sent_to(1), if bends { vec![Message::Prune] } else { vec![] });
        assert_eq!(one.eager(), if bends { [2] } else { [1] });
    }
}

#[test]
fn a_lost_neighbour_is_no_announcer() {
    let mut one = One::linked(&[1, 2]);
    one.receive(1, announcement(7));
    let missing = one.timer();
    one.receive(2, announcement(7));
    one.handle(Input::LinkDown { peer: NodeId(1) });
    one.wake(missing);
    assert_eq!((one.sent_to(1).len(), one.sent_to(2).len()), (0, 1));
}

#[test]
fn memory_is_bounded_and_the_oldest_content_goes_first() {
    let mut one = One::linked(&[1, 2]);
    one.config.remembered = 4;
    for id in 0..200 {
        one.receive(1, gossip(id, 1));
    }
    for (id, kept) in [(195, false), (196, true), (199, true)] {
        one.receive(2, Message::Graft { id: Some(BroadcastId(id)) });
        assert_eq!(!one.sent_to(2).is_empty(), kept, "broadcast {id}");
    }
    assert!(one.tree.heap_bytes() <= 5 * 4 + 4 * 12, "{}", one.tree.heap_bytes());
    (0..100_000).for_each(|id| one.receive(1, announcement(1_000 + id)));
    assert!(one.tree.heap_bytes() < 40_000, "a flood of announcements fills {} bytes", one.tree.heap_bytes());
}

#[test]
fn a_message_fits_twelve_bytes() {
    assert!(size_of::<Message>() <= 12, "{}", size_of::<Message>());
    assert!(size_of::<Why>() <= 8, "{}", size_of::<Why>());
}

#[test]
fn the_greatest_number_is_no_broadcast() {
    let mut one = One::linked(&[1]);
    one.receive(1, gossip(u32::MAX, 1));
    one.receive(1, gossip(u32::MAX - 1, 1));
    assert_eq!(one.delivered(), [(u32::MAX - 1, 1, Path::Pushed)]);
}

#[cfg(feature = "defects")]
#[test]
fn a_planted_duplicate_delivery_shows_in_the_facts() {
    let mut one = One::linked(&[1, 2]);
    one.defect = Some(Defect::DuplicateDelivery);
    one.receive(1, gossip(7, 2));
    one.receive(2, gossip(7, 2));
    assert_eq!(one.delivered().len(), 1, "delivered a second time");
}

proptest! {
    #[test]
    fn each_broadcast_is_delivered_once_whatever_happens(inputs in proptest::collection::vec(event(), 1..300)) {
        let mut one = One::linked(&[1, 2, 3]);
        let mut seen = BTreeSet::new();
        let mut neighbours: BTreeSet<NodeId> = [1, 2, 3].map(NodeId).into();
        for input in inputs {
            match input {
                Ok(Input::LinkUp { peer }) => { neighbours.insert(peer); }
                Ok(Input::LinkDown { peer }) => { neighbours.remove(&peer); }
                _ => {}
            }
            match input {
                Ok(input) => one.handle(input),
                Err(why) => one.wake(why),
            }
            for (id, ..) in one.delivered() {
                prop_assert!(seen.insert(id), "broadcast {} came twice", id);
            }
            let neighbours: Vec<NodeId> = neighbours.iter().copied().collect();
            prop_assert_eq!(one.tree.check(&neighbours), Ok(()));
        }
    }

    #[test]
    fn a_window_knows_what_it_learnt(ids in proptest::collection::vec(0u32..900, 1..200), size in prop_oneof![Just(1u16), Just(64), Just(65), Just(200)]) {
        let mut known = known::Known::default();
        let mut learnt = BTreeSet::new();
        let mut newest = 0;
        for id in ids {
            let window = u32::from(size).next_multiple_of(64);
            let old = id + window < newest + 1;
            prop_assert_eq!(known.learn(BroadcastId(id), size), !old && learnt.insert(id));
            newest = newest.max(id);
            prop_assert!(known.contains(BroadcastId(id)));
            prop_assert!(!known.contains(BroadcastId(newest + 1)));
        }
    }

    #[test]
    fn any_message_survives_the_wire(message in message()) {
        let bytes = message.to_bytes();
        prop_assert_eq!(bytes.len(), message.encoded_len());
        prop_assert_eq!(Message::from_bytes(&bytes), Ok(message));
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        let _ = Message::from_bytes(&bytes);
    }
}

fn gossip(id: u32, hops: u16) -> Message {
    Message::Gossip { id: BroadcastId(id), hops, bytes: 100 }
}

fn announcement(id: u32) -> Message {
    Message::IHave { id: BroadcastId(id), hops: 3 }
}

fn message() -> impl Strategy<Value = Message> {
    let id = || any::<u32>().prop_map(BroadcastId);
    prop_oneof![
        (id(), any::<u16>(), 0u32..20_000).prop_map(|(id, hops, bytes)| Message::Gossip { id, hops, bytes }),
        (id(), any::<u16>()).prop_map(|(id, hops)| Message::IHave { id, hops }),
        proptest::option::of(id()).prop_map(|id| Message::Graft { id }),
        Just(Message::Prune),
    ]
}

fn event() -> impl Strategy<Value = Result<Input, Why>> {
    let id = || (0u32..20).prop_map(BroadcastId);
    let peer = || (1u32..8).prop_map(NodeId);
    let message = prop_oneof![
        4 => (id(), 0u16..9).prop_map(|(id, hops)| Message::Gossip { id, hops, bytes: 9 }),
        3 => (id(), 0u16..9).prop_map(|(id, hops)| Message::IHave { id, hops }),
        1 => proptest::option::of(id()).prop_map(|id| Message::Graft { id }),
        1 => Just(Message::Prune),
    ];
    prop_oneof![
        10 => (peer(), message).prop_map(|(from, message)| Ok(Input::Message { from, message })),
        1 => peer().prop_map(|peer| Ok(Input::LinkUp { peer })),
        1 => peer().prop_map(|peer| Ok(Input::LinkDown { peer })),
        1 => id().prop_map(|id| Ok(Input::Broadcast { id, bytes: 9 })),
        3 => id().prop_map(|id| Err(Why::Missing(id))),
        1 => id().prop_map(|id| Err(Why::Announce { id, giver: 1 })),
    ]
}

/// One node and what it asked for last.
struct One {
    tree: Tree,
    config: Config,
    defect: Option<Defect>,
    dice: Dice,
    position: u32,
    out: Vec<Effect>,
}

impl One {
    fn linked(peers: &[u32]) -> Self {
        let dice = Dice::new(SeedKey::new(1));
        let mut one = Self { tree: Tree::default(), config: Config::default(), defect: None, dice, position: 0, out: Vec::new() };
        peers.iter().for_each(|peer| one.handle(Input::LinkUp { peer: NodeId(*peer) }));
        one
    }

    fn receive(&mut self, from: u32, message: Message) {
        self.handle(Input::Message { from: NodeId(from), message });
    }

    fn handle(&mut self, input: Input) {
        self.react(|machine, cx| machine.handle(input, cx));
    }

    fn wake(&mut self, why: Why) {
        self.react(|machine, cx| machine.wake(why, cx));
    }

    fn react(&mut self, react: impl FnOnce(&mut Plumtree<'_>, &mut Cx<'_, Effect>)) {
        self.out.clear();
        let chance = Chance::new(&mut self.dice, ME.0, &mut self.position);
        let mut cx = Cx::new(Time::ZERO, ME, chance, &mut self.out);
        react(&mut Plumtree { tree: &mut self.tree, config: &self.config, defect: self.defect }, &mut cx);
    }

    fn sent_to(&self, peer: u32) -> Vec<Message> {
        self.out
            .iter()
            .filter_map(|effect| if let Effect::Send { to, message } = effect { (to.0 == peer).then_some(*message) } else { None })
            .collect()
    }

    fn delivered(&self) -> Vec<(u32, u16, Path)> {
        let delivery =
            |effect: &Effect| if let Effect::Fact(Fact::Delivered { id, hops, path }) = *effect { Some((id.0, hops, path)) } else { None };
        self.out.iter().filter_map(delivery).collect()
    }

    fn eager(&self) -> Vec<u32> {
        let mut eager: Vec<u32> = self.tree.eager().map(|peer| peer.0).collect();
        eager.sort_unstable();
        eager
    }

    fn lazy(&self) -> Vec<u32> {
        self.tree.lazy().map(|peer| peer.0).collect()
    }

    fn timer(&self) -> Why {
        self.out.iter().find_map(|effect| if let Effect::Wake { why, .. } = effect { Some(*why) } else { None }).expect("a timer runs")
    }
}
