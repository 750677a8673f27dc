//! Promises of the test network, shown with push gossip and tokens.

use super::{Link, Net, Silent};
use crate::base::{NodeId, Span, Time};
use crate::hypermesh::mesh::gossip::{self, Gossiper};
use crate::node::{BroadcastId, Command, Contacts, Fact};

fn gossip(seed: u64, count: u32) -> Net<Gossiper> {
    let mut net = Net::seeded(seed).nodes(count, gossip::Config { fanout: 8, population: count });
    net.start_all(Span::ZERO);
    net.run_for(Span::secs(1));
    net
}

fn reached(net: &Net<Gossiper>) -> usize {
    net.all_facts().filter(|(_, _, fact)| matches!(fact, Fact::Delivered { .. })).count()
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let run = |seed| {
        let mut net = gossip(seed, 50);
        net.command(NodeId(3), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
        net.run_for(Span::secs(2));
        net.story()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_cut_or_crashed_or_silent_node_hears_nothing() {
    let mut net = gossip(1, 40);
    net.cut(NodeId(5));
    net.crash(NodeId(6));
    net.corrupt(NodeId(7), Box::new(Silent));
    net.command(NodeId(0), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
    net.run_for(Span::secs(2));
    for node in [5, 6, 7] {
        assert!(net.facts(NodeId(node)).is_empty(), "{}", net.story());
    }
    assert!(reached(&net) >= 30, "{}", net.story());
    assert!(net.lost() > 0);
}

#[test]
fn a_slow_node_hears_late() {
    let mut net = gossip(2, 20);
    net.slow(NodeId(9), Span::secs(5));
    net.command(NodeId(0), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
    net.run_for(Span::secs(10));
    let first = |node| net.facts(NodeId(node)).first().map(|(at, _)| *at);
    assert!(first(9) >= Some(Time::ZERO + Span::secs(6)), "{}", net.story());
    assert!(first(8) < Some(Time::ZERO + Span::secs(3)), "{}", net.story());
}

#[test]
fn a_restarted_node_has_forgotten_all() {
    let mut net = gossip(3, 10);
    for _ in 0..2 {
        net.command(NodeId(0), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
        net.run_for(Span::secs(1));
        net.crash(NodeId(1));
        net.start(NodeId(1), Contacts::default());
    }
    let deliveries = net.facts(NodeId(1)).iter().filter(|(_, fact)| matches!(fact, Fact::Delivered { .. })).count();
    assert_eq!(deliveries, 1, "node 0 knows the broadcast already, so nobody hears of it again\n{}", net.story());
    net.start(NodeId(0), Contacts::default());
    net.run_for(Span::millis(1));
    net.command(NodeId(0), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
    net.run_for(Span::secs(1));
    assert_eq!(net.facts(NodeId(1)).iter().filter(|(_, fact)| matches!(fact, Fact::Delivered { .. })).count(), 2);
}

#[test]
fn loss_is_as_rare_as_asked_and_kinds_are_counted() {
    let mut net = Net::<Gossiper>::seeded(4).nodes(400, gossip::Config { fanout: 8, population: 400 }).links(Link::millis(5).lossy(0.1));
    net.start_all(Span::ZERO);
    net.run_for(Span::millis(1));
    net.command(NodeId(0), Command::Broadcast { id: BroadcastId(0), bytes: 10 });
    net.run_for(Span::secs(2));
    let sent = net.sent_of("Message");
    let share = net.lost() as f64 / sent as f64;
    assert!((0.07..0.13).contains(&share), "lost {share} of {sent}");
}
