//! R-10-09, R-10-18 to R-10-23 and R-10-25: what a node that stores, or does not, says to those who want to store.

use super::objects::{self, tree};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Client, Origin};
use crate::suite::cases::content::raw;
use crate::suite::cases::rigged::Rigged;
use crate::suite::memory::under;
use crate::suite::octets;
use crate::suite::port::{Identity, Line};
use crate::suite::tester::{Fixture, ROLES, Tester, get_name};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::manifest::Manifest;
use hypermesh_core::stoq::node::{Command, JobId};
use hypermesh_core::stoq::session::frame::{Chunk, ContentId, Frame, GetId, Name, Purge, Put, Want};
use hypermesh_core::stoq::session::{Code, Roles, StreamId};
use hypermesh_core::testing::stoq::pack;
use std::collections::BTreeSet;

pub(super) fn cases() -> Vec<Case> {
    let mut all = acknowledgements();
    all.extend(conflicts());
    all.extend(roles());
    all.extend(lengths());
    all.extend(contents());
    all.extend(lacking());
    all.extend(nothing_served());
    all.extend(copies());
    all
}

fn object(t: &Tester<'_>, what: &str, version: u64, len: usize) -> Fixture {
    Fixture::new(t.name(what), version, t.seed(), len)
}

/// The answer is an acknowledgement of the object, or a failure with a code.
fn answer_is(answer: &Frame, object: &Fixture, due: Option<Code>) -> Outcome {
    let right = match (answer, due) {
        (Frame::Ack(ack), None) => ack.id == object.root() && ack.version == object.version,
        (Frame::Fail(fail), Some(code)) => Code::known(fail.code.into()) == Some(code),
        _ => false,
    };
    ensure(right, || format!("{} is due, and {answer:?} came", due.map_or("Ack".to_owned(), |code| format!("{code:?}"))))
}

fn stores(t: &mut Tester<'_>, line: Line, object: &Fixture, due: Option<Code>) -> Outcome {
    let (answer, _) = t.store(line, object)?;
    answer_is(&answer, object, due)
}

/// Offers an object and gives what is wanted first.
fn first_wanted(t: &mut Tester<'_>, line: Line, object: &Fixture) -> Outcome<(StreamId, Vec<ContentId>)> {
    let stream = t.offer(line, object)?;
    match t.expect_frame(line, stream)?.0 {
        Frame::Want(want) => Ok((stream, want.ids.into())),
        other => Err(Miss::Inconclusive(format!("{other:?} came before the stimulus"))),
    }
}

/// R-10-09.
fn acknowledgements() -> Vec<Case> {
    vec![
        Case::wire("R-10-09/what-is-acknowledged-can-be-read", Valid, Origin, |t| {
            let object = objects::named(t.name("tree"), 1, tree(t.seed(), 16, 2));
            let line = t.session()?;
            stores(t, line, &object, None)?;
            for (id, octets) in &object.packed.contents {
                let stream = t.ask(line, &Frame::GetId(Box::new(GetId { id: *id, range: None })))?;
                let (_, data) = t.expect_frame(line, stream)?;
                ensure(data[..] == octets[..], || format!("a content that was acknowledged comes with {} octets", data.len()))?;
            }
            Ok(())
        }),
        Case::wire("R-10-09/nothing-is-acknowledged-before-the-last-content", Boundary, Origin, |t| {
            let (line, object) = (t.session()?, object(t, "withheld", 1, 20_000));
            let (stream, wanted) = first_wanted(t, line, &object)?;
            t.supply(line, stream, &object, &wanted[1..])?;
            let hush = t.hush();
            let early = t.next_within(line, stream, hush)?;
            ensure(early.is_none(), || format!("{early:?} came while a content was lacking"))?;
            t.supply(line, stream, &object, &wanted[..1])?;
            let (answer, _) = t.expect_frame(line, stream)?;
            answer_is(&answer, &object, None)
        }),
        Case::function("R-10-09/a-store-that-cannot-write", Invalid, || {
            let mut port = Rigged::new(|world| world.seats[0].store.full = true);
            under(None, || {
                let mut t = Tester::new(&mut port, Origin, 1)?;
                let (line, object) = (t.session()?, object(&t, "lost", 1, 20_000));
                stores(&mut t, line, &object, Some(Code::StoreFull))
            })
        }),
    ]
}

