//! Clause 14: errors.

use super::alone::{Alone, On, Then, get_name, one_chunk, said, stays_open};
use super::streams::offered;
use super::versions::get;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Origin};
use crate::suite::octets::{frame, text, varint};
use crate::suite::port::{Line, Ways};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{JobId, Told};
use hypermesh_core::stoq::session::code::{QUIC_BASE, scope_of};
use hypermesh_core::stoq::session::frame::{ContentId, Frame, Name, Route};
use hypermesh_core::stoq::session::{Capabilities, Code, Config, Effect, Input, Notice, Roles, Scope, Settings, Side, StreamId};

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = codes();
    all.extend(effects());
    all.extend(answers());
    all.extend(silence());
    all.extend(staying_away());
    all.extend(floods());
    all
}

/// R-14-01, R-14-03 and R-14-08: numbers.
fn codes() -> Vec<Case> {
    let general = |on_stream| if on_stream { Code::Refused } else { Code::Internal };
    let taken = move |quic: u64, on_stream: bool| {
        let code = Code::from_quic(quic, on_stream);
        ensure(code == general(on_stream), || format!("{quic:#x} is taken for {code:?}, on a stream: {on_stream}"))
    };
    vec![
        Case::function("R-14-01/every-code", Valid, || {
            Code::ALL.iter().try_for_each(|code| {
                let due = match code.number() {
                    0..0x40 => Scope::Connection,
                    0x40..0x80 => Scope::Session,
                    _ => Scope::Stream,
                };
                ensure(code.scope() == due && code.number() < 256, || format!("{code:?} is of {:?}", code.scope()))
            })
        }),
        Case::function("R-14-01/the-bounds-of-the-scopes", Boundary, || {
            let rows =
                [(0x3f, Scope::Connection), (0x40, Scope::Session), (0x7f, Scope::Session), (0x80, Scope::Stream), (0xff, Scope::Stream)];
            rows.into_iter()
                .try_for_each(|(number, due)| ensure(scope_of(number) == Some(due), || format!("{number:#x} is of {:?}", scope_of(number))))
        }),
        Case::function("R-14-01/0x100-has-none", Invalid, || ensure(scope_of(0x100).is_none(), || "0x100 has a scope".into())),
        Case::function("R-14-03/each-code", Valid, || {
            Code::ALL.iter().try_for_each(|code| {
                let (made, due) = (code.to_quic(), 0x5354_0000 + code.number());
                ensure(made == due, || format!("{code:?} is carried as {made:#x} and not as {due:#x}"))
            })
        }),
        Case::function("R-14-03/zero-of-quic-is-no-code", Invalid, || {
            ensure(Code::from_quic(0, false) == Code::Internal, || "the code 0 of QUIC is taken for a code".into())
        })
        .leaning_on(&["R-14-08"]),
        Case::wire("R-14-03/no-error-on-the-wire", Boundary, Origin, |t| {
            let line = t.session()?;
            t.upper().leave().ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            let patience = t.patience();
            t.pause(patience);
            let code = t.closed(line);
            ensure(code == Some(Some(0x5354_0000)), || format!("it was closed with {code:x?}"))
        })
        .leaning_on(&["R-8-30"]),
        Case::wire("R-14-03/a-code-of-a-stream-on-the-wire", Valid, Origin, |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &[])?;
            match t.expect_next(line, stream)? {
                crate::suite::tester::Got::Reset(0x5354_008d) => Ok(()),
                other => Err(Miss::Fail(format!("a reset with RequestIncomplete is due, and {other:?} came"))),
            }
        })
        .leaning_on(&["R-8-21"]),
        Case::function("R-14-08/each-code-in-its-scope", Valid, || {
            Code::ALL.iter().try_for_each(|code| {
                let on_stream = code.number() >= 0x80;
                let taken = Code::from_quic(QUIC_BASE + code.number(), on_stream);
                ensure(taken == *code, || format!("{code:?} is taken for {taken:?}"))
            })
        }),
        Case::function("R-14-08/unknown-neighbours", Boundary, move || {
            [0x0f, 0x3f, 0x44, 0x7f].into_iter().try_for_each(|number| taken(QUIC_BASE + number, false))?;
            [0x90, 0xfe, 0xff, 0x100].into_iter().try_for_each(|number| taken(QUIC_BASE + number, true))
        }),
        Case::function("R-14-08/known-ones-in-the-wrong-scope", Invalid, move || {
            taken(QUIC_BASE + Code::NotFound.number(), false)?;
            taken(QUIC_BASE + Code::FrameMalformed.number(), true)?;
            taken(7, true)
        }),
        Case::wire("R-14-08/an-unknown-code-in-a-fail", Boundary, Client, |t| {
            // What is taken for `Refused` can be asked again; what is taken for anything final is not.
            get(t, 1, Name::new("first").expect("it is a name"))?;
            let line = t.session_from_it()?;
            let (stream, ..) = t.expect_request(line)?;
            t.send_last(line, stream, &frame(0x27, &[0, 0xee, 0, 0]))?;
            t.expect_request(line).map(drop)
        }),
    ]
}

