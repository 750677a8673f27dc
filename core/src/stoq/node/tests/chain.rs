//! Through an origin, a regional and an edge.

use super::town::*;
use crate::stoq::cache::Version;
use crate::stoq::node::*;
use crate::testing::stoq::pack;

#[test]
fn what_is_put_can_be_got_from_the_origin() {
    let mut world = town(1);
    let object = pack(&noise(1, 300_000));
    world.put(PUBLISHER, 1, ORIGIN, "a/b", 1, &object);
    let told = world.finish(PUBLISHER, 1);
    assert!(matches!(told, Told::Stored { version: Version(1), durable: true, .. }), "{told:?}");
    world.get(PUBLISHER, 2, named("a/b"), None);
    let told = world.finish(PUBLISHER, 2);
    assert!(matches!(told, Told::Got { .. }), "{told:?}");
    assert_eq!(world.bytes(PUBLISHER, 2), object.bytes);
}

#[test]
fn a_client_gets_it_through_the_caches_whole_and_in_part() {
    let mut world = town(2);
    let object = pack(&noise(2, 300_000));
    world.put(PUBLISHER, 1, ORIGIN, "a/b", 1, &object);
    world.finish(PUBLISHER, 1);
    world.get(CLIENT, 1, named("a/b"), None);
    let told = world.finish(CLIENT, 1);
    assert!(matches!(told, Told::Got { .. }), "{told:?}");
    assert_eq!(world.bytes(CLIENT, 1), object.bytes);
    let before = world.seats[ORIGIN].put_out;
    world.get(CLIENT, 2, named("a/b"), Some(1_000..201_000));
    world.finish(CLIENT, 2);
    assert_eq!(world.bytes(CLIENT, 2), object.bytes[1_000..201_000]);
    assert_eq!(world.seats[ORIGIN].put_out, before, "the caches had all of it");
}
