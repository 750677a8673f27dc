//! R-10-01, R-10-02, R-10-04 and R-10-05: what a client asks for, and what it makes of the answers. The tester is its only source.

use super::objects::{self, chunks, ranged, tree};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Client, Edge};
use crate::suite::octets;
use crate::suite::port::Line;
use crate::suite::tester::{Fixture, Got, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::frame::{Bits, Chunk, ContentId, Frame, Manifest, Name};
use hypermesh_core::stoq::session::{Code, Roles, StreamId};
use hypermesh_core::stoq::transfer::{Order, Resume, Sequence, What};
use hypermesh_core::testing::stoq::pack;
use std::collections::BTreeSet;
use std::ops::Range;

pub(super) fn cases() -> Vec<Case> {
    let mut all = names();
    all.extend(parts());
    all.extend(verified());
    all.extend(wrong());
    all
}

/// The job of these cases.
pub(super) const JOB: JobId = JobId(1);

/// An order for an object.
pub(super) fn order(what: What, range: Option<Range<u64>>, resume: Option<Resume>) -> Command {
    let sequence = Sequence::InOrder;
    Command::Get(Box::new(Order { what, range, sources: Vec::new(), sequence, credit: 8 << 20, reads_back: false, resume }))
}

/// The object by its name, in any version from this one on.
pub(super) fn by_name(object: &Fixture, version_min: u64) -> What {
    What::Name { name: Name::new(&object.name).expect("a case names things well"), version_min, age_max: None }
}

/// How a job ended, what was asked for meanwhile, and the connection.
pub(super) struct Fetched {
    pub(super) told: Told,
    pub(super) asked: Vec<Frame>,
    pub(super) got: Vec<u8>,
}

impl Fetched {
    /// The contents that were asked for by digest, each as often as it was.
    pub(super) fn contents(&self) -> Vec<ContentId> {
        let ids = self.asked.iter().flat_map(|frame| match frame {
            Frame::GetId(ask) => vec![ask.id],
            Frame::Want(want) => want.ids.to_vec(),
            _ => Vec::new(),
        });
        ids.collect()
    }

    fn is(&self, octets: &[u8]) -> Outcome {
        ensure(matches!(self.told, Told::Got { .. }), || format!("the application was told {:?}", self.told))?;
        ensure(self.got == octets, || "the application got other octets".into())
    }

    /// It failed, and no octet but those of the object at its place was handed on.
    fn failed(&self, octets: &[u8]) -> Outcome {
        ensure(matches!(self.told, Told::Failed { .. }), || format!("the application was told {:?}", self.told))?;
        ensure(octets.starts_with(&self.got), || "the application got octets that are not those of the object".into())
    }
}

/// Answers a request in place of an honest source. False if the honest one answers.
pub(super) type Hook<'h> = &'h mut dyn FnMut(&mut Tester<'_>, Line, StreamId, &Frame) -> Outcome<bool>;

/// Gives an application of the client an order and serves it until the job is over.
pub(super) fn fetched(t: &mut Tester<'_>, order: Command, object: &Fixture, hook: Hook<'_>) -> Outcome<Fetched> {
    t.upper().command(JOB, order).ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
    let until = t.now() + Span::secs(10);
    let (mut asked, mut line) = (Vec::new(), None);
    loop {
        if let Some(told) = t.upper().told(JOB, Span::ZERO) {
            let got = t.upper().got(JOB);
            return Ok(Fetched { told, asked, got });
        }
        ensure(t.now() < until, || format!("the job is not over, and {} requests came", asked.len()))?;
        let Some(line) = line else {
            line = came(t)?;
            continue;
        };
        let Some(stream) = t.request_within(line, Span::millis(20))? else {
            t.pause(Span::millis(5));
            continue;
        };
        let frame = match t.expect_next(line, stream)? {
            Got::Frame(frame, _) => frame,
            // It was asked and given up before anybody heard of it.
            Got::Reset(_) => continue,
            other => return Err(Miss::Fail(format!("a request is due, and {other:?} came"))),
        };
        if !hook(t, line, stream, &frame)? && !t.serve(line, stream, &frame, object, None)? {
            return Err(Miss::Fail(format!("the client asks for what the object has not: {frame:?}")));
        }
        asked.push(frame);
    }
}

/// The connection of the client, if it comes within a moment.
fn came(t: &mut Tester<'_>) -> Outcome<Option<Line>> {
    let line = t.accept_within(Span::millis(20))?;
    if let Some(line) = line {
        t.agree(line, &Tester::settings(Roles::ORIGIN)).map_err(|miss| miss.before("opening a session"))?;
    } else {
        t.pause(Span::millis(5));
    }
    Ok(line)
}

/// Nothing is answered otherwise than an honest source answers.
pub(super) fn honest(_: &mut Tester<'_>, _: Line, _: StreamId, _: &Frame) -> Outcome<bool> {
    Ok(false)
}

/// R-10-01.
fn names() -> Vec<Case> {
    let once = |t: &mut Tester<'_>, packed| {
        let object = objects::named(t.name("it"), 3, packed);
        let fetched = fetched(t, order(by_name(&object, 0), None, None), &object, &mut honest)?;
        fetched.is(&object.packed.bytes)?;
        let names = fetched.asked.iter().filter(|frame| matches!(frame, Frame::GetName(_))).count();
        let plain = matches!(fetched.asked.first(), Some(Frame::GetName(ask)) if ask.manifest_only);
        ensure(plain && names == 1, || format!("one GetName for the manifest alone is due, and {:?} came", fetched.asked))
    };
    vec![
        Case::wire("R-10-01/a-name-once-and-all-else-by-digest", Valid, Client, move |t| once(t, tree(t.seed(), 8, 4))),
        Case::wire("R-10-01/an-object-that-is-its-manifest", Boundary, Client, move |t| once(t, pack(&[]))),
        Case::wire("R-10-01/a-manifest-of-another-digest", Invalid, Client, |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 8, 4));
            let mut lie = |t: &mut Tester<'_>, line, stream, frame: &Frame| {
                let Frame::GetName(_) = frame else { return Ok(false) };
                let bytes = object.packed.manifest.len() as u32;
                let head = Manifest { id: ContentId([9; 32]), version: 3, same: false, word: None, bytes };
                let answer = [Frame::Manifest(Box::new(head)).to_bytes(), object.packed.manifest.to_vec()].concat();
                t.send_last(line, stream, &answer).map(|()| true)
            };
            fetched(t, order(by_name(&object, 0), None, None), &object, &mut lie)?.failed(&[])
        }),
        Case::wire("R-10-01/an-older-version-than-will-do", Invalid, Client, |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 8, 4));
            fetched(t, order(by_name(&object, 4), None, None), &object, &mut honest)?.failed(&[])
        }),
    ]
}

