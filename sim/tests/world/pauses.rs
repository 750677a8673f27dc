//! A paused node does nothing; what happens to it meanwhile waits, in order, and none of it is lost.

use crate::common::drawn::{access, fault, ms, pair};
use crate::common::questions::{assert_settled, total};
use crate::common::sender::{Story, follow, order};
use hypermesh_core::base::Time;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{NodeFault, NodeFaultKind, Plan};

/// A pause of node 1.
const fn pause(from_ms: u64, until_ms: u64) -> NodeFault {
    fault(from_ms, 1, NodeFaultKind::Pause { until: ms(until_ms) })
}

/// 500 datagrams each way, one a millisecond, while node 1 suffers.
fn suffering(faults: Vec<NodeFault>, change: impl FnOnce(&mut Plan)) -> Story {
    let mut plan = pair();
    plan.stop = ms(2_000);
    plan.faults.nodes = faults;
    change(&mut plan);
    let story = follow(&plan, &[order(0, 1, 500), order(1, 0, 500)]);
    assert_settled(&story.trace);
    assert!(story.numbers(1).is_sorted() || total(&story.trace, Id::NodeStarted) > 2, "a pause keeps the order");
    story
}

/// When node 1 saw each of its 500 datagrams.
fn clocks(story: &Story) -> Vec<Time> {
    story.arrivals.iter().filter(|seen| seen.node == 1).map(|seen| seen.clock).collect()
}

/// That node 1 saw all, those of a time in ms at its end and the others at their own.
#[track_caller]
fn assert_waited(story: &Story, from_ms: u64, until_ms: u64) {
    let expected = |number: u64| if (from_ms..until_ms).contains(&(number + 5)) { ms(until_ms) } else { ms(number + 5) };
    assert_eq!(clocks(story), (0..500).map(expected).collect::<Vec<_>>());
}

#[test]
fn what_comes_while_a_node_is_paused_waits_and_none_of_it_is_lost() {
    let story = suffering(vec![pause(100, 300)], |_| {});
    assert_waited(&story, 100, 300);
    // Its own deadline waits too, then it goes on at its pace.
    let sent: Vec<Time> = story.wakes.iter().filter(|seen| seen.node == 1).map(|seen| seen.clock).collect();
    assert_eq!((sent[99], sent[100], sent[101], sent.len()), (ms(99), ms(300), ms(301), 500));
}

#[test]
fn a_pause_loses_nothing_behind_a_narrow_link_either() {
    // The link carries one datagram a millisecond and queues two; it goes on working while its node does not.
    let story = suffering(vec![pause(100, 300)], |plan| plan.network.access[0] = access(0, 8_000_000, 2_000));
    assert_waited(&story, 100, 300);
}

#[test]
fn pauses_that_overlap_end_with_the_last_of_them() {
    assert_waited(&suffering(vec![pause(100, 300), pause(150, 200)], |_| {}), 100, 300);
    assert_waited(&suffering(vec![pause(100, 200), pause(150, 300)], |_| {}), 100, 300);
}

#[test]
fn a_pause_that_is_over_before_it_begins_changes_nothing() {
    let story = suffering(vec![pause(100, 50)], |_| {});
    assert_waited(&story, 100, 100);
}

#[test]
fn what_a_paused_node_had_not_seen_dies_with_it() {
    let faults = vec![pause(100, 300), fault(200, 1, NodeFaultKind::Crash), fault(250, 1, NodeFaultKind::Restart)];
    let story = suffering(faults, |_| {});
    // What came from 100 to 250 ms is lost, and the new life is not paused.
    assert_eq!(story.numbers(1), (0..95).chain(245..500).collect::<Vec<_>>());
    assert_eq!(total(&story.trace, Id::NetToDead), 150);
    assert!(clocks(&story).iter().all(|clock| *clock < ms(100) || *clock >= ms(250)));
}

#[test]
fn a_node_that_is_down_cannot_be_paused() {
    let faults = vec![fault(100, 1, NodeFaultKind::Crash), pause(150, 400), fault(200, 1, NodeFaultKind::Restart)];
    let story = suffering(faults, |_| {});
    assert_eq!(story.numbers(1), (0..95).chain(195..500).collect::<Vec<_>>());
    assert_eq!(total(&story.trace, Id::NetToDead), 100);
}

#[test]
fn what_waits_at_the_end_of_the_run_is_under_way() {
    let mut plan = pair();
    plan.stop = ms(400);
    plan.faults.nodes = vec![pause(100, 900)];
    let story = follow(&plan, &[order(0, 1, 200)]);
    assert!(story.trace.violations.is_empty(), "{:?}", story.trace.violations);
    assert_eq!((total(&story.trace, Id::NetSent), total(&story.trace, Id::NetDelivered)), (200, 95));
}
