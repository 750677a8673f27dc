//! Frames that are not well-formed, each wrong in one way.

use super::super::family::Maker;
use super::super::file::Outcome;
use super::super::lay::{Lay, frame};
use super::super::octets::digest;
use super::{Input, add};
use hypermesh_core::stoq::session::Violation;

const MOST: u64 = 4_611_686_018_427_387_903;

pub(super) fn make(maker: &mut Maker) {
    lengths(maker);
    cut(maker);
    numbers(maker);
    texts(maker);
    reserved(maker);
    critical(maker);
    too_large(maker);
}

fn wrong(maker: &mut Maker, case: &str, requirement: &str, octets: &[u8], violation: Violation) {
    add(maker, case, &[requirement], octets, Outcome::error(violation));
}

fn malformed(maker: &mut Maker, case: &str, requirement: &str, number: u64, fields: &Lay) {
    wrong(maker, case, requirement, &frame(number, fields), Violation::Malformed);
}

/// The fields of each type without data, at ordinary values.
fn ordinary() -> Vec<(&'static str, u64, Lay)> {
    let id = digest(8);
    vec![
        ("ping", 0x02, Lay::new().b([1; 8])),
        ("confirm", 0x03, Lay::new().b(id)),
        ("pong", 0x04, Lay::new().b([1; 8]).v(5).v(100)),
        ("goaway", 0x05, Lay::new().v(100)),
        ("location", 0x06, Lay::new().b(id).v(5).v(60).b([0; 8]).u8(1).b([7; 64])),
        ("route", 0x08, Lay::new().u8(0).b(id).v(1).v(1_000).u8(1).v(100).v(3)),
        ("getname", 0x11, Lay::new().u8(0).v(0).v(MOST).name("a")),
        ("getid", 0x13, Lay::new().u8(0).b(id)),
        ("want", 0x15, Lay::new().u8(1).u8(1).b(id)),
        ("have", 0x17, Lay::new().u8(3).u8(5)),
        ("put", 0x1d, Lay::new().v(1).v(1).u8(1).name("a")),
        ("ack", 0x1f, Lay::new().u8(0).u8(1).v(1).b(id)),
        ("purge", 0x21, Lay::new().u8(0).v(1).name("a")),
        ("purged", 0x23, Lay::new().v(1).v(100)),
        ("cancel", 0x25, Lay::new().u8(0).u8(1)),
        ("fail", 0x27, Lay::new().u8(0).u8(0x81).v(0).u8(1).b("r")),
    ]
}

/// Every type one octet too long and one too short, and empty where it has fields.
fn lengths(maker: &mut Maker) {
    for (name, number, fields) in ordinary() {
        malformed(maker, &format!("{name}-one-octet-more"), "R-6-03", number, &fields.clone().u8(0));
        let short = Lay(fields.0[..fields.0.len() - 1].to_vec());
        malformed(maker, &format!("{name}-one-octet-less"), "R-6-03", number, &short);
        malformed(maker, &format!("{name}-empty"), "R-6-08", number, &Lay::new());
    }
    malformed(maker, "manifest-shorter-than-its-fields", "R-6-03", 0x19, &Lay::new().b([0; 33]));
    malformed(maker, "chunk-shorter-than-its-fields", "R-6-03", 0x1b, &Lay::new().b([0; 33]));
    malformed(maker, "manifest-empty", "R-6-08", 0x19, &Lay::new());
    malformed(maker, "chunk-empty", "R-6-08", 0x1b, &Lay::new());
}

/// Streams that end inside a frame.
fn cut(maker: &mut Maker) {
    let get = frame(0x11, &Lay::new().u8(0).v(0).v(MOST).name("a"));
    for (case, octets) in [
        ("cut-inside-the-type", vec![0x7f]),
        ("cut-behind-the-type", get[..1].to_vec()),
        ("cut-behind-the-length", get[..2].to_vec()),
        ("cut-inside-the-fields", get[..get.len() - 1].to_vec()),
        ("cut-inside-data", frame(0x1b, &Lay::new().b(digest(1)).v(10).v(0).b([0; 10]))[..40].to_vec()),
        ("cut-inside-a-payload", vec![0x1e, 0x05, 0, 0, 0, 0]),
    ] {
        wrong(maker, case, "R-6-07", &octets, Violation::RequestCut);
    }
}

