//! `plan`: what a scenario expands to and what it will cost, before anything runs.

use crate::args::{Change, formats};
use crate::budget::{self, Price};
use crate::exit::Code;
use crate::fail::Done;
use crate::output::{Format, Output, Tone};
use crate::table::Table;
use crate::{glue, human, machine};
use hypermesh_scenarios::plan::{Plan, Role, StoqKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh plan scenarios/first/broadcast.yaml --detailed")]
pub(crate) struct Args {
    /// The scenario file.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    change: Change,

    /// Threads that it would run on; 0 is one a core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,

    /// How to write the plan.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Md]))]
    format: Format,

    /// Print also the nodes of each region, every fault and the scenario with all defaults written out.
    #[arg(long)]
    detailed: bool,

    /// End with code 0 even if it does not fit.
    #[arg(long)]
    force: bool,
}

/// Prints the plan and its price.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let plan = glue::scenario::plan(&args.file, &args.change, &output)?;
    let threads = if args.threads == 0 { machine::cores() } else { args.threads };
    let price = budget::price(&plan, threads);
    match args.format {
        Format::Json => output.json(&as_json(&plan, &price, threads, args.detailed)),
        Format::Md => output.raw(&summary(&plan, &price, threads).markdown()),
        _ => output.raw(&summary(&plan, &price, threads).text()),
    }
    if args.detailed && args.format != Format::Json {
        details(&plan, &output);
    }
    if price.reasons.is_empty() {
        output.note(format_args!("{}", crate::output::paint(output.colored_err(), Tone::Good, "fits")));
        output.hint(&format!("hypermesh run {}", args.file.display()));
        return Ok(Code::Ok);
    }
    for reason in &price.reasons {
        output.warn(format_args!("does not fit: {reason}"));
    }
    output.next(&format!("hypermesh plan {} --set KEY=VALUE with fewer nodes, or `hypermesh run --force`", args.file.display()));
    Ok(if args.force { Code::Ok } else { Code::OverBudget })
}

fn summary(plan: &Plan, price: &Price, threads: usize) -> Table {
    let limit = |limit: Option<String>| limit.map_or(String::new(), |limit| format!(" of {limit}"));
    let mut table = Table::new(&["what", "how much"], &[]);
    let mut row = |what: &str, how_much: String| table.row([what.to_owned(), how_much]);
    row("scenario", format!("{} (seed {})", plan.name, plan.seed));
    row("simulated time", human::seconds(plan.stop.as_secs_f64()));
    for group in &plan.groups {
        row("group", format!("{}: {} nodes, {}", group.name, human::count(u64::from(group.count)), role(&group.role)));
    }
    row("places", format!("{} in {} regions", human::count(plan.network.places.len() as u64), plan.network.regions.len()));
    row("wires", plan.network.source.clone());
    row("broadcasts", human::count(plan.workload.broadcasts.len() as u64));
    row("tokens", human::count(tokens(plan)));
    row("requests", human::count(plan.workload.fetches.len() as u64));
    row(
        "faults",
        format!(
            "{} ({} node events, {} on wires)",
            plan.faults.bands.len(),
            human::count(plan.faults.nodes.len() as u64),
            plan.faults.wires.len()
        ),
    );
    row("expectations", plan.expect.len().to_string());
    row("events", format!("about {}", human::rounded(price.estimate.events as f64)));
    row("memory", format!("about {}{}", human::bytes(price.estimate.memory_bytes), limit(price.memory_limit.map(human::bytes))));
    row(
        "wall time",
        format!("about {} on {threads} threads{}", human::seconds(price.estimate.wall_s), limit(price.wall_limit_s.map(human::seconds))),
    );
    table
}

fn tokens(plan: &Plan) -> u64 {
    plan.workload.tokens.iter().map(|tokens| u64::from(tokens.count) * u64::from(tokens.per_node)).sum()
}

const fn role(role: &Role) -> &'static str {
    match role {
        Role::Token(_) => "holders of tokens",
        Role::Gossip(_) => "push gossip",
        Role::Peer(_) => "mesh peers",
        Role::Stoq(config) => match config.kind {
            StoqKind::Origin => "origins",
            StoqKind::Regional => "regional caches",
            StoqKind::Edge => "edge caches",
            StoqKind::Client => "clients",
            StoqKind::Publisher => "publishers",
        },
    }
}

/// Nodes of each region, in the order of the regions.
fn by_region(plan: &Plan) -> Vec<(&str, u64)> {
    let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
    for place in &plan.nodes.place {
        *counts.entry(plan.network.places[usize::from(*place)].region).or_default() += 1;
    }
    counts.into_iter().map(|(region, count)| (plan.network.regions[usize::from(region)].as_str(), count)).collect()
}

fn details(plan: &Plan, output: &Output) {
    let mut regions = Table::new(&["region", "nodes"], &[1]);
    for (region, count) in by_region(plan) {
        regions.row([region.to_owned(), human::count(count)]);
    }
    let mut faults = Table::new(&["fault", "kind", "from", "until"], &[2, 3]);
    for band in &plan.faults.bands {
        faults.row([band.name.clone(), band.kind.clone(), band.from.to_string(), band.until.to_string()]);
    }
    let tables = if plan.faults.bands.is_empty() { vec![regions] } else { vec![regions, faults] };
    for table in tables {
        let text = if output.format == Format::Md { table.markdown() } else { table.text() };
        output.raw(&format!("\n{text}"));
    }
    let fence = if output.format == Format::Md { ("```yaml\n", "```\n") } else { ("", "") };
    output.raw(&format!("\n{}{}\n{}", fence.0, plan.resolved_yaml.trim_end(), fence.1));
}

fn as_json(plan: &Plan, price: &Price, threads: usize, detailed: bool) -> Value {
    let mut value = json!({
        "scenario": plan.name,
        "about": plan.about,
        "seed": plan.seed,
        "virtual_s": plan.stop.as_secs_f64(),
        "nodes": plan.node_count(),
        "groups": plan.groups.iter().map(|group| json!({
            "name": group.name, "count": group.count, "role": role(&group.role),
        })).collect::<Vec<_>>(),
        "places": plan.network.places.len(),
        "regions": plan.network.regions.len(),
        "wires": plan.network.source,
        "broadcasts": plan.workload.broadcasts.len(),
        "tokens": tokens(plan),
        "objects": plan.workload.objects.len(),
        "requests": plan.workload.fetches.len(),
        "faults": plan.faults.bands.len(),
        "node_faults": plan.faults.nodes.len(),
        "wire_faults": plan.faults.wires.len(),
        "expectations": plan.expect.len(),
        "estimate": {
            "events": price.estimate.events,
            "memory_bytes": price.estimate.memory_bytes,
            "wall_s": price.estimate.wall_s,
            "threads": threads,
        },
        "memory_limit_bytes": price.memory_limit,
        "wall_limit_s": price.wall_limit_s,
        "fits": price.reasons.is_empty(),
        "reasons": price.reasons,
    });
    if detailed {
        value["nodes_by_region"] = by_region(plan).into_iter().map(|(name, count)| (name.to_owned(), Value::from(count))).collect();
        value["resolved_yaml"] = Value::from(plan.resolved_yaml.as_str());
    }
    value
}
