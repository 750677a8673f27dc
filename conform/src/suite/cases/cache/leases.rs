//! R-11-16 and R-11-23 to R-11-26: leases, asked for, given and counted.

use super::town::{Town, fresh, object};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Edge, Origin};
use crate::suite::port::Line;
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::session::frame::{Frame, Purged};
use hypermesh_core::stoq::session::{Capabilities, Code, Roles, Setting};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [under(), counted(), asked(), by_token(passed_on()), by_token(given())].concat()
}

/// R-11-16: only under a lease.
fn under() -> Vec<Case> {
    let after = |name: &'static str, polarity, span: Span, from_copy: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            t.pause(span);
            if from_copy {
                return town.expect_copy(t, &object).map(drop);
            }
            let (_, _, ask) = town.expect_asked(t, &object.name)?;
            ensure(ask.from_origin, || "a cache without a lease asks, and not the origin itself".into())
        })
    };
    vec![
        after("R-11-16/while-the-lease-lasts", Valid, Span::secs(2), true),
        after("R-11-16/after-the-lease", Invalid, Span::millis(4_500), false).in_memory().leaning_on(&["R-11-32"]),
        after("R-11-16/the-last-instant-of-the-lease", Boundary, Span(3_749_999_999), true).in_memory(),
        after("R-11-16/the-end-of-the-lease", Boundary, Span(3_750_000_000), false).in_memory().leaning_on(&["R-11-25", "R-11-32"]),
        Case::wire("R-11-16/without-a-lease", Invalid, Edge, |t| {
            let (town, object) = (Town::open(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.expect_asked(t, &object.name).map(drop)
        }),
        Case::wire("R-11-16/a-copy-from-an-earlier-session", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            t.close(town.above, Code::NoError);
            t.ask_name(town.below, &t.name("another"))?;
            let above = t.session_from_it()?;
            let town = Town { above, ..town };
            town.grant(t)?;
            let (_, ask) = town.asked(t)?;
            ensure(ask.name.as_str() != object.name, || "it asks for what nobody wanted".into())?;
            town.expect_asked(t, &object.name).map(drop)
        }),
    ]
}

/// R-11-25: from the question, and a sixteenth less.
fn counted() -> Vec<Case> {
    // The answer to the first question comes late, and no other is answered.
    let late = |name: &'static str, polarity, told: Span, held: Span, span: Span, from_copy: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::open(t)?, object(t, "news", 1));
            let token = town.question(t)?;
            let asked = t.now();
            t.pause(held);
            town.pong(t, token, told)?;
            town.fill(t, &object, fresh(60_000))?;
            t.pause((asked + span).since(t.now()));
            if from_copy { town.expect_copy(t, &object).map(drop) } else { town.expect_asked(t, &object.name).map(drop) }
        })
        .in_memory()
    };
    let (four, end) = (Span::secs(4), Span(3_750_000_000));
    let last = Span(end.0 - 1);
    vec![
        late("R-11-25/the-last-instant", Valid, four, Span::ZERO, last, true),
        late("R-11-25/a-sixteenth-before-its-end", Valid, four, Span::ZERO, end, false).leaning_on(&["R-11-16"]),
        late("R-11-25/an-answer-that-took-a-while", Boundary, four, Span::millis(200), end, false).leaning_on(&["R-11-16"]),
        late("R-11-25/an-answer-that-took-a-while-before-its-end", Boundary, four, Span::millis(200), last, true),
        late("R-11-25/an-answer-after-the-end-of-its-lease", Boundary, Span::millis(200), Span::millis(200), Span::millis(201), false)
            .leaning_on(&["R-11-16"]),
        late("R-11-25/a-lease-longer-than-the-declared-one", Invalid, Span::secs(60), Span::ZERO, end, false).leaning_on(&["R-11-16"]),
    ]
}

/// R-11-26: often enough.
fn asked() -> Vec<Case> {
    let counted = |name: &'static str, polarity, leased: bool, least: usize| {
        Case::wire(name, polarity, Edge, move |t| {
            let town = Town::open(t)?;
            let mut token = town.question(t)?;
            let (until, lease) = (t.now() + t.pixit().lease, t.pixit().lease);
            let mut questions = 0;
            loop {
                questions += 1;
                if leased {
                    town.pong(t, token, lease)?;
                }
                match town.question_within(t, until.since(t.now()))? {
                    Some(next) if t.now() < until => token = next,
                    _ => break,
                }
            }
            ensure(questions >= least, || format!("{questions} questions for a lease came within one lease"))
        })
    };
    vec![
        counted("R-11-26/under-a-lease", Valid, true, 4),
        counted("R-11-26/without-a-lease", Invalid, false, 5).in_memory(),
        Case::wire("R-11-26/the-first-question", Boundary, Edge, |t| {
            let town = Town::open(t)?;
            let hush = t.hush();
            let first = town.question_within(t, hush)?;
            ensure(first.is_some(), || "no question came right after the confirmations".into())
        }),
    ]
}

