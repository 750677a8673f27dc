//! R-8-06, R-8-07, R-8-21, R-8-22, R-8-26 and R-8-33: exchanges as whoever answers sees them.

use super::super::alone::{get_name, one_chunk};
use super::{acknowledged, offered};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::frame;
use crate::suite::port::{Line, Ways};
use crate::suite::tester::{Fixture, Tester, get_name as whole};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::session::frame::{ContentId, Frame, Range};
use hypermesh_core::stoq::session::{Code, StreamId};

pub(super) fn cases() -> Vec<Case> {
    let mut all = one_exchange();
    all.extend(asked_for());
    all.extend(short());
    all.extend(too_much());
    all.extend(given_up());
    all.extend(whole_chunks());
    all
}

/// R-8-06: one exchange on a stream.
fn one_exchange() -> Vec<Case> {
    let get_id = || frame(0x13, &[vec![0], vec![7; 32]].concat());
    vec![
        Case::wire("R-8-06/a-request-on-each-stream", Valid, Origin, |t| {
            let line = t.session()?;
            (0..3).try_for_each(|_| t.expect_alive(line))
        }),
        Case::wire("R-8-06/a-second-request-at-once", Invalid, Origin, move |t| {
            let line = t.session()?;
            t.request(line, &[get_id(), get_id()].concat())?;
            t.expect_close(line, &[Code::FrameUnexpected])
        }),
        Case::wire("R-8-06/a-second-request-after-the-answer", Invalid, Origin, move |t| {
            let line = t.session()?;
            let stream = t.request(line, &get_id())?;
            t.expect_refusal(line, stream, &[Code::NotFound])?;
            t.send(line, stream, &get_id())?;
            t.expect_close(line, &[Code::FrameUnexpected])
        })
        .leaning_on(&["R-10-15"]),
        Case::wire("R-8-06/nothing-behind-each-kind", Boundary, Origin, move |t| {
            let line = t.session()?;
            let name = frame(0x11, &get_name(0, &[], b"no such thing"));
            for octets in [name, get_id()] {
                let stream = t.open(line, Ways::Two)?;
                t.send_last(line, stream, &octets)?;
                t.expect_refusal(line, stream, &[Code::NotFound])?;
            }
            let want = t.want(line, &[ContentId([7; 32])], true)?;
            t.send_last(line, want, &[])?;
            let answer = t.expect_answer(line, want)?;
            ensure(answer.reset.is_none(), || format!("{answer:?}"))
        })
        .leaning_on(&["R-10-15"]),
    ]
}

