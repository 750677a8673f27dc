//! Frames that are well-formed: each type with ordinary values and with its fields at both ends of what they can hold.

use super::super::family::Maker;
use super::super::file::Outcome;
use super::super::lay::{Lay, frame};
use super::super::octets::{digest, hex};
use super::{Input, add};
use serde_json::{Value, json};

const MOST: u64 = 4_611_686_018_427_387_903;

pub(super) fn make(maker: &mut Maker) {
    control(maker);
    datagrams(maker);
    requests(maker);
    answers(maker);
    contents(maker);
    passed_over(maker);
}

/// One frame: `fields` are its octets, `shown` what they say.
fn one(maker: &mut Maker, case: &str, requirements: &[&str], number: u64, fields: &Lay, shown: Value) {
    add(maker, case, requirements, &frame(number, fields), Outcome::Output(shown));
}

fn control(maker: &mut Maker) {
    one(maker, "settings-none", &["R-6-08"], 0x01, &Lay::new(), json!({ "type": "Settings", "pairs": [] }));
    let pairs = Lay::new().v(1).v(1).v(5).v(127).v(30).v(MOST);
    one(maker, "settings", &["R-6-03"], 0x01, &pairs, json!({ "type": "Settings", "pairs": [[1, 1], [5, 127], [30, MOST]] }));
    let confirmation = digest(1);
    let shown = json!({ "type": "Confirm", "confirmation": hex(confirmation) });
    one(maker, "confirm", &["R-6-03"], 0x03, &Lay::new().b(confirmation), shown);
    for accepted in [0, 63, 64, MOST] {
        let shown = json!({ "type": "GoAway", "accepted": accepted });
        one(maker, &format!("goaway-{accepted}"), &["R-6-03"], 0x05, &Lay::new().v(accepted), shown);
    }
}

fn datagrams(maker: &mut Maker) {
    for (case, token) in [("ping", "0102030405060708"), ("ping-of-zeros", "0000000000000000"), ("ping-of-ones", "ffffffffffffffff")] {
        let fields = Lay::new().b(super::super::octets::unhex(token).expect("digits"));
        one(maker, case, &["R-6-01"], 0x02, &fields, json!({ "type": "Ping", "token": token }));
    }
    for (case, load, lease) in [("pong", 250, 4_000), ("pong-lowest", 0, 0), ("pong-highest", 65_535, 3_600_000)] {
        let fields = Lay::new().b([8, 7, 6, 5, 4, 3, 2, 1]).v(load).v(lease);
        one(maker, case, &["R-6-03"], 0x04, &fields, json!({ "type": "Pong", "token": "0807060504030201", "load": load, "lease": lease }));
    }
    let (node, signature) = (digest(2), [digest(3), digest(4)].concat());
    for (case, sequence, life, latitude, longitude, accuracy) in [
        ("location", 5, 3_600, 52_520_008_i32, 13_404_954_i32, 1),
        ("location-lowest", 0, 0, -90_000_000, -179_999_999, 0),
        ("location-highest", MOST, 604_800, 90_000_000, 180_000_000, 3),
    ] {
        let fields = Lay::new().b(node).v(sequence).v(life).b(latitude.to_be_bytes()).b(longitude.to_be_bytes()).u8(accuracy).b(&signature);
        let shown = json!({
            "type": "Location", "node": hex(node), "sequence": sequence, "life": life, "latitude": latitude, "longitude": longitude,
            "accuracy": accuracy, "signature": hex(&signature),
        });
        one(maker, case, &["R-12-01"], 0x06, &fields, shown);
    }
    let route = |flags, sequence, life, hops, round_trip, load| {
        let fields = Lay::new().u8(flags).b(node).v(sequence).v(life).u8(hops).v(round_trip).v(load);
        let shown = json!({
            "type": "Route", "node": hex(node), "sequence": sequence, "life": life, "hops": hops, "round_trip": round_trip, "load": load,
        });
        (fields, shown)
    };
    let (fields, shown) = route(0, 9, 10_000, 2, 12_345, 17);
    one(maker, "route", &["R-6-03"], 0x08, &fields, shown);
    let (fields, shown) = route(0, 0, 0, 0, 0, 0);
    one(maker, "route-lowest", &["R-6-03"], 0x08, &fields, shown);
    let (fields, mut shown) = route(1, MOST, 86_400_000, 16, 4_294_967_295, 4_294_967_295);
    shown["name"] = json!("videos/");
    one(maker, "route-highest", &["R-6-03"], 0x08, &fields.name("videos/"), shown);
}

