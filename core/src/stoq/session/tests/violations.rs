//! What happens when a peer does not keep to the protocol: each violation has its one answer.

use super::pair::Pair;
use super::talk::{ack, chunk, get, have, id, put, want};
use crate::stoq::session::frame::*;
use crate::stoq::session::states::State;
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::*;

const CONTROL_OF_CLIENT: StreamId = StreamId(2);
const FIRST: StreamId = StreamId(0);

/// A server that greeted and has keys, and a client that is played by the test.
fn greeted(config: Config) -> Pair {
    let mut pair = Pair::with(1, Config::default(), config);
    pair.input(1, Input::Begin);
    pair.input(1, Input::Keyed { major: 1, exporter: [7; 32] });
    pair.input(1, Input::OneWay { stream: CONTROL_OF_CLIENT, kind: CONTROL });
    pair
}

fn control(pair: &mut Pair, frame: Frame) {
    pair.input(1, Input::Frame { stream: CONTROL_OF_CLIENT, frame });
}

fn settings() -> Settings {
    Settings::new(Capabilities::ALL, Roles::CLIENT)
}

fn told(settings: Settings) -> Frame {
    Frame::Settings(Box::new(settings))
}

/// The server closes with the code of this violation.
#[track_caller]
fn closes(pair: &Pair, violation: Violation) {
    assert_eq!(pair.ends[1].close, Some(violation.code()), "{violation:?}, {}", violation.clause());
    assert_eq!(pair.ends[1].session.state(), State::Closed);
    assert_eq!(pair.ends[1].session.heap_bytes(), 0, "a closed session holds nothing");
}

#[test]
fn settings_come_first_once_and_in_time() {
    let mut pair = greeted(Config::default());
    control(&mut pair, Frame::GoAway { accepted: 0 });
    closes(&pair, Violation::SettingsMissing);

    let mut pair = greeted(Config::default());
    control(&mut pair, told(settings()));
    control(&mut pair, told(settings()));
    closes(&pair, Violation::SettingsTwice);

    let mut pair = greeted(Config::default());
    pair.wake(1, Why::Agree);
    closes(&pair, Violation::SettingsLate);
}

/// No QUIC endpoint sees this: a server has keys only after the client has, and neither takes a frame that is not early data before it has its own
/// (RFC 9001, clauses 4.1.1 and 5.7). So a driver that lets it happen is told, rather than served.
#[test]
fn a_confirmation_that_comes_before_the_keys_is_out_of_place() {
    let mut pair = Pair::new(3_755_782_501_515_242_374);
    pair.input(0, Input::Begin);
    pair.input(1, Input::Begin);
    pair.input(1, Input::Keyed { major: 1, exporter: [7; 32] });
    pair.settle();
    assert_eq!(pair.states(), [State::Closed, State::Confirming]);
    assert_eq!(pair.ends[0].close, Some(Violation::Unexpected.code()));
}

#[test]
fn settings_are_judged_one_by_one() {
    let outcome = |theirs: Settings| {
        let mut pair = greeted(Config::default());
        control(&mut pair, told(theirs));
        pair.ends[1].close
    };
    let (low, high) = Setting::Requests.bounds();
    assert_eq!(outcome(settings().with(Setting::Requests, low)), None);
    assert_eq!(outcome(settings().with(Setting::Requests, high)), None);
    assert_eq!(outcome(settings().with(Setting::Requests, low - 1)), Some(Violation::SettingInvalid.code()));
    assert_eq!(outcome(settings().with(Setting::Requests, high + 1)), Some(Violation::SettingInvalid.code()));
    assert_eq!(outcome(settings().with_number(0x99, 1)), Some(Violation::SettingCritical.code()));
    assert_eq!(outcome(settings().with_number(0x98, 1)), None, "it may be passed over");
    assert_eq!(outcome(settings().with(Setting::Needs, 1 << 40)), Some(Violation::CapabilityMissing.code()));
    assert_eq!(outcome(settings().with(Setting::Majors, 0b10)), Some(Violation::VersionUnknown.code()));
    assert_eq!(outcome(settings().with(Setting::Majors, 0b11)), None, "only the peer speaks the higher version");
}

