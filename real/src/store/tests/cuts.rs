//! A log that ends anywhere, and a log with a bit flipped anywhere.

use super::*;
use std::collections::BTreeMap;

/// A log of one segment with contents 0 to 5, two versions of a name, and a purge of the first; with the bytes that it had after each step.
fn log() -> (String, Vec<u8>, Vec<usize>) {
    let disk = MemoryDisk::new(1);
    let (store, _) = Store::open(disk.clone(), wide()).expect("a store");
    let mut ends = vec![0];
    let file = disk.list().expect("the disk lists")[0].clone();
    let mut step = |done: Result<(), StoreError>| {
        done.expect("it is done");
        ends.push(disk.files()[&file].len());
    };
    (0..3).for_each(|i| step(put(&store, i)));
    step(bind(&store, "a", 1).map(drop));
    step(purge(&store, Scope::Name(name("a")), 1));
    (3..5).for_each(|i| step(put(&store, i)));
    step(bind(&store, "a", 2).map(drop));
    step(put(&store, 5));
    (file.clone(), disk.files()[&file].clone(), ends)
}

fn wide() -> Options {
    Options { segment_bytes: 1 << 20, ..options() }
}

fn opened(file: &str, bytes: &[u8]) -> (MemoryDisk, Store<MemoryDisk>, Recovery) {
    let disk = MemoryDisk::of_files(&BTreeMap::from([(file.to_owned(), bytes.to_vec())]));
    let (store, recovery) = Store::open(disk.clone(), wide()).expect("the disk can be read");
    (disk, store, recovery)
}

/// Which of the steps of [`log`] hold.
fn steps(store: &Store<MemoryDisk>) -> [bool; 9] {
    let has = |i| match store.get(&content(i).0) {
        Ok(Some(bytes)) => {
            assert_eq!(bytes, content(i).1, "a wrong byte");
            true
        }
        Ok(None) | Err(StoreError::Rotten(_)) => false,
        Err(error) => panic!("{error}"),
    };
    let bound = match store.lookup(&name("a")) {
        Lookup::Bound(binding) => binding.version.0,
        _ => 0,
    };
    let purged = store.purged(&name("a")).is_some();
    [has(0), has(1), has(2), bound == 1 || purged || bound == 2, purged, has(3), has(4), bound == 2, has(5)]
}

#[test]
fn a_log_that_ends_anywhere_has_all_that_was_whole_before_and_can_go_on() {
    let (file, bytes, ends) = log();
    for cut in 0..=bytes.len() {
        let (disk, store, recovery) = opened(&file, &bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        let found = steps(&store);
        for (step, found) in found.iter().enumerate() {
            // A purge holds from the first of its two records on.
            assert!(*found == (step < whole) || step == 4, "step {step} of a log cut at {cut}: {found}");
        }
        assert_eq!((recovery.damaged_bytes, recovery.doubtful, recovery.read_only), (0, 0, None), "cut at {cut}");
        if cut % 7 == 0 {
            put(&store, 9).expect("the log goes on");
            drop(store);
            let (again, second) = Store::open(disk, wide()).expect("the disk can be read");
            assert_eq!((steps(&again), second.torn_bytes), (found, 0), "a second recovery finds the same");
            assert_eq!(again.get(&content(9).0), Ok(Some(content(9).1)));
        }
    }
}

#[test]
fn a_bit_that_rots_anywhere_gives_no_wrong_byte_and_no_purged_version() {
    let (file, bytes, _) = log();
    for at in 0..bytes.len() {
        let mut rotten = bytes.clone();
        rotten[at] ^= 1 << (at % 8);
        let (disk, store, recovery) = opened(&file, &rotten);
        let found = steps(&store);
        assert!(found[4] || !matches!(store.lookup(&name("a")), Lookup::Bound(binding) if binding.version.0 == 1), "bit {at}");
        let lost = 9 - found.iter().filter(|found| **found).count();
        assert!(lost <= 1, "one bit, one loss: {found:?} at {at}");
        assert!(lost == 0 || recovery.damaged_bytes + recovery.torn_bytes > 0, "the damage at {at} is reported");
        if at % 7 == 0 {
            for i in 0..6 {
                put(&store, i).expect("what rotted can be stored again");
                assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1)));
            }
            drop(store);
            let (again, _) = Store::open(disk, wide()).expect("the disk can be read");
            assert!((0..6).all(|i| again.get(&content(i).0) == Ok(Some(content(i).1))), "bit {at}");
        }
    }
}
