//! `bench transport`: what STOQ costs on real sockets, beside bare quinn in the same run and the machine's own ceilings.
//!
//! Arms take turns, so that whatever else the machine does concerns both; the medians are what is told.

use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::human;
use crate::output::{Format, Output};
use crate::table::Table;
use hypermesh_core::stoq::preset::{Effective, Preset, Source};
use hypermesh_real::bench::{Arm, Bed, Ceilings, Held, Measured, ceilings, cpu_seconds, hold, measure, serve};
use serde_json::{Value, json};
use std::net::SocketAddrV6;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::runtime::Runtime;

const EXAMPLE: &str = "hypermesh bench transport --gigabytes 1";

/// Measures STOQ on real sockets.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench transport --gigabytes 1 --connections 10000")]
pub(crate) struct Args {
    /// Gigabytes (10^9 bytes) that each measurement moves.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    gigabytes: f64,

    /// How often each arm is measured; the medians are told.
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeat: usize,

    /// Streams at a time.
    #[arg(long, value_name = "N", default_value_t = 4)]
    streams: usize,

    /// Connections that are held open in one node at the end; 0 leaves this out.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    connections: usize,

    /// Both ends in one process, or in two.
    #[arg(long, value_name = "WHERE", value_delimiter = ',', default_value = "one-process,two-processes", value_parser = layout)]
    layouts: Vec<Layout>,

    /// What is measured; the ratio is told if both are.
    #[arg(long, value_name = "ARM", value_delimiter = ',', default_value = "stoq,bare", value_parser = arm)]
    arms: Vec<Arm>,

    /// The preset of both ends; plain defaults if none.
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,

    /// A value of both ends, can be repeated (`--value quic.mtu=8952`).
    #[arg(long = "value", value_name = "KEY=VALUE", value_parser = crate::args::key_value)]
    values: Vec<(String, String)>,

    /// How to write the results.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Md]))]
    format: Format,
}

/// The other process of a measurement in two.
#[derive(Debug, clap::Args)]
pub(crate) struct Side {
    /// What serves.
    #[arg(value_parser = arm)]
    arm: Arm,
    /// Folder of the certificates.
    dir: PathBuf,
    /// Values that were set, as `key=value`.
    #[arg(value_parser = crate::args::key_value)]
    values: Vec<(String, String)>,
    /// Do not serve: hold so many connections, print what they cost as JSON, and end.
    #[arg(long)]
    hold: Option<usize>,
}

/// Where the two ends run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    One,
    Two,
}

impl Layout {
    const fn word(self) -> &'static str {
        match self {
            Self::One => "one process",
            Self::Two => "two processes",
        }
    }
}

fn layout(word: &str) -> Result<Layout, String> {
    match word {
        "one-process" => Ok(Layout::One),
        "two-processes" => Ok(Layout::Two),
        _ => Err("one of one-process, two-processes".to_owned()),
    }
}

fn preset(name: &str) -> Result<Preset, String> {
    let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
    Preset::named(name).ok_or_else(|| format!("one of {}", names.join(", ")))
}

fn arm(name: &str) -> Result<Arm, String> {
    Arm::ALL.iter().find(|(known, _)| *known == name).map(|(_, arm)| *arm).ok_or_else(|| "one of stoq, bare".to_owned())
}

/// One measurement of one arm.
#[derive(Clone, Copy, Debug)]
struct Row {
    layout: Layout,
    arm: Arm,
    measured: Measured,
    /// Of this process, and of the other if there are two.
    cpu_seconds: f64,
}

impl Row {
    fn gbit(&self) -> f64 {
        self.measured.bytes as f64 * 8.0 / 1e9 / self.measured.seconds
    }

    fn cpu_per_gb(&self) -> f64 {
        self.cpu_seconds / (self.measured.bytes as f64 / 1e9)
    }
}

pub(super) fn failed(doing: &str) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::machine(doing, &error, EXAMPLE)
}

pub(super) fn effective(preset: Option<Preset>, pairs: &[(String, String)]) -> Result<Effective, Failure> {
    let mut values = Effective::new(preset);
    for (name, text) in pairs {
        let set = values.set(Source::Override, name, text);
        set.map_err(|problem| Failure::new(Code::Usage, problem.to_string(), "hypermesh bench transport --help"))?;
    }
    Ok(values)
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    hypermesh_real::heap::keep_pages();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed("starting threads"))
}

