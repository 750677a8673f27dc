//! R-7-01, R-7-02, R-7-07, R-7-09, R-7-14, R-7-15 and R-7-17: what two sides make together.

use super::super::alone::{On, Then, ask_for_nothing, closed, saying};
use super::{closes, opens, raw, told};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::{frame, text, varint};
use crate::suite::port::Ways;
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::session::agreed::{Agreed, agree};
use hypermesh_core::stoq::session::{Capabilities, Code, Roles, Setting, Settings, Violation, version};

pub(super) fn cases() -> Vec<Case> {
    let mut all = tokens();
    all.extend(lower());
    all.extend(grease());
    all.extend(needs());
    all.extend(in_use());
    all.extend(majors());
    all
}

/// R-7-01 and R-7-17: the tokens of ALPN.
fn tokens() -> Vec<Case> {
    let mut all = vec![
        Case::function("R-7-01/the-token-that-is-offered", Valid, || {
            let offered = version::tokens();
            ensure(offered.contains(&b"stoq/1".as_slice()), || format!("it offers {offered:?}"))
        }),
        Case::function("R-7-01/the-token-of-each-major-version", Boundary, || {
            let known = (0..=version::MAJORS_MAX).filter_map(|major| Some((major, version::alpn(major)?)));
            let known: Vec<(u8, &[u8])> = known.collect();
            ensure(known == [(1, b"stoq/1".as_slice())], || format!("its tokens are {known:?}"))
        }),
        Case::function("R-7-17/the-token-was-chosen", Valid, || {
            let major = version::chosen(Some(b"stoq/1"));
            ensure(major == Some(1), || format!("stoq/1 is taken for version {major:?}"))
        }),
        Case::function("R-7-17/no-token-was-chosen", Boundary, || {
            ensure(version::chosen(None).is_none(), || "a handshake without a token is taken for one with it".into())
        }),
    ];
    for other in ["stoq/2", "stoq/1 ", "STOQ/1", "h3", ""] {
        let name = if other.is_empty() { "an-empty-one".to_owned() } else { other.replace(' ', "-blank") };
        all.push(Case::function(&format!("R-7-17/{name}"), Invalid, move || {
            ensure(version::chosen(Some(other.as_bytes())).is_none(), || format!("the token {other:?} is taken for its own"))
        }));
        all.push(
            Case::function(&format!("R-7-01/not-{name}"), Invalid, move || {
                let offered = version::tokens();
                ensure(!offered.contains(&other.as_bytes()), || format!("it offers {offered:?}"))
            })
            .leaning_on(&["R-7-17"]),
        );
    }
    all
}

fn ours() -> Settings {
    Settings::new(Capabilities::ALL, Roles::ORIGIN)
}

fn made(ours: &Settings, theirs: &Settings) -> Outcome<Agreed> {
    agree(1, ours, theirs).map_err(|violation| Miss::Fail(format!("{theirs:?} is {violation:?}")))
}

/// R-7-02: the lower version, the common capabilities.
fn lower() -> Vec<Case> {
    let minor = |ours_has: u64, theirs_has: u64, due: u32| {
        let agreed = made(&ours().with(Setting::Minor, ours_has), &Settings::default().with(Setting::Minor, theirs_has))?;
        ensure(agreed.minor == due, || format!("of {ours_has} and {theirs_has} the version {} is in use", agreed.minor))
    };
    let common = |ours_has: u64, theirs_has: u64| {
        let theirs = Settings::default().with(Setting::Capabilities, theirs_has);
        let agreed = made(&ours().with(Setting::Capabilities, ours_has), &theirs)?;
        let due = ours_has & theirs_has;
        ensure(agreed.capabilities.0 == due, || format!("{:#x} are in use where {due:#x} are common", agreed.capabilities.0))
    };
    vec![
        Case::function("R-7-02/versions-0-and-3", Valid, move || {
            minor(0, 3, 0)?;
            minor(3, 0, 0)?;
            common(0b0110, 0b0011)
        }),
        Case::function("R-7-02/equal-and-highest-versions", Boundary, move || {
            minor(5, 5, 5)?;
            minor(7, u64::from(u32::MAX), 7)?;
            minor(u64::from(u32::MAX), u64::from(u32::MAX), u32::MAX)
        }),
        Case::function("R-7-02/no-and-all-capabilities", Boundary, move || {
            common(0b01, 0b10)?;
            common((1 << 62) - 1, (1 << 62) - 1)
        }),
        Case::function("R-7-02/what-one-side-has", Invalid, move || {
            common(0x7f, 0)?;
            common(0, 0x7f)
        }),
    ]
}

