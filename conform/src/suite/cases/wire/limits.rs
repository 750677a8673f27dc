//! R-6-04, R-6-18, R-6-21 and R-6-22: how long a frame may be.

use super::super::alone::{Alone, On, Then, ask_for_nothing, closed, get_name, one_chunk, said};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::{frame, text, varint};
use crate::suite::port::Identity;
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::session::frame::{Chunk, ContentId, Frame, GetId, Manifest, Name};
use hypermesh_core::stoq::session::{Code, Config, Effect, Input, Setting, Settings, Side, StreamId};

/// The longest that clause 6.2 allows.
const CHUNK: u64 = 1_048_592;
const MANIFEST: u64 = 131_072;
const UNKNOWN: u64 = 16_384;
/// An even type that nobody knows, and not one without meaning.
const EVEN: u64 = 0x2a;

pub(super) fn cases() -> Vec<Case> {
    let mut all = refused();
    all.extend(accepted());
    all.extend(kept());
    all.extend(assumed());
    all
}

/// Type and length alone.
fn head(kind: u64, length: u64) -> Vec<u8> {
    [varint(kind), varint(length)].concat()
}

/// `Put`, and the head of a `Manifest` with so many octets of data.
fn manifest(data: u64) -> Vec<u8> {
    let put = frame(0x1d, &[varint(1), varint(1), vec![1], text(b"no such thing")].concat());
    [put, head(0x19, 34 + data), vec![7; 32], varint(1), vec![0]].concat()
}

/// The head of a `Chunk` of this length with so many octets of data.
fn chunk(whole: u64, data: u64) -> Vec<u8> {
    [head(0x1b, 33 + varint(whole).len() as u64 + data), vec![7; 32], varint(whole), varint(0)].concat()
}

/// R-6-04: what is longer is refused.
fn refused() -> Vec<Case> {
    let too_large = || closed(Code::FrameTooLarge);
    let mut all = vec![
        Case::wire("R-6-04/frames-shorter-than-the-limits", Valid, Origin, |t| {
            let object = one_chunk(t.name("short"), t.seed(), 1_000);
            let line = t.session()?;
            t.put(line, &object)
        })
        .leaning_on(&["R-9-20"]),
        Case::wire("R-6-04/an-unknown-frame-of-one-octet-more", Boundary, Origin, move |t| {
            said(t, On::Request, &head(EVEN, UNKNOWN + 1), &too_large())
        }),
        Case::wire("R-6-04/a-manifest-of-one-octet-more", Boundary, Origin, move |t| {
            said(t, On::Request, &manifest(MANIFEST + 1), &too_large())
        }),
        Case::wire("R-6-04/frames-without-data-of-one-octet-more", Boundary, Origin, move |t| {
            [0x11, 0x13, 0x15, 0x1d, 0x21].into_iter().try_for_each(|kind| said(t, On::Request, &head(kind, 4_081), &too_large()))?;
            [0x05, 0x06, 0x08].into_iter().try_for_each(|kind| said(t, On::Control, &head(kind, 4_081), &too_large()))
        }),
    ];
    for (what, on, kinds) in [
        ("control", On::Control, &[0x03_u64, 0x05, 0x06, 0x08, EVEN][..]),
        ("request", On::Request, &[0x11, 0x13, 0x15, 0x19, 0x1b, 0x1d, 0x21, 0x25, EVEN]),
        ("datagram", On::Datagram, &[0x02, 0x04, 0x06, 0x08, EVEN]),
    ] {
        all.push(Case::wire(&format!("R-6-04/the-longest-length-on-a-{what}"), Invalid, Origin, move |t| {
            kinds.iter().try_for_each(|kind| said(t, on, &head(*kind, (1 << 62) - 1), &too_large()))
        }));
    }
    all
}

