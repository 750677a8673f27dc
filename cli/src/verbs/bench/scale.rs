//! `bench scale`: how cost grows with size, beside a ceiling and an alternative.
//!
//! Each measurement runs in a process of its own, so that its peak memory is its own and none warms the caches of the next.

use crate::args::{Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::{Format, Output};
use crate::table::Table;
use crate::{glue, human};
use hypermesh_sim::bench::{Arm, Load, measure};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Nodes of the measurement, on the bare arm, that tells what a process needs without a world.
const BASE_NODES: u32 = 100;

/// Measures both loads at several sizes on the same arms: the simulator, a bare event loop without protocols (the ceiling), and madsim alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench scale --nodes 10k,100k --arms bare,engine")]
pub(crate) struct Args {
    /// Sizes, parted by commas; k and M are thousands and millions.
    #[arg(long, value_name = "N,..", default_value = "10k,100k,1M", value_delimiter = ',', value_parser = size)]
    nodes: Vec<u32>,

    /// Loads: `token` keeps one message a node under way, `gossip` pushes rumours with a fan-out of 8.
    #[arg(long, value_name = "LOAD,..", default_value = "token,gossip", value_delimiter = ',', value_parser = load)]
    loads: Vec<Load>,

    /// Arms: what the loads run on. madsim alone cannot carry the token above 30 000 nodes and leaves those out.
    #[arg(long, value_name = "ARM,..", default_value = "bare,engine,madsim", value_delimiter = ',', value_parser = arm)]
    arms: Vec<Arm>,

    /// Threads of the engine, parted by commas; the other arms have one.
    #[arg(long, value_name = "N,..", default_value = "1", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: Vec<u32>,

    /// Measure each row that often and keep the median by rate.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=99))]
    repeat: u32,

    #[command(flatten)]
    out: Out,

    /// How to write the table.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Jsonl, Format::Md]))]
    format: Format,
}

/// One measurement.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench one gossip engine 10k")]
pub(crate) struct One {
    #[arg(value_parser = load)]
    load: Load,
    #[arg(value_parser = arm)]
    arm: Arm,
    #[arg(value_parser = size)]
    nodes: u32,
    #[arg(default_value_t = 1)]
    threads: usize,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    load: Load,
    arm: Arm,
    nodes: u32,
    threads: u32,
}

/// A measurement as its process told it.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Name of the load.
    pub(crate) load: Load,
    /// What carried it.
    pub(crate) arm: Arm,
    /// Nodes.
    pub(crate) nodes: u32,
    /// Threads.
    pub(crate) threads: u32,
    /// Messages delivered.
    pub(crate) messages: u64,
    /// Seconds of the loop.
    pub(crate) loop_s: f64,
    /// Resident bytes per node above those of a process without a world.
    pub(crate) bytes_per_node: f64,
    /// Highest resident memory of the process.
    #[cfg_attr(not(feature = "reports"), expect(dead_code, reason = "only the page shows it"))]
    pub(crate) peak_rss_bytes: u64,
    /// The whole measurement.
    json: Value,
}

impl Measured {
    fn rate(&self) -> f64 {
        self.messages as f64 / self.loop_s.max(1e-9)
    }
}

/// Reads `10k`, `1M`, `250000`.
fn size(text: &str) -> Result<u32, String> {
    let (digits, factor) = match text.trim().strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => text.trim().strip_suffix(['m', 'M']).map_or((text.trim(), 1.0), |digits| (digits, 1e6)),
    };
    let value = digits.replace('_', "").parse::<f64>().map_or(0.0, |value| value * factor);
    if (f64::from(BASE_NODES)..=1e8).contains(&value) {
        Ok(value as u32)
    } else {
        Err("write a size of 100 to 100M, for example 10k".to_owned())
    }
}

fn load(name: &str) -> Result<Load, String> {
    Load::ALL.iter().find(|(known, _)| *known == name).map(|(_, load)| *load).ok_or_else(|| "one of token, gossip".to_owned())
}

fn arm(name: &str) -> Result<Arm, String> {
    Arm::ALL.iter().find(|(known, _)| *known == name).map(|(_, arm)| *arm).ok_or_else(|| "one of bare, engine, madsim".to_owned())
}

/// Measures in this process and prints.
pub(crate) fn one(args: &One, output: Output) -> Done {
    let row = measure(args.load, args.arm, args.nodes, args.threads).map_err(|error| glue::world::failure(&error))?;
    output.line(json!({
        "load": row.load.name(),
        "arm": row.arm.name(),
        "nodes": row.nodes,
        "threads": row.threads,
        "messages": row.messages,
        "loop_s": row.loop_s,
        "wall_s": row.wall_s,
        "messages_per_s": row.rate(),
        "ns_per_message": row.ns_per_message(),
        "peak_rss_bytes": row.peak_rss_bytes,
        "digest": row.digest,
    }));
    Ok(Code::Ok)
}

