//! The verbs, one file each. A verb takes its arguments and an output, and gives back how it ended.

pub(crate) mod bench;
pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod completions;
#[cfg(feature = "conform")]
pub(crate) mod conform;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod man;
#[cfg(feature = "real")]
pub(crate) mod net;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod verify;

use crate::args::Verb;
use crate::fail::Done;
use crate::output::Output;

/// Does what was asked.
pub(crate) fn dispatch(verb: Verb, output: Output) -> Done {
    match verb {
        Verb::Run(args) => run::run(&args, output),
        Verb::Check(args) => check::run(&args, output),
        Verb::Plan(args) => plan::run(&args, output),
        Verb::Report(args) => report::run(&args, output),
        Verb::Diff(args) => diff::run(&args, output),
        Verb::Verify(args) => verify::run(&args, output),
        Verb::Calibrate(args) => calibrate::run(&args, output),
        Verb::Runs(args) => runs::run(&args, output),
        Verb::Demo(args) => demo::run(&args, output),
        Verb::Bench(args) => bench::run(&args, output),
        #[cfg(feature = "real")]
        Verb::Node(args) => net::node::run(&args, output),
        #[cfg(feature = "real")]
        Verb::Certs(args) => net::certs::run(&args, output),
        #[cfg(feature = "real")]
        Verb::Put(args) => net::put::run(&args, output),
        #[cfg(feature = "real")]
        Verb::Get(args) => net::get::run(&args, output),
        #[cfg(feature = "real")]
        Verb::Stat(args) => net::short::stat(&args, output),
        #[cfg(feature = "real")]
        Verb::Purge(args) => net::short::purge(&args, output),
        #[cfg(feature = "real")]
        Verb::Ping(args) => net::short::ping(&args, output),
        #[cfg(feature = "real")]
        Verb::Real(args) => net::real::run(&args, output),
        #[cfg(feature = "conform")]
        Verb::Conform(args) => conform::run(&args, output),
        Verb::Explain(args) => explain::run(&args, output),
        Verb::Schema(args) => schema::run(&args, output),
        Verb::Completions(args) => completions::run(&args, output),
        Verb::Man(args) => man::run(&args, output),
    }
}
