//! What a build without reports can do with runs: nothing, in plain words.

use super::{Calibrated, Diffed, Kept};
use crate::exit::Code;
use crate::fail::Failure;
use crate::verbs::bench::Measured;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::Trace;
use std::path::{Path, PathBuf};

/// Runs are not kept; the verdict and the digest have been printed.
pub(crate) fn write(_: &Plan, _: &Trace, _: &Path, _: &str) -> Result<Option<PathBuf>, Failure> {
    Ok(None)
}

/// Cannot draw.
pub(crate) fn render(_: &Kept) -> Result<PathBuf, Failure> {
    Err(missing())
}

/// Cannot tell.
pub(crate) fn markdown(_: &Kept) -> Result<String, Failure> {
    Err(missing())
}

/// Cannot compare.
pub(crate) fn diff(_: &[Kept], _: &[Kept], _: Option<f64>) -> Result<Diffed, Failure> {
    Err(missing())
}

/// The table has been printed; there is no page.
pub(crate) fn bench(_: &[Measured], _: &Path, _: &str) -> Result<Option<PathBuf>, Failure> {
    Ok(None)
}

/// The table has been printed; there is no page.
pub(crate) fn calibration(_: &Calibrated, _: &Path) -> Result<Option<PathBuf>, Failure> {
    Ok(None)
}

fn missing() -> Failure {
    Failure::new(Code::Usage, "this build has no reports", "cargo build --release -p hypermesh-cli, which builds them in")
}