/// R-14-02: how far an error reaches.
fn effects() -> Vec<Case> {
    let given_up = |t: &mut Tester<'_>, line: Line| {
        let stream = t.request(line, &frame(0x1d, &[vec![1, 1, 1], text(b"no such thing")].concat()))?;
        t.drain(line);
        t.reset(line, stream, Code::Cancelled)?;
        stays_open(t, line)
    };
    vec![
        Case::wire("R-14-02/an-exchange-after-one-that-was-given-up", Valid, Origin, move |t| {
            let line = t.session()?;
            given_up(t, line)?;
            t.expect_alive(line)
        }),
        Case::wire("R-14-02/the-first-and-the-last-of-many", Boundary, Origin, move |t| {
            let line = t.session()?;
            given_up(t, line)?;
            (0..5).try_for_each(|_| t.expect_alive(line))?;
            given_up(t, line)?;
            t.expect_alive(line)
        }),
        Case::wire("R-14-02/another-exchange-goes-on", Invalid, Origin, move |t| {
            let object = one_chunk(t.name("beside"), t.seed(), 600);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            given_up(t, line)?;
            t.supply(line, stream, &object, &wanted)?;
            super::streams::acknowledged(t, line, stream)
        }),
    ]
}

/// R-14-04: each violation has its code.
fn answers() -> Vec<Case> {
    let mut all = Vec::new();
    let digests = |count: usize| vec![7; 32 * count];
    for (what, on, octets, code, leans) in [
        ("malformed", On::Datagram, frame(0x02, &[1; 7]), Code::FrameMalformed, "R-6-03"),
        ("too-large", On::Request, [varint(0x2a), varint(16_385)].concat(), Code::FrameTooLarge, "R-6-04"),
        ("critical-frame", On::Request, frame(0x09, &[]), Code::FrameCritical, "R-6-05"),
        ("unexpected", On::Request, frame(0x02, &[1; 8]), Code::FrameUnexpected, "R-6-10"),
        ("settings-twice", On::Control, frame(0x01, &[0x06, 0x20]), Code::SettingsRepeated, "R-6-09"),
        ("go-away-raised", On::Control, [frame(0x05, &[3]), frame(0x05, &[4])].concat(), Code::FrameUnexpected, "R-8-27"),
    ] {
        all.push(
            Case::wire(&format!("R-14-04/{what}"), Valid, Origin, move |t| said(t, on, &octets, &Then::Closed(vec![code])))
                .leaning_on(&[leans]),
        );
    }
    for (what, octets, end, code, leans) in [
        ("request-cut", vec![0x11, 0x20], true, Code::RequestIncomplete, "R-6-07"),
        ("request-ended", Vec::new(), true, Code::RequestIncomplete, "R-8-21"),
        (
            "not-asked",
            [frame(0x15, &[vec![1, 1], digests(1)].concat()), frame(0x25, &[1, 1])].concat(),
            false,
            Code::ContentMismatch,
            "R-8-22",
        ),
        ("stalled", vec![0x11, 0x20], false, Code::Timeout, "R-8-13"),
    ] {
        let case = Case::wire(&format!("R-14-04/{what}"), Valid, Origin, move |t| {
            let line = t.session()?;
            if code == Code::ContentMismatch {
                // An offer stays open until the last of what is wanted came, whatever else is sent.
                let object = crate::suite::tester::Fixture::new(t.name("more"), 1, t.seed(), 20_000);
                let (stream, wanted) = offered(t, line, &object)?;
                t.supply(line, stream, &object, &wanted[..wanted.len() - 1])?;
                t.supply(line, stream, &object, &[wanted[0], wanted[0]])?;
                return t.expect_refusal(line, stream, &[code]);
            }
            let stream = t.open(line, Ways::Two)?;
            if end {
                t.send_last(line, stream, &octets)?;
            } else {
                t.send(line, stream, &octets)?;
            }
            t.expect_reset(line, stream, &[code])
        });
        all.push(case.leaning_on(&[leans]));
    }
    all.push(
        Case::wire("R-14-04/one-frame-against-two-requirements", Boundary, Origin, |t| {
            // A reserved bit, in a frame that has no place there.
            let codes = vec![Code::FrameMalformed, Code::FrameUnexpected];
            said(t, On::Request, &frame(0x08, &[0x80; 40]), &Then::Closed(codes))
        })
        .leaning_on(&["R-6-06", "R-6-10", "R-6-03"]),
    );
    all.push(
        Case::wire("R-14-04/nothing-else-comes", Invalid, Origin, |t| {
            let line = t.session()?;
            let stream = t.request(line, &frame(0x09, &[]))?;
            t.expect_close(line, &[Code::FrameCritical])?;
            let octets = t.octets_of(line, stream);
            ensure(octets.is_empty(), || format!("{octets:02x?} came on the stream"))
        })
        .leaning_on(&["R-6-05"]),
    );
    all
}

