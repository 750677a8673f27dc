//! Clause 6: the wire image.

use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets;
use crate::suite::tester::Tester;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::Frame;

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = integers();
    all.extend(lengths());
    all
}

/// R-6-01 and R-6-02: integers.
fn integers() -> Vec<Case> {
    let mut all = vec![];
    for (what, polarity, token) in [
        ("ascending-octets", Valid, 0x0102_0304_0506_0708_u64),
        ("all-zeros", Boundary, 0),
        ("all-ones", Boundary, u64::MAX),
        ("one-bit-in-the-first-octet", Boundary, 1 << 63),
        ("one-bit-in-the-last-octet", Boundary, 1),
    ] {
        all.push(Case::wire(&format!("R-6-01/{what}"), polarity, Origin, move |t| a_token_comes_back(t, token)));
    }
    for (what, kind, value) in [("a-type", 1, 0x02_u64), ("a-length", 2, 8)] {
        all.push(Case::wire(&format!("R-6-02/{what}-in-a-longer-form"), Invalid, Origin, move |t| {
            let line = t.session()?;
            let kind_octets = octets::varint_in(if kind == 1 { value } else { 0x02 }, if kind == 1 { 2 } else { 1 });
            let length = octets::varint_in(8, if kind == 2 { 2 } else { 1 });
            t.datagram(line, &[kind_octets, length, vec![1; 8]].concat())?;
            t.expect_close(line, &[Code::FrameMalformed])
        }));
    }
    all
}

fn a_token_comes_back(t: &mut Tester<'_>, token: u64) -> Outcome {
    let line = t.session()?;
    t.datagram(line, &octets::frame(0x02, &token.to_be_bytes()))?;
    let frames = t.expect_datagram(line)?;
    let right = matches!(frames[..], [Frame::Pong { token: back, .. }] if back == token);
    ensure(right, || format!("a Ping of {token:#x} was answered with {frames:?}"))
}

/// R-6-07: a stream that ends inside a frame.
fn lengths() -> Vec<Case> {
    vec![Case::wire("R-6-07/a-request-ends-inside-a-frame", Invalid, Origin, |t| {
        let line = t.session()?;
        let stream = t.open(line, crate::suite::port::Ways::Two)?;
        t.send_last(line, stream, &[0x11, 0x20, 0x05])?;
        t.expect_refusal(line, stream, &[Code::RequestIncomplete])?;
        t.expect_alive(line)
    })]
}
