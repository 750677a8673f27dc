//! What a session tells of itself, at other settings than those that are given by default.

use super::pair::{Carried, Pair};
use super::talk::{get, put};
use crate::base::wire::{Reader, put_varint};
use crate::base::{Span, Wire};
use crate::stoq::routing::{Accuracy, Position};
use crate::stoq::session::frame::{Chunk, Kind, Route};
use crate::stoq::session::limits::{CHUNK_BYTES_MAX, HELD_MAX, MANIFEST_BYTES_MAX, SETTINGS_MAX};
use crate::stoq::session::states::State;
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::version::is_grease;
use crate::stoq::session::*;
use std::collections::BTreeSet;

/// A pair of which one end has these settings and does what the other does by itself.
fn settled(settings: Settings) -> Pair {
    let mut pair = Pair::with(1, Config::default(), Config { settings, ..Config::default() });
    pair.connect();
    pair.settle();
    assert_eq!(pair.states(), [State::Open; 2]);
    pair
}

/// A pair whose server takes other sizes and numbers than the client.
fn pair() -> Pair {
    let server = Config::default();
    let settings =
        server.settings.clone().with(Setting::ChunkBytes, 300_000).with(Setting::ManifestBytes, 70_000).with(Setting::Requests, 77);
    Pair::with(1, Config::default(), Config { settings, ..server })
}

#[test]
fn readers_are_limited_by_what_this_side_takes_and_writers_by_what_the_other_takes() {
    let mut pair = pair();
    let limits = FrameLimits { chunk_bytes: 300_000, manifest_bytes: 70_000 };
    assert_eq!(pair.ends[1].session.limits(), limits);
    assert_eq!(pair.ends[0].session.limits(), FrameLimits::default());
    pair.connect();
    pair.settle();
    assert_eq!(pair.ends[0].session.agreed().limits, limits);
    assert_eq!(pair.ends[1].session.agreed().limits, FrameLimits::default());
}

#[test]
fn few_requests_are_granted_before_the_session_is_open_and_as_many_as_told_after() {
    let mut pair = pair();
    assert_eq!(pair.ends[1].session.requests_granted(), HELD_MAX);
    pair.connect();
    pair.settle();
    assert_eq!(pair.states(), [State::Open; 2]);
    assert_eq!(pair.ends[1].session.requests_granted(), 77);
    assert_eq!(pair.ends[0].session.agreed().requests, 77);
}

