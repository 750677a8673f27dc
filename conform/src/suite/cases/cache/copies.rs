//! R-11-01, R-11-04, R-11-10, R-11-28, R-11-30 and R-11-33: what a copy is taken for, and from whom.

use super::town::{Town, fresh, object, word};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Edge;
use crate::suite::tester::{Fixture, Tester};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::frame::{Frame, Word};
use hypermesh_core::stoq::session::{Code, Roles};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [names(), renewals(), no_store(), versions(), sources()].concat()
}

/// R-11-01: equal octet by octet.
fn names() -> Vec<Case> {
    let mut all = vec![Case::wire("R-11-01/the-same-name-twice", Valid, Edge, |t| {
        let town = Town::leased(t)?;
        let object = object(t, "caf\u{e9}", 1);
        town.fill(t, &object, fresh(60_000))?;
        town.expect_copy(t, &object).map(drop)
    })];
    for (what, polarity, held, wanted) in [
        ("another-last-octet", Boundary, "news-1", "news-2"),
        ("another-case", Boundary, "newS", "news"),
        ("a-slash-at-the-end", Boundary, "news/", "news"),
        ("another-normalisation-form", Invalid, "caf\u{e9}", "cafe\u{301}"),
    ] {
        all.push(Case::wire(&format!("R-11-01/{what}"), polarity, Edge, move |t| {
            let town = Town::leased(t)?;
            let held = object(t, held, 1);
            town.fill(t, &held, fresh(60_000))?;
            let wanted = t.name(wanted);
            let (_, _, ask) = town.expect_asked(t, &wanted)?;
            ensure(ask.name.as_str() == wanted, || {
                format!("{wanted} was asked for, and the node above was asked for {}", ask.name.as_str())
            })
        }));
    }
    all
}

/// R-11-04: *same* renews what the request said to be known.
fn renewals() -> Vec<Case> {
    vec![
        Case::wire("R-11-04/a-copy-that-is-held-is-renewed", Valid, Edge, |t| {
            let town = Town::leased(t)?;
            let object = object(t, "news", 5);
            town.fill(t, &object, fresh(500))?;
            town.pass(t, Span::millis(800))?;
            let (wanted, stream, ask) = town.expect_asked(t, &object.name)?;
            ensure(ask.known == Some(5), || format!("version 5 is at hand, and {:?} was told", ask.known))?;
            town.same(t, stream, &object, fresh(60_000))?;
            town.expect_version(t, wanted, 5)?;
            town.expect_copy(t, &object).map(drop)
        }),
        Case::wire("R-11-04/a-newer-copy-came-meanwhile", Boundary, Edge, |t| {
            let (town, old, new) = (Town::leased(t)?, object(t, "news", 5), object(t, "news", 6));
            town.fill(t, &old, word(0, [500, 60_000, 0]))?;
            town.pass(t, Span::millis(800))?;
            let stale = town.ask(t, &old.name)?;
            town.expect_version(t, stale, 5)?;
            let (first, _) = town.asked(t)?;
            let strict = town.ask_so(t, &old.name, |ask| ask.from_origin = true)?;
            let (second, _) = town.asked(t)?;
            town.tell(t, second, &new, Some(word(0, [500, 60_000, 0])))?;
            town.expect_version(t, strict, 6)?;
            town.same(t, first, &old, fresh(60_000))?;
            let (_, again) = town.asked(t)?;
            ensure(again.from_origin, || "the object is asked for again, and not of the origin".into())
        })
        .leaning_on(&["R-11-32"]),
        Case::wire("R-11-04/a-version-that-was-not-known", Invalid, Edge, |t| {
            let (town, held, other) = (Town::leased(t)?, object(t, "news", 5), object(t, "news", 7));
            town.fill(t, &held, fresh(60_000))?;
            let strict = town.ask_so(t, &held.name, |ask| ask.from_origin = true)?;
            let (stream, _) = town.asked(t)?;
            town.same(t, stream, &other, fresh(60_000))?;
            let answer = t.expect_answer(town.below, strict)?;
            ensure(answer.code().is_some(), || format!("{} came of a wrong answer", super::town::shown(&answer)))
        }),
    ]
}

