//! R-8-03, R-8-04, R-8-05, R-8-16 and R-8-34: one-way streams, and who is let in.

use super::super::alone::stays_open;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Client, Subject::Edge, Subject::Origin};
use crate::suite::octets::{frame, varint};
use crate::suite::port::{Identity, Line, Ways};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::stoq::session::{Code, Roles, StreamId};

pub(super) fn cases() -> Vec<Case> {
    let mut all = anonymous();
    all.extend(critical());
    all.extend(one_control_stream());
    all.extend(first());
    all.extend(meaningless());
    all
}

/// R-8-03: no certificate.
fn anonymous() -> Vec<Case> {
    let mut all = vec![Case::wire("R-8-03/a-peer-with-a-certificate", Valid, Origin, |t| {
        let line = t.session()?;
        t.expect_alive(line)
    })];
    for (what, polarity, subject, roles) in [
        ("a-client-at-a-server-that-asks-for-one", Boundary, Origin, Roles::CLIENT),
        ("who-says-that-it-is-an-edge", Invalid, Origin, Roles::EDGE),
        ("who-says-that-it-is-an-edge-to-an-edge", Invalid, Edge, Roles::EDGE),
    ] {
        all.push(Case::wire(&format!("R-8-03/{what}"), polarity, subject, move |t| {
            // TLS may end the handshake already.
            let Ok(line) = t.connect(Identity::Anonymous) else { return Ok(()) };
            if let Some(code) = t.closed(line) {
                return ensure(code.is_none_or(|code| code == Code::Unauthenticated.to_quic()), || format!("it was closed with {code:?}"));
            }
            // What comes of saying more is the same: it is closed, by whom ever.
            let _agreed = t.agree(line, &Tester::settings(roles));
            t.expect_close_or_gone(line, &[Code::Unauthenticated])
        }));
    }
    all
}

/// R-8-04: unknown odd types.
fn critical() -> Vec<Case> {
    let mut all = vec![Case::wire("R-8-04/a-control-stream-alone", Valid, Origin, |t| {
        let line = t.session()?;
        t.expect_alive(line)
    })];
    for (what, polarity, kind, ends) in
        [("0x03", Boundary, 0x03, false), ("the-largest", Boundary, (1 << 62) - 1, false), ("one-that-ends-at-once", Invalid, 0x1f, true)]
    {
        all.push(Case::wire(&format!("R-8-04/{what}"), polarity, Origin, move |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::One)?;
            if ends {
                t.send_last(line, stream, &varint(kind))?;
            } else {
                t.send(line, stream, &varint(kind))?;
            }
            t.expect_close(line, &[Code::StreamCreation])
        }));
    }
    all
}

/// R-8-05: one control stream each way, which never ends.
fn one_control_stream() -> Vec<Case> {
    vec![
        Case::wire("R-8-05/one-each-way", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)?;
            let control = t.their_control(line);
            let more = t.next_within(line, control, hypermesh_core::base::Span::ZERO)?;
            ensure(!matches!(more, Some(crate::suite::tester::Got::End | crate::suite::tester::Got::Reset(_))), || format!("{more:?} came"))
        }),
        Case::wire("R-8-05/a-second-one", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::One)?;
            t.send(line, stream, &varint(0x01))?;
            t.expect_close(line, &[Code::StreamCreation])
        }),
        Case::wire("R-8-05/it-is-ended", Invalid, Origin, |t| {
            let line = t.session()?;
            let control = t.control(line);
            t.send_last(line, control, &[])?;
            t.expect_close(line, &[Code::ControlClosed])
        }),
        Case::wire("R-8-05/it-is-ended-inside-a-frame", Invalid, Origin, |t| {
            let line = t.session()?;
            let control = t.control(line);
            t.send_last(line, control, &[0x05])?;
            t.expect_close(line, &[Code::ControlClosed])
        }),
        Case::wire("R-8-05/it-is-reset", Invalid, Origin, |t| {
            let line = t.session()?;
            let control = t.control(line);
            t.reset(line, control, Code::Cancelled)?;
            t.expect_close(line, &[Code::ControlClosed])
        }),
        Case::wire("R-8-05/it-is-stopped", Invalid, Origin, |t| {
            let line = t.session()?;
            let control = t.their_control(line);
            t.stop(line, control, Code::Refused)?;
            t.expect_close(line, &[Code::ControlClosed])
        }),
    ]
}