/// The lease that somebody below or above is told, by the answer to a question with this token. Answers to others are not looked at.
fn lease_of(t: &mut Tester<'_>, line: Line, asked: u64) -> Outcome<Span> {
    t.datagram(line, &Frame::Ping { token: asked }.to_bytes())?;
    loop {
        match t.expect_datagram(line)?[..] {
            [Frame::Pong { token, lease_millis, .. }] if token == asked => return Ok(Span::millis(u64::from(lease_millis))),
            [Frame::Pong { .. }] => {}
            ref other => return Err(Miss::Fail(format!("Pong is due, and {other:?} came"))),
        }
    }
}

/// Whoever asks for a lease finds its answer by its token.
fn by_token(cases: Vec<Case>) -> Vec<Case> {
    cases.into_iter().map(|case| case.leaning_on(&["R-6-01"])).collect()
}

/// R-11-23: no more than it has itself.
fn passed_on() -> Vec<Case> {
    let after = |name: &'static str, polarity, span: Span, at_most: Span| {
        Case::wire(name, polarity, Edge, move |t| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            t.pause(span);
            let told = lease_of(t, town.below, 77)?;
            ensure(told <= at_most, || format!("at most {at_most} are left of its own lease, and it tells {told}"))?;
            let left = Span(at_most.0.saturating_sub(1_000_000_000));
            ensure(told >= left, || format!("{at_most} are left of its own lease, and it tells {told}"))
        })
    };
    vec![
        after("R-11-23/what-is-left", Valid, Span::secs(1), Span::millis(2_750)),
        after("R-11-23/the-end-of-its-own", Boundary, Span::millis(3_750), Span::ZERO).in_memory(),
        Case::wire("R-11-23/without-a-lease-of-its-own", Invalid, Edge, |t| {
            let town = Town::open_as(t, Roles::EDGE)?;
            let told = lease_of(t, town.below, 77)?;
            ensure(told == Span::ZERO, || format!("a cache without a lease tells {told}"))
        }),
    ]
}

/// R-11-24: to whom.
fn given() -> Vec<Case> {
    let of_origin = |name: &'static str, polarity, roles: Roles, without: Capabilities, is_given: bool| {
        Case::wire(name, polarity, Origin, move |t| {
            let all = Capabilities::ALL.without(Capabilities::EARLY).without(without);
            let settings = Tester::settings(roles).with(Setting::Capabilities, all.0);
            let line = t.session_with(roles, &settings)?;
            let told = lease_of(t, line, 77)?;
            ensure((told > Span::ZERO) == is_given, || format!("the peer is told a lease of {told}"))
        })
    };
    let none = Capabilities(0);
    vec![
        of_origin("R-11-24/an-edge", Valid, Roles::EDGE, none, true),
        of_origin("R-11-24/a-regional", Valid, Roles::REGIONAL, none, true),
        of_origin("R-11-24/a-client", Invalid, Roles::CLIENT, none, false),
        of_origin("R-11-24/a-cache-that-cannot-be-purged", Invalid, Roles::EDGE, Capabilities::PURGE, false),
        Case::wire("R-11-24/a-cache-that-has-just-answered-a-doubt", Boundary, Edge, |t| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            t.close(town.above, Code::NoError);
            let (doubt, ..) = t.expect_request(town.below)?;
            // Another cache or client makes it look for the node above.
            let other = t.session()?;
            let above = t.session_from_it()?;
            let town = Town { above, ..town };
            town.grant(t)?;
            let before = lease_of(t, town.below, 77)?;
            ensure(before == Span::ZERO, || format!("a cache that is in doubt is told {before}"))?;
            t.send_last(town.below, doubt, &Frame::Purged(Purged { version: 0, nodes: 1 }).to_bytes())?;
            let mut after = lease_of(t, town.below, 78)?;
            for token in 79..89 {
                // A network may bring a datagram before what was said on a stream.
                if after == Span::ZERO {
                    t.pause(Span::millis(20));
                    after = lease_of(t, town.below, token)?;
                }
            }
            t.close(other, Code::NoError);
            ensure(after > Span::ZERO, || "a cache that has answered is told no lease".into())
        })
        .leaning_on(&["R-11-21"]),
    ]
}
