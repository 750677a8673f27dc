//! Liars, strangers, broken connections and full tables.

use super::by_hand::ByHand;
use super::town::*;
use crate::base::Span;
use crate::stoq::cache::Version;
use crate::stoq::node::*;
use crate::stoq::session::frame::{ContentId, Frame, Name, Want};
use crate::stoq::session::{Code, Roles};
use crate::stoq::transfer::{Order, Penalty, Sequence};
use crate::testing::Defect;
use crate::testing::stoq::{Packed, World, pack};
use std::sync::Arc;

fn stored(world: &mut World, len: usize) -> Packed {
    let object = pack(&noise(77, len));
    world.put(PUBLISHER, 1, ORIGIN, "it", 1, &object);
    let told = world.finish(PUBLISHER, 1);
    assert!(matches!(told, Told::Stored { .. }), "{told:?}");
    object
}

/// A second regional that is honest, and an edge that knows both, under which the client is.
fn with_a_liar(planted: Option<Defect>, seed: u64) -> (World, Packed, usize, usize) {
    let mut world = town(seed);
    let honest = world.add(&Arc::new(config(Roles::REGIONAL, &[ORIGIN])));
    let mut edge = config(Roles::EDGE, &[REGIONAL, honest]);
    edge.defect = planted;
    let edge = world.add(&Arc::new(edge));
    let client = world.add(&Arc::new(config(Roles::CLIENT, &[edge])));
    let object = stored(&mut world, 200_000);
    world.seats[REGIONAL].lies = true;
    (world, object, edge, client)
}

#[test]
fn what_a_liar_above_sends_reaches_nobody() {
    let (mut world, object, edge, client) = with_a_liar(None, 1);
    world.get(client, 1, named("it"), None);
    assert!(matches!(world.finish(client, 1), Told::Got { .. }));
    assert_eq!(world.bytes(client, 1), object.bytes, "the honest one was asked instead");
    assert!(world.count(edge, |fact| matches!(fact, Fact::Poisoned { server } if server.0 as usize == REGIONAL)) > 0);
    let blamed = world.count(client, |fact| matches!(fact, Fact::Penalised { why: Penalty::Wrong, .. }));
    assert_eq!(blamed, 0, "the edge passed nothing on");
}

#[cfg(feature = "defects")]
#[test]
fn a_cache_that_believes_what_it_gets_is_found() {
    let (mut world, _, _, client) = with_a_liar(Some(Defect::BelieveAbove), 1);
    world.get(client, 1, named("it"), None);
    world.finish(client, 1);
    let blamed = world.count(client, |fact| matches!(fact, Fact::Penalised { why: Penalty::Wrong, .. }));
    assert!(blamed > 0, "the wrong bytes got as far as the client");
}

#[test]
fn where_only_liars_are_left_nothing_is_delivered() {
    let mut world = town(2);
    stored(&mut world, 50_000);
    world.seats[EDGE].lies = true;
    world.get(CLIENT, 1, named("it"), None);
    assert!(matches!(world.finish(CLIENT, 1), Told::Failed { .. }));
    assert_eq!(world.bytes(CLIENT, 1), [], "not a byte");
}

#[test]
fn strangers_and_pretenders_are_sent_away() {
    let mut world = town(3);
    stored(&mut world, 10_000);
    world.seats[CLIENT].certificate = None;
    world.get(CLIENT, 1, named("it"), None);
    assert!(matches!(world.finish(CLIENT, 1), Told::Failed { .. }));
    assert!(world.count(EDGE, |fact| matches!(fact, Fact::Unwelcome { .. })) > 0);
    assert_eq!(world.count(EDGE, |fact| matches!(fact, Fact::Served { .. })), 0);
    // A client that says it is a cache would be told of purges, and waited for.
    let line = ByHand::open_as(&mut world, ORIGIN, ConnId(u64::MAX), Roles::EDGE, Peer::Certified(Roles::CLIENT));
    assert!(line.closed);
    // A server without a certificate is not asked.
    world.seats[CLIENT].certificate = Some(Roles::CLIENT);
    world.seats[EDGE].certificate = None;
    world.get(CLIENT, 2, named("it"), None);
    assert!(matches!(world.finish(CLIENT, 2), Told::Failed { .. }));
}

