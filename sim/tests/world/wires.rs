//! Wires without faults: a link is a pipe, and does to datagrams what the plan says and nothing else.

use crate::common::drawn::{access, pair};
use crate::common::questions::{assert_settled, total};
use crate::common::sender::{Order, Story, follow, order};
use hypermesh_core::base::{Span, Time};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::Plan;

/// Delay of the path between the two nodes.
const PATH: u64 = 5_000_000;

/// `count` datagrams of 1,250 bytes, all at once.
const fn burst(count: u32) -> Order {
    Order { every: Span::ZERO, bytes: 1_250, ..order(0, 1, count) }
}

/// Delays of the datagrams of an order that began at zero, in ns, by their arrival.
fn delays(story: &Story, every: Span) -> Vec<u64> {
    story.arrivals.iter().map(|seen| seen.clock.0 - u64::from(seen.number) * every.0).collect()
}

/// The share of `part` in `whole` is `p`, within five standard errors of a sample of that size.
#[track_caller]
fn assert_share(part: u64, whole: u64, p: f64) {
    let share = part as f64 / whole as f64;
    let error = (p * (1.0 - p) / whole as f64).sqrt();
    assert!((share - p).abs() <= 5.0 * error, "{part} of {whole} is {share}, and should be about {p}");
}

#[test]
fn a_clean_link_loses_nothing_and_moves_its_bandwidth() {
    let count = 4_000u32;
    for (up, down) in [(100_000_000, 0), (0, 100_000_000), (100_000_000, 100_000_000), (100_000_000, 1_000_000_000)] {
        let mut plan = pair();
        plan.network.access[0] = access(up, down, 0);
        let story = follow(&plan, &[burst(count)]);
        assert_settled(&story.trace);
        assert_eq!(story.numbers(1), (0..count).collect::<Vec<_>>(), "all arrive, in order");
        let (first, last) = (story.arrivals[0].clock, story.arrivals[count as usize - 1].clock);
        let serialised = if up == 0 { 0 } else { 100_000 };
        assert_eq!(first, Time(PATH + serialised), "the first is delayed by the path and by its own length");
        let bps = f64::from(count - 1) * 1_250.0 * 8.0 / last.since(first).as_secs_f64();
        assert!((bps / 1e8 - 1.0).abs() < 0.01, "{bps} bit/s");
    }
}

#[test]
fn an_unlimited_link_only_delays() {
    let story = follow(&pair(), &[burst(1_000)]);
    assert_settled(&story.trace);
    assert!(story.arrivals.iter().all(|seen| seen.clock == Time(PATH)));
}

#[test]
fn a_full_queue_drops_exactly_what_exceeds_it() {
    // A datagram takes 10 ms at 1 Mbit/s; beside the one on the wire, eight fit in 10,000 bytes.
    for (up, down) in [(1_000_000, 0), (0, 1_000_000)] {
        let mut plan = pair();
        plan.network.access[0] = access(up, down, 10_000);
        let story = follow(&plan, &[burst(100)]);
        assert_settled(&story.trace);
        assert_eq!(story.numbers(1), (0..9).collect::<Vec<_>>());
        assert_eq!(total(&story.trace, Id::NetQueueFull), 91);
    }
}

#[test]
fn an_overload_gets_through_at_the_rate_of_the_link() {
    // Two arrive per 10 ms and one leaves, for 500 ms: the queue fills, then every second one is dropped.
    let mut plan = pair();
    plan.network.access[0] = access(1_000_000, 0, 10_000);
    let story = follow(&plan, &[Order { every: Span::millis(5), bytes: 1_250, ..order(0, 1, 100) }]);
    assert_settled(&story.trace);
    // 50 left while the load lasted, at most nine more were queued or on the wire at its end.
    let delivered = story.numbers(1).len();
    assert!((58..=59).contains(&delivered), "{delivered} were delivered");
    assert_eq!(total(&story.trace, Id::NetQueueFull), 100 - delivered as u64);
    assert!(story.numbers(1).is_sorted());
}

