//! Through an origin, a regional and an edge.

use super::town::*;
use crate::base::Span;
use crate::stoq::cache::{self, Version};
use crate::stoq::manifest::Manifest;
use crate::stoq::node::*;
use crate::stoq::session::frame::{ContentId, Frame, GetName, Name};
use crate::stoq::session::{Code, Roles};
use crate::stoq::transfer::What;
use crate::testing::stoq::{World, pack};
use std::sync::Arc;

/// Stores an object and waits for the acknowledgement: contents and bytes that were sent.
fn stored(world: &mut World, job: u32, name: &str, version: u64, bytes: &[u8]) -> (u64, u64) {
    let object = pack(bytes);
    world.put(PUBLISHER, job, ORIGIN, name, version, &object);
    match world.finish(PUBLISHER, job) {
        Told::Stored { version: told, durable: true, sent, sent_bytes, .. } if told == Version(version) => (sent, sent_bytes),
        told => panic!("it is stored: {told:?}"),
    }
}

fn got(world: &mut World, seat: usize, job: u32, what: What) -> Vec<u8> {
    world.get(seat, job, what, None);
    match world.finish(seat, job) {
        Told::Got { .. } => world.bytes(seat, job),
        told => panic!("it is got: {told:?}"),
    }
}

#[test]
fn a_client_gets_it_through_the_caches_whole_and_in_part() {
    let mut world = town(2);
    let bytes = noise(2, 300_000);
    stored(&mut world, 1, "a/b", 1, &bytes);
    assert_eq!(got(&mut world, PUBLISHER, 2, named("a/b")), bytes, "from the origin itself");
    assert_eq!(got(&mut world, CLIENT, 1, named("a/b")), bytes);
    let before = world.seats[ORIGIN].put_out;
    world.get(CLIENT, 2, named("a/b"), Some(1_000..201_000));
    world.finish(CLIENT, 2);
    assert_eq!(world.bytes(CLIENT, 2), bytes[1_000..201_000]);
    assert_eq!(world.seats[ORIGIN].put_out, before, "the caches had all of it");
    assert_eq!(got(&mut world, CLIENT, 3, What::Id(pack(&bytes).root)), bytes, "by its digest");
}

#[test]
fn an_object_of_many_manifests_travels_too() {
    let mut world = town(3);
    // More chunks than one manifest has, on average: two levels.
    let bytes = noise(3, 4 << 20);
    let begun = world.now;
    stored(&mut world, 1, "big", 1, &bytes);
    let took = world.now.since(begun);
    assert!(took < Span::millis(200), "lower manifests are asked for ahead, and cost no round trip each: {took}");
    let (sent, _) = stored(&mut world, 2, "big", 2, &[noise(4, 100), bytes[100..].to_vec()].concat());
    assert!(sent < 10, "manifests that are stored are gone through, and not sent: {sent}");
    stored(&mut world, 3, "big", 3, &bytes);
    let object = pack(&bytes);
    let top = Manifest::decode(&object.manifest).expect("it was packed");
    assert_eq!(top.level(), 1, "it takes more than one manifest");
    assert!(got(&mut world, CLIENT, 1, named("big")) == bytes);
    let stored = &world.seats[ORIGIN].store.contents;
    assert!(object.contents.iter().all(|(id, bytes)| stored.get(id) == Some(bytes)), "every manifest and chunk is there");
}

#[test]
fn the_second_version_sends_only_what_changed() {
    let mut world = town(4);
    let mut bytes = noise(4, 2 << 20);
    let (sent, _) = stored(&mut world, 1, "tree", 1, &bytes);
    bytes[1_000_000..1_000_100].fill(7);
    let (changed, changed_bytes) = stored(&mut world, 2, "tree", 2, &bytes);
    assert!(changed <= 3 && changed_bytes < 100_000, "{changed} of {sent} contents, {changed_bytes} bytes");
    assert_eq!(stored(&mut world, 3, "tree", 2, &bytes), (0, 0), "what is repeated sends nothing");
    assert_eq!(got(&mut world, PUBLISHER, 4, named("tree")), bytes);
}

