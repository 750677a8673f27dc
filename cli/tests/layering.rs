//! The arrows of the architecture, as a test: which crate may name which, which layer of core may name which, and what deterministic code never touches.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each member with the members that it may depend on.
const ARROWS: [(&str, &[&str]); 8] = [
    ("hypermesh-core", &[]),
    ("hypermesh-scenarios", &["hypermesh-core"]),
    ("hypermesh-sim", &["hypermesh-core", "hypermesh-scenarios"]),
    ("hypermesh-real", &["hypermesh-core", "hypermesh-scenarios"]),
    ("hypermesh-reports", &["hypermesh-core", "hypermesh-scenarios"]),
    ("hypermesh-conform", &["hypermesh-core", "hypermesh-scenarios", "hypermesh-sim", "hypermesh-real"]),
    ("hypermesh-model", &["hypermesh-core"]),
    (
        "hypermesh-cli",
        &["hypermesh-core", "hypermesh-scenarios", "hypermesh-sim", "hypermesh-real", "hypermesh-reports", "hypermesh-conform"],
    ),
];

/// Libraries that a member must not link.
const STRANGERS: [(&str, &[&str]); 5] = [
    ("hypermesh-core", &["madsim", "tokio", "rand", "getrandom", "polars", "serde"]),
    ("hypermesh-scenarios", &["madsim", "tokio", "rand", "getrandom", "polars", "clap"]),
    ("hypermesh-sim", &["polars", "quinn", "clap", "tokio", "rand", "getrandom"]),
    ("hypermesh-reports", &["madsim", "tokio", "clap", "rand", "getrandom"]),
    ("hypermesh-conform", &["madsim", "polars", "clap", "rand", "getrandom"]),
];

/// The layers of core, lowest first. A module names only modules before it, and itself.
const LAYERS: [&str; 8] = ["base", "machine", "node", "stoq", "nexus", "hypermesh", "clients", "testing"];

/// What deterministic code never touches: tables in hash order, clocks, threads, the operating system's randomness, files and sockets.
const FORBIDDEN: [&str; 13] = [
    "HashMap",
    "HashSet",
    "RandomState",
    "Instant",
    "SystemTime",
    "std::time",
    "thread_rng",
    "OsRng",
    "getrandom",
    "std::fs",
    "std::net",
    "std::env",
    "tokio",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the crate lies in the workspace")
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    metadata["packages"].as_array().expect("packages are a list").clone()
}

/// Dependencies of a package that are part of what it builds, so without those of its tests.
fn dependencies(package: &Value) -> Vec<&str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|dependency| dependency["kind"] != "dev").filter_map(|dependency| dependency["name"].as_str()).collect()
}

/// Every Rust source below a folder, but for files of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("the folder can be read").path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let is_test = name == "tests.rs" || name == "tests" || name.ends_with("_tests.rs");
        if path.is_dir() && !is_test {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !is_test {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a file that the compiler reads, with their numbers. Inline test modules end the file.
fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default().to_owned()));
    let mut kept: Vec<(usize, String)> = lines.collect();
    if let Some(end) =
        kept.windows(2).position(|pair| pair[0].1.trim() == "#[cfg(test)]" && pair[1].1.trim_start().starts_with("mod tests {"))
    {
        kept.truncate(end);
    }
    kept
}

/// Whether `line` holds `word` as a whole word.
fn names(line: &str, word: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !part_of_word(line[..at].chars().next_back()) && !part_of_word(line[at + word.len()..].chars().next()))
}

/// The module of core that a file belongs to.
fn layer_of(core: &Path, file: &Path) -> Option<usize> {
    let first = file.strip_prefix(core).ok()?.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    LAYERS.iter().position(|layer| *layer == first)
}

#[test]
fn crates_depend_only_on_the_crates_below_them() {
    let packages = packages();
    for (name, allowed) in ARROWS {
        let package = packages.iter().find(|package| package["name"] == name).unwrap_or_else(|| panic!("{name} is a member"));
        for dependency in dependencies(package).into_iter().filter(|dependency| dependency.starts_with("hypermesh-")) {
            assert!(allowed.contains(&dependency), "{name} must not depend on {dependency}");
        }
    }
    assert_eq!(packages.len(), ARROWS.len(), "a new member needs its arrows written here");
}

#[test]
fn heavy_and_impure_libraries_stay_where_they_belong() {
    let packages = packages();
    for (name, strangers) in STRANGERS {
        let package = packages.iter().find(|package| package["name"] == name).unwrap_or_else(|| panic!("{name} is a member"));
        for dependency in dependencies(package) {
            assert!(!strangers.contains(&dependency), "{name} must not link {dependency}");
        }
    }
}

#[test]
fn inside_core_a_layer_names_only_the_layers_below_it() {
    let core = root().join("core/src");
    let mut upward = Vec::new();
    for file in sources(&core) {
        let Some(own) = layer_of(&core, &file) else { continue };
        for (number, line) in code_lines(&file) {
            // Defects and breaches are planted in production code on purpose; the compiler removes them from default builds.
            let line = line.replace("crate::testing::{Breach, Defect}", "").replace("crate::testing::Defect", "");
            let line = line.replace("crate::testing::Breach", "").replace("crate::testing::defect", "");
            for layer in &LAYERS[own + 1..] {
                if names(&line, &format!("crate::{layer}")) {
                    upward.push(format!("{}:{number} names {layer}", file.display()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn deterministic_code_touches_no_clock_hash_order_or_system_randomness() {
    let mut found = Vec::new();
    for folder in ["core/src", "sim/src/engine"] {
        for file in sources(&root().join(folder)) {
            for (number, line) in code_lines(&file) {
                found.extend(
                    FORBIDDEN.iter().filter(|word| names(&line, word)).map(|word| format!("{}:{number} uses {word}", file.display())),
                );
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn unsafe_code_is_forbidden_where_nothing_needs_it() {
    for file in ["core/src/lib.rs", "scenarios/src/lib.rs", "real/src/lib.rs", "reports/src/lib.rs", "cli/src/main.rs"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file} must forbid unsafe code");
    }
}

#[test]
fn every_scenario_that_ships_can_be_a_demo_or_is_too_large_for_one() {
    let folder = root().join("scenarios");
    let groups = ["first", "faults"];
    let demos = Command::new(env!("CARGO_BIN_EXE_hypermesh")).args(["demo", "--list"]).output().expect("the command runs");
    let demos = String::from_utf8_lossy(&demos.stdout).into_owned();
    for file in groups.iter().flat_map(|group| std::fs::read_dir(folder.join(group)).expect("the folder exists")) {
        let path = file.expect("the folder can be read").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("names are text").to_owned();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            assert!(demos.lines().any(|line| line.starts_with(&format!("{name} "))), "{name} is not among the demos");
        }
    }
}
