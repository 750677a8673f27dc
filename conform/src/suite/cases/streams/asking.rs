//! R-8-23, R-8-28 and R-8-29, and R-8-22 from the other side: exchanges as whoever asks sees them.

use super::super::versions::get;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client};
use crate::suite::octets::{frame, varint};
use crate::suite::port::Line;
use crate::suite::tester::{Fixture, Got, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::node::{JobId, Told};
use hypermesh_core::stoq::session::frame::{Bits, Frame, Name};
use hypermesh_core::stoq::session::{Code, StreamId};

pub(super) fn cases() -> Vec<Case> {
    let mut all = ended();
    all.extend(answers());
    all.extend(after_go_away());
    all
}

fn named(name: &str) -> Name {
    Name::new(name).expect("a case names things well")
}

/// A client that wants one object of the tester: the connection, the stream of its request, and the request.
fn asked(t: &mut Tester<'_>, name: &str) -> Outcome<(Line, StreamId, Frame)> {
    get(t, 1, named(name))?;
    let line = t.session_from_it()?;
    let (stream, frame, _) = t.expect_request(line)?;
    Ok((line, stream, frame))
}

/// R-8-23: the end of the direction of whoever asks.
fn ended() -> Vec<Case> {
    let ends = |t: &mut Tester<'_>, name: &str| {
        let (line, stream, frame) = asked(t, name)?;
        ensure(matches!(frame, Frame::GetName(_)), || format!("it asks with {frame:?}"))?;
        let hush = t.hush();
        let next = t.next_within(line, stream, hush)?;
        ensure(next == Some(Got::End), || format!("the end is due right after the request, and {next:?} came"))
    };
    vec![
        Case::wire("R-8-23/with-the-frame", Valid, Client, move |t| ends(t, "any")),
        Case::wire("R-8-23/behind-the-longest-name", Boundary, Client, move |t| ends(t, &"n".repeat(1_024))),
        Case::wire("R-8-23/an-answer-without-waiting-for-it", Invalid, Client, |t| {
            let object = Fixture::new(t.name("answered"), 1, t.seed(), 3_000);
            let (line, stream, frame) = asked(t, &object.name)?;
            serve_all(t, line, stream, frame, &object)
        }),
    ]
}

/// Serves a client all of an object.
fn serve_all(t: &mut Tester<'_>, line: Line, stream: StreamId, frame: Frame, object: &Fixture) -> Outcome {
    let (mut stream, mut frame) = (stream, frame);
    let job = JobId(1);
    loop {
        let served = t.serve(line, stream, &frame, object, None)?;
        ensure(served, || format!("it asks with {frame:?}, of another object"))?;
        let hush = t.hush();
        match t.request_within(line, hush)? {
            Some(next) => (stream, frame) = (next, t.expect_frame(line, next)?.0),
            None => break,
        }
    }
    let got = t.upper().got(job);
    ensure(got == object.packed.bytes, || format!("{} octets of {} were delivered", got.len(), object.packed.bytes.len()))
}

/// R-8-22, as it concerns answers.
fn answers() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, more) in [("one-bit-fewer", Boundary, -1_i32), ("as-many-bits", Boundary, 0), ("one-bit-more", Boundary, 1)] {
        all.push(
            Case::wire(&format!("R-8-22/a-have-of-{what}-than-digests"), polarity, Client, move |t| {
                let object = Fixture::new(t.name("have"), 1, t.seed(), 60_000);
                let (line, stream, frame) = wanting(t, &object)?;
                let Frame::Want(want) = frame else { return Err(Miss::Inconclusive(format!("it asks with {frame:?}"))) };
                let count = (want.ids.len() as i32 + more) as usize;
                let bits = Bits::zeros(count).ok_or_else(|| Miss::Inconclusive("it wants too many to tell of more".into()))?;
                t.send(line, stream, &Frame::Have(Box::new(bits)).to_bytes())?;
                if more == 0 {
                    let hush = t.hush();
                    t.pause(hush);
                    return ensure(t.closed(line).is_none(), || "the connection was closed".into());
                }
                t.expect_stop(line, stream, &[Code::ContentMismatch])
            })
            .leaning_on(&["R-8-26"]),
        );
    }
    let other = Case::wire("R-8-22/a-chunk-of-another-digest-than-was-wanted", Invalid, Client, |t| {
        let object = Fixture::new(t.name("wanted"), 1, t.seed(), 60_000);
        let other = Fixture::new(t.name("other"), 1, t.seed() + 1, 3_000);
        let (line, stream, frame) = wanting(t, &object)?;
        let Frame::Want(want) = frame else { return Err(Miss::Inconclusive(format!("it asks with {frame:?}"))) };
        let mut bits = Bits::zeros(want.ids.len()).unwrap_or_default();
        (0..want.ids.len()).for_each(|at| bits.set(at));
        t.send(line, stream, &Frame::Have(Box::new(bits)).to_bytes())?;
        let content = t.content(&other, other.chunks()[0]);
        t.send(line, stream, &content)?;
        t.expect_stop(line, stream, &[Code::ContentMismatch])
    });
    all.push(other.leaning_on(&["R-8-26"]));
    all
}