#[test]
fn an_older_version_is_refused_and_so_is_whoever_may_not_publish() {
    let mut world = town(5);
    stored(&mut world, 1, "a", 5, &noise(5, 10_000));
    let other = pack(&noise(6, 10_000));
    let refused = |told: &Told, code: Code| matches!(told, Told::Failed { code: told, .. } if *told == code);
    world.put(PUBLISHER, 2, ORIGIN, "a", 4, &other);
    assert!(refused(&world.finish(PUBLISHER, 2), Code::Conflict), "an older version");
    world.put(PUBLISHER, 3, ORIGIN, "a", 5, &other);
    assert!(refused(&world.finish(PUBLISHER, 3), Code::Conflict), "another object of the same version");
    world.put(CLIENT, 1, EDGE, "a", 9, &other);
    assert!(refused(&world.finish(CLIENT, 1), Code::NotAuthorised), "a cache stores nothing for others");
    let stranger = world.add(&Arc::new(config(Roles::CLIENT, &[ORIGIN])));
    world.put(stranger, 1, ORIGIN, "a", 9, &other);
    assert!(refused(&world.finish(stranger, 1), Code::NotAuthorised), "a client may not publish");
    let purge = Command::Purge { server: None, name: Name::new("a").expect("a name"), below: false, upto: Version(5) };
    world.command(stranger, 2, purge);
    assert!(refused(&world.finish(stranger, 2), Code::NotAuthorised), "nor purge");
    world.seats[ORIGIN].store.full = true;
    world.put(PUBLISHER, 4, ORIGIN, "a", 9, &other);
    assert!(refused(&world.finish(PUBLISHER, 4), Code::StoreFull), "there is no room");
    assert_eq!(got(&mut world, PUBLISHER, 5, named("a")), noise(5, 10_000), "nothing changed");
}

#[test]
fn a_name_that_is_absent_is_absent_until_it_is_stored() {
    let mut world = town(6);
    world.get(CLIENT, 1, named("nobody"), None);
    assert!(matches!(world.finish(CLIENT, 1), Told::Failed { code: Code::NotFound, .. }));
    world.run_for(Span::secs(5));
    let before = world.count(ORIGIN, |fact| matches!(fact, Fact::Refused { .. }));
    world.get(CLIENT, 2, named("nobody"), None);
    assert!(matches!(world.finish(CLIENT, 2), Told::Failed { code: Code::NotFound, .. }));
    assert_eq!(world.count(ORIGIN, |fact| matches!(fact, Fact::Refused { .. })), before, "the edge remembers for a while");
    stored(&mut world, 1, "nobody", 9, b"here");
    world.run_for(Span::secs(30));
    assert_eq!(got(&mut world, CLIENT, 3, named("nobody")), b"here", "and not for longer");
    let later = What::Name { name: Name::new("nobody").expect("a name"), version_min: 1 << 60, age_max: None };
    world.get(CLIENT, 4, later, None);
    assert!(matches!(world.finish(CLIENT, 4), Told::Failed { code: Code::NotFound, .. }));
    assert_eq!(got(&mut world, CLIENT, 5, named("nobody")), b"here", "whoever asks for the future harms nobody");
}

#[test]
fn many_who_want_the_same_cost_one_fetch() {
    let mut world = town(7);
    let bytes = noise(7, 200_000);
    stored(&mut world, 1, "hot", 1, &bytes);
    let sent = world.seats[ORIGIN].put_out;
    let client = Arc::new(config(Roles::CLIENT, &[EDGE]));
    let crowd: Vec<usize> = (0..20).map(|_| world.add(&client)).collect();
    crowd.iter().for_each(|seat| world.get(*seat, 1, named("hot"), None));
    for seat in crowd {
        world.finish(seat, 1);
        assert_eq!(world.bytes(seat, 1), bytes);
    }
    let object: u64 = pack(&bytes).contents.values().map(|content| content.len() as u64).sum();
    assert_eq!(world.seats[ORIGIN].put_out - sent, object, "each content left the origin once");
    assert_eq!(world.seats[REGIONAL].put_out, object, "and the regional once");
}

