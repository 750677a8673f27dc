//! A disk in memory that fails as disks do, for tests of every crate: what was not synced can be lost in any part, writes are torn, reads and syncs fail,
//! room ends, bits rot.

use super::disk::Disk;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

/// Bytes that a loss of power keeps or loses together.
const SECTOR: usize = 512;

/// What is to go wrong. Counts are of operations from now on: 0 is the next one; it fails once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// A write that fails after a part of its bytes.
    pub write: Option<u32>,
    /// A read that fails.
    pub read: Option<u32>,
    /// A sync of a file that fails, after which the bytes that were to be synced are gone with the next loss of power, whatever later syncs say.
    pub sync: Option<u32>,
    /// A sync of the names that fails.
    pub sync_names: Option<u32>,
    /// Bytes that all files together can grow to.
    pub room: Option<u64>,
    /// Syncs do nothing and say that they did: a disk, or a store, that acknowledges too early.
    pub lying_syncs: bool,
}

/// The disk. Clones are the same disk, so that a test can keep one when a store takes the other.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Inode>,
    /// Names as they are seen, and as they are on stable storage.
    names: BTreeMap<String, usize>,
    firm_names: BTreeMap<String, usize>,
    faults: Faults,
    dice: u64,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    now: Vec<u8>,
    firm: Vec<u8>,
    /// Sectors that were written since the last sync.
    dirty: BTreeSet<usize>,
    /// The length changed since the last sync.
    len_dirty: bool,
}

fn fails(count: &mut Option<u32>) -> bool {
    match count {
        Some(0) => {
            *count = None;
            true
        }
        Some(left) => {
            *left -= 1;
            false
        }
        None => false,
    }
}

impl State {
    /// splitmix64 (Steele et al. 2014).
    fn roll(&mut self, below: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.dice;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((word ^ (word >> 31)) % below.max(1) as u64) as usize
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if end > self.now.len() {
            self.now.resize(end, 0);
            self.len_dirty = true;
        }
        self.now[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / SECTOR..=(end - 1) / SECTOR);
    }

    /// What is dirty becomes firm.
    fn sync(&mut self) {
        if self.len_dirty || !self.dirty.is_empty() {
            self.firm.resize(self.now.len(), 0);
            for sector in std::mem::take(&mut self.dirty) {
                self.keep(sector);
            }
            self.len_dirty = false;
        }
    }

    /// A sector becomes firm, as far as the firm file reaches.
    fn keep(&mut self, sector: usize) {
        let end = ((sector + 1) * SECTOR).min(self.now.len()).min(self.firm.len());
        if let (Some(firm), Some(now)) = (self.firm.get_mut(sector * SECTOR..end), self.now.get(sector * SECTOR..end)) {
            firm.copy_from_slice(now);
        }
    }
}

impl MemoryDisk {
    /// An empty disk. What is lost with the power is drawn from the seed.
    pub fn new(seed: u64) -> Self {
        let disk = Self::default();
        disk.lock().dice = seed;
        disk
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the lock")
    }

    /// Replaces what is to go wrong.
    pub fn plan(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// The power goes and comes back: of what was not synced, any sectors and any changes of names may be gone, and files may be shorter.
    pub fn lose_power(&self) {
        let mut state = self.lock();
        let changed: Vec<String> = state.names.keys().chain(state.firm_names.keys()).cloned().collect();
        for name in changed {
            if state.names.get(&name) != state.firm_names.get(&name) && state.roll(2) == 0 {
                match state.names.get(&name).copied() {
                    Some(inode) => drop(state.firm_names.insert(name, inode)),
                    None => drop(state.firm_names.remove(&name)),
                }
            }
        }
        state.names = state.firm_names.clone();
        for index in 0..state.files.len() {
            let mut inode = state.files[index].clone();
            if inode.len_dirty {
                let (least, most) = (inode.now.len().min(inode.firm.len()), inode.now.len().max(inode.firm.len()));
                let len = if state.roll(2) == 0 { inode.now.len() } else { least + state.roll(most - least + 1) };
                inode.firm.resize(len, 0);
            }
            for sector in std::mem::take(&mut inode.dirty) {
                if state.roll(2) == 0 {
                    inode.keep(sector);
                }
            }
            inode.now.clone_from(&inode.firm);
            inode.len_dirty = false;
            state.files[index] = inode;
        }
    }

    /// Flips a bit on stable storage, and in what is read, anywhere in any file. Says whether there was a byte to flip.
    pub fn rot(&self) -> bool {
        let mut state = self.lock();
        let files: Vec<usize> = state.names.values().copied().filter(|index| !state.files[*index].now.is_empty()).collect();
        let pick = state.roll(files.len());
        let Some(index) = files.get(pick).copied() else { return false };
        let len = state.files[index].now.len();
        let at = state.roll(len);
        let bit = 1 << state.roll(8);
        let inode = &mut state.files[index];
        inode.now[at] ^= bit;
        if let Some(byte) = inode.firm.get_mut(at) {
            *byte ^= bit;
        }
        true
    }

    /// All files, as they are seen.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.lock();
        state.names.iter().map(|(name, index)| (name.clone(), state.files[*index].now.clone())).collect()
    }