fn open() -> Outcome<Alone> {
    let settings = Settings::new(Capabilities::ALL, Roles::ORIGIN);
    Alone::open(Side::Server, Config { settings, ..Config::default() }, &Settings::new(Capabilities::ALL, Roles::CLIENT))
}

/// R-14-05: an error is not answered with an error.
fn silence() -> Vec<Case> {
    let name = || Frame::GetName(Box::new(hypermesh_core::stoq::session::frame::GetName::whole(Name::new("a").expect("it is a name"))));
    vec![
        Case::function("R-14-05/after-it-closed", Valid, move || {
            let mut alone = open()?;
            alone.asked(0, false, name());
            alone.tell(Input::Broken { stream: StreamId(0), violation: hypermesh_core::stoq::session::Violation::Malformed });
            let more = [
                alone.control(Frame::GoAway { accepted: 1 }),
                alone.asked(1, false, name()),
                alone.tell(Input::End { stream: StreamId(2) }),
            ];
            let more = more.concat();
            ensure(more.is_empty(), || format!("it goes on with {more:?}"))
        }),
        Case::function("R-14-05/a-frame-that-was-under-way", Boundary, move || {
            let mut alone = open()?;
            alone.tell(Input::Close { code: Code::NoError });
            let more = alone.tell(Input::Datagram { frame: Frame::Ping { token: 1 } });
            ensure(more.is_empty(), || format!("it goes on with {more:?}"))
        }),
        Case::function("R-14-05/more-on-a-stream-that-was-reset", Invalid, move || {
            let mut alone = open()?;
            let stream = StreamId::request(Side::Client, 0);
            alone.asked(0, false, Frame::Want(hypermesh_core::stoq::session::frame::Want { send: true, ids: [ContentId([7; 32])].into() }));
            let cancel = Frame::Cancel(hypermesh_core::stoq::session::frame::Cancel { first: 1, count: 1 });
            let given_up = alone.tell(Input::Frame { stream, frame: cancel.clone() });
            let is_reset = given_up.iter().any(|effect| matches!(effect, Effect::Reset { .. }));
            ensure(is_reset, || "the exchange was not given up".into())?;
            let more = [alone.tell(Input::Frame { stream, frame: cancel }), alone.tell(Input::End { stream })].concat();
            ensure(more.is_empty(), || format!("it goes on with {more:?}"))
        })
        .leaning_on(&["R-8-22"]),
        Case::wire("R-14-05/silence-on-the-wire", Valid, Origin, |t| {
            let line = t.session()?;
            let stream = t.request(line, &[frame(0x09, &[]), frame(0x11, &get_name(0, &[], b"no such thing"))].concat())?;
            t.expect_close(line, &[Code::FrameCritical])?;
            let octets = t.octets_of(line, stream);
            ensure(octets.is_empty(), || format!("{octets:02x?} came after the connection was closed"))
        })
        .leaning_on(&["R-6-05"]),
    ]
}

