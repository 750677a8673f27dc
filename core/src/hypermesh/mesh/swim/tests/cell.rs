//! A cell on a small network.

use super::super::{Config, Gossip, Lifeguard, Scope, Status};
use super::watcher::{Setup, Watcher};
use crate::base::{NodeId, Span};
use crate::node::{Contacts, Fact, Outcome, Unlink};
use crate::testing::{Link, Net};

fn cell(seed: u64, count: u32, link: Link, config: Config) -> Net<Watcher> {
    let swim = Config { scope: Scope::Cell { first: 0, count }, ..config };
    let mut net = Net::seeded(seed).links(link).checks_every(16).nodes(count, Setup { swim, ..Setup::default() });
    net.start_all(Span::millis(3));
    net
}

fn lost(net: &Net<Watcher>, peer: NodeId) -> usize {
    net.all_facts().filter(|(_, _, fact)| *fact == Fact::LinkDown { peer, why: Unlink::Failed }).count()
}

fn holds(net: &Net<Watcher>, peer: NodeId, status: Status) -> usize {
    net.live().into_iter().filter(|node| *node != peer && net.node(*node).swim.status(peer) == Some(status)).count()
}

#[test]
fn a_silent_peer_is_confirmed_failed_by_all() {
    for lifeguard in [Lifeguard::ON, Lifeguard::OFF] {
        let mut net = cell(1, 32, Link::between_millis(1, 30), Config { lifeguard, ..Config::default() });
        net.run_for(Span::secs(5));
        net.crash(NodeId(9));
        assert!(net.run_until(Span::secs(40), Span::secs(1), |net| holds(net, NodeId(9), Status::Failed) == 31), "{}", net.story());
        assert_eq!(net.broken(), None);
        assert_eq!(
            (0..32).filter(|peer| *peer != 9).map(|peer| lost(&net, NodeId(peer))).sum::<usize>(),
            0,
            "nobody else is held for failed"
        );
    }
}

#[test]
fn loss_alone_makes_nobody_fail() {
    let mut net = cell(2, 48, Link::between_millis(1, 80).lossy(0.05), Config::default());
    net.run_for(Span::secs(60));
    assert_eq!((0..48).map(|peer| lost(&net, NodeId(peer))).sum::<usize>(), 0, "{}", net.story());
    assert_eq!(net.broken(), None);
}

#[test]
fn a_slow_peer_refutes() {
    let mut net = cell(3, 32, Link::between_millis(1, 30), Config::default());
    net.run_for(Span::secs(5));
    net.slow(NodeId(4), Span::millis(1500));
    net.run_for(Span::secs(60));
    let about_it = |fact: Fact| net.all_facts().filter(|(_, _, seen)| *seen == fact).count();
    assert!(about_it(Fact::Suspected { peer: NodeId(4) }) > 0);
    assert!(about_it(Fact::SuspicionEnded { peer: NodeId(4), outcome: Outcome::Refuted }) > 0);
    assert_eq!(lost(&net, NodeId(4)), 0);
    assert!(net.node(NodeId(4)).swim.incarnation() > 0);
    assert!(net.node(NodeId(4)).swim.health() > 0, "it knows that it is slow");
}

#[test]
fn a_member_that_crashed_comes_back() {
    let mut net = cell(4, 24, Link::between_millis(1, 30), Config::default());
    net.run_for(Span::secs(3));
    net.crash(NodeId(7));
    net.run_for(Span::secs(40));
    assert_eq!(holds(&net, NodeId(7), Status::Failed), 23);
    net.start(NodeId(7), Contacts::default());
    assert!(net.run_until(Span::secs(30), Span::secs(1), |net| holds(net, NodeId(7), Status::Alive) == 23), "{}", net.story());
    assert!(net.node(NodeId(7)).swim.incarnation() > 0);
}

#[test]
fn a_goodbye_is_no_failure() {
    let mut net = cell(5, 24, Link::between_millis(1, 30), Config::default());
    net.run_for(Span::secs(3));
    net.leave(NodeId(2));
    assert!(net.run_until(Span::secs(15), Span::secs(1), |net| holds(net, NodeId(2), Status::Left) == 23), "{}", net.story());
    assert_eq!(lost(&net, NodeId(2)), 0);
}

#[test]
fn the_sides_of_a_healed_partition_find_each_other() {
    let mut net = cell(6, 20, Link::between_millis(1, 30), Config::default());
    net.run_for(Span::secs(3));
    (0..10).for_each(|node| net.side(NodeId(node), 1));
    net.run_for(Span::secs(90));
    assert_eq!(holds(&net, NodeId(0), Status::Failed), 10, "the other side holds it for failed");
    (0..10).for_each(|node| net.side(NodeId(node), 0));
    let whole = |net: &Net<Watcher>| (0..20).all(|peer| holds(net, NodeId(peer), Status::Alive) == 19);
    assert!(net.run_until(Span::secs(180), Span::secs(5), whole), "{}", net.story());
}

#[test]
fn a_gossip_of_its_own_spreads_news_sooner() {
    let spread = |gossip| {
        let mut net = cell(7, 64, Link::between_millis(1, 5), Config { gossip, ..Config::default() });
        net.run_for(Span::secs(3));
        net.leave(NodeId(1));
        let since = net.now();
        assert!(net.run_until(Span::secs(30), Span::millis(100), |net| holds(net, NodeId(1), Status::Left) == 63), "{}", net.story());
        net.now().since(since)
    };
    let (slow, fast) = (spread(None), spread(Some(Gossip { every: Span::millis(200), peers: 3 })));
    assert!(fast < Span::millis(1500) && fast < slow, "{fast} {slow}");
}
