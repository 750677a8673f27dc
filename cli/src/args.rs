//! What can be typed. Each verb keeps its own arguments beside its work, in `verbs/`.

use crate::machine;
use crate::output::{Color, Format};
#[cfg(feature = "conform")]
use crate::verbs::conform;
#[cfg(feature = "real")]
use crate::verbs::net;
use crate::verbs::{bench, calibrate, check, completions, demo, diff, explain, man, plan, report, run, runs, schema, verify};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use hypermesh_sim::Options;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A deterministic testbed for networks of up to millions of nodes: from a scenario file to a report.
#[derive(Debug, Parser)]
#[command(name = "hypermesh", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Example:\n  hypermesh run scenarios/first/broadcast.yaml\n\nExit codes: 0 ok, 1 internal, 2 usage, 3 invalid scenario, \
    4 nothing selected, 5 over budget, 6 digests differ, 7 regression, 8 stopped and resumable, 10 expectation failed, 11 safety violated, \
    12 conformance failed, 130 interrupted."
)]
pub(crate) struct Arguments {
    /// When to colour: auto, always or never; auto heeds NO_COLOR, CLICOLOR_FORCE and TERM=dumb.
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true, value_name = "WHEN", display_order = 900)]
    pub(crate) color: Color,

    /// No progress and no remarks; results and failures only.
    #[arg(short, long, global = true, display_order = 901)]
    pub(crate) quiet: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run scenarios and report on them
    ///
    /// Prints how each expectation fared and writes one directory a run, with the report. The answer depends on the scenario and the seed alone, not on
    /// threads, hosts or machines.
    Run(run::Args),
    /// Check scenario files and tell every error at once
    ///
    /// Each problem comes with its line, what was expected and an example. Ends with code 3 if a file has errors.
    Check(check::Args),
    /// Expand a scenario and price it, without running it
    ///
    /// Prints nodes, places, faults, broadcasts, events, memory and expected time. Ends with code 5 if the plan does not fit its budget or this machine.
    Plan(plan::Args),
    /// Write the report of a run again, or print it
    ///
    /// Works from the tables of the run directory alone.
    Report(report::Args),
    /// Compare two runs
    ///
    /// Exactly where both are deterministic, metric by metric otherwise. Several runs on one side, parted by commas, are compared statistically, as runs of one
    /// scenario with several seeds.
    Diff(diff::Args),
    /// Run again, on other threads and hosts, and compare digests
    ///
    /// A run that is kept is compared too. If digests differ, the first event that differs is searched and printed, and the command ends with code 6.
    Verify(verify::Args),
    /// How far the QUIC model is from real QUIC
    ///
    /// Runs scenarios of layer 1 in message mode, in packet mode and, if asked, over real sockets, and compares what clients saw.
    Calibrate(calibrate::Args),
    /// List the runs that are kept
    ///
    /// The latest comes first.
    Runs(runs::Args),
    /// Run a scenario that is built in
    ///
    /// Writes its report like `run`. `--print` gives its text, as a start for your own.
    Demo(demo::Args),
    /// Measure the simulator, and transport, on this machine
    ///
    /// Figures are measured here and now, each arm beside the others.
    Bench(bench::Args),
    /// Run a node of a content network: an origin, a regional cache or an edge
    ///
    /// From one YAML file. It prints where it listens, follows its certificate files, and leaves in good order at SIGTERM or Ctrl-C.
    #[cfg(feature = "real")]
    Node(net::node::Args),
    /// Make and renew the certificates of a deployment, and take them back
    ///
    /// `init` makes an authority in a folder, `issue` certificates, `keep` renews them and the list of revocations as long as it runs.
    #[cfg(feature = "real")]
    Certs(net::certs::Args),
    /// Store a file, or a folder with all that is in it, under a name
    ///
    /// Only what the node lacks is sent. What is acknowledged survives the loss of power of the node.
    #[cfg(feature = "real")]
    Put(net::put::Args),
    /// Fetch an object, or a range of its bytes
    ///
    /// Every byte is verified before it is written. Cut off, it goes on where it was. A folder is restored with its modes and links.
    #[cfg(feature = "real")]
    Get(net::get::Args),
    /// Tell which version of a name there is
    #[cfg(feature = "real")]
    Stat(net::short::StatArgs),
    /// Forbid the versions of a name, for ever
    ///
    /// Acknowledged once no node below the one that is asked serves them any more.
    #[cfg(feature = "real")]
    Purge(net::short::PurgeArgs),
    /// Measure the round trip to a node
    #[cfg(feature = "real")]
    Ping(net::short::PingArgs),
    /// Run a scenario of layer 1 on real sockets, in wall time
    ///
    /// All its nodes in this process, each with a UDP socket on `[::1]`, a certificate and a store, and the scenario's network emulated between the sockets.
    /// What comes out is measured, not simulated, and differs from run to run.
    #[cfg(feature = "real")]
    Real(net::real::Args),
    /// Run the conformance suite of STOQ, and report on it
    ///
    /// Every case runs on the machines of this build, in memory, and the verdicts are told clause by clause: what the standard requires, what was tried, and what
    /// nobody tried. Ends with code 12 unless every case that was chosen is kept.
    #[cfg(feature = "conform")]
    Conform(conform::Args),
    /// Explain an error code
    ///
    /// `explain codes` lists all codes, `explain metrics` all metrics that expectations can name.
    Explain(explain::Args),
    /// Print the JSON Schema of scenario files, for editors
    ///
    /// Draft 2020-12. Name it in the first line of a scenario, so that the editor completes and checks while you type:
    /// `# yaml-language-server: $schema=scenario.v1.json`
    Schema(schema::Args),
    /// Print completions for a shell
    ///
    /// For bash, elvish, fish, powershell and zsh.
    Completions(completions::Args),
    /// Print or write the manual pages
    ///
    /// They have the same words as `--help`.
    Man(man::Args),
}

