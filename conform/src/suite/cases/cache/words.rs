//! R-11-15, R-11-18, R-11-29, R-11-31 and R-11-32: what is said with an answer, and on whose behalf.

use super::town::{Town, fresh, object, word};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Edge, Origin};
use crate::suite::tester::{Answer, Tester, get_name};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::{Frame, GetName, Word};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [at_an_origin(), at_a_cache(), highest_ages(), on_behalf()].concat()
}

/// Asks an origin for the fixture, with something else in the question.
fn asked(t: &mut Tester<'_>, change: impl FnOnce(&mut GetName)) -> Outcome<Answer> {
    let fixture = t.fixture()?;
    let line = t.session()?;
    let mut ask = GetName { manifest_only: true, ..get_name(&fixture.name) };
    change(&mut ask);
    let stream = t.ask(line, &Frame::GetName(Box::new(ask)))?;
    t.expect_answer(line, stream)
}

fn word_of(answer: &Answer) -> Outcome<(bool, Word)> {
    match answer.frames.first() {
        Some((Frame::Manifest(head), _)) => match head.word {
            Some(word) => Ok((head.same, word)),
            None => Err(Miss::Fail("an answer to a GetName came without its word".into())),
        },
        _ => Err(Miss::Fail(format!("a manifest is due, and {} came", super::town::shown(answer)))),
    }
}

/// R-11-15: the rows of the table at an origin.
fn at_an_origin() -> Vec<Case> {
    vec![
        Case::wire("R-11-15/a-version-that-will-do", Valid, Origin, |t| {
            let (same, word) = word_of(&asked(t, |_| {})?)?;
            let right = !same && word.origin && !word.no_store && word.age_millis == 0 && word.max_age_millis > 0;
            ensure(right, || format!("the word of an origin is {word:?}"))
        }),
        Case::wire("R-11-15/the-version-that-is-known", Valid, Origin, |t| {
            let (same, word) = word_of(&asked(t, |ask| ask.known = Some(1))?)?;
            ensure(same && word.origin, || format!("same {same}, {word:?}"))
        }),
        Case::wire("R-11-15/nothing-of-that-name", Valid, Origin, |t| {
            let nothing = t.name("nothing");
            let answer = asked(t, |ask| ask.name = get_name(&nothing).name)?;
            let absent = answer.fail().and_then(|fail| fail.absent);
            let right = answer.code() == Some(Code::NotFound) && absent.is_some_and(|absent| absent.origin && absent.version > 0);
            ensure(right, || format!("an absence of an origin is due, and {absent:?} came"))
        }),
        Case::wire("R-11-15/an-older-version-only", Invalid, Origin, |t| {
            let answer = asked(t, |ask| ask.version_min = 2)?;
            let absent = answer.fail().and_then(|fail| fail.absent);
            ensure(answer.code() == Some(Code::NotFound) && absent.is_none(), || format!("{} with {absent:?}", super::town::shown(&answer)))
        })
        .leaning_on(&["R-10-16"]),
    ]
}

/// R-11-15 and R-11-29: what a cache says.
fn at_a_cache() -> Vec<Case> {
    let told_after = |name: &'static str, polarity, nanos: u64, millis: u64| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            t.pause(Span(nanos));
            let said = town.expect_copy(t, &object)?;
            let said = said.ok_or_else(|| Miss::Fail("a cache answered without a word".into()))?;
            ensure(said.age_millis == millis, || format!("an age of {nanos} ns is told as {} ms", said.age_millis))
        })
        .in_memory()
        .leaning_on(&["R-11-15"])
    };
    vec![
        Case::wire("R-11-15/a-copy-of-a-cache", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, word(0, [60_000, 2_000, 3_000]))?;
            let said = town.expect_copy(t, &object)?;
            let said = said.ok_or_else(|| Miss::Fail("a cache answered without a word".into()))?;
            let life = (said.max_age_millis, said.stale_while_revalidate_millis, said.stale_if_error_millis);
            ensure(life == (60_000, 2_000, 3_000), || format!("the life of the origin became {life:?}"))
        }),
        Case::wire("R-11-15/an-age-of-zero", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            let said = town.expect_copy(t, &object)?;
            ensure(said.is_some_and(|word| word.age_millis == 0), || format!("a copy that is not old is told with {said:?}"))
        })
        .in_memory(),
        Case::wire("R-11-29/ages-that-the-tester-knows-a-bound-of", Boundary, Edge, ages_from_below).over_a_network(),
        told_after("R-11-29/a-nanosecond-above-a-whole-millisecond-is-told", Boundary, 3_000_001, 4),
        told_after("R-11-29/a-whole-millisecond-is-told", Valid, 3_000_000, 3),
    ]
}

