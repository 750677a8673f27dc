//! The scope of a view: a few peers, named by the parent.

use super::super::{Config, Status};
use super::watcher::{Setup, Watcher};
use crate::base::{NodeId, Span};
use crate::node::{Command, Fact, Outcome, Unlink};
use crate::testing::{Link, Net};

fn group(seed: u64, count: u32, link: Link) -> Net<Watcher> {
    group_with(seed, count, link, Config::wide_area())
}

fn group_with(seed: u64, count: u32, link: Link, swim: Config) -> Net<Watcher> {
    let mut net = Net::seeded(seed).links(link).nodes(count, Setup { peers: count, swim, ..Setup::default() });
    net.start_all(Span::millis(10));
    net
}

#[test]
fn a_silent_peer_is_given_up_soon_because_the_helpers_are_witnesses() {
    // At most nine periods until it is probed, one to fail, and the shortest patience.
    for (config, limit) in [(Config::wide_area(), 15), (Config::default(), 16)] {
        let mut net = group_with(1, 6, Link::between_millis(5, 120), config);
        net.run_for(Span::secs(5));
        net.crash(NodeId(3));
        let gone = |net: &Net<Watcher>| net.live().iter().all(|node| net.node(*node).swim.status(NodeId(3)).is_none());
        assert!(net.run_until(Span::secs(limit), Span::millis(250), gone), "{}", net.story());
        let failures = net.all_facts().filter(|(_, _, fact)| matches!(fact, Fact::LinkDown { why: Unlink::Failed, .. })).count();
        assert_eq!((failures, net.broken()), (5, None));
    }
}

#[test]
fn a_slow_peer_refutes_and_stays() {
    let mut net = group(2, 6, Link::between_millis(5, 60));
    net.run_for(Span::secs(5));
    net.slow(NodeId(3), Span::millis(1200));
    net.run_for(Span::secs(60));
    let refuted = net.all_facts().any(|(_, _, fact)| fact == Fact::SuspicionEnded { peer: NodeId(3), outcome: Outcome::Refuted });
    let failed = net.all_facts().any(|(_, _, fact)| matches!(fact, Fact::LinkDown { .. }));
    assert!(refuted && !failed, "{}", net.story());
}

#[test]
fn a_loss_of_a_tenth_costs_no_peer() {
    let mut net = group(3, 6, Link::between_millis(5, 150).lossy(0.1));
    net.run_for(Span::secs(300));
    assert!(!net.all_facts().any(|(_, _, fact)| matches!(fact, Fact::LinkDown { .. })), "{}", net.story());
    assert_eq!(net.broken(), None);
}

#[test]
fn a_node_that_is_cut_off_doubts_itself_longer_than_others_doubt_it() {
    let mut net = group(4, 6, Link::between_millis(5, 60));
    net.run_for(Span::secs(5));
    net.cut(NodeId(0));
    let since = net.now();
    let given_up = |net: &Net<Watcher>| (1..6).all(|node| net.node(NodeId(node)).swim.status(NodeId(0)).is_none());
    assert!(net.run_until(Span::secs(40), Span::millis(250), given_up));
    assert!(net.node(NodeId(0)).swim.health() >= 3);
    let first = net.facts(NodeId(0)).iter().find(|(_, fact)| matches!(fact, Fact::LinkDown { .. }));
    assert!(first.is_none_or(|(at, _)| at.since(since) > Span::secs(20)), "no witness, so its suspicions last long");
}

#[test]
fn a_peer_that_the_parent_takes_out_is_watched_no_more() {
    let mut net = group(5, 4, Link::millis(10));
    net.run_for(Span::secs(2));
    net.command(NodeId(0), Command::Token { bytes: 2 });
    net.run_for(Span::secs(1));
    assert_eq!(net.node(NodeId(0)).swim.status(NodeId(2)), None);
    assert_eq!(net.node(NodeId(0)).swim.status(NodeId(1)), Some(Status::Alive));
}
