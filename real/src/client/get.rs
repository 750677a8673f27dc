//! An object, or a part of it, into a file: in order, verified, and resumed from where it was cut off.
//!
//! ```text
//! OUT.part         bytes that came, from the first wanted one on
//! OUT.part.state   which object they are of, and how many of them are on the disk for certain
//! ```
//! Both are gone when the transfer is complete. The state is written after its bytes were synced, so it never tells of bytes that a crash could take.

use super::{Client, ClientError, Stat, named, tree};
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::node::{Command, Told};
use hypermesh_core::stoq::transfer::{Counters, Order, Ranges, Resume, Sequence, What};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes that may be delivered and not written.
const CREDIT: u64 = 32 << 20;
/// How often the state is written.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name.
    pub name: String,
    /// Which bytes; all if none.
    pub range: Option<Range<u64>>,
    /// The oldest version that will do.
    pub version_min: u64,
    /// A folder is restored, unless its object is wanted as it is.
    pub raw: bool,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// The object.
    pub stat: Stat,
    /// Bytes that were there from an earlier attempt.
    pub resumed_bytes: u64,
    /// A folder was restored, of so many files, folders and links.
    pub entries: Option<usize>,
    /// What the last transfer did.
    pub counters: Counters,
}

/// What is kept beside a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    name: String,
    root: [u8; 32],
    version: u64,
    len: u64,
    start: u64,
    end: u64,
    /// Bytes of the part that are on the disk.
    done: u64,
}

/// A part that is being filled.
struct Part {
    file: File,
    path: PathBuf,
    state: Option<State>,
    saved: Instant,
}

impl Client {
    /// What a name leads to.
    pub async fn stat(&self, name: &str) -> Result<Stat, ClientError> {
        let begun = Instant::now();
        let name = named(name)?;
        loop {
            let what = What::Name { name: name.clone(), version_min: 0, age_max: None };
            let order =
                Order { what, range: None, sources: Vec::new(), sequence: Sequence::InOrder, credit: 1, reads_back: false, resume: None };
            let (job, mut told) = self.job(Command::Get(Box::new(order)));
            let mut stat = None;
            let failed = loop {
                match told.recv().await {
                    Some(Told::Root { id, version, len, .. }) => {
                        stat = Some(Stat { id, version: version.0, len });
                        self.driver.tell(job, Command::Cancel);
                    }
                    Some(Told::Got { .. }) => break None,
                    Some(Told::Failed { code, retry, .. }) => break Some((code, retry)),
                    Some(_) => {}
                    None => return Err(ClientError::Stopped),
                }
            };
            self.driver.forget(job);
            match (stat, failed) {
                (Some(stat), _) => return Ok(stat),
                (None, Some((code, retry))) => self.wait(begun, code, retry).await?,
                (None, None) => return Err(ClientError::Stopped),
            }
        }
    }

    /// Fetches an object to a path, which is written when all is there. `progress` hears how many bytes are there, and of how many.
    pub async fn get(&self, wanted: &Wanted, out: &Path, progress: impl FnMut(u64, u64)) -> Result<Got, ClientError> {
        let mut part = Part::open(out, wanted)?;
        let resumed_bytes = part.state.as_ref().map_or(0, |state| state.done);
        let counters = self.fill(&mut part, wanted, progress).await?;
        let state = part.state.clone().ok_or(ClientError::Stopped)?;
        let stat = Stat { id: ManifestId(state.root), version: state.version, len: state.len };
        let entries = part.place(out, wanted)?;
        Ok(Got { stat, resumed_bytes, entries, counters })
    }

    async fn fill(&self, part: &mut Part, wanted: &Wanted, mut progress: impl FnMut(u64, u64)) -> Result<Counters, ClientError> {
        let name = named(&wanted.name)?;
        let mut begun = Instant::now();
        loop {
            let what = What::Name { name: name.clone(), version_min: wanted.version_min, age_max: None };
            let order = Order {
                what,
                range: wanted.range.clone(),
                sources: Vec::new(),
                sequence: Sequence::InOrder,
                credit: CREDIT,
                reads_back: true,
                resume: part.resume(),
            };
            let (job, mut told) = self.job(Command::Get(Box::new(order)));
            let failed = loop {
                let Some(said) = told.recv().await else { return Err(ClientError::Stopped) };
                match said {
                    Told::Root { id, version, len, .. } => part.begin(wanted, id, version.0, len),
                    Told::Piece { piece, stored } => {
                        part.write(piece.start(), piece.of(&stored))?;
                        self.driver.tell(job, Command::Taken { offset: piece.start() });
                        begun = Instant::now();
                    }
                    Told::Copy { piece, from } => {
                        part.copy(from, piece.start(), piece.take)?;
                        self.driver.tell(job, Command::Taken { offset: piece.start() });
                    }
                    Told::Got { counters } => {
                        self.driver.forget(job);
                        return Ok(counters);
                    }
                    Told::Failed { code, retry, .. } => break (code, retry),
                    _ => {}
                }
                if let Some(state) = &part.state {
                    progress(state.done, state.end - state.start);
                }
            };
            self.driver.forget(job);
            part.save()?;
            self.wait(begun, failed.0, failed.1).await?;
        }
    }
}