    /// A disk that has these files, all of it synced.
    pub fn of_files(files: &BTreeMap<String, Vec<u8>>) -> Self {
        let disk = Self::default();
        {
            let mut state = disk.lock();
            for (index, (name, bytes)) in files.iter().enumerate() {
                state.files.push(Inode { now: bytes.clone(), firm: bytes.clone(), ..Inode::default() });
                state.names.insert(name.clone(), index);
            }
            state.firm_names = state.names.clone();
        }
        disk
    }
}

fn not_found() -> io::Error {
    ErrorKind::NotFound.into()
}

impl Disk for MemoryDisk {
    type File = usize;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<usize> {
        let mut state = self.lock();
        if state.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let index = state.files.len();
        state.files.push(Inode::default());
        state.names.insert(name.to_owned(), index);
        Ok(index)
    }

    fn open(&self, name: &str) -> io::Result<usize> {
        self.lock().names.get(name).copied().ok_or_else(not_found)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        let index = state.names.remove(from).ok_or_else(not_found)?;
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.lock().names.remove(name).map(drop).ok_or_else(not_found)
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.lock();
        if fails(&mut state.faults.sync_names) {
            return Err(io::Error::other("the names cannot be synced"));
        }
        if !state.faults.lying_syncs {
            state.firm_names = state.names.clone();
        }
        Ok(())
    }

    fn len(&self, file: &usize) -> io::Result<u64> {
        Ok(self.lock().files[*file].now.len() as u64)
    }

    fn read_at(&self, file: &usize, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.lock();
        if fails(&mut state.faults.read) {
            return Err(io::Error::other("the sector cannot be read"));
        }
        let from = offset as usize;
        let stored = state.files[*file].now.get(from..from + bytes.len()).ok_or(ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(stored);
        Ok(())
    }

    fn write_at(&self, file: &usize, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.lock();
        let used: u64 = state.names.values().map(|index| state.files[*index].now.len() as u64).sum();
        let growth = (offset + bytes.len() as u64).saturating_sub(state.files[*file].now.len() as u64);
        let over = state.faults.room.map_or(0, |room| (used + growth).saturating_sub(room).min(growth)) as usize;
        let broken = fails(&mut state.faults.write);
        let written = if broken { state.roll(bytes.len() + 1) } else { bytes.len() - over };
        state.files[*file].write(&bytes[..written], offset as usize);
        match (broken, over) {
            (true, _) => Err(io::Error::other("the write was torn")),
            (false, 0) => Ok(()),
            (false, _) => Err(ErrorKind::StorageFull.into()),
        }
    }

    fn truncate(&self, file: &usize, len: u64) -> io::Result<()> {
        let mut state = self.lock();
        let inode = &mut state.files[*file];
        inode.len_dirty |= inode.now.len() as u64 != len;
        inode.now.resize(len as usize, 0);
        Ok(())
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        let mut state = self.lock();
        if fails(&mut state.faults.sync) {
            let inode = &mut state.files[*file];
            inode.dirty.clear();
            inode.len_dirty = false;
            return Err(io::Error::other("the file cannot be synced"));
        }
        if !state.faults.lying_syncs {
            state.files[*file].sync();
        }
        Ok(())
    }
}
