//! Two sessions that keep to the protocol.

use super::pair::Pair;
use crate::base::{Span, Time};
use crate::stoq::session::exchange::states::State as At;
use crate::stoq::session::frame::*;
use crate::stoq::session::states::State;
use crate::stoq::session::*;
use proptest::prelude::*;

pub(super) fn name(text: &str) -> Name {
    Name::new(text).expect("it is a name")
}

pub(super) fn get(text: &str) -> Frame {
    Frame::GetName(Box::new(GetName::whole(name(text))))
}

pub(super) fn id(byte: u8) -> ContentId {
    ContentId([byte; 32])
}

pub(super) fn chunk(byte: u8, bytes: u32) -> Frame {
    Frame::Chunk(Chunk::whole(id(byte), bytes))
}

pub(super) fn want(count: u8) -> Frame {
    Frame::Want(Want { send: true, ids: (0..count).map(id).collect() })
}

pub(super) fn have(there: &[bool]) -> Frame {
    let mut bits = Bits::zeros(there.len()).expect("not too many");
    there.iter().enumerate().filter(|(_, there)| **there).for_each(|(at, _)| bits.set(at));
    Frame::Have(Box::new(bits))
}

pub(super) fn put() -> Frame {
    Frame::Put(Box::new(Put { name: name("a"), version: 3, bytes: 900, copies: 1 }))
}

pub(super) fn ack() -> Frame {
    Frame::Ack(Box::new(Ack { id: id(9), version: 3, copies: 1, durable: true }))
}

pub(super) fn fail(code: Code) -> Frame {
    Frame::Fail(Box::new(Fail::new(code, 100)))
}

const FIRST: StreamId = StreamId(0);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn two_sides_agree_in_any_order_of_arrival(seed in any::<u64>(), early in any::<bool>()) {
        let mut pair = Pair::new(seed);
        let keyed = || Input::Keyed { major: 1, exporter: [7; 32] };
        pair.input(0, Input::Begin);
        // A server completes the handshake with what the client sends when it has completed its own, so its keys always come last.
        let mut moments = [(1, Input::Begin), (0, keyed()), (1, keyed())];
        if !early {
            moments.swap(0, 1);
        }
        for (end, input) in moments {
            pair.input(end, input);
            for _ in 0..pair.roll(6) {
                pair.step_to(takes);
            }
        }
        pair.settle();
        prop_assert_eq!(pair.states(), [State::Open; 2]);
        prop_assert_eq!(pair.ends[0].session.agreed().capabilities, Capabilities::ALL);
        prop_assert_eq!(pair.ends[1].session.heap_bytes(), 0, "nothing is left of the opening");
    }

    #[test]
    fn many_exchanges_in_any_interleaving_all_end_well(seed in any::<u64>()) {
        let mut pair = Pair::new(seed);
        pair.connect();
        let mut asked = 0;
        for round in 0..400 {
            if asked < 12 && round % 3 == 0 {
                let frame = [get("a"), want(3), Frame::GetId(Box::new(GetId { id: id(1), range: None })), put()][asked % 4].clone();
                let before = pair.ends[0].session.exchanges();
                pair.ask(0, frame);
                asked += usize::from(pair.ends[0].session.exchanges() > before);
            }
            pair.step();
            serve(&mut pair);
        }
        for _ in 0..40 {
            pair.settle();
            serve(&mut pair);
        }
        prop_assert_eq!(asked, 12);
        let over = pair.over(0);
        prop_assert_eq!(over.len(), 12, "{:?}", pair.ends[0].notices);
        prop_assert!(over.iter().all(|(_, result)| result.is_ok()), "{:?}", over);
        prop_assert!(pair.over(1).iter().all(|(_, result)| result.is_ok()), "{:?}", pair.over(1));
        prop_assert_eq!([pair.ends[0].session.exchanges(), pair.ends[1].session.exchanges()], [0, 0]);
    }
}