fn have(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome<hypermesh_core::stoq::session::frame::Bits> {
    match t.expect_frame(line, stream)?.0 {
        Frame::Have(bits) => Ok(*bits),
        other => Err(Miss::Fail(format!("Have is due, and {other:?} came"))),
    }
}

/// The names of the chunks of an answer, in the order in which they came.
fn chunks(answer: &crate::suite::tester::Answer) -> Vec<ContentId> {
    answer.frames.iter().filter_map(|(frame, _)| if let Frame::Chunk(head) = frame { Some(head.id) } else { None }).collect()
}

/// R-8-07: nothing that was not asked for.
fn asked_for() -> Vec<Case> {
    vec![
        Case::wire("R-8-07/what-is-there-of-what-is-wanted", Valid, Origin, |t| {
            let fixture = t.fixture()?;
            let line = t.session()?;
            let ids = [fixture.chunks()[0], ContentId([1; 32]), fixture.chunks()[1]];
            let stream = t.want(line, &ids, true)?;
            let bits = have(t, line, stream)?;
            ensure((bits.get(0), bits.get(1), bits.get(2)) == (true, false, true), || format!("it has {bits:?}"))?;
            t.send_last(line, stream, &[])?;
            let answer = t.expect_answer(line, stream)?;
            ensure(chunks(&answer) == [ids[0], ids[2]], || format!("{:?} came", chunks(&answer)))
        })
        .leaning_on(&["R-10-03"]),
        Case::wire("R-8-07/only-told", Invalid, Origin, |t| {
            let fixture = t.fixture()?;
            let line = t.session()?;
            let stream = t.want(line, &fixture.chunks()[..2], false)?;
            have(t, line, stream)?;
            t.send_last(line, stream, &[])?;
            let answer = t.expect_answer(line, stream)?;
            ensure(answer.frames.is_empty(), || format!("{:?} came without being asked for", chunks(&answer)))
        }),
        Case::wire("R-8-07/one-and-120-digests", Boundary, Origin, |t| {
            let fixture = t.fixture()?;
            let line = t.session()?;
            for count in [1, 120] {
                let absent = (0..120).map(|n| ContentId([n; 32]));
                let ids: Vec<ContentId> = core::iter::once(fixture.chunks()[0]).chain(absent).take(count).collect();
                let stream = t.want(line, &ids, true)?;
                have(t, line, stream)?;
                t.send_last(line, stream, &[])?;
                let answer = t.expect_answer(line, stream)?;
                ensure(chunks(&answer) == ids[..1], || format!("{:?} came", chunks(&answer)))?;
            }
            Ok(())
        })
        .leaning_on(&["R-10-03"]),
    ]
}

/// R-8-21: the peer ends before the exchange is whole.
fn short() -> Vec<Case> {
    let incomplete = [Code::RequestIncomplete];
    vec![
        Case::wire("R-8-21/after-the-whole", Valid, Origin, |t| {
            let object = one_chunk(t.name("whole"), t.seed(), 300);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            let content = t.content(&object, wanted[0]);
            t.send_last(line, stream, &content)?;
            acknowledged(t, line, stream)
        }),
        Case::wire("R-8-21/without-any-frame", Invalid, Origin, move |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &[])?;
            t.expect_reset(line, stream, &incomplete)?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-21/before-the-manifest-of-an-offer", Boundary, Origin, move |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::Two)?;
            let put = [vec![1, 1, 1], crate::suite::octets::text(b"no such thing")].concat();
            t.send_last(line, stream, &frame(0x1d, &put))?;
            t.expect_reset(line, stream, &incomplete)?;
            t.expect_alive(line)
        }),
        // Whether the end comes before or behind what is wanted.
        Case::wire("R-8-21/right-after-the-manifest-of-an-offer", Boundary, Origin, move |t| {
            let object = one_chunk(t.name("cut"), t.seed(), 300);
            let line = t.session()?;
            let stream = t.offer(line, &object)?;
            t.send_last(line, stream, &[])?;
            t.expect_reset(line, stream, &incomplete)?;
            t.expect_alive(line)
        })
        .leaning_on(&["R-9-20"]),
        Case::wire("R-8-21/before-what-is-wanted-of-an-offer", Invalid, Origin, move |t| {
            let object = one_chunk(t.name("owed"), t.seed(), 300);
            let line = t.session()?;
            let (stream, _) = offered(t, line, &object)?;
            t.send_last(line, stream, &[])?;
            t.expect_reset(line, stream, &incomplete)?;
            t.expect_alive(line)
        }),
    ]
}

/// R-8-22: more than was asked for.
fn too_much() -> Vec<Case> {
    let mismatch = [Code::ContentMismatch];
    vec![
        Case::wire("R-8-22/as-much-as-was-asked-for", Valid, Origin, |t| {
            let object = Fixture::new(t.name("asked"), 1, t.seed(), 20_000);
            let line = t.session()?;
            t.put(line, &object)
        }),
        Case::wire("R-8-22/a-chunk-that-nobody-wanted", Boundary, Origin, move |t| {
            let object = Fixture::new(t.name("more"), 1, t.seed(), 20_000);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            // All but the last, and then one twice: as many as were wanted, and one more.
            t.supply(line, stream, &object, &wanted[..wanted.len() - 1])?;
            t.supply(line, stream, &object, &[wanted[0], wanted[0]])?;
            t.expect_refusal(line, stream, &mismatch)?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-22/the-last-place-and-the-one-behind-it", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = t.request(line, &[want(3), frame(0x25, &[2, 1])].concat())?;
            have(t, line, stream).map(drop)
        }),
        Case::wire("R-8-22/a-cancel-of-what-was-not-wanted", Invalid, Origin, move |t| {
            let line = t.session()?;
            given_up_at(t, line, &[want(3), frame(0x25, &[3, 1])].concat(), &mismatch)?;
            t.expect_alive(line)
        }),
    ]
}

/// How often an exchange is begun that may be over before what breaks it is heard.
const TRIES: usize = 20;

/// An exchange with these octets, which is given up with one of these codes. Nothing that is asked for is there, so it may end in good order before the last
/// of them are heard: then it is tried again.
fn given_up_at(t: &mut Tester<'_>, line: Line, octets: &[u8], codes: &[Code]) -> Outcome<StreamId> {
    for _ in 1..TRIES {
        let stream = t.request(line, octets)?;
        let answer = t.expect_answer(line, stream)?;
        if let Some(code) = answer.reset {
            let right = codes.iter().any(|due| due.to_quic() == code);
            return ensure(right, || format!("{codes:?} is due, and it was reset with {code:#x}")).map(|()| stream);
        }
    }
    let stream = t.request(line, octets)?;
    t.expect_reset(line, stream, codes).map(|()| stream)
}

