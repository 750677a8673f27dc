//! `put`: a file or a folder, stored under a name.

use super::meter::Meter;
use super::{Ask, address};
use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::human;
use crate::output::{Format, Output};
use hypermesh_core::stoq::chunk::Profile;
use hypermesh_real::client::Source;
use hypermesh_real::driver::Figures;
use hypermesh_real::pki::now;
use serde_json::json;
use std::net::SocketAddrV6;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often progress is shown.
const DRAW_EVERY: Duration = Duration::from_millis(200);

/// Stores a file or a folder.
#[derive(Debug, clap::Args)]
// `--version` is that of the object here.
#[command(disable_version_flag = true)]
#[command(after_help = "Example:\n  hypermesh put src apps/demo --to \"[::1]:7100\"")]
pub(crate) struct Args {
    /// The file or folder.
    path: PathBuf,
    /// The name to store it under.
    name: String,

    /// The node that takes it: an origin, or a cache that passes it on.
    #[arg(long, value_name = "[ADDR]:PORT", value_parser = address)]
    to: SocketAddrV6,

    /// Its version: only a higher one takes the place of a lower. Milliseconds since 1970 if none.
    #[arg(long, value_name = "N")]
    version: Option<u64>,

    /// How it is cut: small (4 KiB on average), standard (16 KiB) or large (64 KiB).
    #[arg(long, value_name = "SIZE", default_value = "standard", value_parser = profile)]
    chunks: Profile,

    /// Copies that have to be stored before the acknowledgement.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    copies: u8,

    #[command(flatten)]
    ask: Ask,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| "one of small, standard, large".to_owned())
}

/// Stores and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let begun = Instant::now();
    let source =
        Source::read(&args.path, args.chunks).map_err(|error| Failure::new(Code::Internal, error.to_string(), "hypermesh put --help"))?;
    let (source, reading_s) = (Arc::new(source), begun.elapsed().as_secs_f64());
    let version = args.version.unwrap_or_else(|| now().0 / 1_000_000);
    let meter = Meter::start(output.quiet);
    let stored = args.ask.with(args.to, "put", |client| async {
        let done = {
            let putting = client.put(&source, &args.name, version, args.copies);
            tokio::pin!(putting);
            loop {
                tokio::select! {
                    done = &mut putting => break done,
                    () = tokio::time::sleep(DRAW_EVERY) => {
                        let sent = Figures::get(&client.driver().figures().sent_bytes);
                        meter.at(sent.min(source.unique_bytes), source.unique_bytes);
                    }
                }
            }
        };
        (done, client)
    });
    let seconds = meter.end();
    let stored = stored?;
    if let Some(code) = stored.failed {
        output.note(format_args!("it took {} attempts; the last that failed did with {code:?}", stored.attempts));
    }
    let (len, unique) = (source.root.len, source.unique_bytes);
    let ratio = |of: u64, to: u64| of as f64 / to.max(1) as f64;
    match args.format {
        Format::Json => output.json(&json!({
            "name": args.name, "version": stored.version, "id": source.root.id.to_string(), "bytes": len, "chunks": source.chunks,
            "unique_chunks": source.unique_chunks(), "unique_bytes": unique, "sent_bytes": stored.sent_bytes, "attempts": stored.attempts,
            "copies": stored.copies, "durable": stored.durable, "reading_s": reading_s, "seconds": seconds,
            "ratio_inside": ratio(len, unique), "ratio": ratio(len, stored.sent_bytes),
        })),
        _ => {
            output.line(format_args!("{} version {}: {}", args.name, stored.version, source.root.id));
            output.line(format_args!(
                "{} in {} chunks; {} in {} chunks that differ (ratio {:.2})",
                human::bytes(len),
                human::count(source.chunks),
                human::bytes(unique),
                human::count(source.unique_chunks() as u64),
                ratio(len, unique),
            ));
            output.line(format_args!(
                "{} sent (ratio {:.2}), stored {} in {}",
                human::bytes(stored.sent_bytes),
                ratio(len, stored.sent_bytes),
                if stored.durable { "durably" } else { "in memory" },
                human::seconds(seconds),
            ));
        }
    }
    Ok(Code::Ok)
}
