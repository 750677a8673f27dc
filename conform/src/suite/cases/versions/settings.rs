//! R-7-03, R-7-04, R-7-05, R-7-10, R-7-11, R-7-16, R-7-18 and R-4-04: what is told, in which form and in time.

use super::super::alone::{On, Then, get_name, said};
use super::{closes, greeting, opens, raw, told};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Edge, Subject::Origin};
use crate::suite::octets::{frame, varint};
use crate::suite::port::{Identity, Ways};
use crate::suite::tester::{Fixture, Got, ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::node::{Command, JobId};
use hypermesh_core::stoq::session::agreed::agree;
use hypermesh_core::stoq::session::frame::{Frame, Name};
use hypermesh_core::stoq::session::{Capabilities, Code, Config, Roles, Setting, Settings};
use hypermesh_core::stoq::transfer::{Order, Sequence, What};

pub(super) fn cases() -> Vec<Case> {
    let mut all = first();
    all.extend(critical());
    all.extend(repeated());
    all.extend(bounds());
    all.extend(defaults());
    all.extend(roles());
    all.extend(late());
    all.extend(offered());
    all
}

/// R-7-03: `Settings` come first.
fn first() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-7-03/settings-first", Valid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.their_control(line);
            let first = t.expect_frame(line, control)?.0;
            ensure(matches!(first, Frame::Settings(_)), || format!("its control stream begins with {first:?}"))
        }),
        Case::wire("R-7-03/frames-without-meaning-before", Boundary, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.open(line, Ways::One)?;
            let first = [varint(1), frame(30, &[0; 7]), frame(62, &[]), frame(0x01, &Tester::settings(ROLES).to_bytes())].concat();
            t.send(line, control, &first)?;
            let theirs = t.their_settings(line)?;
            t.their_confirmation(line, &Tester::settings(ROLES), &theirs)
        })
        .leaning_on(&["R-6-19", "R-7-07", "R-7-12", "R-7-13"]),
    ];
    let location = [vec![7; 32], vec![0; 24], vec![9; 64]].concat();
    for (what, kind, payload) in [("a-go-away", 0x05, varint(0)), ("a-confirm", 0x03, vec![1; 32]), ("a-location", 0x06, location)] {
        all.push(Case::wire(&format!("R-7-03/{what}-first"), Invalid, Origin, move |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.open(line, Ways::One)?;
            t.send(line, control, &[varint(1), frame(kind, &payload)].concat())?;
            // A place whose form depends on clause 12 may be judged by its form first.
            let codes = [Code::SettingsMissing, Code::FrameMalformed];
            t.expect_close(line, if kind == 0x06 { &codes } else { &codes[..1] })
        }));
    }
    all
}

/// R-7-04: unknown odd numbers.
fn critical() -> Vec<Case> {
    let mut all = vec![Case::wire("R-7-04/known-odd-numbers", Valid, Origin, |t| {
        opens(t, &Tester::settings(ROLES).with(Setting::Minor, 3).with(Setting::Needs, 0)).map(drop)
    })];
    for (what, polarity, number, value) in [
        ("0x09", Boundary, 0x09, 1),
        ("0x0b", Boundary, 0x0b, 1),
        ("the-largest", Boundary, (1 << 62) - 1, 1),
        ("with-a-value-of-zero", Invalid, 0x0d, 0),
    ] {
        all.push(Case::wire(&format!("R-7-04/{what}"), polarity, Origin, move |t| {
            closes(t, &told(&[(number, value)]), &[Code::ExtensionRequired])
        }));
    }
    all
}

/// R-7-05: one number twice.
fn repeated() -> Vec<Case> {
    let code = [Code::SettingsRepeated];
    vec![
        Case::wire("R-7-05/thirty-two-different-numbers", Valid, Origin, |t| {
            let settings = (0..32).fold(Settings::default(), |settings, n| settings.with_number(1_000 + 2 * n, n));
            opens(t, &settings).map(drop)
        }),
        Case::wire("R-7-05/in-neighbouring-pairs", Boundary, Origin, move |t| closes(t, &raw(&[(0x06, 32), (0x06, 32), (0x08, 1)]), &code)),
        Case::wire("R-7-05/in-the-first-and-the-last", Boundary, Origin, |t| {
            // The last one falls too, so either answer will do.
            closes(t, &raw(&[(0x03, 0), (0x06, 32), (0x03, 0)]), &[Code::SettingsRepeated, Code::SettingsInvalid])
        })
        .leaning_on(&["R-7-10"]),
        Case::wire("R-7-05/one-without-meaning", Invalid, Origin, move |t| closes(t, &raw(&[(0x06, 32), (30, 1), (30, 2)]), &code)),
    ]
}

/// The settings of clause 7.1 that a tester can tell freely: number, lowest and highest value.
const BOUNDS: [(u64, u64, u64); 6] = [
    (0x02, 65_536, 1_048_592),
    (0x03, 0, 4_294_967_295),
    (0x04, 4_096, 131_072),
    (0x05, 0, (1 << 62) - 1),
    (0x06, 1, 4_096),
    (0x0a, 1_000, 600_000),
];