#[test]
fn latencies_may_differ_by_direction_and_include_both_last_miles() {
    let mut plan = pair();
    plan.network.one_way_ns = vec![1_000_000, 5_000_000, 30_000_000, 1_000_000];
    plan.network.access.push(access(0, 0, 0));
    (plan.network.access[0].last_mile, plan.network.access[1].last_mile) = (Span::millis(2), Span::millis(7));
    plan.nodes.access = vec![0, 1];
    let story = follow(&plan, &[order(0, 1, 1), order(1, 0, 1)]);
    let at = |node| story.arrivals.iter().find(|seen| seen.node == node).map(|seen| seen.clock);
    assert_eq!((at(1), at(0)), (Some(Time(14_000_000)), Some(Time(39_000_000))));
}

/// 3,000 datagrams, 200 us apart, with some disturbance.
fn disturbed(disturb: impl FnOnce(&mut Plan)) -> (Story, Vec<u64>) {
    let mut plan = pair();
    disturb(&mut plan);
    let every = Span::micros(200);
    let story = follow(&plan, &[Order { every, ..order(0, 1, 3_000) }]);
    let delays = delays(&story, every);
    assert_settled(&story.trace);
    (story, delays)
}

#[test]
fn jitter_varies_the_delay_and_keeps_the_order() {
    let (story, delays) = disturbed(|plan| {
        (plan.network.jitter.share, plan.network.jitter.floor, plan.network.jitter.period) = (0.5, Span::millis(10), Span::millis(15));
    });
    assert_eq!(story.numbers(1), (0..3_000).collect::<Vec<_>>());
    let (least, most) = (delays.iter().min().copied().unwrap_or(0), delays.iter().max().copied().unwrap_or(0));
    assert!(least >= PATH && most <= PATH + PATH / 2 + 10_000_000, "{least} to {most} ns");
    assert!(most - least > 5_000_000, "only {least} to {most} ns");
}

#[test]
fn losses_of_path_and_access_links_add_up_to_their_rate() {
    let (story, _) = disturbed(|plan| {
        plan.network.loss = 0.05;
        plan.network.access[0].loss = 0.1;
    });
    assert_share(total(&story.trace, Id::NetLost), 3_000, 1.0 - 0.95 * 0.9 * 0.9);
    assert!(story.numbers(1).is_sorted());
}

#[test]
fn datagrams_are_held_back_at_the_rate_and_by_the_time_that_was_asked_for() {
    let (story, delays) = disturbed(|plan| (plan.network.reorder, plan.network.reorder_by) = (0.2, Span::millis(10)));
    let held = delays.iter().filter(|delay| **delay > PATH).count();
    assert_share(held as u64, 3_000, 0.2);
    assert!(delays.iter().all(|delay| (PATH..=PATH + 10_000_000).contains(delay)));
    let overtaken = story.numbers(1).windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!(overtaken > 100, "{overtaken} were overtaken");
    let mut all = story.numbers(1);
    all.sort_unstable();
    assert_eq!(all, (0..3_000).collect::<Vec<_>>(), "none is lost or doubled");
}

#[test]
fn datagrams_are_doubled_at_the_rate_that_was_asked_for_and_never_thrice() {
    let (story, _) = disturbed(|plan| plan.network.duplicate = 0.1);
    let copies = total(&story.trace, Id::NetDuplicated);
    assert_share(copies, 3_000, 0.1);
    assert_eq!(total(&story.trace, Id::NetSent), 3_000 + copies);
    let mut times = vec![0; 3_000];
    story.numbers(1).into_iter().for_each(|number| times[number as usize] += 1);
    assert!(times.iter().all(|n| (1..=2).contains(n)));
    assert_eq!(times.iter().filter(|n| **n == 2).count() as u64, copies);
}

#[test]
fn the_fate_of_a_datagram_does_not_depend_on_others() {
    let lossy = |orders: &[Order]| {
        let mut plan = pair();
        plan.network.loss = 0.3;
        follow(&plan, orders).numbers(1)
    };
    // Two more nodes' worth of traffic in the other direction changes nothing here.
    assert_eq!(lossy(&[order(0, 1, 500)]), lossy(&[order(0, 1, 500), order(1, 0, 700)]));
}