/// Numbers beyond their limits, and integers in longer forms than they need.
fn numbers(maker: &mut Maker) {
    let id = digest(8);
    let located = |life, latitude: i32, longitude: i32, accuracy| {
        Lay::new().b(id).v(5).v(life).b(latitude.to_be_bytes()).b(longitude.to_be_bytes()).u8(accuracy).b([7; 64])
    };
    let routed = |life, hops, round_trip, load| Lay::new().u8(0).b(id).v(1).v(life).u8(hops).v(round_trip).v(load);
    for (case, number, fields) in [
        ("pong-load-too-high", 0x04, Lay::new().b([1; 8]).v(65_536).v(0)),
        ("pong-lease-too-long", 0x04, Lay::new().b([1; 8]).v(0).v(3_600_001)),
        ("location-life-too-long", 0x06, located(604_801, 0, 0, 0)),
        ("location-north-of-the-pole", 0x06, located(1, 90_000_001, 0, 0)),
        ("location-longitude-unused", 0x06, located(1, 0, -180_000_000, 0)),
        ("location-accuracy-unknown", 0x06, located(1, 0, 0, 4)),
        ("route-life-too-long", 0x08, routed(86_400_001, 0, 0, 0)),
        ("route-hops-too-many", 0x08, routed(1, 17, 0, 0)),
        ("route-round-trip-too-long", 0x08, routed(1, 0, 1 << 32, 0)),
        ("route-load-too-high", 0x08, routed(1, 0, 0, 1 << 32)),
        ("getname-range-of-nothing", 0x11, Lay::new().u8(1).v(0).v(MOST).v(5).v(0).name("a")),
        ("getname-range-past-the-end", 0x11, Lay::new().u8(1).v(0).v(MOST).v(MOST).v(1).name("a")),
        ("getid-range-of-nothing", 0x13, Lay::new().u8(1).b(id).v(0).v(0)),
        ("getid-range-past-the-end", 0x13, Lay::new().u8(1).b(id).v(1).v(MOST)),
        ("want-of-nothing", 0x15, Lay::new().u8(1).u8(0)),
        ("want-of-121", 0x15, Lay::new().u8(1).u8(121).b(vec![0; 121 * 32])),
        ("have-of-121", 0x17, Lay::new().u8(121).b([0; 16])),
        ("chunk-too-long", 0x1b, Lay::new().b(id).v(1_048_593).v(0)),
        ("chunk-offset-past-its-end", 0x1b, Lay::new().b(id).v(10).v(11)),
        ("chunk-data-past-its-end", 0x1b, Lay::new().b(id).v(10).v(5).b([0; 6])),
        ("put-without-copies", 0x1d, Lay::new().v(1).v(1).u8(0).name("a")),
        ("put-of-65-copies", 0x1d, Lay::new().v(1).v(1).u8(65).name("a")),
        ("ack-without-copies", 0x1f, Lay::new().u8(0).u8(0).v(1).b(id)),
        ("ack-of-65-copies", 0x1f, Lay::new().u8(0).u8(65).v(1).b(id)),
        ("purged-nodes-too-many", 0x23, Lay::new().v(1).v(1 << 32)),
        ("cancel-of-nothing", 0x25, Lay::new().u8(3).u8(0)),
        ("cancel-past-120", 0x25, Lay::new().u8(100).u8(21)),
        ("fail-code-of-a-session", 0x27, Lay::new().u8(0).u8(0x7f).v(0).u8(0)),
        ("fail-stay-away-too-long", 0x27, Lay::new().u8(0).u8(0x84).v(3_600_001).u8(0)),
        ("fail-reason-too-long", 0x27, Lay::new().u8(0).u8(0x84).v(0).u8(129).b([b'r'; 129])),
        ("manifest-same-with-data", 0x19, Lay::new().b(id).v(1).u8(3).v(0).v(0).v(0).v(0).b([0xa5])),
    ] {
        malformed(maker, case, "R-6-03", number, &fields);
    }
    for (case, octets) in [
        ("long-type", vec![0x40, 0x05, 0x01, 0x00]),
        ("long-length", vec![0x05, 0x40, 0x01, 0x00]),
        ("long-field", vec![0x05, 0x02, 0x40, 0x00]),
        ("long-length-of-a-name", [&[0x21, 0x05, 0, 1, 0x40, 0x01], &b"a"[..]].concat()),
        ("long-type-unknown", vec![0x40, 0x1e, 0x00]),
    ] {
        wrong(maker, case, "R-6-02", &octets, Violation::Malformed);
    }
}

