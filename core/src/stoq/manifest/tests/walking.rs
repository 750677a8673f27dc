//! From ranges to chunks.

use super::super::{Body, Builder, ChildEntry, ChunkEntry, Flaw, Manifest, Piece, Refusal, Root, Step, Walk, WalkError};
use super::{Shelf, entry, id};
use crate::stoq::chunk::{ManifestId, Profile};
use proptest::prelude::*;
use std::sync::OnceLock;

const CHUNKS: u64 = 3_000;

/// An object of 3,000 chunks in several manifests, built once.
fn object() -> &'static (Root, Shelf) {
    static OBJECT: OnceLock<(Root, Shelf)> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let mut shelf = Shelf::new();
        let mut builder = Builder::new(Profile::Standard.chunker(), None, None);
        for i in 0..CHUNKS {
            builder.push(entry(i), |id, bytes| drop(shelf.insert(id, bytes))).expect("the entry fits");
        }
        let root = builder.finish(|id, bytes| drop(shelf.insert(id, bytes))).expect("the object fits");
        assert_eq!(root.level, 1);
        (root, shelf)
    })
}

/// Every piece, and how many manifests were needed.
fn walked(mut walk: Walk) -> Result<(Vec<Piece>, usize), WalkError> {
    let (mut pieces, mut needed) = (Vec::new(), 0);
    loop {
        match walk.step() {
            Step::Piece(piece) => pieces.push(piece),
            Step::Need(name) => {
                needed += 1;
                walk.supply(&object().1[&name])?;
            }
            Step::Done => return Ok((pieces, needed)),
        }
    }
}

#[test]
fn the_whole_object_is_every_chunk_in_order() {
    let (root, shelf) = object();
    let (pieces, needed) = walked(Walk::whole(root.id)).expect("the object is sound");
    assert_eq!((pieces.len() as u64, needed), (CHUNKS, shelf.len()));
    let mut offset = 0;
    for (i, piece) in pieces.iter().enumerate() {
        let entry = entry(i as u64);
        assert_eq!(*piece, Piece { id: entry.id, len: entry.len, offset, skip: 0, take: entry.len });
        offset += u64::from(entry.len);
    }
    assert_eq!(offset, root.len);
}

#[test]
fn a_range_within_a_chunk_is_a_part_of_it() {
    let (root, _) = object();
    let (pieces, needed) = walked(Walk::new(root.id, 10..14)).expect("the range is in the object");
    assert_eq!(needed, 2, "one manifest a level");
    assert_eq!(pieces, [Piece { id: id(0), len: entry(0).len, offset: 0, skip: 10, take: 4 }]);
    let first = u64::from(entry(0).len);
    let (next, _) = walked(Walk::new(root.id, first + 3..first + 7)).expect("the range is in the object");
    assert_eq!(next.iter().map(Piece::start).collect::<Vec<_>>(), [first + 3]);
    assert_eq!(pieces[0].of(&(0..=255).collect::<Vec<u8>>()), [10, 11, 12, 13]);
}

#[test]
fn an_empty_range_has_no_pieces_and_one_beyond_the_end_is_refused() {
    let (root, _) = object();
    for at in [0, 5, root.len] {
        assert_eq!(walked(Walk::new(root.id, at..at)).map(|(pieces, _)| pieces.len()), Ok(0));
    }
    let refused = Err(WalkError::Range { len: root.len });
    assert_eq!(walked(Walk::new(root.id, 0..root.len + 1)), refused);
    #[expect(clippy::reversed_empty_ranges, reason = "the range that somebody might ask for")]
    let backwards = 9..5;
    assert_eq!(walked(Walk::new(root.id, backwards)), refused);
}

#[test]
fn a_wrong_manifest_is_the_sources_fault_and_the_walk_goes_on_with_the_right_one() {
    let (root, shelf) = object();
    let mut walk = Walk::whole(root.id);
    let Step::Need(first) = walk.step() else { panic!("the root is needed first") };
    let wrong = shelf.iter().find(|(name, _)| **name != first).expect("there are others").1;
    let error = walk.supply(wrong).expect_err("it has another name");
    assert!(error.blames_the_source(), "{error}");
    assert_eq!(walk.step(), Step::Need(first));
    walk.supply(&shelf[&first]).expect("this is the one");
    assert_eq!(walk.object_len(), Some(root.len));
    assert_eq!(walk.ahead().count(), shelf.len() - 1);
    let Step::Need(_) = walk.step() else { panic!("a manifest of level 0 is needed") };
    assert_eq!(walk.ahead().count(), shelf.len() - 2);
}

#[test]
fn nothing_is_taken_that_was_not_asked_for() {
    let mut walk = Walk::whole(object().0.id);
    assert!(matches!(walk.step(), Step::Need(_)));
    walk.supply(&object().1[&object().0.id]).expect("this is the root");
    assert_eq!(walk.supply(&[]), Err(WalkError::NotAsked));
}

#[test]
fn a_manifest_that_lies_about_the_one_below_is_found_out_and_no_source_is_blamed() {
    let leaf =
        |chunker: Profile| Manifest::new(chunker.chunker(), Body::Chunks { entries: vec![entry(1)], coded: None }, None).expect("sound");
    let above = |level: u8, child: &Manifest, len: u64| {
        let entries = vec![ChildEntry { id: child.id(), len }];
        Manifest::new(Profile::Standard.chunker(), Body::Manifests { level, entries }, None).expect("sound")
    };
    let standard = leaf(Profile::Standard);
    let small =
        Manifest::new(Profile::Small.chunker(), Body::Chunks { entries: vec![ChunkEntry { len: 2_000, ..entry(1) }], coded: None }, None);
    let small = small.expect("sound");
    for (root, child, what) in [
        (above(1, &standard, standard.len() + 1), &standard, "the length"),
        (above(2, &standard, standard.len()), &standard, "the level"),
        (above(1, &small, small.len()), &small, "the chunker"),
    ] {
        let mut walk = Walk::whole(root.id());
        assert_eq!(walk.step(), Step::Need(root.id()));
        walk.supply(&root.encode()).expect("the root is sound");
        assert_eq!(walk.step(), Step::Need(child.id()));
        let error = walk.supply(&child.encode()).expect_err("they disagree");
        assert_eq!(error, WalkError::Disagrees(what));
        assert!(!error.blames_the_source());
    }
    let refused = Refusal { at: 0, flaw: Flaw::Float };
    assert!(!WalkError::Refused(refused).blames_the_source());
    assert_ne!(ManifestId([0; 32]), standard.id());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_pieces_of_a_range_are_the_range(from: prop::sample::Index, len in 1u64..3_000_000) {
        let (root, _) = object();
        let start = from.index(root.len as usize) as u64;
        let end = (start + len).min(root.len);
        let (pieces, _) = walked(Walk::new(root.id, start..end)).expect("the range is in the object");
        let mut at = start;
        for piece in &pieces {
            prop_assert_eq!(piece.offset + u64::from(piece.skip), at);
            prop_assert!(piece.take >= 1 && piece.skip + piece.take <= piece.len);
            at += u64::from(piece.take);
        }
        prop_assert_eq!(at, end);
    }
}