/// Serves a client the manifest of an object, until it wants chunks.
fn wanting(t: &mut Tester<'_>, object: &Fixture) -> Outcome<(Line, StreamId, Frame)> {
    let (line, mut stream, mut frame) = asked(t, &object.name)?;
    while !matches!(frame, Frame::Want(_)) {
        if !t.serve(line, stream, &frame, object, None)? {
            return Err(Miss::Inconclusive(format!("it asks with {frame:?}")));
        }
        (stream, frame, _) = t.expect_request(line)?;
    }
    Ok((line, stream, frame))
}

fn go_away(t: &mut Tester<'_>, line: Line, accepted: u64) -> Outcome {
    let control = t.control(line);
    t.send(line, control, &frame(0x05, &varint(accepted)))?;
    let hush = t.hush();
    t.pause(hush);
    Ok(())
}

/// R-8-28 and R-8-29: the peer leaves.
fn after_go_away() -> Vec<Case> {
    vec![
        Case::wire("R-8-28/a-request-that-is-accepted-goes-on", Valid, Client, |t| {
            let object = Fixture::new(t.name("accepted"), 1, t.seed(), 3_000);
            let (line, stream, frame) = asked(t, &object.name)?;
            go_away(t, line, 1)?;
            t.serve(line, stream, &frame, &object, None)?;
            // Its contents are asked for over another connection, which shows that the answer was taken.
            let other = t.session_from_it()?;
            t.expect_request(other).map(drop)
        })
        .leaning_on(&["R-8-29"]),
        Case::wire("R-8-28/the-next-request-goes-elsewhere", Boundary, Client, |t| {
            let (line, ..) = asked(t, "first")?;
            go_away(t, line, 1)?;
            get(t, 2, named("second"))?;
            let hush = t.hush();
            let further = t.request_within(line, hush)?;
            ensure(further.is_none(), || "it opened a further request after a GoAway".into())?;
            let other = t.session_from_it()?;
            t.expect_request(other).map(drop)
        }),
        Case::wire("R-8-28/none-on-a-connection-that-nothing-was-asked-on", Invalid, Client, |t| {
            let (line, stream, _) = asked(t, "first")?;
            t.send_last(line, stream, &frame(0x27, &[0, 0x81, 0, 0]))?;
            go_away(t, line, 1)?;
            get(t, 2, named("second"))?;
            let hush = t.hush();
            let further = t.request_within(line, hush)?;
            ensure(further.is_none(), || "it opened a further request after a GoAway".into())
        }),
        Case::wire("R-8-29/one-above-all", Boundary, Client, |t| {
            let (line, stream, _) = asked(t, "first")?;
            go_away(t, line, 100)?;
            is_kept(t, line, stream)
        }),
        Case::wire("R-8-29/the-number-of-those-under-way", Valid, Client, |t| {
            let (line, stream, _) = asked(t, "first")?;
            go_away(t, line, 1)?;
            is_kept(t, line, stream)
        }),
        Case::wire("R-8-29/zero", Boundary, Client, |t| {
            let (line, stream, _) = asked(t, "first")?;
            go_away(t, line, 0)?;
            t.expect_stop(line, stream, &[Code::Refused])
        })
        .leaning_on(&["R-8-26"]),
        Case::wire("R-8-29/it-is-asked-elsewhere", Invalid, Client, |t| {
            let (line, _, _) = asked(t, "first")?;
            go_away(t, line, 0)?;
            let other = t.session_from_it()?;
            let (_, again, _) = t.expect_request(other)?;
            ensure(matches!(&again, Frame::GetName(ask) if ask.name.as_str() == "first"), || format!("{again:?} was asked instead"))
        })
        .leaning_on(&["R-8-28"]),
    ]
}

/// The exchange was not given up: its answer is taken, and it is final.
fn is_kept(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    t.send_last(line, stream, &frame(0x27, &[0, 0x81, 0, 0]))?;
    let patience = t.patience();
    let told = t.upper().told(JobId(1), patience);
    ensure(matches!(told, Some(Told::Failed { code: Code::NotFound, .. })), || format!("the application was told {told:?}"))
}