/// R-7-10: how many, in which order, and within which bounds.
fn bounds() -> Vec<Case> {
    let invalid = [Code::SettingsInvalid];
    let mut all = vec![
        Case::wire("R-7-10/thirty-two-in-rising-order", Valid, Origin, |t| {
            let settings = (0..27).fold(Tester::settings(ROLES), |settings, n| settings.with_number(500 + 2 * n, 0));
            opens(t, &settings).map(drop)
        }),
        Case::wire("R-7-10/thirty-three", Boundary, Origin, move |t| {
            let pairs: Vec<(u64, u64)> = (0..33).map(|n| (500 + 2 * n, 0)).collect();
            closes(t, &raw(&pairs), &invalid)
        }),
        Case::wire("R-7-10/in-falling-order", Invalid, Origin, move |t| closes(t, &raw(&[(0x08, 1), (0x06, 32)]), &invalid)),
    ];
    for (number, low, high) in BOUNDS {
        for (what, value) in [("lowest", low), ("highest", high)] {
            all.push(Case::wire(&format!("R-7-10/the-{what}-value-of-{number:#04x}"), Boundary, Origin, move |t| {
                let line = greeting(t, &told(&[(number, value)]))?;
                let hush = t.hush();
                t.pause(hush);
                ensure(t.closed(line).is_none(), || "the connection was closed".into())
            }));
        }
        let beyond = [low.checked_sub(1), Some(high + 1).filter(|value| *value < 1 << 62)];
        for value in beyond.into_iter().flatten() {
            all.push(Case::wire(&format!("R-7-10/the-value-{value}-of-{number:#04x}"), Boundary, Origin, move |t| {
                closes(t, &told(&[(number, value)]), &invalid)
            }));
        }
    }
    all
}

/// R-7-11: what is absent.
fn defaults() -> Vec<Case> {
    let table = [
        (Setting::Majors, 1),
        (Setting::ChunkBytes, 1_048_592),
        (Setting::Minor, 0),
        (Setting::ManifestBytes, 131_072),
        (Setting::Capabilities, 0),
        (Setting::Requests, 16),
        (Setting::Needs, 0),
        (Setting::Roles, 1),
        (Setting::IdleMillis, 30_000),
    ];
    vec![
        Case::function("R-7-11/each-absent-and-told", Boundary, move || {
            table.into_iter().try_for_each(|(setting, value)| {
                let (absent, told) = (Settings::default().get(setting), Settings::default().with(setting, value).get(setting));
                ensure(absent == value && told == value, || {
                    format!("{setting:?} is {absent} where it is absent, and {told} where {value} is told")
                })
            })
        }),
        Case::function("R-7-11/a-capability-that-is-not-told", Invalid, || {
            let ours = Settings::new(Capabilities::ALL, Roles::ORIGIN);
            let agreed =
                agree(1, &ours, &Settings::default()).map_err(|violation| Miss::Fail(format!("empty settings are {violation:?}")))?;
            ensure(agreed.capabilities == Capabilities(0), || format!("{:?} are in use", agreed.capabilities))
        }),
        Case::wire("R-7-11/sixteen-requests-to-who-told-nothing", Valid, Client, |t| {
            let settings = Settings::default().with(Setting::Roles, u64::from(Roles::ORIGIN.0));
            at_most(t, &settings, 24, 16)
        })
        .leaning_on(&["R-8-18"]),
    ]
}

/// A client that wants this many objects at a time opens no more requests than it may.
pub(in super::super) fn at_most(t: &mut Tester<'_>, settings: &Settings, wanted: u32, granted: usize) -> Outcome {
    for job in 1..=wanted {
        let name = Name::new(&t.name(&format!("many/{job}"))).expect("a case names things well");
        get(t, job, name)?;
    }
    let line = t.accept()?;
    t.agree(line, settings).map_err(|miss| miss.before("opening a session"))?;
    let hush = t.hush();
    let mut open = Vec::new();
    while let Some(stream) = t.request_within(line, hush)? {
        open.push(stream);
    }
    ensure(open.len() <= granted, || format!("{} requests are open at a time, and {granted} are granted", open.len()))?;
    ensure(!open.is_empty(), || "none was opened".into())
}

/// An application of the implementation wants an object.
pub(in super::super) fn get(t: &mut Tester<'_>, job: u32, name: Name) -> Outcome {
    let what = What::Name { name, version_min: 0, age_max: None };
    let order =
        Order { what, range: None, sources: Vec::new(), sequence: Sequence::InOrder, credit: 8 << 20, reads_back: false, resume: None };
    let wanted = t.upper().command(JobId(job), Command::Get(Box::new(order)));
    wanted.ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))
}