/// The settings that a client begins with.
fn greeted(settings: Settings, grease: bool) -> Settings {
    let mut pair = Pair::with(1, Config { settings, grease, ..Config::default() }, Config::default());
    pair.input(0, Input::Begin);
    let coming = &pair.ends[1].coming[&StreamId::one_way(Side::Client, 0)];
    let Some(Carried::Bytes(bytes)) = coming.back() else { panic!("{coming:?}") };
    match Frame::from_bytes(bytes) {
        Ok(Frame::Settings(settings)) => *settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_carry_a_pair_without_meaning_as_long_as_there_is_room_for_it() {
    let own = Config::default().settings;
    let of = |count: usize| (own.pairs().len()..count).fold(own.clone(), |settings, n| settings.with_number(1_000 + 2 * n as u64, 1));
    let added = |settings: Settings, grease| {
        let all = greeted(settings.clone(), grease);
        let new: Vec<u64> =
            all.pairs().iter().map(|pair| pair.0).filter(|number| settings.pairs().iter().all(|known| known.0 != *number)).collect();
        assert!(new.iter().all(|number| is_grease(*number)), "{new:?}");
        new.len()
    };
    assert_eq!(added(own.clone(), true), 1);
    assert!(greeted(own.clone(), true).pairs().last().is_some_and(|pair| pair.0 > 1 << 20), "one of many numbers");
    assert_eq!(added(own.clone(), false), 0);
    assert_eq!(added(of(SETTINGS_MAX - 1), true), 1);
    assert_eq!(added(of(SETTINGS_MAX), true), 0, "there is no room for one more");
}

#[test]
fn frames_without_meaning_are_of_many_types() {
    let mut kinds = BTreeSet::new();
    for seed in 0..4 {
        let mut pair = Pair::new(seed);
        pair.connect();
        while pair.step() {
            for carried in pair.ends.iter().flat_map(|end| end.coming.values().flatten()) {
                // Any type so high is one of those.
                if let Carried::Bytes(bytes) = carried
                    && let Ok(kind) = Reader::new(bytes).varint()
                    && is_grease(kind)
                    && kind > 1 << 20
                {
                    kinds.insert(kind);
                }
            }
        }
    }
    assert!(kinds.len() >= 4, "{kinds:?}");
}

#[test]
fn the_load_that_is_told_is_the_share_of_what_was_granted_to_the_peer() {
    let mut pair = settled(Config::default().settings.with(Setting::Requests, 100));
    (0..25).for_each(|_| pair.ask(0, get("a")));
    (0..3).for_each(|_| pair.ask(1, get("b")));
    while pair.step() {}
    assert_eq!(pair.ends[1].session.exchanges(), 28);
    pair.ends[0].datagrams.clear();
    pair.input(1, Input::Datagram { frame: Frame::Ping { token: 7 } });
    let pong = pair.ends[0].datagrams.pop_back().expect("it is answered");
    assert_eq!(Frame::from_bytes(&pong), Ok(Frame::Pong { token: 7, load_permille: 250, lease_millis: 0 }));
}

#[test]
fn probes_are_sent_in_a_session_that_agreed_on_them() {
    let sent = |pair: &mut Pair| {
        pair.ends[1].datagrams.clear();
        pair.input(0, Input::Probe);
        pair.ends[1].datagrams.len()
    };
    assert_eq!(sent(&mut Pair::new(1)), 0, "nothing is agreed yet");
    assert_eq!(sent(&mut Pair::open(1)), 1);
    let without = Settings::new(Capabilities::ALL.without(Capabilities::PROBES), Roles::CLIENT);
    assert_eq!(sent(&mut settled(without)), 0);
}

fn route() -> Frame {
    let route = Route { node: [1; 32], sequence: 1, life_millis: 1_000, hops: 0, rtt_micros: 5, load: 10, names: None };
    Frame::Route(Box::new(route))
}

#[test]
fn routes_are_told_in_a_session_that_agreed_on_them() {
    let told = |pair: &mut Pair, frame: Frame| {
        pair.ends[1].datagrams.clear();
        pair.input(0, Input::Tell { frame });
        pair.ends[1].datagrams.len()
    };
    assert_eq!(told(&mut Pair::new(1), route()), 0, "nothing is agreed yet");
    let mut open = Pair::open(1);
    assert_eq!(told(&mut open, route()), 1);
    assert_eq!(told(&mut open, Frame::Ping { token: 1 }), 0, "that is nothing to tell");
    let without = Settings::new(Capabilities::ALL.without(Capabilities::ROUTES), Roles::CLIENT);
    assert_eq!(told(&mut settled(without), route()), 0);
}

#[test]
fn a_route_before_the_session_is_open_ends_it() {
    let mut pair = Pair::new(1);
    let stream = StreamId::one_way(Side::Client, 0);
    pair.input(1, Input::Begin);
    pair.input(1, Input::OneWay { stream, kind: CONTROL });
    pair.input(1, Input::Keyed { major: version::MAJOR, exporter: [7; 32] });
    pair.input(1, Input::Frame { stream, frame: Frame::Settings(Box::new(Config::default().settings)) });
    assert_eq!(pair.states()[1], State::Confirming);
    pair.input(1, Input::Frame { stream, frame: route() });
    assert_eq!(pair.ends[1].close, Some(Code::FrameUnexpected));
}

#[test]
fn each_stream_begins_to_be_read_once() {
    let mut pair = Pair::new(5);
    pair.connect();
    while pair.states()[0] < State::Confirming && pair.step() {}
    pair.input(0, Input::Ask { frame: get("a"), tag: 1, early: true });
    pair.ask(0, get("b"));
    while pair.states()[1] < State::Confirming && pair.step() {}
    pair.ask(1, get("c"));
    pair.settle();
    for end in &pair.ends {
        let once: BTreeSet<_> = end.readable.iter().collect();
        assert_eq!(once.len(), end.readable.len(), "{:?}", end.readable);
        assert!(!once.is_empty());
    }
}

#[test]
fn a_length_that_no_frame_of_its_type_has_is_refused_before_anything_follows() {
    // A digest, flags and five integers stand before the data.
    let fields = 32 + 1 + 5 * 8;
    for (kind, most) in [(Kind::Manifest, MANIFEST_BYTES_MAX), (Kind::Chunk, CHUNK_BYTES_MAX)] {
        let refused = |length: u32| {
            let mut head = Vec::new();
            put_varint(&mut head, kind as u64);
            put_varint(&mut head, u64::from(length));
            FrameReader::two_way(FrameLimits::default()).next(&mut head.as_slice()).is_err()
        };
        assert!(!refused(most + fields), "{kind:?}");
        assert!(refused(most + fields + 1), "{kind:?}");
    }
}

#[test]
fn data_past_the_end_of_their_chunk_are_refused() {
    let part = |offset: u32, bytes: u32| {
        let chunk = Chunk { whole: 10, offset, bytes, ..Chunk::whole(super::talk::id(1), 10) };
        Frame::from_bytes(&Frame::Chunk(chunk).to_bytes())
    };
    assert!(part(0, 10).is_ok() && part(8, 2).is_ok());
    assert!(part(8, 3).is_err() && part(0, 11).is_err());
}

#[test]
fn whoever_gives_up_stops_only_a_direction_that_has_not_ended() {
    let stopped = |frame: Frame| {
        let mut pair = Pair::open(1);
        pair.ask(0, frame);
        while pair.step() {}
        let stream = StreamId::request(Side::Client, 0);
        pair.ends[0].coming.clear();
        pair.input(1, Input::Abort { stream, code: Code::NotFound });
        pair.ends[0].coming[&stream].iter().any(|carried| matches!(carried, Carried::Stop(_)))
    };
    assert!(stopped(put()), "more of it comes");
    assert!(!stopped(get("a")), "that is all of it");
}

#[test]
fn fields_beyond_what_they_may_say_are_refused() {
    let same = |bytes: u32| {
        let head = frame::Manifest { same: true, bytes, ..frame::Manifest::plain(super::talk::id(1), 3, 0) };
        Frame::from_bytes(&Frame::Manifest(Box::new(head)).to_bytes())
    };
    assert!(same(0).is_ok());
    assert!(same(5).is_err(), "no data follow what has not changed");
    let cancel = |first, count| Frame::from_bytes(&Frame::Cancel(frame::Cancel { first, count }).to_bytes());
    assert!(cancel(0, 1).is_ok() && cancel(0, 0).is_err());
    let fail = |reason: &str| {
        let fail = frame::Fail { reason: reason.into(), ..frame::Fail::new(Code::NotFound, 0) };
        Frame::from_bytes(&Frame::Fail(Box::new(fail)).to_bytes())
    };
    assert!(fail(&"x".repeat(128)).is_ok());
    assert!(fail(&"x".repeat(129)).is_err() && fail("a\nb").is_err());
}

#[test]
fn a_signature_covers_all_of_a_place_but_itself() {
    let position = Position { sequence: 1, life: Span::secs(9), lat_micro: 5, lon_micro: 6, accuracy: Accuracy::ALL[0] };
    let place = frame::Location { node: [3; 32], position, signature: [9; 64] };
    let (all, signed) = (place.to_bytes(), place.signed_bytes());
    assert_eq!((signed.len() + 64, signed.as_slice()), (all.len(), &all[..all.len() - 64]));
}

#[test]
fn a_request_before_the_session_begins_is_a_fault_of_the_driver() {
    let mut pair = Pair::new(1);
    pair.input(1, Input::Request { stream: StreamId::request(Side::Client, 0), early: false });
    assert_eq!(pair.ends[1].close, Some(Code::Internal));
}
