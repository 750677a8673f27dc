//! Names lead to manifests, and purges forbid versions.

use super::*;

#[test]
fn a_name_leads_to_its_newest_version() {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    assert_eq!(version(&store, "a"), None);
    bind(&store, "a", 3).expect("it is bound");
    assert_eq!(bind(&store, "a", 2), Err(StoreError::Older { newest: Version(3) }));
    bind(&store, "a", 5).expect("it is bound");
    assert_eq!(version(&store, "a"), Some(5));
    assert_eq!(version(&open(&disk).0, "a"), Some(5));
}

#[test]
fn a_version_has_one_manifest() {
    let (store, _) = open(&MemoryDisk::new(1));
    let held = bind(&store, "a", 1).expect("it is bound");
    let (other, bytes) = manifest(9, 9);
    let _ = store.put(Key::Manifest(other), &bytes).expect("it is stored");
    assert_eq!(store.bind(&name("a"), Version(1), other), Err(StoreError::Conflict { held }));
    store.wait(store.bind(&name("a"), Version(1), held).expect("saying it again is fine")).expect("it is synced");
}

#[test]
fn a_name_never_leads_to_a_manifest_that_is_not_there() {
    let (store, _) = open(&MemoryDisk::new(1));
    let (id, _) = manifest(0, 1);
    assert_eq!(store.bind(&name("a"), Version(1), id), Err(StoreError::NoManifest(id)));
}

#[test]
fn a_binding_is_told_only_once_it_is_acknowledged() {
    let (store, _) = open(&MemoryDisk::new(1));
    let (id, bytes) = manifest(0, 1);
    let _ = store.put(Key::Manifest(id), &bytes).expect("it is stored");
    let ticket = store.bind(&name("a"), Version(1), id).expect("it is written");
    assert_eq!(store.lookup(&name("a")), Lookup::Absent);
    assert_eq!(store.bind(&name("a"), Version(0), id), Err(StoreError::Older { newest: Version(1) }), "it is known all the same");
    store.wait(ticket).expect("it is synced");
    assert_eq!(version(&store, "a"), Some(1));
}

#[test]
fn nothing_older_is_served_after_a_purge_whatever_comes_later() {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    bind(&store, "a", 3).expect("it is bound");
    purge(&store, Scope::Name(name("a")), 4).expect("it is purged");
    assert_eq!(version(&store, "a"), None);
    assert_eq!(bind(&store, "a", 4), Err(StoreError::Purged { upto: Version(4) }));
    purge(&store, Scope::Name(name("a")), 2).expect("a lesser purge changes nothing");
    let (store, _) = open(&disk);
    assert_eq!((version(&store, "a"), store.purged(&name("a"))), (None, Some(Version(4))));
    assert_eq!(bind(&store, "a", 4), Err(StoreError::Purged { upto: Version(4) }));
    bind(&store, "a", 5).expect("a newer version is fine");
    assert_eq!(version(&store, "a"), Some(5));
}

#[test]
fn a_purge_can_be_of_all_below_a_name_or_of_everything() {
    let (store, _) = open(&MemoryDisk::new(1));
    for at in ["a", "a/b", "a/b/c", "ab", "d"] {
        bind(&store, at, 1).expect("it is bound");
    }
    purge(&store, Scope::Below(name("a/b/")), 1).expect("it is purged");
    let versions = |store: &Store<MemoryDisk>| ["a", "a/b", "a/b/c", "ab", "d"].map(|at| version(store, at));
    assert_eq!(versions(&store), [Some(1), None, None, Some(1), Some(1)]);
    purge(&store, Scope::Below(name("a")), 1).expect("it is purged");
    assert_eq!(versions(&store), [None, None, None, Some(1), Some(1)]);
    bind(&store, "d", 2).expect("it is bound");
    purge(&store, Scope::Everything, 1).expect("it is purged");
    assert_eq!(versions(&store), [None, None, None, None, Some(2)]);
}

#[test]
fn a_purge_holds_from_the_moment_it_is_written() {
    let (store, _) = open(&MemoryDisk::new(1));
    bind(&store, "a", 1).expect("it is bound");
    let ticket = store.purge(&Scope::Name(name("a")), Version(1)).expect("it is written");
    assert_eq!(version(&store, "a"), None);
    store.wait(ticket).expect("it is synced");
}