/// Whether an end can be given anything yet. Frames that are not early data wait for the keys (RFC 9001, clause 5.7).
fn takes(pair: &Pair, end: usize) -> bool {
    let [client, server] = pair.states();
    match (end, server) {
        (0, _) => client >= State::Settling,
        (_, State::Idle) => false,
        // As long as the client has not confirmed, all that it said may be early data.
        (_, State::Greeting | State::Met) => client < State::Confirming,
        _ => true,
    }
}

/// Answers what came, in full: the server serves, the client sends what is wanted of its PUT.
fn serve(pair: &mut Pair) {
    for end in [0, 1] {
        for notice in std::mem::take(&mut pair.ends[end].notices) {
            match &notice {
                Notice::Frame { stream, frame } => reply(pair, end, *stream, frame),
                Notice::Ended { stream } if pair.ends[end].session.exchanges.get(stream).map(Exchange::state) == Some(At::Storing) => {
                    pair.say(end, *stream, ack());
                    pair.input(end, Input::Finish { stream: *stream });
                }
                _ => {}
            }
            if matches!(notice, Notice::Over { .. }) {
                // Kept for the test to count.
                pair.ends[end].notices.push(notice);
            }
        }
    }
    // Offers are made as soon as their stream is open.
    let offers: Vec<StreamId> =
        pair.ends[0].session.exchanges.iter().filter(|(_, one)| one.state() == At::PutOffered).map(|(s, _)| *s).collect();
    for stream in offers {
        if pair.ends[0].data.insert(stream, Vec::new()).is_none() {
            pair.say(0, stream, Frame::Manifest(Box::new(Manifest::plain(id(9), 3, 50))));
        }
    }
}

fn reply(pair: &mut Pair, end: usize, stream: StreamId, frame: &Frame) {
    let answers: &[Frame] = match frame {
        Frame::GetName(_) => &[Frame::Manifest(Box::new(Manifest::plain(id(9), 3, 70))), chunk(1, 500), chunk(2, 40)],
        Frame::GetId(_) => &[chunk(1, 100)],
        Frame::Want(_) if end == 1 => &[have(&[true, false, true]), chunk(0, 10), chunk(2, 3000)],
        Frame::Want(_) => &[chunk(0, 10), chunk(1, 30)],
        // The manifest of an offer: two of its chunks are missing.
        Frame::Manifest(_) if end == 1 => return pair.say(end, stream, want(2)),
        _ => return,
    };
    for answer in answers {
        pair.say(end, stream, answer.clone());
    }
    pair.input(end, Input::Finish { stream });
}

#[test]
fn a_name_is_asked_for_and_answered() {
    let mut pair = Pair::open(1);
    pair.ask(0, get("a"));
    pair.settle();
    assert_eq!(pair.frames(1), [(FIRST, get("a"))]);
    pair.say(1, FIRST, Frame::Manifest(Box::new(Manifest::plain(id(1), 1, 300))));
    pair.say(1, FIRST, chunk(2, 1000));
    pair.input(1, Input::Finish { stream: FIRST });
    pair.settle();
    assert_eq!(pair.frames(0).len(), 2);
    assert_eq!(pair.ends[0].data[&FIRST].len(), 1300);
    assert_eq!((pair.over(0), pair.over(1)), (vec![(FIRST, Ok(()))], vec![(FIRST, Ok(()))]));
}

#[test]
fn requests_wait_unread_until_both_sides_agree() {
    let mut pair = Pair::new(2);
    pair.connect();
    let server = &mut pair.ends[1].session;
    assert_eq!(server.state(), State::Settling);
    pair.input(1, Input::Request { stream: FIRST, early: false });
    assert_eq!((pair.ends[1].session.exchanges(), pair.ends[1].session.held.len()), (0, 1));
    pair.input(1, Input::Frame { stream: FIRST, frame: get("a") });
    assert_eq!(pair.frames(1), [], "even a driver that reads too early does no harm");
    pair.settle();
    assert_eq!((pair.ends[1].session.exchanges(), pair.ends[1].session.held.len()), (1, 0));
}