/// R-10-18.
fn conflicts() -> Vec<Case> {
    let second = |what: &str, polarity, version: u64, other: bool, due: Option<Code>| {
        Case::wire(&format!("R-10-18/{what}"), polarity, Origin, move |t| {
            let line = t.session()?;
            let first = object(t, "it", 5, 20_000);
            t.put(line, &first).map_err(|miss| miss.before("storing the first version"))?;
            let seed = t.seed() + u64::from(other);
            let next = Fixture { version, packed: pack(&octets::formula(seed, 20_000)), ..first };
            stores(t, line, &next, due)
        })
    };
    let purged = |what: &str, polarity, version: u64, due: Option<Code>| {
        Case::wire(&format!("R-10-18/{what}"), polarity, Origin, move |t| {
            let line = t.session()?;
            let next = object(t, "purged", version, 20_000);
            let name = Name::new(&next.name).expect("a case names things well");
            t.ask(line, &Frame::Purge(Box::new(Purge { name, below: false, version: 5 })))?;
            let hush = t.hush();
            t.pause(hush);
            stores(t, line, &next, due)
        })
    };
    vec![
        second("a-version-above", Valid, 6, true, None),
        second("the-same-version-and-manifest", Boundary, 5, false, None),
        second("the-same-version-with-another-manifest", Boundary, 5, true, Some(Code::Conflict)),
        second("a-version-below", Invalid, 4, true, Some(Code::Conflict)),
        purged("a-version-that-a-purge-covers", Invalid, 5, Some(Code::Conflict)),
        Case::wire("R-10-18/the-version-that-stands-for-none", Boundary, Origin, |t| {
            let line = t.session()?;
            let none = object(t, "none", 0, 20_000);
            stores(t, line, &none, Some(Code::Conflict))
        }),
        purged("one-version-above-what-a-purge-covers", Boundary, 6, None),
    ]
}

/// R-10-19.
fn roles() -> Vec<Case> {
    let playing = |what: &str, polarity, shown: Roles, told: Roles, due: Option<Code>| {
        Case::wire(&format!("R-10-19/{what}"), polarity, Origin, move |t| {
            let line = t.connect(Identity::Certified(shown))?;
            t.agree(line, &Tester::settings(told)).map_err(|miss| miss.before("opening a session"))?;
            let object = object(t, "it", 1, 20_000);
            stores(t, line, &object, due)
        })
    };
    vec![
        playing("a-publisher", Valid, Roles::PUBLISHER, Roles::PUBLISHER, None),
        playing("an-origin", Valid, Roles::ORIGIN, Roles::ORIGIN, None),
        playing("a-client-and-publisher", Boundary, ROLES, ROLES, None),
        playing("a-client", Invalid, Roles::CLIENT, Roles::CLIENT, Some(Code::NotAuthorised)),
        playing("a-publisher-that-did-not-tell", Invalid, ROLES, Roles::CLIENT, Some(Code::NotAuthorised)),
    ]
}

/// R-10-20.
fn lengths() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, more) in [("as-told", Valid, 0), ("one-less-than-told", Boundary, 1), ("one-more-than-told", Boundary, -1)] {
        all.push(Case::wire(&format!("R-10-20/a-length-{what}"), polarity, Origin, move |t| {
            let manifest = raw::Form::of(&[2000, 1500]).octets();
            let told = 3500u64.saturating_add_signed(more);
            if more == 0 { raw::wanted(t, told, &manifest) } else { raw::refused(t, told, &manifest) }
        }));
    }
    all.push(Case::wire("R-10-20/octets-that-are-no-manifest", Invalid, Origin, |t| raw::refused(t, 3500, &[0xa5, 0, 1])));
    all
}