/// Starts a process for each measurement, and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let mut rows: Vec<Measured> = Vec::new();
    for cell in cells(args, &output) {
        let row = median(cell, args.repeat)?;
        output.note(told(&row));
        if args.format == Format::Jsonl {
            output.json(&row.json);
        }
        rows.push(row);
    }
    match args.format {
        Format::Jsonl => {}
        Format::Json => output.json(&json!({ "rows": rows.iter().map(|row| &row.json).collect::<Vec<_>>() })),
        Format::Md => output.raw(&table(&rows).markdown()),
        _ => output.raw(&table(&rows).text()),
    }
    if let Some(page) = glue::records::bench(&rows, &args.out.out.join("bench-scale"), &typed())? {
        output.note(format_args!("with the growth of cost over size, fitted: {}", page.display()));
    }
    Ok(Code::Ok)
}

/// Everything that is measured, in order. What does not end is left out with a word.
fn cells(args: &Args, output: &Output) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &load in &args.loads {
        for &nodes in &args.nodes {
            for &arm in &args.arms {
                if !arm.can(load, nodes) {
                    output.note(format_args!("{} on {} with {nodes} nodes is left out: it does not end", load.name(), arm.name()));
                    continue;
                }
                let threads: &[u32] = if arm == Arm::Engine { &args.threads } else { &[1] };
                cells.extend(threads.iter().map(|&threads| Cell { load, arm, nodes, threads }));
            }
        }
    }
    cells
}

/// The command line, for the report.
fn typed() -> String {
    std::iter::once("hypermesh".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" ")
}

fn spawn(Cell { load, arm, nodes, threads }: Cell) -> Result<Value, Failure> {
    let arguments = ["bench", "one", load.name(), arm.name(), &nodes.to_string(), &threads.to_string()].map(str::to_owned);
    let failed = |message: String| Failure::new(Code::Internal, message, format!("hypermesh {}", arguments.join(" ")));
    let exe = std::env::current_exe().map_err(|error| failed(format!("finding this program: {error}")))?;
    let started = Command::new(exe).args(&arguments).stderr(Stdio::inherit()).output();
    let done = started.map_err(|error| failed(format!("starting a measurement: {error}")))?;
    if !done.status.success() {
        return Err(failed(format!("{} on {} with {nodes} nodes: {}", load.name(), arm.name(), done.status)));
    }
    serde_json::from_slice(&done.stdout).map_err(|error| failed(format!("reading a measurement: {error}")))
}

/// The median of the repeated measurements, by rate.
fn median(cell: Cell, repeat: u32) -> Result<Measured, Failure> {
    // The same for all arms: what a world holds whatever its size counts as the world's.
    let empty = Cell { arm: Arm::Bare, nodes: BASE_NODES, threads: 1, ..cell };
    let base = spawn(empty)?["peak_rss_bytes"].as_u64().unwrap_or_default();
    let mut all: Vec<Value> = (0..repeat).map(|_| spawn(cell)).collect::<Result<_, _>>()?;
    let rate = |value: &Value| value["messages_per_s"].as_f64().unwrap_or_default();
    all.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let mut json = all.swap_remove(all.len() / 2);
    let peak_rss_bytes = json["peak_rss_bytes"].as_u64().unwrap_or_default();
    let bytes_per_node = peak_rss_bytes.saturating_sub(base) as f64 / f64::from(cell.nodes);
    json["bytes_per_node"] = Value::from(bytes_per_node);
    json["repeat"] = Value::from(repeat);
    Ok(Measured {
        load: cell.load,
        arm: cell.arm,
        nodes: cell.nodes,
        threads: cell.threads,
        messages: json["messages"].as_u64().unwrap_or_default(),
        loop_s: json["loop_s"].as_f64().unwrap_or_default(),
        bytes_per_node,
        peak_rss_bytes,
        json,
    })
}

fn told(row: &Measured) -> String {
    let (load, arm) = (row.load.name(), row.arm.name());
    format!("{load:<7} {arm:<7} {:>11} nodes  {:>9} messages/s", human::count(u64::from(row.nodes)), human::rounded(row.rate()))
}

fn table(rows: &[Measured]) -> Table {
    let head = ["load", "nodes", "arm", "threads", "messages/s", "ns/message", "bytes/node", "over bare", "over madsim"];
    let mut table = Table::new(&head, &[1, 3, 4, 5, 6, 7, 8]);
    for row in rows {
        let other = |arm: Arm| rows.iter().find(|other| other.load == row.load && other.nodes == row.nodes && other.arm == arm);
        let over =
            |arm: Arm| other(arm).filter(|_| row.arm != arm).map_or("-".to_owned(), |other| format!("{:.2}x", row.rate() / other.rate()));
        table.row([
            row.load.name().to_owned(),
            human::count(u64::from(row.nodes)),
            row.arm.name().to_owned(),
            row.threads.to_string(),
            human::rounded(row.rate()),
            format!("{:.0}", 1e9 / row.rate()),
            format!("{:.0}", row.bytes_per_node),
            over(Arm::Bare),
            over(Arm::Madsim),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_thousands_and_millions() {
        assert_eq!(size("10k"), Ok(10_000));
        assert_eq!(size("1M"), Ok(1_000_000));
        assert_eq!(size("2.5M"), Ok(2_500_000));
        assert_eq!(size("250_000"), Ok(250_000));
        for wrong in ["", "k", "-1", "1", "1G", "1e12"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
