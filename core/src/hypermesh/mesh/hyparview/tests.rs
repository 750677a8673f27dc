//! Promises of the partial views, one node at a time. The whole mesh is tested in `peer`.

use super::views::NOBODY;
use super::*;
use crate::base::{Dice, SeedKey, Time, Wire};
use crate::machine::Chance;
use proptest::prelude::*;

const ME: NodeId = NodeId(1_000);

#[test]
fn a_join_is_repeated_through_the_next_contact() {
    let mut one = One::started(&[1, 2, 3]);
    assert_eq!(one.sent_to(1), [Message::Join]);
    let first = one.answer_timer();
    one.wake(first);
    assert_eq!(one.sent_to(2), [Message::Join]);
    let second = one.answer_timer();
    one.receive(2, Message::Answer { accepted: true });
    assert_eq!(one.ups(), [2]);
    one.wake(second);
    assert_eq!(one.out, [], "who has joined asks nobody");
}

#[test]
fn a_newcomer_walks_through_all_other_neighbours() {
    let mut one = One::linked(&[1, 2, 3]);
    one.receive(9, Message::Join);
    assert_eq!(one.sent_to(9), [Message::Answer { accepted: true }]);
    for peer in [1, 2, 3] {
        assert_eq!(one.sent_to(peer), [Message::ForwardJoin { newcomer: NodeId(9), hops: 6 }]);
    }
    assert_eq!(one.ups(), [9]);
}

#[test]
fn a_full_view_evicts_for_a_newcomer_and_tells_the_victim() {
    let mut one = One::linked(&[1, 2, 3, 4, 5]);
    one.receive(9, Message::Join);
    let [victim] = one.downs(Unlink::Evicted)[..] else { panic!("one link goes down: {:?}", one.out) };
    assert!(one.sent_to(victim).contains(&Message::Disconnect { leaving: false }));
    assert!(one.views.passive().contains(&NodeId(victim)), "the victim is kept as a spare");
    assert_eq!(one.views.active().len(), 5);
}

#[test]
fn a_wish_without_urgency_is_refused_by_a_full_view() {
    let mut one = One::linked(&[1, 2, 3, 4, 5]);
    one.receive(9, Message::Neighbor { priority: Priority::Low });
    assert_eq!(one.sent_to(9), [Message::Answer { accepted: false }]);
    one.receive(9, Message::Neighbor { priority: Priority::High });
    assert_eq!(one.sent_to(9), [Message::Answer { accepted: true }]);
    one.receive(9, Message::Neighbor { priority: Priority::Low });
    assert_eq!(one.sent_to(9), [Message::Answer { accepted: true }], "a neighbour that asks learns that the link stands");
}

#[test]
fn a_walk_enters_the_passive_view_on_its_way_and_the_active_view_at_its_end() {
    let mut one = One::linked(&[1, 2, 3]);
    one.receive(1, Message::ForwardJoin { newcomer: NodeId(9), hops: 3 });
    assert_eq!(one.views.passive(), [NodeId(9)]);
    assert!(one.ups().is_empty());
    let onward: Vec<_> = [2, 3].into_iter().flat_map(|peer| one.sent_to(peer)).collect();
    assert_eq!(onward, [Message::ForwardJoin { newcomer: NodeId(9), hops: 2 }], "a walk does not turn back");
    one.receive(1, Message::ForwardJoin { newcomer: NodeId(9), hops: 0 });
    assert_eq!(one.ups(), [9]);
    assert_eq!(one.sent_to(9), [Message::Answer { accepted: true }]);
    assert!(one.views.passive().is_empty());
}

#[test]
fn a_failed_peer_is_replaced_from_the_passive_view() {
    let mut one = One::linked(&[1, 2, 3, 4, 5]).knowing(&[20]);
    one.handle(Input::PeerFailed { peer: NodeId(3) });
    assert_eq!(one.downs(Unlink::Failed), [3]);
    assert_eq!(one.sent_to(20), [Message::Neighbor { priority: Priority::Low }]);
    one.receive(20, Message::Answer { accepted: true });
    assert_eq!(one.ups(), [20]);
    assert!(!one.views.passive().contains(&NodeId(3)), "a failed peer is no spare");
}

#[test]
fn a_node_without_neighbours_asks_urgently() {
    let mut one = One::linked(&[1]).knowing(&[20]);
    one.handle(Input::PeerFailed { peer: NodeId(1) });
    assert_eq!(one.sent_to(20), [Message::Neighbor { priority: Priority::High }]);
}