/// R-10-21.
fn contents() -> Vec<Case> {
    /// What is sent instead of the first content that is wanted.
    type Wrong = fn(&mut Tester<'_>, Line, StreamId, &Fixture, &[ContentId]) -> Outcome;
    let sent = |what: &str, polarity, wrong: Wrong| {
        Case::wire(&format!("R-10-21/{what}"), polarity, Origin, move |t| {
            let (line, object) = (t.session()?, object(t, "it", 1, 40_000));
            let (stream, wanted) = first_wanted(t, line, &object)?;
            wrong(t, line, stream, &object, &wanted)?;
            t.expect_refusal(line, stream, &[Code::ContentMismatch])?;
            t.expect_alive(line)
        })
    };
    vec![
        Case::wire("R-10-21/each-content-once", Valid, Origin, |t| {
            let (line, object) = (t.session()?, object(t, "it", 1, 40_000));
            let (answer, wanted) = t.store(line, &object)?;
            let each: BTreeSet<ContentId> = wanted.iter().copied().collect();
            ensure(each.len() == wanted.len() && each.len() == object.chunks().len(), || format!("{} contents are wanted", wanted.len()))?;
            answer_is(&answer, &object, None)
        }),
        sent("another-last-octet", Boundary, |t, line, stream, object, wanted| {
            let mut octets = t.content(object, wanted[0]);
            *octets.last_mut().expect("it is not empty") ^= 1;
            t.send(line, stream, &octets)
        }),
        sent("a-part-of-a-content", Boundary, |t, line, stream, object, wanted| {
            let octets = &object.packed.contents[&wanted[0]];
            let bytes = octets.len() as u32 - 1;
            let head = Chunk { id: wanted[0], whole: octets.len() as u32, offset: 0, bytes };
            t.send(line, stream, &[Frame::Chunk(head).to_bytes(), octets[..bytes as usize].to_vec()].concat())
        }),
        sent("a-content-that-was-not-wanted", Invalid, |t, line, stream, _, _| {
            let (id, octets) = raw::chunk(99, 3000);
            raw::send_content(t, line, stream, id, &octets)
        }),
        sent("a-content-that-comes-twice", Invalid, |t, line, stream, object, wanted| {
            t.supply(line, stream, object, &[wanted[0], wanted[0]])
        }),
    ]
}

/// R-10-22.
fn lacking() -> Vec<Case> {
    vec![
        Case::wire("R-10-22/the-second-version-of-an-object", Valid, Origin, |t| {
            let line = t.session()?;
            let first = object(t, "it", 1, 60_000);
            t.put(line, &first).map_err(|miss| miss.before("storing the first version"))?;
            let mut changed = first.packed.bytes.clone();
            changed[30_000] ^= 1;
            let next = Fixture { version: 2, packed: pack(&changed), ..first.clone() };
            let (answer, wanted) = t.store(line, &next)?;
            answer_is(&answer, &next, None)?;
            let due: BTreeSet<ContentId> = next.chunks().into_iter().filter(|id| !first.packed.contents.contains_key(id)).collect();
            let wanted: BTreeSet<ContentId> = wanted.into_iter().collect();
            ensure(wanted == due, || format!("{} contents changed, and {} are wanted", due.len(), wanted.len()))
        }),
        Case::wire("R-10-22/an-object-all-of-which-is-there", Boundary, Origin, |t| {
            let line = t.session()?;
            let first = object(t, "it", 1, 60_000);
            t.put(line, &first).map_err(|miss| miss.before("storing the first version"))?;
            let again = Fixture { name: t.name("again"), ..first };
            let (answer, wanted) = t.store(line, &again)?;
            ensure(wanted.is_empty(), || format!("{} contents are wanted of an object that is there", wanted.len()))?;
            answer_is(&answer, &again, None)
        }),
        Case::wire("R-10-22/a-content-below-a-manifest-that-is-there", Invalid, Origin, |t| {
            let line = t.session()?;
            let object = objects::named(t.name("tree"), 1, tree(t.seed(), 4, 2));
            let (stream, wanted) = first_wanted(t, line, &object)?;
            let is_manifest = |id: &ContentId| Manifest::decode(&object.packed.contents[id]).is_ok();
            ensure(wanted.iter().all(is_manifest), || "chunks are wanted before the manifest that lists them".into())?;
            t.supply(line, stream, &object, &wanted)?;
            // Lower manifests are there now, and their chunks are not.
            let hush = t.hush();
            t.pause(hush);
            t.reset(line, stream, Code::Cancelled)?;
            t.stop(line, stream, Code::Cancelled)?;
            let (answer, wanted) = t.store(line, &object)?;
            let chunks = objects::chunks(&object.packed);
            ensure(chunks.iter().all(|(id, _)| wanted.contains(id)), || format!("{} of {} chunks are wanted", wanted.len(), chunks.len()))?;
            answer_is(&answer, &object, None)
        }),
    ]
}

/// The most copies that a `Put` can wish for (clause 6.3).
const COPIES_MAX: u8 = 64;

/// R-10-25. How many copies an implementation keeps is learnt from what it acknowledges.
fn copies() -> Vec<Case> {
    /// Offers an object and wishes for so many copies: what is said first.
    fn wish(t: &mut Tester<'_>, line: Line, object: &Fixture, copies: u8) -> Outcome<(StreamId, Frame)> {
        let name = Name::new(&object.name).expect("a case names things well");
        let put = Frame::Put(Box::new(Put { name, version: object.version, bytes: object.packed.bytes.len() as u64, copies }));
        let stream = t.request(line, &put.to_bytes())?;
        // A node that refuses the head of a store needs nothing more of it.
        let manifest = t.manifest(object);
        t.send(line, stream, &manifest)?;
        Ok((stream, t.expect_frame(line, stream)?.0))
    }
    /// Stores an object with one copy: how many are kept.
    fn kept(t: &mut Tester<'_>, line: Line) -> Outcome<u8> {
        let object = object(t, "one", 1, 20_000);
        match t.store(line, &object)?.0 {
            Frame::Ack(ack) => Ok(ack.copies),
            answer => Err(Miss::Fail(format!("one copy is wished for, and {answer:?} came"))),
        }
    }
    let more = |what: &str, polarity, wished: fn(u8) -> u8| {
        Case::wire(&format!("R-10-25/{what}"), polarity, Origin, move |t| {
            let line = t.session()?;
            let kept = kept(t, line)?;
            if kept >= COPIES_MAX {
                return Err(Miss::Inconclusive("it keeps as many copies as can be wished for".into()));
            }
            let object = object(t, "many", 1, 21_000);
            let (_, answer) = wish(t, line, &object, wished(kept))?;
            answer_is(&answer, &object, Some(Code::CopiesLacking))
        })
    };
    vec![
        Case::wire("R-10-25/one-copy", Valid, Origin, |t| {
            let line = t.session()?;
            kept(t, line).map(drop)
        }),
        Case::wire("R-10-25/as-many-copies-as-it-keeps", Boundary, Origin, |t| {
            let line = t.session()?;
            let kept = kept(t, line)?;
            let object = object(t, "many", 1, 21_000);
            let (stream, answer) = wish(t, line, &object, kept)?;
            let Frame::Want(want) = answer else { return Err(Miss::Fail(format!("{kept} copies are wished for, and {answer:?} came"))) };
            t.supply(line, stream, &object, &want.ids)?;
            let (answer, _) = t.expect_frame(line, stream)?;
            answer_is(&answer, &object, None)
        }),
        more("one-copy-more-than-it-keeps", Invalid, |kept| kept + 1),
        more("as-many-copies-as-can-be-said", Boundary, |_| COPIES_MAX),
    ]
}

/// R-10-23. A client connects with the tester, and is asked for something.
fn nothing_served() -> Vec<Case> {
    let asking = |what: &str, polarity, request: fn(&Tester<'_>) -> Frame| {
        Case::wire(&format!("R-10-23/{what}"), polarity, Client, move |t| {
            t.upper()
                .command(JobId(1), Command::Ping { server: None })
                .ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            let line = t.session_from_it()?;
            let frame = request(t);
            let stream = t.request(line, &frame.to_bytes())?;
            t.expect_refusal(line, stream, &[Code::NotAuthorised])
        })
    };
    vec![
        asking("a-name", Valid, |_| Frame::GetName(Box::new(get_name("anything")))),
        asking("a-digest", Valid, |_| Frame::GetId(Box::new(GetId { id: ContentId([1; 32]), range: None }))),
        asking("a-want-of-one-digest", Boundary, |_| Frame::Want(Want { send: true, ids: [ContentId([1; 32])].into() })),
        asking("a-store", Invalid, |t| {
            let name = Name::new(&t.name("it")).expect("a case names things well");
            Frame::Put(Box::new(Put { name, version: 1, bytes: 1, copies: 1 }))
        }),
    ]
}
