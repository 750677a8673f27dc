//! A session of the implementation by itself, for what no connection shows or what only a driver with early data could bring about: what it would do is
//! read from what it asks of its driver. Some objects and octets that several clauses use stand here too.

use crate::suite::case::{Case, Polarity, Subject};
use crate::suite::octets;
use crate::suite::port::Ways;
use crate::suite::tester::{Fixture, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use hypermesh_core::stoq::manifest::{Body, ChunkEntry, Manifest};
use hypermesh_core::stoq::session::frame::{ContentId, Frame};
use hypermesh_core::stoq::session::states::State;
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{
    Capabilities, Code, Config, Effect, Input, Session, Settings, Side, StreamId, Why, transcript, version,
};
use hypermesh_core::testing::store::Packed;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A session and what it needs to react.
pub(super) struct Alone {
    /// The session.
    pub(super) session: Session,
    /// The time, which the case moves.
    pub(super) now: Time,
    side: Side,
    dice: Dice,
    position: u32,
}

/// Keying material of the connections that are not there.
const EXPORTER: [u8; 32] = [7; 32];

impl Alone {
    pub(super) fn new(side: Side, config: Config) -> Self {
        let session = Session::new(&Arc::new(config), side);
        Self { session, now: Time(1), side, dice: Dice::new(SeedKey::new(1)), position: 0 }
    }

    /// A session that is open, with a peer that told these settings.
    pub(super) fn open(side: Side, config: Config, theirs: &Settings) -> Outcome<Self> {
        let mut alone = Self::new(side, config);
        let said = alone.tell(Input::Begin);
        let ours = said.into_iter().find_map(|effect| match effect {
            Effect::Write { frame: Frame::Settings(ours), .. } => Some(*ours),
            _ => None,
        });
        let ours = ours.ok_or_else(|| Miss::Inconclusive("it said no Settings".into()))?;
        alone.tell(Input::Keyed { major: version::MAJOR, exporter: EXPORTER });
        alone.greet(theirs);
        let (client, server) = if side == Side::Client { (&ours, theirs) } else { (theirs, &ours) };
        let said = transcript::confirmation(side.other(), version::MAJOR, &EXPORTER, client, server);
        alone.control(Frame::Confirm(Box::new(said)));
        match alone.session.state() {
            State::Open => Ok(alone),
            state => Err(Miss::Inconclusive(format!("it is {state:?} and not open"))),
        }
    }

    /// The peer opens its control stream and says these settings.
    pub(super) fn greet(&mut self, theirs: &Settings) -> Vec<Effect> {
        let stream = StreamId::one_way(self.side.other(), 0);
        self.tell(Input::OneWay { stream, kind: CONTROL });
        self.control(Frame::Settings(Box::new(theirs.clone())))
    }

    /// The peer says a frame on its control stream.
    pub(super) fn control(&mut self, frame: Frame) -> Vec<Effect> {
        let stream = StreamId::one_way(self.side.other(), 0);
        self.tell(Input::Frame { stream, frame })
    }

    /// The `n`-th request of the peer is opened, and this is its first frame.
    pub(super) fn asked(&mut self, n: u64, early: bool, frame: Frame) -> Vec<Effect> {
        let stream = StreamId::request(self.side.other(), n);
        let mut effects = self.tell(Input::Request { stream, early });
        effects.extend(self.tell(Input::Frame { stream, frame }));
        effects
    }

    pub(super) fn tell(&mut self, input: Input) -> Vec<Effect> {
        self.react(|session, cx| session.handle(input, cx))
    }

    pub(super) fn wake(&mut self, why: Why) -> Vec<Effect> {
        self.react(|session, cx| session.wake(why, cx))
    }

    pub(super) fn pass(&mut self, span: Span) {
        self.now += span;
    }

    fn react(&mut self, react: impl FnOnce(&mut Session, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 0, &mut self.position);
        react(&mut self.session, &mut Cx::new(self.now, NodeId(0), chance, &mut out));
        out
    }
}

/// An object of one chunk of whatever length: its chunker is none that has a profile, so that the lengths of clause 9 do not bind it.
pub(super) fn one_chunk(name: String, seed: u64, len: usize) -> Fixture {
    let bytes = octets::formula(seed, len);
    let chunk = ChunkId::of(&bytes);
    let entries = vec![ChunkEntry { id: chunk, len: len as u32 }];
    let manifest = Manifest::new(ChunkerId(900), Body::Chunks { entries, coded: None }, None).expect("one chunk makes an object");
    let (root, octets) = (manifest.id(), manifest.encode());
    let manifest: Arc<[u8]> = octets.into();
    let contents = BTreeMap::from([(ContentId(root.0), manifest.clone()), (ContentId(chunk.0), bytes.clone().into())]);
    Fixture { name, version: 1, packed: Packed { root: ManifestId(root.0), manifest, contents, bytes } }
}

/// Where octets are said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Control,
    Request,
    Datagram,
}

