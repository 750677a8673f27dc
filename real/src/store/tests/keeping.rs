//! Content goes in and comes out.

use super::*;
use crate::store::{ENTRY_BYTES, Ticket};

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let (store, recovery) = Store::at(folder.path(), options()).expect("a store");
        assert_eq!(recovery, Recovery::default());
        for i in 0..40 {
            put(&store, i).expect("it is stored");
        }
        bind(&store, "a", 1).expect("it is bound");
    }
    let (store, recovery) = Store::at(folder.path(), options()).expect("the store again");
    assert_eq!((recovery.torn_bytes, recovery.damaged_bytes, recovery.read_only), (0, 0, None));
    assert!(recovery.segments > 5, "{} segments", recovery.segments);
    for i in 0..40 {
        let (key, bytes) = content(i);
        assert_eq!(store.stored_len(&key), Some(bytes.len() as u32));
        assert_eq!(store.get(&key), Ok(Some(bytes)));
    }
    assert_eq!(version(&store, "a"), Some(1));
}

#[test]
fn a_folder_belongs_to_one_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Folder::take(folder.path()).expect("it is free");
    assert_eq!(Folder::take(folder.path()).err(), Some(StoreError::InUse));
    drop(first);
    assert!(Folder::take(folder.path()).is_ok());
}

#[test]
fn bytes_with_another_name_are_not_stored() {
    let (store, _) = open(&MemoryDisk::new(1));
    let ((key, _), (_, others)) = (content(1), content(2));
    assert_eq!(store.put(key, &others), Err(StoreError::WrongName(key)));
    assert_eq!(store.get(&key), Ok(None));
    // A chunk is no manifest, even with the same bytes.
    let (Key::Chunk(id), bytes) = content(3) else { unreachable!() };
    let as_manifest = Key::Manifest(ManifestId(id.0));
    assert_eq!(store.put(as_manifest, &bytes), Err(StoreError::WrongName(as_manifest)));
}

#[test]
fn too_much_and_nothing_are_refused() {
    let (store, _) = open(&MemoryDisk::new(1));
    let (key, _) = content(1);
    let max = key.bytes_max();
    assert_eq!(store.put(key, &[]), Err(StoreError::Length { bytes: 0, max }));
    assert_eq!(store.put(key, &vec![0; max + 1]), Err(StoreError::Length { bytes: max + 1, max }));
    let longest = vec![5; max];
    let key = Key::Chunk(ChunkId::of(&longest));
    store.wait(store.put(key, &longest).expect("the longest chunk is stored, whatever the size of a segment")).expect("it is synced");
    assert_eq!(store.get(&key), Ok(Some(longest)));
}

#[test]
fn the_same_content_is_stored_once() {
    let (store, _) = open(&MemoryDisk::new(1));
    put(&store, 1).expect("it is stored");
    let before = store.figures().bytes;
    put(&store, 1).expect("it is there");
    assert_eq!(store.figures().bytes, before);
}

#[test]
fn limits_are_kept_and_named() {
    let options = Options { contents_max: 3, names_max: 1, purges_max: 1, ..options() };
    let (store, _) = Store::open(MemoryDisk::new(1), options).expect("a store");
    put(&store, 1).and_then(|()| put(&store, 2)).expect("two are stored");
    bind(&store, "a", 1).expect("a manifest and a name");
    assert_eq!(put(&store, 3), Err(StoreError::TooMany { what: "chunks and manifests", max: 3 }));
    let (id, _) = manifest(0, 1);
    assert_eq!(store.bind(&name("b"), Version(1), id), Err(StoreError::TooMany { what: "names", max: 1 }));
    purge(&store, Scope::Everything, 0).expect("one purge");
    assert_eq!(purge(&store, Scope::Name(name("a")), 1), Err(StoreError::TooMany { what: "purges", max: 1 }));
}

#[test]
fn a_store_that_has_its_bytes_can_be_purged_and_emptied() {
    let (store, _) = Store::open(MemoryDisk::new(1), Options { bytes_max: 3_000, ..options() }).expect("a store");
    bind(&store, "a", 1).expect("it is bound");
    let full = (0..100).find_map(|i| put(&store, i).err().map(|error| (i, error)));
    let (stored, error) = full.expect("the store is full some time");
    assert_eq!(error, StoreError::QuotaFull { bytes_max: 3_000 });
    purge(&store, Scope::Name(name("a")), 1).expect("notes are taken");
    for i in 0..stored {
        store.wait(store.forget(content(i).0).expect("it is forgotten")).expect("it is synced");
    }
    while store.compact().expect("it is compacted").segments > 0 {}
    put(&store, stored).expect("there is room again");
    assert_eq!(version(&store, "a"), None);
}

#[test]
fn the_index_costs_what_it_says() {
    let (store, _) = open(&MemoryDisk::new(1));
    let before = store.figures().index_bytes;
    (0..2_000u64).for_each(|i| assert!(store.put(Key::Chunk(ChunkId::of(&i.to_le_bytes())), &i.to_le_bytes()).is_ok()));
    let each = (store.figures().index_bytes - before) / 2_000;
    assert!((ENTRY_BYTES..=2 * ENTRY_BYTES).contains(&each) && each < 120, "{each} bytes for an entry of {ENTRY_BYTES}");
}

#[test]
fn one_sync_acknowledges_all_that_was_written_before() {
    let (store, _) = Store::open(MemoryDisk::new(1), Options { segment_bytes: 1 << 20, ..options() }).expect("a store");
    let tickets: Vec<Ticket> = (0..50).map(|i| store.put(content(i).0, &content(i).1).expect("it is written")).collect();
    for ticket in tickets.into_iter().rev() {
        store.wait(ticket).expect("it is synced");
    }
    assert_eq!(store.figures().syncs, 1);
}

#[test]
fn any_number_of_threads_may_put_and_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _) = Store::at(folder.path(), Options { segment_bytes: 16 << 10, ..options() }).expect("a store");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            // Half of the content is everybody's.
            scope.spawn(move || (0..20).for_each(|i| put(store, if i % 2 == 0 { i } else { 1_000 * thread + i }).expect("it is stored")));
        }
    });
    assert_eq!(store.figures().contents, 8 * 10 + 10);
    drop(store);
    let (store, _) = Store::at(folder.path(), options()).expect("the store again");
    assert_eq!(store.figures().contents, 8 * 10 + 10);
}