fn requests(maker: &mut Maker) {
    let get = |case: &str, requirements: &[&str], maker: &mut Maker, fields: Lay, more: Value| {
        let mut shown = json!({ "type": "GetName", "manifest_only": false, "from_origin": false, "lowest": 0, "highest_age": MOST });
        shown.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        one(maker, case, requirements, 0x11, &fields, shown);
    };
    // The example of Annex B.3.
    get("getname", &["R-6-03"], maker, Lay::new().u8(0).v(0).v(MOST).name("a/b"), json!({ "name": "a/b" }));
    let flags = json!({ "manifest_only": true, "name": "x" });
    get("getname-manifest-only", &["R-6-03"], maker, Lay::new().u8(2).v(0).v(MOST).name("x"), flags);
    let flags = json!({ "from_origin": true, "highest_age": 0, "name": "x" });
    get("getname-from-the-origin", &["R-6-03"], maker, Lay::new().u8(4).v(0).v(0).name("x"), flags);
    let known = json!({ "lowest": 7, "known": 7, "name": "x" });
    get("getname-known-version", &["R-6-03"], maker, Lay::new().u8(8).v(7).v(MOST).v(7).name("x"), known);
    let range = json!({ "range": [100, 1], "name": "x" });
    get("getname-range-of-one", &["R-6-03"], maker, Lay::new().u8(1).v(0).v(MOST).v(100).v(1).name("x"), range);
    let all = json!({
        "manifest_only": true, "from_origin": true, "lowest": MOST, "known": MOST, "range": [MOST - 1, 1], "name": "\u{1f30d}/\u{e9}",
    });
    let fields = Lay::new().u8(15).v(MOST).v(MOST).v(MOST).v(MOST - 1).v(1).name("\u{1f30d}/\u{e9}");
    get("getname-everything", &["R-6-03", "R-6-13"], maker, fields, all);
    let longest = "n".repeat(1_024);
    get("getname-longest-name", &["R-6-03", "R-6-18"], maker, Lay::new().u8(0).v(0).v(MOST).name(&longest), json!({ "name": longest }));

    let id = digest(5);
    one(maker, "getid", &["R-6-03"], 0x13, &Lay::new().u8(0).b(id), json!({ "type": "GetId", "digest": hex(id) }));
    let shown = json!({ "type": "GetId", "digest": hex(id), "range": [0, MOST] });
    one(maker, "getid-widest-range", &["R-6-03"], 0x13, &Lay::new().u8(1).b(id).v(0).v(MOST), shown);
    for (case, send, count) in [("want-one", 0, 1u8), ("want-nine-sent", 1, 9), ("want-120-sent", 1, 120)] {
        let digests: Vec<[u8; 32]> = (0..count).map(|n| digest(200 + u64::from(n))).collect();
        let shown = json!({ "type": "Want", "send": send == 1, "digests": digests.iter().map(hex).collect::<Vec<_>>() });
        one(maker, case, &["R-6-03"], 0x15, &Lay::new().u8(send).u8(count).b(digests.concat()), shown);
    }
    for (case, version, octets, copies) in [("put", 3, 1_000_000, 2), ("put-lowest", 0, 0, 1), ("put-highest", MOST, MOST, 64)] {
        let fields = Lay::new().v(version).v(octets).u8(copies).name("a");
        let shown = json!({ "type": "Put", "version": version, "octets": octets, "copies": copies, "name": "a" });
        one(maker, case, &["R-6-03"], 0x1d, &fields, shown);
    }
    for (case, flags, version, name) in [("purge", 0, 8, "a/b"), ("purge-below", 1, MOST, "a"), ("purge-doubt", 1, 0, "/")] {
        let shown = json!({ "type": "Purge", "below": flags == 1, "version": version, "name": name });
        one(maker, case, &["R-6-03"], 0x21, &Lay::new().u8(flags).v(version).name(name), shown);
    }
    for (first, count) in [(0, 1), (3, 5), (0, 120), (119, 1)] {
        let shown = json!({ "type": "Cancel", "first": first, "count": count });
        one(maker, &format!("cancel-{first}-{count}"), &["R-6-03"], 0x25, &Lay::new().u8(first).u8(count), shown);
    }
}

fn answers(maker: &mut Maker) {
    for (case, bits) in [("have-none", ""), ("have-eight", "10000001"), ("have-nine", "000000001"), ("have-three", "110")] {
        let mut octets = vec![0u8; bits.len().div_ceil(8)];
        bits.bytes().enumerate().filter(|(_, bit)| *bit == b'1').for_each(|(n, _)| octets[n / 8] |= 1 << (n % 8));
        let shown = json!({ "type": "Have", "bits": bits.bytes().map(|bit| bit == b'1').collect::<Vec<bool>>() });
        one(maker, case, &["R-6-03"], 0x17, &Lay::new().u8(bits.len() as u8).b(octets), shown);
    }
    let shown = json!({ "type": "Have", "bits": vec![true; 120] });
    one(maker, "have-120", &["R-6-03"], 0x17, &Lay::new().u8(120).b([0xff; 15]), shown);
    for (case, flags, copies, version) in [("ack", 0, 1, 3), ("ack-durable", 1, 64, MOST)] {
        let id = digest(6);
        let shown = json!({ "type": "Ack", "durable": flags == 1, "copies": copies, "version": version, "digest": hex(id) });
        one(maker, case, &["R-6-03"], 0x1f, &Lay::new().u8(flags).u8(copies).v(version).b(id), shown);
    }
    for (case, version, nodes) in [("purged", 8, 3), ("purged-lowest", 0, 0), ("purged-highest", MOST, 4_294_967_295)] {
        let shown = json!({ "type": "Purged", "version": version, "nodes": nodes });
        one(maker, case, &["R-6-03"], 0x23, &Lay::new().v(version).v(nodes), shown);
    }
    let fail = |code: u8, stay_away: u64, reason: &str| json!({ "type": "Fail", "code": code, "stay_away": stay_away, "reason": reason, "origin": false });
    let lay = |flags, code, stay_away, reason: &str| Lay::new().u8(flags).u8(code).v(stay_away).u8(reason.len() as u8).b(reason);
    one(maker, "fail", &["R-6-03"], 0x27, &lay(0, 0x85, 250, "about to leave"), fail(0x85, 250, "about to leave"));
    one(maker, "fail-unknown-code", &["R-14-08"], 0x27, &lay(0, 0xff, 3_600_000, ""), fail(0xff, 3_600_000, ""));
    let longest = "r".repeat(128);
    one(maker, "fail-longest-reason", &["R-6-03"], 0x27, &lay(0, 0x80, 0, &longest), fail(0x80, 0, &longest));
    for (case, flags) in [("fail-absence", 1), ("fail-absence-of-the-origin", 3)] {
        let mut shown = fail(0x81, 0, "");
        shown["absence"] = json!([12, 5, 60_000]);
        shown["origin"] = json!(flags == 3);
        one(maker, case, &["R-6-03", "R-11-15"], 0x27, &lay(flags, 0x81, 0, "").v(12).v(5).v(60_000), shown);
    }
}

