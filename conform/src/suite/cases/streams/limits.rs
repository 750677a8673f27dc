//! R-8-09, R-8-10, R-8-13, R-8-17 and R-8-18: how many streams, how early, and for how long.

use super::super::alone::{Alone, ask_for_nothing, get_name, one_chunk};
use super::super::versions::at_most;
use super::offered;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Origin};
use crate::suite::octets::{frame, varint};
use crate::suite::port::{Identity, Line, Ways};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::session::frame::{ContentId, Frame, GetId, GetName, Name, Purge, Put, Want};
use hypermesh_core::stoq::session::{Capabilities, Code, Config, Effect, Input, Notice, Roles, Setting, Settings, Side, StreamId};

pub(super) fn cases() -> Vec<Case> {
    let mut all = early();
    all.extend(many());
    all.extend(stalled());
    all.extend(before_confirmed());
    all.extend(granted());
    all
}

fn name() -> Name {
    Name::new("a").expect("it is a name")
}

/// What becomes of a request in early data, or of one after it: whether it is handed on, and the code with which it is given up.
fn fate(frame: Frame, early: bool) -> (bool, Option<Code>) {
    let mut alone = Alone::new(Side::Server, Config::default());
    alone.tell(Input::Begin);
    alone.tell(Input::Keyed { major: 1, exporter: [7; 32] });
    let did = alone.asked(0, early, frame);
    let up = did.iter().any(|effect| matches!(effect, Effect::Up(Notice::Frame { .. })));
    let code = did.iter().find_map(|effect| if let Effect::Reset { code, .. } = effect { Some(*code) } else { None });
    (up, code)
}

/// R-8-09: what does not travel in early data.
fn early() -> Vec<Case> {
    let put = || Frame::Put(Box::new(Put { name: name(), version: 1, bytes: 1, copies: 1 }));
    let purge = || Frame::Purge(Box::new(Purge { name: name(), below: false, version: 1 }));
    let given_up = |frame: Frame| {
        let fate = fate(frame, true);
        ensure(fate == (false, Some(Code::TooEarly)), || format!("handed on and given up: {fate:?}"))
    };
    vec![
        Case::function("R-8-09/what-can-be-repeated", Valid, || {
            let asks = [
                Frame::GetName(Box::new(GetName::whole(name()))),
                Frame::GetId(Box::new(GetId { id: ContentId([7; 32]), range: None })),
                Frame::Want(Want { send: true, ids: [ContentId([7; 32])].into() }),
            ];
            asks.into_iter().try_for_each(|ask| {
                let fate = fate(ask.clone(), true);
                ensure(fate == (true, None), || format!("{ask:?}, handed on and given up: {fate:?}"))
            })
        }),
        Case::function("R-8-09/a-put-in-early-data", Boundary, move || given_up(put())),
        Case::function("R-8-09/a-put-right-after-it", Boundary, move || {
            // It waits for the confirmations, as every request does that is not in early data.
            let fate = fate(put(), false);
            ensure(fate == (false, None), || format!("handed on and given up: {fate:?}"))
        })
        .leaning_on(&["R-8-17"]),
        Case::function("R-8-09/a-purge-in-early-data", Invalid, move || given_up(purge())),
    ]
}

fn closing(effects: &[Effect]) -> Option<Code> {
    effects.iter().find_map(|effect| if let Effect::Close { code } = effect { Some(*code) } else { None })
}

/// R-8-10: how many streams a peer can have.
fn many() -> Vec<Case> {
    let opens = |t: &mut Tester<'_>, line: Line| {
        let stream = t.open(line, Ways::One)?;
        t.send(line, stream, &varint(30))
    };
    vec![
        Case::wire("R-8-10/three-one-way-streams", Valid, Origin, move |t| {
            let line = t.session()?;
            opens(t, line)?;
            opens(t, line)?;
            t.expect_alive(line)
        })
        .leaning_on(&["R-7-07"]),
        Case::function("R-8-10/a-fourth-one-way-stream", Boundary, || {
            // A stack that holds its peer to what QUIC granted does not come here, so the session alone is tried.
            let mut alone = Alone::open(Side::Server, Config::default(), &Settings::default())?;
            for n in 1..4 {
                let did = alone.tell(Input::OneWay { stream: StreamId::one_way(Side::Client, n), kind: 30 });
                let due = (n == 3).then_some(Code::LimitExceeded);
                ensure(closing(&did) == due, || format!("stream {n} beside the control stream closes with {:?}", closing(&did)))?;
            }
            Ok(())
        })
        .leaning_on(&["R-7-07"]),
        Case::function("R-8-10/sixteen-and-seventeen-requests-before", Boundary, || {
            let mut alone = Alone::new(Side::Server, Config::default());
            alone.tell(Input::Begin);
            for n in 0..17 {
                let did = alone.tell(Input::Request { stream: StreamId::request(Side::Client, n), early: false });
                let due = (n == 16).then_some(Code::LimitExceeded);
                ensure(closing(&did) == due, || format!("request {n} closes with {:?}", closing(&did)))?;
            }
            Ok(())
        })
        .leaning_on(&["R-8-17"]),
        Case::function("R-8-10/the-setting-and-one-more-after", Boundary, || {
            let settings = Settings::new(Capabilities::ALL, Roles::ORIGIN).with(Setting::Requests, 20);
            let mut alone = Alone::open(Side::Server, Config { settings, ..Config::default() }, &Settings::default())?;
            for n in 0..21 {
                let did = alone.tell(Input::Request { stream: StreamId::request(Side::Client, n), early: false });
                let due = (n == 20).then_some(Code::LimitExceeded);
                ensure(closing(&did) == due, || format!("request {n} closes with {:?}", closing(&did)))?;
            }
            Ok(())
        }),
        Case::function("R-8-10/one-way-streams-that-ended-make-room", Invalid, || {
            let mut alone = Alone::open(Side::Server, Config::default(), &Settings::default())?;
            for n in 1..20 {
                let stream = StreamId::one_way(Side::Client, n);
                let did = [alone.tell(Input::OneWay { stream, kind: 30 }), alone.tell(Input::End { stream })].concat();
                ensure(closing(&did).is_none(), || format!("stream {n} closes with {:?}", closing(&did)))?;
            }
            Ok(())
        })
        .leaning_on(&["R-7-07"]),
    ]
}

