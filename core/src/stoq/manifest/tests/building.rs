//! From chunks to manifests.

use super::super::{BuildError, Builder, ChunkEntry, Code, ENTRIES_MAX, ENTRIES_MIN, Flaw, Manifest, Root};
use super::{Shelf, entry, id};
use crate::stoq::chunk::{ChunkerId, Profile};

fn build(entries: impl Iterator<Item = ChunkEntry>) -> (Root, Shelf) {
    let mut shelf = Shelf::new();
    let mut builder = Builder::new(Profile::Standard.chunker(), None, None);
    for entry in entries {
        builder.push(entry, |id, bytes| drop(shelf.insert(id, bytes))).expect("the entry fits");
    }
    let root = builder.finish(|id, bytes| drop(shelf.insert(id, bytes))).expect("the object fits");
    (root, shelf)
}

#[test]
fn a_small_object_has_one_manifest() {
    let (root, shelf) = build((0..100).map(entry));
    assert_eq!((root.level, shelf.len()), (0, 1));
    assert!(!Manifest::decode(&shelf[&root.id]).expect("it is a manifest").is_empty());
    let manifest = Manifest::decode(&shelf[&root.id]).expect("it is a manifest");
    assert_eq!(manifest.chunks().map(<[_]>::len), Some(100));
    assert_eq!(root.len, (0..100).map(|i| u64::from(entry(i).len)).sum::<u64>());
}

#[test]
fn an_empty_object_has_a_manifest_too() {
    let (root, shelf) = build(std::iter::empty());
    assert_eq!((root.len, root.level, shelf.len()), (0, 0, 1));
    assert!(Manifest::decode(&shelf[&root.id]).expect("it is a manifest").is_empty());
}

#[test]
fn a_big_object_nests_within_the_limits() {
    // About 390 entries a manifest: 60,000 chunks need some 150 manifests, which may need more than one above them.
    let (root, shelf) = build((0..60_000).map(entry));
    assert!(root.level >= 1, "{root:?}");
    let leaves: Vec<_> =
        shelf.values().map(|bytes| Manifest::decode(bytes).expect("it is a manifest")).filter(|leaf| leaf.level() == 0).collect();
    let sizes: Vec<_> = leaves.iter().map(|leaf| leaf.chunks().expect("level 0 lists chunks").len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 60_000);
    assert!(sizes.iter().all(|size| *size <= ENTRIES_MAX));
    assert!(sizes.iter().filter(|size| **size < ENTRIES_MIN).count() <= 1, "only the last manifest is small");
    assert!((100..260).contains(&sizes.len()), "{} manifests of level 0", sizes.len());
}

#[test]
fn manifests_of_upper_levels_end_by_the_names_below_too() {
    // Each leaf ends as soon as it may, so there are more of them than a manifest lists.
    let last_is_zero = |i: u64| {
        let mut entry = entry(i);
        entry.id.0[31] = 0;
        entry
    };
    let (root, shelf) = build((0..140_000).map(last_is_zero));
    let decoded = || shelf.values().map(|bytes| Manifest::decode(bytes).expect("it is a manifest"));
    assert_eq!(root.level, 2, "{root:?}");
    assert!(decoded().filter(|one| one.level() == 0).count() >= 140_000 / ENTRIES_MIN);
    let between: Vec<Manifest> = decoded().filter(|one| one.level() == 1).collect();
    assert!(between.len() > 1, "{}", between.len());
    assert_eq!(between.iter().map(Manifest::len).sum::<u64>(), root.len);
}

#[test]
fn a_builder_knows_whether_it_has_anything() {
    let mut builder = Builder::new(Profile::Standard.chunker(), None, None);
    assert!(builder.is_empty());
    builder.push(entry(1), |_, _| ()).expect("the entry fits");
    assert!(!builder.is_empty());
    assert_eq!(builder.len(), u64::from(entry(1).len));
}

