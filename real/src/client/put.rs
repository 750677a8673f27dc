//! An object from files: cut, named, and handed over as it is asked for.

use super::tree::{self, Entry, TreeError};
use crate::driver::Supply;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId, Profile};
use hypermesh_core::stoq::manifest::{Keep, Packer, Root};
use hypermesh_core::stoq::node::Unread;
use hypermesh_core::stoq::session::frame::ContentId;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An object that can be offered: its manifests, and where in the files its chunks are.
#[derive(Debug)]
pub struct Source {
    /// The top.
    pub root: Root,
    /// Chunks, repeated ones too.
    pub chunks: u64,
    /// Bytes of the chunks that differ.
    pub unique_bytes: u64,
    manifests: HashMap<ContentId, Arc<[u8]>>,
    places: HashMap<ContentId, (u64, u32)>,
    /// Where in the object each part begins, and what it is.
    parts: Vec<(u64, Part)>,
}

#[derive(Debug)]
enum Part {
    Bytes(Vec<u8>),
    File(PathBuf),
}

impl Source {
    /// Reads a file, or a folder with all that is in it, once.
    pub fn read(path: &Path, profile: Profile) -> Result<Self, TreeError> {
        let failed = |error| TreeError::Io(path.to_owned(), error);
        let packer = Packer::new(profile, None).map_err(|error| failed(io::Error::other(error)))?;
        let mut cutting = Cutting { packer: Some(packer), found: Found::default(), failed: None };
        let mut parts = Vec::new();
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            let entries = tree::scan(path)?;
            parts = parts_of(path, &entries);
            tree::pack(path, &entries, |piece| cutting.push(piece))?;
        } else {
            parts.push((0, Part::File(path.to_owned())));
            let mut file = File::open(path).map_err(failed)?;
            let mut buffer = vec![0; 256 << 10];
            loop {
                match file.read(&mut buffer).map_err(failed)? {
                    0 => break,
                    count => cutting.push(&buffer[..count]),
                }
            }
        }
        let (root, found) = cutting.finish().map_err(failed)?;
        Ok(Self {
            root,
            chunks: found.chunks,
            unique_bytes: found.places.values().map(|(_, len)| u64::from(*len)).sum(),
            manifests: found.manifests,
            places: found.places,
            parts,
        })
    }

    /// The top manifest.
    pub fn manifest(&self) -> Arc<[u8]> {
        self.manifests[&ContentId(self.root.id.0)].clone()
    }

    /// Chunks that differ.
    pub fn unique_chunks(&self) -> usize {
        self.places.len()
    }

    /// The names of the chunks.
    pub fn ids(&self) -> impl Iterator<Item = (&ContentId, u32)> {
        self.places.iter().map(|(id, (_, len))| (id, *len))
    }

    /// Reads a part of the object from the files.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut at = self.parts.partition_point(|(begin, _)| *begin <= offset).saturating_sub(1);
        let (mut offset, mut filled) = (offset, 0);
        while filled < buffer.len() {
            let (begin, part) = self.parts.get(at).ok_or(io::ErrorKind::UnexpectedEof)?;
            let end = self.parts.get(at + 1).map_or(self.root.len, |(next, _)| *next);
            let count = ((end - offset) as usize).min(buffer.len() - filled);
            let into = &mut buffer[filled..filled + count];
            match part {
                Part::Bytes(bytes) => into.copy_from_slice(&bytes[(offset - begin) as usize..][..count]),
                Part::File(path) => File::open(path)?.read_exact_at(into, offset - begin)?,
            }
            (offset, filled, at) = (offset + count as u64, filled + count, at + 1);
        }
        Ok(())
    }
}

impl Supply for Source {
    fn supply(&self, id: &ContentId) -> Result<Arc<[u8]>, Unread> {
        if let Some(manifest) = self.manifests.get(id) {
            return Ok(manifest.clone());
        }
        let (offset, len) = *self.places.get(id).ok_or(Unread::Absent)?;
        let mut bytes = vec![0; len as usize];
        self.read_at(offset, &mut bytes).map_err(|_| Unread::Failed)?;
        // Files may change after they were cut.
        if ChunkId::of(&bytes).0 == id.0 { Ok(bytes.into()) } else { Err(Unread::Damaged) }
    }
}

/// What cutting found so far.
#[derive(Default)]
struct Found {
    chunks: u64,
    offset: u64,
    manifests: HashMap<ContentId, Arc<[u8]>>,
    places: HashMap<ContentId, (u64, u32)>,
}

impl Found {
    fn keep(&mut self, keep: &Keep<'_>) {
        match keep {
            Keep::Chunk(id, bytes) => {
                self.chunks += 1;
                self.places.entry(ContentId(id.0)).or_insert((self.offset, bytes.len() as u32));
                self.offset += bytes.len() as u64;
            }
            Keep::Manifest(ManifestId(id), bytes) => {
                self.manifests.insert(ContentId(*id), bytes.to_vec().into());
            }
            // No code is used.
            _ => {}
        }
    }
}

struct Cutting {
    packer: Option<Packer>,
    found: Found,
    failed: Option<io::Error>,
}

impl Cutting {
    fn push(&mut self, piece: &[u8]) {
        let Some(packer) = &mut self.packer else { return };
        if let Err(error) = packer.push(piece, |keep| self.found.keep(&keep)) {
            self.failed = Some(io::Error::other(error));
            self.packer = None;
        }
    }

    fn finish(mut self) -> io::Result<(Root, Found)> {
        match (self.packer.take(), self.failed) {
            (Some(packer), _) => {
                let root = packer.finish(|keep| self.found.keep(&keep)).map_err(io::Error::other)?;
                Ok((root, self.found))
            }
            (None, error) => Err(error.unwrap_or_else(|| io::ErrorKind::Other.into())),
        }
    }
}

fn parts_of(root: &Path, entries: &[Entry]) -> Vec<(u64, Part)> {
    let header = tree::header(entries);
    let mut offset = header.len() as u64;
    let mut parts = vec![(0, Part::Bytes(header))];
    for entry in entries {
        if let tree::Kind::File(len @ 1..) = entry.kind {
            parts.push((offset, Part::File(root.join(&entry.path))));
            offset += len;
        }
    }
    parts
}