/// What has to come of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The session goes on.
    Alive,
    /// The connection is closed with one of these codes.
    Closed(Vec<Code>),
}

/// Types of frames that begin no exchange.
const NO_BEGIN: [u8; 7] = [0x17, 0x19, 0x1b, 0x1f, 0x23, 0x25, 0x27];
/// Types of frames that need the capability *routes*.
const ROUTES: [u8; 2] = [0x06, 0x08];

/// Says octets in an open session with an origin.
pub(super) fn said(t: &mut Tester<'_>, on: On, octets: &[u8], then: &Then) -> Outcome {
    let line = t.session()?;
    let kind = octets.first().copied().unwrap_or_default();
    let lacks_routes = ROUTES.contains(&kind) && !t.is_in_use(line, Capabilities::ROUTES);
    if lacks_routes && *then == Then::Alive {
        return Err(Miss::NotApplicable("it does not tell the capability routes".into()));
    }
    // One that is malformed and has no place there breaks two requirements, and the answer to either will do (R-14-04).
    let two = lacks_routes || (on == On::Request && NO_BEGIN.contains(&kind));
    match on {
        On::Control => {
            let control = t.control(line);
            t.send(line, control, octets)?;
        }
        On::Request => {
            let stream = t.open(line, Ways::Two)?;
            t.send(line, stream, octets)?;
        }
        On::Datagram => t.datagram(line, octets)?,
    }
    match then {
        Then::Alive => t.expect_alive(line),
        Then::Closed(codes) if two && codes[..] == [Code::FrameMalformed] => {
            t.expect_close(line, &[Code::FrameMalformed, Code::FrameUnexpected])
        }
        Then::Closed(codes) => t.expect_close(line, codes),
    }
}

/// The case that does so.
pub(super) fn saying(name: &str, polarity: Polarity, on: On, octets: Vec<u8>, then: Then) -> Case {
    Case::wire(name, polarity, Subject::Origin, move |t| said(t, on, &octets, &then))
}

/// A violation that is answered with this code.
pub(super) fn closed(code: Code) -> Then {
    Then::Closed(vec![code])
}

/// Requirements without which no session opens: a case that works in one leans on them.
const SESSION: [&str; 4] = ["R-7-03", "R-7-12", "R-7-13", "R-8-16"];

/// The same cases, of which those over a connection lean on what a session needs.
pub(super) fn in_sessions(cases: Vec<Case>) -> Vec<Case> {
    let leaning = |case: Case| if case.subject().is_some() { case.leaning_on(&SESSION) } else { case };
    cases.into_iter().map(leaning).collect()
}

/// The connection is still open after what was said so far.
pub(super) fn stays_open(t: &mut Tester<'_>, line: crate::suite::port::Line) -> Outcome {
    t.drain(line);
    match t.closed(line) {
        None => Ok(()),
        Some(code) => Err(Miss::Fail(format!("the connection was closed with {code:x?}"))),
    }
}

/// A payload of `GetName` with these flags, and what stands between its numbers and its name.
pub(super) fn get_name(flags: u8, between: &[u8], name: &[u8]) -> Vec<u8> {
    [vec![flags], octets::varint(0), octets::varint((1 << 62) - 1), between.to_vec(), octets::text(name)].concat()
}

/// A frame `GetName` for what no object is named.
pub(super) fn ask_for_nothing() -> Vec<u8> {
    octets::frame(0x11, &get_name(0, &[], b"no such thing"))
}

/// What a stream said, read by a reader that takes no integer but in its shortest form: types and payloads. `kind` skips the type of a one-way stream.
pub(super) fn strictly(octets: &[u8], kind: bool) -> Outcome<Vec<(u64, Vec<u8>)>> {
    let (mut at, mut frames) = (0, Vec::new());
    if kind && !octets.is_empty() {
        integer(octets, &mut at)?;
    }
    while at < octets.len() {
        let number = integer(octets, &mut at)?;
        let length = integer(octets, &mut at)? as usize;
        let payload = octets.get(at..at + length).ok_or_else(|| Miss::Fail("a frame ends inside".into()))?;
        frames.push((number, payload.to_vec()));
        at += length;
    }
    Ok(frames)
}

fn integer(octets: &[u8], at: &mut usize) -> Outcome<u64> {
    let short = || Miss::Fail("an integer ends inside".into());
    let first = *octets.get(*at).ok_or_else(short)?;
    let len = 1 << (first >> 6);
    let form = octets.get(*at..*at + len).ok_or_else(short)?;
    let value = form[1..].iter().fold(u64::from(form[0] & 0x3f), |value, octet| value << 8 | u64::from(*octet));
    ensure(octets::varint(value) == form, || format!("{value} was sent in {len} octets: {form:02x?}"))?;
    *at += len;
    Ok(value)
}
