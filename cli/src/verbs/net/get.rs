//! `get`: an object, verified, into a file or a folder.

use super::meter::Meter;
use super::{Ask, address};
use crate::args::formats;
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::human;
use crate::output::{Format, Output};
use hypermesh_real::client::Wanted;
use serde_json::json;
use std::net::SocketAddrV6;
use std::ops::Range;
use std::path::PathBuf;

/// Fetches an object.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh get apps/demo -o demo --from \"[::1]:7103\"")]
pub(crate) struct Args {
    /// The name of the object.
    name: String,

    /// The node to ask.
    #[arg(long, value_name = "[ADDR]:PORT", value_parser = address)]
    from: SocketAddrV6,

    /// Where to write it; the last part of the name if none. It must not be there.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Bytes of the object, the first and the one after the last: 0..1024.
    #[arg(long, value_name = "FROM..TO", value_parser = range)]
    range: Option<Range<u64>>,

    /// The oldest version that will do.
    #[arg(long, value_name = "N", default_value_t = 0)]
    version_min: u64,

    /// Write the object of a folder as it is, rather than the folder.
    #[arg(long)]
    raw: bool,

    #[command(flatten)]
    ask: Ask,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let ends = text.split_once("..").and_then(|(from, to)| Some(from.trim().parse().ok()?..to.trim().parse().ok()?));
    ends.filter(|range| range.start < range.end).ok_or_else(|| "write FROM..TO in bytes, for example 0..1024".to_owned())
}

/// Fetches and tells.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let output = output.with(args.format);
    let out = args.output.clone().unwrap_or_else(|| PathBuf::from(args.name.rsplit('/').next().unwrap_or(&args.name)));
    if out.exists() {
        return Err(Failure::new(Code::Usage, format!("{} is there already", out.display()), "hypermesh get --help"));
    }
    let wanted = Wanted { name: args.name.clone(), range: args.range.clone(), version_min: args.version_min, raw: args.raw };
    let meter = Meter::start(output.quiet);
    let got = args.ask.with(args.from, "get", |client| async {
        let done = client.get(&wanted, &out, |done, all| meter.at(done, all)).await;
        (done, client)
    });
    let seconds = meter.end();
    let got = got?;
    let bytes = args.range.as_ref().map_or(got.stat.len, |range| range.end - range.start);
    match args.format {
        Format::Json => output.json(&json!({
            "name": args.name, "version": got.stat.version, "id": got.stat.id.to_string(), "bytes": bytes, "entries": got.entries,
            "resumed_bytes": got.resumed_bytes, "fetched_bytes": got.counters.fetched_bytes, "copied_bytes": got.counters.copied_bytes,
            "seconds": seconds, "path": out.display().to_string(),
        })),
        _ => {
            output.line(format_args!("{} version {}: {}", args.name, got.stat.version, got.stat.id));
            let resumed = match got.resumed_bytes {
                0 => String::new(),
                bytes => format!(", {} of them from before", human::bytes(bytes)),
            };
            let what =
                got.entries.map_or_else(|| "bytes".to_owned(), |entries| format!("a folder of {} entries", human::count(entries as u64)));
            output.line(format_args!(
                "{}: {what}, {}{resumed}, verified, in {}",
                out.display(),
                human::bytes(bytes),
                human::seconds(seconds)
            ));
        }
    }
    Ok(Code::Ok)
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn a_range_has_a_first_byte_and_one_after_the_last() {
        assert_eq!(range("0..1024"), Ok(0..1024));
        for wrong in ["", "1", "5..5", "9..1", "a..b", "..5"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }
}
