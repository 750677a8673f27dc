//! R-8-08, R-8-24, R-8-25 and R-8-32: datagrams.

use super::super::alone::{Alone, On, closed, saying};
use super::super::wire::pong;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Origin};
use crate::suite::octets::frame;
use crate::suite::port::{Identity, Line};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{Command, JobId, Told};
use hypermesh_core::stoq::session::frame::{Frame, Name, Route};
use hypermesh_core::stoq::session::{Capabilities, Code, Config, Effect, Input, Notice, Roles, Settings, Side};

pub(super) fn cases() -> Vec<Case> {
    let mut all = whole();
    all.extend(answered());
    all.extend(awaited());
    all.extend(early());
    all
}

fn ping(token: u64) -> Vec<u8> {
    frame(0x02, &token.to_be_bytes())
}

/// The tokens of the answers that come until nothing more does.
fn tokens(t: &mut Tester<'_>, line: Line) -> Outcome<Vec<u64>> {
    let hush = t.hush();
    let mut tokens = Vec::new();
    while let Some(frames) = t.frames_within(line, hush)? {
        tokens.extend(frames.iter().filter_map(|frame| if let Frame::Pong { token, .. } = frame { Some(*token) } else { None }));
    }
    Ok(tokens)
}

fn open() -> Outcome<Alone> {
    let settings = Settings::new(Capabilities::ALL, Roles::ORIGIN);
    Alone::open(Side::Server, Config { settings, ..Config::default() }, &Settings::new(Capabilities::ALL, Roles::CLIENT))
}

/// R-8-08: whole frames, and not too long.
fn whole() -> Vec<Case> {
    let tells = |name: usize| {
        let names = Name::new(&"n".repeat(name));
        let (rtt_micros, load) = (u32::MAX, u32::MAX);
        let route = Route { node: [7; 32], sequence: (1 << 62) - 1, life_millis: 86_400_000, hops: 16, rtt_micros, load, names };
        let frame = Frame::Route(Box::new(route));
        let octets = frame.to_bytes().len();
        let did = open()?.tell(Input::Tell { frame });
        let datagram = did.iter().any(|effect| matches!(effect, Effect::Datagram { .. }));
        let written = did.iter().any(|effect| matches!(effect, Effect::Write { .. }));
        Ok::<_, Miss>((octets, datagram, written))
    };
    let mut all = vec![
        Case::wire("R-8-08/a-ping-and-its-pong", Valid, Origin, |t| {
            let line = t.session()?;
            t.datagram(line, &ping(5))?;
            let octets = t.datagram_within(line, t.patience())?.unwrap_or_default();
            ensure(!octets.is_empty() && octets.len() <= 1_150, || format!("a datagram of {} octets came", octets.len()))
        })
        .leaning_on(&["R-8-24"]),
        Case::function("R-8-08/the-longest-route", Boundary, move || {
            let (octets, datagram, written) = tells(1_024)?;
            ensure(octets <= 1_150 && datagram && !written, || {
                format!("a route of {octets} octets: datagram {datagram}, control {written}")
            })
        }),
        Case::wire("R-8-08/several-frames-in-one", Boundary, Origin, |t| {
            let line = t.session()?;
            t.datagram(line, &[ping(1), ping(2), ping(3)].concat())?;
            let tokens = tokens(t, line)?;
            ensure(tokens == [1, 2, 3], || format!("answers to {tokens:?} came"))
        })
        .leaning_on(&["R-8-24", "R-6-01"]),
    ];
    let whole = ping(1);
    for (what, octets) in
        [("inside-a-frame", whole[..5].to_vec()), ("inside-a-type", vec![0x40]), ("inside-the-second", [ping(1), vec![2]].concat())]
    {
        all.push(saying(&format!("R-8-08/one-that-ends-{what}"), Invalid, On::Datagram, octets, closed(Code::FrameMalformed)));
    }
    // Frames without a meaning fill it up to the octet.
    let long = |octets: usize| frame(0x3e, &vec![0; octets - 3]);
    all.push(saying("R-8-08/one-octet-too-many", Invalid, On::Datagram, long(1_151), closed(Code::FrameMalformed)));
    all
}

/// R-8-24: one answer to each question.
fn answered() -> Vec<Case> {
    let asks = |t: &mut Tester<'_>, asked: &[u64]| {
        let line = t.session()?;
        for token in asked {
            t.datagram(line, &ping(*token))?;
        }
        let mut came = tokens(t, line)?;
        came.sort_unstable();
        let mut due = asked.to_vec();
        due.sort_unstable();
        ensure(came == due, || format!("answers to {came:?} came where {due:?} was asked"))
    };
    vec![
        Case::wire("R-8-24/one-question", Valid, Origin, move |t| asks(t, &[77])).leaning_on(&["R-6-01"]),
        Case::wire("R-8-24/as-many-as-are-answered-a-second", Boundary, Origin, move |t| {
            let asked: Vec<u64> = (1..=u64::from(t.pixit().told_per_sec)).collect();
            asks(t, &asked)
        })
        .leaning_on(&["R-6-01"]),
        Case::wire("R-8-24/the-same-token-twice", Boundary, Origin, move |t| asks(t, &[9, 9])).leaning_on(&["R-6-01"]),
        Case::wire("R-8-24/without-a-question", Invalid, Origin, move |t| asks(t, &[])),
    ]
}