#[test]
fn a_silent_candidate_is_asked_twice_and_then_forgotten() {
    let mut one = One::linked(&[1, 2]).knowing(&[20]);
    one.handle(Input::PeerFailed { peer: NodeId(1) });
    let first = one.answer_timer();
    one.wake(first);
    assert_eq!(one.sent_to(20), [Message::Neighbor { priority: Priority::Low }]);
    let second = one.answer_timer();
    one.wake(second);
    assert!(one.views.passive().is_empty());
    one.wake(first);
    one.wake(second);
    assert_eq!(one.out, [], "stale wake-ups are harmless");
}

#[test]
fn a_refusal_leads_to_the_next_candidate() {
    let mut one = One::linked(&[1, 2]).knowing(&[20, 21]);
    one.handle(Input::PeerFailed { peer: NodeId(1) });
    let first = if one.sent_to(20).is_empty() { 21 } else { 20 };
    one.receive(first, Message::Answer { accepted: false });
    let again = one.sent_to(20).len() + one.sent_to(21).len();
    assert_eq!(again, 1, "{:?}", one.out);
    assert_eq!(one.views.passive().len(), 2, "who refuses stays a spare");
}

#[test]
fn a_stranger_that_behaves_like_a_neighbour_is_taken_in_or_told_off() {
    let mut one = One::linked(&[1, 2, 3, 4]);
    one.handle(Input::Heard { from: NodeId(9) });
    assert_eq!(one.ups(), [9]);
    one.handle(Input::Heard { from: NodeId(10) });
    assert_eq!(one.sent_to(10), [Message::Disconnect { leaving: false }]);
    one.handle(Input::Heard { from: NodeId(9) });
    assert_eq!(one.out, [], "a neighbour may");
}

#[test]
fn who_leaves_is_no_spare_and_who_evicts_is_one() {
    let mut one = One::linked(&[1, 2, 3]);
    one.receive(1, Message::Disconnect { leaving: true });
    one.receive(2, Message::Disconnect { leaving: false });
    assert_eq!(one.views.passive(), [NodeId(2)]);
    one.handle(Input::Leave);
    assert_eq!(one.sent_to(3), [Message::Disconnect { leaving: true }]);
}

#[test]
fn a_shuffle_names_its_origin_first_and_both_views() {
    let mut one = One::linked(&[1, 2, 3, 4, 5]).knowing(&[20, 21, 22, 23, 24, 25]);
    one.wake(Why::Shuffle(one.views.beat));
    let walks: Vec<Walk> = (1..=5)
        .flat_map(|peer| one.sent_to(peer))
        .filter_map(|m| if let Message::Shuffle(walk) = m { Some(*walk) } else { None })
        .collect();
    let [walk] = &walks[..] else { panic!("one walk: {:?}", one.out) };
    assert_eq!((walk.hops, walk.peers.as_slice()[0], walk.peers.as_slice().len()), (6, ME, 8));
    assert_eq!(walk.peers.as_slice()[1..].iter().filter(|peer| peer.0 < 20).count(), 3);
}

#[test]
fn a_shuffle_is_answered_with_as_much_and_what_was_given_makes_room() {
    let mut one = One::linked(&[1]);
    one.config.passive = 4;
    let mut one = one.knowing(&[20, 21, 22, 23]);
    let mut peers = Exchange::EMPTY;
    [50, 51, 52].into_iter().for_each(|peer| peers.push(NodeId(peer)));
    one.receive(1, Message::Shuffle(Box::new(Walk { hops: 4, peers })));
    let [Message::ShuffleReply(given)] = &one.sent_to(50)[..] else { panic!("an answer to the origin: {:?}", one.out) };
    assert_eq!(given.as_slice().len(), 3);
    let stays = [20, 21, 22, 23].map(NodeId).into_iter().find(|peer| !given.as_slice().contains(peer)).expect("three of four were given");
    let mut passive = one.views.passive().to_vec();
    passive.sort_unstable();
    assert_eq!(passive, [stays, NodeId(50), NodeId(51), NodeId(52)]);
}

#[test]
fn an_unwatched_peer_that_gives_no_sign_twice_has_failed() {
    let mut one = One::linked(&[1]);
    let check = Why::Check(one.views.beat);
    for _ in 0..2 {
        one.wake(check);
        assert_eq!(one.sent_to(1), [Message::Neighbor { priority: Priority::Low }]);
        one.receive(1, Message::Answer { accepted: true });
    }
    one.wake(check);
    one.wake(check);
    assert_eq!(one.downs(Unlink::Failed), []);
    one.wake(check);
    assert_eq!(one.downs(Unlink::Failed), [1]);
}

