//! `node`: the daemon.

use super::{runtime, signalled};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::human;
use crate::output::Output;
use hypermesh_real::daemon::{Daemon, Settings, SettingsError};
use std::path::PathBuf;
use std::time::Duration;

/// Runs a node.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh node edge-1.yaml")]
pub(crate) struct Args {
    /// The file that says what the node is.
    #[arg(value_name = "CONFIG")]
    file: PathBuf,

    /// Print every value that holds and where it came from, and do not run.
    #[arg(long)]
    print: bool,
}

/// Runs until it is told to leave.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let again = || format!("hypermesh node {} --print", args.file.display());
    let settings = Settings::load(&args.file).map_err(|error| match error {
        SettingsError::File { .. } => Failure::new(Code::Internal, error.to_string(), "hypermesh node --help"),
        _ => Failure::new(Code::Invalid, error.to_string(), again()),
    })?;
    if args.print {
        let values = settings.values().map_err(|problem| Failure::new(Code::Invalid, problem, "hypermesh node --help"))?;
        output.raw(&values.to_string());
        return Ok(Code::Ok);
    }
    let runtime = runtime()?;
    let left = runtime.block_on(async {
        let daemon = Daemon::start(&settings).await.map_err(|error| Failure::new(Code::Internal, error.to_string(), again()))?;
        if let Some(recovery) = &daemon.recovery {
            output.note(format_args!(
                "store: {} records in {} segments, {} given up, {} damaged",
                human::count(recovery.records as u64),
                recovery.segments,
                human::bytes(recovery.torn_bytes),
                human::bytes(recovery.damaged_bytes),
            ));
        }
        output.line(format_args!("{} listening on {}", settings.role.word(), daemon.address));
        if let Some(local) = daemon.local {
            output.line(format_args!("health and metrics on http://{local}"));
        }
        signalled().await;
        output.note("leaving: what is under way goes on, once more ends at once");
        tokio::select! {
            in_time = daemon.leave() => Ok::<bool, Failure>(in_time),
            () = signalled() => Ok(false),
        }
    })?;
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(if left { Code::Ok } else { Code::Interrupted })
}
