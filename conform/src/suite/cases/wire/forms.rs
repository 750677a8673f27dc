//! R-6-03, R-6-06, R-6-08 and R-6-13: the form of frames, octet by octet from the table of clause 6.2.

use super::super::alone::{On, Then, closed, get_name, said, saying, stays_open};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Polarity, Subject::Origin};
use crate::suite::octets::{frame, text, varint};
use crate::suite::port::{Identity, Ways};
use crate::suite::tester::ROLES;
use hypermesh_core::stoq::session::{Code, Settings};

pub(super) fn cases() -> Vec<Case> {
    let mut all = fields();
    all.extend(flags());
    all.extend(empty());
    all.extend(texts());
    all
}

const NAME: &[u8] = b"no such thing";
const ANY_AGE: u64 = (1 << 62) - 1;

/// A frame that is in its form and comes where it has no place: what is wrong with it is its place alone.
fn well_formed() -> Then {
    closed(Code::FrameUnexpected)
}

fn malformed() -> Then {
    closed(Code::FrameMalformed)
}

/// The fields of a `Route` without a name.
fn route(flags: u8, life: u64, hops: u8, rtt: u64, load: u64) -> Vec<u8> {
    [vec![flags], vec![9; 32], varint(1), varint(life), vec![hops], varint(rtt), varint(load)].concat()
}

fn want(flags: u8, count: u8, digests: usize) -> Vec<u8> {
    [vec![flags, count], vec![7; 32 * digests]].concat()
}

fn put(copies: u8) -> Vec<u8> {
    [varint(1), varint(1), vec![copies], text(NAME)].concat()
}

fn fail(flags: u8, code: u8, millis: u64, reason: &[u8], absence: &[u8]) -> Vec<u8> {
    [vec![flags, code], varint(millis), vec![reason.len() as u8], reason.to_vec(), absence.to_vec()].concat()
}

fn ack(flags: u8, copies: u8) -> Vec<u8> {
    [vec![flags, copies], varint(1), vec![7; 32]].concat()
}

fn range(first: u64, octets: u64) -> Vec<u8> {
    [varint(first), varint(octets)].concat()
}

fn get_id(flags: u8, range: &[u8]) -> Vec<u8> {
    [vec![flags], vec![7; 32], range.to_vec()].concat()
}

fn pong(load: u64, lease: u64) -> Vec<u8> {
    [vec![0; 8], varint(load), varint(lease)].concat()
}