/// R-8-25: answers that are not waited for.
fn awaited() -> Vec<Case> {
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| if let Effect::Datagram { frame: Frame::Ping { token } } = effect { Some(*token) } else { None })
    };
    let answer = |alone: &mut Alone, token: u64| {
        let did = alone.tell(Input::Datagram { frame: Frame::Pong { token, load_permille: 0, lease_millis: 5 } });
        did.iter().any(|effect| matches!(effect, Effect::Up(Notice::Probed { .. })))
    };
    let questions = move |alone: &mut Alone, count: usize| -> Outcome<Vec<u64>> {
        let ask = |_| {
            alone.pass(Span::millis(1));
            asked(&alone.tell(Input::Probe)).ok_or_else(|| Miss::Fail("no Ping was sent".into()))
        };
        (0..count).map(ask).collect()
    };
    vec![
        Case::function("R-8-25/each-of-four-questions", Valid, move || {
            let mut alone = open()?;
            let tokens = questions(&mut alone, 4)?;
            tokens.iter().rev().try_for_each(|token| ensure(answer(&mut alone, *token), || "an answer was not taken".into()))
        }),
        Case::function("R-8-25/the-fifth-makes-the-oldest-be-forgotten", Boundary, move || {
            let mut alone = open()?;
            let tokens = questions(&mut alone, 5)?;
            ensure(!answer(&mut alone, tokens[0]), || "the answer to the oldest was taken".into())?;
            tokens[1..].iter().try_for_each(|token| ensure(answer(&mut alone, *token), || "an answer was not taken".into()))
        }),
        Case::function("R-8-25/a-token-that-was-answered", Invalid, move || {
            let mut alone = open()?;
            let tokens = questions(&mut alone, 2)?;
            ensure(answer(&mut alone, tokens[0]), || "an answer was not taken".into())?;
            ensure(!answer(&mut alone, tokens[0]), || "the same answer was taken twice".into())
        }),
        Case::wire("R-8-25/a-token-that-was-never-sent", Invalid, Client, |t| {
            let job = JobId(1);
            let wanted = t.upper().command(job, Command::Ping { server: None });
            wanted.ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            let line = t.session_from_it()?;
            let frames = t.expect_datagram(line)?;
            let [Frame::Ping { token }] = frames[..] else { return Err(Miss::Fail(format!("a Ping is due, and {frames:?} came"))) };
            t.datagram(line, &pong(token ^ 1))?;
            let (hush, patience) = (t.hush(), t.patience());
            let told = t.upper().told(job, hush);
            ensure(told.is_none(), || format!("it took another token for an answer: {told:?}"))?;
            t.datagram(line, &pong(token))?;
            let told = t.upper().told(job, patience);
            ensure(matches!(told, Some(Told::Pong { .. })), || format!("the right token was not taken: {told:?}"))
        }),
    ]
}

/// R-8-32: datagrams before both sides agree.
fn early() -> Vec<Case> {
    vec![
        Case::wire("R-8-32/right-after-both", Valid, Origin, |t| {
            let line = t.session()?;
            t.datagram(line, &ping(3))?;
            let came = tokens(t, line)?;
            ensure(came.len() == 1, || format!("answers to {came:?} came"))
        })
        .leaning_on(&["R-8-24"]),
        Case::wire("R-8-32/between-settings-and-confirm", Boundary, Origin, |t| {
            let settings = Tester::settings(ROLES);
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.greet(line, &settings.to_bytes())?;
            let theirs = t.their_settings(line)?;
            t.datagram(line, &ping(4))?;
            let came = tokens(t, line)?;
            ensure(came.is_empty(), || "a Ping was answered before the confirmation".into())?;
            let confirm = t.confirmation(line, &settings, &theirs);
            t.send(line, control, &frame(0x03, &confirm))?;
            t.their_confirmation(line, &settings, &theirs)?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-32/a-frame-of-an-unknown-critical-type", Invalid, Origin, |t| {
            let settings = Tester::settings(ROLES);
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.greet(line, &settings.to_bytes())?;
            let theirs = t.their_settings(line)?;
            t.datagram(line, &[0x29, 0])?;
            let hush = t.hush();
            t.pause(hush);
            let closed = t.closed(line);
            ensure(closed.is_none(), || format!("a datagram before the confirmation closed the connection with {closed:x?}"))?;
            let confirm = t.confirmation(line, &settings, &theirs);
            t.send(line, control, &frame(0x03, &confirm))?;
            t.their_confirmation(line, &settings, &theirs)?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-32/before-settings", Boundary, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            t.datagram(line, &ping(4))?;
            let came = tokens(t, line)?;
            ensure(came.is_empty(), || "a Ping was answered before the settings".into())?;
            t.agree(line, &Tester::settings(ROLES))
        }),
        Case::wire("R-8-32/no-frame-whenever-it-comes", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let settings = Tester::settings(ROLES);
            let control = t.greet(line, &settings.to_bytes())?;
            t.datagram(line, &[0x02, 0x01, 1])?;
            let hush = t.pixit().hush;
            t.pause(hush);
            // It can be looked at or not; to look at it is to find that it is malformed.
            if let Some(code) = t.closed(line) {
                return ensure(code == Some(Code::FrameMalformed.to_quic()), || format!("the connection was closed with {code:x?}"));
            }
            let theirs = t.their_settings(line)?;
            let confirm = t.confirmation(line, &settings, &theirs);
            t.send(line, control, &frame(0x03, &confirm))?;
            t.their_confirmation(line, &settings, &theirs)?;
            t.expect_alive(line)
        }),
    ]
}
