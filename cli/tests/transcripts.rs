//! Transcripts: what a user types and what the command answers, for every verb, for the README and for the guides.
//!
//! They run in a fresh directory with the scenarios of the tests and those that ship. `TRYCMD=overwrite cargo test -p hypermesh-cli --test transcripts`
//! writes what the command says now into the files; look at the difference before you commit it.
#![cfg(feature = "reports")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the crate lies in the workspace")
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}

#[test]
fn what_is_written_down_is_what_happens() {
    let root = root();
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    for folder in ["first", "faults", "scale"] {
        copy(&root.join("scenarios").join(folder), &place.path().join("scenarios").join(folder));
    }
    // The transcripts name these files without a folder, the README as they lie in a checkout.
    copy(&root.join("cli/tests/data"), place.path());
    copy(&root.join("cli/tests/data"), &place.path().join("cli/tests/data"));
    std::env::set_current_dir(place.path()).expect("the directory exists");
    // An empty run directory of its own for every file: they run side by side.
    let cases = trycmd::TestCases::new();
    cases.register_bin("hypermesh", Path::new(env!("CARGO_BIN_EXE_hypermesh"))).env("NO_COLOR", "1").env("COLUMNS", "100");
    // A busy machine takes long enough for lines of progress, which no transcript can foresee.
    cases.env("HYPERMESH_PROGRESS_SECONDS", "3600");
    cases.case(root.join("cli/tests/cmd/*.trycmd")).case(root.join("README.md")).case(root.join("docs/guide/*.md"));
    cases.run();
}

#[test]
fn the_scenario_in_the_readme_is_the_one_that_ships() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let ships = std::fs::read_to_string(root().join("scenarios/first/broadcast.yaml")).expect("the first scenario ships");
    let block = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the README shows a scenario");
    for line in block.lines() {
        assert!(ships.lines().any(|ships| ships.starts_with(line)), "`{line}` is not in scenarios/first/broadcast.yaml");
    }
}
