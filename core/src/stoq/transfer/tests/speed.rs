//! Several sources together are about as fast as the sum of them.

use super::*;

const MB: u64 = 1_000_000;

/// How long all of an object takes, as a multiple of the time that its bytes take at `rate`.
fn ratio(object: &Object, servers: &[(Conduct, u64, u64)], rate: u64, sequence: Sequence) -> (f64, Counters) {
    let wide = Config { chunks_max: 1024, window_bytes: 4 << 20, ..config() };
    let mut world = World::new(object, 40, servers).with(wide);
    world.checks = false;
    world.begin(Order { sequence, ..all(object, servers.len() as u32) });
    assert_eq!(world.run().wrongs(0..object.bytes.len() as u64), Vec::<String>::new());
    let ideal = object.bytes.len() as f64 / rate as f64;
    println!("{sequence:?} from {servers:?}: {:.3} times the ideal", world.now.as_secs_f64() / ideal);
    (world.now.as_secs_f64() / ideal, *world.transfer.counters())
}

#[test]
fn sources_of_unequal_rates_finish_together() {
    let object = Object::random(40, 6 << 20);
    let servers = [4 * MB, 2 * MB, MB, MB / 2].map(|rate| (Conduct::Honest, rate, 20));
    for sequence in [Sequence::InOrder, Sequence::AsTheyCome] {
        let (ratio, counts) = ratio(&object, &servers, 15 * MB / 2, sequence);
        assert!(ratio < RATIO_MAX, "{sequence:?}: {ratio:.3} times the ideal, {counts:?}");
        assert!(counts.duplicate_bytes < object.bytes.len() as u64 / 25, "{counts:?}");
    }
}

#[test]
fn one_source_is_used_to_its_full_rate_however_far_it_is() {
    let object = Object::random(41, 8 << 20);
    for rtt in [1, 20, 100] {
        let (ratio, counts) = ratio(&object, &[(Conduct::Honest, 10 * MB, rtt)], 10 * MB, Sequence::AsTheyCome);
        // Connection, manifests, first answer, and the doublings until the path is full.
        let starting = 10.0 * rtt as f64 * 1e-3 / (object.bytes.len() as f64 / 1e7);
        assert!(ratio < 1.05 + starting, "{rtt} ms: {ratio:.3} times the ideal, {counts:?}");
    }
}

#[test]
fn a_source_that_becomes_slow_does_not_hold_the_others_up() {
    let object = Object::random(42, 4 << 20);
    let servers = [(Conduct::Honest, 4 * MB, 20), (Conduct::Slows(100, 100), 4 * MB, 20), (Conduct::Honest, 2 * MB, 40)];
    for sequence in [Sequence::InOrder, Sequence::AsTheyCome] {
        // As if the second had never been there.
        let (ratio, counts) = ratio(&object, &servers, 6 * MB, sequence);
        assert!(ratio < SLOWED_MAX, "{sequence:?}: {ratio:.3} times the ideal, {counts:?}");
    }
}

/// What is lost to opening, to the first round trips and to the last chunks.
const RATIO_MAX: f64 = 1.2;
/// The same where a source becomes a hundred times slower: what it had in its queue is noticed late and taken over.
const SLOWED_MAX: f64 = 1.3;