/// A copy is at least as old as the time since the tester, above the cache, heard the question that brought it, up to when the tester, below it, asks
/// for it: ages are counted from the question on (R-11-03). An age that is rounded down falls below that in most of these questions, since little time is
/// lost on the way; one that is rounded up never does, however slow the machine is.
fn ages_from_below(t: &mut Tester<'_>) -> Outcome {
    let town = Town::leased(t)?;
    for version in 1..=5 {
        let object = object(t, &format!("news-{version}"), version);
        let wanted = town.ask(t, &object.name)?;
        let (stream, _) = town.asked(t)?;
        let heard = t.now();
        town.tell(t, stream, &object, Some(fresh(60_000)))?;
        town.expect_version(t, wanted, version)?;
        for step in 1..=6 {
            town.pass(t, Span::micros(1_000 + 130 * step))?;
            let least = t.now().since(heard);
            let wanted = town.ask(t, &object.name)?;
            let said = town.expect_version(t, wanted, version)?;
            let said = said.ok_or_else(|| Miss::Fail("a cache answered without a word".into()))?;
            ensure(Span::millis(said.age_millis) >= least, || format!("an age of {least} at least is told as {} ms", said.age_millis))?;
        }
    }
    Ok(())
}

/// R-11-18: a copy that is too old for the question.
fn highest_ages() -> Vec<Case> {
    let allowed = |name: &'static str, polarity, highest: u64, span: Span, from_copy: bool| {
        Case::wire(name, polarity, Edge, move |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.pass(t, span)?;
            let wanted = town.ask_so(t, &object.name, |ask| ask.age_millis_max = highest)?;
            if from_copy {
                town.expect_version(t, wanted, 1)?;
                return town.not_asked(t);
            }
            let (_, ask) = town.asked(t)?;
            town.expect_waiting(t, wanted)?;
            ensure(ask.from_origin, || "a copy was too old, and the origin itself is not asked".into())
        })
    };
    vec![
        allowed("R-11-18/young-enough", Valid, 5_000, Span::secs(1), true),
        allowed("R-11-18/exactly-the-highest-age", Boundary, 1_000, Span::secs(1), true).in_memory(),
        allowed("R-11-18/a-nanosecond-above-the-highest-age", Boundary, 1_000, Span(1_000_000_001), false)
            .in_memory()
            .leaning_on(&["R-11-29"]),
        allowed("R-11-18/a-millisecond-above-the-highest-age", Boundary, 1_000, Span(1_001_000_000), false).in_memory(),
        allowed("R-11-18/a-highest-age-of-zero", Invalid, 0, Span::millis(100), false),
    ]
    .into_iter()
    // Without the flag the node above answers from anywhere.
    .map(|case| case.leaning_on(&["R-11-32"]))
    .collect()
}

/// R-11-31 and R-11-32: from the origin.
fn on_behalf() -> Vec<Case> {
    vec![
        Case::wire("R-11-32/the-flag-goes-up", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.ask_so(t, &object.name, |ask| ask.from_origin = true)?;
            let (_, ask) = town.asked(t)?;
            ensure(ask.from_origin, || "a question to the origin became one to anybody".into())
        }),
        Case::wire("R-11-32/two-with-the-flag", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let one = town.ask_so(t, &object.name, |ask| ask.from_origin = true)?;
            let other = town.ask_so(t, &object.name, |ask| ask.from_origin = true)?;
            let (stream, ask) = town.asked(t)?;
            ensure(ask.from_origin, || "a question to the origin became one to anybody".into())?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            town.expect_version(t, one, 1)?;
            town.expect_version(t, other, 1).map(drop)
        }),
        Case::wire("R-11-32/one-with-the-flag-joins-none-without", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.ask(t, &object.name)?;
            let (plain, _) = town.asked(t)?;
            let strict = town.ask_so(t, &object.name, |ask| ask.from_origin = true)?;
            let (_, ask) = town.asked(t)?;
            ensure(ask.from_origin, || "a question to the origin became one to anybody".into())?;
            town.tell(t, plain, &object, Some(Word { origin: false, ..fresh(60_000) }))?;
            town.expect_waiting(t, strict)
        }),
        Case::wire("R-11-31/asked-for-and-told", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let strict = town.ask_so(t, &object.name, |ask| ask.from_origin = true)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            let said = town.expect_version(t, strict, 1)?;
            ensure(said.is_some_and(|word| word.origin), || format!("the origin said so, and the cache tells {said:?}"))
        })
        .leaning_on(&["R-11-15"]),
        Case::wire("R-11-31/a-copy-was-too-old", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.pass(t, Span::millis(100))?;
            let wanted = town.ask_so(t, &object.name, |ask| ask.age_millis_max = 0)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            let said = town.expect_version(t, wanted, 1)?;
            ensure(said.is_some_and(|word| word.origin), || format!("the cache asked the origin of its own accord, and tells {said:?}"))
        })
        .leaning_on(&["R-11-15", "R-11-18"]),
        Case::wire("R-11-31/not-asked-for", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let wanted = town.ask(t, &object.name)?;
            let (stream, _) = town.asked(t)?;
            town.tell(t, stream, &object, Some(fresh(60_000)))?;
            let first = town.expect_version(t, wanted, 1)?;
            let copy = town.expect_copy(t, &object)?;
            let right = [first, copy].iter().all(|word| word.is_none_or(|word| !word.origin));
            ensure(right, || format!("nobody asked the origin, and the cache tells {first:?} and {copy:?}"))
        }),
    ]
}
