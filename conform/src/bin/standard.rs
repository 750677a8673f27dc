//! `standard check | sync | html FILE | counts | vectors write|check`: what is wrong with the draft standard, its text brought in line with its registry,
//! its page, and its test vectors.

use hypermesh_conform::{Fault, lint, load, render, root, sync, vectors};
use std::process::ExitCode;

const USAGE: &str = "standard check         say everything that is wrong with registry and text
standard sync          write the sentences of the registry, and what is generated, into the text
standard html FILE     write the whole standard as one page
standard counts        say how many requirements there are
standard vectors check say whether core does what every test vector says
standard vectors write write the test vectors that are not there yet; one that is there never changes
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["check"] => check(),
        ["sync"] => written(),
        ["html", file] => page(file),
        ["counts"] => counts(),
        ["vectors", "check"] => compared(),
        ["vectors", "write"] => frozen(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            eprintln!("{} faults", faults.len());
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<String, Vec<Fault>> {
    let faults = lint::workspace();
    if faults.is_empty() { counts() } else { Err(faults) }
}

fn written() -> Result<String, Vec<Fault>> {
    let (registry, text) = load(&root())?;
    let changed = sync::write(&registry, &text, &root()).map_err(|fault| vec![fault])?;
    Ok(format!("{changed} pages changed"))
}

fn page(file: &str) -> Result<String, Vec<Fault>> {
    let (registry, text) = load(&root())?;
    std::fs::write(file, render::html(&registry, &text)).map_err(|error| vec![Fault::new(file, 0, error.to_string())])?;
    Ok(format!("{file} is written"))
}

fn compared() -> Result<String, Vec<Fault>> {
    let (registry, _) = load(&root())?;
    let counts = vectors::check(&root(), &registry)?;
    let families: Vec<String> = counts.iter().map(|(family, count)| format!("{family} {count}")).collect();
    Ok(format!("{} vectors in {} families: {}", counts.values().sum::<usize>(), counts.len(), families.join(", ")))
}

fn frozen() -> Result<String, Vec<Fault>> {
    let written = vectors::write(&vectors::folder(&root()))?;
    Ok(format!("{written} vectors are new"))
}

fn counts() -> Result<String, Vec<Fault>> {
    let (registry, _) = load(&root())?;
    let counts = registry.counts();
    Ok(format!(
        "{} shall ({} observable from another machine, {} kept by the reference implementation), {} should, {} may, {} withdrawn",
        counts.shall,
        counts.remote,
        counts.built,
        counts.should,
        counts.may,
        registry.withdrawn.len()
    ))
}
