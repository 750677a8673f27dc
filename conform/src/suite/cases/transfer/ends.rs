//! R-10-07, R-10-08 and R-10-24: transfers that end early, and go on.

use super::objects::{self, chunks, tree};
use super::receiver::{Fetched, JOB, by_name, fetched, honest, order};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Client;
use crate::suite::tester::{Fixture, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{Command, Told};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::{Bits, Fail, Frame};
use hypermesh_core::stoq::transfer::{Ranges, Resume, What};
use std::ops::Range;

pub(super) fn cases() -> Vec<Case> {
    let mut all = resumed();
    all.extend(versions());
    all.extend(cancelled());
    all
}

/// What is left of a transfer of all of an object of which these octets were taken.
fn state(object: &Fixture, taken: &[Range<u64>]) -> Resume {
    let mut done = Ranges::default();
    taken.iter().for_each(|range| done.insert(range.clone()));
    Resume { root: object.packed.root, version: object.version, range: 0..object.packed.bytes.len() as u64, done }
}

/// The octets that an application lacks of an object after these, if no two pieces of them are apart.
fn rest<'o>(object: &'o Fixture, taken: &Range<u64>) -> &'o [u8] {
    if taken.start == 0 { &object.packed.bytes[taken.end as usize..] } else { &object.packed.bytes[..taken.start as usize] }
}

fn got(fetched: &Fetched, octets: &[u8]) -> Outcome {
    ensure(matches!(fetched.told, Told::Got { .. }), || format!("the application was told {:?}", fetched.told))?;
    ensure(fetched.got == octets, || format!("{} octets are lacking, and {} came or others", octets.len(), fetched.got.len()))
}

/// R-10-07. The chunks have 1024 octets.
fn resumed() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, taken) in [
        ("after-some-chunks", Valid, 0..6_144),
        ("with-the-end-taken", Valid, 10_240..16_384),
        ("before-the-first-chunk", Boundary, 0..0),
        ("with-the-last-chunk-lacking", Boundary, 0..15_360),
    ] {
        all.push(Case::wire(&format!("R-10-07/a-transfer-goes-on-{what}"), polarity, Client, move |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 4));
            let resume = state(&object, std::slice::from_ref(&taken));
            let fetched = fetched(t, order(What::Id(object.packed.root), None, Some(resume)), &object, &mut honest)?;
            got(&fetched, rest(&object, &taken))?;
            let asked = fetched.contents();
            let again = chunks(&object.packed)
                .iter()
                .filter(|(id, place)| place.end <= taken.end && place.start >= taken.start && asked.contains(id))
                .count();
            ensure(again == 0, || format!("{again} chunks that were taken are asked for again"))
        }));
    }
    all.push(Case::wire("R-10-07/a-transfer-all-of-which-was-taken", Boundary, Client, |t| {
        let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 4));
        let resume = state(&object, std::slice::from_ref(&(0..16_384)));
        let fetched = fetched(t, order(What::Id(object.packed.root), None, Some(resume)), &object, &mut honest)?;
        let asked = fetched.contents();
        ensure(matches!(fetched.told, Told::Got { .. }) && !chunks(&object.packed).iter().any(|(id, _)| asked.contains(id)), || {
            format!("{} contents are asked for, and the application was told {:?}", asked.len(), fetched.told)
        })
    }));
    all.push(Case::wire("R-10-07/a-chunk-of-which-one-octet-is-lacking", Invalid, Client, |t| {
        let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 4));
        let resume = state(&object, &[0..3_071, 3_072..16_384]);
        let fetched = fetched(t, order(What::Id(object.packed.root), None, Some(resume)), &object, &mut honest)?;
        let asked: Vec<_> = chunks(&object.packed).into_iter().filter(|(id, _)| fetched.contents().contains(id)).collect();
        let right = matches!(&asked[..], [(_, place)] if *place == (2_048..3_072));
        ensure(matches!(fetched.told, Told::Got { .. }) && right, || format!("the chunks {asked:?} are asked for"))
    }));
    all
}

