//! R-11-05: what is stale is served within limits only.

use super::town::{Town, object, word};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Edge;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::cache::{Life, Stamp, Use, usable};

/// A life of one second, with one more while a fetch is under way and three where one failed.
const LIFE: [u64; 3] = [1_000, 1_000, 3_000];

/// The cases of this requirement.
pub(super) fn cases() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-11-05/while-a-fetch-is-under-way", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, word(0, LIFE))?;
            town.pass(t, Span::millis(1_300))?;
            let wanted = town.ask(t, &object.name)?;
            town.expect_version(t, wanted, 1)?;
            town.asked(t).map(drop)
        }),
        Case::wire("R-11-05/where-the-fetch-failed", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, word(0, LIFE))?;
            town.pass(t, Span::millis(2_300))?;
            let (wanted, stream, _) = town.expect_asked(t, &object.name)?;
            town.fail(t, stream)?;
            town.expect_version(t, wanted, 1).map(drop)
        }),
        Case::wire("R-11-05/beyond-every-limit", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, word(0, LIFE))?;
            town.pass(t, Span::millis(4_300))?;
            let (wanted, stream, _) = town.expect_asked(t, &object.name)?;
            town.fail(t, stream)?;
            let answer = t.expect_answer(town.below, wanted)?;
            ensure(answer.code().is_some(), || format!("{} came of a copy that is too old", super::town::shown(&answer)))
        })
        .in_memory(),
    ];
    for (name, after, wanted) in [
        ("at-the-end-of-its-freshness", 1_000_000_000, Use::WhileRevalidating),
        ("a-nanosecond-before-the-first-limit", 1_999_999_999, Use::WhileRevalidating),
        ("at-the-first-limit", 2_000_000_000, Use::IfError),
        ("a-nanosecond-before-the-second-limit", 3_999_999_999, Use::IfError),
        ("at-the-second-limit", 4_000_000_000, Use::No),
    ] {
        // Where freshness ends is R-11-02's to say.
        let case = Case::function(&format!("R-11-05/{name}"), Boundary, move || is_used(after, Span(u64::MAX), wanted));
        all.push(case.leaning_on(&["R-11-02"]));
    }
    for (name, polarity, after, ceiling, wanted) in [
        ("a-nanosecond-before-the-ceiling", Boundary, 1_499_999_999, 500_000_000, Use::WhileRevalidating),
        ("at-the-ceiling", Boundary, 1_500_000_000, 500_000_000, Use::No),
        ("a-ceiling-of-zero", Invalid, 1_000_000_001, 0, Use::No),
    ] {
        all.push(Case::function(&format!("R-11-05/{name}"), polarity, move || is_used(after, Span(ceiling), wanted)));
    }
    all
}

fn is_used(age: u64, ceiling: Span, wanted: Use) -> Outcome {
    let [max_age, stale_while_revalidate, stale_if_error] = LIFE.map(Span::millis);
    let life = Life::Limited { max_age, stale_while_revalidate, stale_if_error };
    let found = usable(&life, &Stamp { at: Time::ZERO, age: Span::ZERO }, Time(age), ceiling);
    ensure(found == wanted, || format!("{wanted:?} is due at {age} ns under a ceiling of {ceiling}, and it is {found:?}"))
}