#[test]
fn a_node_that_serves_anybody_still_takes_nothing_from_them() {
    let mut world = World::new(4);
    let open = |roles, servers: &[usize]| Arc::new(Config { certificates_required: false, ..config(roles, servers) });
    world.add(&open(Roles::ORIGIN, &[]));
    let (somebody, publisher) = (world.add(&open(Roles::CLIENT, &[0])), world.add(&open(Roles::CLIENT.with(Roles::PUBLISHER), &[0])));
    let object = pack(&noise(5, 20_000));
    world.put(publisher, 1, 0, "it", 1, &object);
    assert!(matches!(world.finish(publisher, 1), Told::Stored { .. }));
    world.seats[somebody].certificate = None;
    world.get(somebody, 1, named("it"), None);
    assert!(matches!(world.finish(somebody, 1), Told::Got { .. }));
    world.put(somebody, 2, 0, "it", 2, &object);
    assert!(matches!(world.finish(somebody, 2), Told::Failed { code: Code::NotAuthorised, .. }));
}

#[test]
fn a_transfer_goes_on_over_the_next_connection() {
    let mut world = town(5);
    let object = stored(&mut world, 3 << 20);
    world.get(CLIENT, 1, named("it"), None);
    for _ in 0..3 {
        world.run_for(Span::millis(350));
        world.cut(EDGE);
    }
    let Told::Got { counters } = world.finish(CLIENT, 1) else { panic!("{:?}", world.seats[CLIENT].told) };
    assert!(world.bytes(CLIENT, 1) == object.bytes);
    assert!(counters.fetched_bytes < 5 << 20, "most was not fetched twice: {}", counters.fetched_bytes);
}

#[test]
fn a_get_is_resumed_by_another_life_of_the_node() {
    let mut world = town(6);
    let object = stored(&mut world, 2 << 20);
    world.get(CLIENT, 1, named("it"), None);
    while world.seats[CLIENT].got.get(&JobId(1)).is_none_or(|got| got.len() < 100) {
        world.step();
    }
    let resume = world.seats[CLIENT].node.resume(JobId(1)).expect("it is under way");
    let done = resume.done.bytes();
    world.kill(CLIENT);
    world.start(CLIENT);
    let order = Order {
        what: named("it"),
        range: None,
        sources: Vec::new(),
        sequence: Sequence::InOrder,
        credit: 1 << 20,
        reads_back: false,
        resume: Some(resume),
    };
    world.command(CLIENT, 1, Command::Get(Box::new(order)));
    let Told::Got { counters } = world.finish(CLIENT, 1) else { panic!("{:?}", world.seats[CLIENT].told) };
    assert!(world.bytes(CLIENT, 1) == object.bytes);
    assert_eq!(counters.delivered_bytes, (2 << 20) - done, "what was taken was not fetched again");
}

#[test]
fn a_put_that_broke_off_sends_only_what_is_missing() {
    let mut world = town(7);
    let object = pack(&noise(8, 2 << 20));
    world.put(PUBLISHER, 1, ORIGIN, "it", 1, &object);
    while world.seats[ORIGIN].store.written < 150 {
        world.step();
    }
    world.kill(ORIGIN);
    world.run_for(Span::millis(100));
    assert!(matches!(world.verdict(PUBLISHER, 1), Some(Told::Failed { code, .. }) if code.is_retryable()), "it is known to have failed");
    assert!(world.seats[ORIGIN].store.bound.is_empty(), "nothing is half there");
    world.start(ORIGIN);
    world.run_for(Span::secs(3));
    world.put(PUBLISHER, 2, ORIGIN, "it", 1, &object);
    let Told::Stored { sent, .. } = world.finish(PUBLISHER, 2) else { panic!("{:?}", world.seats[PUBLISHER].told) };
    assert!(sent <= object.contents.len() as u64 - 140, "{sent} of {}", object.contents.len());
    world.get(PUBLISHER, 3, named("it"), None);
    world.finish(PUBLISHER, 3);
    assert!(world.bytes(PUBLISHER, 3) == object.bytes);
}

