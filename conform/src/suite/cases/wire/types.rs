//! R-6-05, R-6-07, R-6-09, R-6-10, R-6-15 and R-6-19: which frames come where, and what is passed over.

use super::super::alone::{On, Then, ask_for_nothing, closed, get_name, one_chunk, said, saying, strictly};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::{frame, text, varint};
use crate::suite::port::{Identity, Line, Ways};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::Frame;

pub(super) fn cases() -> Vec<Case> {
    let mut all = critical();
    all.extend(cut());
    all.extend(twice());
    all.extend(misplaced());
    all.extend(meaningless());
    all.extend(passed_over());
    all
}

const PLACES: [On; 3] = [On::Control, On::Request, On::Datagram];

/// R-6-05: unknown odd types.
fn critical() -> Vec<Case> {
    let mut all = vec![Case::wire("R-6-05/only-known-types", Valid, Origin, |t| {
        let line = t.session()?;
        t.expect_alive(line)
    })];
    for (what, kind) in [("0x07", 0x07), ("0x0f", 0x0f), ("0x29", 0x29), ("the-largest", (1 << 62) - 1)] {
        all.push(saying(&format!("R-6-05/{what}"), Boundary, On::Request, frame(kind, &[]), closed(Code::FrameCritical)));
    }
    for on in PLACES {
        let name = format!("R-6-05/unknown-on-{on:?}").to_lowercase().replace("r-6", "R-6");
        all.push(saying(&name, Invalid, on, frame(0x09, &[1, 2, 3]), closed(Code::FrameCritical)));
    }
    all
}

/// R-6-07: a stream of requests that ends inside a frame.
fn cut() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-6-07/the-end-after-a-whole-frame", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-07/another-exchange-goes-on", Invalid, Origin, |t| {
            let object = one_chunk(t.name("beside"), t.seed(), 500);
            let line = t.session()?;
            let stream = t.offer(line, &object)?;
            a_cut_request(t, line, &[0x11, 0x20, 0x00])?;
            let Frame::Want(want) = t.expect_frame(line, stream)?.0 else { return Err(Miss::Inconclusive("it wants nothing".into())) };
            t.supply(line, stream, &object, &want.ids)?;
            match t.expect_frame(line, stream)?.0 {
                Frame::Ack(_) => Ok(()),
                other => Err(Miss::Fail(format!("Ack is due, and {other:?} came"))),
            }
        }),
    ];
    let whole = ask_for_nothing();
    for (what, at) in [("the-type", 1), ("the-length", 2), ("the-first-octet", 3), ("all-but-the-last-octet", whole.len() - 1)] {
        let part = whole[..at].to_vec();
        all.push(Case::wire(&format!("R-6-07/the-end-after-{what}"), Boundary, Origin, move |t| {
            let line = t.session()?;
            a_cut_request(t, line, &part)?;
            t.expect_alive(line)
        }));
    }
    all
}

fn a_cut_request(t: &mut Tester<'_>, line: Line, part: &[u8]) -> Outcome {
    let stream = t.open(line, Ways::Two)?;
    t.send_last(line, stream, part)?;
    t.expect_refusal(line, stream, &[Code::RequestIncomplete])
}

/// R-6-09: `Settings` again.
fn twice() -> Vec<Case> {
    let again = || frame(0x01, &Tester::settings(ROLES).to_bytes());
    vec![
        Case::wire("R-6-09/once", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-09/right-after-the-first", Boundary, Origin, move |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let control = t.greet(line, &Tester::settings(ROLES).to_bytes())?;
            t.send(line, control, &again())?;
            t.expect_close(line, &[Code::SettingsRepeated])
        }),
        Case::wire("R-6-09/after-an-exchange", Boundary, Origin, move |t| {
            let line = t.session()?;
            t.expect_alive(line)?;
            let control = t.control(line);
            t.send(line, control, &again())?;
            t.expect_close(line, &[Code::SettingsRepeated])
        }),
        saying("R-6-09/the-same-again", Invalid, On::Control, again(), closed(Code::SettingsRepeated)),
        saying("R-6-09/empty-the-second-time", Invalid, On::Control, frame(0x01, &[]), closed(Code::SettingsRepeated))
            .leaning_on(&["R-6-08"]),
    ]
}

