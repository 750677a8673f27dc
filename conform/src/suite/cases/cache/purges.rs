//! R-11-08, R-11-09, R-11-12, R-11-17, R-11-19, R-11-20 and R-11-27: purges, who may order them, and when they are acknowledged.

use super::town::{Town, fresh, object, patient, purge, purge_on};
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::case::Subject::{self, Edge, Origin};
use crate::suite::case::{Case, Need};
use crate::suite::port::{Line, Pixit};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Time, Wire as _};
use hypermesh_core::stoq::session::frame::{Fail, Frame, Purged};
use hypermesh_core::stoq::session::{Code, Roles, StreamId};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [in_time(), answers(), copies(), below(), silent(), allowed()].concat()
}

/// R-11-08: in time.
fn in_time() -> Vec<Case> {
    let held = |name: &'static str, polarity, is_held: bool, is_known: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            if is_held {
                town.fill(t, &object, fresh(60_000))?;
            }
            if is_known {
                town.purge(t, &object.name, false, 1)?;
            }
            let before = t.now();
            town.purge(t, &object.name, false, 1)?;
            let took = t.now().since(before);
            ensure(took <= Span::secs(1), || format!("a purge was acknowledged after {took}"))
        })
    };
    vec![
        held("R-11-08/a-name-that-is-held", Valid, true, false),
        held("R-11-08/a-name-that-is-not-held", Valid, false, false),
        held("R-11-08/a-purge-that-is-known", Boundary, true, true),
    ]
}

/// R-11-09: answers are judged when they arrive.
fn answers() -> Vec<Case> {
    let crossed = |name: &'static str, polarity, upto: u64, version: u64, taken: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", version));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.purge(t, &object.name, false, upto)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            if taken {
                return town.expect_version(t, wanted, version).map(drop);
            }
            town.expect_waiting(t, wanted)?;
            let (_, again) = town.asked(t)?;
            let right = again.from_origin && again.version_min > upto;
            ensure(right, || format!("after a purge up to {upto} the node above is asked with {again:?}"))
        })
    };
    vec![
        crossed("R-11-09/an-answer-above-the-purge", Valid, 4, 5, true),
        crossed("R-11-09/an-answer-that-the-purge-covers", Boundary, 5, 5, false).leaning_on(&["R-11-32"]),
        crossed("R-11-09/an-answer-long-purged", Invalid, 9, 5, false).leaning_on(&["R-11-32"]),
        Case::wire("R-11-09/a-purge-after-the-answer", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 5));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            town.expect_version(t, wanted, 5)?;
            town.purge(t, &object.name, false, 5)?;
            town.expect_asked(t, &object.name).map(drop)
        })
        .leaning_on(&["R-11-12"]),
    ]
}

/// R-11-12: what was purged is not served.
fn copies() -> Vec<Case> {
    let purged = |name: &'static str, polarity, below: bool, upto: u64, served: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 5));
            town.fill(t, &object, fresh(60_000))?;
            let name = if below { t.name("n") } else { object.name.clone() };
            town.purge(t, &name, below, upto)?;
            if served { town.expect_copy(t, &object).map(drop) } else { town.expect_asked(t, &object.name).map(drop) }
        })
    };
    vec![
        purged("R-11-12/a-copy-below-the-purge", Valid, false, 9, false),
        purged("R-11-12/a-copy-of-the-purged-version", Boundary, false, 5, false),
        purged("R-11-12/a-copy-above-the-purge", Boundary, false, 4, true),
        purged("R-11-12/all-below-a-name", Valid, true, 5, false),
        Case::wire("R-11-12/an-absence", Boundary, Edge, |t| {
            let (town, name) = (Town::leased(t)?, t.name("nothing"));
            let (wanted, stream, _) = town.expect_asked(t, &name)?;
            town.lack(t, stream, 5, 60_000)?;
            t.expect_answer(town.below, wanted)?;
            town.purge(t, &name, false, 5)?;
            town.expect_asked(t, &name).map(drop)
        }),
        Case::wire("R-11-12/an-old-answer-after-the-purge", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 5));
            town.fill(t, &object, fresh(60_000))?;
            town.purge(t, &object.name, false, 5)?;
            let (wanted, stream, _) = town.expect_asked(t, &object.name)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            town.expect_waiting(t, wanted)
        }),
    ]
}

