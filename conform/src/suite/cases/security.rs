//! Clause 16: security.

use super::transfer::{long, ranged, tree};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::{Client, Origin};
use crate::suite::memory::under;
use crate::suite::octets;
use crate::suite::port::Line;
use crate::suite::tester::{Fixture, Got, Tester, get_name};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time, Wire as _};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::manifest::{Manifest, Step, Walk};
use hypermesh_core::stoq::node::{Command, JobId};
use hypermesh_core::stoq::session::frame::{ContentId, Frame, Name, Purge, Put, Want};
use hypermesh_core::stoq::session::limits::{EARLY_WINDOW_BYTES, FrameLimits, HELD_MAX, ONE_WAY_MAX};
use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{
    self, Capabilities, Code, Effect, FrameReader, Input, Notice, Roles, Session, Settings, Side, StreamId,
};
use hypermesh_core::stoq::transfer::{Order, Sequence, What};
use std::sync::Arc;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = strangers();
    all.extend(heads());
    all.extend(manifests());
    all.extend(early());
    all.extend(work());
    all.extend(read_ahead());
    all
}

/// One side of a session by itself.
struct Bench {
    session: Session,
    dice: Dice,
    position: u32,
}

impl Bench {
    fn new(side: Side) -> Self {
        let settings = Settings::new(Capabilities::ALL, Roles::CLIENT);
        let config = session::Config { settings, grease: false, ..session::Config::default() };
        Self { session: Session::new(&Arc::new(config), side), dice: Dice::new(SeedKey::new(1)), position: 0 }
    }

    fn tell(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 0, &mut self.position);
        self.session.handle(input, &mut Cx::new(Time(1), NodeId(0), chance, &mut out));
        out
    }
}

/// What a stranger can make an endpoint hold: the session, and a reader with an incomplete head for each stream that may be open. The readers hold what
/// they were given of a frame whose rest does not come.
fn held(requests: usize) -> usize {
    let mut bench = Bench::new(Side::Server);
    bench.tell(Input::Begin);
    bench.tell(Input::OneWay { stream: StreamId::one_way(Side::Client, 0), kind: CONTROL });
    for n in 0..requests {
        bench.tell(Input::Request { stream: StreamId::request(Side::Client, n as u64), early: false });
    }
    let readers = (0..ONE_WAY_MAX + requests).map(|n| {
        let mut reader =
            if n < ONE_WAY_MAX { FrameReader::one_way(FrameLimits::default()) } else { FrameReader::two_way(FrameLimits::default()) };
        let mut octets = if n < ONE_WAY_MAX { octets::varint(CONTROL) } else { Vec::new() };
        octets.extend(incomplete());
        feed(&mut reader, &octets);
        size_of::<FrameReader>() + reader.heap_bytes()
    });
    size_of::<Session>() + bench.session.heap_bytes() + readers.sum::<usize>() + EARLY_WINDOW_BYTES
}

/// A `Want` of 120 digests, the longest head that a request has, without its last octet.
fn incomplete() -> Vec<u8> {
    let mut octets = Frame::Want(Want { send: true, ids: [ContentId([1; 32]); 120].into() }).to_bytes();
    octets.pop();
    octets
}

