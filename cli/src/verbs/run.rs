//! `run`: scenarios to runs, runs to verdicts.

use crate::args::{Change, Engine, Out, formats};
use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::output::{Format, Output, Tone};
use crate::progress::Meter;
use crate::{budget, glue, human, interrupt, verdict};
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Outcome, Trace, Verdict};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh run scenarios/first/broadcast.yaml --seed 7")]
pub(crate) struct Args {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    how: How,
}

/// How to run scenarios; shared with `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct How {
    #[command(flatten)]
    change: Change,

    /// Run once for each seed, from the first to the last (`1..5` are five).
    #[arg(long, value_name = "FIRST..LAST", conflicts_with = "seed", value_parser = seeds)]
    seeds: Option<Seeds>,

    #[command(flatten)]
    engine: Engine,

    #[command(flatten)]
    out: Out,

    /// How to write results.
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = formats(&[Format::Text, Format::Json, Format::Jsonl, Format::Md]))]
    format: Format,

    /// Write no run directory and no report.
    #[arg(long)]
    no_report: bool,

    /// Start even if the plan does not fit its budget or this machine.
    #[arg(long)]
    force: bool,
}

/// Seeds from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seeds {
    first: u64,
    last: u64,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let range = text.split_once("..").and_then(|(first, last)| Some((first.parse().ok()?, last.trim_start_matches('=').parse().ok()?)));
    match range {
        Some((first, last)) if first <= last => Ok(Seeds { first, last }),
        _ => Err("write FIRST..LAST, for example 1..5".to_owned()),
    }
}

/// One run that is over.
pub(super) struct Ended {
    pub(super) code: Code,
    digest: String,
    pub(super) json: Value,
    row: Vec<String>,
    missed: (usize, usize),
    dir: Option<PathBuf>,
}

/// Runs every file with every seed.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    let typed = |file: &Path| format!("hypermesh run {}", file.display());
    all(&args.files, &typed, &args.how, output)
}

/// Runs every file with every seed, one after the other, and tells how each went. Nothing starts while a file is invalid. `typed` is the command line that
/// runs a file, without options.
pub(crate) fn all(files: &[PathBuf], typed: &dyn Fn(&Path) -> String, how: &How, output: Output) -> Done {
    let output = output.with(how.format);
    glue::scenario::check_all(files, &how.change, &output)?;
    let stop = interrupt::listen();
    let seeds: Vec<Option<u64>> = match how.seeds {
        Some(Seeds { first, last }) => (first..=last).map(Some).collect(),
        None => vec![how.change.seed],
    };
    let mut ended = Vec::new();
    for file in files {
        for seed in &seeds {
            if !stop.load(Ordering::SeqCst) {
                let change = Change { seed: *seed, ..how.change.clone() };
                ended.push(one(file, &typed(file), &Setting { change: &change, how, stop: &stop, output: &output })?);
            }
        }
    }
    let code = ended.iter().fold(Code::Ok, |code, run| code.worst(run.code));
    summary(&ended, code, &output);
    Ok(code)
}

/// What the runs of one command share.
struct Setting<'a> {
    change: &'a Change,
    how: &'a How,
    stop: &'a Arc<AtomicBool>,
    output: &'a Output,
}

/// One file with one seed.
fn one(file: &Path, typed: &str, setting: &Setting<'_>) -> Result<Ended, Failure> {
    let Setting { change, how, stop, output } = setting;
    let plan = glue::scenario::plan(file, change, output)?;
    let price = budget::price(&plan, how.engine.threads());
    if !price.reasons.is_empty() && !how.force {
        let message = format!("{} was not started: {}", plan.name, price.reasons.join("; "));
        return Err(Failure::new(Code::OverBudget, message, format!("{typed} --force, to start it all the same")));
    }
    let trace = {
        let meter = Meter::start(output.quiet);
        glue::world::run(&plan, &how.engine.options(stop), &meter)?
    };
    let dir = if how.no_report { None } else { glue::records::write(&plan, &trace, &how.out.out, &command(typed, &plan, change))? };
    let ended = Ended::new(&plan, &trace, dir);
    match output.format {
        Format::Text => tell(&plan, &trace, &ended, output),
        Format::Jsonl => output.json(&ended.json),
        _ => {}
    }
    Ok(ended)
}