#[test]
fn a_node_that_stays_short_of_neighbours_insists() {
    let mut one = One::started(&[1, 2]);
    one.receive(1, Message::Answer { accepted: true });
    let mut urgent = 0;
    for _ in 0..6 {
        one.wake(Why::Shuffle(one.views.beat));
        urgent += one.sent_to(2).iter().filter(|m| **m == Message::Neighbor { priority: Priority::High }).count();
        one.receive(2, Message::Answer { accepted: false });
    }
    assert!(urgent > 0, "a clique that knows only itself asks a contact to take it in");
}

#[test]
fn a_node_that_hears_no_new_names_joins_anew_ever_more_rarely() {
    let mut one = One::started(&[1, 99]);
    one.receive(1, Message::Answer { accepted: true });
    (2..6).for_each(|peer| one.receive(peer, Message::Neighbor { priority: Priority::High }));
    let mut joins = Vec::new();
    for round in 1..=20 {
        one.wake(Why::Shuffle(one.views.beat));
        if one.sent_to(99) == [Message::Join] {
            joins.push(round);
            let timer = one.answer_timer();
            one.wake(timer);
        }
    }
    assert_eq!(joins.len(), 2, "rounds {joins:?}: every second time it is the turn of the contact that is a neighbour");
}

#[test]
fn both_views_cost_at_most_250_bytes() {
    let spares: Vec<u32> = (20..50).collect();
    let one = One::linked(&[1, 2, 3, 4, 5]).knowing(&spares);
    let bytes = size_of::<Views>() + one.views.heap_bytes();
    assert_eq!((one.views.active().len(), one.views.passive().len()), (5, 30));
    assert!(bytes <= 250, "{bytes} bytes");
    assert!(size_of::<Message>() <= 16, "{}", size_of::<Message>());
    assert!(size_of::<Why>() <= 4, "{}", size_of::<Why>());
}

#[cfg(feature = "defects")]
#[test]
fn planted_defects_of_the_views_are_found() {
    let mut unbounded = One::linked(&[1, 2, 3, 4, 5]);
    unbounded.defect = Some(Defect::UnboundedView);
    unbounded.receive(6, Message::Join);
    assert_eq!(unbounded.views.check(ME, &unbounded.config), Err("the active view stays within its limit"));

    let mut selfish = One::linked(&[1, 2]);
    selfish.defect = Some(Defect::SelfInView);
    selfish.receive(1, Message::ForwardJoin { newcomer: ME, hops: 3 });
    assert_eq!(selfish.views.check(ME, &selfish.config), Err("no view holds its own node"));
}

proptest! {
    #[test]
    fn whatever_happens_the_views_keep_their_promises(inputs in proptest::collection::vec(event(), 1..200), active in 1u8..7, passive in 0u8..9) {
        let mut one = One::started(&[1, 2, 3]);
        (one.config.active, one.config.passive) = (active, passive);
        for input in inputs {
            match input {
                Ok(input) => one.handle(input),
                Err(why) => one.wake(why),
            }
            prop_assert_eq!(one.views.check(ME, &one.config), Ok(()));
            prop_assert!(!one.views.active().contains(&NOBODY) && !one.views.passive().contains(&NOBODY));
            for effect in &one.out {
                if let Effect::Send { message, .. } = effect {
                    let read = Message::from_bytes(&message.to_bytes());
                    prop_assert_eq!(read.as_ref(), Ok(message), "what is said can be read");
                }
            }
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
        if let Ok(message) = Message::from_bytes(&bytes) {
            prop_assert_eq!(message.to_bytes(), bytes, "a message has one encoding");
        }
    }
}

/// Few names, so that they meet again: neighbours, strangers and the node itself.
fn name() -> impl Strategy<Value = NodeId> {
    prop_oneof![8 => (0u32..12).prop_map(NodeId), 1 => Just(ME), 1 => (0..u32::MAX).prop_map(NodeId)]
}

fn exchange(min: usize) -> impl Strategy<Value = Exchange> {
    proptest::collection::vec(name(), min..=EXCHANGE_MAX).prop_map(|peers| {
        let mut exchange = Exchange::EMPTY;
        peers.into_iter().for_each(|peer| exchange.push(peer));
        exchange
    })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        Just(Message::Join),
        (name(), 0..=HOPS_MAX).prop_map(|(newcomer, hops)| Message::ForwardJoin { newcomer, hops }),
        prop_oneof![Just(Priority::Low), Just(Priority::High)].prop_map(|priority| Message::Neighbor { priority }),
        any::<bool>().prop_map(|accepted| Message::Answer { accepted }),
        any::<bool>().prop_map(|leaving| Message::Disconnect { leaving }),
        (0..=HOPS_MAX, exchange(1)).prop_map(|(hops, peers)| Message::Shuffle(Box::new(Walk { hops, peers }))),
        exchange(0).prop_map(|peers| Message::ShuffleReply(Box::new(peers))),
    ]
}

