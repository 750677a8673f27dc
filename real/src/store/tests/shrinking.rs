//! Compaction keeps what is needed and nothing else.

use super::*;

fn shrink(store: &Store<MemoryDisk>) -> usize {
    let mut segments = 0;
    loop {
        let compacted = store.compact().expect("it is compacted");
        if compacted.segments == 0 {
            return segments;
        }
        segments += compacted.segments;
    }
}

#[test]
fn forgotten_content_gives_its_bytes_back_and_stays_forgotten() {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    (0..60).for_each(|i| put(&store, i).expect("it is stored"));
    let before = store.figures().bytes;
    for i in (0..60).filter(|i| i % 4 != 0) {
        store.wait(store.forget(content(i).0).expect("it is forgotten")).expect("it is synced");
        assert_eq!(store.get(&content(i).0), Ok(None));
    }
    assert!(shrink(&store) > 3);
    let after = store.figures();
    assert!(after.bytes < before / 2, "{before} bytes became {}", after.bytes);
    let (again, recovery) = open(&disk);
    assert_eq!((recovery.damaged_bytes, recovery.torn_bytes, recovery.unfinished), (0, 0, 0));
    for i in 0..60 {
        let expected = (i % 4 == 0).then(|| content(i).1);
        assert_eq!(store.get(&content(i).0), Ok(expected.clone()));
        assert_eq!(again.get(&content(i).0), Ok(expected));
    }
    assert_eq!(again.figures().live_bytes, after.live_bytes, "what is counted as live is what is found live");
}

#[test]
fn the_forgetting_itself_is_forgotten_when_nothing_is_left_of_the_content() {
    let (store, _) = open(&MemoryDisk::new(1));
    (0..30).for_each(|i| put(&store, i).expect("it is stored"));
    for i in 0..30 {
        store.wait(store.forget(content(i).0).expect("it is forgotten")).expect("it is synced");
    }
    shrink(&store);
    put(&store, 100).expect("it is stored");
    let figures = store.figures();
    assert!(figures.forgotten <= 6, "{figures:?}: only what lies in the active segment is left");
    assert!(figures.bytes < 4 << 10, "{figures:?}");
}

#[test]
fn purges_and_the_newest_bindings_outlive_every_compaction() {
    let disk = MemoryDisk::new(1);
    let (store, _) = open(&disk);
    purge(&store, Scope::Name(name("gone")), 9).expect("it is purged");
    for version in 1..60 {
        bind(&store, "a", version).expect("it is bound");
        if version > 1 {
            store.wait(store.forget(Key::Manifest(manifest(0, version - 1).0)).expect("it is forgotten")).expect("it is synced");
        }
        store.compact().expect("it is compacted");
    }
    shrink(&store);
    assert!(store.figures().bytes < 8 << 10, "{:?}", store.figures());
    assert_eq!(version(&store, "a"), Some(59));
    drop(store);
    let (store, _) = open(&disk);
    assert_eq!((version(&store, "a"), version(&store, "gone")), (Some(59), None));
    assert_eq!(bind(&store, "gone", 9), Err(StoreError::Purged { upto: Version(9) }));
}

#[test]
fn readers_and_writers_go_on_during_compactions() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _) = Store::at(folder.path(), Options { segment_bytes: 16 << 10, ..options() }).expect("a store");
    (0..20).for_each(|i| put(&store, i).expect("it is stored"));
    std::thread::scope(|scope| {
        let store = &store;
        let writer = scope.spawn(move || {
            for i in 100..220 {
                let (key, bytes) = content(i);
                let _ = store.put(key, &bytes).expect("it is stored");
                let _ = store.forget(key).expect("it is forgotten");
            }
            store.sync().expect("it is synced");
        });
        while !writer.is_finished() {
            store.compact().expect("it is compacted");
            (0..20).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1))));
        }
    });
    drop(store);
    let (store, _) = Store::at(folder.path(), options()).expect("the store again");
    (0..20).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(Some(content(i).1))));
    (100..220).for_each(|i| assert_eq!(store.get(&content(i).0), Ok(None)));
}

#[test]
fn a_power_cut_at_any_step_of_a_compaction_loses_nothing() {
    for seed in 0..60 {
        let disk = MemoryDisk::new(seed);
        let (store, _) = open(&disk);
        (0..24).for_each(|i| put(&store, i).expect("it is stored"));
        bind(&store, "a", 1).and_then(|_| bind(&store, "a", 2)).expect("it is bound");
        purge(&store, Scope::Name(name("a")), 1).expect("it is purged");
        for i in (0..24).filter(|i| i % 3 != 0) {
            let _ = store.forget(content(i).0).expect("it is forgotten");
        }
        store.sync().expect("it is synced");
        let step = (seed / 4) as u32;
        let fault = match seed % 4 {
            0 => Faults { write: Some(step), ..Faults::default() },
            1 => Faults { sync: Some(step % 4), ..Faults::default() },
            2 => Faults { sync_names: Some(step % 4), ..Faults::default() },
            _ => Faults { room: Some(step.into()), ..Faults::default() },
        };
        disk.plan(fault);
        let _ = store.compact();
        let _ = store.compact();
        disk.plan(Faults::default());
        drop(store);
        disk.lose_power();
        let (store, recovery) = open(&disk);
        assert_eq!((recovery.doubtful, recovery.read_only), (0, None), "seed {seed}");
        for i in 0..24 {
            assert_eq!(store.get(&content(i).0), Ok((i % 3 == 0).then(|| content(i).1)), "seed {seed}, content {i}");
        }
        assert_eq!(version(&store, "a"), Some(2), "seed {seed}");
        while store.compact().expect("it is compacted").segments > 0 {}
        assert_eq!(store.figures().contents, 8 + 2, "seed {seed}");
    }
}
