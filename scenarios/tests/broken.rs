//! Broken scenario files and what is said about each: `tests/broken/*.yaml` beside `*.stderr`.
//!
//! Lines `# --set path=value` at the top of a file are overrides. `UPDATE_GOLDEN=1 cargo test -p hypermesh-scenarios --test broken` writes the messages
//! anew; a review then shows what changed.

use hypermesh_scenarios::problem::CODES;
use hypermesh_scenarios::resolve::plan_and_warnings;
use hypermesh_scenarios::{Overrides, Report, load};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_broken_file_is_told_what_is_wrong() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut differing = Vec::new();
    for file in files() {
        let said = report(&file).render(false);
        let golden = file.with_extension("stderr");
        if update {
            std::fs::write(&golden, &said).expect("the folder of golden messages can be written");
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(said.as_str()) {
            differing.push(format!("{}\n{said}", golden.display()));
        }
    }
    assert!(
        differing.is_empty(),
        "{} messages differ; if that is meant, run with UPDATE_GOLDEN=1\n\n{}",
        differing.len(),
        differing.join("\n")
    );
}

#[test]
fn every_code_has_a_broken_file_and_an_explanation() {
    let seen: BTreeSet<&str> = files().iter().flat_map(|file| report(file).problems).map(|problem| problem.code.as_str()).collect();
    let missing: Vec<&str> = CODES.iter().map(|(code, _)| code.as_str()).filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no broken file shows {missing:?}");
    for (code, text) in CODES {
        assert!(text.ends_with('.') && text.len() > 20, "{code} is not explained");
    }
}

#[test]
fn codes_are_unique_and_in_order() {
    let codes: Vec<&str> = CODES.iter().map(|(code, _)| code.as_str()).collect();
    let (errors, warnings): (Vec<&str>, Vec<&str>) = codes.iter().partition(|code| code.starts_with('E'));
    assert!(errors.is_sorted_by(|a, b| a < b) && warnings.is_sorted_by(|a, b| a < b), "{codes:?}");
}

#[test]
fn the_corpus_is_large_and_has_files_with_many_problems() {
    let sizes: Vec<usize> = files().iter().map(|file| report(file).problems.len()).collect();
    assert!(sizes.len() >= 100, "{} files", sizes.len());
    assert!(sizes.iter().filter(|n| **n >= 3).count() >= 20, "too few files with many problems");
}

#[test]
fn every_problem_names_a_line_that_exists() {
    for file in files() {
        let report = report(&file);
        for problem in &report.problems {
            let source =
                report.sources.get(problem.at.source).unwrap_or_else(|| panic!("{}: {} has no source", file.display(), problem.code));
            let lines = source.text.lines().count().max(1) as u32;
            assert!(
                (1..=lines + 1).contains(&problem.at.line),
                "{}: {} is on line {} of {lines}",
                file.display(),
                problem.code,
                problem.at.line
            );
        }
    }
}

/// All files of the corpus, and one that does not exist.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/broken")
        .expect("the corpus exists")
        .map(|entry| entry.expect("the corpus can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.push("tests/broken/no-such-file.yaml".into());
    files.sort();
    files
}

/// What is said about a file, by the loader or, where that finds nothing wrong, by the resolver.
fn report(file: &Path) -> Report {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let set =
        text.lines().map_while(|line| line.strip_prefix("# --set ")).filter_map(|argument| Overrides::argument(argument).ok()).collect();
    match load(file, &Overrides { seed: None, set }) {
        Err(report) => report,
        Ok(loaded) if !loaded.warnings.is_empty() => loaded.report(),
        Ok(loaded) => match plan_and_warnings(&loaded) {
            Err(report) => report,
            Ok((_, report)) if report.warnings() > 0 => report,
            Ok(_) => panic!("{} is not broken", file.display()),
        },
    }
}
