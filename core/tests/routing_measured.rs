//! What learning gains on measured round trips: the slices that are judged here were never used to choose a parameter, and no request is judged by
//! what came after it. The whole table, over several seeds, is printed by `cargo run --release -p hypermesh-core --example learned_routing`; the figures
//! stand in clause 12.5 of the draft.

mod measured;

use hypermesh_core::stoq::routing::predict::Config;
use measured::{Contest, Feedback, Line, World, cities, devices};

/// The line of that name, among all of a contest.
fn line<'l>(lines: &'l [Line], name: &str) -> &'l Line {
    lines.iter().find(|line| line.name == name).expect("a way of choosing")
}

fn contest(world: &World, feedback: Feedback) -> Vec<Line> {
    let lines = Contest::run(world, world.test.clone(), feedback, Config::default(), 11);
    println!("{}, {feedback:?}, {} requests:", world.name, lines[0].requests());
    for line in &lines {
        println!("  {:22} mean {:7.2} ms, p99 {:8.2} ms, regret {:7.2} ms", line.name, line.mean_ms(), line.p99_ms(), line.regret_ms());
    }
    lines
}

fn closed(lines: &[Line], learner: &str, bar: &str) -> f64 {
    1.0 - line(lines, learner).regret_ms() / line(lines, bar).regret_ms()
}

#[test]
fn learning_closes_half_of_the_gap_between_geography_and_an_oracle_among_cities() {
    let Some(world) = cities(11) else { return };
    let lines = contest(&World { rounds: 10, ..world }, Feedback::AtOnce);
    let share = closed(&lines, "learned over geography", "geography");
    assert!(share >= 0.5, "only {share:.3} of the gap is closed");
    for other in ["geography", "coordinates"] {
        assert!(line(&lines, "learned over geography").mean_ms() < line(&lines, other).mean_ms(), "{other} alone is better");
        assert!(line(&lines, "learned over geography").p99_ms() < line(&lines, other).p99_ms(), "{other} alone has the shorter tail");
    }
}

#[test]
fn learning_that_goes_on_closes_half_of_the_gap_between_coordinates_and_an_oracle_among_devices() {
    let Some(world) = devices() else { return };
    let lines = contest(&world, Feedback::AtOnce);
    let share = closed(&lines, "learned", "coordinates");
    assert!(share >= 0.5, "only {share:.3} of the gap is closed");
    assert!(line(&lines, "learned").p99_ms() < line(&lines, "coordinates").p99_ms(), "coordinates have the shorter tail");
}

#[test]
fn among_devices_nobody_who_stops_learning_closes_half_of_the_gap() {
    let Some(world) = devices() else { return };
    let lines = contest(&world, Feedback::Frozen);
    // Even the mean of every pair over all slices before: round trips there change within minutes.
    assert!(closed(&lines, "complete record", "coordinates") < 0.5);
}
