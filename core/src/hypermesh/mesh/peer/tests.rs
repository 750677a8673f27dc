//! Promises of whole peers: the parts together, in a mesh with loss, crashes and restarts.

use super::{Config, Message, Peer, Wakeup};
use crate::base::{NodeId, Span, Time, Wire};
use crate::hypermesh::mesh::{hyparview, plumtree, swim, vivaldi};
use crate::node::{BroadcastId, Command, Contacts, Fact, Node};
use crate::testing::{Flooder, Liar, Link, Net, Replayer, Silent, Villain};
use proptest::prelude::*;

/// All four parts, with the times shortened so that a test needs few virtual seconds. A node that loses most of its neighbours at once must not
/// doubt itself for long, so the probe interval does not follow local health.
fn all() -> Config {
    let lifeguard = swim::Lifeguard { aware_probe: false, ..swim::Lifeguard::ON };
    Config {
        hyparview: Some(hyparview::Config { shuffle_every: Span::secs(3), answer_within: Span::millis(500), ..Default::default() }),
        plumtree: Some(plumtree::Config::default()),
        swim: Some(swim::Config { suspicion_spread: 2, lifeguard, ..Default::default() }),
        vivaldi: Some(vivaldi::Config::default()),
        defect: None,
    }
}

/// Views and trees alone: the views check their links themselves.
fn unwatched() -> Config {
    Config { swim: None, vivaldi: None, ..all() }
}

/// A mesh of `count` nodes that have joined over lossy links.
fn mesh(seed: u64, count: u32, config: Config) -> Net<Peer> {
    let mut net = Net::seeded(seed).nodes(count, config).links(Link::between_millis(5, 60).lossy(0.01)).checks_every(7);
    net.start_all(Span::millis(10));
    net.run_for(Span::millis(10).times(u64::from(count)) + Span::secs(12));
    net
}

/// Sends one broadcast from `origin` and gives it time.
fn broadcast(net: &mut Net<Peer>, origin: NodeId, id: u32) {
    net.command(origin, Command::Broadcast { id: BroadcastId(id), bytes: 100 });
    net.run_for(Span::secs(4));
}

/// Live nodes that a broadcast did not reach.
fn missed(net: &Net<Peer>, id: u32) -> Vec<NodeId> {
    let got =
        |node: &NodeId| net.facts(*node).iter().any(|(_, fact)| matches!(fact, Fact::Delivered { id: BroadcastId(i), .. } if *i == id));
    net.live().into_iter().filter(|node| !got(node)).collect()
}

fn redundant(net: &Net<Peer>, id: u32) -> usize {
    net.all_facts().filter(|(_, _, fact)| *fact == Fact::Redundant { id: BroadcastId(id) }).count()
}

#[test]
fn a_peer_is_small() {
    assert!(size_of::<Message>() <= 24, "{}", size_of::<Message>());
    assert!(size_of::<Wakeup>() <= 8, "{}", size_of::<Wakeup>());
    let net = mesh(1, 300, all());
    let bytes: usize = net.live().iter().map(|node| size_of::<Peer>() + net.node(*node).heap_bytes()).sum();
    let mean = bytes / 300;
    assert!(mean <= 900, "{mean} bytes a peer");
}

#[test]
fn all_nodes_join_and_form_one_mesh() {
    for (seed, config) in [(2, all()), (3, unwatched())] {
        let net = mesh(seed, 500, config);
        assert_eq!(net.broken(), None);
        assert_eq!(net.components(), [500], "{}", net.story());
        let full = net.live().iter().filter(|node| net.node(**node).view().len() == 5).count();
        assert!(full > 400, "{full} of 500 active views are full");
    }
}

#[test]
fn a_broadcast_reaches_every_live_node_despite_loss() {
    let mut net = mesh(4, 500, all());
    for id in 0..10 {
        broadcast(&mut net, NodeId(id * 31), id);
        assert_eq!(missed(&net, id), [], "{:?} {}", net.components(), net.story());
    }
    assert_eq!(net.broken(), None);
}

#[test]
fn the_tree_forms_and_redundancy_falls() {
    let mut net = mesh(5, 500, all());
    for id in 0..6 {
        broadcast(&mut net, NodeId(7), id);
    }
    let (first, last) = (redundant(&net, 0), redundant(&net, 5));
    assert!(first > 500 && last < 50, "first {first}, last {last}");
}