/// An origin that has given no lease for long enough, with a publisher, and so many caches below it.
fn origin_with(t: &mut Tester<'_>, caches: usize) -> Outcome<(Line, Vec<Line>)> {
    t.pause(t.pixit().lease);
    let publisher = t.session()?;
    let caches = (0..caches).map(|_| t.session_as(Roles::EDGE)).collect::<Outcome<Vec<_>>>()?;
    Ok((publisher, caches))
}

/// A cache below is told of a purge. The stream on which it answers.
fn is_told(t: &mut Tester<'_>, cache: Line, upto: u64) -> Outcome<StreamId> {
    match t.expect_request(cache)? {
        (stream, Frame::Purge(told), _) if told.version == upto => Ok(stream),
        (_, other, _) => Err(Miss::Fail(format!("a cache below is to be told of the purge, and {other:?} came"))),
    }
}

fn confirm(t: &mut Tester<'_>, cache: Line, stream: StreamId, upto: u64) -> Outcome {
    t.send_last(cache, stream, &Frame::Purged(Purged { version: upto, nodes: 1 }).to_bytes())
}

/// How many nodes the acknowledgement counts.
fn nodes(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome<u32> {
    match t.expect_answer(line, stream)?.frames.first() {
        Some((Frame::Purged(purged), _)) => Ok(purged.nodes),
        other => Err(Miss::Fail(format!("Purged is due, and {other:?} came"))),
    }
}

/// R-11-17: only when it holds below.
fn below() -> Vec<Case> {
    vec![
        Case::wire("R-11-17/two-caches-that-answer", Valid, Origin, |t| {
            let publisher = t.session()?;
            let caches = [t.session_as(Roles::EDGE)?, t.session_as(Roles::EDGE)?];
            // It may have come up a moment ago.
            t.pause(t.pixit().lease);
            let name = t.name("news");
            let stream = t.ask(publisher, &purge(&name, false, 1))?;
            for cache in caches {
                is_silent(t, publisher, stream)?;
                let told = is_told(t, cache, 1)?;
                confirm(t, cache, told, 1)?;
            }
            let nodes = nodes(t, publisher, stream)?;
            ensure(nodes >= 3, || format!("a purge holds at an origin and two caches, and {nodes} nodes are told"))
        })
        .over_a_network()
        .needing(Need::Configuration),
        lasting("R-11-17/a-purge-of-an-origin-that-came-up", Invalid, Origin, |t, came_up| {
            let publisher = t.session()?;
            let name = t.name("news");
            let stream = t.ask(publisher, &purge(&name, false, 1))?;
            waits_a_lease(t, publisher, stream, came_up)
        }),
        lasting("R-11-17/a-cache-that-leaves-in-place-of-an-answer", Boundary, Origin, |t, _| {
            let (publisher, cache) = (t.session()?, t.session_as(Roles::EDGE)?);
            let name = t.name("news");
            let stream = t.ask(publisher, &purge(&name, false, 1))?;
            is_told(t, cache, 1)?;
            // So that the lease which began when the origin came up is over before this one.
            t.pause(Span(t.pixit().lease.0 / 2));
            let left = t.now();
            t.close(cache, Code::NoError);
            waits_a_lease(t, publisher, stream, left)
        }),
        patient("R-11-17/a-cache-leaves-before-it-answers", Boundary, Origin, |t| {
            let (publisher, caches) = origin_with(t, 1)?;
            let name = t.name("news");
            let stream = t.ask(publisher, &purge(&name, false, 1))?;
            is_told(t, caches[0], 1)?;
            let left = t.now();
            t.close(caches[0], Code::NoError);
            waits_a_lease(t, publisher, stream, left)
        }),
        patient("R-11-17/an-origin-that-came-up", Invalid, Origin, |t| {
            let came_up = t.now();
            let publisher = t.session()?;
            let name = t.name("news");
            let stream = t.ask(publisher, &purge(&name, false, 1))?;
            waits_a_lease(t, publisher, stream, came_up)
        }),
    ]
}

/// A case over a network alone, at an implementation whose exchanges may rest for longer than a lease lasts. It is told when that was started at the
/// earliest: what has to last for some time after that must not be over sooner, however slow the machine is.
fn lasting(
    name: &str,
    polarity: Polarity,
    subject: Subject,
    run: impl Fn(&mut Tester<'_>, Time) -> Outcome + Send + Sync + 'static,
) -> Case {
    let case = Case::wire(name, polarity, subject, move |t| {
        let pixit = Pixit { stall_after: Span::secs(20), idle: Span::secs(30), ..*t.pixit() };
        let before = t.now();
        t.network()?.start_with(subject, &pixit)?;
        run(t, before)
    });
    case.over_a_network().needing(Need::Configuration)
}

/// No acknowledgement came yet.
fn is_silent(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    let hush = t.hush();
    let got = t.next_within(line, stream, hush)?;
    ensure(got.is_none(), || format!("the purge does not hold everywhere, and {got:?} came"))
}

/// The acknowledgement comes a lease after that moment, and not before.
fn waits_a_lease(t: &mut Tester<'_>, line: Line, stream: StreamId, since: Time) -> Outcome {
    let lease = t.pixit().lease;
    t.pause(Span((since + lease).since(t.now()).0.saturating_sub(500_000_000)));
    is_silent(t, line, stream)?;
    nodes(t, line, stream)?;
    let waited = t.now().since(since);
    ensure(waited >= lease, || format!("a cache may still answer from copies, and the purge was acknowledged after {waited}"))
}

/// R-11-27: caches that do not answer.
fn silent() -> Vec<Case> {
    vec![
        patient("R-11-27/a-cache-that-answers-stays", Valid, Origin, |t| {
            let (publisher, caches) = origin_with(t, 1)?;
            let name = t.name("news");
            t.ask(publisher, &purge(&name, false, 1))?;
            let told = is_told(t, caches[0], 1)?;
            confirm(t, caches[0], told, 1)?;
            t.pause(Span(t.pixit().lease.0 * 5 / 2 + 500_000_000));
            let closed = t.closed(caches[0]);
            ensure(closed.is_none(), || "a cache that answered was sent away".into())
        }),
        patient("R-11-27/a-silent-cache-below-an-origin", Boundary, Origin, |t| {
            let (publisher, caches) = origin_with(t, 1)?;
            let name = t.name("news");
            t.ask(publisher, &purge(&name, false, 1))?;
            is_told(t, caches[0], 1)?;
            is_sent_away(t, caches[0], Span(t.pixit().lease.0 * 5 / 2))
        })
        .leaning_on(&["R-14-03"]),
        patient("R-11-27/a-silent-cache-below-an-edge", Boundary, Edge, |t| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            let name = t.name("news");
            t.ask(town.above, &purge(&name, false, 1))?;
            is_told(t, town.below, 1)?;
            is_sent_away(t, town.below, t.pixit().lease)
        })
        .leaning_on(&["R-14-03"]),
        Case::wire("R-11-27/a-cache-that-refuses", Invalid, Origin, |t| {
            let (publisher, cache) = (t.session()?, t.session_as(Roles::EDGE)?);
            let name = t.name("news");
            t.ask(publisher, &purge(&name, false, 1))?;
            let told = is_told(t, cache, 1)?;
            t.send_last(cache, told, &Frame::Fail(Box::new(Fail::new(Code::Refused, 0))).to_bytes())?;
            let late = Span(t.pixit().lease.0 * 5 / 2) + t.patience();
            t.expect_close_within(cache, &[Code::NoError], late)
        })
        .leaning_on(&["R-14-03"]),
        lasting("R-11-27/a-cache-below-an-edge-that-says-nothing", Boundary, Edge, |t, _| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            let name = t.name("news");
            let purged = t.now();
            t.ask(town.above, &purge(&name, false, 1))?;
            is_told(t, town.below, 1)?;
            let lease = t.pixit().lease;
            is_sent_away_since(t, town.below, purged, lease)
        }),
        lasting("R-11-27/a-cache-below-an-origin-that-says-nothing", Boundary, Origin, |t, _| {
            let (publisher, cache) = (t.session()?, t.session_as(Roles::EDGE)?);
            let name = t.name("news");
            let purged = t.now();
            t.ask(publisher, &purge(&name, false, 1))?;
            is_told(t, cache, 1)?;
            let lease = t.pixit().lease;
            is_sent_away_since(t, cache, purged, Span(lease.0 * 5 / 2))
        }),
    ]
}

