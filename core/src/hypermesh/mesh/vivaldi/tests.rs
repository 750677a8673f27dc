//! Promises of network coordinates.

use super::{Config, Coordinate, ERROR_MAX, ERROR_MIN, Packed, direction};
use crate::base::{Dice, Purpose, SeedKey, Span, Wire};
use crate::testing::Defect;
use proptest::prelude::*;

const EAST: [f32; 2] = [1.0, 0.0];

fn at(x: f32, y: f32, height: f32, error: f32) -> Coordinate {
    Coordinate { x, y, height, error }
}

#[test]
fn a_spring_that_is_too_short_pushes_and_one_too_long_pulls() {
    let config = Config::default();
    let peer = at(0.0, 0.0, 0.1, 0.5);
    let mut pushed = at(10.0, 0.0, 0.1, 0.5);
    pushed.observe(&peer, Span::millis(50), &config, None, || EAST);
    assert!(pushed.x > 10.0 && pushed.height > 0.1);
    let mut pulled = at(90.0, 0.0, 5.0, 0.5);
    pulled.observe(&peer, Span::millis(50), &config, None, || EAST);
    assert!(pulled.x < 90.0 && pulled.height < 5.0);
}

#[test]
fn two_nodes_at_one_point_part_in_a_random_direction() {
    let config = Config::default();
    let mut dice = Dice::new(SeedKey::new(4));
    let mut one = Coordinate::default();
    let seen = one.observe(&Coordinate::default(), Span::millis(80), &config, None, || direction(&mut dice.draw(0, Purpose::Direction, 0)));
    assert!(seen.is_some_and(|seen| seen.finite));
    assert!(one.distance_ms(&Coordinate::default()) > 5.0);
}

#[test]
fn the_trusted_node_moves_less() {
    let config = Config::default();
    let moved = |mine: f32, theirs: f32| {
        let mut node = at(10.0, 0.0, 1.0, mine);
        node.observe(&at(0.0, 0.0, 1.0, theirs), Span::millis(100), &config, None, || EAST);
        node.x - 10.0
    };
    assert!(moved(0.05, 1.0) < moved(0.5, 0.5) && moved(0.5, 0.5) < moved(1.0, 0.05));
}

#[test]
fn absurd_samples_are_ignored() {
    let config = Config::default();
    let mut node = at(10.0, 0.0, 1.0, 0.5);
    let before = node;
    assert_eq!(node.observe(&Coordinate::default(), Span::ZERO, &config, None, || EAST), None);
    assert_eq!(node.observe(&Coordinate::default(), Span::secs(11), &config, None, || EAST), None);
    assert_eq!(node.observe(&at(f32::NAN, 0.0, 1.0, 0.5), Span::millis(9), &config, None, || EAST), None);
    assert_eq!(node, before);
}

#[test]
fn three_nodes_find_a_triangle() {
    let config = Config::default();
    let rtt = [[0, 60, 80], [60, 0, 100], [80, 100, 0]];
    let mut nodes = [Coordinate::default(); 3];
    let mut dice = Dice::new(SeedKey::new(1));
    for round in 0..600u32 {
        for i in 0..3 {
            let j = (i + 1 + round as usize % 2) % 3;
            let peer = nodes[j];
            nodes[i]
                .observe(&peer, Span::millis(rtt[i][j]), &config, None, || direction(&mut dice.draw(i as u32, Purpose::Direction, round)));
        }
    }
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
        let off = (nodes[i].distance_ms(&nodes[j]) - rtt[i][j] as f32).abs() / rtt[i][j] as f32;
        assert!(off < 0.02, "{i} {j} {off} {nodes:?}");
    }
    assert!(nodes.iter().all(|node| node.error < 0.1));
}

#[test]
fn a_planted_division_by_zero_shows_only_where_defects_are_built_in() {
    let mut node = Coordinate::default();
    let seen = node.observe(&Coordinate::default(), Span::millis(9), &Config::default(), Some(Defect::CoordinateNotFinite), || EAST);
    assert_eq!(seen.map(|seen| seen.finite), Some(!cfg!(feature = "defects")));
}

fn any_coordinate() -> impl Strategy<Value = Coordinate> {
    (-4000f32..4000.0, -4000f32..4000.0, 0f32..1000.0, ERROR_MIN..ERROR_MAX).prop_map(|(x, y, height, error)| at(x, y, height, error))
}

proptest! {
    #[test]
    fn no_sample_makes_a_coordinate_infinite(start in any_coordinate(), peers in prop::collection::vec((any_coordinate(), 1u64..10_000_000_000), 1..50)) {
        let mut node = start;
        for (peer, rtt) in peers {
            let seen = node.observe(&peer, Span(rtt), &Config::default(), None, || EAST);
            prop_assert!(seen.is_none_or(|seen| seen.finite), "{node:?} {peer:?} {rtt}");
        }
    }

    #[test]
    fn any_coordinate_survives_the_wire_within_a_step(coordinate in any_coordinate()) {
        let packed = Packed::from(coordinate);
        prop_assert_eq!(packed.to_bytes().len(), packed.encoded_len());
        prop_assert_eq!(Packed::from_bytes(&packed.to_bytes()), Ok(packed));
        let back = Coordinate::from(packed);
        prop_assert!((back.x - coordinate.x).abs() < 0.008 && (back.y - coordinate.y).abs() < 0.008);
        prop_assert!((back.height - coordinate.height).abs() < 0.008 && (back.error - coordinate.error).abs() < 0.004);
    }

    #[test]
    fn no_bytes_can_hurt(bytes: Vec<u8>) {
        if let Ok(packed) = Packed::from_bytes(&bytes) {
            prop_assert!(Coordinate::from(packed).is_finite());
        }
    }

    #[test]
    fn anything_can_be_packed(x: f32, y: f32, height: f32, error: f32) {
        prop_assert!(Coordinate::from(Packed::from(at(x, y, height, error))).is_finite());
    }
}
