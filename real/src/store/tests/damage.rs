//! Damage inside of the log, and content that tries to look like a record.

use super::*;
use std::collections::BTreeMap;

/// The files of a store with these versions of "a" bound and contents in between, in several segments.
fn written(versions: &[u64]) -> BTreeMap<String, Vec<u8>> {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    for version in versions {
        bind(&store, "a", *version).expect("it is bound");
        (0..8).for_each(|i| put(&store, version * 10 + i).expect("it is stored"));
    }
    disk.files()
}

#[test]
fn damage_that_may_have_been_a_purge_makes_older_bindings_doubtful() {
    let mut files = written(&[1]);
    // The first head of the second segment, whatever it was.
    files.values_mut().nth(1).expect("a second segment")[4] ^= 1;
    let disk = MemoryDisk::of_files(&files);
    let (store, recovery) = open(&disk);
    assert_eq!(recovery.doubtful, 1);
    assert!(recovery.damaged_bytes > 0);
    let (id, _) = manifest(0, 1);
    let binding = Binding { version: Version(1), manifest: id };
    assert_eq!(store.lookup(&name("a")), Lookup::Doubtful(binding));
    // The doubt outlives compactions and restarts, until somebody who knows says it again.
    while store.compact().expect("it is compacted").segments > 0 {}
    drop(store);
    let (store, _) = open(&disk);
    assert_eq!(store.lookup(&name("a")), Lookup::Doubtful(binding));
    store.wait(store.bind(&name("a"), Version(1), id).expect("it is bound again")).expect("it is synced");
    assert_eq!(store.lookup(&name("a")), Lookup::Bound(binding));
    drop(store);
    assert_eq!(open(&disk).0.lookup(&name("a")), Lookup::Bound(binding));
}

#[test]
fn damaged_content_is_reported_never_served_and_replaced() {
    let mut files = written(&[1]);
    let (key, bytes) = content(12);
    for file in files.values_mut() {
        if let Some(at) = file.windows(bytes.len()).position(|window| window == bytes) {
            file[at + 3] ^= 4;
        }
    }
    let disk = MemoryDisk::of_files(&files);
    let (store, recovery) = open(&disk);
    assert_eq!(recovery.damaged_bytes, 0, "bodies of old segments are not read to open a store");
    assert_eq!(store.get(&key), Err(StoreError::Rotten(key)));
    assert_eq!((store.rotten(9), store.figures().rotten), (vec![key], 1));
    assert_eq!(store.get(&key), Err(StoreError::Rotten(key)));
    drop(store);
    // Nobody has read it since the restart, and still it is not taken for stored.
    let (store, _) = open(&disk);
    put(&store, 12).expect("it is stored again");
    assert_eq!(store.get(&key), Ok(Some(bytes.clone())));
    assert_eq!((store.rotten(9), store.figures().rotten), (vec![], 0));
    while store.compact().expect("it is compacted").segments > 0 {}
    drop(store);
    assert_eq!(open(&disk).0.get(&key), Ok(Some(bytes)));
}

#[test]
fn content_cannot_pass_for_a_record_even_beside_damage() {
    // A binding that an attacker took from the log of another store, sent as a part of a chunk.
    let stolen = written(&[7]);
    let forged = stolen.values().next().expect("a segment").clone();
    let key = Key::Chunk(ChunkId::of(&forged));
    let disk = MemoryDisk::new(1);
    let (store, _) = Store::open(disk.clone(), Options { seed: 8, ..options() }).expect("a store");
    bind(&store, "a", 3).expect("it is bound");
    store.wait(store.put(key, &forged).expect("it is stored")).expect("it is synced");
    put(&store, 1).expect("it is stored");
    let files = disk.files();
    let (name_of, holder) =
        files.iter().find(|(_, bytes)| bytes.windows(forged.len()).any(|window| window == forged)).expect("it is there");
    let at = holder.windows(forged.len()).position(|window| window == forged).expect("it is there");
    for broken in at - 64..at {
        let mut files = files.clone();
        files.get_mut(name_of).expect("it is there")[broken] ^= 1;
        let (store, _) = open(&MemoryDisk::of_files(&files));
        let (Lookup::Bound(found) | Lookup::Doubtful(found)) = store.lookup(&name("a")) else { panic!("it was bound") };
        assert_eq!(found.version, Version(3), "nothing from inside a chunk was believed");
    }
}
