//! What whoever orders a transfer can rely on.

use super::lines::content;
use super::*;
use crate::base::{Reader, Wire};
use crate::stoq::chunk::Profile;
use crate::stoq::manifest::{Body, ChunkEntry, Manifest};
use crate::stoq::session::Code;
use crate::stoq::session::frame::{Frame, Name};
use std::sync::Arc;

const MB: u64 = 1_000_000;

fn whole(object: &Object) -> Range<u64> {
    0..object.bytes.len() as u64
}

#[test]
fn an_object_is_fetched_by_the_id_of_its_manifest() {
    let object = Object::random(1, 300_000);
    let mut world = World::new(&object, 1, &[(Conduct::Honest, MB, 20)]);
    world.begin(all(&object, 1));
    assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
    assert_eq!(world.transfer.counters().delivered_bytes, 300_000);
    assert_eq!(world.transfer.counters().duplicates, 0);
    assert!(world.served(0).all(|times| times == 1), "nothing is sent twice");
}

#[test]
fn an_object_is_fetched_by_name_from_one_who_may_speak_for_it() {
    let object = Object::random(2, 100_000);
    let mut world = World::new(&object, 2, &[(Conduct::Honest, MB, 5), (Conduct::Honest, MB, 50)]);
    let name = Name::new("a/b").expect("it is a name");
    let mut order = Order { what: What::Name { name, version_min: 7, age_max: None }, ..all(&object, 2) };
    order.sources[0].names = false;
    world.begin(order);
    assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
    let asked = world.effects.iter().find_map(|effect| match effect {
        Effect::Ask { source, wish: Wish::Name { .. }, .. } => Some(*source),
        _ => None,
    });
    assert_eq!(asked, Some(SourceId(1)), "the word of the other does not count for names");
    let resume = world.transfer.resume().expect("the root was there");
    assert_eq!((resume.root, resume.version), (object.root, 7));
}

#[test]
fn an_older_version_than_will_do_is_not_taken() {
    let object = Object::random(3, 10_000);
    let mut world = World::new(&object, 3, &[(Conduct::Honest, MB, 5)]);
    let name = Name::new("a/b").expect("it is a name");
    world.begin(Order { what: What::Name { name, version_min: 8, age_max: Some(Span::secs(1)) }, ..all(&object, 1) });
    world.run();
    assert!(world.effects.contains(&Effect::Penalise { source: SourceId(0), why: Penalty::Stale }));
    assert!(world.effects.contains(&Effect::Failed(Failure::NotFound)));
}

#[test]
fn a_range_needs_only_its_own_chunks() {
    let object = Object::random(4, 400_000);
    let mut world = World::new(&object, 4, &[(Conduct::Honest, MB, 20), (Conduct::Honest, 3 * MB, 5)]);
    world.begin(Order { range: Some(123_456..234_567), ..all(&object, 2) });
    assert_eq!(world.run().wrongs(123_456..234_567), Vec::<String>::new());
    let counts = world.transfer.counters();
    assert!(counts.fetched_bytes < 111_111 + 2 * Profile::Small.max() as u64 + 40_000, "{counts:?}");
}

#[test]
fn an_empty_object_and_an_empty_range_are_finished_with_the_root() {
    let empty = Object::random(5, 0);
    let mut world = World::new(&empty, 5, &[(Conduct::Honest, MB, 20)]);
    world.begin(all(&empty, 1));
    assert_eq!(world.run().wrongs(0..0), Vec::<String>::new());
    let object = Object::random(5, 50_000);
    let mut world = World::new(&object, 5, &[(Conduct::Honest, MB, 20)]);
    world.begin(Order { range: Some(7..7), ..all(&object, 1) });
    assert_eq!(world.run().wrongs(7..7), Vec::<String>::new());
}

#[test]
fn a_range_past_the_end_fails_with_the_length() {
    let object = Object::random(6, 50_000);
    let mut world = World::new(&object, 6, &[(Conduct::Honest, MB, 20)]);
    world.begin(Order { range: Some(7..50_001), ..all(&object, 1) });
    world.run();
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::Range { len: 50_000 })));
}