/// Names and reasons that are not well-formed text.
fn texts(maker: &mut Maker) {
    let named = |text: &[u8]| Lay::new().u8(0).v(1).name(text);
    for (case, text) in [
        ("name-with-zero", &b"a\0b"[..]),
        ("name-with-line-feed", b"a\n"),
        ("name-with-delete", b"\x7f"),
        ("name-with-c1-control", "a\u{9f}".as_bytes()),
        ("name-with-lone-octet", b"\xff"),
        ("name-cut-inside-a-letter", b"caf\xc3"),
        ("name-overlong", b"\xc0\xaf"),
        ("name-surrogate", b"\xed\xa0\x80"),
        ("name-above-unicode", b"\xf4\x90\x80\x80"),
    ] {
        malformed(maker, case, "R-6-13", 0x21, &named(text));
    }
    malformed(maker, "name-empty", "R-6-03", 0x21, &named(b""));
    malformed(maker, "name-too-long", "R-6-03", 0x21, &named(&[b'n'; 1_025]));
    for (case, reason) in [("reason-with-escape", &b"\x1b[2J"[..]), ("reason-with-lone-octet", b"\xfe"), ("reason-with-tab", b"a\tb")] {
        let fields = Lay::new().u8(0).u8(0x85).v(0).u8(reason.len() as u8).b(reason);
        malformed(maker, case, "R-6-13", 0x27, &fields);
    }
}

/// Reserved bits, and bits that need another.
fn reserved(maker: &mut Maker) {
    let id = digest(8);
    for (case, number, fields) in [
        ("route-reserved-bit", 0x08, Lay::new().u8(2).b(id).v(1).v(1).u8(0).v(0).v(0)),
        ("getname-reserved-bit", 0x11, Lay::new().u8(16).v(0).v(0).name("a")),
        ("getid-reserved-bit", 0x13, Lay::new().u8(0x80).b(id)),
        ("want-reserved-bit", 0x15, Lay::new().u8(2).u8(1).b(id)),
        ("have-bit-past-the-last", 0x17, Lay::new().u8(3).u8(8)),
        ("have-highest-bit-past-the-last", 0x17, Lay::new().u8(15).b([0, 0x80])),
        ("manifest-reserved-bit", 0x19, Lay::new().b(id).v(1).u8(16)),
        ("ack-reserved-bit", 0x1f, Lay::new().u8(4).u8(1).v(1).b(id)),
        ("purge-reserved-bit", 0x21, Lay::new().u8(2).v(1).name("a")),
        ("fail-reserved-bit", 0x27, Lay::new().u8(4).u8(0x81).v(0).u8(0)),
        ("manifest-origin-without-word", 0x19, Lay::new().b(id).v(1).u8(4)),
        ("manifest-no-store-without-word", 0x19, Lay::new().b(id).v(1).u8(8)),
        ("fail-origin-without-absence", 0x27, Lay::new().u8(2).u8(0x81).v(0).u8(0)),
    ] {
        malformed(maker, case, "R-6-06", number, &fields);
    }
}

/// Unknown types that are critical, whatever follows.
fn critical(maker: &mut Maker) {
    for (case, number) in [("critical-lowest", 0x07), ("critical-between", 0x29), ("critical-private", 0x3f01), ("critical-highest", MOST)]
    {
        wrong(maker, case, "R-6-05", &frame(number, &Lay::new().b([0; 3])), Violation::CriticalFrame);
    }
}

/// Frames beyond the limit of their type. What is said of the length is enough: a receiver need not wait for the rest.
fn too_large(maker: &mut Maker) {
    let id = digest(8);
    for (case, number, length) in
        [("getname-longer-than-any", 0x11, 4_081), ("settings-longer-than-any", 0x01, 4_081), ("unknown-too-long", 0x1e, 16_385)]
    {
        wrong(maker, case, "R-6-04", &frame(number, &Lay::new().b(vec![0; length])), Violation::TooLarge);
    }
    let case = "manifest-longer-than-told";
    let octets = maker.octets(case, &frame(0x19, &Lay::new().b(id).v(1).u8(0).b(vec![0; 4_097])));
    let input = Input { octets, chunk_octets: None, manifest_octets: Some(4_096) };
    maker.add(case, &["R-6-04"], input, Outcome::error(Violation::TooLarge));
    let case = "chunk-longer-than-told";
    let head = Lay::new().v(0x1b).v(32 + 4 + 1 + 65_537).b(id).v(70_000).v(0).b([0; 600]);
    let octets = maker.octets(case, &head.0);
    let input = Input { octets, chunk_octets: Some(65_536), manifest_octets: None };
    maker.add(case, &["R-6-04"], input, Outcome::error(Violation::TooLarge));
    let head = Lay::new().v(0x1b).v(32 + 4 + 1 + 1_048_593).b(id).v(1_048_592).v(0).b([0; 20]);
    wrong(maker, "chunk-longer-than-any", "R-6-04", &head.0, Violation::TooLarge);
    let head = Lay::new().v(0x19).v(33 + 1 + 131_073).b(id).v(1).u8(0).b([0; 20]);
    wrong(maker, "manifest-longer-than-any", "R-6-04", &head.0, Violation::TooLarge);
}
