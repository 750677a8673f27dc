//! Explores the small worlds within larger bounds than the tests do, and prints what was found.
//!
//! ```text
//! cargo run --release -p hypermesh-model -- [session|purge|certs|routing|all] [--small] [--threads N] [--seconds N]
//! cargo run --release -p hypermesh-model --features seeded -- seeded [session|purge|certs|routing|all]
//! ```
//! The second form plants faults one after the other, and prints a way to the promise that each breaks.

use hypermesh_model::run::Effort;
use hypermesh_model::{Seed, Size, WORLDS, World};
use std::process::ExitCode;
use std::time::Duration;

/// What was asked for.
struct Wish {
    seeded: bool,
    size: Size,
    effort: Effort,
    worlds: Vec<World>,
}

fn main() -> ExitCode {
    let wish = match wish(std::env::args().skip(1)) {
        Ok(wish) => wish,
        Err(problem) => {
            eprintln!("{problem}");
            eprintln!("usage: hypermesh-model [seeded] [session|purge|certs|routing|all] [--small] [--threads N] [--seconds N]");
            return ExitCode::from(2);
        }
    };
    let look = if wish.seeded { find_seeds } else { explore };
    // Every world is looked at, also after one that failed.
    let good = wish.worlds.iter().fold(true, |good, world| look(world, &wish) & good);
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn wish(args: impl Iterator<Item = String>) -> Result<Wish, String> {
    let effort = Effort { threads: 2, ..Effort::default() };
    let mut wish = Wish { seeded: false, size: Size::Large, effort, worlds: Vec::new() };
    let mut args = args;
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse::<usize>().ok()).filter(|number| *number > 0);
        match arg.as_str() {
            "seeded" if cfg!(feature = "seeded") => wish.seeded = true,
            "seeded" => return Err("faults can be planted in a build with --features seeded only".to_owned()),
            "--small" => wish.size = Size::Small,
            "--threads" => wish.effort.threads = number().ok_or("--threads needs a number")?,
            "--seconds" => wish.effort.within = Duration::from_secs(number().ok_or("--seconds needs a number")? as u64),
            "all" => wish.worlds.extend(WORLDS),
            name => wish.worlds.push(*WORLDS.iter().find(|world| world.name == name).ok_or(format!("there is no world {name}"))?),
        }
    }
    if wish.worlds.is_empty() {
        wish.worlds.extend(WORLDS);
    }
    Ok(wish)
}

/// Explores a world. True if every promise is kept and nothing was left out.
fn explore(world: &World, wish: &Wish) -> bool {
    let reports = (world.explore)(wish.size, wish.effort, Seed::NONE);
    reports.iter().for_each(|report| println!("{report}"));
    reports.iter().all(|report| report.whole && report.broken().is_empty())
}

/// Plants the faults of a world. True if each is found.
fn find_seeds(world: &World, wish: &Wish) -> bool {
    let found = world.seeds.iter().map(|found| {
        // With one thread the ways repeat, and take longer to find.
        let threads = if found.within == Size::Small { 1 } else { wish.effort.threads };
        println!("{} with {}", world.name, found.seed.name().unwrap_or_default());
        match world.find(found, Effort { threads, ..wish.effort }) {
            Some(way) => {
                println!("  breaks \"{}\" in {} steps:", found.breaks, way.len());
                way.iter().enumerate().for_each(|(at, step)| println!("  {:>3}. {step}", at + 1));
                true
            }
            None => {
                println!("  was NOT found to break \"{}\"", found.breaks);
                false
            }
        }
    });
    found.fold(true, |all, one| all & one)
}