#[test]
fn manifests_nest_and_the_next_is_fetched_early() {
    let object = Object::random(9, 3 << 20);
    assert!(object.level >= 1);
    let mut world = World::new(&object, 7, &[(Conduct::Honest, 20 * MB, 20), (Conduct::Honest, 20 * MB, 30)]);
    world.begin(all(&object, 2));
    assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
    assert!(world.held_most <= world.transfer.config.held_max());
}

#[test]
fn pieces_come_in_order_if_the_order_says_so_and_as_they_come_if_not() {
    let object = Object::random(8, 500_000);
    let servers = [(Conduct::Honest, MB / 2, 80), (Conduct::Honest, 3 * MB, 10)];
    for sequence in [Sequence::InOrder, Sequence::AsTheyCome] {
        let mut world = World::new(&object, 8, &servers);
        world.begin(Order { sequence, ..all(&object, 2) });
        assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
        let offsets = world.effects.iter().filter_map(|effect| match effect {
            Effect::Deliver { piece, .. } => Some(piece.offset),
            _ => None,
        });
        assert_eq!(offsets.is_sorted(), sequence == Sequence::InOrder);
    }
}

#[test]
fn a_taker_who_is_slow_is_never_given_more_than_the_credit_and_no_more_is_held_than_promised() {
    let object = Object::random(10, 400_000);
    for sequence in [Sequence::InOrder, Sequence::AsTheyCome] {
        let config = Config { window_bytes: 60_000, ..config() };
        let mut world = World::new(&object, 9, &[(Conduct::Honest, 10 * MB, 5), (Conduct::Honest, MB, 50)]).with(config);
        world.pause = Span::millis(30);
        world.begin(Order { credit: 40_000, sequence, ..all(&object, 2) });
        assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
        assert!(world.held_most <= 60_000 + 2 * 32_768, "{}", world.held_most);
    }
}

#[test]
fn without_credit_nothing_is_delivered_until_there_is_some() {
    let object = Object::random(11, 50_000);
    let mut world = World::new(&object, 10, &[(Conduct::Honest, 10 * MB, 5)]);
    world.begin(Order { credit: 0, ..all(&object, 1) });
    world.run_until(Time(2_000_000_000));
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Deliver { .. })));
    world.now = Time(2_000_000_000);
    world.give(Input::Credit { bytes: 1 });
    assert_eq!(world.transfer.untaken.len(), 1, "a single piece may be longer");
}

#[test]
fn a_chunk_that_repeats_is_asked_for_once() {
    // The window holds all of it.
    let object = Object::repeating(12, 40_000, 10);
    let mut world = World::new(&object, 11, &[(Conduct::Honest, MB, 20)]);
    world.begin(all(&object, 1));
    assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
    let zeros = Object::of(vec![0; 2 << 20]);
    let mut world = World::new(&zeros, 12, &[(Conduct::Honest, MB, 20)]).with(Config { window_bytes: 40_000, ..config() });
    world.begin(all(&zeros, 1));
    assert_eq!(world.run().wrongs(whole(&zeros)), Vec::<String>::new());
    assert!(world.served(0).all(|times| times == 1), "nothing is sent twice");
}

#[test]
fn a_chunk_that_repeats_far_apart_is_copied_if_the_taker_can_read_back() {
    let object = Object::repeating(13, 100_000, 5);
    for sequence in [Sequence::InOrder, Sequence::AsTheyCome] {
        let config = Config { window_bytes: 40_000, ..config() };
        let mut world = World::new(&object, 13, &[(Conduct::Honest, MB, 20), (Conduct::Honest, MB, 50)]).with(config);
        world.begin(Order { reads_back: true, sequence, range: Some(50..490_000), ..all(&object, 2) });
        assert_eq!(world.run().wrongs(50..490_000), Vec::<String>::new());
        let counts = world.transfer.counters();
        assert!(counts.copied_bytes > 100_000 && counts.fetched_bytes - counts.duplicate_bytes < 150_000, "{counts:?}");
    }
}