/// R-10-24: an object of which a newer version is there when a transfer goes on.
fn versions() -> Vec<Case> {
    let goes_on = |what: &str, polarity, newer: bool| {
        Case::wire(&format!("R-10-24/{what}"), polarity, Client, move |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 4));
            let next = Fixture { version: 4, packed: tree(t.seed() + 1, 16, 4), ..object.clone() };
            let taken = 0..8_192;
            let resume = state(&object, std::slice::from_ref(&taken));
            let mut hook = |t: &mut Tester<'_>, line, stream, frame: &Frame| {
                if newer && matches!(frame, Frame::GetName(_)) { t.serve(line, stream, frame, &next, None) } else { Ok(false) }
            };
            // What belongs to the newer version can be had too.
            let mut both = object.clone();
            both.packed.contents.extend(next.packed.contents.clone());
            let fetched = fetched(t, order(by_name(&object, 0), None, Some(resume)), &both, &mut hook)?;
            got(&fetched, rest(&object, &taken))
        })
        .leaning_on(&["R-10-07"])
    };
    vec![
        goes_on("no-other-version-is-there", Valid, false),
        goes_on("a-newer-version-is-there", Boundary, true),
        Case::wire("R-10-24/nobody-has-the-manifest-any-more", Invalid, Client, |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 4));
            let resume = state(&object, std::slice::from_ref(&(0..8_192)));
            let mut gone = |t: &mut Tester<'_>, line, stream, _: &Frame| {
                let fail = Frame::Fail(Box::new(Fail::new(Code::NotFound, 0)));
                t.send_last(line, stream, &fail.to_bytes()).map(|()| true)
            };
            let fetched = fetched(t, order(by_name(&object, 0), None, Some(resume)), &object, &mut gone)?;
            ensure(matches!(fetched.told, Told::Failed { .. }) && fetched.got.is_empty(), || {
                format!("{} octets of something came, and the application was told {:?}", fetched.got.len(), fetched.told)
            })
        }),
    ]
}

/// R-10-08: a transfer is cancelled while an answer is due.
fn cancelled() -> Vec<Case> {
    let cancels = |what: &str, polarity, answered: usize| {
        Case::wire(&format!("R-10-08/{what}"), polarity, Client, move |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 4, 8));
            let none = || Miss::Inconclusive("there is no upper tester".into());
            t.upper().command(JOB, order(by_name(&object, 0), None, None)).ok_or_else(none)?;
            let line = t.session_from_it()?;
            let mut last = None;
            for at in 0..=answered {
                let (stream, frame, _) = t.expect_request(line)?;
                if at < answered {
                    t.serve(line, stream, &frame, &object, None)?;
                }
                last = Some((stream, frame));
            }
            let (stream, frame) = last.ok_or_else(|| Miss::Error("nothing was asked".into()))?;
            if let Frame::Want(want) = &frame {
                let mut bits = Bits::zeros(want.ids.len()).unwrap_or_default();
                (0..want.ids.len()).for_each(|at| bits.set(at));
                t.say(line, stream, &Frame::Have(Box::new(bits)))?;
            }
            t.upper().command(JOB, Command::Cancel).ok_or_else(none)?;
            t.expect_stop(line, stream, &[Code::Cancelled])?;
            // What comes late is dropped, and does no harm.
            if let Frame::Want(want) = &frame {
                // A network may refuse to carry what is not wanted any more.
                let _late = t.supply(line, stream, &object, &want.ids);
            }
            let further = t.request_within(line, Span::millis(50))?;
            ensure(further.is_none() && t.closed(line).is_none(), || {
                format!("after the end {further:?} is asked, or the connection is closed")
            })?;
            let got = t.upper().got(JOB);
            ensure(got.is_empty(), || format!("{} octets were handed on after the end", got.len()))
        })
        .leaning_on(&["R-8-26"])
    };
    vec![
        cancels("with-chunks-under-way", Valid, 1),
        cancels("before-the-manifest", Boundary, 0),
        cancels("what-comes-late-is-dropped", Invalid, 1),
    ]
}
