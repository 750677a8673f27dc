//! A folder as one object: what is in it stands first, the files follow one after the other.
//!
//! ```text
//! object = magic (16 octets) | length of the index (8 octets) | index | contents of the files, in the order of the index
//! index  = count (varint), then for each entry, in the order of the octets of its path:
//!          kind (1 octet: 0 folder, 1 file, 2 link) | mode (varint) | path (varint length, UTF-8) | length of the file (varint) or target (varint length, UTF-8)
//! ```
//! The same folder gives the same object, whatever the order in which the system lists it; owners and times are left out. Since chunks are cut by content,
//! a change of one file changes the chunks around it and those of the index, and no others. Paths are separated by `/`, without `.` and `..`.

use hypermesh_core::base::Reader;
use hypermesh_core::base::wire::put_varint;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// What an object begins with that is a folder.
pub const MAGIC: &[u8; 16] = b"stoq folder v1\r\n";
/// Longest index in bytes.
const INDEX_BYTES_MAX: u64 = 1 << 30;

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file of so many bytes.
    File(u64),
    /// A symbolic link to this target.
    Link(String),
}

/// One thing in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, relative to the folder.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// What it is.
    pub kind: Kind,
}

/// Why a folder cannot be packed or restored.
#[derive(Debug)]
pub enum TreeError {
    /// A file or folder; its path.
    Io(PathBuf, io::Error),
    /// A name that is not UTF-8, or something that is neither file, folder nor link.
    Odd(PathBuf),
    /// An index that is not sound.
    Index(&'static str),
    /// A file changed its length while it was read.
    Changed(PathBuf),
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Odd(path) => write!(f, "{} is neither a file, a folder nor a link whose name is UTF-8", path.display()),
            Self::Index(what) => write!(f, "the object is no folder: {what}"),
            Self::Changed(path) => write!(f, "{} changed while it was read", path.display()),
        }
    }
}

impl std::error::Error for TreeError {}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> TreeError + '_ {
    move |error| TreeError::Io(path.to_owned(), error)
}

/// Everything in a folder, in order.
pub fn scan(root: &Path) -> Result<Vec<Entry>, TreeError> {
    let mut entries = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for found in fs::read_dir(&folder).map_err(io_at(&folder))? {
            let path = found.map_err(io_at(&folder))?.path();
            let odd = || TreeError::Odd(path.clone());
            let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(odd)?;
            let relative = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            let about = fs::symlink_metadata(&path).map_err(io_at(&path))?;
            let kind = if about.is_dir() {
                folders.push((path.clone(), relative.clone()));
                Kind::Folder
            } else if about.is_file() {
                Kind::File(about.len())
            } else if about.is_symlink() {
                Kind::Link(fs::read_link(&path).map_err(io_at(&path))?.to_str().ok_or_else(odd)?.to_owned())
            } else {
                return Err(odd());
            };
            entries.push(Entry { path: relative, mode: about.permissions().mode() & 0o7777, kind });
        }
    }
    entries.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    Ok(entries)
}

/// The beginning of the object of a folder: everything before the contents of the files.
pub fn header(entries: &[Entry]) -> Vec<u8> {
    let mut index = Vec::new();
    put_varint(&mut index, entries.len() as u64);
    let text = |index: &mut Vec<u8>, text: &str| {
        put_varint(index, text.len() as u64);
        index.extend_from_slice(text.as_bytes());
    };
    for Entry { path, mode, kind } in entries {
        index.push(match kind {
            Kind::Folder => 0,
            Kind::File(_) => 1,
            Kind::Link(_) => 2,
        });
        put_varint(&mut index, u64::from(*mode));
        text(&mut index, path);
        match kind {
            Kind::Folder => {}
            Kind::File(len) => put_varint(&mut index, *len),
            Kind::Link(target) => text(&mut index, target),
        }
    }
    [MAGIC.as_slice(), &(index.len() as u64).to_be_bytes(), &index].concat()
}

/// Hands over the bytes of a folder's object, piece by piece.
pub fn pack(root: &Path, entries: &[Entry], mut piece: impl FnMut(&[u8])) -> Result<(), TreeError> {
    piece(&header(entries));
    let mut buffer = vec![0; 256 << 10];
    for entry in entries {
        let Kind::File(len) = entry.kind else { continue };
        let path = root.join(&entry.path);
        let mut file = fs::File::open(&path).map_err(io_at(&path))?;
        let mut left = len;
        loop {
            let count = file.read(&mut buffer).map_err(io_at(&path))?;
            if count == 0 {
                break;
            }
            left = left.checked_sub(count as u64).ok_or_else(|| TreeError::Changed(path.clone()))?;
            piece(&buffer[..count]);
        }
        if left > 0 {
            return Err(TreeError::Changed(path));
        }
    }
    Ok(())
}