fn says_settings_on(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    let frame = t.expect_frame(line, stream)?.0;
    ensure(matches!(frame, hypermesh_core::stoq::session::frame::Frame::Settings(_)), || format!("it begins with {frame:?}"))
}

/// R-8-16: the control stream is the first one.
fn first() -> Vec<Case> {
    vec![
        Case::wire("R-8-16/that-of-a-server", Valid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            says_settings_on(t, line, StreamId(3))
        })
        .leaning_on(&["R-7-03"]),
        Case::wire("R-8-16/that-of-a-client", Valid, Client, |t| {
            let name = hypermesh_core::stoq::session::frame::Name::new("any").expect("it is a name");
            super::super::versions::get(t, 1, name)?;
            let line = t.accept()?;
            says_settings_on(t, line, StreamId(2))
        })
        .leaning_on(&["R-7-03"]),
        Case::wire("R-8-16/one-without-meaning-after-it", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::One)?;
            t.send(line, stream, &varint(30))?;
            t.expect_alive(line)
        }),
        Case::wire("R-8-16/a-peer-whose-second-one-it-is", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            let other = t.open(line, Ways::One)?;
            t.send(line, other, &varint(30))?;
            t.agree(line, &Tester::settings(ROLES))?;
            t.expect_alive(line)
        }),
    ]
}

/// R-8-34: even types that nobody knows.
fn meaningless() -> Vec<Case> {
    let mut all = Vec::new();
    for kind in [30, 62, 0x2a] {
        all.push(
            Case::wire(&format!("R-8-34/a-stream-of-type-{kind}"), Valid, Origin, move |t| {
                let line = t.session()?;
                let stream = t.open(line, Ways::One)?;
                t.send(line, stream, &varint(kind))?;
                t.expect_stop(line, stream, &[Code::Refused])?;
                t.expect_alive(line)
            })
            .leaning_on(&["R-7-07"]),
        );
    }
    all.push(
        Case::wire("R-8-34/two-at-a-time", Boundary, Origin, |t| {
            let line = t.session()?;
            let streams = [t.open(line, Ways::One)?, t.open(line, Ways::One)?];
            for stream in streams {
                t.send(line, stream, &varint(30))?;
            }
            for stream in streams {
                t.expect_stop(line, stream, &[Code::Refused])?;
            }
            t.expect_alive(line)
        })
        .leaning_on(&["R-7-07"]),
    );
    all.push(
        Case::wire("R-8-34/octets-that-are-no-frames", Invalid, Origin, |t| {
            let line = t.session()?;
            let stream = t.open(line, Ways::One)?;
            // As a frame it would be one of an unknown critical type.
            t.send(line, stream, &[varint(30), b"xyz".to_vec()].concat())?;
            t.expect_stop(line, stream, &[Code::Refused])?;
            t.expect_alive(line)
        })
        .leaning_on(&["R-7-07"]),
    );
    for ended in [true, false] {
        let name = if ended { "R-8-34/one-that-is-ended" } else { "R-8-34/one-that-is-reset" };
        all.push(
            Case::wire(name, Invalid, Origin, move |t| {
                let line = t.session()?;
                for _ in 0..4 {
                    let stream = t.open(line, Ways::One)?;
                    t.send(line, stream, &[varint(30), frame(0x2a, &[0; 5])].concat())?;
                    t.expect_stop(line, stream, &[Code::Refused])?;
                    if ended {
                        t.send_last(line, stream, &[])?;
                    } else {
                        t.reset(line, stream, Code::Cancelled)?;
                    }
                    stays_open(t, line)?;
                }
                t.expect_alive(line)
            })
            .leaning_on(&["R-7-07"]),
        );
    }
    all
}