impl Part {
    /// Goes on with the part that is there, if it is one of what is wanted; begins anew otherwise.
    fn open(out: &Path, wanted: &Wanted) -> Result<Self, ClientError> {
        let path = beside(out, ".part");
        let failed = |error| ClientError::File(path.clone(), error);
        let state = fs::read(beside(out, ".part.state")).ok().and_then(|text| serde_json::from_slice::<State>(&text).ok());
        let start = wanted.range.as_ref().map_or(0, |range| range.start);
        let fits = |state: &State| {
            let whole = wanted.range.is_none() && state.end == state.len;
            state.name == wanted.name
                && state.start == start
                && (whole || wanted.range.as_ref().is_some_and(|range| range.end == state.end))
                && state.version >= wanted.version_min
        };
        let state = state.filter(fits);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(state.is_none()).open(&path).map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        let state = state.filter(|state| state.done <= len);
        file.set_len(state.as_ref().map_or(0, |state| state.done)).map_err(failed)?;
        Ok(Self { file, path, state, saved: Instant::now() })
    }

    fn resume(&self) -> Option<Resume> {
        let state = self.state.as_ref().filter(|state| state.done > 0)?;
        let mut done = Ranges::default();
        done.insert(state.start..state.start + state.done);
        Some(Resume { root: ManifestId(state.root), version: state.version, range: state.start..state.end, done })
    }

    /// The object is known. If it is another than the one that was begun, what is there is of no use.
    fn begin(&mut self, wanted: &Wanted, id: ManifestId, version: u64, len: u64) {
        if self.state.as_ref().is_some_and(|state| state.root == id.0) {
            return;
        }
        let range = wanted.range.clone().unwrap_or(0..len);
        self.state = Some(State { name: wanted.name.clone(), root: id.0, version, len, start: range.start, end: range.end, done: 0 });
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), ClientError> {
        let state = self.state.as_mut().ok_or(ClientError::Stopped)?;
        let at = offset - state.start;
        self.file.write_all_at(bytes, at).map_err(|error| ClientError::File(self.path.clone(), error))?;
        // Pieces come in the order of the object.
        state.done = state.done.max(at + bytes.len() as u64);
        if self.saved.elapsed() >= SAVE_EVERY {
            self.save()?;
        }
        Ok(())
    }

    fn copy(&mut self, from: u64, to: u64, len: u32) -> Result<(), ClientError> {
        let start = self.state.as_ref().ok_or(ClientError::Stopped)?.start;
        let mut bytes = vec![0; len as usize];
        self.file.read_exact_at(&mut bytes, from - start).map_err(|error| ClientError::File(self.path.clone(), error))?;
        self.write(to, &bytes)
    }

    /// Syncs the part and then tells of it.
    fn save(&mut self) -> Result<(), ClientError> {
        self.saved = Instant::now();
        let Some(state) = &self.state else { return Ok(()) };
        self.file.sync_data().map_err(|error| ClientError::File(self.path.clone(), error))?;
        let mut path = self.path.as_os_str().to_owned();
        path.push(".state");
        let path = PathBuf::from(path);
        let unfinished = beside(&path, ".new");
        let text = serde_json::to_vec(state).expect("a state is plain data");
        fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, &path)).map_err(|error| ClientError::File(path, error))
    }

    /// All is there: it becomes what it is called, and nothing is left beside it. How many entries a folder has.
    fn place(self, out: &Path, wanted: &Wanted) -> Result<Option<usize>, ClientError> {
        let failed = |error: io::Error| ClientError::File(self.path.clone(), error);
        self.file.sync_data().map_err(failed)?;
        let mut entries = None;
        if wanted.range.is_none() && !wanted.raw {
            let mut reader = BufReader::with_capacity(256 << 10, File::open(&self.path).map_err(failed)?);
            if let Some(index) = tree::read_header(&mut reader)? {
                tree::restore(&index, &mut reader, out)?;
                fs::remove_file(&self.path).map_err(failed)?;
                entries = Some(index.len());
            }
        }
        if entries.is_none() {
            fs::rename(&self.path, out).map_err(failed)?;
        }
        // It may never have been written.
        let _ = fs::remove_file(beside(out, ".part.state"));
        Ok(entries)
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