/// Measures and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let values = effective(args.preset, &args.values)?;
    let folder = super::Folder::new("hypermesh-bench");
    let pki = |error: hypermesh_real::pki::PkiError| Failure::new(Code::Internal, error.to_string(), EXAMPLE);
    Bed::make(&folder.0).map_err(pki)?;
    let bed = Bed::open(&folder.0, values.clone()).map_err(pki)?;
    let set: Vec<String> = values.lines().map(|(row, value, _)| format!("{}={value}", row.name)).collect();
    let ceilings = ceilings(Duration::from_millis(500)).map_err(failed("measuring the machine"))?;
    let mut rows = Vec::new();
    for turn in 0..args.repeat.max(1) {
        for &layout in &args.layouts {
            // Who goes first changes, so that neither has the warmer machine.
            let mut arms = Arm::ALL;
            arms.rotate_left(turn % 2);
            for (name, arm) in arms.into_iter().filter(|(_, arm)| args.arms.contains(arm)) {
                let row = one(args, &bed, &folder.0, &set, layout, arm)?;
                output.note(format_args!("{:<13} {name:<5} {:>6.2} Gbit/s  {:>5.2} s/GB", layout.word(), row.gbit(), row.cpu_per_gb()));
                rows.push(row);
            }
        }
    }
    let mut held = Vec::new();
    for (name, arm) in Arm::ALL.into_iter().filter(|(_, arm)| args.arms.contains(arm) && args.connections > 0) {
        held.push((name, arm, held_elsewhere(name, &folder.0, &set, args.connections)?));
    }
    let summary = summary(args, &rows, &ceilings);
    match args.format {
        Format::Json => output.json(&json!({
            "rows": rows.iter().map(json_row).collect::<Vec<_>>(),
            "medians": summary.iter().map(|line| line.json.clone()).collect::<Vec<_>>(),
            "ceilings": {
                "udp_bytes_per_s": ceilings.udp, "udp_cpu_s_per_gb": ceilings.udp_cpu_per_gb, "aes_128_gcm_bytes_per_s": ceilings.aes_gcm,
                "chacha20_poly1305_bytes_per_s": ceilings.chacha20, "blake3_bytes_per_s": ceilings.blake3, "memcpy_bytes_per_s": ceilings.memcpy,
            },
            "connections": held.iter().map(|(name, _, held)| held_json(name, held)).collect::<Vec<_>>(),
        })),
        format => {
            let shown = |table: &Table| if format == Format::Md { table.markdown() } else { table.text() };
            output.raw(&shown(&medians_table(&summary)));
            output.line("");
            output.raw(&shown(&ceilings_table(&ceilings)));
            for (_, arm, held) in held {
                output.line(format_args!(
                    "\n{}: {} connections held in one node, opened in {}: {} a pair of ends, {:.2} ms of processor a pair",
                    if arm == Arm::Stoq { "STOQ" } else { "bare quinn" },
                    human::count(held.connections as u64),
                    human::seconds(held.seconds),
                    human::bytes(held.bytes_per_pair as u64),
                    held.cpu_seconds * 1e3 / held.connections.max(1) as f64,
                ));
            }
        }
    }
    Ok(Code::Ok)
}

/// Measures one arm once.
fn one(args: &Args, bed: &Bed, dir: &Path, set: &[String], layout: Layout, arm: Arm) -> Result<Row, Failure> {
    let runtime = runtime()?;
    let bytes = (args.gigabytes * 1e9) as u64;
    let measuring = failed("measuring");
    let (measured, cpu_seconds) = match layout {
        Layout::One => {
            let cpu = cpu_seconds();
            let measured = runtime.block_on(async {
                let served = serve(arm, bed)?;
                let measured = measure(arm, bed, served.address, bytes, args.streams).await;
                served.stop();
                measured
            });
            (measured.map_err(measuring)?, cpu_seconds() - cpu)
        }
        Layout::Two => {
            let mut other = Other::start(arm, dir, set)?;
            let (cpu, their) = (cpu_seconds(), other.cpu_seconds());
            let measured = runtime.block_on(measure(arm, bed, other.address, bytes, args.streams)).map_err(measuring)?;
            (measured, cpu_seconds() - cpu + other.cpu_seconds() - their)
        }
    };
    Ok(Row { layout, arm, measured, cpu_seconds })
}

/// The other process. It ends when its input does.
pub(super) struct Other {
    child: Child,
    pub(super) address: SocketAddrV6,
}