/// R-6-03: fields end where their form says, and hold what they may.
fn fields() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |what: &str, polarity: Polarity, on: On, kind: u64, payload: Vec<u8>, then: Then| {
        let case = saying(&format!("R-6-03/{what}"), polarity, on, frame(kind, &payload), then);
        all.push(if polarity == Invalid { case } else { case.leaning_on(&["R-6-10", "R-7-14"]) });
    };
    for (what, on, kind, payload) in [
        ("ping", On::Datagram, 0x02, vec![1; 8]),
        ("pong", On::Datagram, 0x04, pong(500, 1_000)),
        ("route", On::Control, 0x08, route(0, 1_000, 1, 1_000, 1)),
        ("get-name", On::Request, 0x11, get_name(0, &[], NAME)),
        ("get-id", On::Request, 0x13, get_id(0, &[])),
        ("want", On::Request, 0x15, want(1, 2, 2)),
        ("put", On::Request, 0x1d, put(1)),
        ("go-away", On::Control, 0x05, varint(7)),
    ] {
        add(what, Valid, on, kind, payload.clone(), Then::Alive);
        add(&format!("{what}-one-octet-too-long"), Boundary, on, kind, [payload.clone(), vec![0]].concat(), malformed());
        add(&format!("{what}-one-octet-too-short"), Boundary, on, kind, payload[..payload.len() - 1].to_vec(), malformed());
    }
    for (what, kind, payload) in [
        ("have", 0x17, vec![9, 0xff, 0x01]),
        ("ack", 0x1f, ack(1, 1)),
        ("purged", 0x23, [varint(1), varint(1)].concat()),
        ("fail", 0x27, fail(0, 0x81, 0, b"", &[])),
    ] {
        add(what, Valid, On::Request, kind, payload.clone(), well_formed());
        add(&format!("{what}-one-octet-too-long"), Boundary, On::Request, kind, [payload, vec![0]].concat(), malformed());
    }
    for (what, on, kind, right, wrong) in [
        ("the-load-of-a-pong", On::Datagram, 0x04, pong(65_535, 0), pong(65_536, 0)),
        ("the-lease-of-a-pong", On::Datagram, 0x04, pong(0, 3_600_000), pong(0, 3_600_001)),
        ("the-life-of-a-route", On::Control, 0x08, route(0, 86_400_000, 0, 0, 0), route(0, 86_400_001, 0, 0, 0)),
        ("the-hops-of-a-route", On::Control, 0x08, route(0, 1, 16, 0, 0), route(0, 1, 17, 0, 0)),
        ("the-time-of-a-route", On::Control, 0x08, route(0, 1, 0, (1 << 32) - 1, 0), route(0, 1, 0, 1 << 32, 0)),
        ("the-load-of-a-route", On::Control, 0x08, route(0, 1, 0, 0, (1 << 32) - 1), route(0, 1, 0, 0, 1 << 32)),
        ("the-digests-of-a-want", On::Request, 0x15, want(0, 120, 120), want(0, 121, 121)),
        ("the-copies-of-a-put", On::Request, 0x1d, put(64), put(65)),
        ("the-length-of-a-name", On::Request, 0x11, get_name(0, &[], &[b'n'; 1_024]), get_name(0, &[], &[b'n'; 1_025])),
        ("the-end-of-a-range", On::Request, 0x13, get_id(1, &range(ANY_AGE - 1, 1)), get_id(1, &range(ANY_AGE, 1))),
        ("the-octets-of-a-range", On::Request, 0x13, get_id(1, &range(0, 1)), get_id(1, &range(0, 0))),
    ] {
        add(&format!("{what}-at-the-limit"), Boundary, on, kind, right, Then::Alive);
        add(&format!("{what}-beyond"), Invalid, on, kind, wrong, malformed());
    }
    for (what, kind, right, wrong) in [
        ("the-lowest-code-of-a-fail", 0x27, fail(0, 0x80, 0, b"", &[]), fail(0, 0x7f, 0, b"", &[])),
        ("the-time-of-a-fail", 0x27, fail(0, 0x84, 3_600_000, b"", &[]), fail(0, 0x84, 3_600_001, b"", &[])),
        ("the-reason-of-a-fail", 0x27, fail(0, 0x84, 0, &[b'r'; 128], &[]), fail(0, 0x84, 0, &[b'r'; 129], &[])),
        ("the-copies-of-an-ack", 0x1f, ack(0, 64), ack(0, 0)),
        ("the-nodes-of-a-purged", 0x23, [varint(1), varint((1 << 32) - 1)].concat(), [varint(1), varint(1 << 32)].concat()),
        ("the-places-of-a-cancel", 0x25, vec![119, 1], vec![120, 1]),
        ("the-last-bits-of-a-have", 0x17, vec![9, 0, 0x01], vec![9, 0, 0x02]),
    ] {
        add(&format!("{what}-at-the-limit"), Boundary, On::Request, kind, right, well_formed());
        add(&format!("{what}-beyond"), Invalid, On::Request, kind, wrong, malformed());
    }
    for (what, kind, payload) in [
        ("a-cancel-of-no-chunks", 0x25, vec![0, 0]),
        ("a-want-of-no-digests", 0x15, want(0, 0, 0)),
        ("a-want-with-fewer-digests-than-it-counts", 0x15, want(0, 3, 2)),
        ("a-put-of-no-copies", 0x1d, put(0)),
        ("an-empty-name", 0x11, get_name(0, &[], b"")),
        ("a-have-of-too-many-bits", 0x17, [vec![121], vec![0; 16]].concat()),
        ("a-chunk-longer-than-any", 0x1b, [vec![7; 32], varint(1_048_593), varint(0)].concat()),
        ("a-chunk-that-begins-past-its-end", 0x1b, [vec![7; 32], varint(10), varint(11)].concat()),
        ("a-chunk-whose-data-end-past-its-end", 0x1b, [vec![7; 32], varint(3), varint(1), vec![0; 3]].concat()),
        ("data-behind-a-manifest-that-is-the-same", 0x19, [vec![7; 32], varint(1), vec![1], vec![0]].concat()),
    ] {
        add(what, Invalid, On::Request, kind, payload, malformed());
    }
    all
}