/// An ordinary frame of each type, and where it can travel: control, request, answer, datagram.
fn samples() -> Vec<(&'static str, Vec<u8>, [bool; 4])> {
    let (digest, name) = (vec![7; 32], text(b"no such thing"));
    let route = [vec![0], digest.clone(), varint(1), varint(1), vec![0], varint(1), varint(1)].concat();
    let (control, request, answer, both, datagram) = (
        [true, false, false, false],
        [false, true, false, false],
        [false, false, true, false],
        [false, true, true, false],
        [false, false, false, true],
    );
    let told = [true, false, false, true];
    let rows: [(&'static str, u64, Vec<u8>, [bool; 4]); 18] = [
        ("settings", 0x01, vec![0x06, 0x20], control),
        ("ping", 0x02, vec![1; 8], datagram),
        ("confirm", 0x03, vec![1; 32], control),
        ("pong", 0x04, [vec![1; 8], vec![0, 0]].concat(), datagram),
        ("go-away", 0x05, varint(1), control),
        ("route", 0x08, route, told),
        ("get-name", 0x11, get_name(0, &[], b"no such thing"), request),
        ("get-id", 0x13, [vec![0], digest.clone()].concat(), request),
        ("want", 0x15, [vec![0, 1], digest.clone()].concat(), both),
        ("have", 0x17, vec![1, 1], answer),
        ("manifest", 0x19, [digest.clone(), vec![1, 0, 0]].concat(), both),
        ("chunk", 0x1b, [digest.clone(), vec![1, 0, 0]].concat(), both),
        ("put", 0x1d, [vec![1, 1, 1], name.clone()].concat(), request),
        ("ack", 0x1f, [vec![0, 1, 1], digest].concat(), answer),
        ("purge", 0x21, [vec![0, 1], name].concat(), request),
        ("purged", 0x23, vec![1, 1], answer),
        ("cancel", 0x25, vec![0, 1], request),
        ("fail", 0x27, vec![0, 0x81, 0, 0], answer),
    ];
    rows.into_iter().map(|(name, kind, payload, places)| (name, frame(kind, &payload), places)).collect()
}

/// R-6-10: where the table of clause 6.2 has no mark.
fn misplaced() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, octets, [control, request, _, datagram]) in samples() {
        // What the tables of clause 15 do not expect first on a stream of requests is tried among the states.
        let begins = !matches!(name, "manifest" | "chunk" | "cancel");
        for (on, may) in [(On::Control, control), (On::Request, request), (On::Datagram, datagram)] {
            let place = format!("{on:?}").to_lowercase();
            if !may {
                let case = saying(&format!("R-6-10/{name}-on-{place}"), Invalid, on, octets.clone(), closed(Code::FrameUnexpected));
                all.push(case);
            } else if begins && !matches!(name, "settings" | "confirm") {
                let case = saying(&format!("R-6-10/{name}-in-its-place-on-{place}"), Valid, on, octets.clone(), Then::Alive);
                all.push(case);
            }
        }
    }
    all.push(Case::wire("R-6-10/a-second-confirm", Boundary, Origin, |t| {
        said(t, On::Control, &frame(0x03, &[1; 32]), &closed(Code::FrameUnexpected))
    }));
    for (what, octets) in [("a-manifest", frame(0x19, &[vec![7; 32], vec![1, 0, 0]].concat())), ("a-cancel", frame(0x25, &[0, 1]))] {
        let name = format!("R-6-10/{what}-that-begins-nothing");
        all.push(saying(&name, Boundary, On::Request, octets, closed(Code::FrameUnexpected)).leaning_on(&["R-15-02"]));
    }
    all
}