/// Where runs are kept.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Out {
    /// Directory of the runs.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub(crate) out: PathBuf,
}

/// What to change in a scenario before it is resolved.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Change {
    /// Seed of everything random, instead of the one in the file.
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Change one value, by its path in the file; can be repeated (`--set network.loss=2%`).
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,

    /// Plant a defect, to see it found.
    #[cfg(feature = "defects")]
    #[arg(long, hide = true, value_name = "NAME", value_parser = defect)]
    pub(crate) plant: Option<hypermesh_core::testing::Defect>,
}

impl Change {
    /// The defect to plant; never one in a build without the feature `defects`.
    pub(crate) const fn defect(&self) -> Option<hypermesh_core::testing::Defect> {
        #[cfg(feature = "defects")]
        return self.plant;
        #[cfg(not(feature = "defects"))]
        None
    }
}

#[cfg(feature = "defects")]
fn defect(name: &str) -> Result<hypermesh_core::testing::Defect, String> {
    use hypermesh_core::testing::Defect;
    Defect::named(name).ok_or_else(|| format!("one of {}", Defect::ALL.map(|(known, _)| known).join(", ")))
}

/// How to run. None of this changes the answer but the mode.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Engine {
    /// Threads, each with a share of the nodes; 0 is one a core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,

    /// What hosts the engine.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) host: Host,

    /// What carries the connections of layer 1. The two modes give two answers; `calibrate` tells how far they are apart.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) mode: Mode,
}

/// What carries the connections of layer 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// A model of QUIC, for up to millions of nodes.
    #[default]
    Message,
    /// Real QUIC on simulated wires, for up to some thousands.
    Packet,
}

impl Engine {
    /// The options of a run that ends early when `stop` is raised.
    pub(crate) fn options(&self, stop: &Arc<AtomicBool>) -> Options {
        Options { threads: self.threads(), host: self.host.into(), packets: self.mode == Mode::Packet, stop: Arc::clone(stop) }
    }

    /// Threads, with 0 resolved.
    pub(crate) fn threads(&self) -> usize {
        if self.threads == 0 { machine::cores() } else { self.threads }
    }
}

/// What hosts the engine. Both give the same digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Host {
    /// The bare engine.
    #[default]
    Engine,
    /// The engine inside a madsim runtime, which owns entropy and tasks.
    Madsim,
}

impl From<Host> for hypermesh_sim::Host {
    fn from(host: Host) -> Self {
        match host {
            Host::Engine => Self::Engine,
            Host::Madsim => Self::Madsim,
        }
    }
}

/// The whole command, for completions and manual pages.
pub(crate) fn command() -> clap::Command {
    Arguments::command()
}

/// Reads the command line; what cannot be understood ends the process with code 2 and a hint.
pub(crate) fn parse() -> Arguments {
    let matches = command().color(color_of_help()).get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Help and usage errors are printed before arguments are known, so `--color` is looked up by hand.
fn color_of_help() -> ColorChoice {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1].as_str());
    let joined = arguments.iter().filter_map(|argument| argument.strip_prefix("--color="));
    match given.chain(joined).last() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// A parser of `--format` that admits only what the verb can write.
pub(crate) fn formats(names: &'static [Format]) -> impl TypedValueParser<Value = Format> {
    let values: Vec<PossibleValue> = names.iter().filter_map(Format::to_possible_value).collect();
    PossibleValuesParser::new(values).map(|name| Format::from_str(&name, false).unwrap_or_default())
}

/// Reads `key=value`.
pub(crate) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("write key=value, for example network.loss=2%".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{command, key_value};

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_verb_shows_a_runnable_example() {
        for verb in command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example:\n  hypermesh "), "{} has no example", verb.get_name());
        }
    }

    #[test]
    fn a_setting_keeps_equal_signs_in_its_value() {
        assert_eq!(key_value("a.b=c=d"), Ok(("a.b".to_owned(), "c=d".to_owned())));
        assert!(key_value("=x").is_err());
        assert!(key_value("x").is_err());
    }
}
