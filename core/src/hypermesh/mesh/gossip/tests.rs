//! Promises of push gossip.

use super::{BYTES_MAX, Config, Gossiper, Message, WINDOW};
use crate::base::{Dice, NodeId, SeedKey, Time, Wire, WireError};
use crate::machine::{Chance, Cx, Machine};
use crate::node::{BroadcastId, Command, Effect, Fact, Input, Node, Path};
use proptest::prelude::*;
use std::sync::Arc;

/// Gossipers on a perfect network where every hop takes the same time, so that one generation of messages follows the other.
struct World {
    nodes: Vec<(Gossiper, u32)>,
    dice: Dice,
    out: Vec<Effect<Message, ()>>,
}

impl World {
    fn new(population: u32, fanout: u8, seed: u64) -> Self {
        let config = Arc::new(Config { fanout, population });
        let nodes = (0..population).map(|_| (Gossiper::new(&config), 0)).collect();
        Self { nodes, dice: Dice::new(SeedKey::new(seed)), out: Vec::new() }
    }

    fn give(&mut self, me: NodeId, input: Input<Message>) -> Vec<Effect<Message, ()>> {
        let (node, draws) = &mut self.nodes[me.index()];
        let mut cx = Cx::new(Time::ZERO, me, Chance::new(&mut self.dice, me.0, draws), &mut self.out);
        node.handle(input, &mut cx);
        self.out.drain(..).collect()
    }

    /// Nodes that heard of a broadcast at each hop, the origin first.
    fn infected_by_hop(&mut self, id: BroadcastId) -> Vec<u32> {
        let mut generation = vec![(NodeId(0), Input::Command(Command::Broadcast { id, bytes: 100 }))];
        let mut curve = Vec::new();
        while !generation.is_empty() {
            let (mut next, mut infected) = (Vec::new(), 0);
            for (me, input) in generation {
                for effect in self.give(me, input) {
                    match effect {
                        Effect::Send { to, message } => next.push((to, Input::Message { from: me, message })),
                        Effect::Fact(Fact::Delivered { hops, .. }) => {
                            assert_eq!(usize::from(hops), curve.len());
                            infected += 1;
                        }
                        _ => {}
                    }
                }
            }
            if infected > 0 {
                curve.push(infected);
            }
            generation = next;
        }
        curve
    }
}

/// The final share of nodes that hear of it, z = 1 - exp(-f z), by fixed-point iteration from above.
fn coverage(fanout: f64) -> f64 {
    (0..10_000).fold(1.0, |z: f64, _| 1.0 - libm::exp(-fanout * z))
}

/// What a hop infects, on average: each of the ignorant escapes all messages that the newly infected send, each to `fanout` others of `n`.
fn recursion(n: f64, fanout: f64) -> Vec<f64> {
    let (mut ignorant, mut newly, mut curve) = (n - 1.0, 1.0, vec![1.0]);
    while newly > 0.5 {
        let left = ignorant * libm::pow(1.0 - fanout / (n - 1.0), newly);
        newly = ignorant - left;
        ignorant = left;
        curve.push(newly);
    }
    curve
}

#[test]
fn the_final_coverage_is_the_analytic_one() {
    const NODES: u32 = 20_000;
    for fanout in [2u8, 3, 8] {
        let mut world = World::new(NODES, fanout, 5);
        let runs = 4;
        let reached: u32 = (0..runs).map(|id| world.infected_by_hop(BroadcastId(id)).iter().sum::<u32>()).sum();
        let (share, expected) = (f64::from(reached) / f64::from(NODES * runs), coverage(f64::from(fanout)));
        // The variance of a final size of an epidemic is at most that of independent nodes over (1 - f (1 - z))^2.
        let damping = 1.0 - f64::from(fanout) * (1.0 - expected);
        let deviation = libm::sqrt(expected * (1.0 - expected) / f64::from(NODES * runs)) / damping;
        println!("fan-out {fanout}: coverage {share:.5}, analytic {expected:.5}, one standard deviation {deviation:.5}");
        assert!((share - expected).abs() < 4.0 * deviation + 1.0 / f64::from(NODES), "fan-out {fanout}: {share} instead of {expected}");
    }
}