/// R-11-10 and R-11-28: what is not stored.
fn no_store() -> Vec<Case> {
    let marked = || Word { no_store: true, ..fresh(60_000) };
    let mut all = vec![
        Case::wire("R-11-10/nothing-is-kept", Valid, Edge, move |t| is_kept(t, Some(marked()), false)),
        Case::wire("R-11-10/two-who-waited-lead-to-two-fetches", Boundary, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            // A network may bring two streams in either order: the second request follows when the first was heard.
            let one = town.ask(t, &object.name)?;
            let (first, _) = town.asked(t)?;
            let other = town.ask(t, &object.name)?;
            town.not_asked(t)?;
            town.tell(t, first, &object, Some(marked()))?;
            town.expect_version(t, one, 1)?;
            let (second, _) = town.asked(t)?;
            town.expect_waiting(t, other)?;
            town.tell(t, second, &object, Some(marked()))?;
            town.expect_version(t, other, 1).map(drop)
        })
        .leaning_on(&["R-11-14"]),
        Case::wire("R-11-10/an-older-copy-is-given-up", Invalid, Edge, move |t| {
            let (town, old, new) = (Town::leased(t)?, object(t, "news", 1), object(t, "news", 2));
            town.fill(t, &old, fresh(60_000))?;
            let strict = town.ask_so(t, &old.name, |ask| ask.from_origin = true)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &new, Some(marked()))?;
            town.expect_version(t, strict, 2)?;
            town.expect_asked(t, &old.name).map(drop)
        }),
    ];
    all.extend([
        Case::wire("R-11-28/an-answer-with-a-word-is-kept", Valid, Edge, |t| is_kept(t, Some(fresh(60_000)), true)),
        Case::wire("R-11-28/a-life-of-zero", Boundary, Edge, |t| is_kept(t, Some(fresh(0)), false)).leaning_on(&["R-11-02"]),
        Case::wire("R-11-28/an-answer-without-a-word", Invalid, Edge, |t| is_kept(t, None, false)).leaning_on(&["R-11-10"]),
    ]);
    all
}

/// Whether an answer with this word serves a second request.
fn is_kept(t: &mut Tester<'_>, word: Option<Word>, kept: bool) -> Outcome {
    let (town, object) = (Town::leased(t)?, object(t, "news", 1));
    let wanted = town.ask(t, &object.name)?;
    let (stream, _) = town.asked(t)?;
    town.tell(t, stream, &object, word)?;
    town.expect_version(t, wanted, 1)?;
    t.pause(Span::millis(1));
    if kept { town.expect_copy(t, &object).map(drop) } else { town.expect_asked(t, &object.name).map(drop) }
}

/// R-11-30: versions rise.
fn versions() -> Vec<Case> {
    let told = |name: &'static str, polarity, version: u64, taken: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, held, next) = (Town::leased(t)?, object(t, "news", 5), object(t, "news", version));
            town.fill(t, &held, fresh(60_000))?;
            let strict = town.ask_so(t, &held.name, |ask| ask.from_origin = true)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &next, Some(fresh(60_000)))?;
            if taken {
                town.expect_version(t, strict, version)?;
            } else {
                town.expect_waiting(t, strict)?;
            }
            let now: &Fixture = if taken { &next } else { &held };
            let copy = town.ask(t, &held.name)?;
            town.expect_version(t, copy, now.version).map(drop)
        })
    };
    vec![
        told("R-11-30/a-newer-version", Valid, 6, true),
        told("R-11-30/the-same-version", Boundary, 5, true),
        told("R-11-30/an-older-version", Invalid, 4, false),
    ]
}

/// R-11-33: whose word counts.
fn sources() -> Vec<Case> {
    let told = |name: &'static str, polarity, roles: Roles, believed: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let below = t.session()?;
            let above = t.accept()?;
            t.agree(above, &Tester::settings(roles)).map_err(|miss| miss.before("opening a session"))?;
            let (town, object) = (Town { above, below }, object(t, "news", 1));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            if believed {
                return town.expect_version(t, wanted, 1).map(drop);
            }
            let answer = t.expect_answer(below, wanted)?;
            let refused = answer.code().is_some_and(|code| code != Code::NotFound);
            ensure(refused && !matches!(answer.frames.first(), Some((Frame::Manifest(_), _))), || {
                format!("{} came of somebody who may not say it", super::town::shown(&answer))
            })
        })
    };
    vec![told("R-11-33/an-origin", Valid, Roles::ORIGIN, true), told("R-11-33/a-node-above-that-plays-no-part", Invalid, Roles(0), false)]
}