/// R-6-15: what is sent without meaning.
fn meaningless() -> Vec<Case> {
    vec![
        Case::wire("R-6-15/payloads-that-are-sent", Valid, Origin, |t| {
            for _ in 0..4 {
                let line = t.session()?;
                t.expect_alive(line)?;
                let control = t.their_control(line);
                let octets = t.octets_of(line, control);
                for (kind, payload) in strictly(&octets, true)? {
                    let right = kind % 32 != 30 || payload.iter().all(|octet| *octet == 0);
                    ensure(right, || format!("a frame of type {kind:#x} has the payload {payload:02x?}"))?;
                }
            }
            Ok(())
        })
        .leaning_on(&["R-6-17"]),
        saying("R-6-15/ones-that-come", Invalid, On::Control, frame(62, &[0xff; 9]), Then::Alive).leaning_on(&["R-6-19", "R-7-07"]),
        saying("R-6-15/none-and-one-that-come", Boundary, On::Control, [frame(62, &[]), frame(94, &[0])].concat(), Then::Alive)
            .leaning_on(&["R-6-19", "R-7-07"]),
    ]
}

/// R-6-19: unknown even types.
fn passed_over() -> Vec<Case> {
    const EVEN: u64 = 0x2a;
    let between = |t: &mut Tester<'_>, before: &[u8], after: &[u8]| {
        let line = t.session()?;
        let stream = t.open(line, Ways::Two)?;
        t.send_last(line, stream, &[before, &ask_for_nothing(), after].concat())?;
        t.expect_refusal(line, stream, &[Code::NotFound])
    };
    let mut all = vec![
        Case::wire("R-6-19/before-and-after-a-request", Valid, Origin, move |t| between(t, &frame(EVEN, &[1; 9]), &frame(EVEN, &[2; 9]))),
        Case::wire("R-6-19/between-an-offer-and-its-contents", Valid, Origin, |t| {
            let object = one_chunk(t.name("offer"), t.seed(), 700);
            let line = t.session()?;
            let stream = t.offer(line, &object)?;
            t.send(line, stream, &frame(EVEN, &[3; 5]))?;
            let Frame::Want(want) = t.expect_frame(line, stream)?.0 else { return Err(Miss::Inconclusive("it wants nothing".into())) };
            t.send(line, stream, &frame(EVEN, &[3; 5]))?;
            t.supply(line, stream, &object, &want.ids)?;
            match t.expect_frame(line, stream)?.0 {
                Frame::Ack(_) => Ok(()),
                other => Err(Miss::Fail(format!("Ack is due, and {other:?} came"))),
            }
        }),
        Case::wire("R-6-19/on-the-control-stream-before-settings", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let settings = Tester::settings(ROLES);
            let control = t.open(line, Ways::One)?;
            let first = [varint(1), frame(EVEN, &[5; 40]), frame(0x01, &settings.to_bytes())].concat();
            t.send(line, control, &first)?;
            let theirs = t.their_settings(line)?;
            let confirm = t.confirmation(line, &settings, &theirs);
            t.send(line, control, &frame(0x03, &confirm))?;
            t.their_confirmation(line, &settings, &theirs)?;
            t.expect_alive(line)
        }),
        Case::wire("R-6-19/in-a-datagram", Invalid, Origin, |t| {
            let line = t.session()?;
            t.datagram(line, &[frame(EVEN, &[5; 40]), frame(0x02, &[1; 8])].concat())?;
            let frames = t.expect_datagram(line)?;
            ensure(matches!(frames[..], [Frame::Pong { .. }]), || format!("a Pong is due, and {frames:?} came"))
        })
        .leaning_on(&["R-6-01", "R-8-24"]),
    ];
    for len in [0, 1, 16_384] {
        let name = format!("R-6-19/a-payload-of-{len}");
        let case = Case::wire(&name, Boundary, Origin, move |t| between(t, &frame(EVEN, &vec![0; len]), &[]));
        all.push(if len > 1 { case.leaning_on(&["R-6-18"]) } else { case });
    }
    all
}