#[test]
fn the_infection_curve_follows_the_recursion() {
    const NODES: u32 = 20_000;
    for fanout in [2u8, 3, 8] {
        let mut world = World::new(NODES, fanout, 6);
        let runs: Vec<Vec<u32>> = (0..5).map(|id| world.infected_by_hop(BroadcastId(id))).collect();
        let expected = recursion(f64::from(NODES), f64::from(fanout));
        let mean = |hop: usize| runs.iter().map(|run| f64::from(run.get(hop).copied().unwrap_or(0))).sum::<f64>() / runs.len() as f64;
        let (mut seen, mut told) = (0.0, 0.0);
        for (hop, want) in expected.iter().enumerate() {
            (seen, told) = (seen + mean(hop), told + want);
            // Chance in the first hops shifts the whole curve a little, which is felt most where it is steep.
            assert!((seen - told).abs() < 0.04 * f64::from(NODES), "fan-out {fanout}, hop {hop}: {seen} infected so far instead of {told}");
        }
        let hops = runs.iter().map(Vec::len).max().unwrap_or(0);
        assert!(hops.abs_diff(expected.len()) <= 3, "fan-out {fanout}: {hops} hops instead of {}", expected.len());
    }
}

#[test]
fn a_broadcast_is_told_to_as_many_others_as_the_fan_out_says_never_to_oneself() {
    let mut world = World::new(10, 4, 1);
    for id in 0..50 {
        let effects = world.give(NodeId(7), Input::Command(Command::Broadcast { id: BroadcastId(id), bytes: 5 }));
        let mut targets: Vec<u32> =
            effects.iter().filter_map(|e| if let Effect::Send { to, .. } = e { Some(to.0) } else { None }).collect();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!(targets.len(), 4);
        assert!(targets.iter().all(|to| *to < 10 && *to != 7));
    }
}

#[test]
fn a_fan_out_above_the_population_reaches_everybody_once() {
    assert_eq!(World::new(5, 32, 1).infected_by_hop(BroadcastId(0)), [1, 4]);
    assert_eq!(World::new(1, 8, 1).infected_by_hop(BroadcastId(0)), [1]);
}

#[test]
fn what_is_older_than_the_window_counts_as_known() {
    let mut world = World::new(2, 0, 1);
    let mut delivered = |id: u32| {
        let message = Message { id: BroadcastId(id), hops: 1, bytes: 0 };
        world.give(NodeId(0), Input::Message { from: NodeId(1), message }).contains(&Effect::Fact(Fact::Delivered {
            id: BroadcastId(id),
            hops: 1,
            path: Path::Pushed,
        }))
    };
    assert!(delivered(100));
    assert!(delivered(100 - (WINDOW - 1)), "the oldest within the window");
    assert!(!delivered(100 - WINDOW), "one too old");
    assert!(delivered(99) && !delivered(99));
    assert!(delivered(100 + 5 * WINDOW) && !delivered(100), "a jump forgets all before it");
    assert!(delivered(u32::MAX) && !delivered(u32::MAX));
}

#[test]
fn content_has_a_limit() {
    let longest = Message { id: BroadcastId(1), hops: 0, bytes: BYTES_MAX };
    assert_eq!(Message::from_bytes(&longest.to_bytes()), Ok(longest));
    let too_long = [&[1, 0][..], &(0x8000_0000 | (BYTES_MAX + 1)).to_be_bytes(), &vec![0; BYTES_MAX as usize + 1]].concat();
    assert_eq!(Message::from_bytes(&too_long), Err(WireError::OutOfRange("rumour content")));
}

proptest! {
    #[test]
    fn each_message_is_delivered_once(ids in prop::collection::vec(0..60u32, 1..300)) {
        let mut world = World::new(3, 2, 1);
        let mut seen = std::collections::BTreeSet::new();
        for id in ids {
            let message = Message { id: BroadcastId(id), hops: 3, bytes: 10 };
            let effects = world.give(NodeId(1), Input::Message { from: NodeId(0), message });
            let deliveries = effects.iter().filter(|e| matches!(e, Effect::Fact(Fact::Delivered { .. }))).count();
            // All sixty fit the window, so the first is new and every other is not.
            prop_assert_eq!(deliveries, usize::from(seen.insert(id)));
        }
    }

    #[test]
    fn any_rumour_survives_the_wire(id: u32, hops: u16, bytes in 0..2_000u32) {
        let message = Message { id: BroadcastId(id), hops, bytes };
        prop_assert_eq!(message.to_bytes().len(), message.encoded_len());
        prop_assert_eq!(Message::from_bytes(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        let _ = Message::from_bytes(&bytes);
    }
}