#[test]
fn a_version_lower_than_both_offer_is_a_downgrade() {
    let config = Config { settings: settings().with(Setting::Majors, 0b11), ..Config::default() };
    let mut pair = greeted(config);
    control(&mut pair, told(settings().with(Setting::Majors, 0b111)));
    closes(&pair, Violation::VersionLower);
    assert_eq!(Violation::VersionLower.code().scope(), Scope::Session);
}

#[test]
fn a_man_in_the_middle_who_takes_a_capability_away_is_found() {
    for victim in [0, 1] {
        let mut pair = Pair::new(3);
        pair.tamper = Some(match victim {
            0 => |to, frame| if to == 0 { weaker(frame) } else { frame },
            _ => |to, frame| if to == 1 { weaker(frame) } else { frame },
        });
        pair.connect();
        pair.settle();
        assert!(pair.ends.iter().any(|end| end.close == Some(Code::Downgrade)), "to {victim}: {:?}", pair.states());
        let opened = pair.ends.iter().filter(|end| end.notices.iter().any(|notice| matches!(notice, Notice::Open(_)))).count();
        assert_eq!(opened, 0, "nobody believes that it is open");
    }
}

/// SETTINGS without the capability to purge.
fn weaker(frame: Frame) -> Frame {
    match frame {
        Frame::Settings(settings) => {
            let left = Capabilities(settings.get(Setting::Capabilities)).without(Capabilities::PURGE);
            Frame::Settings(Box::new(settings.with(Setting::Capabilities, left.0)))
        }
        frame => frame,
    }
}

#[test]
fn a_relay_between_two_connections_is_found() {
    let mut pair = Pair::new(4);
    for end in 0..2 {
        pair.input(end, Input::Begin);
        pair.input(end, Input::Keyed { major: 1, exporter: [end as u8; 32] });
    }
    pair.settle();
    assert!(pair.ends.iter().all(|end| end.close == Some(Code::Downgrade)), "their keys differ");
}

#[test]
fn the_words_of_one_side_do_not_serve_the_other() {
    let ours = &Config::default().settings;
    for (speaker, ends) in [(Side::Client, State::Open), (Side::Server, State::Closed)] {
        let mut pair = greeted(Config { grease: false, ..Config::default() });
        control(&mut pair, told(settings()));
        let said = transcript::confirmation(speaker, 1, &[7; 32], &settings(), ours);
        control(&mut pair, Frame::Confirm(Box::new(said)));
        assert_eq!(pair.ends[1].session.state(), ends);
        assert_eq!(pair.ends[1].close, (speaker == Side::Server).then_some(Violation::ConfirmWrong.code()));
    }
}

#[test]
fn there_is_one_control_stream_and_it_does_not_end() {
    let mut pair = Pair::open(5);
    pair.input(1, Input::OneWay { stream: StreamId(6), kind: CONTROL });
    closes(&pair, Violation::ControlTwice);
    for input in [
        Input::End { stream: CONTROL_OF_CLIENT },
        Input::Reset { stream: CONTROL_OF_CLIENT, code: 0 },
        Input::Broken { stream: CONTROL_OF_CLIENT, violation: Violation::RequestCut },
        Input::Stop { stream: StreamId(3), code: 0 },
    ] {
        let mut pair = Pair::open(5);
        pair.input(1, input);
        closes(&pair, Violation::ControlEnded);
    }
}

#[test]
fn one_way_streams_of_unknown_types_are_stopped_or_end_the_connection() {
    let mut pair = Pair::open(6);
    pair.input(1, Input::OneWay { stream: StreamId(6), kind: 0x3e });
    pair.input(1, Input::OneWay { stream: StreamId(10), kind: 0x40 });
    assert_eq!(pair.ends[0].coming[&StreamId(6)].back(), Some(&super::pair::Carried::Stop(Code::Refused.to_quic())));
    pair.input(1, Input::Reset { stream: StreamId(6), code: 0 });
    pair.input(1, Input::OneWay { stream: StreamId(14), kind: 0x3e });
    assert_eq!(pair.ends[1].close, None, "one of them ended, so there is room for another");
    pair.input(1, Input::OneWay { stream: StreamId(18), kind: 0x3e });
    closes(&pair, Violation::StreamsTooMany);

    let mut pair = Pair::open(6);
    pair.input(1, Input::OneWay { stream: StreamId(6), kind: 0x3f });
    closes(&pair, Violation::CriticalStream);
}

