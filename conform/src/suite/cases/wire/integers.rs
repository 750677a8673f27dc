//! R-6-01, R-6-02, R-6-17 and R-6-20: integers, and frames in pieces.

use super::super::alone::{self, On, Then, closed, get_name, one_chunk, said, saying, stays_open, strictly};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Origin};
use crate::suite::octets;
use crate::suite::port::{Identity, Ways};
use crate::suite::tester::{Fixture, Got, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::{Frame, GetId, Range};

pub(super) fn cases() -> Vec<Case> {
    let mut all = fixed();
    all.extend(received());
    all.extend(sent());
    all.extend(pieces());
    all
}

/// R-6-01: an integer of fixed length.
fn fixed() -> Vec<Case> {
    let mut all = vec![];
    for (what, polarity, token) in [
        ("ascending-octets", Valid, 0x0102_0304_0506_0708_u64),
        ("all-zeros", Boundary, 0),
        ("all-ones", Boundary, u64::MAX),
        ("one-bit-in-the-first-octet", Boundary, 1 << 63),
        ("one-bit-in-the-last-octet", Boundary, 1),
    ] {
        all.push(Case::wire(&format!("R-6-01/{what}"), polarity, Origin, move |t| a_token_comes_back(t, token)).leaning_on(&["R-8-24"]));
    }
    all.push(Case::wire("R-6-01/a-reversed-token-answers-nothing", Invalid, Client, a_reversed_token).leaning_on(&["R-8-25"]));
    all
}

fn a_token_comes_back(t: &mut Tester<'_>, token: u64) -> Outcome {
    let line = t.session()?;
    t.datagram(line, &octets::frame(0x02, &token.to_be_bytes()))?;
    let frames = t.expect_datagram(line)?;
    let right = matches!(frames[..], [Frame::Pong { token: back, .. }] if back == token);
    ensure(right, || format!("a Ping of {token:#x} was answered with {frames:?}"))
}

fn a_reversed_token(t: &mut Tester<'_>) -> Outcome {
    let job = JobId(1);
    let wanted = t.upper().command(job, Command::Ping { server: None });
    wanted.ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
    let line = t.session_from_it()?;
    let frames = t.expect_datagram(line)?;
    let [Frame::Ping { token }] = frames[..] else { return Err(Miss::Fail(format!("a Ping is due, and {frames:?} came"))) };
    let (hush, patience) = (t.hush(), t.patience());
    t.datagram(line, &pong(token.swap_bytes()))?;
    let told = t.upper().told(job, hush);
    ensure(told.is_none(), || format!("a reversed token was taken for an answer: {told:?}"))?;
    t.datagram(line, &pong(token))?;
    let told = t.upper().told(job, patience);
    ensure(matches!(told, Some(Told::Pong { .. })), || format!("the right token was not taken for an answer: {told:?}"))
}

/// The frame `Pong` with a load and a lease of zero.
pub(in super::super) fn pong(token: u64) -> Vec<u8> {
    octets::frame(0x04, &[token.to_be_bytes().to_vec(), vec![0, 0]].concat())
}

/// R-6-02: integers in a longer form than needed.
fn received() -> Vec<Case> {
    let mut all = vec![];
    for (what, kind, length) in [("a-type", 2, 1), ("a-length", 1, 2)] {
        let ping = [octets::varint_in(0x02, kind), octets::varint_in(8, length), vec![1; 8]].concat();
        let name = format!("R-6-02/{what}-in-a-longer-form");
        all.push(saying(&name, Invalid, On::Datagram, ping, closed(Code::FrameMalformed)));
    }
    let name = b"no such thing";
    let long = [vec![0], octets::varint_in(0, 2), octets::varint_in(0, 1), octets::text(name)].concat();
    all.push(saying("R-6-02/a-field-in-a-longer-form", Invalid, On::Request, octets::frame(0x11, &long), closed(Code::FrameMalformed)));
    let long = [vec![0], vec![0, 0], octets::varint_in(name.len() as u64, 4), name.to_vec()].concat();
    all.push(saying(
        "R-6-02/the-length-of-a-name-in-a-longer-form",
        Invalid,
        On::Request,
        octets::frame(0x11, &long),
        closed(Code::FrameMalformed),
    ));
    all.push(Case::wire("R-6-02/shortest-forms-of-each-length", Valid, Origin, |t| {
        [0, 64, 16_384, 1 << 30].into_iter().try_for_each(|value| said(t, On::Request, &lowest_version(value, None), &Then::Alive))
    }));
    for (value, len) in [(63, 2), (64, 4), (16_383, 4), (16_384, 8), ((1 << 30) - 1, 8)] {
        let name = format!("R-6-02/{value}-in-{len}-octets");
        all.push(saying(&name, Boundary, On::Request, lowest_version(value, Some(len)), closed(Code::FrameMalformed)));
    }
    all.push(Case::wire("R-6-02/the-highest-value-of-each-form", Boundary, Origin, |t| {
        let values = [63, 16_383, (1 << 30) - 1, (1 << 62) - 1];
        values.into_iter().try_for_each(|value| said(t, On::Request, &lowest_version(value, None), &Then::Alive))
    }));
    all
}

/// A `GetName` with this lowest version.
fn lowest_version(value: u64, len: Option<usize>) -> Vec<u8> {
    let version = len.map_or_else(|| octets::varint(value), |len| octets::varint_in(value, len));
    octets::frame(0x11, &[vec![0], version, octets::varint((1 << 62) - 1), octets::text(b"no such thing")].concat())
}

/// R-6-17: what is sent.
fn sent() -> Vec<Case> {
    let mut all = vec![Case::wire("R-6-17/a-whole-session", Valid, Origin, a_whole_session)];
    for length in [63, 64] {
        all.push(Case::wire(&format!("R-6-17/a-frame-of-{length}-octets"), Boundary, Origin, move |t| {
            // The name, its length, the offset: 32 octets and one each.
            let object = one_chunk(t.name("short"), t.seed(), length - 34);
            let line = stored(t, &object)?;
            let stream = t.ask_id(line, object.chunks()[0])?;
            is_sent_shortest(t, line, stream, length)
        }));
    }
    for length in [16_383, 16_384] {
        all.push(Case::wire(&format!("R-6-17/a-frame-of-{length}-octets"), Boundary, Origin, move |t| {
            let object = one_chunk(t.name("long"), t.seed(), 20_000);
            let line = stored(t, &object)?;
            // The length of the whole chunk takes four octets.
            let range = Range::new(0, length as u64 - 37);
            let stream = t.ask(line, &Frame::GetId(Box::new(GetId { id: object.chunks()[0], range })))?;
            is_sent_shortest(t, line, stream, length)
        }));
    }
    all.push(Case::wire("R-6-17/types-below-64-in-one-octet", Invalid, Origin, |t| {
        let line = t.session()?;
        let control = t.their_control(line);
        let octets = t.octets_of(line, control);
        ensure(octets.starts_with(&[0x01, 0x01]), || format!("its control stream begins with {:02x?}", &octets[..octets.len().min(4)]))
    }));
    all
}

fn stored(t: &mut Tester<'_>, object: &Fixture) -> Outcome<crate::suite::port::Line> {
    let line = t.session()?;
    t.put(line, object).map_err(|miss| miss.before("storing an object"))?;
    Ok(line)
}

fn is_sent_shortest(
    t: &mut Tester<'_>,
    line: crate::suite::port::Line,
    stream: hypermesh_core::stoq::session::StreamId,
    length: usize,
) -> Outcome {
    while !matches!(t.expect_next(line, stream)?, Got::End | Got::Broken(_) | Got::Reset(_)) {}
    let octets = t.octets_of(line, stream);
    let frames = strictly(&octets, false)?;
    ensure(frames.iter().any(|(_, payload)| payload.len() == length), || format!("no frame of {length} octets came"))
}

fn a_whole_session(t: &mut Tester<'_>) -> Outcome {
    let fixture = t.fixture()?;
    let line = t.session()?;
    let want = t.want(line, &fixture.chunks(), true)?;
    t.expect_frame(line, want)?;
    let name = t.ask_name(line, &fixture.name)?;
    t.expect_answer(line, name)?;
    let control = t.their_control(line);
    for (stream, kind) in [(control, true), (want, false), (name, false)] {
        let octets = t.octets_of(line, stream);
        // What is under way when it is read may end inside a frame.
        match strictly(&octets, kind) {
            Err(Miss::Fail(why)) if why.contains("was sent in") => return Err(Miss::Fail(why)),
            _ => {}
        }
    }
    Ok(())
}

/// R-6-20: frames in pieces.
fn pieces() -> Vec<Case> {
    vec![
        Case::wire("R-6-20/frames-that-come-whole", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-20/octet-by-octet", Boundary, Origin, octet_by_octet),
        Case::wire("R-6-20/all-in-one-piece", Boundary, Origin, |t| {
            let line = t.session()?;
            let unknown = octets::frame(0x2a, &[0; 8]);
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &[unknown.clone(), unknown.clone(), alone::ask_for_nothing(), unknown].concat())?;
            t.expect_refusal(line, stream, &[Code::NotFound])
        })
        .leaning_on(&["R-6-19"]),
        Case::wire("R-6-20/a-cut-at-every-place", Invalid, Origin, |t| {
            let line = t.session()?;
            // A type in two octets comes first.
            let whole = [octets::frame(94, &[0; 3]), octets::frame(0x11, &get_name(0, &[], b"no such thing"))].concat();
            for cut in 1..whole.len() {
                let stream = t.open(line, Ways::Two)?;
                t.send(line, stream, &whole[..cut])?;
                stays_open(t, line)?;
                t.send_last(line, stream, &whole[cut..])?;
                t.expect_refusal(line, stream, &[Code::NotFound])?;
            }
            Ok(())
        })
        .leaning_on(&["R-6-19", "R-7-07"]),
        Case::wire("R-6-20/cuts-inside-data", Invalid, Origin, |t| {
            let object = one_chunk(t.name("cut"), t.seed(), 100);
            let line = t.session()?;
            let stream = t.offer(line, &object)?;
            let Frame::Want(want) = t.expect_frame(line, stream)?.0 else { return Err(Miss::Inconclusive("it wants nothing".into())) };
            let content = t.content(&object, want.ids[0]);
            for piece in [&content[..1], &content[1..20], &content[20..60], &content[60..]] {
                t.send(line, stream, piece)?;
                stays_open(t, line)?;
            }
            match t.expect_frame(line, stream)?.0 {
                Frame::Ack(ack) => ensure(ack.id == object.root(), || "another object was acknowledged".into()),
                other => Err(Miss::Fail(format!("Ack is due, and {other:?} came"))),
            }
        }),
    ]
}

fn octet_by_octet(t: &mut Tester<'_>) -> Outcome {
    let settings = Tester::settings(crate::suite::tester::ROLES);
    let line = t.connect(Identity::Certified(crate::suite::tester::ROLES))?;
    let control = t.open(line, Ways::One)?;
    let one_by_one = |t: &mut Tester<'_>, stream, octets: &[u8]| {
        octets.iter().try_for_each(|octet| {
            t.send(line, stream, &[*octet])?;
            stays_open(t, line)
        })
    };
    one_by_one(t, control, &[octets::varint(1), octets::frame(0x01, &settings.to_bytes())].concat())?;
    let theirs = t.their_settings(line)?;
    let confirm = t.confirmation(line, &settings, &theirs);
    one_by_one(t, control, &octets::frame(0x03, &confirm))?;
    t.their_confirmation(line, &settings, &theirs)?;
    let stream = t.open(line, Ways::Two)?;
    one_by_one(t, stream, &alone::ask_for_nothing())?;
    t.send_last(line, stream, &[])?;
    t.expect_refusal(line, stream, &[Code::NotFound])
}