#[test]
fn early_data_serve_only_what_may_be_repeated() {
    let mut pair = Pair::new(3);
    pair.input(1, Input::Begin);
    let second = StreamId(4);
    for (stream, frame) in [(FIRST, get("a")), (second, put())] {
        pair.input(1, Input::Request { stream, early: true });
        pair.input(1, Input::Frame { stream, frame });
    }
    assert_eq!(pair.frames(1), [(FIRST, get("a"))]);
    assert_eq!(pair.over(1), [(second, Err(Code::TooEarly))]);
    pair.input(0, Input::Begin);
    pair.input(0, Input::Ask { frame: put(), tag: 5, early: true });
    assert!(pair.ends[0].notices.contains(&Notice::Refused { tag: 5, code: Code::TooEarly }));
    pair.input(0, Input::Ask { frame: get("a"), tag: 6, early: true });
    assert_eq!(pair.ends[0].session.exchanges(), 1);
}

#[test]
fn chunks_of_a_want_can_be_taken_back() {
    let mut pair = Pair::open(4);
    pair.ask(0, want(3));
    pair.settle();
    pair.say(1, FIRST, have(&[true; 3]));
    pair.say(0, FIRST, Frame::Cancel(Cancel { first: 1, count: 2 }));
    pair.settle();
    assert_eq!(pair.frames(1).last(), Some(&(FIRST, Frame::Cancel(Cancel { first: 1, count: 2 }))));
    pair.say(1, FIRST, chunk(0, 10));
    pair.input(1, Input::Finish { stream: FIRST });
    pair.settle();
    assert_eq!(pair.over(0), [(FIRST, Ok(()))]);
    assert_eq!(pair.over(1), [(FIRST, Ok(()))], "the end of the other direction follows by itself");
}

#[test]
fn a_request_that_cannot_be_met_fails_without_harm_to_the_session() {
    let mut pair = Pair::open(5);
    pair.ask(0, get("a"));
    pair.ask(0, put());
    pair.settle();
    for stream in [FIRST, StreamId(4)] {
        pair.say(1, stream, fail(Code::NotFound));
        pair.input(1, Input::Finish { stream });
    }
    // What the client still sends of its offer is read and dropped.
    pair.say(0, StreamId(4), Frame::Manifest(Box::new(Manifest::plain(id(9), 3, 50))));
    pair.settle();
    assert_eq!(pair.frames(0).len(), 2);
    assert_eq!(pair.over(0).iter().filter(|(_, result)| result.is_ok()).count(), 2, "{:?}", pair.over(0));
    assert_eq!(pair.states(), [State::Open; 2]);
}

#[test]
fn either_side_can_give_an_exchange_up() {
    for end in [0, 1] {
        let mut pair = Pair::open(6);
        pair.ask(0, get("a"));
        pair.settle();
        pair.input(end, Input::Abort { stream: FIRST, code: Code::Overloaded });
        pair.settle();
        assert_eq!(pair.over(end), [(FIRST, Err(Code::Overloaded))]);
        assert_eq!(pair.over(1 - end), [(FIRST, Err(Code::Overloaded))]);
        assert_eq!(pair.states(), [State::Open; 2]);
    }
}

#[test]
fn what_the_layer_above_says_in_the_wrong_place_is_not_sent() {
    let mut pair = Pair::open(7);
    pair.ask(0, get("a"));
    pair.settle();
    pair.say(1, FIRST, ack());
    pair.input(1, Input::Finish { stream: FIRST });
    assert_eq!(pair.ends[1].notices.iter().filter(|notice| matches!(notice, Notice::Misused { .. })).count(), 2);
    let long = Chunk::whole(id(0), limits::CHUNK_BYTES_MAX + 1);
    pair.say(1, FIRST, Frame::Chunk(long));
    pair.settle();
    assert_eq!(pair.frames(0), []);
    assert_eq!(pair.states(), [State::Open; 2]);
}