#[test]
fn frames_travel_only_where_they_may() {
    for (kind, places) in stream::PLACES {
        let Some(frame) = sample(kind) else { continue };
        let mut pair = Pair::open(7);
        if !places[stream::Place::Control as usize] {
            control(&mut pair, frame.clone());
            closes(&pair, Violation::Unexpected);
        }
        let mut pair = Pair::open(7);
        if !places[stream::Place::Request as usize] {
            pair.input(1, Input::Request { stream: FIRST, early: false });
            pair.input(1, Input::Frame { stream: FIRST, frame: frame.clone() });
            closes(&pair, Violation::Unexpected);
        }
        let mut pair = Pair::open(7);
        if !places[stream::Place::Datagram as usize] {
            pair.input(1, Input::Datagram { frame });
            closes(&pair, Violation::Unexpected);
        }
    }
}

fn sample(kind: Kind) -> Option<Frame> {
    Some(match kind {
        Kind::Settings => told(settings()),
        Kind::Confirm => Frame::Confirm(Box::new([0; 32])),
        Kind::GoAway => Frame::GoAway { accepted: 0 },
        Kind::Ping => Frame::Ping { token: 0 },
        Kind::Pong => Frame::Pong { token: 0, load_permille: 0, lease_millis: 0 },
        Kind::GetName => get("a"),
        Kind::GetId => Frame::GetId(Box::new(GetId { id: id(0), range: None })),
        Kind::Want => want(1),
        Kind::Have => have(&[true]),
        Kind::Manifest => Frame::Manifest(Box::new(Manifest::plain(id(0), 0, 0))),
        Kind::Chunk => chunk(0, 0),
        Kind::Put => put(),
        Kind::Ack => ack(),
        Kind::Purge => Frame::Purge(Box::new(Purge { name: super::talk::name("a"), below: false, version: 0 })),
        Kind::Purged => Frame::Purged(Purged { version: 0, nodes: 0 }),
        Kind::Cancel => Frame::Cancel(Cancel { first: 0, count: 1 }),
        Kind::Fail => super::talk::fail(Code::NotFound),
        Kind::Location | Kind::Route => return None,
    })
}

#[test]
fn a_frame_out_of_turn_closes_the_connection() {
    for wrong in [get("b"), put(), want(1), chunk(0, 0), Frame::Manifest(Box::new(Manifest::plain(id(0), 0, 0)))] {
        let mut pair = Pair::open(8);
        pair.input(1, Input::Request { stream: FIRST, early: false });
        pair.input(1, Input::Frame { stream: FIRST, frame: get("a") });
        pair.input(1, Input::Frame { stream: FIRST, frame: wrong });
        closes(&pair, Violation::Unexpected);
    }
}

#[test]
fn what_was_not_agreed_is_not_taken() {
    let without = |capability| Config { settings: Settings::new(Capabilities::ALL.without(capability), Roles::EDGE), ..Config::default() };
    let agreed = |capability| {
        let mut pair = Pair::with(9, Config::default(), without(capability));
        pair.connect();
        pair.settle();
        pair
    };
    let mut pair = agreed(Capabilities::PUT);
    pair.input(1, Input::Request { stream: FIRST, early: false });
    pair.input(1, Input::Frame { stream: FIRST, frame: put() });
    closes(&pair, Violation::NotAgreed);
    let mut pair = agreed(Capabilities::PROBES);
    pair.input(1, Input::Datagram { frame: Frame::Ping { token: 1 } });
    closes(&pair, Violation::NotAgreed);
    let mut pair = agreed(Capabilities::PUT);
    pair.input(0, Input::Ask { frame: put(), tag: 3, early: false });
    assert!(pair.ends[0].notices.contains(&Notice::Refused { tag: 3, code: Code::NotAuthorised }), "a side keeps to it by itself");
}

