//! The scenarios that ship.

use super::check_lives;
use crate::load::{Overrides, load};
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = std::fs::read_dir(root).expect("the crate has a folder").flatten().map(|entry| entry.path());
    let scenarios = |folder: &PathBuf| {
        folder.is_dir() && !["src", "tests", "presets", "schema", "data", "benches"].iter().any(|other| folder.ends_with(other))
    };
    let mut files: Vec<PathBuf> = folders
        .filter(scenarios)
        .flat_map(|folder| std::fs::read_dir(folder).expect("it is a folder").flatten())
        .map(|entry| entry.path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_becomes_a_plan() {
    let files = files();
    assert!(files.len() >= 7, "{files:?}");
    for file in files {
        let mut overrides = Overrides::default();
        let first = load(&file, &overrides).unwrap_or_else(|report| panic!("{}", report.render(false)));
        // The large ones are resolved with fewer nodes: all of them are too many for a test.
        for (name, _) in first.scenario.groups.iter().filter(|(_, group)| group.count.value.0 > 2_000) {
            overrides.set.push((format!("groups.{}.count", name.value.0), "2_000".to_owned()));
        }
        let loaded = load(&file, &overrides).unwrap_or_else(|report| panic!("{}", report.render(false)));
        let plan = super::super::plan(&loaded).unwrap_or_else(|report| panic!("{}: {}", file.display(), report.render(false)));
        check_lives(&plan);
        assert!(!plan.expect.is_empty(), "{} expects something", file.display());
    }
}
