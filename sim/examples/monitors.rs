//! How often each watched requirement of the standard was put to the test over some scenarios, and whether it was kept.
//!
//! `cargo run --release -p hypermesh-sim --example monitors -- scenarios/stoq/*.yaml` runs them one after the other, as they are written, and prints a table.
//! It ends with 1 if a requirement was broken, or if nothing in any of them put it to the test.

use hypermesh_scenarios::{Overrides, load, plan};
use hypermesh_sim::monitors::Monitor;
use hypermesh_sim::{Options, Silent, run};
use std::path::Path;
use std::process::ExitCode;

/// What was seen of a requirement.
#[derive(Clone, Copy, Default)]
struct Seen {
    fired: u64,
    broken: u64,
    scenarios: u64,
}

fn main() -> ExitCode {
    let mut all = vec![Seen::default(); Monitor::COUNT];
    for file in std::env::args().skip(1) {
        if let Err(what) = watch(&file, &mut all) {
            eprintln!("{file}: {what}");
            return ExitCode::FAILURE;
        }
    }
    println!("| Requirement | Tried when | Tried | Scenarios | Broken |\n|---|---|---:|---:|---:|");
    for (monitor, seen) in Monitor::ALL.iter().zip(&all) {
        let (id, premise, _) = monitor.row();
        println!("| {id} | {premise} | {} | {} | {} |", seen.fired, seen.scenarios, seen.broken);
    }
    let tried = all.iter().filter(|seen| seen.fired > 0).count();
    let broken = all.iter().filter(|seen| seen.broken > 0).count();
    let times: u64 = all.iter().map(|seen| seen.fired).sum();
    println!("\n{tried} of {} requirements were put to the test, {times} times in all; {broken} were broken.", Monitor::COUNT);
    if tried == Monitor::COUNT && broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a scenario and adds what its monitors counted.
fn watch(file: &str, all: &mut [Seen]) -> Result<(), String> {
    let loaded = load(Path::new(file), &Overrides::default()).map_err(|report| report.to_string())?;
    let plan = plan(&loaded).map_err(|report| report.to_string())?;
    let trace = run(&plan, &Options::default(), &Silent).map_err(|error| error.to_string())?;
    let times: u64 = trace.monitors.iter().map(|row| row.fired).sum();
    eprintln!("{}: {} nodes, {:.1} s, {times} times", plan.name, trace.run.nodes, trace.run.wall_ns as f64 / 1e9);
    for (row, seen) in trace.monitors.iter().zip(all) {
        seen.fired += row.fired;
        seen.broken += row.broken;
        seen.scenarios += u64::from(row.fired > 0);
        if let Some((at, node, what)) = &row.first {
            eprintln!("  {} was broken {} times, first at {:.6} s on node {node}: {what}", row.requirement, row.broken, *at as f64 / 1e9);
        }
    }
    Ok(())
}
