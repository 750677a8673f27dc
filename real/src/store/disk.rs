//! What the store needs of a disk, and the folder that is one.

use super::error::{Doing, StoreError};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A flat set of named files. Everything that the store does to the outside goes through here, so that tests can put faults in between.
///
/// What is written may be lost, in any part, until [`Disk::sync`] of the file; a name that is created, changed or removed may be what it was until
/// [`Disk::sync_names`].
pub trait Disk: Send + Sync {
    /// An open file. It stays readable after its name is removed.
    type File: Send + Sync;

    /// Every name, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// A new, empty file. An error if the name is taken.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// A file that is there, for reading and writing.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    /// Gives a file another name at once, in place of what had that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a name.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Returns when all names are on stable storage.
    fn sync_names(&self) -> io::Result<()>;
    /// Bytes of a file.
    fn len(&self, file: &Self::File) -> io::Result<u64>;
    /// Fills `bytes` from `offset` on. An error if the file ends before.
    fn read_at(&self, file: &Self::File, bytes: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`. After an error, any part of them may be there.
    fn write_at(&self, file: &Self::File, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Cuts a file off at `len` bytes.
    fn truncate(&self, file: &Self::File, len: u64) -> io::Result<()>;
    /// Returns when the file's bytes and length are on stable storage.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
}

/// A folder of a file system that one store has to itself: the file `LOCK` in it is locked for as long as the value lives, and no longer than its process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    folder: File,
    _lock: File,
}

impl Folder {
    /// Takes the folder, which is made if it is not there. [`StoreError::InUse`] if a store has it already.
    pub fn take(path: &Path) -> Result<Self, StoreError> {
        let failed = |doing: Doing| move |error: io::Error| StoreError::of_io(doing, &error);
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(failed(Doing::Create))?;
            // The folder's own name has to survive too.
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent).and_then(|parent| parent.sync_all()).map_err(failed(Doing::SyncNames))?;
            }
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path.join("LOCK")).map_err(failed(Doing::Create))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(StoreError::of_io(Doing::Open, &error)),
        }
        let folder = File::open(path).map_err(failed(Doing::Open))?;
        Ok(Self { path: path.to_owned(), folder, _lock: lock })
    }
}

impl Disk for Folder {
    type File = File;

    fn list(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose()).collect()
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().create_new(true).read(true).write(true).open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        self.folder.sync_all()
    }

    fn len(&self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        file.read_exact_at(bytes, offset)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn truncate(&self, file: &File, len: u64) -> io::Result<()> {
        file.set_len(len)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        // The length is part of what is synced, since without it the bytes could not be read.
        file.sync_data()
    }
}

/// Whether an error says that there is no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