#[test]
fn after_a_third_crashes_at_once_views_heal_and_broadcasts_reach_all_live() {
    for (seed, config) in [(6, all()), (7, unwatched())] {
        let mut net = mesh(seed, 500, config);
        broadcast(&mut net, NodeId(0), 0);
        (0..500).filter(|i| i % 10 < 3).for_each(|i| net.crash(NodeId(i)));
        net.run_for(Span::secs(30));
        let dead = net.live().iter().flat_map(|node| net.node(*node).view()).filter(|peer| !net.is_up(*peer)).count();
        assert_eq!(dead, 0, "links to the dead remain\n{}", net.story());
        assert_eq!(net.components(), [350], "{}", net.story());
        broadcast(&mut net, NodeId(5), 1);
        broadcast(&mut net, NodeId(44), 2);
        assert_eq!((missed(&net, 1), missed(&net, 2)), (vec![], vec![]), "{}", net.story());
        assert_eq!(net.broken(), None);
    }
}

#[test]
fn a_restarted_node_joins_again() {
    let mut net = mesh(8, 200, all());
    for round in 0..5 {
        for i in (round..200).step_by(20) {
            net.crash(NodeId(i));
            let contacts = net.contacts_below(200);
            net.start_after(NodeId(i), contacts, Span::millis(1_500));
        }
        net.run_for(Span::secs(3));
    }
    net.run_for(Span::secs(10));
    assert_eq!(net.components(), [200], "{}", net.story());
    broadcast(&mut net, NodeId(11), 0);
    assert_eq!(missed(&net, 0), [], "{}", net.story());
    assert_eq!(net.broken(), None);
}

#[test]
fn links_become_symmetric() {
    let net = mesh(9, 300, unwatched());
    let one_sided = net
        .live()
        .into_iter()
        .flat_map(|node| net.node(node).view().into_iter().map(move |peer| (node, peer)))
        .filter(|(node, peer)| !net.node(*peer).views().is_active(*node))
        .count();
    assert!(one_sided <= 3, "{one_sided} links stand on one side only\n{}", net.story());
}

#[test]
fn the_mesh_grows_together_after_a_partition() {
    for (seed, config) in [(10, all()), (11, unwatched())] {
        let mut net = mesh(seed, 300, config);
        (0..150).for_each(|i| net.side(NodeId(i), 1));
        net.run_for(Span::secs(20));
        (0..150).for_each(|i| net.side(NodeId(i), 0));
        net.run_for(Span::secs(20));
        assert_eq!(net.components(), [300], "{}", net.story());
        broadcast(&mut net, NodeId(3), 0);
        assert_eq!(missed(&net, 0), [], "{}", net.story());
    }
}

#[test]
fn coordinates_settle() {
    let net = mesh(12, 200, all());
    let errors_between = |from: f64, to: f64| {
        let error = |(_, at, fact): (NodeId, Time, Fact)| match fact {
            Fact::Coordinate { error, .. } if (from..to).contains(&at.as_secs_f64()) => Some(error),
            _ => None,
        };
        let mut errors: Vec<f32> = net.all_facts().filter_map(error).collect();
        errors.sort_by(f32::total_cmp);
        errors[errors.len() / 2]
    };
    let (early, late) = (errors_between(0.0, 3.0), errors_between(10.0, 14.0));
    // The latency of this network is drawn anew for each message, so no coordinate can predict it well.
    assert!(late < early / 2.0 && late < 0.4, "median error {early} at first, {late} later");
}

#[test]
fn a_node_without_contacts_waits_to_be_found() {
    let mut net = Net::<Peer>::seeded(13).nodes(2, all());
    net.start(NodeId(0), Contacts::default());
    net.run_for(Span::secs(5));
    assert_eq!(net.node(NodeId(0)).view(), []);
    net.start(NodeId(1), Contacts::one(NodeId(0)));
    net.run_for(Span::secs(1));
    assert_eq!(net.node(NodeId(0)).view(), [NodeId(1)]);
    assert_eq!(net.node(NodeId(1)).view(), [NodeId(0)]);
}

#[test]
fn who_leaves_in_good_order_is_let_go_at_once() {
    let mut net = mesh(14, 100, all());
    net.leave(NodeId(50));
    net.run_for(Span::secs(1));
    let links = net.live().iter().filter(|node| net.node(**node).views().is_active(NodeId(50))).count();
    assert!(links <= 1, "a farewell can be lost, but not {links}");
}

#[test]
fn a_cell_without_views_needs_only_its_failure_detector() {
    let scope = swim::Scope::Cell { first: 0, count: 20 };
    let config = Config { swim: Some(swim::Config { scope, ..Default::default() }), ..Default::default() };
    let mut net = Net::<Peer>::seeded(15).nodes(20, config);
    net.start_all(Span::ZERO);
    net.run_for(Span::secs(3));
    net.crash(NodeId(4));
    net.run_for(Span::secs(60));
    for node in net.live() {
        assert!(!net.node(node).view().contains(&NodeId(4)), "{node} still watches the dead\n{}", net.story());
    }
    assert_eq!(net.broken(), None);
}