/// R-7-07: code points without meaning.
fn grease() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, point) in [("30", Valid, 30_u64), ("62", Valid, 62), ("94", Valid, 94), ("the-largest", Boundary, (1 << 62) - 2)] {
        all.push(Case::wire(&format!("R-7-07/a-setting-of-{what}"), polarity, Origin, move |t| {
            opens(t, &Tester::settings(ROLES).with_number(point, 77)).map(drop)
        }));
        all.push(
            saying(&format!("R-7-07/a-frame-of-{what}"), polarity, On::Control, frame(point, &[1; 11]), Then::Alive)
                .leaning_on(&["R-6-19"]),
        );
        let on_request = [frame(point, &[1; 11]), ask_for_nothing()].concat();
        all.push(
            Case::wire(&format!("R-7-07/a-frame-of-{what}-before-a-request"), polarity, Origin, move |t| {
                let line = t.session()?;
                let stream = t.open(line, Ways::Two)?;
                t.send_last(line, stream, &on_request)?;
                t.expect_refusal(line, stream, &[Code::NotFound])
            })
            .leaning_on(&["R-6-19"]),
        );
        all.push(Case::wire(&format!("R-7-07/a-stream-of-{what}"), polarity, Origin, move |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::One)?;
            t.send(line, stream, &varint(point))?;
            t.expect_alive(line)
        }));
    }
    for point in [29_u64, 31] {
        all.push(
            saying(
                &format!("R-7-07/a-frame-of-{point}-is-critical"),
                Invalid,
                On::Request,
                frame(point + 32, &[]),
                closed(Code::FrameCritical),
            )
            .leaning_on(&["R-6-05"]),
        );
        all.push(
            Case::wire(&format!("R-7-07/a-setting-of-{point}-is-critical"), Invalid, Origin, move |t| {
                closes(t, &told(&[(point, 0)]), &[Code::ExtensionRequired])
            })
            .leaning_on(&["R-7-04"]),
        );
    }
    all
}

/// R-7-09: capabilities without which a side does not go on.
fn needs() -> Vec<Case> {
    vec![
        Case::wire("R-7-09/what-it-has", Valid, Origin, |t| opens(t, &Tester::settings(ROLES).with(Setting::Needs, 0b1011)).map(drop)),
        Case::function("R-7-09/each-bit", Boundary, || {
            for bit in 0..62 {
                let (need, rest) = (1_u64 << bit, !(1_u64 << bit) & ((1 << 62) - 1));
                let outcome = |has: u64, needs: u64| {
                    let ours = ours().with(Setting::Needs, needs).with(Setting::Capabilities, (1 << 62) - 1);
                    agree(1, &ours, &Settings::default().with(Setting::Capabilities, has)).map(drop)
                };
                ensure(outcome(need, need).is_ok(), || format!("bit {bit} is needed and had"))?;
                ensure(outcome(rest, need) == Err(Violation::CapabilityMissing), || format!("bit {bit} is needed and lacked"))?;
                ensure(outcome(rest, 0).is_ok(), || format!("bit {bit} is not needed and lacked"))?;
            }
            Ok(())
        }),
        Case::wire("R-7-09/what-nobody-knows", Invalid, Origin, |t| closes(t, &told(&[(0x07, 1 << 40)]), &[Code::ExtensionRequired]))
            .leaning_on(&["R-4-04"]),
    ]
}

/// R-7-14: frames whose capability is not in use.
fn in_use() -> Vec<Case> {
    let (digest, name) = (vec![7; 32], text(b"no such thing"));
    let route = [vec![0], digest, varint(1), varint(1), vec![0], varint(1), varint(1)].concat();
    let frames = [
        ("put", Capabilities::PUT, On::Request, frame(0x1d, &[vec![1, 1, 1], name.clone()].concat())),
        ("purge", Capabilities::PURGE, On::Request, frame(0x21, &[vec![0, 1], name].concat())),
        ("ping", Capabilities::PROBES, On::Datagram, frame(0x02, &[1; 8])),
        ("route", Capabilities::ROUTES, On::Control, frame(0x08, &route)),
    ];
    let mut all = vec![Case::wire("R-7-14/get-name-needs-none", Invalid, Origin, |t| {
        opens(t, &Tester::settings(ROLES).with(Setting::Capabilities, 0)).map(drop)
    })];
    for (what, capability, on, octets) in frames {
        all.push(saying(&format!("R-7-14/a-{what}-where-both-have-it"), Valid, on, octets.clone(), Then::Alive));
        all.push(Case::wire(&format!("R-7-14/a-{what}-where-only-its-receiver-has-it"), Boundary, Origin, move |t| {
            let line = t.session_with(ROLES, &Tester::settings(ROLES).with(Setting::Capabilities, 0x7f & !capability.0))?;
            match on {
                On::Control => {
                    let control = t.control(line);
                    t.send(line, control, &octets)?;
                }
                On::Request => drop(t.request(line, &octets)?),
                On::Datagram => t.datagram(line, &octets)?,
            }
            t.expect_close(line, &[Code::FrameUnexpected])
        }));
    }
    all
}

/// R-7-15: the major version in use has to be listed.
fn majors() -> Vec<Case> {
    let unsupported = [Code::VersionUnsupported];
    vec![
        Case::wire("R-7-15/version-1-alone", Valid, Origin, |t| opens(t, &Tester::settings(ROLES).with(Setting::Majors, 1)).map(drop)),
        Case::wire("R-7-15/version-1-among-others", Valid, Origin, |t| {
            opens(t, &Tester::settings(ROLES).with(Setting::Majors, 0b1101)).map(drop)
        }),
        Case::wire("R-7-15/the-highest-bit-beside", Boundary, Origin, |t| {
            opens(t, &Tester::settings(ROLES).with(Setting::Majors, 1 | 1 << 31)).map(drop)
        }),
        Case::wire("R-7-15/the-highest-bit-alone", Boundary, Origin, move |t| closes(t, &raw(&[(0x01, 1 << 31)]), &unsupported)),
        Case::wire("R-7-15/version-2-alone", Invalid, Origin, move |t| closes(t, &raw(&[(0x01, 2)]), &unsupported)),
    ]
}
