//! Streams of requests: whose they may be, how many wait, and what comes of those that wait.

use super::pair::{Carried, Pair};
use super::talk::{get, put};
use crate::stoq::session::limits::HELD_MAX;
use crate::stoq::session::states::State;
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::violation::Violation;
use crate::stoq::session::*;

fn theirs(n: u64) -> StreamId {
    StreamId::request(Side::Client, n)
}

fn request(n: u64) -> Input {
    Input::Request { stream: theirs(n), early: false }
}

#[test]
fn a_driver_that_tells_of_a_stream_that_cannot_be_new_is_found() {
    let after = |inputs: &[Input], opens: bool| {
        let mut pair = if opens { Pair::open(1) } else { Pair::new(1) };
        if !opens {
            pair.input(1, Input::Begin);
        }
        inputs.iter().for_each(|input| pair.input(1, input.clone()));
        pair.ends[1].close
    };
    let wrong = Some(Violation::Internal.code());
    let other = |stream| Input::Request { stream, early: false };
    for opens in [false, true] {
        assert_eq!(after(&[request(0), request(1)], opens), None);
        assert_eq!(after(&[request(0), request(0)], opens), wrong, "twice");
        assert_eq!(after(&[other(StreamId::request(Side::Server, 0))], opens), wrong, "its own");
        assert_eq!(after(&[other(StreamId::one_way(Side::Client, 3))], opens), wrong, "one way");
    }
}

#[test]
fn requests_of_this_side_take_no_place_of_the_peers() {
    let mut pair = Pair::new(1);
    pair.input(1, Input::Begin);
    (0..4).for_each(|tag| pair.input(1, Input::Ask { frame: get("a"), tag, early: true }));
    assert_eq!(pair.ends[1].session.exchanges(), 4);
    (0..HELD_MAX as u64).for_each(|n| pair.input(1, request(n)));
    assert_eq!(pair.ends[1].close, None);
    pair.input(1, request(HELD_MAX as u64));
    assert_eq!(pair.ends[1].close, Some(Violation::RequestsTooMany.code()));

    let mut pair = Pair::open(1);
    let granted = pair.ends[1].session.requests_granted() as u64;
    (0..4).for_each(|_| pair.ask(1, get("a")));
    (0..granted).for_each(|n| pair.input(1, request(n)));
    assert_eq!((pair.ends[1].session.exchanges() as u64, pair.ends[1].close), (granted + 4, None));
    pair.input(1, request(granted));
    assert_eq!(pair.ends[1].close, Some(Violation::RequestsTooMany.code()));
}

#[test]
fn what_came_early_and_is_read_late_is_early_no_more() {
    let offers = |pair: &mut Pair| {
        pair.input(1, Input::Request { stream: theirs(0), early: true });
        pair.input(1, Input::Frame { stream: theirs(0), frame: put() });
        pair.ends[1].notices.iter().any(|notice| matches!(notice, Notice::Frame { .. }))
    };
    assert!(offers(&mut Pair::open(1)), "nobody can have repeated it");
    let mut early = Pair::new(1);
    early.input(1, Input::Begin);
    assert!(!offers(&mut early));
}

#[test]
fn an_answer_is_read_at_once_if_it_was_asked_for_early_and_else_once_the_session_is_open() {
    for early in [true, false] {
        let mut pair = Pair::new(1);
        let asked = |pair: &mut Pair| pair.input(0, Input::Ask { frame: get("a"), tag: 0, early });
        let mine = StreamId::request(Side::Client, 0);
        pair.input(0, Input::Begin);
        if early {
            asked(&mut pair);
        }
        pair.input(1, Input::Begin);
        for end in 0..2 {
            pair.input(end, Input::Keyed { major: version::MAJOR, exporter: [7; 32] });
        }
        if !early {
            while pair.states()[0] < State::Confirming && pair.step() {}
            asked(&mut pair);
        }
        let before = if early { vec![mine] } else { vec![] };
        assert_eq!(pair.ends[0].readable, before, "early {early}");
        pair.settle();
        assert_eq!(pair.states(), [State::Open; 2]);
        assert_eq!(pair.ends[0].readable, [mine], "it is read once, early {early}");
    }
}

