//! R-10-03 and R-10-12 to R-10-17: what a source answers.

use super::objects::{self, ranged, tree, whole};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Edge, Origin};
use crate::suite::cases::alone::one_chunk;
use crate::suite::octets;
use crate::suite::port::Line;
use crate::suite::tester::{Answer, Fixture, ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::session::frame::{ContentId, Frame, GetId, GetName, Name, Range, Word};
use hypermesh_core::stoq::session::{Code, Setting};
use hypermesh_core::testing::stoq::{Packed, pack};
use std::collections::BTreeSet;

pub(super) fn cases() -> Vec<Case> {
    let mut all = haves();
    all.extend(repetitions());
    all.extend(walks());
    all.extend(ranges());
    all.extend(absent());
    all.extend(versions());
    all
}

/// `GetName` for all of the newest version.
fn get(name: &str) -> GetName {
    GetName::whole(Name::new(name).expect("a case names things well"))
}

/// The digests of the contents that an answer brought, each of which has to be whole and right.
fn brought(answer: &Answer) -> Outcome<Vec<ContentId>> {
    let mut ids = Vec::new();
    for (frame, data) in &answer.frames {
        let Frame::Chunk(head) = frame else { continue };
        let right = ChunkId(head.id.0).is_of(data) || hypermesh_core::stoq::chunk::ManifestId(head.id.0).is_of(data);
        ensure(right && head.whole == head.bytes, || format!("a content came that is not what its head tells: {head:?}"))?;
        ids.push(head.id);
    }
    Ok(ids)
}

fn asked(t: &mut Tester<'_>, line: Line, frame: &Frame) -> Outcome<Answer> {
    let stream = t.ask(line, frame)?;
    t.expect_answer(line, stream)
}

/// Stores an object and gives it with an open session.
fn stored(t: &mut Tester<'_>, version: u64, packed: Packed) -> Outcome<(Line, Fixture)> {
    let object = objects::named(t.name("stored"), version, packed);
    let line = t.session()?;
    t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
    Ok((line, object))
}

/// A `Want` of which some contents are there and some are not, one after the other.
fn a_have_comes_first(t: &mut Tester<'_>, there: usize, lacking: usize, send: bool) -> Outcome {
    let object = t.fixture()?;
    let chunks = object.chunks();
    let (mut known, mut unknown) =
        (chunks[..there].iter().copied(), (0..lacking).map(|at| ContentId(*blake3::hash(&[at as u8]).as_bytes())));
    let mut ids = Vec::new();
    while ids.len() < there + lacking {
        ids.extend(known.next());
        ids.extend(unknown.next());
    }
    let line = t.session()?;
    let stream = t.want(line, &ids, send)?;
    let answer = t.expect_answer(line, stream)?;
    let Some((Frame::Have(bits), _)) = answer.frames.first() else {
        return Err(Miss::Fail(format!("a Have is due first, and {:?} came", answer.frames.first().map(|(frame, _)| frame))));
    };
    let told: Vec<bool> = (0..bits.count()).map(|at| bits.get(at)).collect();
    let right: Vec<bool> = ids.iter().map(|id| chunks.contains(id)).collect();
    ensure(told == right, || format!("the bits are {told:?}, and due are {right:?}"))?;
    ensure(answer.frames[1..].iter().all(|(frame, _)| matches!(frame, Frame::Chunk(_))), || "something else than chunks follows".into())?;
    let mut brought = brought(&answer)?;
    let mut due: Vec<ContentId> = ids.into_iter().filter(|id| send && chunks.contains(id)).collect();
    brought.sort();
    due.sort();
    ensure(brought == due, || format!("{} contents came, and {} were promised", brought.len(), due.len()))
}

/// Chunks of which the peer takes all but the middle one: a source that promises that one cannot keep its word.
fn not_promised(t: &mut Tester<'_>) -> Outcome {
    let line = t.session()?;
    let objects = [300, 70_000, 400].map(|len| one_chunk(t.name(&format!("of-{len}")), t.seed() + len as u64, len));
    for object in &objects {
        t.put(line, object).map_err(|miss| miss.before("storing an object"))?;
    }
    let ids = objects.each_ref().map(|object| object.chunks()[0]);
    let asker = t.session_with(ROLES, &Tester::settings(ROLES).with(Setting::ChunkBytes, 65_536))?;
    let stream = t.want(asker, &ids, true)?;
    t.send_last(asker, stream, &[])?;
    let answer = t.expect_answer(asker, stream)?;
    let Some((Frame::Have(bits), _)) = answer.frames.first() else {
        // A request that needs what is too long can be refused as a whole (clause 6.2).
        return ensure(answer.code() == Some(Code::Refused), || "neither a Have nor a refusal came".into());
    };
    let told: Vec<bool> = (0..bits.count()).map(|at| bits.get(at)).collect();
    let brought = brought(&answer)?;
    let kept: Vec<bool> = ids.iter().map(|id| brought.contains(id)).collect();
    ensure(told == kept && told == [true, false, true], || format!("the bits are {told:?}, and of these chunks came {kept:?}"))
}

/// R-10-03.
fn haves() -> Vec<Case> {
    let mut all = vec![Case::wire("R-10-03/a-chunk-that-the-peer-does-not-take", Boundary, Origin, not_promised)];
    for (what, polarity, there, lacking, send) in [
        ("all-are-there", Valid, 5, 0, true),
        ("some-are-there", Valid, 4, 3, true),
        ("none-is-there", Valid, 0, 4, true),
        ("nothing-is-to-be-sent", Valid, 4, 3, false),
        ("one-digest", Boundary, 1, 0, true),
        ("120-digests", Boundary, 40, 80, true),
    ] {
        let case = Case::wire(&format!("R-10-03/{what}"), polarity, Origin, move |t| a_have_comes_first(t, there, lacking, send));
        // What must not be sent is R-8-07's to say.
        all.push(if send { case } else { case.leaning_on(&["R-8-07"]) });
    }
    all
}

/// R-10-12.
fn repetitions() -> Vec<Case> {
    let twice = |name: &str, polarity: Polarity, at_once: bool, ask: fn(&Fixture) -> Frame| {
        Case::wire(name, polarity, Origin, move |t| {
            let object = t.fixture()?;
            let line = t.session()?;
            let frame = ask(&object);
            let one = t.ask(line, &frame)?;
            let (one, other) = if at_once {
                let other = t.ask(line, &frame)?;
                (t.expect_answer(line, one)?, t.expect_answer(line, other)?)
            } else {
                (t.expect_answer(line, one)?, asked(t, line, &frame)?)
            };
            ensure(one.frames.iter().any(|(frame, _)| matches!(frame, Frame::Chunk(_))), || format!("the first answer is {one:?}"))?;
            let (mut first, mut second) = (brought(&one)?, brought(&other)?);
            first.sort();
            second.sort();
            ensure(first == second && one.code() == other.code(), || {
                format!("the first time {} frames came, the second time {}", one.frames.len(), other.frames.len())
            })
        })
    };
    let id: fn(&Fixture) -> Frame = |object| Frame::GetId(Box::new(GetId { id: object.chunks()[0], range: None }));
    let name: fn(&Fixture) -> Frame = |object| Frame::GetName(Box::new(get(&object.name)));
    vec![
        twice("R-10-12/a-digest-twice", Valid, false, id),
        twice("R-10-12/a-name-twice", Valid, false, name),
        twice("R-10-12/a-digest-while-the-first-is-under-way", Boundary, true, id),
        twice("R-10-12/a-name-while-the-first-is-under-way", Boundary, true, name),
        Case::wire("R-10-12/a-store-twice", Invalid, Origin, |t| {
            let (line, object) = stored(t, 3, pack(&octets::formula(t.seed(), 20_000)))?;
            t.put(line, &object)
        }),
    ]
}

/// A whole answer to a name: the manifest, then what the range needs in the order of a walk.
fn a_walk_comes(t: &mut Tester<'_>, packed: Packed, range: Option<(u64, u64)>) -> Outcome {
    let (line, object) = stored(t, 1, packed)?;
    let ask = GetName { range: range.and_then(|(start, bytes)| Range::new(start, bytes)), ..get(&object.name) };
    let answer = asked(t, line, &Frame::GetName(Box::new(ask)))?;
    let Some((Frame::Manifest(head), data)) = answer.frames.first() else {
        return Err(Miss::Fail(format!("a manifest is due first, and {:?} came", answer.frames.first().map(|(frame, _)| frame))));
    };
    ensure(head.id == object.root() && data[..] == object.packed.manifest[..], || "the manifest is another one".into())?;
    let span = range.map_or(whole(&object.packed), |(start, bytes)| start..start + bytes);
    let due = ranged(&object.packed, &span);
    let brought = brought(&answer)?;
    ensure(brought == due, || {
        format!("{} contents came, {} are due, and they differ from place {:?} on", brought.len(), due.len(), differ(&brought, &due))
    })
}

fn differ(one: &[ContentId], other: &[ContentId]) -> Option<usize> {
    (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at))
}