/// R-6-06: reserved bits.
fn flags() -> Vec<Case> {
    let mut all = vec![Case::wire("R-6-06/every-combination-of-known-bits", Valid, Origin, |t| {
        let line = t.session()?;
        for flags in 0..16 {
            let known = if flags & 8 != 0 { varint(1) } else { Vec::new() };
            let between = if flags & 1 != 0 { [known, range(0, 1)].concat() } else { known };
            let stream = t.open(line, Ways::Two)?;
            t.send_last(line, stream, &frame(0x11, &get_name(flags, &between, NAME)))?;
            t.expect_refusal(line, stream, &[Code::NotFound])?;
        }
        Ok(())
    })];
    let mut add = |what: &str, on: On, kind: u64, bits: [u8; 2], payload: &dyn Fn(u8) -> Vec<u8>| {
        for bit in bits {
            let name = format!("R-6-06/bit-{}-of-{what}", bit.trailing_zeros());
            all.push(saying(&name, Boundary, on, frame(kind, &payload(bit)), malformed()).leaning_on(&["R-6-10"]));
        }
    };
    add("a-get-name", On::Request, 0x11, [0x10, 0x80], &|bit| get_name(bit, &[], NAME));
    add("a-get-id", On::Request, 0x13, [0x02, 0x80], &|bit| get_id(bit, &[]));
    add("a-want", On::Request, 0x15, [0x02, 0x80], &|bit| want(bit, 1, 1));
    add("a-manifest", On::Request, 0x19, [0x10, 0x80], &|bit| [vec![7; 32], varint(1), vec![bit], vec![0; 8]].concat());
    add("an-ack", On::Request, 0x1f, [0x02, 0x80], &|bit| ack(bit, 1));
    add("a-purge", On::Request, 0x21, [0x02, 0x80], &|bit| [vec![bit], varint(1), text(NAME)].concat());
    add("a-fail", On::Request, 0x27, [0x04, 0x80], &|bit| fail(bit, 0x81, 0, b"", &[]));
    add("a-route", On::Control, 0x08, [0x02, 0x80], &|bit| route(bit, 1, 1, 1, 1));
    for (what, kind, payload) in [
        ("the-word-of-an-origin-without-a-word", 0x19, [vec![7; 32], varint(1), vec![4], vec![0; 8]].concat()),
        ("no-store-without-a-word", 0x19, [vec![7; 32], varint(1), vec![8], vec![0; 8]].concat()),
        ("the-word-of-an-origin-without-an-absence", 0x27, fail(2, 0x81, 0, b"", &[])),
    ] {
        all.push(saying(&format!("R-6-06/{what}"), Invalid, On::Request, frame(kind, &payload), malformed()));
    }
    all
}

/// R-6-08: frames of length zero.
fn empty() -> Vec<Case> {
    let mut all = vec![Case::wire("R-6-08/settings-of-length-zero", Valid, Origin, |t| {
        let line = t.connect(Identity::Certified(ROLES))?;
        let (control, settings) = (t.greet(line, &[])?, Settings::default());
        stays_open(t, line)?;
        let theirs = t.their_settings(line)?;
        let confirm = t.confirmation(line, &settings, &theirs);
        t.send(line, control, &frame(0x03, &confirm))?;
        t.their_confirmation(line, &settings, &theirs)?;
        t.expect_alive(line)
    })];
    let places = [
        (On::Control, &[0x03_u64, 0x05, 0x06, 0x08][..]),
        (On::Request, &[0x11, 0x13, 0x15, 0x17, 0x19, 0x1b, 0x1d, 0x1f, 0x21, 0x23, 0x25, 0x27]),
        (On::Datagram, &[0x02, 0x04, 0x06, 0x08]),
    ];
    for (on, kinds) in places {
        all.push(Case::wire(&format!("R-6-08/{on:?}-frames-of-length-zero"), Invalid, Origin, move |t| {
            kinds.iter().try_for_each(|kind| said(t, on, &frame(*kind, &[]), &malformed()))
        }));
        // A `GoAway` of one octet is whole, and so is a `Have` of no bits.
        all.push(Case::wire(&format!("R-6-08/{on:?}-frames-of-length-one"), Boundary, Origin, move |t| {
            kinds.iter().filter(|kind| ![0x05, 0x17].contains(*kind)).try_for_each(|kind| said(t, on, &frame(*kind, &[0]), &malformed()))
        }));
    }
    all
}

/// R-6-13: names and reasons.
fn texts() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-6-13/characters-of-one-to-four-octets", Valid, Origin, |t| {
            let text = "a\u{e9}\u{20ac}\u{1f600}";
            said(t, On::Request, &frame(0x11, &get_name(0, &[], text.as_bytes())), &Then::Alive)?;
            said(t, On::Request, &frame(0x27, &fail(0, 0x84, 0, text.as_bytes(), &[])), &well_formed())
        })
        .leaning_on(&["R-6-10"]),
    ];
    for (what, right) in [("U+0020", " "), ("U+007E", "~"), ("U+00A0", "\u{a0}")] {
        all.push(saying(&format!("R-6-13/{what}"), Boundary, On::Request, frame(0x11, &get_name(0, &[], right.as_bytes())), Then::Alive));
    }
    for (what, wrong) in [("U+001F", "\u{1f}"), ("U+007F", "\u{7f}"), ("U+009F", "\u{9f}")] {
        let name = frame(0x11, &get_name(0, &[], format!("a{wrong}").as_bytes()));
        all.push(saying(&format!("R-6-13/{what}"), Boundary, On::Request, name, malformed()));
        let reason = frame(0x27, &fail(0, 0x84, 0, wrong.as_bytes(), &[]));
        all.push(saying(&format!("R-6-13/{what}-in-a-reason"), Boundary, On::Request, reason, malformed()).leaning_on(&["R-6-10"]));
    }
    for (what, wrong) in
        [("cut-inside-a-character", &[b'a', 0xe2, 0x82][..]), ("a-surrogate", &[0xed, 0xa0, 0x80]), ("an-overlong-form", &[0xc0, 0xaf])]
    {
        all.push(saying(&format!("R-6-13/{what}"), Invalid, On::Request, frame(0x11, &get_name(0, &[], wrong)), malformed()));
    }
    all
}