/// A server to which a client opened a stream before they agreed, and whose stream then ended like this.
fn waited(input: Option<Input>) -> Pair {
    let mut pair = Pair::new(1);
    pair.input(1, Input::Begin);
    pair.input(1, request(0));
    input.into_iter().for_each(|input| pair.input(1, input));
    pair.input(0, Input::Begin);
    for end in 0..2 {
        pair.input(end, Input::Keyed { major: version::MAJOR, exporter: [7; 32] });
    }
    pair.settle();
    assert_eq!(pair.states(), [State::Open; 2]);
    pair
}

#[test]
fn a_stream_that_waits_is_read_once_the_session_is_open_unless_it_was_given_up() {
    let stream = theirs(0);
    assert_eq!(waited(None).ends[1].session.exchanges(), 1);
    assert_eq!(waited(Some(Input::End { stream })).ends[1].session.exchanges(), 1, "what it said is still to be read");
    let code = Code::Cancelled.to_quic();
    assert_eq!(waited(Some(Input::Reset { stream, code })).ends[1].session.exchanges(), 0);
    let another = theirs(9);
    assert_eq!(waited(Some(Input::Reset { stream: another, code })).ends[1].session.exchanges(), 1, "that was another one");
}

#[test]
fn the_ends_of_streams_that_are_passed_over_are_not_those_of_control_streams() {
    let one_way = |side, n| StreamId::one_way(side, n);
    for input in [
        Input::End { stream: one_way(Side::Client, 1) },
        Input::Broken { stream: one_way(Side::Client, 1), violation: Violation::RequestCut },
        Input::End { stream: one_way(Side::Server, 5) },
    ] {
        let mut pair = Pair::open(1);
        pair.input(1, Input::OneWay { stream: one_way(Side::Client, 1), kind: 0x3e });
        pair.input(1, input);
        assert_eq!(pair.ends[1].close, None);
        // There is room for one more each time that one has ended.
        for n in 2..6 {
            pair.input(1, Input::OneWay { stream: one_way(Side::Client, n), kind: 0x3e });
            pair.input(1, Input::End { stream: one_way(Side::Client, n) });
        }
        assert_eq!(pair.ends[1].close, None);
    }
    let mut pair = Pair::open(1);
    pair.input(1, Input::End { stream: one_way(Side::Client, 0) });
    assert_eq!(pair.ends[1].close, Some(Violation::ControlEnded.code()));
    let mut fresh = Pair::new(1);
    fresh.input(1, Input::Begin);
    fresh.input(1, Input::OneWay { stream: one_way(Side::Client, 0), kind: CONTROL });
    fresh.input(1, Input::Broken { stream: one_way(Side::Client, 0), violation: Violation::RequestCut });
    assert_eq!(fresh.ends[1].close, Some(Violation::ControlEnded.code()));
}

#[test]
fn a_direction_is_ended_once() {
    let mut pair = Pair::open(1);
    pair.ask(0, get("a"));
    while pair.step() {}
    pair.input(1, Input::Say { stream: theirs(0), frame: super::talk::fail(Code::NotFound) });
    pair.input(1, Input::Finish { stream: theirs(0) });
    let ends = |pair: &Pair| pair.ends[0].coming[&theirs(0)].iter().filter(|carried| **carried == Carried::End).count();
    assert_eq!(ends(&pair), 1);
    pair.settle();
    assert_eq!(pair.over(0).len(), 1);
    assert_eq!(pair.over(1).len(), 1);
}

#[test]
fn sets_of_roles_and_capabilities_are_joined() {
    assert_eq!(
        Capabilities::PUT.with(Capabilities::PURGE).with(Capabilities::PUT),
        Capabilities(Capabilities::PUT.0 | Capabilities::PURGE.0)
    );
    assert_eq!(Roles::EDGE.with(Roles::CLIENT).with(Roles::EDGE), Roles(Roles::EDGE.0 | Roles::CLIENT.0));
    let told = version::Spoken::here().to_string();
    assert!(told.starts_with("stoq/1 minor 0 capabilities put purge "), "{told}");
    let none = version::Spoken { capabilities: Capabilities(0), ..version::Spoken::here() };
    assert_eq!(none.to_string(), "stoq/1 minor 0 capabilities");
}
