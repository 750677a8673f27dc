//! Prints what learning gains on measured round trips: `cargo run --release -p hypermesh-core --example learned_routing [-- tune]`.
//!
//! With `tune` it prints, on the validation slices alone, what each setting would have gained: the defaults were chosen by that table.

#[path = "../tests/measured/mod.rs"]
mod measured;

use hypermesh_core::stoq::routing::predict::Config;
use measured::{Contest, Feedback, Line, World, cities, devices, hosts};

const SEEDS: [u64; 5] = [11, 12, 13, 14, 15];

fn main() {
    let worlds = [hosts(), devices(), cities(11)];
    let worlds: Vec<World> = worlds.into_iter().flatten().collect();
    if std::env::args().any(|argument| argument == "tune") {
        tune(&worlds);
    } else {
        worlds.iter().for_each(test);
    }
}

/// Test slices, every form of learning, a mean over seeds.
fn test(world: &World) {
    for feedback in [Feedback::Frozen, Feedback::NextSlice, Feedback::AtOnce] {
        let runs: Vec<Vec<Line>> =
            SEEDS.iter().map(|seed| Contest::run(world, world.test.clone(), feedback, Config::default(), *seed)).collect();
        println!("{}, {feedback:?}: {} requests judged by each of {} seeds", world.name, runs[0][0].requests(), SEEDS.len());
        let over = |of: &dyn Fn(&[Line]) -> f64| {
            let all: Vec<f64> = runs.iter().map(|run| of(run)).collect();
            let (least, most) = (all.iter().copied().fold(f64::MAX, f64::min), all.iter().copied().fold(f64::MIN, f64::max));
            (all.iter().sum::<f64>() / all.len() as f64, least, most)
        };
        let bar = if world.geography.is_some() { 4 } else { 2 };
        for line in 0..runs[0].len() {
            let (mean, ..) = over(&|run: &[Line]| run[line].mean_ms());
            let (regret, ..) = over(&|run: &[Line]| run[line].regret_ms());
            let (closed, least, most) = over(&|run: &[Line]| 100.0 * (1.0 - run[line].regret_ms() / run[bar].regret_ms()));
            let (p99, ..) = over(&|run: &[Line]| run[line].p99_ms());
            let (name, from) = (runs[0][line].name, runs[0][bar].name);
            print!("  {name:22} mean {mean:7.2} ms  p99 {p99:8.2} ms  regret {regret:7.2} ms");
            println!("  closes {closed:6.1} % of the gap from {from} ({least:.1} to {most:.1})");
        }
    }
}

/// Validation slices, one setting moved at a time.
fn tune(worlds: &[World]) {
    let base = Config::default();
    let mut settings: Vec<(String, Config)> = vec![("as they are".into(), base)];
    settings.extend([-0.4, -0.2, -0.1, 0.0, 0.1, 0.3].map(|optimism| (format!("optimism {optimism}"), Config { optimism, ..base })));
    settings.extend([4.0, 8.0, 64.0].map(|history| (format!("history {history}"), Config { history, ..base })));
    settings.extend([0.1, 0.5, 1.0].map(|model_weight| (format!("model_weight {model_weight}"), Config { model_weight, ..base })));
    settings.extend([0.01, 0.02, 0.1].map(|step| (format!("step {step}"), Config { step, ..base })));
    settings.extend([0.25, 1.0, 4.0].map(|part| (format!("alarm {part}"), Config { alarm: (part, 20.0), ..base })));
    println!("share of the gap from coordinates closed on the validation slices, %: next slice, at once");
    for (name, config) in settings {
        print!("  {name:18}");
        for world in worlds {
            print!("  {}", world.name);
            for feedback in [Feedback::NextSlice, Feedback::AtOnce] {
                let closed: f64 = SEEDS[..2]
                    .iter()
                    .map(|seed| Contest::run(world, world.validation.clone(), feedback, config, *seed))
                    .map(|lines| 1.0 - lines[3].regret_ms() / lines[2].regret_ms())
                    .sum();
                print!(" {:5.1}", closed * 50.0);
            }
        }
        println!();
    }
}
