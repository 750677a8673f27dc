//! `explain`: what an error code or a metric means.

use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue;
use crate::output::Output;
use crate::table::Table;
use hypermesh_scenarios::catalog::{Id, Kind, METRICS};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh explain E0201")]
pub(crate) struct Args {
    /// A code (E0201), a metric (net.sent), `codes` or `metrics`.
    #[arg(value_name = "WORD")]
    word: String,
}

/// Writes the explanation to stdout.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let word = args.word.trim();
    match word {
        "codes" => output.raw(&codes()),
        "metrics" => output.raw(&metrics()),
        _ => output.line(explanation(word)?),
    }
    Ok(Code::Ok)
}

fn explanation(word: &str) -> Result<String, Failure> {
    if let Some(text) = glue::scenario::explain(word) {
        return Ok(text.trim_end().to_owned());
    }
    if let Some(id) = Id::named(word) {
        let metric = id.metric();
        return Ok(format!("{}: {} ({}).", metric.name, metric.about, kind(metric.kind)));
    }
    let next = if word.contains('.') { "hypermesh explain metrics" } else { "hypermesh explain codes" };
    Err(Failure::new(Code::Nothing, format!("`{word}` is neither an error code nor a metric"), next))
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Samples => "histogram",
    }
}

fn codes() -> String {
    let mut table = Table::new(&["code", "meaning"], &[]);
    for (code, text) in glue::scenario::codes() {
        // The first sentence tells what; the rest of an explanation tells why.
        let first = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
        table.row([code.to_owned(), first.to_owned()]);
    }
    table.text()
}

fn metrics() -> String {
    let mut table = Table::new(&["metric", "kind", "what"], &[]);
    for metric in METRICS {
        table.row([metric.name.to_owned(), kind(metric.kind).to_owned(), metric.about.to_owned()]);
    }
    table.text()
}
