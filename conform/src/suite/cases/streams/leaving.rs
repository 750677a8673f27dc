//! R-8-14, R-8-27 and R-8-30: leaving in good order.

use super::super::alone::{Alone, On, Then, one_chunk, said};
use super::{acknowledged, offered};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::{frame, varint};
use crate::suite::port::{Line, Ways};
use crate::suite::tester::{Got, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::{Code, Config, Effect, Input, Settings, Side, StreamId};

pub(super) fn cases() -> Vec<Case> {
    let mut all = told();
    all.extend(raised());
    all.extend(closed());
    all
}

fn leave(t: &mut Tester<'_>) -> Outcome {
    t.upper().leave().ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))
}

/// The requests that its `GoAway` accepts, if one comes.
fn accepted(t: &mut Tester<'_>, line: Line) -> Outcome<Option<u64>> {
    let control = t.their_control(line);
    loop {
        let hush = t.hush();
        match t.next_within(line, control, hush) {
            Ok(Some(Got::Frame(Frame::GoAway { accepted }, _))) => return Ok(Some(accepted)),
            Ok(Some(Got::Frame(..))) => {}
            _ => return Ok(None),
        }
    }
}

/// R-8-14: how many requests are accepted.
fn told() -> Vec<Case> {
    let after = |t: &mut Tester<'_>, requests: u64| {
        let line = t.session()?;
        (0..requests).try_for_each(|_| t.expect_alive(line))?;
        if requests == 0 {
            // Nothing was answered yet, so the tester's confirmation may still be under way: without it there is no session to leave.
            let hush = t.hush();
            t.pause(hush);
        }
        leave(t)?;
        let accepted = accepted(t, line)?;
        ensure(accepted == Some(requests), || format!("after {requests} requests GoAway accepts {accepted:?}"))
    };
    vec![
        Case::wire("R-8-14/after-none", Valid, Origin, move |t| after(t, 0)),
        Case::wire("R-8-14/after-one", Valid, Origin, move |t| after(t, 1)),
        Case::wire("R-8-14/after-many", Valid, Origin, move |t| after(t, 40)),
        Case::wire("R-8-14/a-stream-on-which-nothing-came", Boundary, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)?;
            let stream = t.open(line, Ways::Two)?;
            t.send(line, stream, &[])?;
            leave(t)?;
            let accepted = accepted(t, line)?;
            ensure(accepted == Some(2), || format!("with an opened stream GoAway accepts {accepted:?}"))
        })
        .in_memory(),
        Case::wire("R-8-14/none-where-it-closes-for-an-error", Invalid, Origin, |t| {
            said(t, On::Request, &frame(0x09, &[]), &Then::Closed(vec![Code::FrameCritical]))?;
            let line = t.session()?;
            t.request(line, &frame(0x09, &[]))?;
            t.expect_close(line, &[Code::FrameCritical])?;
            let accepted = accepted(t, line)?;
            ensure(accepted.is_none(), || "GoAway came with an error".into())
        })
        .leaning_on(&["R-6-05"]),
    ]
}

/// R-8-27: a `GoAway` that takes back another one.
fn raised() -> Vec<Case> {
    let says = |t: &mut Tester<'_>, numbers: &[u64]| {
        let line = t.session()?;
        let control = t.control(line);
        for number in numbers {
            t.send(line, control, &frame(0x05, &varint(*number)))?;
        }
        Ok::<Line, Miss>(line)
    };
    let mut all = Vec::new();
    for (what, numbers) in [("the-same-again", [5, 5]), ("a-lower-one", [5, 4])] {
        all.push(Case::wire(&format!("R-8-27/{what}"), Valid, Origin, move |t| {
            let line = says(t, &numbers)?;
            t.expect_alive(line)
        }));
    }
    for (what, polarity, numbers) in [("one-more", Boundary, [5, 6]), ("after-zero", Invalid, [0, 1])] {
        all.push(
            Case::wire(&format!("R-8-27/{what}"), polarity, Origin, move |t| {
                let line = says(t, &numbers)?;
                t.expect_close(line, &[Code::FrameUnexpected])
            })
            .leaning_on(&["R-14-04"]),
        );
    }
    all
}

/// R-8-30: the end.
fn closed() -> Vec<Case> {
    let lean = ["R-14-03"];
    vec![
        Case::wire("R-8-30/nothing-is-under-way", Valid, Origin, |t| {
            let line = t.session()?;
            leave(t)?;
            t.expect_close(line, &[Code::NoError])
        })
        .leaning_on(&lean),
        Case::wire("R-8-30/the-last-exchange-ends-soon", Valid, Origin, |t| {
            let object = one_chunk(t.name("last"), t.seed(), 400);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            leave(t)?;
            let content = t.content(&object, wanted[0]);
            t.send_last(line, stream, &content)?;
            acknowledged(t, line, stream)?;
            t.expect_close(line, &[Code::NoError])
        })
        .leaning_on(&lean),
        Case::wire("R-8-30/an-exchange-that-does-not-end", Invalid, Origin, |t| {
            let object = one_chunk(t.name("held"), t.seed(), 400);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            let content = t.content(&object, wanted[0]);
            leave(t)?;
            let (since, within, patience) = (t.now(), t.pixit().leave_within, t.patience());
            // It goes on, octet by octet, so that it does not stall.
            let mut sent = content.len() - 100;
            t.send(line, stream, &content[..sent])?;
            while t.closed(line).is_none() && t.now().since(since) < within + patience {
                t.pause(Span::millis(300));
                if t.closed(line).is_none() {
                    t.send(line, stream, &content[sent..=sent])?;
                    sent += 1;
                }
            }
            t.expect_close(line, &[Code::NoError])?;
            let took = t.now().since(since);
            ensure(took.0 + 100_000_000 >= within.0, || format!("it was closed after {} ms", took.0 / 1_000_000))
        })
        .timed()
        .leaning_on(&lean),
        Case::function("R-8-30/just-before-and-at-the-time", Boundary, || {
            let mut alone = Alone::open(Side::Server, Config::default(), &Settings::default())?;
            let stream = StreamId::request(Side::Client, 0);
            alone.tell(Input::Request { stream, early: false });
            let did = alone.tell(Input::Leave);
            let after = did.iter().find_map(|effect| if let Effect::Wake { after, why } = effect { Some((*after, *why)) } else { None });
            let Some((after, why)) = after else { return Err(Miss::Fail("it does not bound the time to leave".into())) };
            let declared = Config::default().leave_within;
            ensure(after == declared, || format!("it waits {} ms where it declares {}", after.0 / 1_000_000, declared.0 / 1_000_000))?;
            let closes = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Close { code: Code::NoError }));
            ensure(!closes(&did), || "it closes while an exchange is under way".into())?;
            alone.pass(after);
            ensure(closes(&alone.wake(why)), || "it stays when the time to leave is over".into())
        }),
    ]
}
