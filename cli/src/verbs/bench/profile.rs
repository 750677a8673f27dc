//! `bench profile`: what a packet, a batch, a byte, a handshake and a request cost on one core of this machine, as a `cpu` for a scenario.

use super::transport::{Other, effective, failed, runtime};
use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::{Format, Output};
use hypermesh_core::stoq::preset::Effective;
use hypermesh_real::bench::{Arm, BATCH_PACKETS, Bed, CHUNK_BYTES, Profile, Sample, cpu_seconds, fit, hold, measure_requests};
use serde_json::json;
use std::path::Path;

const EXAMPLE: &str = "hypermesh bench profile --gigabytes 0.5";

/// Measures what the simulator's processors charge.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh bench profile --gigabytes 0.5 --repeat 3")]
pub(crate) struct Args {
    /// Gigabytes (10^9 bytes) that each measurement moves.
    #[arg(long, value_name = "N", default_value_t = 0.5)]
    gigabytes: f64,

    /// How often each transfer is measured; the least disturbed counts, the one that took the least processor.
    #[arg(long, value_name = "N", default_value_t = 5)]
    repeat: usize,

    /// Handshakes that are measured.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    handshakes: usize,

    /// How to write the results.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// A transfer of the series.
#[derive(Clone, Copy, Debug)]
struct Setting {
    /// Largest UDP payload.
    mtu: u32,
    /// The system cuts large sends into packets.
    offload: bool,
    /// Contents in one request.
    batch: usize,
}

/// Sizes of packets whose ten fit into one send, with and without offload, and many requests instead of few.
const SETTINGS: [Setting; 7] = [
    Setting { mtu: 1_200, offload: true, batch: 64 },
    Setting { mtu: 1_452, offload: true, batch: 64 },
    Setting { mtu: 3_000, offload: true, batch: 64 },
    Setting { mtu: 6_000, offload: true, batch: 64 },
    Setting { mtu: 1_452, offload: false, batch: 64 },
    Setting { mtu: 6_000, offload: false, batch: 64 },
    Setting { mtu: 1_452, offload: true, batch: 1 },
];

/// Streams at a time.
const STREAMS: usize = 4;

/// Measures and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let folder = super::Folder::new("hypermesh-profile");
    let pki = |error: hypermesh_real::pki::PkiError| Failure::new(Code::Internal, error.to_string(), EXAMPLE);
    Bed::make(&folder.0).map_err(pki)?;
    let mut samples = Vec::new();
    for setting in SETTINGS {
        let offload = if setting.offload { "yes" } else { "no" };
        let values = effective(None, &[("quic.mtu".into(), setting.mtu.to_string()), ("quic.gso".into(), offload.into())])?;
        let bed = Bed::open(&folder.0, values.clone()).map_err(pki)?;
        let mut turns = Vec::new();
        for _ in 0..args.repeat.max(1) {
            turns.push(one(args, setting, &values, &bed, &folder.0)?);
        }
        let [sender, receiver] = [0, 1].map(|side| least(turns.iter().map(|turn: &[Sample; 2]| turn[side]).collect()));
        output.note(format_args!(
            "packets of {:>5} B, offload {offload:<3}, {:>2} contents a request: sender {:.2} s/GB, receiver {:.2} s/GB",
            setting.mtu,
            setting.batch,
            sender.seconds / (sender.sent_bytes / 1e9),
            receiver.seconds / (receiver.received_bytes / 1e9),
        ));
        samples.push(sender);
        // Without offload the receiver is handed packets one by one, as no network card with it does.
        if setting.offload {
            samples.push(receiver);
        }
    }
    let bed = Bed::open(&folder.0, effective(None, &[])?).map_err(pki)?;
    let held = runtime()?.block_on(hold(Arm::Stoq, &bed, args.handshakes.max(1))).map_err(failed("opening connections"))?;
    let (profile, handshake) = (fit(&samples), held.cpu_seconds / held.connections.max(1) as f64 / 2.0);
    if args.format == Format::Json {
        output.json(&as_json(&profile, handshake));
    } else {
        output.raw(&yaml(&profile, handshake));
        output.note(format_args!("the largest error of a side of a transfer is {:.0} %", profile.error * 100.0));
    }
    Ok(Code::Ok)
}

/// One transfer, in two processes: what the sender and the receiver did.
fn one(args: &Args, setting: Setting, values: &Effective, bed: &Bed, dir: &Path) -> Result<[Sample; 2], Failure> {
    let set: Vec<String> = values.lines().map(|(row, value, _)| format!("{}={value}", row.name)).collect();
    let runtime = runtime()?;
    let mut other = Other::start(Arm::Stoq, dir, &set)?;
    let (mine, theirs) = (cpu_seconds(), other.cpu_seconds());
    let bytes = (args.gigabytes * 1e9) as u64;
    let moved = runtime.block_on(measure_requests(bed, other.address, bytes, STREAMS, setting.batch)).map_err(failed("measuring"))?;
    let (mine, theirs) = (cpu_seconds() - mine, other.cpu_seconds() - theirs);
    let requests = (moved.bytes as f64 / CHUNK_BYTES as f64 / setting.batch as f64).ceil();
    let (packets, acknowledgements) = (moved.datagrams as f64, moved.sent_datagrams as f64);
    let sender = Sample {
        seconds: theirs,
        sent_bytes: moved.udp_bytes as f64,
        sent_packets: packets,
        batches: if setting.offload { packets / BATCH_PACKETS } else { packets },
        received_packets: acknowledgements,
        requests,
        ..Sample::default()
    };
    let receiver = Sample {
        seconds: mine,
        sent_packets: acknowledgements,
        batches: acknowledgements,
        received_bytes: moved.udp_bytes as f64,
        received_packets: packets,
        requests,
        ..Sample::default()
    };
    Ok([sender, receiver])
}

/// The sample that cost least by byte: whatever else a machine does only ever adds to it.
fn least(mut samples: Vec<Sample>) -> Sample {
    let cost = |sample: &Sample| sample.seconds / (sample.sent_bytes + sample.received_bytes);
    samples.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    samples.first().copied().unwrap_or_default()
}

/// As it stands in a scenario, below a group.
fn yaml(profile: &Profile, handshake: f64) -> String {
    let ns = |seconds: f64| format!("{:.0}ns", seconds * 1e9);
    let ms_a_gigabyte = |seconds: f64| format!("{:.0}ms", seconds * 1e12);
    format!(
        "cpu:\n  cores: {}\n  profile: free\n  send_batch: {}\n  send_packet: {}\n  send_gigabyte: {}\n  receive_packet: {}\n  \
         receive_gigabyte: {}\n  handshake: {:.0}us\n  request: {:.1}us\n",
        crate::machine::cores(),
        ns(profile.send_batch),
        ns(profile.send_packet),
        ms_a_gigabyte(profile.send_byte),
        ns(profile.receive_packet),
        ms_a_gigabyte(profile.receive_byte),
        handshake * 1e6,
        profile.request * 1e6,
    )
}

fn as_json(profile: &Profile, handshake: f64) -> serde_json::Value {
    json!({
        "send_batch_s": profile.send_batch, "send_packet_s": profile.send_packet, "send_byte_s": profile.send_byte,
        "receive_packet_s": profile.receive_packet, "receive_byte_s": profile.receive_byte, "request_s": profile.request,
        "handshake_s": handshake, "largest_error": profile.error,
    })
}