/// R-10-13.
fn walks() -> Vec<Case> {
    vec![
        Case::wire("R-10-13/an-object-of-one-level", Valid, Origin, |t| a_walk_comes(t, pack(&octets::formula(t.seed(), 60_000)), None)),
        Case::wire("R-10-13/an-object-of-four-levels", Valid, Origin, |t| a_walk_comes(t, tree(t.seed(), 16, 2), None)),
        Case::wire("R-10-13/a-range-over-several-manifests", Valid, Origin, |t| {
            a_walk_comes(t, tree(t.seed(), 16, 2), Some((3_500, 6_000)))
        }),
        Case::wire("R-10-13/an-empty-object", Boundary, Origin, |t| a_walk_comes(t, pack(&[]), None)),
        Case::wire("R-10-13/a-range-inside-the-last-chunk", Boundary, Origin, |t| {
            a_walk_comes(t, tree(t.seed(), 16, 2), Some((16_000, 100)))
        }),
        Case::wire("R-10-13/a-chunk-that-repeats", Invalid, Origin, |t| a_walk_comes(t, pack(&[7; 100_000]), None)),
    ]
}

/// R-10-14.
fn ranges() -> Vec<Case> {
    let mut all = Vec::new();
    // Counted from the end of the chunk, or of the object.
    for (what, polarity, start, end, right) in [
        ("inside", Valid, -900, -1, true),
        ("up-to-the-last-octet", Boundary, -5, 0, true),
        ("one-octet-more", Boundary, -5, 1, false),
        ("that-begins-at-the-end", Invalid, 0, 1, false),
        ("that-begins-after-the-end", Invalid, 10, 12, false),
    ] {
        all.push(Case::wire(&format!("R-10-14/a-range-of-a-chunk-{what}"), polarity, Origin, move |t| {
            let object = t.fixture()?;
            let id = object.chunks()[0];
            let octets = object.packed.contents[&id].clone();
            let from = octets.len().saturating_add_signed(start);
            let to = octets.len().saturating_add_signed(end);
            let line = t.session()?;
            let range = Range::new(from as u64, (to - from) as u64);
            let answer = asked(t, line, &Frame::GetId(Box::new(GetId { id, range })))?;
            match answer.frames.first() {
                Some((Frame::Chunk(head), data)) if right => {
                    let fits = head.id == id && head.whole as usize == octets.len() && head.offset as usize == from;
                    ensure(fits && data[..] == octets[from..to], || format!("another part came: {head:?}"))
                }
                _ if !right && answer.code() == Some(Code::RangeInvalid) => Ok(()),
                first => Err(Miss::Fail(format!("octets {from} to {to} of {}: {:?}", octets.len(), first.map(|(frame, _)| frame)))),
            }
        }));
        all.push(Case::wire(&format!("R-10-14/a-range-of-an-object-{what}"), polarity, Origin, move |t| {
            let object = t.fixture()?;
            let len = object.packed.bytes.len();
            let (from, to) = (len.saturating_add_signed(start), len.saturating_add_signed(end));
            let line = t.session()?;
            let ask = GetName { range: Range::new(from as u64, (to - from) as u64), ..get(&object.name) };
            let answer = asked(t, line, &Frame::GetName(Box::new(ask)))?;
            let due = if right { None } else { Some(Code::RangeInvalid) };
            ensure(answer.code() == due, || format!("octets {from} to {to} of {len}: {:?}", answer.code()))
        }));
    }
    all
}

