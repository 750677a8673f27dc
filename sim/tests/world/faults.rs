//! What goes wrong with wires and nodes, and nothing more than that.

use crate::common::drawn::{fault, ms, pair, plan, wire_fault};
use crate::common::questions::{assert_settled, assert_sound, total};
use crate::common::sender::{Order, Seen, Story, follow, order};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::hypermesh::mesh::token;
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::plan::{NodeFaultKind, Plan, Role, Side, WireFault, WireFaultKind, WireScope};

/// Twelve nodes in three regions of two places; each sends to each other, every 10 ms for 600 ms.
fn everybody_to_everybody(faults: Vec<WireFault>) -> (Plan, Story) {
    let mut plan = plan(Role::Token(token::Config { population: 12 }), 12);
    plan.faults.wires = faults;
    let pairs = (0..12).flat_map(|a| (0..12).filter(move |b| *b != a).map(move |b| (a, b)));
    let orders: Vec<Order> = pairs.map(|(a, b)| Order { every: Span::millis(10), ..order(a, b, 60) }).collect();
    let story = follow(&plan, &orders);
    assert_settled(&story.trace);
    (plan, story)
}

/// The datagrams that went from one node to another.
fn between(story: &Story, from: u32, to: u32) -> Vec<u32> {
    story.arrivals.iter().filter(|seen| seen.from == from && seen.node == to).map(|seen| seen.number).collect()
}

/// Cuts `scope` from 200 to 400 ms: exactly the datagrams that were sent then, over the wires that `cut` names, are missing.
#[track_caller]
fn assert_cut(scope: &WireScope, cut: impl Fn(&Plan, u32, u32) -> bool) {
    let (plan, story) = everybody_to_everybody(vec![wire_fault(200, 400, scope.clone(), WireFaultKind::Cut)]);
    let mut missing = 0;
    for (from, to) in (0..12).flat_map(|a| (0..12).filter(move |b| *b != a).map(move |b| (a, b))) {
        let passes = |number: &u32| !cut(&plan, from, to) || !(20..40).contains(number);
        let expected: Vec<u32> = (0..60).filter(passes).collect();
        assert_eq!(between(&story, from, to), expected, "from {from} to {to} across {scope:?}");
        missing += 60 - expected.len() as u64;
    }
    assert!(missing > 0, "the cut separates somebody");
    assert_eq!(total(&story.trace, Id::NetCut), missing);
}

#[test]
fn a_partition_by_share_cuts_its_two_sides_and_nothing_else() {
    let side = Side::Share { salt: 5, share: 0.4 };
    let contains = |node| side.contains(NodeId(node), 0);
    assert_cut(&WireScope::Across(side.clone()), |_, from, to| contains(from) != contains(to));
}

#[test]
fn a_partition_by_region_cuts_its_two_sides_and_nothing_else() {
    let within = |plan: &Plan, node| plan.region_of(NodeId(node)) != 1;
    assert_cut(&WireScope::Across(Side::Regions(vec![true, false, true])), |plan, from, to| within(plan, from) != within(plan, to));
}

#[test]
fn a_region_that_is_cut_off_hears_and_says_nothing_not_even_within() {
    let lost = |plan: &Plan, node| plan.region_of(NodeId(node)) == 2;
    assert_cut(&WireScope::Touching(vec![false, false, true]), |plan, from, to| lost(plan, from) || lost(plan, to));
}

#[test]
fn a_one_way_cut_leaves_the_other_direction() {
    let (from_set, to_set) = (vec![true, false, false], vec![false, true, true]);
    let region = |plan: &Plan, node| usize::from(plan.region_of(NodeId(node)));
    assert_cut(&WireScope::OneWay(from_set.clone(), to_set.clone()), |plan, from, to| {
        from_set[region(plan, from)] && to_set[region(plan, to)]
    });
}

#[test]
fn a_burst_of_loss_drops_its_share_while_it_lasts() {
    let (_, story) = everybody_to_everybody(vec![wire_fault(200, 400, WireScope::All, WireFaultKind::Loss(0.3))]);
    let lost = total(&story.trace, Id::NetLost);
    let (sent, expected) = (132.0 * 20.0, 0.3);
    let error = f64::sqrt(expected * (1.0 - expected) / sent);
    assert!((lost as f64 / sent - expected).abs() < 5.0 * error, "{lost} of {sent}");
    assert_eq!(story.arrivals.iter().filter(|seen| !(20..40).contains(&seen.number)).count(), 132 * 40, "before and after nothing is lost");
}

