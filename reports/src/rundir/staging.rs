//! A directory that is complete or absent: files go to a hidden sibling, which takes the final name in one step.

use super::error::WriteError;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A directory in the making. Dropped before [`Staging::publish`], it removes itself.
pub(crate) struct Staging {
    path: PathBuf,
    /// What it will be called, for messages.
    target: PathBuf,
    published: bool,
}

impl Staging {
    /// Makes the hidden directory `.<name>.partial-<pid>` in `parent`, which is made too if it is missing.
    pub(crate) fn create(parent: &Path, name: &str) -> Result<Self, WriteError> {
        fs::create_dir_all(parent).map_err(|cause| WriteError::io(parent, cause))?;
        let path = parent.join(format!(".{name}.partial-{}", std::process::id()));
        // A leftover of a process of the same number that was killed.
        let _ = fs::remove_dir_all(&path);
        let staging = Self { path, target: parent.join(name), published: false };
        fs::create_dir(&staging.path).map_err(|cause| WriteError::io(&staging.target, cause))?;
        Ok(staging)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes one file (its name may hold folders) and brings it to the disk.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
        put(&self.path.join(name), bytes).map_err(|cause| WriteError::io(&self.target.join(name), cause))
    }

    /// Gives the directory its name and returns that. A complete run of that name makes way: it is set aside first and removed last, so that it comes back if the new one
    /// cannot take its place.
    pub(crate) fn publish(mut self) -> Result<PathBuf, WriteError> {
        let target = self.target.clone();
        let failed = |cause| WriteError::io(&target, cause);
        sync_tree(&self.path).map_err(failed)?;
        let aside = self.path.with_extension(format!("old-{}", std::process::id()));
        let _ = fs::remove_dir_all(&aside);
        let replaced = match fs::rename(&target, &aside) {
            Ok(()) => true,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => false,
            Err(cause) => return Err(failed(cause)),
        };
        if let Err(cause) = fs::rename(&self.path, &target) {
            if replaced {
                let _ = fs::rename(&aside, &target);
            }
            return Err(failed(cause));
        }
        self.published = true;
        if let Some(parent) = target.parent() {
            let _ = sync_directory(parent);
        }
        let _ = fs::remove_dir_all(&aside);
        Ok(target)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Replaces one file of a published run in one step.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = target.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    let outcome = put(&temporary, bytes).and_then(|()| fs::rename(&temporary, target));
    outcome.map_err(|cause| {
        let _ = fs::remove_file(&temporary);
        WriteError::io(Path::new(&*name), cause)
    })
}

/// Replaces files of a folder, each in one step, and gives their paths in the same order.
pub(crate) fn replace_all(out: &Path, files: Vec<(String, String)>) -> Result<Vec<PathBuf>, WriteError> {
    let one = |(name, text): (String, String)| {
        let path = out.join(name);
        replace(&path, text.as_bytes()).map(|()| path)
    };
    files.into_iter().map(one).collect()
}

fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_tree(path: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    sync_directory(path)
}

/// Brings the names in a directory to the disk. Only Unix systems let a directory be opened for that.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
