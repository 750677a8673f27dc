//! What a node costs that does nothing.

use super::super::conn::Conn;
use super::by_hand::ByHand;
use super::town::*;
use crate::base::Span;
use crate::stoq::cache::Version;
use crate::stoq::chunk::ManifestId;
use crate::stoq::node::*;
use crate::stoq::session::frame::*;
use crate::stoq::session::{self, Roles, Side, StreamId};
use crate::testing::stoq::{World, pack};
use std::sync::Arc;

#[test]
fn a_client_that_sleeps_owns_almost_nothing() {
    let node = StoqNode::new(&Arc::new(config(Roles::CLIENT, &[ORIGIN])));
    assert_eq!(node.heap_bytes(), 0);
    assert!(size_of::<StoqNode>() <= 256, "a node takes {} bytes", size_of::<StoqNode>());
    assert!(size_of::<Conn>() <= 512, "a connection takes {} bytes", size_of::<Conn>());
}

#[test]
fn a_preset_makes_a_node() {
    use crate::stoq::preset::{Effective, Preset};
    let edge = Effective::new(Some(Preset::Edge)).node(Roles::EDGE, Box::new([]), 1);
    assert!(edge.cache.is_some() && edge.send_ahead_bytes == 4 << 20);
    assert_eq!(edge.session.settings.get(session::Setting::Roles), u64::from(Roles::EDGE.0), "it plays what it says");
    assert!(Effective::new(Some(Preset::Origin)).node(Roles::ORIGIN, Box::new([]), 1).cache.is_none());
}

#[test]
fn a_client_that_has_what_it_wanted_keeps_nothing() {
    let mut world = World::new(1);
    world.add(&Arc::new(config(Roles::ORIGIN, &[])));
    let client = world.add(&Arc::new(Config { linger: Some(Span::secs(1)), ..config(Roles::CLIENT, &[ORIGIN]) }));
    let object = pack(&noise(1, 50_000));
    world.seats[ORIGIN].store.contents = object.contents.clone();
    world.get(client, 1, crate::stoq::transfer::What::Id(object.root), None);
    assert!(matches!(world.finish(client, 1), Told::Got { .. }));
    assert_eq!(world.seats[client].node.connections(), 1);
    world.run_for(Span::secs(30));
    for seat in [client, ORIGIN] {
        assert_eq!((world.seats[seat].node.connections(), world.seats[seat].node.jobs()), (0, 0));
    }
    assert_eq!(world.seats[client].node.heap_bytes(), 0);
}

#[test]
fn a_ping_tells_the_round_trip_and_a_node_that_leaves_finishes() {
    let mut world = town(2);
    world.command(CLIENT, 1, Command::Ping { server: None });
    let told = world.finish(CLIENT, 1);
    assert!(matches!(told, Told::Pong { rtt, .. } if rtt == Span::millis(20)), "{told:?}");
    world.input(EDGE, Input::Leave);
    world.run_for(Span::secs(40));
    assert_eq!(world.seats[EDGE].node.connections(), 0);
}

#[test]
fn a_flood_of_peers_that_say_nothing_makes_room_for_those_who_speak() {
    let mut world = World::new(9);
    let edge = world.add(&Arc::new(Config { strangers_max: 16, ..config(Roles::EDGE, &[]) }));
    world.by_hand(edge);
    for nth in 0..500 {
        world.input(edge, Input::Accepted { conn: ConnId(nth), peer: Peer::Certified(Roles::CLIENT) });
        assert!(world.seats[edge].node.connections() <= 16);
    }
    // Who agrees is one of them no more, and stays whatever comes after it.
    let line = ByHand::open(&mut world, edge, ConnId(u64::MAX), Roles::CLIENT);
    for nth in 500..600 {
        world.input(edge, Input::Accepted { conn: ConnId(nth), peer: Peer::Certified(Roles::CLIENT) });
    }
    assert!(!line.closed);
    assert_eq!(world.seats[edge].node.connections(), 17);
    assert!(world.seats[edge].node.heap_bytes() <= 17 * session::limits::UNAUTHENTICATED_OWN_BYTES);
}