fn event() -> impl Strategy<Value = Result<Input, Why>> {
    prop_oneof![
        12 => (name(), message()).prop_map(|(from, message)| Ok(Input::Message { from, message })),
        2 => name().prop_map(|from| Ok(Input::Heard { from })),
        2 => name().prop_map(|peer| Ok(Input::PeerFailed { peer })),
        1 => Just(Ok(Input::Leave)),
        1 => name().prop_map(|contact| Ok(Input::Start { contacts: Contacts::one(contact) })),
        1 => any::<u16>().prop_map(|serial| Err(Why::Answer(serial))),
        2 => Just(Err(Why::Shuffle(0))),
        2 => Just(Err(Why::Check(0))),
    ]
}

/// One node and what it asked for last.
struct One {
    views: Views,
    config: Config,
    defect: Option<Defect>,
    dice: Dice,
    position: u32,
    out: Vec<Effect>,
}

impl One {
    /// A node that has started with these contacts.
    fn started(contacts: &[u32]) -> Self {
        let dice = Dice::new(SeedKey::new(1));
        let mut one = Self { views: Views::default(), config: Config::default(), defect: None, dice, position: 0, out: Vec::new() };
        let mut known = Contacts::default();
        known.0.iter_mut().zip(contacts).for_each(|(slot, contact)| *slot = Some(NodeId(*contact)));
        one.handle(Input::Start { contacts: known });
        one
    }

    /// A node without contacts that has these neighbours.
    fn linked(peers: &[u32]) -> Self {
        let mut one = Self::started(&[]);
        peers.iter().for_each(|peer| one.receive(*peer, Message::Neighbor { priority: Priority::High }));
        one
    }

    /// The same node with these spares.
    fn knowing(mut self, spares: &[u32]) -> Self {
        for some in spares.chunks(EXCHANGE_MAX) {
            let mut peers = Exchange::EMPTY;
            some.iter().for_each(|peer| peers.push(NodeId(*peer)));
            self.receive(1, Message::ShuffleReply(Box::new(peers)));
        }
        self
    }

    fn receive(&mut self, from: u32, message: Message) {
        self.handle(Input::Message { from: NodeId(from), message });
    }

    fn handle(&mut self, input: Input) {
        self.react(|machine, cx| machine.handle(input, cx));
    }

    /// Wakes the node; periodic reasons are made to be of this life.
    fn wake(&mut self, why: Why) {
        let beat = self.views.beat;
        let why = match why {
            Why::Shuffle(_) => Why::Shuffle(beat),
            Why::Check(_) => Why::Check(beat),
            answer => answer,
        };
        self.react(|machine, cx| machine.wake(why, cx));
    }

    fn react(&mut self, react: impl FnOnce(&mut HyParView<'_>, &mut Cx<'_, Effect>)) {
        self.out.clear();
        let chance = Chance::new(&mut self.dice, ME.0, &mut self.position);
        let mut cx = Cx::new(Time(5_000_000_000), ME, chance, &mut self.out);
        react(&mut HyParView { views: &mut self.views, config: &self.config, watched: false, defect: self.defect }, &mut cx);
    }

    fn sent_to(&self, peer: u32) -> Vec<Message> {
        self.out
            .iter()
            .filter_map(|effect| if let Effect::Send { to, message } = effect { (to.0 == peer).then(|| message.clone()) } else { None })
            .collect()
    }

    fn ups(&self) -> Vec<u32> {
        self.out.iter().filter_map(|effect| if let Effect::LinkUp { peer } = effect { Some(peer.0) } else { None }).collect()
    }

    fn downs(&self, reason: Unlink) -> Vec<u32> {
        self.out
            .iter()
            .filter_map(|effect| if let Effect::LinkDown { peer, why } = effect { (*why == reason).then_some(peer.0) } else { None })
            .collect()
    }

    fn answer_timer(&self) -> Why {
        let timer = |effect: &Effect| if let Effect::Wake { why: why @ Why::Answer(_), .. } = effect { Some(*why) } else { None };
        self.out.iter().find_map(timer).expect("who asks sets a timer")
    }
}
