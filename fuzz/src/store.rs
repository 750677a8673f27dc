//! Recovery of the chunk store, as a subject beside those of `subjects.rs`: it needs hypermesh-real, which the tests of the command do not link. The same
//! subject meets mutated inputs in `real/tests/mutated.rs`.
//!
//! The checks of records are keyed, so bytes from nowhere would never get past the first head. Therefore the first part of an input says what a store
//! writes, and the rest how its files are spoilt; an input that begins with an odd byte is a segment itself.

use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_real::store::testing::MemoryDisk;
use hypermesh_real::store::{Key, Lookup, Options, Scope, Store, StoreError};
use std::collections::BTreeMap;

const CONTENTS: u8 = 64;
const NAMES: [&str; 3] = ["a", "a/b", "c"];
type Files = BTreeMap<String, Vec<u8>>;

/// What remains of an input; zeros when nothing does.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, n: usize) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()])) % n.max(1)
    }
}

fn options() -> Options {
    Options { segment_bytes: 1 << 10, seed: 1, ..Options::default() }
}

fn open(files: &Files) -> (MemoryDisk, Store<MemoryDisk>) {
    let disk = MemoryDisk::of_files(files);
    let (store, recovery) = Store::open(disk.clone(), options()).expect("a disk that can be read makes a store");
    assert_eq!(recovery.read_only, None, "nothing is wrong with the disk itself");
    (disk, store)
}

fn content(i: u8) -> (Key, Vec<u8>) {
    let i = i % CONTENTS;
    let bytes = vec![i; 1 + usize::from(i) * 9];
    (Key::Chunk(ChunkId::of(&bytes)), bytes)
}

fn manifest(name: usize, version: u64) -> Vec<u8> {
    format!("{name} in version {version}").into_bytes()
}

/// Whatever the files of a store have become, opening it does not panic, gives no wrong byte and no manifest of another version, finds the same a second
/// time, and can go on. One spoilt byte brings no purged version back.
pub fn recovery(bytes: &[u8]) {
    let mut input = Input(bytes);
    if input.byte() % 2 == 1 {
        let name = format!("{:08x}-{:016x}-{:032x}.v1", 1, 1, 0);
        return check(&Files::from([(name, input.0.to_vec())]), &[0; 3]);
    }
    let (mut files, purged) = written(&mut input);
    let spoilt = spoil(&mut files, &mut input);
    check(&files, if spoilt <= 1 { &purged } else { &[0; 3] });
}

/// The files of a store after what the input says, up to a byte above 5, and up to where each name is purged.
fn written(input: &mut Input<'_>) -> (Files, [u64; 3]) {
    let disk = MemoryDisk::new(1);
    let (store, _) = Store::open(disk.clone(), options()).expect("an empty disk makes a store");
    let mut purged = [0; 3];
    for _ in 0..64 {
        let done = match (input.byte(), input.byte()) {
            (0, i) => store.put(content(i).0, &content(i).1),
            (1, i) => store.forget(content(i).0),
            (2, i) => {
                let (name, version) = (usize::from(i) % NAMES.len(), u64::from(i / 8) + 1);
                let bytes = manifest(name, version);
                let id = ManifestId::of(&bytes);
                let put = store.put(Key::Manifest(id), &bytes);
                put.and_then(|_| store.bind(&Name::new(NAMES[name]).expect("a good name"), Version(version), id))
            }
            (3, i) => {
                let (name, upto) = (usize::from(i) % NAMES.len(), u64::from(i / 8) + 1);
                purged[name] = purged[name].max(upto);
                store.purge(&Scope::Name(Name::new(NAMES[name]).expect("a good name")), Version(upto))
            }
            (4, _) => {
                store.compact().expect("the disk is fine");
                continue;
            }
            (5, _) => {
                store.sync().expect("the disk is fine");
                continue;
            }
            _ => break,
        };
        let refused = matches!(done, Err(StoreError::Purged { .. } | StoreError::Older { .. }));
        assert!(done.is_ok() || refused, "{done:?}");
    }
    (disk.files(), purged)
}

/// Spoils the files as the rest of the input says, and tells how often.
fn spoil(files: &mut Files, input: &mut Input<'_>) -> usize {
    let mut times = 0;
    while !input.0.is_empty() {
        let (what, which) = (input.byte() % 8, input.below(files.len()));
        let Some(bytes) = files.values_mut().nth(which) else { break };
        let at = input.below(bytes.len());
        times += 1;
        match what {
            0 => {
                bytes.truncate(at);
                times += 1; // More than one byte.
            }
            1 => {
                bytes.splice(at..at, input.0.iter().copied().take(8));
                times += 1;
            }
            2 => {
                let end = (at + 40).min(bytes.len());
                bytes.drain(at..end);
                times += 1;
            }
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= input.byte().max(1)),
        }
    }
    times
}

/// What can be seen of a store. Checks every byte of it.
fn seen(store: &Store<MemoryDisk>, purged: &[u64; 3]) -> (Vec<bool>, Vec<Lookup>) {
    let contents = (0..CONTENTS).map(|i| match store.get(&content(i).0) {
        Ok(Some(bytes)) => {
            assert_eq!(bytes, content(i).1, "a wrong byte");
            true
        }
        Ok(None) | Err(StoreError::Rotten(_)) => false,
        Err(error) => panic!("{error}"),
    });
    let contents = contents.collect();
    let names = NAMES.iter().enumerate().map(|(index, name)| {
        let found = store.lookup(&Name::new(name).expect("a good name"));
        if let Lookup::Bound(binding) | Lookup::Doubtful(binding) = found {
            assert_eq!(binding.manifest, ManifestId::of(&manifest(index, binding.version.0)), "a manifest of another version");
        }
        if let Lookup::Bound(binding) = found {
            assert!(binding.version.0 > purged[index], "{binding:?} was purged");
        }
        found
    });
    (contents, names.collect())
}

fn check(files: &Files, purged: &[u64; 3]) {
    let (disk, store) = open(files);
    let first = seen(&store, purged);
    drop(store);
    let (_, store) = open(&disk.files());
    assert_eq!(seen(&store, purged), first, "a second recovery finds the same");
    while store.compact().expect("the disk is fine").segments > 0 {}
    assert_eq!(seen(&store, purged), first, "a compaction changes nothing");
    let (key, bytes) = content(77);
    store.put(key, &bytes).and_then(|ticket| store.wait(ticket)).expect("the store goes on");
    assert_eq!(store.get(&key), Ok(Some(bytes)));
}