/// Reads the beginning of an object; none if it is no folder.
pub fn read_header(object: &mut impl Read) -> Result<Option<Vec<Entry>>, TreeError> {
    let mut head = [0; 24];
    let mut filled = 0;
    while filled < head.len() {
        match object.read(&mut head[filled..]).map_err(io_at(Path::new("the object")))? {
            0 => return Ok(None),
            count => filled += count,
        }
    }
    if &head[..16] != MAGIC {
        return Ok(None);
    }
    let len = u64::from_be_bytes(head[16..].try_into().expect("eight octets"));
    if len > INDEX_BYTES_MAX {
        return Err(TreeError::Index("its index is too long"));
    }
    let mut index = Vec::new();
    object.take(len).read_to_end(&mut index).map_err(io_at(Path::new("the object")))?;
    if index.len() as u64 != len {
        return Err(TreeError::Index("its index is cut off"));
    }
    read_index(&index).map(Some)
}

/// Reads an index. Every path is checked, since what is restored must stay inside its folder.
pub fn read_index(index: &[u8]) -> Result<Vec<Entry>, TreeError> {
    let bad = |_| TreeError::Index("its index is no index");
    let mut reader = Reader::new(index);
    let count = reader.varint().map_err(bad)?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut folders = BTreeSet::new();
    for _ in 0..count {
        let kind = reader.u8().map_err(bad)?;
        let mode = reader.varint_max(0o7777, "a mode").map_err(bad)? as u32;
        let path = text(&mut reader)?;
        let kind = match kind {
            0 => Kind::Folder,
            1 => Kind::File(reader.varint().map_err(bad)?),
            2 => Kind::Link(text(&mut reader)?),
            _ => return Err(TreeError::Index("an entry of an unknown kind")),
        };
        if path.split('/').any(|part| part.is_empty() || part == "." || part == ".." || part.contains('\0')) {
            return Err(TreeError::Index("a path leads out of the folder"));
        }
        if entries.last().is_some_and(|last| last.path.as_bytes() >= path.as_bytes()) {
            return Err(TreeError::Index("its paths are out of order"));
        }
        // Everything lies in a folder of the index, so nothing is written through a link.
        if path.rsplit_once('/').is_some_and(|(above, _)| !folders.contains(above)) {
            return Err(TreeError::Index("a path lies in no folder of it"));
        }
        if kind == Kind::Folder {
            folders.insert(path.clone());
        }
        entries.push(Entry { path, mode, kind });
    }
    if reader.is_empty() { Ok(entries) } else { Err(TreeError::Index("its index is too long")) }
}

fn text(reader: &mut Reader<'_>) -> Result<String, TreeError> {
    let len = reader.varint_max(1 << 16, "a text").map_err(|_| TreeError::Index("a text is too long"))?;
    let bytes = reader.take(len as usize).map_err(|_| TreeError::Index("a text is cut off"))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| TreeError::Index("a text is not UTF-8"))
}

/// Restores a folder from its object, of which the beginning was read already. `root` must not exist; it is written beside its place and renamed.
pub fn restore(entries: &[Entry], contents: &mut impl Read, root: &Path) -> Result<(), TreeError> {
    let mut unfinished = root.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(io_at(&unfinished))?;
    }
    fs::create_dir_all(&unfinished).map_err(io_at(&unfinished))?;
    let mut buffer = vec![0; 256 << 10];
    for entry in entries {
        let path = unfinished.join(&entry.path);
        match &entry.kind {
            // Writable until everything is in it.
            Kind::Folder => fs::DirBuilder::new().mode(0o700).create(&path).map_err(io_at(&path))?,
            Kind::Link(target) => symlink(target, &path).map_err(io_at(&path))?,
            Kind::File(len) => {
                let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(io_at(&path))?;
                copy(contents, *len, &mut file, &mut buffer).map_err(io_at(&path))?;
                fs::set_permissions(&path, fs::Permissions::from_mode(entry.mode)).map_err(io_at(&path))?;
            }
        }
    }
    for entry in entries.iter().rev().filter(|entry| entry.kind == Kind::Folder) {
        let path = unfinished.join(&entry.path);
        fs::set_permissions(&path, fs::Permissions::from_mode(entry.mode)).map_err(io_at(&path))?;
    }
    fs::rename(&unfinished, root).map_err(io_at(root))
}

/// Copies so many bytes through a buffer. The standard library would let the kernel copy from file to file, which first writes the source to the disk:
/// for many small files that takes ten times as long.
fn copy(from: &mut impl Read, len: u64, to: &mut fs::File, buffer: &mut [u8]) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let want = left.min(buffer.len() as u64) as usize;
        let count = from.read(&mut buffer[..want])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(&buffer[..count])?;
        left -= count as u64;
    }
    Ok(())
}
