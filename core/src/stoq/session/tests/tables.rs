//! The tables are whole, and say what the standard says.

use crate::stoq::session::code::{Code, QUIC_BASE, Scope, scope_of};
use crate::stoq::session::exchange::states as exchange;
use crate::stoq::session::frame::Kind;
use crate::stoq::session::settings::Setting;
use crate::stoq::session::states as session;
use crate::stoq::session::stream::{PLACES, Side, StreamId};
use crate::stoq::session::version::{self, grease, is_critical, is_grease};
use crate::stoq::session::violation::Violation;
use std::collections::BTreeSet;

#[test]
fn no_cell_of_the_sessions_table_is_missing() {
    assert_eq!(session::TABLE.len(), session::STATES.len());
    for (row, state) in session::STATES.into_iter().enumerate() {
        assert_eq!(state as usize, row);
        for (column, event) in session::EVENTS.into_iter().enumerate() {
            assert_eq!(event as usize, column);
            let cell = session::cell(state, event);
            let ends = matches!(cell.act, session::Act::Close | session::Act::Break | session::Act::Fail(_) | session::Act::Gone);
            assert_eq!(ends, cell.next == session::State::Closed && state != session::State::Closed, "{state:?} at {event:?}");
            assert!(cell.next >= state || state == session::State::Closed, "a session never goes back: {state:?} at {event:?}");
        }
        assert_eq!(session::TABLE[row].len(), session::EVENTS.len());
    }
}

#[test]
fn what_is_spoken_is_told_without_a_connection() {
    let told = version::Spoken::here();
    assert_eq!(told.to_string(), "stoq/1 minor 0 capabilities put purge routes probes early erasure-1 sealed");
    assert_eq!(version::alpn(told.major).map(<[u8]>::to_vec), told.to_string().split(' ').next().map(|token| token.as_bytes().to_vec()));
}

#[test]
fn every_state_of_a_session_is_reached_and_can_end() {
    let mut reached = BTreeSet::from([session::State::Idle]);
    for _ in session::STATES {
        let next = reached.iter().flat_map(|state| session::EVENTS.map(|event| session::cell(*state, event).next));
        reached = next.chain(reached.iter().copied()).collect();
    }
    assert_eq!(reached.len(), session::STATES.len());
    for state in session::STATES {
        for event in [session::Event::Break, session::Event::Gone] {
            assert_eq!(session::cell(state, event).next, session::State::Closed);
        }
    }
}

#[test]
fn a_closed_session_says_nothing() {
    use session::Act::{Drop, Nothing, Refuse};
    for event in session::EVENTS {
        let cell = session::cell(session::State::Closed, event);
        assert!(matches!(cell.act, Nothing | Refuse | Drop) && cell.next == session::State::Closed, "{event:?}");
    }
}

#[test]
fn no_cell_of_the_exchanges_table_is_missing() {
    assert_eq!(exchange::TABLE.len(), exchange::STATES.len());
    for (row, state) in exchange::STATES.into_iter().enumerate() {
        assert_eq!(state as usize, row);
        assert_eq!(exchange::TABLE[row].len(), exchange::EVENTS.len());
        for (column, event) in exchange::EVENTS.into_iter().enumerate() {
            assert_eq!(event as usize, column);
            let cell = exchange::cell(state, event);
            use exchange::Act::{Abort, Break, Done, Fail, Misuse};
            let ends = matches!(cell.act, Abort | Break(_) | Done | Fail(_));
            assert_eq!(ends, cell.next == exchange::State::Closed && state != exchange::State::Closed, "{state:?} at {event:?}");
            assert!(cell.act != Misuse || event >= exchange::Event::Say, "a peer cannot misuse: {state:?} at {event:?}");
        }
        if state != exchange::State::Closed {
            assert_eq!(exchange::cell(state, exchange::Event::Abort).next, exchange::State::Closed, "{state:?} can be given up");
        }
    }
}

#[test]
fn every_violation_has_one_answer_and_a_requirement() {
    for violation in Violation::ALL {
        assert!(violation.clause().starts_with("R-"), "{violation:?}");
        assert_ne!(violation.code(), Code::NoError);
    }
}

#[test]
fn codes_carry_their_scope_and_ride_on_quic() {
    for code in Code::ALL {
        assert_eq!(Code::known(code.number()), Some(*code));
        let on_stream = code.scope() == Scope::Stream;
        assert_eq!(Code::from_quic(code.to_quic(), on_stream), *code);
        let general = if on_stream { Code::Internal } else { Code::Refused };
        assert_eq!(Code::from_quic(code.to_quic(), !on_stream), general, "{code:?} in the wrong scope");
    }
    assert_eq!(Code::from_quic(0, false), Code::Internal, "a code of nobody");
    assert_eq!(Code::from_quic(QUIC_BASE + 0xFE, true), Code::Refused, "an unknown code");
    assert_eq!((scope_of(0x3F), scope_of(0x7F), scope_of(0xFF)), (Some(Scope::Connection), Some(Scope::Session), Some(Scope::Stream)));
    assert_eq!(scope_of(0x100), None);
}

#[test]
fn code_points_are_critical_by_rule() {
    for n in 0..100 {
        assert!(is_grease(grease(n)) && !is_critical(grease(n)));
        assert!(Kind::known(grease(n)).is_none() && Setting::known(grease(n)).is_none());
    }
    assert!(grease(u64::MAX) <= crate::base::wire::VARINT_MAX);
    assert_eq!(version::alpn(version::MAJOR), Some(&b"stoq/1"[..]));
    for kind in Kind::ALL {
        let told = matches!(kind, Kind::Ping | Kind::Pong | Kind::Location | Kind::Route);
        assert_eq!(is_critical(*kind as u64), !told, "{kind:?}: what only tells may be passed over");
    }
}

#[test]
fn every_frame_has_a_place() {
    for (kind, places) in PLACES {
        assert!(places.contains(&true), "{kind:?}");
    }
    let rows: Vec<Kind> = PLACES.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(rows, Kind::ALL);
}

#[test]
fn streams_are_numbered_as_quic_does() {
    let stream = StreamId::request(Side::Server, 5);
    assert_eq!((stream.0, stream.opener(), stream.is_one_way(), stream.ordinal()), (21, Side::Server, false, 5));
    assert_eq!((StreamId::one_way(Side::Client, 0).0, StreamId::one_way(Side::Server, 0).0), (2, 3));
}