#[test]
fn bursts_of_loss_at_the_same_time_are_independent() {
    let burst = || wire_fault(0, 900, WireScope::All, WireFaultKind::Loss(0.5));
    let (_, story) = everybody_to_everybody(vec![burst(), burst()]);
    let share = total(&story.trace, Id::NetLost) as f64 / (132.0 * 60.0);
    assert!((share - 0.75).abs() < 5.0 * f64::sqrt(0.75 * 0.25 / (132.0 * 60.0)), "{share}");
}

#[test]
fn copies_and_late_datagrams_come_only_while_they_are_asked_for() {
    let (_, story) = everybody_to_everybody(vec![wire_fault(200, 400, WireScope::All, WireFaultKind::Duplicate(0.5))]);
    let copies = total(&story.trace, Id::NetDuplicated) as f64 / (132.0 * 20.0);
    assert!((copies - 0.5).abs() < 0.05, "{copies}");
    let outside = story.arrivals.iter().filter(|seen| !(20..40).contains(&seen.number)).count();
    assert_eq!(outside, 132 * 40);
    let mut slow = pair();
    slow.network.reorder_by = Span::millis(9);
    slow.faults.wires = vec![wire_fault(200, 400, WireScope::All, WireFaultKind::Reorder(0.5))];
    let late = follow(&slow, &[order(0, 1, 600)]);
    let held = |seen: &&Seen| seen.clock.0 - u64::from(seen.number) * 1_000_000 > 5_000_000;
    let during = |seen: &&Seen| (200..400).contains(&seen.number);
    assert_eq!(late.arrivals.iter().filter(held).filter(|seen| !during(seen)).count(), 0);
    let share = late.arrivals.iter().filter(during).filter(held).count() as f64 / 200.0;
    assert!((share - 0.5).abs() < 0.2, "{share}");
}

/// Delays of 8,000 datagrams, 100 us apart, in the order of sending, over wires with spikes; asserts that the order is kept.
fn spiked(jitter_ms: u64, spikes: Vec<WireFault>) -> Vec<u64> {
    let mut plan = pair();
    plan.network.jitter.floor = Span::millis(jitter_ms);
    plan.network.jitter.period = Span::millis(20);
    plan.faults.wires = spikes;
    let story = follow(&plan, &[Order { every: Span::micros(100), ..order(0, 1, 8_000) }]);
    assert_settled(&story.trace);
    assert!(story.numbers(1).is_sorted(), "none is overtaken");
    story.arrivals.iter().map(|seen| seen.clock.0 - u64::from(seen.number) * 100_000).collect()
}

fn slow(from_ms: u64, until_ms: u64, factor: f64, extra_ms: u64) -> WireFault {
    wire_fault(from_ms, until_ms, WireScope::All, WireFaultKind::Slow { factor, extra: Span::millis(extra_ms) })
}

#[test]
fn a_latency_spike_slows_what_is_sent_and_ends_without_overtaking() {
    let delays = spiked(0, vec![slow(200, 400, 3.0, 20)]);
    assert!(delays[..2_000].iter().all(|delay| *delay == 5_000_000), "before");
    assert!(delays[2_000..4_000].iter().all(|delay| *delay == 35_000_000), "during");
    // What is sent right after the end arrives right behind the last slow datagram, 30 ms later the spike is over.
    assert_eq!(delays[4_000], 35_000_000);
    assert_eq!(delays[4_150], 20_000_000);
    assert!(delays[4_300..].iter().all(|delay| *delay == 5_000_000), "after");
}

#[test]
fn spikes_that_end_together_under_jitter_end_without_overtaking() {
    let delays = spiked(15, vec![slow(100, 300, 1.0, 40), slow(150, 300, 4.0, 0), slow(250, 310, 2.0, 5)]);
    assert!(delays.iter().all(|delay| *delay <= 5_000_000 + 15_000_000 + 40_000_000 + 15_000_000 + 10_000_000));
    assert!(delays[3_900..].iter().all(|delay| *delay <= 20_000_000), "it is over when the last slow datagram has arrived");
}

