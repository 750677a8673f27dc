//! What can go wrong with run directories, in words that name the file and the way out.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a run could not be written. Nothing was left behind.
#[derive(Debug)]
pub enum WriteError {
    /// The system refused a file or directory.
    Io {
        /// Which, as the user would name it.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A table could not be made.
    Table {
        /// Which.
        file: &'static str,
        /// Why.
        cause: String,
    },
    /// A page or plot could not be made.
    Page {
        /// Which.
        file: String,
        /// Why.
        cause: String,
    },
    /// What was just written cannot be read back.
    Unreadable(ReadError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { file, cause } => {
                write!(f, "cannot write {}: {cause}; no damaged run was left behind", file.display())?;
                if matches!(
                    cause.kind(),
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge
                ) {
                    write!(f, "; free some space or choose another place with --out")?;
                }
                Ok(())
            }
            Self::Table { file, cause } => write!(f, "cannot make the table {file}: {cause}; no damaged run was left behind"),
            Self::Page { file, cause } => write!(f, "cannot make {file}: {cause}"),
            Self::Unreadable(cause) => write!(f, "the run was written but cannot be read back: {cause}; it was removed"),
        }
    }
}

impl std::error::Error for WriteError {}

impl WriteError {
    pub(crate) fn io(file: &Path, cause: std::io::Error) -> Self {
        Self::Io { file: file.to_owned(), cause }
    }
}

/// Why a run could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is nothing, or no directory.
    NoDirectory(PathBuf),
    /// The directory holds no `run.json`.
    NotARun(PathBuf),
    /// A file cannot be read.
    Io {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// A file is damaged.
    Damaged {
        /// Which.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// It was written by a newer version.
    Newer {
        /// Which.
        file: PathBuf,
        /// The form it has.
        format: u64,
    },
    /// The selector fits no run.
    NoSuchRun {
        /// What was asked for.
        selector: String,
        /// Where it was looked for.
        parent: PathBuf,
    },
    /// The selector fits several runs.
    Ambiguous {
        /// What was asked for.
        selector: String,
        /// The runs that fit.
        names: Vec<String>,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDirectory(path) => write!(f, "there is no run directory {}", path.display()),
            Self::NotARun(path) => write!(f, "{} is not a run directory: it has no run.json", path.display()),
            Self::Io { file, cause } => write!(f, "cannot read {}: {cause}", file.display()),
            Self::Damaged { file, cause } => write!(f, "{} is damaged: {cause}", file.display()),
            Self::Newer { file, format } => {
                write!(
                    f,
                    "{} has form {format}, this version reads form {} and below; use a newer hypermesh",
                    file.display(),
                    super::manifest::FORMAT
                )
            }
            Self::NoSuchRun { selector, parent } => {
                write!(f, "no run in {} fits `{selector}`; write `latest`, the beginning of a run's name, or a path", parent.display())
            }
            Self::Ambiguous { selector, names } => write!(f, "`{selector}` fits {} runs: {}", names.len(), names.join(", ")),
        }
    }
}

impl std::error::Error for ReadError {}