/// The session with a cache is closed once this time is over since the purge was sent, and not sooner.
fn is_sent_away_since(t: &mut Tester<'_>, cache: Line, purged: Time, within: Span) -> Outcome {
    let late = (purged + within).since(t.now()) + t.patience() + t.patience();
    t.expect_close_within(cache, &[Code::NoError], late)?;
    let waited = t.now().since(purged);
    ensure(waited >= within, || format!("a cache that has {within} was sent away after {waited}"))
}

/// The session with a cache is closed after this long, and not before.
fn is_sent_away(t: &mut Tester<'_>, cache: Line, within: Span) -> Outcome {
    t.pause(Span(within.0 - 1_000_000));
    let closed = t.closed(cache);
    ensure(closed.is_none(), || format!("a cache was sent away before {within} were over"))?;
    t.expect_close_within(cache, &[Code::NoError], Span::secs(1))
}

/// R-11-19 and R-11-20: who may purge.
fn allowed() -> Vec<Case> {
    let at_origin = |name: &'static str, polarity, roles: Roles, may: bool| {
        Case::wire(name, polarity, Origin, move |t| {
            let line = t.session_as(roles)?;
            let name = t.name("news");
            if may {
                t.pause(t.pixit().lease);
                return purge_on(t, line, &name, false, 1).map(drop);
            }
            let stream = t.ask(line, &purge(&name, false, 1))?;
            t.expect_refusal(line, stream, &[Code::NotAuthorised])
        })
    };
    let at_edge = |name: &'static str, polarity, roles: Roles| {
        Case::wire(name, polarity, Edge, move |t| {
            let town = Town::leased_as(t, roles)?;
            let name = t.name("news");
            let stream = t.ask(town.below, &purge(&name, false, 1))?;
            t.expect_refusal(town.below, stream, &[Code::NotAuthorised])
        })
    };
    vec![
        at_origin("R-11-19/a-publisher", Valid, Roles::PUBLISHER, true),
        at_origin("R-11-19/a-client-that-is-a-publisher", Boundary, Roles::CLIENT.with(Roles::PUBLISHER), true).in_memory(),
        at_origin("R-11-19/an-edge", Invalid, Roles::EDGE, false),
        at_origin("R-11-19/a-regional", Invalid, Roles::REGIONAL, false),
        at_origin("R-11-19/a-client", Invalid, Roles::CLIENT, false),
        Case::wire("R-11-20/the-origin-above", Valid, Edge, |t| {
            let town = Town::leased(t)?;
            let name = t.name("news");
            town.purge(t, &name, false, 1)
        }),
        at_edge("R-11-20/a-regional-below", Boundary, Roles::REGIONAL),
        at_edge("R-11-20/a-publisher-below", Invalid, Roles::PUBLISHER),
        at_edge("R-11-20/a-client-below", Invalid, Roles::CLIENT),
    ]
}
