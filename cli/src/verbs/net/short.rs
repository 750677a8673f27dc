//! `stat`, `purge` and `ping`: one question, one answer.

use super::{Ask, address};
use crate::args::formats;
use crate::exit::Code;
use crate::fail::Done;
use crate::human;
use crate::output::{Format, Output};
use hypermesh_real::pki::now;
use serde_json::json;
use std::net::SocketAddrV6;

/// Tells which version of a name there is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh stat apps/demo --from \"[::1]:7103\"")]
pub(crate) struct StatArgs {
    /// The name of the object.
    name: String,

    /// The node to ask.
    #[arg(long, value_name = "[ADDR]:PORT", value_parser = address)]
    from: SocketAddrV6,

    #[command(flatten)]
    ask: Ask,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// Forbids versions of a name.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh purge apps/demo --to \"[::1]:7100\"")]
pub(crate) struct PurgeArgs {
    /// The name of the object.
    name: String,

    /// The node to ask.
    #[arg(long, value_name = "[ADDR]:PORT", value_parser = address)]
    to: SocketAddrV6,

    /// Everything under the name too: `apps` is above `apps/demo`.
    #[arg(long)]
    below: bool,

    /// The greatest version that is forbidden; all until now if none.
    #[arg(long, value_name = "N")]
    upto: Option<u64>,

    #[command(flatten)]
    ask: Ask,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// Measures the round trip.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh ping --to \"[::1]:7100\"")]
pub(crate) struct PingArgs {
    /// The node to ask.
    #[arg(long, value_name = "[ADDR]:PORT", value_parser = address)]
    to: SocketAddrV6,

    #[command(flatten)]
    ask: Ask,

    /// How to write the result.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json]))]
    format: Format,
}

/// Asks and tells.
pub(crate) fn stat(args: &StatArgs, output: Output) -> Done {
    let output = output.with(args.format);
    let stat = args.ask.with(args.from, "stat", |client| async { (client.stat(&args.name).await, client) })?;
    match args.format {
        Format::Json => {
            output.json(&json!({ "name": args.name, "version": stat.version, "id": stat.id.to_string(), "bytes": stat.len }));
        }
        _ => output.line(format_args!("{} version {}: {}, {}", args.name, stat.version, stat.id, human::bytes(stat.len))),
    }
    Ok(Code::Ok)
}

/// Forbids and tells.
pub(crate) fn purge(args: &PurgeArgs, output: Output) -> Done {
    let output = output.with(args.format);
    let upto = args.upto.unwrap_or_else(|| now().0 / 1_000_000);
    let nodes = args.ask.with(args.to, "purge", |client| async { (client.purge(&args.name, args.below, upto).await, client) })?;
    match args.format {
        Format::Json => output.json(&json!({ "name": args.name, "upto": upto, "nodes": nodes })),
        _ => output.line(format_args!("{} is purged up to version {upto}, at {nodes} nodes", args.name)),
    }
    Ok(Code::Ok)
}

/// Asks and tells.
pub(crate) fn ping(args: &PingArgs, output: Output) -> Done {
    let output = output.with(args.format);
    let (rtt, load) = args.ask.with(args.to, "ping", |client| async { (client.ping().await, client) })?;
    match args.format {
        Format::Json => output.json(&json!({ "rtt_s": rtt.as_secs_f64(), "load_permille": load })),
        _ => output.line(format_args!("{} answered in {}, load {}.{} %", args.to, human::seconds(rtt.as_secs_f64()), load / 10, load % 10)),
    }
    Ok(Code::Ok)
}