/// R-10-15.
fn absent() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-10-15/a-content-that-is-there", Valid, Origin, |t| {
            let object = t.fixture()?;
            let line = t.session()?;
            let id = object.chunks()[1];
            let answer = asked(t, line, &Frame::GetId(Box::new(GetId { id, range: None })))?;
            ensure(brought(&answer)? == [id], || format!("it is answered with {:?}", answer.code()))
        }),
        Case::wire("R-10-15/a-manifest-by-its-digest", Invalid, Origin, |t| {
            let object = t.fixture()?;
            let line = t.session()?;
            let answer = asked(t, line, &Frame::GetId(Box::new(GetId { id: object.root(), range: None })))?;
            ensure(brought(&answer)? == [object.root()], || format!("it is answered with {:?}", answer.code()))
        }),
    ];
    for bit in [0, 255] {
        all.push(Case::wire(&format!("R-10-15/a-digest-that-differs-in-bit-{bit}"), Boundary, Origin, move |t| {
            let object = t.fixture()?;
            let mut id = object.chunks()[1];
            id.0[bit / 8] ^= 0x80 >> (bit % 8);
            let line = t.session()?;
            let stream = t.ask_id(line, id)?;
            t.expect_refusal(line, stream, &[Code::NotFound])
        }));
    }
    all
}

