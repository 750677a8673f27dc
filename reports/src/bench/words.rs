//! The measurements as Markdown and as a page.

use super::{Arm, Fit, Row, fits, ratios};
use crate::numbers;
use crate::plots::Plot;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;
use std::fmt::Write;

/// How it was measured.
pub(super) struct About<'a> {
    pub(super) command: &'a str,
    pub(super) version: &'a str,
    pub(super) machine: String,
}

/// An arm with its threads, where there is more than one.
pub(super) fn arm(arm: Arm, threads: u32) -> String {
    if threads > 1 { format!("{}, {threads} threads", arm.word()) } else { arm.word().to_owned() }
}

/// A table of words: its head and its rows.
#[derive(Serialize)]
struct Table {
    title: &'static str,
    note: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn known(value: f64, say: impl Fn(f64) -> String) -> String {
    if value.is_finite() && value > 0.0 { say(value) } else { "–".to_owned() }
}

fn tables(rows: &[Row]) -> [Table; 3] {
    let measured = |row: &Row| {
        vec![
            row.load.clone(),
            arm(row.arm, row.threads),
            numbers::exact(row.nodes),
            known(row.messages as f64, numbers::count),
            known(row.wall_ns as f64, numbers::time),
            known(row.msg_per_s(), numbers::count),
            known(row.ns_per_msg(), numbers::time),
            known(row.bytes_per_node, numbers::sig4),
            known(row.peak_rss_bytes as f64, numbers::bytes),
            row.note.clone().unwrap_or_default(),
        ]
    };
    let share = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{}×", numbers::sig4(ratio)));
    let compared = |ratio: super::Ratio| {
        let threads = ratio.threads.to_string();
        vec![ratio.load, numbers::exact(ratio.nodes), threads, share(ratio.to_ceiling), share(ratio.to_madsim), share(ratio.speedup)]
    };
    let fitted = |fit: Fit| {
        let (low, high) = (numbers::exact(fit.nodes.0), numbers::exact(fit.nodes.1));
        vec![fit.load, arm(fit.arm, fit.threads), format!("{low} to {high}"), format!("{:+.3}", fit.exponent), share(Some(fit.growth))]
    };
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|a, b| (&a.load, a.nodes, a.arm, a.threads).cmp(&(&b.load, b.nodes, b.arm, b.threads)));
    [
        Table {
            title: "Measured",
            note: "Wall time of the event loop, building the world not included.",
            head: vec!["load", "arm", "nodes", "messages", "wall", "messages/s", "per message", "bytes/node", "peak memory", "note"],
            rows: sorted.into_iter().map(measured).collect(),
        },
        Table {
            title: "The engine against the others",
            note: "Ratios of messages per second at the same load and size; more is better. Each comes from one run of each arm on one machine.",
            head: vec!["load", "nodes", "threads", "to the ceiling", "to madsim alone", "to one thread"],
            rows: ratios(rows).into_iter().map(compared).collect(),
        },
        Table {
            title: "Growth with size",
            note: "Cost per message ~ nodes^exponent, by least squares on the logarithms; growth is the cost at the largest size over that at the smallest.",
            head: vec!["load", "arm", "nodes", "exponent", "growth"],
            rows: fits(rows).into_iter().map(fitted).collect(),
        },
    ]
}

/// The report in Markdown.
pub(super) fn markdown(rows: &[Row], about: &About<'_>) -> String {
    let mut out = format!("# Scale\n\n`{}` on {}; hypermesh {}.\n", about.command, about.machine, about.version);
    for table in tables(rows).iter().filter(|table| !table.rows.is_empty()) {
        let _ = writeln!(out, "\n## {}\n\n| {} |", table.title, table.head.join(" | "));
        let _ = writeln!(out, "|{}", table.head.iter().enumerate().map(|(k, _)| if k < 2 { "---|" } else { "---:|" }).collect::<String>());
        for row in &table.rows {
            let _ = writeln!(out, "| {} |", row.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
        }
        let _ = writeln!(out, "\n{}", table.note);
    }
    out
}

/// The report as a page.
pub(super) fn page(rows: &[Row], about: &About<'_>, plots: &[(String, Plot)]) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("bench", include_str!("../../assets/bench.html"))?;
    let (light, dark) = crate::plots::variables();
    let tables: Vec<_> = tables(rows).into_iter().filter(|table| !table.rows.is_empty()).collect();
    let drawn: Vec<_> = plots.iter().map(|(_, plot)| (plot.inline(), plot.caption.clone())).collect();
    environment.get_template("bench")?.render(context! {
        css => include_str!("../../assets/report.css"),
        plot_classes => crate::plots::classes(),
        light, dark,
        command => about.command,
        version => about.version,
        machine => about.machine.clone(),
        tables => Serde(tables),
        plots => Serde(drawn),
    })
}