/// A client whose first request is answered with this `Fail`: when the same request comes again, if it does for so long.
fn asks_again(t: &mut Tester<'_>, code: Code, millis: u64, within: Span) -> Outcome<Option<Span>> {
    get(t, 1, Name::new("first").expect("it is a name"))?;
    let line = t.session_from_it()?;
    let (stream, ..) = t.expect_request(line)?;
    t.send_last(line, stream, &frame(0x27, &[vec![0, code.number() as u8], varint(millis), vec![0]].concat()))?;
    let since = t.now();
    Ok(t.request_within(line, within)?.map(|_| t.now().since(since)))
}

/// R-14-07 and R-14-12: time to stay away.
fn staying_away() -> Vec<Case> {
    let is_zero = |t: &mut Tester<'_>, line: Line, stream: StreamId| {
        let answer = t.expect_answer(line, stream)?;
        let Some(fail) = answer.fail() else { return Err(Miss::Fail(format!("Fail is due, and {:?} came", answer.frames))) };
        let known = Code::known(u64::from(fail.code));
        let right = known.is_some_and(|code| code.is_retryable()) || fail.retry_millis == 0;
        ensure(right, || format!("{known:?} tells to stay away for {} ms", fail.retry_millis))
    };
    vec![
        Case::wire("R-14-07/after-the-time", Valid, Client, |t| {
            let again = asks_again(t, Code::Overloaded, 1_000, Span::secs(3))?;
            ensure(again.is_some(), || "the request does not come again".into())
        }),
        Case::wire("R-14-07/not-before-its-end", Boundary, Client, |t| {
            let again = asks_again(t, Code::Overloaded, 1_000, Span::secs(3))?;
            ensure(again.is_none_or(|after| after.0 >= 1_000_000_000), || format!("the request comes again after {again:?}"))
        })
        .timed(),
        Case::wire("R-14-07/a-time-of-zero", Boundary, Client, |t| {
            let again = asks_again(t, Code::Overloaded, 0, Span::secs(3))?;
            ensure(again.is_some(), || "the request does not come again".into())
        }),
        Case::wire("R-14-07/a-code-that-is-final", Invalid, Client, |t| {
            let again = asks_again(t, Code::NotFound, 0, Span::secs(2))?;
            ensure(again.is_none(), || "the request comes again after NotFound".into())?;
            let told = t.upper().told(JobId(1), Span::secs(1));
            ensure(matches!(told, Some(Told::Failed { .. })), || format!("the application was told {told:?}"))
        }),
        Case::wire("R-14-12/a-name-that-is-not-there", Valid, Origin, move |t| {
            let line = t.session()?;
            let stream = t.ask_name(line, "no such thing")?;
            is_zero(t, line, stream)
        }),
        Case::wire("R-14-12/a-content-that-is-not-there", Valid, Origin, move |t| {
            let line = t.session()?;
            let stream = t.ask_id(line, ContentId([7; 32]))?;
            is_zero(t, line, stream)
        })
        .leaning_on(&["R-10-15"]),
        Case::wire("R-14-12/a-range-outside", Invalid, Origin, move |t| {
            let object = one_chunk(t.name("ranged"), t.seed(), 100);
            let line = t.session()?;
            t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
            let range = hypermesh_core::stoq::session::frame::Range::new(50, 100);
            let ask = hypermesh_core::stoq::session::frame::GetId { id: object.chunks()[0], range };
            let stream = t.ask(line, &Frame::GetId(Box::new(ask)))?;
            is_zero(t, line, stream)
        })
        .leaning_on(&["R-10-14"]),
        Case::wire("R-14-12/a-retryable-code-and-the-longest-time", Boundary, Origin, |t| {
            let longest = [vec![0, 0x84], varint(3_600_000), vec![0]].concat();
            said(t, On::Request, &frame(0x27, &longest), &Then::Closed(vec![Code::FrameUnexpected]))
        })
        .leaning_on(&["R-6-10"]),
    ]
}