/// R-6-18: what is just as long is taken.
fn accepted() -> Vec<Case> {
    let alive = |t: &mut Tester<'_>, octets: &[u8]| said(t, On::Request, octets, &Then::Alive);
    vec![
        Case::wire("R-6-18/settings-of-32-long-pairs", Valid, Origin, |t| {
            let settings = (0..32).fold(Settings::default(), |settings, n| settings.with_number((1 << 61) + 2 * n, (1 << 62) - 1 - n));
            let line = t.connect(Identity::Certified(ROLES))?;
            t.agree(line, &settings)?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-18/an-unknown-frame-of-the-limit", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = t.open(line, crate::suite::port::Ways::Two)?;
            t.send_last(line, stream, &[frame(EVEN, &[0; UNKNOWN as usize]), ask_for_nothing()].concat())?;
            t.expect_refusal(line, stream, &[Code::NotFound])
        })
        .leaning_on(&["R-6-19"]),
        Case::wire("R-6-18/a-manifest-of-the-limit", Boundary, Origin, move |t| alive(t, &manifest(MANIFEST))),
        Case::wire("R-6-18/a-chunk-of-the-limit", Boundary, Origin, |t| {
            // Nobody wanted it, so the exchange is given up; that its length is right shows in that nothing more is.
            let object = one_chunk(t.name("offered"), t.seed(), 10);
            let line = t.session()?;
            let stream = t.offer(line, &object)?;
            t.send(line, stream, &chunk(CHUNK, CHUNK))?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-18/a-name-of-the-limit", Boundary, Origin, move |t| alive(t, &frame(0x11, &get_name(0, &[], &[b'n'; 1_024])))),
        Case::wire("R-6-18/a-want-of-120-digests", Boundary, Origin, |t| {
            let line = t.session()?;
            let ids: Vec<ContentId> = (0..120).map(|n| ContentId([n; 32])).collect();
            let stream = t.want(line, &ids, false)?;
            match t.expect_frame(line, stream)?.0 {
                Frame::Have(bits) => ensure(bits.count() == 120, || format!("it has {} bits", bits.count())),
                other => Err(Miss::Fail(format!("Have is due, and {other:?} came"))),
            }
        }),
        Case::wire("R-6-18/one-octet-more", Invalid, Origin, |t| {
            said(t, On::Request, &head(EVEN, UNKNOWN + 1), &closed(Code::FrameTooLarge))?;
            said(t, On::Request, &frame(0x11, &get_name(0, &[], &[b'n'; 1_025])), &closed(Code::FrameMalformed))
        })
        .leaning_on(&["R-6-04", "R-6-03"]),
    ]
}

/// R-6-21: what the peer does not take is not sent.
fn kept() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, len) in [
        ("a-shorter-chunk", Valid, 60_000),
        ("one-octet-less", Boundary, 65_535),
        ("exactly-what-is-taken", Boundary, 65_536),
        ("one-octet-more", Invalid, 65_537),
    ] {
        all.push(
            Case::wire(&format!("R-6-21/{what}"), polarity, Origin, move |t| {
                let object = one_chunk(t.name(what), t.seed(), len);
                let line = t.session()?;
                t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
                let asker = t.session_with(ROLES, &Tester::settings(ROLES).with(Setting::ChunkBytes, 65_536))?;
                let stream = t.ask_id(asker, object.chunks()[0])?;
                let answer = t.expect_answer(asker, stream)?;
                let data = answer.frames.iter().find_map(|(frame, data)| matches!(frame, Frame::Chunk(_)).then_some(data.len()));
                ensure(data == (len <= 65_536).then_some(len), || format!("{data:?} octets came of a chunk of {len}"))
            })
            .leaning_on(&["R-8-33"]),
        );
    }
    all
}

/// R-6-22: what may be assumed before the peer told its settings.
fn assumed() -> Vec<Case> {
    let chunks: [(&str, _, u32, bool); 3] = [
        ("a-chunk-in-early-data", Valid, 65_000, false),
        ("a-chunk-of-65536", Boundary, 65_536, false),
        ("a-chunk-of-65537", Boundary, 65_537, false),
    ];
    let mut all: Vec<Case> = chunks
        .into_iter()
        .map(|(what, polarity, bytes, told)| {
            Case::function(&format!("R-6-22/{what}"), polarity, move || {
                let wrote = answers_early(Frame::Chunk(Chunk::whole(ContentId([7; 32]), bytes)), told)?;
                ensure(wrote == (bytes <= 65_536), || format!("a chunk of {bytes} octets: sent {wrote}"))
            })
            .leaning_on(&["R-6-21"])
        })
        .collect();
    for bytes in [4_096, 4_097] {
        all.push(
            Case::function(&format!("R-6-22/a-manifest-of-{bytes}"), Boundary, move || {
                let head = Manifest { id: ContentId([7; 32]), version: 1, same: false, word: None, bytes };
                let wrote = answers_early(Frame::Manifest(Box::new(head)), false)?;
                ensure(wrote == (bytes <= 4_096), || format!("a manifest of {bytes} octets: sent {wrote}"))
            })
            .leaning_on(&["R-6-21"]),
        );
    }
    all.push(Case::function("R-6-22/more-once-the-settings-came", Invalid, || {
        let wrote = answers_early(Frame::Chunk(Chunk::whole(ContentId([7; 32]), 100_000)), true)?;
        ensure(wrote, || "a chunk that the settings of the peer allow was not sent".into())
    }));
    all
}

/// Answers a request in early data with this frame, before or after the settings of the peer came. Whether it was sent.
fn answers_early(answer: Frame, told: bool) -> Outcome<bool> {
    let config = Config { grease: false, ..Config::default() };
    let mut alone = Alone::new(Side::Server, config);
    alone.tell(Input::Begin);
    let ask = match &answer {
        Frame::Chunk(chunk) => Frame::GetId(Box::new(GetId { id: chunk.id, range: None })),
        _ => {
            let name = Name::new("a").expect("it is a name");
            Frame::GetName(Box::new(hypermesh_core::stoq::session::frame::GetName::whole(name)))
        }
    };
    alone.asked(0, true, ask);
    if told {
        alone.tell(Input::Keyed { major: 1, exporter: [7; 32] });
        alone.greet(&Settings::default());
    }
    let stream = StreamId::request(Side::Client, 0);
    let did = alone.tell(Input::Say { stream, frame: answer });
    Ok(did.iter().any(|effect| matches!(effect, Effect::Write { stream: on, .. } if *on == stream)))
}