/// The head of the manifest that an answer begins with: its version, and whether it is the one that is known.
fn answered(answer: &Answer) -> Option<(u64, bool)> {
    match answer.frames.first() {
        Some((Frame::Manifest(head), _)) => Some((head.version, head.same)),
        _ => None,
    }
}

/// R-10-16 and R-10-17.
fn versions() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, version_min) in
        [("any", Valid, 0), ("below", Valid, 6), ("equal", Boundary, 7), ("above", Boundary, 8), ("far-above", Invalid, 1 << 40)]
    {
        all.push(Case::wire(&format!("R-10-16/a-lowest-version-{what}"), polarity, Origin, move |t| {
            let (line, object) = stored(t, 7, pack(&octets::formula(t.seed(), 20_000)))?;
            let answer = asked(t, line, &Frame::GetName(Box::new(GetName { version_min, manifest_only: true, ..get(&object.name) })))?;
            if version_min <= 7 {
                return ensure(answered(&answer) == Some((7, false)), || format!("{:?} came", answer.frames));
            }
            let fail = answer.fail().ok_or_else(|| Miss::Fail(format!("NotFound is due, and {:?} came", answered(&answer))))?;
            ensure(answer.code() == Some(Code::NotFound) && fail.absent.is_none(), || {
                format!("NotFound without an absence is due, and {fail:?} came")
            })
        }));
    }
    all.push(Case::wire("R-10-16/a-cache-with-an-older-copy-asks-further", Invalid, Edge, a_cache_asks_further));
    for (what, polarity, known, manifest_only, same) in [
        ("the-known-version-is-the-newest", Valid, 7, true, true),
        ("the-known-version-is-one-below", Boundary, 6, true, false),
        ("the-known-version-is-one-above", Boundary, 8, true, false),
        ("not-only-the-manifest-is-wanted", Invalid, 7, false, false),
    ] {
        all.push(Case::wire(&format!("R-10-17/{what}"), polarity, Origin, move |t| {
            let (line, object) = stored(t, 7, pack(&octets::formula(t.seed(), 20_000)))?;
            let ask = GetName { known: Some(known), manifest_only, ..get(&object.name) };
            let answer = asked(t, line, &Frame::GetName(Box::new(ask)))?;
            ensure(answered(&answer) == Some((7, same)), || format!("version 7, same: {same} is due, and {:?} came", answered(&answer)))?;
            let due: BTreeSet<ContentId> =
                if manifest_only { BTreeSet::new() } else { ranged(&object.packed, &whole(&object.packed)).into_iter().collect() };
            let brought: BTreeSet<ContentId> = brought(&answer)?.into_iter().collect();
            ensure(brought == due, || "other contents than due follow".into())
        }));
    }
    all
}

fn a_cache_asks_further(t: &mut Tester<'_>) -> Outcome {
    let name = t.name("renewed");
    let below = t.session()?;
    let mut above = None;
    for version in [1, 2] {
        let object = Fixture::new(name.clone(), version, t.seed() + version, 10_000);
        let ask = GetName { manifest_only: true, version_min: version, ..get(&name) };
        let stream = t.ask(below, &Frame::GetName(Box::new(ask)))?;
        let line = match above {
            Some(line) => line,
            None => *above.insert(t.session_from_it()?),
        };
        let (asked, frame, _) = t.expect_request(line)?;
        ensure(matches!(&frame, Frame::GetName(ask) if ask.version_min >= version), || format!("it asks further with {frame:?}"))?;
        let word = Word { origin: true, max_age_millis: 60_000, ..Default::default() };
        t.serve(line, asked, &frame, &object, Some(word))?;
        let answer = t.expect_answer(below, stream)?;
        ensure(answered(&answer) == Some((version, false)), || format!("version {version} is due, and {:?} came", answer.frames))?;
    }
    Ok(())
}
