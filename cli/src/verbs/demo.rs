//! `demo`: the scenarios that are built in, so that a first run needs no file.

use crate::exit::Code;
use crate::fail::{Done, Failure};
use crate::glue;
use crate::output::Output;
use crate::table::Table;
use crate::verbs::run::{self, How};

/// Its arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hypermesh demo broadcast")]
pub(crate) struct Args {
    /// Which one; `--list` tells them.
    #[arg(value_name = "NAME", default_value = "broadcast")]
    name: String,

    /// List what is built in.
    #[arg(long)]
    list: bool,

    /// Print the scenario instead of running it: a start for your own (`hypermesh demo broadcast --print > mine.yaml`).
    #[arg(long, conflicts_with = "list")]
    print: bool,

    #[command(flatten)]
    how: How,
}

/// Lists, prints or runs.
pub(crate) fn run(args: &Args, output: Output) -> Done {
    if args.list {
        let mut table = Table::new(&["name", "what it shows"], &[]);
        for (name, yaml) in glue::scenario::SHIPPED {
            table.row([(*name).to_owned(), promise(yaml)]);
        }
        output.raw(&table.text());
        return Ok(Code::Ok);
    }
    let Some((name, yaml)) = glue::scenario::SHIPPED.iter().find(|(name, _)| *name == args.name) else {
        return Err(Failure::new(Code::Nothing, format!("there is no demo `{}`", args.name), "hypermesh demo --list"));
    };
    if args.print {
        output.raw(yaml);
        return Ok(Code::Ok);
    }
    let dir = std::env::temp_dir().join(format!("hypermesh-demo-{}", std::process::id()));
    let failed = |error: std::io::Error| Failure::machine("writing the demo's scenario", &error, "hypermesh demo --print > demo.yaml");
    std::fs::create_dir_all(&dir).map_err(failed)?;
    let file = dir.join(format!("{name}.yaml"));
    std::fs::write(&file, yaml).map_err(failed)?;
    let typed = |_: &std::path::Path| format!("hypermesh demo {name}");
    let done = run::all(&[file], &typed, &args.how, output);
    // The scenario is kept, resolved, in the run directory; the copy has served.
    let _ = std::fs::remove_dir_all(&dir);
    done
}

/// The sentence on top of a shipped scenario.
fn promise(yaml: &str) -> String {
    let comments = yaml.lines().take_while(|line| line.starts_with('#')).filter(|line| !line.contains("yaml-language-server"));
    let text = comments.map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join(" ");
    text.trim().trim_start_matches("Promise: ").to_owned()
}