#[test]
fn a_side_that_leaves_finishes_what_it_accepted_and_refuses_the_rest() {
    let mut pair = Pair::open(8);
    pair.ask(0, get("a"));
    pair.settle();
    pair.input(1, Input::Leave);
    // This one is on its way when the server has already said what it accepts.
    pair.ask(0, get("b"));
    pair.settle();
    assert_eq!(pair.states(), [State::Leaving, State::Draining]);
    assert_eq!(pair.over(0), [(StreamId(4), Err(Code::Refused))]);
    assert!(Code::Refused.is_retryable());
    pair.input(0, Input::Ask { frame: get("c"), tag: 9, early: false });
    assert!(pair.ends[0].notices.contains(&Notice::Refused { tag: 9, code: Code::Refused }));
    pair.say(1, FIRST, Frame::Manifest(Box::new(Manifest::plain(id(1), 1, 3))));
    pair.input(1, Input::Finish { stream: FIRST });
    pair.settle();
    assert_eq!(pair.ends[1].close, Some(Code::NoError), "the last exchange is over");
    assert!(pair.over(0).contains(&(FIRST, Ok(()))));
}

#[test]
fn a_side_that_leaves_waits_only_so_long() {
    let mut pair = Pair::open(9);
    pair.ask(0, get("a"));
    pair.settle();
    pair.input(1, Input::Leave);
    assert!(pair.ends[1].wakes.iter().any(|(_, why)| *why == Why::Leave));
    pair.wake(1, Why::Leave);
    assert_eq!((pair.ends[1].close, pair.ends[1].session.exchanges()), (Some(Code::NoError), 0));
}

#[test]
fn probes_measure_the_round_trip() {
    let mut pair = Pair::open(10);
    pair.input(0, Input::Probe);
    pair.now += Span::millis(30);
    pair.settle();
    let probed = pair.ends[0].notices.iter().find_map(|notice| match notice {
        Notice::Probed { rtt, load_permille, .. } => Some((*rtt, *load_permille)),
        _ => None,
    });
    let (rtt, load) = probed.expect("the probe was answered");
    assert!(rtt >= Span::millis(30) && rtt < Span::millis(31) && load == 0, "{rtt}");
    pair.input(0, Input::Datagram { frame: Frame::Pong { token: 12345, load_permille: 0, lease_millis: 0 } });
    let count = pair.ends[0].notices.iter().filter(|notice| matches!(notice, Notice::Probed { .. })).count();
    assert_eq!(count, 1, "an answer to no question is dropped");
}

#[test]
fn claims_and_routes_are_heard() {
    let mut pair = Pair::open(11);
    let route = Route { node: [1; 32], sequence: 1, life_millis: 1000, hops: 0, rtt_micros: 5, load: 10, names: Some(name("a")) };
    let long = Route { names: Some(name(&"x".repeat(1024))), ..route.clone() };
    for route in [&route, &long] {
        pair.input(0, Input::Tell { frame: Frame::Route(Box::new(route.clone())) });
    }
    pair.settle();
    for route in [route, long] {
        let frame = Frame::Route(Box::new(route));
        assert!(
            pair.ends[1].notices.contains(&Notice::Heard { frame: frame.clone() }),
            "what is too long for a datagram goes on the stream"
        );
    }
}

#[test]
fn a_stale_wake_up_is_harmless() {
    let mut pair = Pair::open(12);
    pair.now = Time(u64::MAX / 2);
    for why in [Why::Agree, Why::Leave, Why::Sweep] {
        pair.wake(0, why);
    }
    assert_eq!(pair.states(), [State::Open; 2]);
}