/// R-14-09, R-14-10 and R-14-11: more than is borne.
fn floods() -> Vec<Case> {
    let waste = |t: &mut Tester<'_>, line: Line| {
        let stream = t.open(line, Ways::Two)?;
        t.send(line, stream, &[0x11])?;
        t.drain(line);
        t.reset(line, stream, Code::Cancelled)?;
        t.drain(line);
        Ok::<(), Miss>(())
    };
    let route = |sequence| {
        let route = Route { node: [7; 32], sequence, life_millis: 1, hops: 1, rtt_micros: 1, load: 1, names: None };
        Frame::Route(Box::new(route))
    };
    let heard = move |alone: &mut Alone, count: u64| {
        (0..count).flat_map(|n| alone.control(route(n))).filter(|effect| matches!(effect, Effect::Up(Notice::Heard { .. }))).count()
    };
    vec![
        Case::wire("R-14-09/at-the-declared-rate", Valid, Origin, move |t| {
            let line = t.session()?;
            // A packet may come late, and the next one not.
            let pause = Span(1_000_000_000 / u64::from(t.pixit().waste_per_sec.max(1))) + Span::millis(100);
            let burst = t.pixit().waste_burst;
            for _ in 0..burst {
                waste(t, line)?;
            }
            for _ in 0..2 {
                t.pause(pause);
                waste(t, line)?;
            }
            t.expect_alive(line)
        })
        .timed()
        .leaning_on(&["R-14-02"]),
        Case::wire("R-14-09/the-burst-and-one-more", Boundary, Origin, move |t| {
            let line = t.session()?;
            for _ in 0..t.pixit().waste_burst {
                waste(t, line)?;
            }
            t.expect_alive(line)?;
            waste(t, line)?;
            waste(t, line).or_else(|miss| if t.closed(line).is_some() { Ok(()) } else { Err(miss) })?;
            t.expect_close(line, &[Code::Flood])
        })
        .leaning_on(&["R-14-02"]),
        Case::wire("R-14-09/what-was-answered-is-no-waste", Invalid, Origin, |t| {
            let line = t.session()?;
            for _ in 0..2 * t.pixit().waste_burst {
                let stream = t.request(line, &frame(0x13, &[vec![0], vec![7; 32]].concat()))?;
                t.expect_frame(line, stream)?;
                t.reset(line, stream, Code::Cancelled)?;
                t.drain(line);
            }
            t.expect_alive(line)
        })
        .leaning_on(&["R-14-02"]),
        Case::wire("R-14-10/the-declared-number", Valid, Origin, |t| probes(t, 0)).leaning_on(&["R-8-24"]),
        Case::wire("R-14-10/one-more-and-many-more", Boundary, Origin, |t| {
            probes(t, 1)?;
            probes(t, 20)
        })
        .leaning_on(&["R-8-24"]),
        Case::wire("R-14-10/the-session-goes-on", Invalid, Origin, |t| {
            let line = t.session()?;
            for token in 0..100_u64 {
                t.datagram(line, &frame(0x02, &token.to_be_bytes()))?;
            }
            t.expect_alive(line)
        }),
        Case::function("R-14-11/the-declared-number", Valid, move || {
            let (mut alone, declared) = (open()?, u64::from(Config::default().told_per_sec));
            let count = heard(&mut alone, declared);
            ensure(count as u64 == declared, || format!("{count} of {declared} were heard"))
        }),
        Case::function("R-14-11/one-more", Boundary, move || {
            let (mut alone, declared) = (open()?, u64::from(Config::default().told_per_sec));
            let count = heard(&mut alone, declared + 1);
            ensure(count as u64 == declared, || format!("{count} were heard where {declared} may be"))?;
            alone.pass(Span::secs(1));
            let count = heard(&mut alone, declared + 1);
            ensure(count as u64 == declared, || format!("{count} were heard in the next second"))
        }),
        Case::wire("R-14-11/the-session-goes-on", Invalid, Origin, move |t| {
            let line = t.session()?;
            if !t.is_in_use(line, Capabilities::ROUTES) {
                return Err(Miss::NotApplicable("it does not tell the capability routes".into()));
            }
            let control = t.control(line);
            for n in 0..100 {
                t.send(line, control, &route(n).to_bytes())?;
            }
            t.expect_alive(line)
        }),
    ]
}

/// So many more probes at once than are declared: as many as are declared are answered.
fn probes(t: &mut Tester<'_>, more: u32) -> Outcome {
    let line = t.session()?;
    let declared = t.pixit().told_per_sec;
    for token in 0..u64::from(declared + more) {
        t.datagram(line, &frame(0x02, &token.to_be_bytes()))?;
    }
    // The first answer takes as long as the path does; the others come with it.
    let mut within = t.hush();
    let mut answers = 0;
    while t.datagram_within(line, within)?.is_some() {
        within = Span(t.hush().0 / 4);
        answers += 1;
    }
    ensure(answers <= declared, || format!("{answers} of {} were answered, and {declared} are declared", declared + more))?;
    ensure(answers == declared, || format!("{answers} of {declared} were answered"))
}
