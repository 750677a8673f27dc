//! The report: one page that opens from disk without a network, is readable in light and dark, on a telephone and on paper.
//!
//! The template is `assets/report.html`; everything in it is made here as words, so that the page computes nothing. Its script only lets a pointer read the
//! plots over time; without it nothing is missing.

mod delivery;
mod metrics;
mod words;

use crate::numbers;
use crate::plots::{Plot, Plots};
use crate::run::Run;
use crate::summary;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

/// Most broadcasts in the table.
const BROADCASTS_MAX: usize = 50;

/// Makes the page.
pub(crate) fn page(run: &Run, plots: &Plots) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("report", include_str!("../../assets/report.html"))?;
    let manifest = &run.manifest;
    let (light, dark) = crate::plots::variables();
    environment.get_template("report")?.render(context! {
        css => include_str!("../../assets/report.css"),
        script => include_str!("../../assets/report.js"),
        light, dark,
        plot_classes => crate::plots::classes(),
        m => Serde(manifest),
        name => run.name(),
        verdict => summary::verdict(run),
        verdict_class => manifest.verdict.word(),
        trouble => summary::first_trouble(run),
        partial => manifest.partial.clone(),
        expectations => Serde(words::expectations(run)),
        figures => Serde(summary::figures(run)),
        cost => Serde(summary::cost(run)),
        plots => Serde(plots.shown.iter().map(shown).collect::<Vec<_>>()),
        left_out => plots.left_out.iter().map(|(title, why)| format!("{title}: {why}")).collect::<Vec<_>>(),
        hover => hover(plots),
        delivery => Serde(delivery::words(run)),
        regions => Serde(if crate::delivery::is_delivery(run) { Vec::new() } else { summary::regions(run) }),
        answers => if crate::delivery::is_delivery(run) { "fetches" } else { "deliveries" },
        answers_note => if crate::delivery::is_delivery(run) { "fetches are objects that applications got" } else { "deliveries are broadcasts at nodes" },
        phases => Serde(summary::phases(run)),
        faults_hidden => manifest.plan.faults.len().saturating_sub(summary::FAULTS_MAX),
        broadcasts => Serde(broadcasts(run)),
        broadcasts_note => broadcasts_note(run),
        counters => Serde(metrics::counters(run)),
        gauges => Serde(metrics::gauges(run)),
        samples => Serde(metrics::samples(run)),
        invariants => Serde(summary::invariants(run)),
        monitors => Serde(words::monitors(run)),
        honesty => words::honesty(run),
        machine => manifest.machine.words(),
        network => Serde(words::network(run)),
        access => Serde(words::access(run)),
        groups => Serde(words::groups(run)),
        tables => manifest.tables.iter().map(|(file, rows)| format!("{file} ({} rows)", numbers::exact(*rows))).collect::<Vec<_>>(),
    })
}

#[derive(Serialize)]
struct Shown {
    name: &'static str,
    caption: String,
    svg: String,
}

fn shown(plot: &Plot) -> Shown {
    Shown { name: plot.name, caption: plot.caption.clone(), svg: plot.inline() }
}

/// What the script reads, safe inside a script element.
fn hover(plots: &Plots) -> String {
    let all: serde_json::Map<String, serde_json::Value> =
        plots.shown.iter().filter_map(|plot| Some((plot.name.to_owned(), serde_json::to_value(plot.hover.as_ref()?).ok()?))).collect();
    serde_json::Value::Object(all).to_string().replace('<', "\\u003c")
}

#[derive(Serialize)]
struct BroadcastWords {
    id: u32,
    origin: u32,
    at: String,
    reached: String,
    missing: String,
    repaired: String,
    redundancy: String,
    last: String,
    hops: u16,
}

/// The broadcasts that reached the smallest share first, then by number; a reader looks for those.
fn broadcasts(run: &Run) -> Vec<BroadcastWords> {
    let share = |row: &hypermesh_scenarios::trace::BroadcastRow| if row.stayed > 0 { row.reached as f64 / row.stayed as f64 } else { 1.0 };
    let mut rows: Vec<_> = run.broadcasts.iter().collect();
    if rows.len() > BROADCASTS_MAX {
        rows.sort_by(|a, b| share(a).total_cmp(&share(b)).then(a.id.cmp(&b.id)));
        rows.truncate(BROADCASTS_MAX);
    }
    let words = |row: &&hypermesh_scenarios::trace::BroadcastRow| BroadcastWords {
        id: row.id,
        origin: row.origin,
        at: numbers::moment(row.at_ns),
        reached: numbers::percent(share(row)),
        missing: numbers::exact(row.stayed.saturating_sub(row.reached)),
        repaired: numbers::count(row.repaired as f64),
        redundancy: numbers::sig4(row.redundant as f64 / row.delivered.max(1) as f64),
        last: numbers::time(row.last_ns as f64),
        hops: row.hops_max,
    };
    rows.iter().map(words).collect()
}

fn broadcasts_note(run: &Run) -> String {
    match run.broadcasts.len() {
        0 => "The workload has no broadcasts.".to_owned(),
        all if all > BROADCASTS_MAX => {
            format!(
                "The {BROADCASTS_MAX} of {} broadcasts that reached the smallest share of nodes; all are in broadcasts.parquet.",
                numbers::exact(all as u64)
            )
        }
        all => format!("All {all} broadcasts. Reached: of the nodes that were up from the start of the broadcast to the end of the run."),
    }
}
