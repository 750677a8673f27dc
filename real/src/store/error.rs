//! What can go wrong, and what is left unchanged by it.

use super::disk::is_full;
use super::key::Key;
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::ManifestId;
use std::fmt;
use std::io;

/// What the store was doing when the disk failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names tell")]
pub enum Doing {
    List,
    Create,
    Open,
    Rename,
    Remove,
    Read,
    Write,
    Truncate,
    Sync,
    SyncNames,
}

/// Why the store did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The bytes have another name. Nothing was stored.
    WrongName(Key),
    /// Empty or too long for what they are. Nothing was stored.
    Length {
        /// How many bytes came.
        bytes: usize,
        /// The most that are taken.
        max: usize,
    },
    /// What is stored is not what it was, or no longer has this name. It will not be served; the same content can be stored again.
    Rotten(Key),
    /// The disk has no room. Nothing was stored; what is there can be read, and purged.
    DiskFull,
    /// The store has all the bytes that it was given. Nothing was stored.
    QuotaFull {
        /// How many that is.
        bytes_max: u64,
    },
    /// The index has all the entries that it was given. Nothing was stored.
    TooMany {
        /// Entries of what.
        what: &'static str,
        /// How many it may have.
        max: usize,
    },
    /// The version was purged. Nothing was stored.
    Purged {
        /// The greatest purged version.
        upto: Version,
    },
    /// A newer version has the name. Nothing was stored.
    Older {
        /// The newest.
        newest: Version,
    },
    /// The same version of the name has another manifest. Nothing was stored.
    Conflict {
        /// Its manifest.
        held: ManifestId,
    },
    /// The manifest is not there, so a name cannot lead to it. Nothing was stored.
    NoManifest(ManifestId),
    /// The disk failed in a way after which nobody can tell what is on it. What is there can be read; nothing can be written until the store is opened
    /// anew.
    Stopped,
    /// Another store has the folder.
    InUse,
    /// The disk failed. Nothing was stored.
    Io {
        /// While the store did what.
        doing: Doing,
        /// The kind of error.
        kind: io::ErrorKind,
    },
}

impl StoreError {
    pub(super) fn of_io(doing: Doing, error: &io::Error) -> Self {
        if is_full(error) { Self::DiskFull } else { Self::Io { doing, kind: error.kind() } }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongName(key) => write!(f, "the bytes are not {key}"),
            Self::Length { bytes, max } => write!(f, "{bytes} bytes came, and 1 to {max} are taken"),
            Self::Rotten(key) => write!(f, "what is stored as {key} is damaged"),
            Self::DiskFull => write!(f, "the disk is full"),
            Self::QuotaFull { bytes_max } => write!(f, "the store holds its {bytes_max} bytes"),
            Self::TooMany { what, max } => write!(f, "the index holds its {max} {what}"),
            Self::Purged { upto } => write!(f, "versions up to {} are purged", upto.0),
            Self::Older { newest } => write!(f, "version {} is newer", newest.0),
            Self::Conflict { held } => write!(f, "the version has the manifest {held}"),
            Self::NoManifest(id) => write!(f, "the manifest {id} is not stored"),
            Self::Stopped => write!(f, "the store only reads since its disk failed; open it anew"),
            Self::InUse => write!(f, "another store has the folder"),
            Self::Io { doing, kind } => write!(f, "the disk failed ({doing:?}): {kind}"),
        }
    }
}

impl std::error::Error for StoreError {}