#[test]
fn a_change_in_one_place_changes_few_manifests() {
    let (_, before) = build((0..60_000).map(entry));
    let (_, after) = build((0..30_000).chain(70_000..70_003).chain(30_000..60_000).map(entry));
    let fresh = after.keys().filter(|name| !before.contains_key(*name)).count();
    assert!((2..=6).contains(&fresh), "{fresh} of {} manifests are new", after.len());
}

#[test]
fn the_same_chunks_have_the_same_name() {
    assert_eq!(build((0..3_000).map(entry)).0, build((0..3_000).map(entry)).0);
    assert_ne!(build((0..3_000).map(entry)).0.id, build((1..3_001).map(entry)).0.id);
}

#[test]
fn a_chunk_that_the_chunker_cannot_give_is_refused_in_the_end() {
    let mut builder = Builder::new(Profile::Standard.chunker(), None, None);
    builder.push(ChunkEntry { len: 5, ..entry(0) }, |_, _| ()).expect("it could be the last");
    builder.push(entry(1), |_, _| ()).expect("not looked at yet");
    assert_eq!(builder.finish(|_, _| ()), Err(BuildError::Flaw(Flaw::EntryLength { index: 0, len: 5 })));
}

#[test]
fn a_group_owes_its_parity_before_the_next_chunk() {
    let code = Code::new(1, 4, 6).expect("a code");
    let mut builder = Builder::new(Profile::Standard.chunker(), Some(code), None);
    for i in 0..3 {
        assert_eq!(builder.push(entry(i), |_, _| ()), Ok(None));
    }
    assert_eq!(builder.parity(vec![id(9); 2], |_, _| ()), Err(BuildError::ParityNotOwed));
    let owed = builder.push(entry(3), |_, _| ()).expect("it fits").expect("the group is full");
    let longest = (0..4).map(|i| entry(i).len).max().expect("there are four");
    assert_eq!((owed.chunks, owed.shard_len), (4, longest.next_multiple_of(64)));
    assert_eq!(builder.push(entry(4), |_, _| ()), Err(BuildError::ParityOwed));
    assert_eq!(builder.parity(vec![id(9)], |_, _| ()), Err(BuildError::ParityNotOwed));
    builder.parity(vec![id(9); 2], |_, _| ()).expect("two names are owed");
    builder.push(entry(4), |_, _| ()).expect("the next group begins");
    assert_eq!(builder.clone().finish(|_, _| ()), Err(BuildError::ParityOwed));
    assert_eq!(builder.flush().map(|owed| owed.chunks), Some(1));
    builder.parity(vec![id(10); 2], |_, _| ()).expect("two names are owed");
    assert_eq!(builder.flush(), None);
    let mut last = Vec::new();
    builder.finish(|_, bytes| last = bytes).expect("the object is complete");
    let manifest = Manifest::decode(&last).expect("it is a manifest");
    assert_eq!(manifest.coded().map(|(code, groups)| (code.total(), groups.len())), Some((6, 2)));
}

#[test]
fn coded_objects_nest_as_well() {
    let code = Code::new(1, 10, 14).expect("a code");
    let mut builder = Builder::new(ChunkerId(0), Some(code), None);
    let mut shelf = Shelf::new();
    for i in 0..3_000 {
        if builder.push(entry(i), |_, _| ()).expect("it fits").is_some() {
            builder.parity(vec![id((i + 1) << 32); 4], |id, bytes| drop(shelf.insert(id, bytes))).expect("four names are owed");
        }
    }
    if builder.flush().is_some() {
        builder.parity(vec![id(7); 4], |id, bytes| drop(shelf.insert(id, bytes))).expect("four names are owed");
    }
    let root = builder.finish(|id, bytes| drop(shelf.insert(id, bytes))).expect("the object is complete");
    assert_eq!(root.level, 1);
    assert!(shelf.values().all(|bytes| Manifest::decode(bytes).is_ok()));
}