/// R-7-16: the roles that are told.
fn roles() -> Vec<Case> {
    let tells = |t: &mut Tester<'_>, role: Roles| {
        let line = t.connect(Identity::Certified(ROLES))?;
        let theirs = t.their_settings(line)?.get(Setting::Roles);
        ensure(theirs & u64::from(role.0) == u64::from(role.0), || format!("it tells the roles {theirs:#x}, and plays {:#x}", role.0))
    };
    vec![
        Case::wire("R-7-16/an-origin", Valid, Origin, move |t| tells(t, Roles::ORIGIN)),
        Case::wire("R-7-16/an-edge", Valid, Edge, move |t| tells(t, Roles::EDGE)),
        Case::wire("R-7-16/a-client-that-stores", Boundary, Client, |t| {
            let name = Name::new(&t.name("any")).expect("a case names things well");
            get(t, 1, name)?;
            let line = t.accept()?;
            let theirs = t.their_settings(line)?.get(Setting::Roles);
            let due = u64::from(ROLES.0);
            ensure(theirs & due == due, || format!("it tells the roles {theirs:#x}, and plays {due:#x}"))
        }),
        Case::wire("R-7-16/a-role-that-was-not-told-is-not-played", Invalid, Origin, |t| {
            let object = Fixture::new(t.name("not told"), 1, t.seed(), 1_000);
            let line = t.session_with(ROLES, &Tester::settings(Roles::CLIENT))?;
            let stream = t.offer(line, &object)?;
            t.expect_refusal(line, stream, &[Code::NotAuthorised])
        })
        .leaning_on(&["R-10-19"]),
    ]
}

/// R-7-18: the time to agree.
fn late() -> Vec<Case> {
    const MARGIN: Span = Span::millis(300);
    vec![
        Case::wire("R-7-18/both-at-once", Valid, Origin, |t| {
            let line = t.session()?;
            let within = t.pixit().agree_within;
            t.pause(within + MARGIN);
            t.expect_alive(line)
        })
        .timed(),
        Case::wire("R-7-18/in-time", Boundary, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let within = t.pixit().agree_within;
            t.pause(Span(within.0 - MARGIN.0));
            super::agrees(t, line)
        })
        .timed(),
        Case::wire("R-7-18/settings-in-time-and-no-confirm", Boundary, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            t.greet(line, &Tester::settings(ROLES).to_bytes())?;
            is_sent_away(t, line)
        })
        .timed(),
        Case::wire("R-7-18/nothing", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            is_sent_away(t, line)
        })
        .timed(),
    ]
}

fn is_sent_away(t: &mut Tester<'_>, line: crate::suite::port::Line) -> Outcome {
    let (since, within, patience) = (t.now(), t.pixit().agree_within, t.patience());
    t.expect_close_within(line, &[Code::SettingsTimeout], within + patience)?;
    let took = t.now().since(since);
    ensure(took.0 + 300_000_000 >= within.0, || format!("it waited {} ms only", took.0 / 1_000_000))
}

/// R-4-04: what is told is kept.
fn offered() -> Vec<Case> {
    vec![
        Case::wire("R-4-04/what-is-told-has-a-meaning", Valid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let theirs = t.their_settings(line)?.get(Setting::Capabilities);
            ensure(theirs & !0x7f == 0, || format!("it tells the capabilities {theirs:#x}"))
        }),
        Case::wire("R-4-04/what-is-told-works", Invalid, Origin, |t| {
            let line = t.session()?;
            let object = Fixture::new(t.name("told"), 1, t.seed(), 2_000);
            t.put(line, &object)?;
            t.datagram(line, &frame(0x02, &[1; 8]))?;
            t.expect_datagram(line)?;
            // Whoever came up a moment ago waits for what others may still believe, for a lease and no longer.
            let (lease, patience) = (t.pixit().lease, t.patience());
            t.pause(lease);
            let purge = [vec![0], varint(1), crate::suite::octets::text(object.name.as_bytes())].concat();
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &frame(0x21, &purge))?;
            let answer = t.next_within(line, stream, patience)?;
            ensure(matches!(answer, Some(Got::Frame(Frame::Purged(_), _))), || format!("Purged is due, and {answer:?} came"))
        }),
        Case::function("R-4-04/no-capability", Boundary, || {
            let config = Config { settings: Settings::new(Capabilities(0), Roles::ORIGIN), grease: false, ..Config::default() };
            let mut alone = super::super::alone::Alone::new(hypermesh_core::stoq::session::Side::Server, config);
            let said = alone.tell(hypermesh_core::stoq::session::Input::Begin);
            let told = said.iter().find_map(|effect| match effect {
                hypermesh_core::stoq::session::Effect::Write { frame: Frame::Settings(told), .. } => Some(told.get(Setting::Capabilities)),
                _ => None,
            });
            ensure(told == Some(0), || format!("a node that has no capability tells {told:?}"))
        }),
        Case::wire("R-4-04/none-is-used-that-is-not-told", Boundary, Origin, |t| {
            said(t, On::Request, &frame(0x11, &get_name(0, &[], b"no such thing")), &Then::Alive)
        }),
    ]
}
