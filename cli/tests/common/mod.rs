//! What the tests of the command share.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// A scenario of the tests.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The command, with an environment of its own as far as colours go.
pub(crate) fn hypermesh() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hypermesh"));
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command
}

/// A directory that goes away with the test.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

/// Runs that a directory shows; each has to be complete.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn visible_runs(out: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(out) else { return Vec::new() };
    let visible = entries.flatten().map(|entry| entry.path()).filter(|path| !name(path).starts_with('.'));
    let runs: Vec<PathBuf> = visible.collect();
    for run in &runs {
        let text = std::fs::read_to_string(run.join("run.json")).unwrap_or_else(|error| panic!("{} is damaged: {error}", run.display()));
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{} is damaged: {error}", run.display()));
    }
    runs
}

/// The last part of a path.
#[allow(dead_code, reason = "not every test binary needs it")]
pub(crate) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
