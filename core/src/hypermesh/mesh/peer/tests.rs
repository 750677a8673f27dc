//! Promises of whole peers: the parts together, in a mesh with loss, crashes and restarts.

use super::{Config, Message, Peer, Wakeup};
use crate::base::{NodeId, Span};
use crate::hypermesh::mesh::{hyparview, plumtree, swim, vivaldi};
use crate::node::{BroadcastId, Command, Contacts, Fact, Node, Tally};
use crate::testing::{Link, Net};

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
    println!(
        "peer {} + heap {}: views {} tree {}",
        size_of::<Peer>(),
        mean - size_of::<Peer>(),
        size_of::<hyparview::Views>(),
        size_of::<plumtree::Tree>()
    );
    assert!(mean <= 900, "{mean} bytes a peer");
}

#[test]
fn all_nodes_join_and_form_one_mesh() {
    for (seed, config) in [(2, all()), (3, unwatched())] {
        let net = mesh(seed, 500, config);
        assert_eq!(net.broken(), None);
        assert_eq!(net.components(), [500], "{}", net.story());
        let full = net.live().iter().filter(|node| net.node(**node).view().len() == 5).count();
        println!("{full} full, rejected {}, {:?}", net.tally(Tally::NeighborRejected), net.sent());
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
        println!("{:?}", net.components());
        (0..150).for_each(|i| net.side(NodeId(i), 0));
        net.run_for(Span::secs(20));
        let across = net.live().iter().filter(|n| n.0 < 150).flat_map(|n| net.node(*n).view()).filter(|peer| peer.0 >= 150).count();
        println!("across {across}");
        assert_eq!(net.components(), [300], "{}", net.story());
        broadcast(&mut net, NodeId(3), 0);
        assert_eq!(missed(&net, 0), [], "{}", net.story());
    }
}

#[test]
fn coordinates_predict_round_trips() {
    let net = mesh(12, 200, all());
    let mut errors: Vec<f32> = net
        .all_facts()
        .filter_map(|(_, at, fact)| if let Fact::Coordinate { error, .. } = fact { Some((at, error)) } else { None })
        .filter(|(at, _)| at.as_secs_f64() > 10.0)
        .map(|(_, e)| e)
        .collect();
    errors.sort_by(f32::total_cmp);
    assert!(errors.len() > 500);
    println!("median error {}", errors[errors.len() / 2]);
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
