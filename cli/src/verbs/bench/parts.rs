//! `bench parts`: the price of the pieces that every event pays for. For looking; the criterion benches of the crates are for comparing.

use crate::args::formats;
use crate::exit::Code;
use crate::fail::Done;
use crate::glue;
use crate::output::{Format, Output};
use crate::table::Table;
use hypermesh_core::base::{Dice, NodeId, Purpose, SeedKey, Wire, digest::mix};
use hypermesh_core::hypermesh::mesh::{peer, swim};
use hypermesh_sim::bench::{Arm, Load, measure};
use hypermesh_sim::engine::{Event, What, Wheel};
use serde_json::json;
use std::hint::black_box;
use std::time::Instant;

/// Measures queue, draw, codec and node step.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench parts")]
pub(crate) struct Args {
    /// How to write the table.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Md]))]
    format: Format,
}

/// How often a part is repeated.
const TIMES: u64 = 1_000_000;
/// Width of a slot of the queue, as a power of two of nanoseconds; what a world of a million nodes takes.
const SLOT_SHIFT: u32 = 14;

/// Measures each part and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let mut rows: Vec<(String, f64)> = Vec::new();
    for pending in [10_000, 100_000, 1_000_000] {
        rows.push((format!("queue: pop and push, {pending} pending"), queue(pending)));
    }
    rows.push(("draw: one of eight numbers".to_owned(), draw()));
    rows.push(("codec: a probe with updates, there and back".to_owned(), codec()));
    let step = measure(Load::Token, Arm::Engine, 1_000, 1).map_err(|error| glue::world::failure(&error))?;
    rows.push(("node step: a token passed on, wires and digest included, 1000 nodes".to_owned(), step.ns_per_message()));
    match args.format {
        Format::Json => output.json(&rows.iter().map(|(part, ns)| json!({ "part": part, "ns": ns })).collect()),
        format => {
            let mut table = Table::new(&["part", "ns"], &[1]);
            rows.iter().for_each(|(part, ns)| table.row([part.clone(), format!("{ns:.1}")]));
            output.raw(&if format == Format::Md { table.markdown() } else { table.text() });
        }
    }
    Ok(Code::Ok)
}

/// Nanoseconds per event that is taken from a queue with `pending` events and replaced by a later one.
fn queue(pending: u64) -> f64 {
    let event = |at: u64, n: u64| Event::<u32, ()> { at, dst: n as u32, src: 0, seq: 0, what: What::Message(0) };
    let mut wheel = Wheel::new(SLOT_SHIFT);
    let delay = |n: u64| 10_000_000 + mix(n) % 148_000_000;
    (0..pending).for_each(|n| wheel.push(event(delay(n), n)));
    let (mut slot, mut done) = (Vec::<Option<Event<u32, ()>>>::new(), 0);
    let began = Instant::now();
    while let Some(start) = wheel.next_slot().filter(|_| done < TIMES) {
        wheel.take_slot(start, &mut slot);
        slot.sort_unstable_by_key(|event| event.as_ref().map(|event| (event.at, event.dst)));
        for taken in slot.drain(..).flatten() {
            done += 1;
            wheel.push(event(taken.at + delay(done), done));
        }
    }
    began.elapsed().as_nanos() as f64 / done as f64
}

/// Nanoseconds per draw of eight numbers for a node of its own.
fn draw() -> f64 {
    let mut dice = Dice::new(SeedKey::new(1));
    timed(|n| {
        let mut draw = dice.draw(n as u32, Purpose::Test, 0);
        (0..8).fold(0, |sum, _| sum ^ draw.u64())
    })
}

/// Nanoseconds to encode and decode a message.
fn codec() -> f64 {
    let update = |n: u32| swim::Update { member: NodeId(n * 1000), status: swim::Status::Suspect, incarnation: 3, accuser: NodeId(n) };
    let message = peer::Message::Swim(swim::Message::Ping { probe: 7 }.with((0..4).map(update).collect()));
    let mut bytes = Vec::new();
    timed(|_| {
        bytes.clear();
        message.encode(&mut bytes);
        u64::from(peer::Message::from_bytes(&bytes).is_ok())
    })
}

fn timed(mut part: impl FnMut(u64) -> u64) -> f64 {
    let began = Instant::now();
    for n in 0..TIMES {
        black_box(part(black_box(n)));
    }
    began.elapsed().as_nanos() as f64 / TIMES as f64
}
