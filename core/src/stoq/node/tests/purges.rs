//! A purge that is acknowledged holds everywhere, also where nobody can be reached.

use super::town::*;
use crate::base::Span;
use crate::stoq::cache::Version;
use crate::stoq::node::*;
use crate::stoq::session::Code;
use crate::stoq::session::frame::Name;
use crate::testing::stoq::{World, pack};

fn put(world: &mut World, job: u32, version: u64) -> Vec<u8> {
    let bytes = noise(version, 20_000);
    world.put(PUBLISHER, job, ORIGIN, "news", version, &pack(&bytes));
    let told = world.finish(PUBLISHER, job);
    assert!(matches!(told, Told::Stored { .. }), "{told:?}");
    bytes
}

fn purge(world: &mut World, job: u32, upto: u64) {
    let name = Name::new("news").expect("a name");
    world.command(PUBLISHER, job, Command::Purge { server: None, name, below: false, upto: Version(upto) });
}

fn get(world: &mut World, job: u32) -> Result<Vec<u8>, Code> {
    world.get(CLIENT, job, named("news"), None);
    match world.finish(CLIENT, job) {
        Told::Got { .. } => Ok(world.bytes(CLIENT, job)),
        Told::Failed { code, .. } => Err(code),
        told => panic!("{told:?}"),
    }
}

/// A town in which the caches have the first version, some time after the origin came up.
fn told_town(seed: u64) -> (World, Vec<u8>) {
    let mut world = town(seed);
    let first = put(&mut world, 1, 1);
    world.run_for(LEASE);
    assert!(get(&mut world, 1).as_ref() == Ok(&first));
    world.run_for(Span::secs(2));
    (world, first)
}

#[test]
fn a_purge_is_acknowledged_when_no_cache_serves_it_any_more() {
    let (mut world, _) = told_town(1);
    let before = world.now;
    purge(&mut world, 2, 1);
    assert_eq!(world.finish(PUBLISHER, 2), Told::Purged { upto: Version(1), nodes: 3 });
    assert!(world.now.since(before) < Span::millis(200), "nobody had to be waited for");
    assert_eq!(get(&mut world, 2), Err(Code::NotFound));
    world.run_for(Span::secs(15));
    let second = put(&mut world, 3, 3);
    assert!(get(&mut world, 3) == Ok(second), "the absence is not believed for long");
    world.put(PUBLISHER, 4, ORIGIN, "news", 1, &pack(b"old"));
    assert!(matches!(world.finish(PUBLISHER, 4), Told::Failed { code: Code::Conflict, .. }), "what was purged does not come back");
}

#[test]
fn a_cache_that_cannot_be_told_delays_the_acknowledgement_and_serves_nothing_after_it() {
    let (mut world, first) = told_town(2);
    world.seats[REGIONAL].is_cut_off = true;
    world.mute(ORIGIN, REGIONAL, Span::secs(30));
    assert!(get(&mut world, 2) == Ok(first), "the lease lasts");
    let before = world.now;
    purge(&mut world, 2, 1);
    world.run_for(Span::secs(3));
    assert_eq!(world.verdict(PUBLISHER, 2), None, "the regional may still answer");
    assert!(matches!(world.finish(PUBLISHER, 2), Told::Purged { nodes: 1, .. }));
    let waited = world.now.since(before);
    assert!(waited > LEASE && waited < LEASE.times(4), "{waited}");
    assert!(get(&mut world, 3).is_err(), "without a lease nobody answers for the name");
    world.seats[REGIONAL].is_cut_off = false;
    world.run_for(Span::secs(40));
    let second = put(&mut world, 3, 2);
    assert!(get(&mut world, 4) == Ok(second));
}

#[test]
fn a_purge_that_was_missed_while_away_is_made_up_for() {
    let (mut world, _) = told_town(3);
    // The regional loses the origin and finds it again; the edge never loses the regional.
    world.seats[REGIONAL].is_cut_off = true;
    world.mute(ORIGIN, REGIONAL, Span::millis(50));
    world.run_for(Span::millis(100));
    purge(&mut world, 2, 1);
    assert!(matches!(world.finish(PUBLISHER, 2), Told::Purged { nodes: 1, .. }));
    world.seats[REGIONAL].is_cut_off = false;
    world.run_for(Span::secs(20));
    assert_eq!(get(&mut world, 2), Err(Code::NotFound), "the edge still has it, and asks");
    assert!(get(&mut world, 3).is_err());
}

#[test]
fn an_origin_that_comes_up_waits_for_leases_it_may_have_given() {
    let (mut world, _) = told_town(4);
    world.kill(ORIGIN);
    world.run_for(Span::millis(100));
    world.start(ORIGIN);
    let before = world.now;
    purge(&mut world, 2, 1);
    while matches!(world.finish(PUBLISHER, 2), Told::Failed { .. }) {
        world.seats[PUBLISHER].told.clear();
        world.run_for(Span::millis(200));
        purge(&mut world, 2, 1);
    }
    assert!(world.now.since(before) >= LEASE, "{}", world.now.since(before));
    assert!(get(&mut world, 2).is_err());
}

#[test]
fn caches_obey_the_nodes_above_them_and_nobody_else() {
    let (mut world, first) = told_town(5);
    let name = Name::new("news").expect("a name");
    world.command(CLIENT, 7, Command::Purge { server: None, name, below: false, upto: Version(9) });
    assert!(matches!(world.finish(CLIENT, 7), Told::Failed { code: Code::NotAuthorised, .. }));
    assert!(get(&mut world, 2) == Ok(first));
}

#[test]
fn everything_below_a_name_can_be_purged() {
    let mut world = town(6);
    for (job, name) in [(1, "a/x"), (2, "a/y/z"), (3, "b")] {
        world.put(PUBLISHER, job, ORIGIN, name, u64::from(job), &pack(&noise(u64::from(job), 5_000)));
        world.finish(PUBLISHER, job);
        world.get(CLIENT, job, named(name), None);
        assert!(matches!(world.finish(CLIENT, job), Told::Got { .. }));
    }
    let below = Name::new("a").expect("a name");
    world.command(PUBLISHER, 4, Command::Purge { server: None, name: below, below: true, upto: Version(3) });
    assert!(matches!(world.finish(PUBLISHER, 4), Told::Purged { nodes: 3, .. }));
    for (job, name, is_there) in [(5, "a/x", false), (6, "a/y/z", false), (7, "b", true)] {
        world.get(CLIENT, job, named(name), None);
        assert_eq!(matches!(world.finish(CLIENT, job), Told::Got { .. }), is_there, "{name}");
    }
}