#[test]
fn what_leaves_memory_is_served_from_the_disk_and_lost_copies_are_fetched_again() {
    let mut world = World::new(11);
    world.add(&Arc::new(config(Roles::ORIGIN, &[])));
    let mut edge = config(Roles::EDGE, &[ORIGIN]);
    edge.cache = edge.cache.map(|cache| cache::Config {
        memory_bytes: 100_000,
        disk_bytes: 8 << 20,
        disk_admission: cache::Admission::Always,
        ..cache
    });
    let edge = world.add(&Arc::new(edge));
    let client = world.add(&Arc::new(config(Roles::CLIENT, &[edge])));
    let object = pack(&noise(12, 400_000));
    world.seats[ORIGIN].store.contents = object.contents.clone();
    let what = || What::Id(object.root);
    assert!(got(&mut world, client, 1, what()) == object.bytes);
    let before = world.seats[ORIGIN].put_out;
    assert!(got(&mut world, client, 2, what()) == object.bytes);
    assert_eq!(world.seats[ORIGIN].put_out, before, "all of it was at the edge");
    assert!(world.count(edge, |fact| matches!(fact, Fact::Served { level: Level::Disk, .. })) > 20);
    world.seats[edge].store.contents.clear();
    assert!(got(&mut world, client, 3, what()) == object.bytes, "a disk that lost everything costs a fetch");
    assert!(world.seats[ORIGIN].put_out > before);
}

#[test]
fn a_cache_that_comes_up_again_goes_on_with_what_its_disk_has() {
    let mut world = World::new(13);
    world.add(&Arc::new(config(Roles::ORIGIN, &[])));
    let mut edge = config(Roles::EDGE, &[ORIGIN]);
    edge.cache = edge.cache.map(|cache| cache::Config { disk_bytes: 1 << 20, ..cache });
    let edge = world.add(&Arc::new(edge));
    let client = world.add(&Arc::new(config(Roles::CLIENT, &[edge])));
    let object = pack(&noise(14, 400_000));
    world.seats[ORIGIN].store.contents = object.contents.clone();
    world.seats[edge].store.contents = object.contents.clone();
    let stale = ContentId([7; 32]);
    let kept = object.contents.iter().map(|(id, bytes)| (*id, bytes.len() as u32)).chain([(stale, 2 << 20)]).collect();
    world.input(edge, Input::Kept(kept));
    assert!(got(&mut world, client, 1, What::Id(object.root)) == object.bytes);
    assert_eq!(world.seats[ORIGIN].put_out, 0, "all of it was at the edge");
    assert!(world.count(edge, |fact| matches!(fact, Fact::Served { level: Level::Disk, .. })) > 20);
}

#[test]
fn a_copy_is_renewed_without_being_sent_again() {
    let mut world = town(8);
    let bytes = noise(8, 50_000);
    stored(&mut world, 1, "slow", 1, &bytes);
    assert_eq!(got(&mut world, CLIENT, 1, named("slow")), bytes);
    world.run_for(Span::secs(200));
    let before = world.seats[ORIGIN].put_out;
    assert_eq!(got(&mut world, CLIENT, 2, named("slow")), bytes);
    assert_eq!(world.seats[ORIGIN].put_out, before, "the version that was known is still the newest");
    let revalidated = world.seats[EDGE].node.cache_counters().map(|counters| counters.revalidated);
    assert_eq!(revalidated, Some(1));
    // A new version is seen when the copy is not fresh any more.
    let newer = noise(9, 50_000);
    stored(&mut world, 2, "slow", 2, &newer);
    world.run_for(Span::secs(200));
    assert_eq!(got(&mut world, CLIENT, 3, named("slow")), newer);
}

#[test]
fn a_server_that_answers_for_a_name_can_send_the_whole_object() {
    let mut world = town(10);
    let bytes = noise(10, 100_000);
    stored(&mut world, 1, "all", 1, &bytes);
    let object = pack(&bytes);
    // The reference client asks for the manifest alone, so the question is put by hand.
    let (origin, conn) = (ORIGIN, ConnId(u64::MAX));
    let mut line = super::by_hand::ByHand::open(&mut world, origin, conn, Roles::CLIENT);
    let name = Name::new("all").expect("a name");
    let told = line.ask(&mut world, Frame::GetName(Box::new(GetName::whole(name))));
    let ids: Vec<ContentId> = told
        .iter()
        .filter_map(|frame| match frame {
            Frame::Chunk(head) => Some(head.id),
            _ => None,
        })
        .collect();
    assert!(matches!(told.first(), Some(Frame::Manifest(head)) if head.id.0 == object.root.0 && head.word.is_some_and(|word| word.origin)));
    assert_eq!(ids.len() + 1, object.contents.len(), "every content once");
}