/// R-10-02. The chunks of the object have 1024 octets each.
fn parts() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, range) in [
        ("inside-one-chunk", Valid, 3_100..3_200),
        ("over-several-manifests", Valid, 3_500..9_700),
        ("from-a-cut-to-a-cut", Boundary, 2_048..4_096),
        ("from-one-octet-before-a-cut", Boundary, 2_047..4_096),
        ("from-one-octet-after-a-cut", Boundary, 2_049..4_096),
        ("up-to-one-octet-before-a-cut", Boundary, 2_048..4_095),
        ("up-to-one-octet-after-a-cut", Boundary, 2_048..4_097),
        ("of-the-last-octet", Boundary, 16_383..16_384),
        ("of-no-octet", Boundary, 5_000..5_000),
    ] {
        all.push(Case::wire(&format!("R-10-02/a-range-{what}"), polarity, Client, move |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 2));
            let fetched = fetched(t, order(by_name(&object, 0), Some(range.clone()), None), &object, &mut honest)?;
            fetched.is(&object.packed.bytes[range.start as usize..range.end as usize])?;
            let asked: BTreeSet<ContentId> = fetched.contents().into_iter().collect();
            let due: BTreeSet<ContentId> =
                if range.is_empty() { BTreeSet::new() } else { ranged(&object.packed, &range).into_iter().collect() };
            ensure(asked == due, || format!("{} contents are due, and {} were asked for", due.len(), asked.len()))
        }));
    }
    for (what, range) in [("that-begins-at-the-end", 16_384..16_385), ("that-ends-after-the-end", 16_000..16_385)] {
        all.push(Case::wire(&format!("R-10-02/a-range-{what}"), Invalid, Client, move |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 2));
            let fetched = fetched(t, order(by_name(&object, 0), Some(range.clone()), None), &object, &mut honest)?;
            let right = matches!(fetched.told, Told::Failed { code: Code::RangeInvalid, .. });
            ensure(right, || format!("RangeInvalid is due, and the application was told {:?}", fetched.told))
        }));
    }
    all
}

/// The octets of an answer to a `Want` or a `GetId` in which some contents are spoilt: the head of each tells what was asked for.
fn spoilt(object: &Fixture, frame: &Frame, mut spoil: impl FnMut(ContentId, &mut Vec<u8>)) -> Vec<u8> {
    let mut content = |id: ContentId| {
        let mut octets = object.packed.contents.get(&id).map(|octets| octets.to_vec()).unwrap_or_default();
        spoil(id, &mut octets);
        let len = octets.len() as u32;
        [Frame::Chunk(Chunk { id, whole: len, offset: 0, bytes: len }).to_bytes(), octets].concat()
    };
    match frame {
        Frame::GetId(ask) => content(ask.id),
        Frame::Want(want) => {
            let mut bits = Bits::zeros(want.ids.len()).unwrap_or_default();
            (0..want.ids.len()).for_each(|at| bits.set(at));
            let all: Vec<u8> = want.ids.iter().flat_map(|id| content(*id)).collect();
            [Frame::Have(Box::new(bits)).to_bytes(), all].concat()
        }
        _ => Vec::new(),
    }
}