#[test]
fn a_reader_that_takes_nothing_costs_what_it_may() {
    let mut world = World::new(8);
    let ahead = 256 << 10;
    world.add(&Arc::new(Config { send_ahead_bytes: ahead, ..config(Roles::ORIGIN, &[]) }));
    let object = pack(&noise(9, 2 << 20));
    world.seats[ORIGIN].store.contents = object.contents.clone();
    let mut line = ByHand::open(&mut world, ORIGIN, ConnId(u64::MAX), Roles::CLIENT);
    let ids: Vec<ContentId> = object.contents.keys().copied().collect();
    let mut chunks = 0;
    for part in ids.chunks(100) {
        line.ask(&mut world, Frame::Want(Want { send: true, ids: part.into() }));
    }
    let unsent: u32 = line.unsent.iter().map(|(_, bytes)| bytes).sum();
    assert!(unsent > 0 && unsent <= ahead + (64 << 10), "{unsent} bytes wait for a reader that does not read");
    while !line.unsent.is_empty() {
        line.take(&mut world);
    }
    chunks += line.heard.iter().filter(|(_, frame)| matches!(frame, Frame::Chunk(_))).count();
    assert_eq!(chunks, ids.len(), "when it reads, it gets all");
}

#[test]
fn whoever_comes_too_many_is_put_off_and_served_later() {
    let mut world = World::new(9);
    world.add(&Arc::new(Config { serving_max: 3, ..config(Roles::ORIGIN, &[]) }));
    let object = pack(&noise(9, 20_000));
    world.seats[ORIGIN].store.contents = object.contents.clone();
    let name = Name::new("it").expect("a name");
    world.seats[ORIGIN].store.bound.insert(name, (Version(1), object.root));
    let client = Arc::new(config(Roles::CLIENT, &[ORIGIN]));
    let crowd: Vec<usize> = (0..6).map(|_| world.add(&client)).collect();
    crowd.iter().for_each(|seat| world.get(*seat, 1, named("it"), None));
    let served = crowd.iter().filter(|seat| matches!(world.finish(**seat, 1), Told::Got { .. })).count();
    assert!(world.count(ORIGIN, |fact| matches!(fact, Fact::Refused { code: Code::Overloaded, .. })) > 0);
    assert_eq!(served, 6);
}

#[test]
fn whoever_asks_for_more_copies_than_there_can_be_is_refused_at_once() {
    let mut world = town(9);
    let object = pack(&noise(5, 50_000));
    let offer = |copies| Offer {
        server: None,
        name: Name::new("it").expect("a name"),
        version: Version(1),
        len: object.bytes.len() as u64,
        root: object.root,
        manifest: object.manifest.clone(),
        copies,
    };
    world.command(PUBLISHER, 1, Command::Put(Box::new(offer(2))));
    let told = world.finish(PUBLISHER, 1);
    assert!(matches!(told, Told::Failed { code: Code::CopiesLacking, .. }), "{told:?}");
    world.get(CLIENT, 2, named("it"), None);
    assert!(matches!(world.finish(CLIENT, 2), Told::Failed { code: Code::NotFound, .. }), "nothing of it is there");
}

#[test]
fn a_cache_that_comes_up_again_serves_what_lies_on_its_disk() {
    let mut world = town(12);
    let cache = |cache| crate::stoq::cache::Config {
        memory_bytes: 64 << 10,
        disk_bytes: 64 << 20,
        disk_admission: crate::stoq::cache::Admission::Always,
        ..cache
    };
    let edge = config(Roles::EDGE, &[REGIONAL]);
    let edge = world.add(&Arc::new(Config { cache: edge.cache.clone().map(cache), ..edge }));
    let client = world.add(&Arc::new(config(Roles::CLIENT, &[edge])));
    let object = stored(&mut world, 1 << 20);
    world.get(client, 1, named("it"), None);
    assert!(matches!(world.finish(client, 1), Told::Got { .. }));
    world.kill(edge);
    world.run_for(Span::secs(1));
    world.start(edge);
    let asked = |world: &World| -> u32 {
        let count = |fact: &Fact| if let Fact::Fetching { count, named: false, .. } = fact { *count } else { 0 };
        world.seats[edge].facts.iter().map(count).sum()
    };
    let (before, all) = (asked(&world), object.contents.len() as u32);
    let found: Vec<_> = world.seats[edge].store.contents.iter().map(|(id, bytes)| (*id, bytes.len() as u32)).collect();
    assert!(found.len() as u32 * 2 > all, "most of it is on the disk");
    world.input(edge, Input::Kept(found.clone().into()));
    world.get(client, 2, named("it"), None);
    assert!(matches!(world.finish(client, 2), Told::Got { .. }));
    assert_eq!(world.bytes(client, 2), object.bytes);
    assert!(asked(&world) - before <= all - found.len() as u32, "only what had been in memory is fetched again");
}