#[test]
fn a_cell_beside_the_views_tells_them_of_failures() {
    let scope = swim::Scope::Cell { first: 0, count: 30 };
    let config = Config { swim: Some(swim::Config { scope, ..Default::default() }), ..unwatched() };
    let mut net = mesh(16, 30, config);
    net.crash(NodeId(3));
    net.run_for(Span::secs(60));
    let links = net.live().into_iter().filter(|node| net.node(*node).view().contains(&NodeId(3))).count();
    assert_eq!((links, net.broken()), (0, None));
}

/// Honest nodes that stay, with a villain in the place of one in `share`.
fn besieged(seed: u64, share: usize, villain: impl Fn(u32) -> Box<dyn Villain<Message>>) -> Net<Peer> {
    let mut net = mesh(seed, 200, all());
    (0..200).step_by(share).for_each(|i| net.corrupt(NodeId(i), villain(i)));
    net.run_for(Span::secs(30));
    assert_eq!(net.broken(), None, "views stay bounded and sound");
    assert_eq!(net.components(), [200 - 200 / share], "the honest stay connected\n{}", net.story());
    let bytes = net.live().iter().map(|node| net.node(*node).heap_bytes()).max();
    assert!(bytes < Some(2_000), "{bytes:?} bytes on one heap");
    broadcast(&mut net, NodeId(5), 0);
    broadcast(&mut net, NodeId(7), 1);
    assert_eq!((missed(&net, 0), missed(&net, 1)), (vec![], vec![]), "{}", net.story());
    net
}

#[test]
fn silent_nodes_are_given_up() {
    let net = besieged(20, 10, |_| Box::new(Silent));
    let links: usize = net.live().iter().map(|node| net.node(*node).view().iter().filter(|peer| peer.0 % 10 == 0).count()).sum();
    assert!(links < 20, "{links} links lead to nodes that never answer");
}

#[test]
fn replayed_messages_do_no_harm() {
    besieged(21, 10, |_| Box::new(Replayer::new(20)));
}

#[test]
fn a_flood_of_joins_does_not_split_the_mesh() {
    // Ten flooders and ten joins a second are less than the mesh of 200 bears; ten times as many split it, because a join is never refused.
    let every = Span::secs(1);
    let join = |next| Flooder { message: Message::HyParView(hyparview::Message::Join), targets: 200, every, next };
    besieged(22, 20, |i| Box::new(join(i + 1)));
}

#[test]
fn lies_about_links_do_no_harm() {
    let lies = || {
        let (accept, refuse) = (hyparview::Message::Answer { accepted: true }, hyparview::Message::Answer { accepted: false });
        let part = hyparview::Message::Disconnect { leaving: false };
        let graft = plumtree::Message::Graft { id: None };
        let told = [accept, refuse, part].into_iter().map(Message::HyParView);
        told.chain([Message::Plumtree(graft), Message::Plumtree(plumtree::Message::IHave { id: BroadcastId(9), hops: 1 })]).collect()
    };
    besieged(23, 10, |_| Box::new(Liar::new(lies())));
}

#[cfg(feature = "defects")]
#[test]
fn planted_defects_are_found() {
    use crate::testing::Defect;
    let promise = |defect| {
        let net = mesh(24, 60, Config { defect: Some(defect), ..all() });
        net.broken().map(|found| found.split(": ").last().unwrap_or_default().to_owned())
    };
    assert_eq!(promise(Defect::UnboundedView).as_deref(), Some("the active view stays within its limit"));
    assert_eq!(promise(Defect::SelfInView).as_deref(), Some("no view holds its own node"));
    let mut net = mesh(25, 60, Config { defect: Some(Defect::DuplicateDelivery), ..all() });
    broadcast(&mut net, NodeId(0), 0);
    let deliveries = net.all_facts().filter(|(_, _, fact)| matches!(fact, Fact::Delivered { .. })).count();
    assert!(deliveries > 60, "{deliveries} deliveries to 60 nodes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_bytes_arrive_a_peer_keeps_its_promises(datagrams in proptest::collection::vec((0u32..9, proptest::collection::vec(any::<u8>(), 1..40)), 1..150)) {
        let mut net = Net::<Peer>::seeded(1).nodes(9, all());
        net.start_all(Span::ZERO);
        net.run_for(Span::secs(1));
        for (from, mut bytes) in datagrams {
            // Most random bytes name no part and no kind; these do.
            bytes[0] %= 3;
            if bytes.len() > 1 {
                bytes[1] &= 0x37;
            }
            for end in 1..=bytes.len() {
                if let Ok(message) = Message::from_bytes(&bytes[..end]) {
                    prop_assert_eq!(message.encoded_len(), end);
                    net.send(NodeId(from), NodeId(0), message);
                }
            }
            net.run_for(Span::millis(100));
        }
        prop_assert_eq!(net.broken(), None);
    }
}
