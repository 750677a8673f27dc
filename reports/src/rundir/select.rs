//! Finding runs: `latest`, the beginning of a name, or a path.

use super::error::ReadError;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The run directory that `selector` means. `latest` is the one written last in `parent`; the beginning of exactly one run's name, or of its digest, is
/// that run; anything else is a path, to the directory or to a file in it.
pub fn find(parent: &Path, selector: &str) -> Result<PathBuf, ReadError> {
    let path = Path::new(selector);
    if path.join("run.json").is_file() {
        return Ok(path.to_owned());
    }
    if path.is_file() && path.with_file_name("run.json").is_file() {
        return Ok(path.with_file_name(""));
    }
    let missing = || ReadError::NoSuchRun { selector: selector.to_owned(), parent: parent.to_owned() };
    let runs = runs(parent);
    if selector == "latest" {
        return runs.into_iter().max_by_key(|run| run.written).map(|run| run.path).ok_or_else(missing);
    }
    if path.is_dir() {
        return Err(ReadError::NotARun(path.to_owned()));
    }
    if let Some(run) = runs.iter().find(|run| run.name == selector) {
        return Ok(run.path.clone());
    }
    let mut fitting: Vec<&Listed> = runs.iter().filter(|run| fits(&run.name, selector)).collect();
    fitting.sort_by(|a, b| a.name.cmp(&b.name));
    match fitting.as_slice() {
        [] => Err(missing()),
        [run] => Ok(run.path.clone()),
        _ => Err(ReadError::Ambiguous { selector: selector.to_owned(), names: fitting.iter().map(|run| run.name.clone()).collect() }),
    }
}

struct Listed {
    name: String,
    path: PathBuf,
    written: SystemTime,
}

/// The complete runs of a folder. Hidden directories are runs in the making or their leftovers.
fn runs(parent: &Path) -> Vec<Listed> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let listed = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
        let written = std::fs::metadata(entry.path().join("run.json")).ok()?.modified().ok()?;
        Some(Listed { name, path: entry.path(), written })
    };
    entries.flatten().filter_map(listed).collect()
}

/// Whether a run's name or the digest in it begins like that.
fn fits(name: &str, selector: &str) -> bool {
    let name_only = name.strip_suffix("-partial").unwrap_or(name);
    let digest = name_only.rsplit('-').next().unwrap_or_default();
    !selector.is_empty() && (name.starts_with(selector) || digest.starts_with(selector))
}