/// R-8-13: exchanges without progress.
fn stalled() -> Vec<Case> {
    vec![
        Case::wire("R-8-13/progress-now-and-then", Valid, Origin, |t| {
            let object = one_chunk(t.name("slow"), t.seed(), 40);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            let content = t.content(&object, wanted[0]);
            let pause = Span(t.pixit().stall_after.0 * 6 / 10);
            let half = content.len() - 20;
            for piece in [&content[..half], &content[half..half + 10], &content[half + 10..]] {
                t.pause(pause);
                t.send(line, stream, piece)?;
                t.drain(line);
            }
            super::acknowledged(t, line, stream)
        })
        .timed(),
        Case::wire("R-8-13/not-before-the-time", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = a_half(t, line)?;
            let (before, stall) = (t.now(), t.pixit().stall_after);
            t.expect_reset(line, stream, &[Code::Timeout])?;
            let took = t.now().since(before);
            // Half a second of grace for clocks and ways.
            ensure(took.0 + 50_000_000 >= stall.0, || format!("it was given up after {} ms", took.0 / 1_000_000))?;
            ensure(took.0 <= stall.0 * 5 / 4 + 500_000_000, || format!("it was given up after {} ms", took.0 / 1_000_000))
        })
        .timed(),
        Case::wire("R-8-13/half-of-a-request", Invalid, Origin, |t| {
            let line = t.session()?;
            let stream = a_half(t, line)?;
            t.expect_reset(line, stream, &[Code::Timeout])?;
            t.expect_alive(line)
        })
        .timed(),
    ]
}

fn a_half(t: &mut Tester<'_>, line: Line) -> Outcome<StreamId> {
    let whole = ask_for_nothing();
    let stream = t.open(line, Ways::Two)?;
    t.send(line, stream, &whole[..whole.len() / 2])?;
    Ok(stream)
}

/// R-8-17: nothing is answered before both sides agree.
fn before_confirmed() -> Vec<Case> {
    let ask = |t: &mut Tester<'_>, line: Line| {
        let stream = t.open(line, Ways::Two)?;
        t.send_last(line, stream, &frame(0x11, &get_name(0, &[], b"no such thing")))?;
        let hush = t.hush();
        let early = t.next_within(line, stream, hush)?;
        ensure(early.is_none(), || format!("{early:?} came before the confirmation"))?;
        Ok(stream)
    };
    vec![
        Case::wire("R-8-17/right-after-both", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-17/asked-before-and-answered-after", Boundary, Origin, move |t| {
            let settings = Tester::settings(ROLES);
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.greet(line, &settings.to_bytes())?;
            let theirs = t.their_settings(line)?;
            let stream = ask(t, line)?;
            let confirm = t.confirmation(line, &settings, &theirs);
            t.send(line, control, &frame(0x03, &confirm))?;
            t.expect_refusal(line, stream, &[Code::NotFound])
        }),
        Case::wire("R-8-17/never-confirmed", Invalid, Origin, move |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            t.greet(line, &Tester::settings(ROLES).to_bytes())?;
            ask(t, line)?;
            let within = t.pixit().agree_within + t.patience();
            t.expect_close_within(line, &[Code::SettingsTimeout], within)
        })
        .timed()
        .leaning_on(&["R-7-18"]),
    ]
}

/// R-8-18: how many requests this side has open.
fn granted() -> Vec<Case> {
    let grant = |requests: u64| Tester::settings(Roles::ORIGIN).with(Setting::Requests, requests);
    vec![
        Case::wire("R-8-18/of-sixteen", Valid, Client, move |t| at_most(t, &grant(16), 24, 16)),
        Case::wire("R-8-18/of-one", Boundary, Client, move |t| at_most(t, &grant(1), 3, 1)),
        Case::wire("R-8-18/of-five", Boundary, Client, move |t| at_most(t, &grant(5), 12, 5)),
        Case::wire("R-8-18/one-that-waits-comes-later", Invalid, Client, move |t| {
            super::super::versions::get(t, 1, name())?;
            super::super::versions::get(t, 2, Name::new("b").expect("it is a name"))?;
            let line = t.accept()?;
            t.agree(line, &grant(1)).map_err(|miss| miss.before("opening a session"))?;
            let (first, ..) = t.expect_request(line)?;
            let hush = t.hush();
            let second = t.request_within(line, Span(hush.0 / 4))?;
            ensure(second.is_none(), || "two requests are open where one is granted".into())?;
            t.send_last(line, first, &frame(0x27, &[0, 0x81, 0, 0]))?;
            t.expect_request(line).map(drop)
        }),
    ]
}