#[test]
fn an_answer_that_was_not_asked_for_ends_the_exchange() {
    let cases: [(Frame, &[Frame]); 3] = [
        (want(2), &[have(&[true; 3])]),
        (want(2), &[have(&[true, false]), chunk(0, 0), chunk(1, 0)]),
        (get("a"), &[Frame::Manifest(Box::new(Manifest::plain(id(0), 0, 0))), chunk(0, 0)]),
    ];
    for (at, (request, answers)) in cases.into_iter().enumerate() {
        let mut pair = Pair::open(10);
        pair.ask(0, request);
        for frame in answers {
            pair.input(0, Input::Frame { stream: FIRST, frame: frame.clone() });
        }
        let expected: &[_] = if at < 2 { &[(FIRST, Err(Violation::NotAsked.code()))] } else { &[] };
        assert_eq!(pair.over(0), expected, "case {at}");
        assert_eq!(pair.states()[0], State::Open);
    }
}

#[test]
fn chunks_that_nobody_wants_are_not_taken() {
    let mut pair = Pair::open(11);
    pair.input(1, Input::Request { stream: FIRST, early: false });
    for frame in [put(), Frame::Manifest(Box::new(Manifest::plain(id(0), 0, 0)))] {
        pair.input(1, Input::Frame { stream: FIRST, frame });
    }
    pair.say(1, FIRST, want(1));
    for _ in 0..2 {
        pair.input(1, Input::Frame { stream: FIRST, frame: chunk(0, 0) });
    }
    assert_eq!(pair.over(1), [(FIRST, Err(Violation::NotAsked.code()))]);
}

#[test]
fn an_exchange_that_ends_too_early_is_over_and_no_more() {
    for (input, violation) in [
        (Input::End { stream: FIRST }, Violation::RequestEnded),
        (Input::Broken { stream: FIRST, violation: Violation::RequestCut }, Violation::RequestCut),
    ] {
        for end in [0, 1] {
            let mut pair = Pair::open(12);
            if end == 0 {
                pair.ask(0, get("a"));
            } else {
                pair.input(1, Input::Request { stream: FIRST, early: false });
            }
            pair.input(end, input.clone());
            assert_eq!(pair.over(end), [(FIRST, Err(violation.code()))]);
            assert_eq!(pair.states()[end], State::Open);
        }
    }
}

#[test]
fn broken_bytes_close_the_connection_wherever_they_are() {
    for violation in [Violation::Malformed, Violation::TooLarge, Violation::CriticalFrame] {
        for stream in [CONTROL_OF_CLIENT, FIRST] {
            let mut pair = Pair::open(13);
            pair.input(1, Input::Broken { stream, violation });
            closes(&pair, violation);
        }
        let mut pair = Pair::open(13);
        pair.input(1, Input::BrokenDatagram { violation });
        closes(&pair, violation);
    }
}

#[test]
fn a_side_that_leaves_does_not_come_back() {
    let mut pair = Pair::open(14);
    for (accepted, closed) in [(5, None), (5, None), (3, None), (4, Some(Violation::GoAwayRaised.code()))] {
        control(&mut pair, Frame::GoAway { accepted });
        assert_eq!(pair.ends[1].close, closed);
    }
}

#[test]
fn an_exchange_without_progress_is_given_up() {
    let mut pair = Pair::open(15);
    pair.ask(0, get("a"));
    pair.settle();
    let limit = Config::default().stall_after;
    pair.now += crate::base::Span(limit.0 / 2);
    pair.input(1, Input::Progress { stream: FIRST });
    pair.now += crate::base::Span(limit.0 / 2);
    pair.wake(0, Why::Sweep);
    assert_eq!(pair.over(0), [(FIRST, Err(Violation::Stalled.code()))]);
    pair.wake(1, Why::Sweep);
    assert_eq!(pair.over(1), [], "there was progress at this end");
}

#[test]
fn an_error_is_never_answered_with_an_error() {
    let mut pair = Pair::open(16);
    control(&mut pair, Frame::Confirm(Box::new([0; 32])));
    closes(&pair, Violation::Unexpected);
    pair.ends[0].coming.clear();
    for frame in [Frame::Confirm(Box::new([0; 32])), get("a"), told(settings())] {
        control(&mut pair, frame.clone());
        pair.input(1, Input::Frame { stream: FIRST, frame: frame.clone() });
        pair.input(1, Input::Datagram { frame });
    }
    pair.input(1, Input::Request { stream: StreamId(40), early: false });
    pair.input(1, Input::Broken { stream: FIRST, violation: Violation::Malformed });
    assert!(pair.ends[0].coming.is_empty() && pair.ends[0].datagrams.is_empty(), "nothing more is said");
}
