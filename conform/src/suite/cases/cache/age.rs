//! R-11-02, R-11-03, R-11-06 and R-11-07: how long a copy, a content and an absence are what they were.

use super::town::{Town, fresh, object, word};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Edge;
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::{Code, StreamId};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [freshness(), ages(), contents(), absences()].concat()
}

/// R-11-02: fresh exactly while the age is below the life.
fn freshness() -> Vec<Case> {
    let after = |name: &'static str, polarity, span: Span, is_fresh: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(2_000))?;
            town.pass(t, span)?;
            if is_fresh { town.expect_copy(t, &object).map(drop) } else { town.expect_asked(t, &object.name).map(drop) }
        })
    };
    vec![
        after("R-11-02/within-its-life", Valid, Span::millis(500), true),
        after("R-11-02/long-after-its-life", Valid, Span::millis(3_000), false).in_memory(),
        after("R-11-02/a-nanosecond-before-its-end", Boundary, Span(1_999_999_999), true).in_memory(),
        after("R-11-02/at-its-end", Boundary, Span::secs(2), false).in_memory(),
        Case::wire("R-11-02/a-life-of-zero", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(0))?;
            town.expect_asked(t, &object.name).map(drop)
        }),
    ]
}

/// R-11-03: the whole way counts.
fn ages() -> Vec<Case> {
    vec![
        Case::wire("R-11-03/the-fetch-and-the-stay-count", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.pass(t, Span::secs(1))?;
            town.tell(t, stream, &object, Some(word(700, [60_000, 0, 0])))?;
            let first = town.expect_version(t, wanted, 1)?;
            is_old(first.map(|word| word.age_millis), 1_700)?;
            town.pass(t, Span::secs(1))?;
            let second = town.expect_copy(t, &object)?;
            is_old(second.map(|word| word.age_millis), 2_700)
        })
        .leaning_on(&["R-11-15"]),
        Case::wire("R-11-03/an-answer-that-took-longer-than-its-life", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.pass(t, Span::millis(1_200))?;
            town.tell(t, stream, &object, Some(fresh(1_000)))?;
            town.expect_version(t, wanted, 1)?;
            town.expect_asked(t, &object.name).map(drop)
        }),
        Case::wire("R-11-03/an-answer-that-took-no-time", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(word(700, [60_000, 0, 0])))?;
            let said = town.expect_version(t, wanted, 1)?;
            is_old(said.map(|word| word.age_millis), 700)
        })
        .leaning_on(&["R-11-15"]),
    ]
}

/// The age is at least this, and not much more: what the test itself took.
fn is_old(age: Option<u64>, least: u64) -> Outcome {
    let right = age.is_some_and(|age| (least..least + 600).contains(&age));
    ensure(right, || format!("an age of {least} ms is due, and {age:?} was told"))
}

/// R-11-06: contents do not age.
fn contents() -> Vec<Case> {
    let after = |name: &'static str, polarity, span: Span| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::open(t)?, object(t, "news", 1));
            let id = object.chunks()[0];
            let wanted = t.ask_id(town.below, id)?;
            let (stream, frame, _) = t.expect_request(town.above)?;
            let served = t.serve(town.above, stream, &frame, &object, None)?;
            ensure(served, || format!("the edge asked for a content with {frame:?}"))?;
            is_content(t, &town, wanted)?;
            t.pause(span);
            let again = t.ask_id(town.below, id)?;
            is_content(t, &town, again)?;
            town.not_asked(t)
        })
        .leaning_on(&["R-10-12"])
    };
    vec![after("R-11-06/a-moment-later", Valid, Span::millis(100)), after("R-11-06/an-hour-later", Valid, Span::secs(3_600)).in_memory()]
}

fn is_content(t: &mut Tester<'_>, town: &Town, stream: StreamId) -> Outcome {
    let answer = t.expect_answer(town.below, stream)?;
    let came = matches!(answer.frames.first(), Some((Frame::Chunk(_), _)));
    ensure(came, || format!("a content is due, and {} came", super::town::shown(&answer)))
}

/// R-11-07: how long an absence is believed.
fn absences() -> Vec<Case> {
    let after = |name: &'static str, polarity, told_millis: u64, span: Span, believed: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, name) = (Town::leased(t)?, t.name("nothing"));
            lacking(t, &town, &name, told_millis)?;
            town.pass(t, span)?;
            if !believed {
                return town.expect_asked(t, &name).map(drop);
            }
            let wanted = town.ask(t, &name)?;
            is_absent(t, &town, wanted)?;
            town.not_asked(t)
        })
    };
    vec![
        after("R-11-07/within-its-life", Valid, 2_000, Span::millis(500), true),
        after("R-11-07/after-its-life", Valid, 1_000, Span::millis(1_500), false),
        after("R-11-07/a-nanosecond-before-its-end", Boundary, 2_000, Span(1_999_999_999), true).in_memory(),
        after("R-11-07/at-its-end", Boundary, 2_000, Span::secs(2), false).in_memory().leaning_on(&["R-11-02"]),
        after("R-11-07/just-below-the-ceiling", Boundary, u64::MAX >> 2, Span(59_999_999_999), true).in_memory(),
        after("R-11-07/at-the-ceiling", Boundary, u64::MAX >> 2, Span::secs(60), false).in_memory().leaning_on(&["R-11-02"]),
        Case::wire("R-11-07/an-absence-that-is-over-is-not-told-while-a-fetch-fails", Invalid, Edge, |t| {
            let (town, name) = (Town::leased(t)?, t.name("nothing"));
            lacking(t, &town, &name, 1_000)?;
            town.pass(t, Span::millis(1_500))?;
            let (wanted, stream, _) = town.expect_asked(t, &name)?;
            town.fail(t, stream)?;
            let answer = t.expect_answer(town.below, wanted)?;
            let told = answer.fail().is_some_and(|fail| fail.absent.is_some());
            ensure(!told && answer.code().is_some(), || "an absence that is over was told".into())
        }),
    ]
}

/// The edge hears that there is no such object.
fn lacking(t: &mut Tester<'_>, town: &Town, name: &str, told_millis: u64) -> Outcome {
    let (wanted, stream, _) = town.expect_asked(t, name)?;
    town.lack(t, stream, 1, told_millis)?;
    is_absent(t, town, wanted).map_err(|miss| miss.before("hearing of an absence"))
}

fn is_absent(t: &mut Tester<'_>, town: &Town, stream: StreamId) -> Outcome {
    let answer = t.expect_answer(town.below, stream)?;
    match answer.fail() {
        Some(fail) if answer.code() == Some(Code::NotFound) && fail.absent.is_some() => Ok(()),
        _ => Err(Miss::Fail(format!("NotFound with an absence is due, and {} came", super::town::shown(&answer)))),
    }
}