impl Other {
    pub(super) fn start(arm: Arm, dir: &Path, set: &[String]) -> Result<Self, Failure> {
        use std::io::{BufRead, BufReader};
        let starting = failed("starting the other process");
        let word = Arm::ALL.iter().find(|(_, known)| *known == arm).map_or("", |(word, _)| *word);
        let exe = std::env::current_exe().map_err(&starting)?;
        let mut command = Command::new(exe);
        command.args(["bench", "transport-side", word]).arg(dir).args(set).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(&starting)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(&starting)?;
        }
        let address = line.trim().parse();
        let address = address.map_err(|_| Failure::new(Code::Internal, "the other process told no address", EXAMPLE))?;
        Ok(Self { child, address })
    }

    pub(super) fn cpu_seconds(&mut self) -> f64 {
        hypermesh_real::bench::cpu_seconds_of(self.child.id())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Holds connections in a process of their own, so that no arm finds memory that another has given back.
fn held_elsewhere(arm: &str, dir: &Path, set: &[String], count: usize) -> Result<Held, Failure> {
    let holding = failed("holding connections");
    let mut command = Command::new(std::env::current_exe().map_err(&holding)?);
    command.args(["bench", "transport-side", arm]).arg(dir).args(set).args(["--hold", &count.to_string()]);
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(&holding)?;
    let told: Value = serde_json::from_slice(&done.stdout).map_err(|error| holding(error.into()))?;
    let number = |name: &str| told[name].as_f64().unwrap_or_default();
    let connections = number("held") as usize;
    Ok(Held { connections, bytes_per_pair: number("bytes_per_pair"), seconds: number("seconds"), cpu_seconds: number("cpu_seconds") })
}

fn held_json(arm: &str, held: &Held) -> Value {
    json!({
        "arm": arm, "held": held.connections, "bytes_per_pair": held.bytes_per_pair, "seconds": held.seconds, "cpu_seconds": held.cpu_seconds,
    })
}

/// Serves until its input ends, or holds connections.
pub(crate) fn side(args: &Side, output: Output) -> Done {
    let values = effective(None, &args.values)?;
    let bed = Bed::open(&args.dir, values).map_err(|error| Failure::new(Code::Internal, error.to_string(), EXAMPLE))?;
    let runtime = runtime()?;
    if let Some(count) = args.hold {
        let held = runtime.block_on(hold(args.arm, &bed, count)).map_err(failed("holding connections"))?;
        output.json(&held_json("", &held));
        return Ok(Code::Ok);
    }
    let served = {
        let _inside = runtime.enter();
        serve(args.arm, &bed).map_err(failed("listening"))?
    };
    output.line(served.address);
    // Nothing is ever written: the input ends when who started this process does.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    Ok(Code::Ok)
}

/// The medians of one arm in one layout.
struct Line {
    layout: Layout,
    arm: Arm,
    gbit: f64,
    cpu_per_gb: f64,
    ratio: Option<f64>,
    mtu: u16,
    of_udp: f64,
    json: Value,
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn summary(args: &Args, rows: &[Row], ceilings: &Ceilings) -> Vec<Line> {
    let mut lines = Vec::new();
    for &layout in &args.layouts {
        let of = |arm: Arm| rows.iter().filter(move |row| row.layout == layout && row.arm == arm);
        // Pairs of one turn are compared with each other, and the median of these ratios is told.
        let ratios: Vec<f64> = of(Arm::Stoq).zip(of(Arm::Bare)).map(|(stoq, bare)| stoq.gbit() / bare.gbit()).collect();
        for (name, arm) in Arm::ALL.into_iter().filter(|(_, arm)| args.arms.contains(arm)) {
            let gbit = median(of(arm).map(Row::gbit).collect());
            let cpu_per_gb = median(of(arm).map(Row::cpu_per_gb).collect());
            let ratio = (arm == Arm::Stoq && !ratios.is_empty()).then(|| median(ratios.clone()));
            let mtu = of(arm).map(|row| row.measured.mtu).next_back().unwrap_or_default();
            let of_udp = gbit * 1e9 / 8.0 / ceilings.udp;
            let json = json!({
                "layout": layout.word(), "arm": name, "gbit_per_s": gbit, "cpu_s_per_gb": cpu_per_gb, "over_bare": ratio, "mtu": mtu,
                "of_udp_ceiling": of_udp,
            });
            lines.push(Line { layout, arm, gbit, cpu_per_gb, ratio, mtu, of_udp, json });
        }
    }
    lines
}

fn json_row(row: &Row) -> Value {
    json!({
        "layout": row.layout.word(),
        "arm": Arm::ALL.iter().find(|(_, arm)| *arm == row.arm).map(|(name, _)| *name),
        "bytes": row.measured.bytes,
        "seconds": row.measured.seconds,
        "gbit_per_s": row.gbit(),
        "cpu_s_per_gb": row.cpu_per_gb(),
        "udp_bytes": row.measured.udp_bytes,
        "datagrams": row.measured.datagrams,
        "sent_datagrams": row.measured.sent_datagrams,
        "mtu": row.measured.mtu,
    })
}

fn medians_table(lines: &[Line]) -> Table {
    let mut table = Table::new(&["layout", "arm", "Gbit/s", "CPU s/GB", "over bare", "of UDP", "MTU"], &[2, 3, 4, 5, 6]);
    for line in lines {
        table.row([
            line.layout.word().to_owned(),
            if line.arm == Arm::Stoq { "STOQ" } else { "bare quinn" }.to_owned(),
            format!("{:.2}", line.gbit),
            format!("{:.2}", line.cpu_per_gb),
            line.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}")),
            format!("{:.2}", line.of_udp),
            line.mtu.to_string(),
        ]);
    }
    table
}

fn ceilings_table(ceilings: &Ceilings) -> Table {
    let mut table = Table::new(&["ceiling", "GB/s", "CPU s/GB"], &[1, 2]);
    let mut row = |what: &str, rate: f64, cpu: f64| table.row([what.to_owned(), format!("{:.2}", rate / 1e9), format!("{cpu:.2}")]);
    row("UDP with segmentation offload, both sides", ceilings.udp, ceilings.udp_cpu_per_gb);
    for (what, rate) in [
        ("AES-128-GCM, one core", ceilings.aes_gcm),
        ("ChaCha20-Poly1305, one core", ceilings.chacha20),
        ("BLAKE3 of contents, one core", ceilings.blake3),
        ("memcpy, one core", ceilings.memcpy),
    ] {
        row(what, rate, 1e9 / rate);
    }
    table
}