/// `Want` of so many digests that are not there, to be sent.
fn want(count: u8) -> Vec<u8> {
    let digests = (1..=count).flat_map(|n| [n; 32]);
    frame(0x15, &[1, count].into_iter().chain(digests).collect::<Vec<u8>>())
}

/// R-8-26: an exchange that is given up is given up both ways.
fn given_up() -> Vec<Case> {
    let mismatch = [Code::ContentMismatch];
    vec![
        Case::wire("R-8-26/both-directions-are-open", Valid, Origin, move |t| {
            let line = t.session()?;
            let stream = given_up_at(t, line, &[want(2), frame(0x25, &[2, 1])].concat(), &mismatch)?;
            t.expect_stop(line, stream, &mismatch)
        })
        .leaning_on(&["R-8-22"]),
        Case::wire("R-8-26/that-of-the-peer-has-ended", Boundary, Origin, move |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &[])?;
            t.expect_reset(line, stream, &[Code::RequestIncomplete])
        })
        .leaning_on(&["R-8-21"]),
        Case::wire("R-8-26/after-a-reset-of-the-peer", Invalid, Origin, |t| {
            let object = one_chunk(t.name("reset"), t.seed(), 300);
            let line = t.session()?;
            let (stream, _) = offered(t, line, &object)?;
            t.reset(line, stream, Code::Cancelled)?;
            t.expect_reset(line, stream, &[Code::Cancelled])?;
            t.expect_alive(line)
        })
        .leaning_on(&["R-14-02"]),
        Case::wire("R-8-26/a-reason-that-is-none-of-streams", Invalid, Origin, |t| {
            let object = one_chunk(t.name("odd"), t.seed(), 300);
            let line = t.session()?;
            let (stream, _) = offered(t, line, &object)?;
            t.reset(line, stream, Code::Internal)?;
            t.expect_reset(line, stream, &[Code::Refused])
        })
        .leaning_on(&["R-14-02", "R-14-08"]),
    ]
}

/// R-8-33: whole chunks.
fn whole_chunks() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, len) in [("of-100000-octets", Valid, 100_000), ("of-one-octet", Boundary, 1), ("of-the-most", Boundary, 1 << 20)] {
        let case = Case::wire(&format!("R-8-33/chunks-{what}-by-want"), polarity, Origin, move |t| {
            let object = one_chunk(t.name("whole"), t.seed(), len);
            let line = t.session()?;
            t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
            let stream = t.want(line, &object.chunks(), true)?;
            t.send_last(line, stream, &[])?;
            is_whole(t, line, stream, len)
        });
        let slow = "a mebibyte that the tester stores takes longer than it waits for an answer";
        all.push(if len == 1 << 20 { case.on_a_clean_path(slow) } else { case });
    }
    all.push(Case::wire("R-8-33/chunks-by-name-with-a-range", Valid, Origin, |t| {
        let object = one_chunk(t.name("ranged"), t.seed(), 90_000);
        let line = t.session()?;
        t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
        let ask = hypermesh_core::stoq::session::frame::GetName { range: Range::new(5, 10), ..whole(&object.name) };
        let stream = t.ask(line, &Frame::GetName(Box::new(ask)))?;
        is_whole(t, line, stream, 90_000)
    }));
    all.push(Case::wire("R-8-33/an-offer-with-a-part-of-a-chunk", Invalid, Origin, |t| {
        let object = one_chunk(t.name("part"), t.seed(), 1_000);
        let line = t.session()?;
        let (stream, wanted) = offered(t, line, &object)?;
        let bytes = &object.packed.contents[&wanted[0]];
        let head = [wanted[0].0.to_vec(), crate::suite::octets::varint(1_000), vec![0]].concat();
        t.send(line, stream, &frame(0x1b, &[head, bytes[..500].to_vec()].concat()))?;
        t.expect_refusal(line, stream, &[Code::ContentMismatch])
    }));
    all
}

fn is_whole(t: &mut Tester<'_>, line: Line, stream: StreamId, len: usize) -> Outcome {
    let answer = t.expect_answer(line, stream)?;
    let heads: Vec<(u32, u32, usize)> = answer
        .frames
        .iter()
        .filter_map(|(frame, data)| if let Frame::Chunk(head) = frame { Some((head.whole, head.offset, data.len())) } else { None })
        .collect();
    ensure(heads == [(len as u32, 0, len)], || format!("length, offset and octets of its chunks are {heads:?}"))
}