fn feed(reader: &mut FrameReader, mut octets: &[u8]) -> bool {
    loop {
        match reader.next(&mut octets) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// R-16-02.
fn strangers() -> Vec<Case> {
    let bound = |held: usize| ensure(held <= 262_144, || format!("{held} octets are held for a stranger"));
    vec![
        Case::function("R-16-02/a-peer-that-says-nothing", Valid, move || bound(held(0))),
        Case::function("R-16-02/every-stream-with-an-incomplete-frame", Boundary, move || bound(held(HELD_MAX))),
        Case::function("R-16-02/twenty-peers-at-once", Invalid, move || {
            let all: usize = (0..20).map(|_| held(HELD_MAX)).sum();
            ensure(all <= 20 * 262_144, || format!("{all} octets are held for twenty strangers"))
        }),
    ]
}

/// R-16-03.
fn heads() -> Vec<Case> {
    let holds = |octets: Vec<u8>, step: usize, most: usize| -> Outcome {
        let mut reader = FrameReader::two_way(FrameLimits::default());
        for part in octets.chunks(step) {
            if !feed(&mut reader, part) {
                return Ok(());
            }
            let held = reader.heap_bytes();
            ensure(held <= most, || format!("{held} octets are held"))?;
        }
        Ok(())
    };
    vec![
        Case::function("R-16-03/a-frame-that-comes-whole", Valid, move || {
            let whole = Frame::Want(Want { send: true, ids: [ContentId([1; 32]); 100].into() }).to_bytes();
            holds(whole.clone(), whole.len(), 0)
        }),
        Case::function("R-16-03/a-head-one-octet-at-a-time", Boundary, move || holds(incomplete(), 1, 4_096)),
        Case::function("R-16-03/a-frame-that-promises-more-than-it-sends", Invalid, move || {
            for kind in [0x01, incomplete()[0].into(), 0x3f02] {
                let promised = octets::varint((1 << 62) - 1);
                holds([octets::varint(kind), promised, vec![0; 10]].concat(), 3, 4_096)?;
            }
            holds(incomplete()[..10].to_vec(), 5, 4_096)
        }),
    ]
}

/// R-16-04.
fn manifests() -> Vec<Case> {
    let walk = |what: &str, polarity, chunks: usize| {
        Case::function(&format!("R-16-04/{what}"), polarity, move || {
            let object = under(None, || tree(4, chunks, 2));
            let (mut walk, mut sum, mut levels) = (Walk::whole(object.root), 0, 0);
            loop {
                match walk.step() {
                    Step::Piece(piece) => sum += u64::from(piece.take),
                    Step::Need(id) => {
                        let octets = &object.contents[&ContentId(id.0)];
                        walk.supply(octets).map_err(|error| Miss::Fail(error.to_string()))?;
                        levels = levels.max(Manifest::decode(octets).map_or(0, |manifest| manifest.level()));
                    }
                    Step::Done => break,
                }
            }
            ensure(sum == object.bytes.len() as u64 && levels <= 5, || format!("{sum} octets over {levels} levels"))
        })
    };
    vec![
        walk("an-object-of-three-levels", Valid, 8),
        walk("an-object-of-six-levels", Boundary, 64),
        Case::wire("R-16-04/manifests-that-are-fetched-ahead", Boundary, Client, |t| {
            let object = Fixture { name: t.name("wide"), version: 1, packed: tree(t.seed(), 64, 8) };
            let below = ranged(&object.packed, &(0..65_536));
            let is_manifest = |id: &ContentId| Manifest::decode(&object.packed.contents[id]).is_ok();
            let many = below.iter().filter(|id| is_manifest(id)).count();
            let what = What::Id(ManifestId(object.root().0));
            let order = Order {
                what,
                range: None,
                sources: Vec::new(),
                sequence: Sequence::InOrder,
                credit: 1 << 20,
                reads_back: false,
                resume: None,
            };
            t.upper()
                .command(JobId(1), Command::Get(Box::new(order)))
                .ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            let line = t.session_from_it()?;
            let (stream, frame, _) = t.expect_request(line)?;
            ensure(t.serve(line, stream, &frame, &object, None)?, || format!("{frame:?} is asked for"))?;
            let mut asked = 0;
            while let Some(stream) = t.request_within(line, Span::millis(50))? {
                let frame = t.expect_frame(line, stream)?.0;
                asked += usize::from(matches!(&frame, Frame::GetId(ask) if is_manifest(&ask.id)));
            }
            // One of them is on the way to the first chunk, four may be ahead.
            ensure(asked <= 5, || format!("{asked} of {many} manifests are asked for before one is used"))
        }),
        Case::function("R-16-04/a-manifest-below-itself", Invalid, || {
            let object = under(None, || tree(4, 8, 2));
            // No manifest can hold its own digest, so the one below is taken for another, which it is not by its level.
            let mut walk = Walk::whole(object.root);
            walk.supply(&object.manifest).map_err(|error| Miss::Inconclusive(error.to_string()))?;
            walk.step();
            ensure(walk.supply(&object.manifest).is_err(), || "a manifest is taken below itself".into())
        }),
    ]
}

/// R-16-05: a session whose handshake is not complete.
fn early() -> Vec<Case> {
    fn put() -> Frame {
        Frame::Put(Box::new(Put { name: name(), version: 1, bytes: 1, copies: 1 }))
    }
    fn purge() -> Frame {
        Frame::Purge(Box::new(Purge { name: name(), below: false, version: 1 }))
    }
    fn name() -> Name {
        Name::new("it").expect("it is a name")
    }
    let refused = |frame: fn() -> Frame| {
        move || {
            let mut bench = Bench::new(Side::Client);
            bench.tell(Input::Begin);
            let effects = bench.tell(Input::Ask { frame: frame(), tag: 7, early: true });
            let told = effects.iter().any(|effect| matches!(effect, Effect::Up(Notice::Refused { tag: 7, code: Code::TooEarly })));
            ensure(told && effects.len() == 1, || format!("it does {effects:?}"))
        }
    };
    vec![
        Case::function("R-16-05/a-name-may-be-asked-for", Valid, || {
            let mut bench = Bench::new(Side::Client);
            bench.tell(Input::Begin);
            let ask = Frame::GetName(Box::new(get_name("it")));
            let effects = bench.tell(Input::Ask { frame: ask.clone(), tag: 7, early: true });
            let goes = effects.iter().any(|effect| matches!(effect, Effect::Write { frame, .. } if *frame == ask));
            ensure(goes, || format!("it does {effects:?}"))
        }),
        Case::function("R-16-05/a-store-is-refused-to-whoever-wants-it", Boundary, refused(put)),
        Case::function("R-16-05/a-purge-is-refused-to-whoever-wants-it", Invalid, refused(purge)),
    ]
}

/// Keeps so many requests open, over as many connections as that takes: each is answered, and its exchange goes on until the tester ends it.
fn busy(
    t: &mut Tester<'_>,
    requests: usize,
    keep: impl Fn(&mut Tester<'_>, Line, usize) -> Outcome<StreamId>,
) -> Outcome<Vec<(Line, StreamId)>> {
    let each = t.pixit().requests as usize - 8;
    let (mut open, mut line) = (Vec::new(), None);
    for n in 0..requests {
        if n % each == 0 {
            line = Some(t.session()?);
        }
        let line = line.expect("the first of each begins with a session");
        open.push((line, keep(t, line, n)?));
    }
    Ok(open)
}

/// A `Want` that is answered, and whose own direction stays open.
fn want(t: &mut Tester<'_>, line: Line, n: usize) -> Outcome<StreamId> {
    t.want(line, &[ContentId(*blake3::hash(&[n as u8]).as_bytes())], true)
}

fn is_answered(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    match t.expect_frame(line, stream)?.0 {
        Frame::Have(_) => Ok(()),
        other => Err(Miss::Fail(format!("Have is due, and {other:?} came"))),
    }
}

/// A `Want` is answered again, at the latest when the time to stay away was kept a few times: who is as busy as this may learn late that a request is over.
fn finds_room(t: &mut Tester<'_>, line: Line) -> Outcome {
    for n in 201..205 {
        let stream = want(t, line, n)?;
        match t.expect_frame(line, stream)?.0 {
            Frame::Have(_) => return Ok(()),
            Frame::Fail(fail) if u64::from(fail.code) == Code::Overloaded.number() => {
                let away = Span::millis(fail.retry_millis.into());
                t.pause(away.min(t.patience()));
                t.reset(line, stream, Code::Cancelled)?;
            }
            other => return Err(Miss::Fail(format!("Have is due, and {other:?} came"))),
        }
    }
    Err(Miss::Fail("a request is over, and there is no room for another one".into()))
}

/// An offer of an object that is never sent.
fn offer(t: &mut Tester<'_>, line: Line, n: usize) -> Outcome<StreamId> {
    let object = Fixture::new(t.name(&format!("object {n}")), 1, t.seed() + n as u64, 4_000);
    t.offer(line, &object)
}

fn is_wanted(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    match t.expect_frame(line, stream)?.0 {
        Frame::Want(_) => Ok(()),
        other => Err(Miss::Fail(format!("Want is due, and {other:?} came"))),
    }
}

/// Why these say nothing where packets are sent again.
const SLOW: &str = "before a further session is open, the exchanges that keep the implementation busy have stalled, and it gave them up";

/// R-16-06.
fn work() -> Vec<Case> {
    vec![
        Case::wire("R-16-06/as-many-requests-as-are-declared", Valid, Origin, |t| {
            let most = t.pixit().serving_max;
            busy(t, most, want)?.into_iter().try_for_each(|(line, stream)| is_answered(t, line, stream))
        }),
        Case::wire("R-16-06/one-request-more", Boundary, Origin, |t| {
            let most = t.pixit().serving_max;
            let open = busy(t, most, want)?;
            open.iter().try_for_each(|(line, stream)| is_answered(t, *line, *stream).map_err(|miss| miss.before("keeping it busy")))?;
            let line = t.session()?;
            let stream = want(t, line, 200)?;
            t.expect_refusal(line, stream, &[Code::Overloaded])?;
            // When one is over there is room again.
            let (first, over) = open[0];
            t.reset(first, over, Code::Cancelled)?;
            t.stop(first, over, Code::Cancelled)?;
            let hush = t.hush();
            t.pause(hush);
            t.reset(line, stream, Code::Cancelled)?;
            finds_room(t, line)
        })
        .on_a_clean_path(SLOW),
        Case::wire("R-16-06/one-store-more-than-declared", Boundary, Origin, |t| {
            let most = t.pixit().puts_max;
            let open = busy(t, most, offer)?;
            open.iter().try_for_each(|(line, stream)| is_wanted(t, *line, *stream))?;
            let line = t.session()?;
            let stream = offer(t, line, 200)?;
            t.expect_refusal(line, stream, &[Code::Overloaded])
        })
        .on_a_clean_path(SLOW),
        Case::wire("R-16-06/a-purge-among-many-requests", Invalid, Origin, |t| {
            let most = t.pixit().serving_max;
            let open = busy(t, most, want)?;
            open.iter().try_for_each(|(line, stream)| is_answered(t, *line, *stream).map_err(|miss| miss.before("keeping it busy")))?;
            let line = t.session()?;
            let name = Name::new(&t.name("purged")).expect("a case names things well");
            let stream = t.ask(line, &Frame::Purge(Box::new(Purge { name, below: false, version: 1 })))?;
            let hush = t.hush();
            match t.next_within(line, stream, hush)? {
                // It may wait until the leases of caches are over.
                None => Ok(()),
                Some(Got::Frame(Frame::Purged(_), _)) => Ok(()),
                Some(other) => Err(Miss::Fail(format!("{other:?} came"))),
            }
        }),
        Case::wire("R-16-06/one-purge-more-than-declared", Boundary, Origin, |t| {
            let most = t.pixit().purges_max;
            let line = t.session()?;
            for n in 0..=most {
                let name = Name::new(&t.name(&format!("purged {n}"))).expect("a case names things well");
                let stream = t.ask(line, &Frame::Purge(Box::new(Purge { name, below: false, version: 1 })))?;
                let hush = t.hush();
                let early = t.next_within(line, stream, hush)?;
                if n < most {
                    ensure(early.is_none(), || format!("{early:?} came")).map_err(|miss| miss.before("keeping it busy"))?;
                } else if let Some(Got::Frame(Frame::Fail(fail), _)) = early {
                    ensure(Code::known(fail.code.into()) == Some(Code::Overloaded), || format!("{fail:?} came"))?;
                } else {
                    return Err(Miss::Fail(format!("Overloaded is due, and {early:?} came")));
                }
            }
            Ok(())
        })
        .in_memory(),
    ]
}

/// R-16-07: a peer that takes nothing. How far an endpoint reads ahead of a real network cannot be seen from there.
fn read_ahead() -> Vec<Case> {
    /// Octets of a chunk: the declared octets are 16 of them.
    const LEN: usize = 65_536;
    let unread = |what: &str, polarity, count: usize, is_slow: bool| {
        let case = Case::wire(&format!("R-16-07/{what}"), polarity, Origin, move |t| {
            let most = t.pixit().send_ahead_bytes as usize;
            let object = Fixture { name: t.name("large"), version: 1, packed: long(t.seed(), count, LEN) };
            let line = t.session()?;
            t.put(line, &object).map_err(|miss| miss.before("storing an object"))?;
            t.hold(line, is_slow);
            let stream = t.want(line, &object.chunks(), true)?;
            let hush = t.hush();
            let mut came = 0;
            while let Some(got) = t.next_within(line, stream, hush)? {
                if let Got::Frame(Frame::Chunk(head), _) = got {
                    came += head.bytes as usize;
                }
            }
            let right = if is_slow && count * LEN > most { came <= most + LEN } else { came == count * LEN };
            ensure(right && came > 0, || format!("{came} octets of {} were written, slow: {is_slow}", count * LEN))
        });
        case.in_memory()
    };
    vec![
        unread("a-peer-that-takes-all", Valid, 24, false),
        unread("as-much-as-is-declared", Boundary, 16, true),
        unread("a-peer-that-takes-nothing", Invalid, 24, true),
    ]
}
