//! Disks that are full, that cannot be read, written or synced.

use super::*;
use crate::store::Doing;
use std::io::ErrorKind;

#[test]
fn a_full_disk_is_named_and_everything_can_still_be_read() {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    (0..10).for_each(|i| put(&store, i).expect("it is stored"));
    let used = disk.files().values().map(Vec::len).sum::<usize>() as u64;
    disk.plan(Faults { room: Some(used + 20), ..Faults::default() });
    for _ in 0..3 {
        assert_eq!(put(&store, 50), Err(StoreError::DiskFull));
    }
    (0..10).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1))));
    // A restart does not mind either.
    drop(store);
    let (store, recovery) = open(&disk);
    assert_eq!((recovery.torn_bytes, recovery.damaged_bytes, recovery.read_only), (0, 0, None));
    (0..10).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1))));
    assert_eq!(put(&store, 50), Err(StoreError::DiskFull));
    disk.plan(Faults::default());
    put(&store, 50).expect("there is room again");
    assert_eq!(open(&disk).0.get(&content(50).0), Ok(Some(content(50).1)));
}

#[test]
fn a_torn_write_is_an_error_and_leaves_no_damage() {
    let disk = MemoryDisk::new(3);
    let (store, _) = open(&disk);
    for i in 0..20 {
        disk.plan(Faults { write: Some(0), ..Faults::default() });
        let failed = StoreError::Io { doing: Doing::Write, kind: ErrorKind::Other };
        assert_eq!(put(&store, i), Err(failed));
        put(&store, i).expect("the next try is fine");
    }
    let (store, recovery) = open(&disk);
    assert_eq!((recovery.torn_bytes, recovery.damaged_bytes), (0, 0));
    (0..20).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1))));
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_until_the_store_is_opened_anew() {
    let disk = MemoryDisk::new(3);
    let (store, _) = open(&disk);
    put(&store, 1).expect("it is stored");
    bind(&store, "a", 1).expect("it is bound");
    disk.plan(Faults { sync: Some(0), ..Faults::default() });
    assert_eq!(put(&store, 2), Err(StoreError::Stopped));
    assert_eq!(bind(&store, "a", 2), Err(StoreError::Stopped));
    assert_eq!(put(&store, 3), Err(StoreError::Stopped));
    assert_eq!(purge(&store, Scope::Everything, 1), Err(StoreError::Stopped));
    assert_eq!(store.get(&content(1).0), Ok(Some(content(1).1)), "it can be read");
    assert_eq!(version(&store, "a"), Some(1));
    drop(store);
    // The pages of content 2 are in memory, look clean, and would be gone with the power.
    let (store, _) = open(&disk);
    put(&store, 2).expect("it is stored");
    drop(store);
    disk.lose_power();
    assert_eq!(open(&disk).0.get(&content(2).0), Ok(Some(content(2).1)));
}

#[test]
fn a_read_error_is_named_and_passes() {
    let disk = MemoryDisk::new(3);
    let (store, _) = open(&disk);
    put(&store, 1).expect("it is stored");
    disk.plan(Faults { read: Some(0), ..Faults::default() });
    let failed = StoreError::Io { doing: Doing::Read, kind: ErrorKind::Other };
    assert_eq!(store.get(&content(1).0), Err(failed));
    assert_eq!(store.get(&content(1).0), Ok(Some(content(1).1)));
}

#[test]
fn a_read_error_while_a_store_is_opened_cuts_nothing_off() {
    let disk = MemoryDisk::new(3);
    let (store, _) = open(&disk);
    (0..12).for_each(|i| put(&store, i).expect("it is stored"));
    purge(&store, Scope::Everything, 1).expect("it is purged");
    drop(store);
    for read in 0..30 {
        disk.plan(Faults { read: Some(read), ..Faults::default() });
        drop(open(&disk));
        disk.plan(Faults::default());
        let (store, _) = open(&disk);
        (0..12).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1)), "read {read}"));
        assert_eq!(store.purged(&name("a")), Some(Version(1)));
    }
}

#[test]
fn a_disk_that_can_only_be_read_makes_a_store_that_can_only_be_read() {
    let disk = MemoryDisk::new(3);
    let (store, _) = open(&disk);
    put(&store, 1).expect("it is stored");
    drop(store);
    disk.plan(Faults { write: Some(0), ..Faults::default() });
    let (store, recovery) = open(&disk);
    assert_eq!(recovery.read_only, Some(StoreError::Io { doing: Doing::Write, kind: ErrorKind::Other }));
    assert_eq!(store.get(&content(1).0), Ok(Some(content(1).1)));
    assert_eq!(put(&store, 1), Err(StoreError::Stopped), "it is not known to be on stable storage");
}

#[test]
fn what_a_recovered_store_acknowledges_is_in_files_whose_names_survive() {
    for seed in 0..20 {
        let disk = MemoryDisk::new(seed);
        let (store, _) = open(&disk);
        // The process ends after it made a segment and before the name was synced.
        disk.plan(Faults { sync_names: Some(0), ..Faults::default() });
        let stopped = (0..40).find_map(|i| put(&store, i).err());
        assert_eq!(stopped, Some(StoreError::Stopped));
        drop(store);
        let (store, _) = open(&disk);
        put(&store, 50).expect("it is stored");
        drop(store);
        disk.lose_power();
        assert_eq!(open(&disk).0.get(&content(50).0), Ok(Some(content(50).1)), "seed {seed}");
    }
}