#[test]
fn a_crash_drops_what_comes_and_a_restart_forgets() {
    let mut plan = pair();
    plan.faults.nodes = vec![fault(100, 1, NodeFaultKind::Crash), fault(200, 1, NodeFaultKind::Restart)];
    let story = follow(&plan, &[order(0, 1, 300), order(1, 0, 300)]);
    assert_settled(&story.trace);
    // What was sent 5 ms before the crash arrives at a dead node; so does all until 5 ms before the restart.
    let numbers = story.numbers(1);
    assert_eq!(numbers, (0..95).chain(195..300).collect::<Vec<_>>());
    assert_eq!(total(&story.trace, Id::NetToDead), 100);
    let first = story.arrivals.iter().find(|seen| seen.node == 1 && seen.number == 195);
    assert!(first.is_some_and(|seen| seen.clock == ms(200) && seen.heard <= 2), "at most its own first wake-up came before: {first:?}");
    // Its first life had sent a hundred, its second begins again, and no deadline of the first life wakes the second.
    let sent: Vec<u32> = story.wakes.iter().filter(|seen| seen.node == 1).map(|seen| seen.number).collect();
    assert_eq!(sent, (0..100).chain(0..300).collect::<Vec<_>>());
    assert_eq!((total(&story.trace, Id::NodeStarted), total(&story.trace, Id::NodeCrashed)), (3, 1));
}

#[test]
fn a_node_that_leaves_is_gone_and_crashing_the_dead_changes_nothing() {
    let mut plan = pair();
    plan.faults.nodes =
        vec![fault(100, 1, NodeFaultKind::Leave), fault(150, 1, NodeFaultKind::Crash), fault(160, 0, NodeFaultKind::Restart)];
    let story = follow(&plan, &[order(0, 1, 300)]);
    assert_settled(&story.trace);
    assert_eq!(story.numbers(1), (0..95).collect::<Vec<_>>());
    assert_eq!((total(&story.trace, Id::NodeStarted), total(&story.trace, Id::NodeCrashed)), (2, 1));
}

/// When node 0 woke to send its datagrams every 10 ms of its own clock: (world, clock) in ms, by the arrivals at node 1.
fn skewed(step_ms: u64, drift_ppm: i32) -> Vec<(f64, f64)> {
    let mut plan = pair();
    plan.faults.nodes = vec![fault(100, 0, NodeFaultKind::Skew { step: Span::millis(step_ms), drift_ppm })];
    let story = follow(&plan, &[Order { every: Span::millis(10), ..order(0, 1, 40) }]);
    assert_sound(&story.trace);
    let millis = |time: Time| time.0 as f64 / 1e6;
    story.arrivals.iter().zip(&story.wakes).map(|(arrival, wake)| (millis(arrival.clock) - 5.0, millis(wake.clock))).collect()
}

#[test]
fn a_fast_clock_makes_deadlines_come_early_and_a_slow_one_late() {
    for (drift, pace) in [(1_000_000, 5.0), (0, 10.0), (-500_000, 20.0), (-900_000, 100.0)] {
        let seen = skewed(0, drift);
        // The deadline that was set before the skew keeps its moment.
        let (world, clock): (Vec<f64>, Vec<f64>) = seen.iter().skip(11).copied().unzip();
        assert!(world.windows(2).all(|pair| (pair[1] - pair[0] - pace).abs() < 1e-4), "{drift} ppm: {world:?}");
        assert!(clock.windows(2).all(|pair| (pair[1] - pair[0] - 10.0).abs() < 1e-3), "{drift} ppm: {clock:?}");
    }
}

#[test]
fn a_clock_that_jumps_shows_it_and_keeps_its_pace() {
    let seen = skewed(700, 0);
    assert_eq!(seen[9], (90.0, 90.0));
    assert_eq!(seen[10], (100.0, 800.0), "a deadline of the same moment comes after the fault");
    assert_eq!(seen[20], (200.0, 900.0));
}