fn contents(maker: &mut Maker) {
    let id = digest(7);
    let manifest = |flags: u8, version: u64, word: Option<[u64; 4]>, data: u64| {
        let shown = json!({
            "type": "Manifest", "digest": hex(id), "version": version, "same": flags & 1 != 0, "origin": flags & 4 != 0,
            "no_store": flags & 8 != 0, "data": data,
        });
        let fields = Lay::new().b(id).v(version).u8(flags);
        match word {
            None => (fields, shown),
            Some(word) => {
                let mut shown = shown;
                shown["word"] = json!(word);
                (word.into_iter().fold(fields, Lay::v), shown)
            }
        }
    };
    for (case, flags, version, word, data) in [
        ("manifest-plain", 0, 1, None, 11),
        ("manifest-word", 2, 1, Some([0, 60_000, 0, 0]), 11),
        ("manifest-word-of-the-origin", 6, 2, Some([1, 60_000, 30_000, 86_400_000]), 3),
        ("manifest-no-store", 10, 2, Some([1, 0, 0, 0]), 3),
        ("manifest-same", 3, MOST, Some([MOST, MOST, MOST, MOST]), 0),
        ("manifest-same-of-the-origin", 7, 5, Some([0, 1, 0, 0]), 0),
        ("manifest-without-data", 0, 0, None, 0),
    ] {
        let (fields, shown) = manifest(flags, version, word, data);
        one(maker, case, &["R-6-03"], 0x19, &fields.b(vec![0xa5; data as usize]), shown);
    }
    for (case, whole, offset, data) in [
        ("chunk-whole", 10, 0, 10),
        ("chunk-part", 1_000, 990, 10),
        ("chunk-empty-part", 1_048_592, 1_048_592, 0),
        ("chunk-of-nothing", 0, 0, 0),
    ] {
        let fields = Lay::new().b(id).v(whole).v(offset).b(vec![0xc5; data]);
        let shown = json!({ "type": "Chunk", "digest": hex(id), "whole": whole, "offset": offset, "data": data });
        one(maker, case, &["R-6-03", "R-8-33"], 0x1b, &fields, shown);
    }
    // Data of exactly the limit that the receiver told.
    let (fields, shown) = manifest(0, 1, None, 4_096);
    let case = "manifest-of-exactly-the-limit";
    let octets = maker.octets(case, &frame(0x19, &fields.b(vec![0; 4_096])));
    let input = Input { octets, chunk_octets: None, manifest_octets: Some(4_096) };
    maker.add(case, &["R-6-18"], input, Outcome::Output(shown));
    let case = "chunk-of-exactly-the-limit";
    let fields = Lay::new().b(id).v(70_000).v(0).b(vec![0; 65_536]);
    let octets = maker.octets(case, &frame(0x1b, &fields));
    let input = Input { octets, chunk_octets: Some(65_536), manifest_octets: None };
    let shown = json!({ "type": "Chunk", "digest": hex(id), "whole": 70_000, "offset": 0, "data": 65_536 });
    maker.add(case, &["R-6-18"], input, Outcome::Output(shown));
}

fn passed_over(maker: &mut Maker) {
    let over = || Outcome::Output(json!({ "passed_over": true }));
    for (case, number, length) in [
        ("unknown-empty", 0x1e, 0),
        ("unknown-octets", 0x3e, 40),
        ("unknown-private", 0x3f00, 3),
        ("unknown-highest", MOST - 1, 1),
        ("unknown-of-the-limit", 0x1e, 16_384),
    ] {
        let payload = Lay::new().b(vec![0; length]);
        add(maker, case, &["R-6-19", "R-7-07"], &frame(number, &payload), over());
    }
}
