//! R-11-21 and R-11-22: a cache that may have missed a purge says so, and whoever hears it asks again.

use super::town::{Town, fresh, object, purge};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Edge;
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::frame::{Frame, Purged};
use hypermesh_core::stoq::session::{Code, Roles};

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [told(), heard()].concat()
}

/// R-11-21: a doubt is told.
fn told() -> Vec<Case> {
    vec![
        Case::wire("R-11-21/the-only-node-above-is-gone", Valid, Edge, |t| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            t.close(town.above, Code::NoError);
            is_doubt(t, &town).map(drop)
        }),
        Case::wire("R-11-21/without-a-lease", Boundary, Edge, |t| {
            let town = Town::open_as(t, Roles::EDGE)?;
            t.close(town.above, Code::NoError);
            is_doubt(t, &town).map(drop)
        }),
        Case::wire("R-11-21/nobody-below-is-a-cache", Invalid, Edge, |t| {
            let town = Town::leased_as(t, Roles::CLIENT)?;
            t.close(town.above, Code::NoError);
            let hush = t.hush();
            let said = t.request_within(town.below, hush)?;
            ensure(said.is_none(), || "a client was asked for something".into())
        }),
    ]
}

fn is_doubt(t: &mut Tester<'_>, town: &Town) -> Outcome {
    match t.expect_request(town.below)? {
        (_, Frame::Purge(doubt), _) if doubt.version == 0 && doubt.below && doubt.name.as_str() == "/" => Ok(()),
        (_, other, _) => Err(Miss::Fail(format!("a doubt is due, and {other:?} came"))),
    }
}

/// R-11-22: a doubt is heard.
fn heard() -> Vec<Case> {
    vec![
        Case::wire("R-11-22/a-name-is-asked-for-again", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.purge(t, "/", true, 0)?;
            town.expect_asked(t, &object.name).map(drop)
        }),
        Case::wire("R-11-22/a-name-that-was-asked-for-after-it", Boundary, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.purge(t, "/", true, 0)?;
            town.fill(t, &object, fresh(60_000))?;
            town.expect_copy(t, &object).map(drop)
        }),
        Case::wire("R-11-22/a-name-that-is-confirmed", Valid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            town.fill(t, &object, fresh(60_000))?;
            town.purge(t, "/", true, 0)?;
            let (wanted, stream, ask) = town.expect_asked(t, &object.name)?;
            ensure(ask.known == Some(1), || "a doubt purges nothing, and the copy is gone".into())?;
            town.same(t, stream, &object, fresh(60_000))?;
            town.expect_version(t, wanted, 1)?;
            town.expect_copy(t, &object).map(drop)
        }),
        Case::wire("R-11-22/contents-are-not-concerned", Invalid, Edge, |t| {
            let (town, object) = (Town::leased(t)?, object(t, "news", 1));
            let id = object.chunks()[0];
            let wanted = t.ask_id(town.below, id)?;
            let (stream, frame, _) = t.expect_request(town.above)?;
            t.serve(town.above, stream, &frame, &object, None)?;
            t.expect_answer(town.below, wanted)?;
            town.purge(t, "/", true, 0)?;
            let again = t.ask_id(town.below, id)?;
            let answer = t.expect_answer(town.below, again)?;
            ensure(answer.code().is_none(), || format!("{} came for a content that is there", super::town::shown(&answer)))?;
            town.not_asked(t)
        })
        .leaning_on(&["R-10-12"]),
        Case::wire("R-11-22/it-tells-its-own-caches-first", Valid, Edge, |t| {
            let town = Town::leased_as(t, Roles::EDGE)?;
            let stream = t.ask(town.above, &purge("/", true, 0))?;
            let (told, frame, _) = t.expect_request(town.below)?;
            ensure(matches!(&frame, Frame::Purge(doubt) if doubt.version == 0), || format!("a doubt is due, and {frame:?} came"))?;
            let hush = t.hush();
            let early = t.next_within(town.above, stream, hush)?;
            ensure(early.is_none(), || format!("its cache below has not answered, and {early:?} came"))?;
            t.send_last(town.below, told, &Frame::Purged(Purged { version: 0, nodes: 1 }).to_bytes())?;
            let answer = t.expect_answer(town.above, stream)?;
            ensure(matches!(answer.frames.first(), Some((Frame::Purged(_), _))), || "a doubt was not answered".into())
        })
        .leaning_on(&["R-11-17"]),
    ]
}