#[test]
fn a_resumed_transfer_fetches_nothing_that_was_taken() {
    let object = Object::random(14, 400_000);
    let servers = [(Conduct::Honest, MB, 20), (Conduct::Honest, 2 * MB, 60)];
    for (sequence, millis) in [(Sequence::InOrder, 150), (Sequence::AsTheyCome, 200)] {
        let mut world = World::new(&object, 14, &servers);
        world.begin(Order { sequence, ..all(&object, 2) });
        world.run_until(Time(millis * 1_000_000));
        let resume = world.transfer.resume().expect("the root was there");
        let taken = world.taken_bytes();
        assert!(taken > 50_000 && taken < 350_000, "{taken}");
        assert_eq!(resume.done.bytes(), taken);
        let read = Resume::decode(&mut Reader::new(&resume.to_bytes())).expect("it survives the disk");
        assert_eq!(read, resume);
        world.begin_again(config(), Order { sequence, resume: Some(read.clone()), ..all(&object, 2) });
        assert_eq!(world.transfer.resume(), Some(read), "nothing is lost if it is cut again before anything came");
        assert_eq!(world.run().wrongs(whole(&object)), Vec::<String>::new());
        assert_eq!(world.transfer.counters().delivered_bytes, 400_000 - taken);
        // Once more, with nothing left to do.
        let resume = world.transfer.resume();
        world.begin_again(config(), Order { resume, ..all(&object, 2) });
        assert_eq!((world.transfer.phase(), world.transfer.counters().asks), (Phase::Finished, 0));
    }
}

#[test]
fn a_cancelled_transfer_leaves_nothing_under_way_and_late_data_are_dropped() {
    let object = Object::random(15, 400_000);
    let mut world = World::new(&object, 15, &[(Conduct::Honest, MB, 20), (Conduct::Honest, 2 * MB, 60)]);
    world.begin(all(&object, 2));
    world.run_until(Time(150_000_000));
    let open: Vec<AskId> = world.transfer.asks.keys().copied().collect();
    assert!(!open.is_empty());
    let before = world.effects.len();
    world.give(Input::Cancel);
    let told: Vec<Effect> = world.effects[before..].to_vec();
    let mut wanted: Vec<Effect> = open.iter().map(|ask| Effect::Drop { ask: *ask }).collect();
    wanted.push(Effect::Cancelled);
    assert_eq!(told, wanted);
    let id = *object.places.keys().next().expect("there are chunks");
    let (id, bytes) = content(&object, id);
    world.give(Input::Content { ask: open[0], id, bytes });
    world.wake_all();
    assert_eq!(world.effects.len(), before + wanted.len(), "nothing more is said");
    assert!(world.transfer.resume().is_some());
    assert_eq!(world.errors, Vec::<String>::new());
}

#[test]
fn a_manifest_that_lies_about_a_chunk_is_no_sources_fault() {
    let object = Object::random(16, 10_000);
    let (id, range) = object.places.iter().next().map(|(id, places)| (*id, places[0].clone())).expect("there are chunks");
    let entries = vec![ChunkEntry { id, len: (range.end - range.start) as u32 - 1 }];
    let lie = Manifest::new(Profile::Small.chunker(), Body::Chunks { entries, coded: None }, None).expect("it is sound by itself");
    let mut object = object;
    object.store.insert(crate::stoq::session::frame::ContentId(lie.id().0), Arc::from(lie.encode()));
    object.root = lie.id();
    let mut world = World::new(&object, 16, &[(Conduct::Honest, MB, 20)]);
    world.begin(all(&object, 1));
    world.run();
    assert_eq!(world.effects.last(), Some(&Effect::Failed(Failure::Object(id))));
    assert!(!world.effects.iter().any(|effect| matches!(effect, Effect::Penalise { .. } | Effect::Deliver { .. })));
}

#[test]
fn wishes_are_frames_of_the_session() {
    let object = Object::random(17, 10_000);
    let ids: Box<[ChunkId]> = object.places.keys().copied().collect();
    let Frame::Want(want) = Wish::Chunks(ids.clone()).frame() else { panic!("chunks are wanted") };
    assert!(want.send && want.ids.iter().zip(&ids).all(|(wanted, id)| wanted.0 == id.0));
    let Frame::GetId(get) = Wish::Manifest(object.root).frame() else { panic!("a manifest is got by id") };
    assert_eq!(get.id.0, object.root.0);
    let name = Name::new("x").expect("it is a name");
    let Frame::GetName(get) = (Wish::Name { name, version_min: 3, age_max: Some(Span::secs(2)) }).frame() else { panic!("by name") };
    assert!(get.manifest_only && get.version_min == 3 && get.age_millis_max == 2_000);
    assert_eq!(Failure::NotFound.code(), Code::NotFound);
}