/// The command line that gives the same answer again.
pub(super) fn command(typed: &str, plan: &Plan, change: &Change) -> String {
    let plain = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.,:/%=".contains(c));
    let quoted = |value: &str| if plain(value) { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) };
    let set = change.set.iter().map(|(key, value)| format!(" --set {}", quoted(&format!("{key}={value}"))));
    format!("{typed} --seed {}{}", plan.seed, set.collect::<String>())
}

impl Ended {
    /// How a run went; `dir` is where it is kept.
    pub(super) fn new(plan: &Plan, trace: &Trace, dir: Option<PathBuf>) -> Self {
        let code = verdict::code(trace);
        let facts = &trace.run;
        let row = vec![
            plan.name.clone(),
            plan.seed.to_string(),
            word(trace).to_owned(),
            human::count(facts.nodes),
            human::count(facts.messages),
            facts.digest.chars().take(16).collect(),
        ];
        Self {
            code,
            digest: facts.digest.clone(),
            json: as_json(plan, trace, code, dir.as_deref()),
            row,
            missed: verdict::tally(trace),
            dir,
        }
    }
}

/// The object that scripts read.
fn as_json(plan: &Plan, trace: &Trace, code: Code, dir: Option<&Path>) -> Value {
    let facts = &trace.run;
    json!({
        "scenario": plan.name,
        "seed": plan.seed,
        "verdict": word(trace),
        "exit_code": code.number(),
        "digest": facts.digest,
        "mode": trace.mode.word(),
        "nodes": facts.nodes,
        "messages": facts.messages,
        "events": facts.events,
        "virtual_s": facts.virtual_end.as_secs_f64(),
        "wall_s": facts.wall_ns as f64 / 1e9,
        "loop_s": facts.loop_ns as f64 / 1e9,
        "peak_rss_bytes": facts.peak_rss_bytes,
        "world_bytes": facts.world_bytes,
        "threads": facts.threads,
        "host": facts.host,
        "partial": facts.partial,
        "run_dir": dir.map(|dir| dir.display().to_string()),
        "report": dir.and_then(glue::records::page).map(|page| page.display().to_string()),
        "expectations": trace.verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
        "monitors": trace.monitors.iter().map(|row| json!({
            "requirement": row.requirement,
            "fired": row.fired,
            "broken": row.broken,
        })).collect::<Vec<_>>(),
        "violations": trace.violations.iter().map(|violation| json!({
            "invariant": violation.invariant.metric().name,
            "at_s": violation.at_ns as f64 / 1e9,
            "node": violation.node,
            "count": violation.count,
            "detail": violation.detail,
        })).collect::<Vec<_>>(),
    })
}

fn verdict_json(verdict: &Verdict) -> Value {
    json!({
        "level": verdict.level.word(),
        "that": verdict.that,
        "outcome": verdict::outcome(verdict.outcome),
        "seen": verdict.seen,
        "range": verdict.range,
        "first_missed_s": verdict.first_missed_ns.map(|ns| ns as f64 / 1e9),
        "covers": verdict.covers,
        "line": verdict.line,
    })
}

/// How one run went, for people.
pub(super) fn tell(plan: &Plan, trace: &Trace, ended: &Ended, output: &Output) {
    let facts = &trace.run;
    let end = trace.run.virtual_end.as_secs_f64();
    output.line(format_args!("{} (seed {}): {} nodes, {end:.3} s {}", plan.name, plan.seed, human::count(facts.nodes), trace.mode.word()));
    let wide = trace.verdicts.iter().map(|verdict| verdict.that.chars().count()).max().unwrap_or(0).min(60);
    for verdict in &trace.verdicts {
        output.line(expectation(verdict, wide, output));
    }
    for violation in &trace.violations {
        let name = violation.invariant.metric().name;
        let at = violation.at_ns as f64 / 1e9;
        let what = output.tone(Tone::Bad, "BROKEN");
        output.line(format_args!(
            " {name}  {what}  {} times, first at {at:.6} s on node {}: {}",
            violation.count, violation.node, violation.detail
        ));
    }
    output.line(format_args!(" messages {}  events {}", human::count(facts.messages), human::count(facts.events)));
    output.line(format_args!(" digest {}", output.tone(Tone::Strong, &facts.digest)));
    if let Some(page) = ended.dir.as_deref().and_then(glue::records::page) {
        output.line(format_args!(" report {}", page.display()));
    }
    output.note(format_args!(
        " took {} on {} threads ({} messages/s, {} resident at most, {} bytes a node)",
        human::seconds(facts.wall_ns as f64 / 1e9),
        facts.threads,
        human::rounded(facts.messages as f64 / (facts.loop_ns as f64 / 1e9).max(1e-9)),
        human::bytes(facts.peak_rss_bytes),
        facts.world_bytes / facts.nodes.max(1),
    ));
}

