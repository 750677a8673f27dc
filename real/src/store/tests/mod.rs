//! Promises of the store.

mod cuts;
mod damage;
mod keeping;
mod lives;
mod names;
mod shrinking;
mod trouble;

use super::testing::{Faults, MemoryDisk};
use super::{Binding, Disk, Folder, Key, Lookup, Options, Recovery, Scope, Store, StoreError};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::session::frame::Name;

/// Small segments, so that a short test has many.
fn options() -> Options {
    Options { segment_bytes: 2 << 10, seed: 7, ..Options::default() }
}

fn open(disk: &MemoryDisk) -> (Store<MemoryDisk>, Recovery) {
    Store::open(disk.clone(), options()).expect("the disk can be read")
}

/// Made-up content: its name and its bytes. Lengths go from 1 to 700.
fn content(i: u64) -> (Key, Vec<u8>) {
    let bytes: Vec<u8> = (0..1 + i * 97 % 700).map(|at| (i * 31 + at * (i | 1)) as u8).chain(i.to_le_bytes()).collect();
    (Key::Chunk(ChunkId::of(&bytes)), bytes)
}

/// The manifest of a version of a name, as far as the store cares.
fn manifest(name: u64, version: u64) -> (ManifestId, Vec<u8>) {
    let bytes = format!("manifest of {name} in version {version}").into_bytes();
    (ManifestId::of(&bytes), bytes)
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a good name")
}

fn put<D: Disk>(store: &Store<D>, i: u64) -> Result<(), StoreError> {
    let (key, bytes) = content(i);
    store.wait(store.put(key, &bytes)?)
}

fn bind<D: Disk>(store: &Store<D>, at: &str, version: u64) -> Result<ManifestId, StoreError> {
    let (id, bytes) = manifest(0, version);
    let _ = store.put(Key::Manifest(id), &bytes)?;
    store.wait(store.bind(&name(at), Version(version), id)?)?;
    Ok(id)
}

fn purge<D: Disk>(store: &Store<D>, scope: Scope, upto: u64) -> Result<(), StoreError> {
    store.wait(store.purge(&scope, Version(upto))?)
}

fn version<D: Disk>(store: &Store<D>, at: &str) -> Option<u64> {
    match store.lookup(&name(at)) {
        Lookup::Bound(Binding { version, .. }) => Some(version.0),
        Lookup::Absent => None,
        Lookup::Doubtful(_) => panic!("nothing is doubtful here"),
    }
}