/// Fetches an object; the chunk in the middle comes spoilt so many times, and right after that.
fn with_spoilt(t: &mut Tester<'_>, times: usize, spoil: fn(&mut Vec<u8>)) -> Outcome<(Fixture, Fetched, usize)> {
    let object = objects::named(t.name("it"), 3, pack(&octets::formula(t.seed(), 60_000)));
    let all = chunks(&object.packed);
    let (victim, mut left, mut answers) = (all[all.len() / 2].0, times, 0);
    let mut hook = |t: &mut Tester<'_>, line, stream, frame: &Frame| {
        let asked =
            matches!(frame, Frame::Want(want) if want.ids.contains(&victim)) || matches!(frame, Frame::GetId(ask) if ask.id == victim);
        answers += usize::from(asked);
        if !asked || left == 0 {
            return Ok(false);
        }
        left -= 1;
        let answer = spoilt(&object, frame, |id, octets| {
            if id == victim {
                spoil(octets);
            }
        });
        t.send_last(line, stream, &answer).map(|()| true)
    };
    let fetched = fetched(t, order(by_name(&object, 0), None, None), &object, &mut hook)?;
    Ok((object, fetched, answers))
}

/// R-10-04.
fn verified() -> Vec<Case> {
    let spoilt = |what: &str, polarity, spoil: fn(&mut Vec<u8>)| {
        let case = Case::wire(&format!("R-10-04/{what}"), polarity, Client, move |t| {
            let (object, fetched, answers) = with_spoilt(t, 1, spoil)?;
            fetched.is(&object.packed.bytes)?;
            ensure(answers >= 2, || "a content with another digest is not asked for again".into())
        });
        // It has to go on with the source that sent it.
        case.leaning_on(&["R-10-05"])
    };
    vec![
        Case::wire("R-10-04/contents-with-their-names", Valid, Client, |t| {
            let object = objects::named(t.name("it"), 3, tree(t.seed(), 16, 2));
            fetched(t, order(by_name(&object, 0), None, None), &object, &mut honest)?.is(&object.packed.bytes)
        }),
        spoilt("one-bit-in-the-first-octet", Boundary, |octets| octets[0] ^= 0x80),
        spoilt("one-bit-in-the-last-octet", Boundary, |octets| *octets.last_mut().expect("it is not empty") ^= 1),
        spoilt("another-content", Invalid, |octets| octets.fill(0)),
        spoilt("a-content-cut-short", Invalid, |octets| octets.truncate(octets.len() - 1)),
        Case::wire("R-10-04/a-cache-hands-no-wrong-content-on", Invalid, Edge, |t| {
            let object = Fixture::new(t.name("it"), 1, t.seed(), 20_000);
            let id = object.chunks()[0];
            let below = t.session()?;
            let stream = t.ask_id(below, id)?;
            let above = t.session_from_it()?;
            let (asked, frame, _) = t.expect_request(above)?;
            let answer = spoilt_first(&object, &frame);
            t.send_last(above, asked, &answer)?;
            let answer = t.expect_answer(below, stream)?;
            let handed_on = answer.frames.iter().any(|(frame, _)| matches!(frame, Frame::Chunk(_)));
            ensure(!handed_on && answer.code().is_some(), || format!("{:?} came", answer.frames.first().map(|(frame, _)| frame)))
        }),
    ]
}

fn spoilt_first(object: &Fixture, frame: &Frame) -> Vec<u8> {
    spoilt(object, frame, |_, octets| octets[0] ^= 1)
}

/// R-10-05.
fn wrong() -> Vec<Case> {
    let flip: fn(&mut Vec<u8>) = |octets| octets[7] ^= 1;
    let mut all = Vec::new();
    for (what, polarity, times) in [("one-wrong-content-among-right-ones", Valid, 1), ("the-second-wrong-content", Boundary, 2)] {
        let case = Case::wire(&format!("R-10-05/{what}"), polarity, Client, move |t| {
            let (object, fetched, _) = with_spoilt(t, times, flip)?;
            fetched.is(&object.packed.bytes)?;
            let asked = fetched.contents();
            let each: BTreeSet<ContentId> = asked.iter().copied().collect();
            ensure(asked.len() == each.len() + times, || {
                format!("of {} contents {} asks came, where {times} had to be repeated", each.len(), asked.len())
            })
        });
        all.push(case);
    }
    all.push(Case::wire("R-10-05/the-third-wrong-content", Boundary, Client, move |t| {
        let (object, fetched, answers) = with_spoilt(t, 3, flip)?;
        ensure(answers == 3, || format!("{answers} asks for one content came"))?;
        fetched.failed(&object.packed.bytes)
    }));
    all.push(Case::wire("R-10-05/every-source-lies", Invalid, Client, |t| {
        let object = objects::named(t.name("it"), 3, pack(&octets::formula(t.seed(), 60_000)));
        let mut lie = |t: &mut Tester<'_>, line, stream, frame: &Frame| {
            if matches!(frame, Frame::GetName(_)) {
                return Ok(false);
            }
            let answer = spoilt_first(&object, frame);
            t.send_last(line, stream, &answer).map(|()| true)
        };
        fetched(t, order(by_name(&object, 0), None, None), &object, &mut lie)?.failed(&[])
    }));
    // What is wrong has to be noticed first.
    all.into_iter().map(|case| case.leaning_on(&["R-10-04"])).collect()
}