/// The verdict in one word; a run that was interrupted is `partial`.
fn word(trace: &Trace) -> &'static str {
    if trace.run.partial.is_some() { "partial" } else { verdict::word(trace) }
}

/// One line about one expectation.
fn expectation(verdict: &Verdict, wide: usize, output: &Output) -> String {
    let (tone, word) = match (verdict.outcome, verdict.level == Level::Should) {
        (Outcome::Met, _) => (Tone::Good, "ok"),
        (Outcome::Missed, true) => (Tone::Warn, "missed"),
        (Outcome::Missed, false) => (Tone::Bad, "FAIL"),
        (Outcome::Unknown, true) => (Tone::Warn, "unknown"),
        (Outcome::Unknown, false) => (Tone::Bad, "UNKNOWN"),
    };
    let first = verdict.first_missed_ns.map_or(String::new(), |ns| format!("  first missed at {:.3} s", ns as f64 / 1e9));
    let covers = if verdict.covers.is_empty() { String::new() } else { format!("  {}", verdict.covers.join(" ")) };
    let level = verdict.level.word();
    let gap = " ".repeat(7usize.saturating_sub(word.len()));
    let word = output.tone(tone, word);
    format!(" {level:<10} {:<wide$}  {:<12}  {word}{gap} {}{first}{covers}", verdict.that, verdict.range, verdict.seen)
}

/// What is said when all runs are over.
pub(super) fn summary(ended: &[Ended], code: Code, output: &Output) {
    match (output.format, ended) {
        (Format::Json, [only]) => output.json(&only.json),
        (Format::Json, _) => {
            let runs: Vec<&Value> = ended.iter().map(|run| &run.json).collect();
            output.json(&json!({ "exit_code": code.number(), "runs": runs }));
        }
        (Format::Md, _) => output.raw(&table(ended).markdown()),
        (Format::Text, [_, _, ..]) => output.raw(&format!("\n{}", table(ended).text())),
        _ => {}
    }
    if code == Code::Ok {
        return;
    }
    let (missed, of) = ended.iter().fold((0, 0), |(missed, of), run| (missed + run.missed.0, of + run.missed.1));
    let worst = ended.iter().find(|run| run.code == code).or(ended.first());
    let dir = worst.and_then(|run| run.dir.as_ref()).map(|dir| dir.display().to_string());
    let what = match code {
        Code::Interrupted => "interrupted: what was done until then is kept".to_owned(),
        Code::Safety => format!("a safety property is violated; {missed} of {of} expectations failed (exit 11)"),
        _ => format!("{missed} of {of} expectations failed (exit {})", code.number()),
    };
    eprintln!("{what}");
    match dir {
        Some(dir) => output.next(&format!("hypermesh report {dir} --format md")),
        None => output.next("run again without --no-report and open its report"),
    }
}

fn table(ended: &[Ended]) -> crate::table::Table {
    let mut table = crate::table::Table::new(&["scenario", "seed", "verdict", "nodes", "messages", "digest"], &[1, 3, 4]);
    for run in ended {
        debug_assert!(run.digest.starts_with(&run.row[5]), "the row shows the start of the digest");
        table.row(run.row.clone());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Seeds, seeds};

    #[test]
    fn a_range_of_seeds_includes_both_ends() {
        assert_eq!(seeds("1..5"), Ok(Seeds { first: 1, last: 5 }));
        assert_eq!(seeds("1..=5"), Ok(Seeds { first: 1, last: 5 }));
        for wrong in ["5..1", "5", "a..b", ".."] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