/// Something that a peer may say, in place or not.
fn anything(world: &mut World) -> Frame {
    let (which, small) = (world.roll(13), world.roll(4));
    let id = ContentId([small as u8; 32]);
    let name = Name::new(["a", "a/b", "c", "d"][small as usize]).expect("a name");
    match which {
        0 => Frame::GetName(Box::new(GetName { known: Some(small), ..GetName::whole(name) })),
        1 => Frame::GetName(Box::new(GetName { manifest_only: true, from_origin: true, version_min: small, ..GetName::whole(name) })),
        2 => Frame::GetId(Box::new(GetId { id, range: Range::new(small, 5) })),
        3 => Frame::Want(Want { send: small > 0, ids: (0..=small).map(|at| ContentId([at as u8; 32])).collect() }),
        4 => Frame::Put(Box::new(Put { name, version: small, bytes: small, copies: 1 })),
        5 => Frame::Purge(Box::new(Purge { name, below: small > 2, version: small })),
        6 => Frame::Manifest(Box::new(Manifest::plain(id, small, small as u32 * 3))),
        7 => Frame::Chunk(Chunk::whole(id, small as u32 * 3)),
        8 => Frame::Have(Box::default()),
        9 => Frame::Ack(Box::new(Ack { id, version: small, copies: 1, durable: true })),
        10 => Frame::Purged(Purged { version: small, nodes: 1 }),
        11 => Frame::Cancel(Cancel { first: small as u8, count: 1 }),
        _ => Frame::Fail(Box::new(Fail::new(Code::NotFound, 0))),
    }
}

/// An outcome of the store, whatever was asked.
fn outcome(world: &mut World) -> Outcome {
    match world.roll(6) {
        0 => Outcome::Read(Ok(Arc::from([1u8, 2, 3]))),
        1 => Outcome::Read(Err(Unread::Damaged)),
        2 => Outcome::Looked(Ok(Looked { bound: Some((Version(3), ManifestId([1; 32]))), ..Looked::default() })),
        3 => Outcome::Known(Bits::zeros(3).unwrap_or_default()),
        4 => Outcome::Stored(Ok(())),
        _ => Outcome::Stored(Err(Unstored::Full)),
    }
}

#[test]
fn whatever_a_peer_and_a_driver_say_the_node_keeps_its_promises() {
    for seed in 0..24 {
        let mut world = town(seed);
        let seat = [ORIGIN, REGIONAL, EDGE][seed as usize % 3];
        let mut lines: Vec<(ConnId, Vec<StreamId>)> = Vec::new();
        for nth in 0..200u64 {
            if lines.is_empty() {
                let (conn, roles) = (ConnId(u64::MAX - nth), Roles::PUBLISHER.with(Roles::EDGE));
                drop(ByHand::open(&mut world, seat, conn, roles));
                lines.push((conn, Vec::new()));
            }
            let at = world.roll(lines.len() as u64) as usize;
            let conn = lines[at].0;
            let say = |input| Input::Session { conn, input };
            let fresh = StreamId::request(Side::Client, lines[at].1.len() as u64);
            if world.roll(3) == 0 || lines[at].1.is_empty() {
                lines[at].1.push(fresh);
                world.input(seat, say(session::Input::Request { stream: fresh, early: false }));
            }
            let which = world.roll(lines[at].1.len() as u64) as usize;
            let stream = lines[at].1[which];
            let frame = anything(&mut world);
            let data = frame.data_bytes() as usize;
            match world.roll(12) {
                0..=5 => {
                    world.input(seat, say(session::Input::Frame { stream, frame }));
                    world.input(seat, Input::Body { conn, stream, bytes: vec![7; data].into() });
                }
                6 => world.input(seat, say(session::Input::End { stream })),
                7 => world.input(seat, say(session::Input::Stop { stream, code: 0 })),
                8 => world.input(seat, say(session::Input::Reset { stream, code: 0 })),
                9 => world.input(seat, Input::Sent { conn, stream, bytes: 1 << 20 }),
                10 => {
                    let (ticket, outcome) = (Ticket(world.roll(60)), outcome(&mut world));
                    world.input(seat, Input::Done { ticket, outcome });
                }
                _ => world.run_for(Span::millis(200)),
            }
            // Most of it breaks the rules, and the node hangs up: somebody else comes.
            let is_closed = |effect: &Effect| matches!(effect, Effect::Session { effect: session::Effect::Close { .. }, .. });
            if world.said_by_hand(seat, conn).iter().any(is_closed) {
                lines.remove(at);
            }
        }
        for (conn, _) in lines {
            world.input(seat, Input::Session { conn, input: session::Input::Gone });
        }
        world.run_for(Span::secs(60));
        let left = world.seats[seat].node.connections();
        assert!(left <= 2, "only the connections of the town are left: {left}");
    }
}
