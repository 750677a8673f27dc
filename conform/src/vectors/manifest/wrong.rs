//! Manifests that are not sound, each wrong in one way.

use super::super::cbor::{Cbor, Doc, Shards, manifest_name, write};
use super::super::family::Maker;
use super::super::file::Outcome;
use super::super::octets::{Octets, digest, hex};
use super::Input;
use hypermesh_core::stoq::session::Code;

const MOST: u64 = 4_611_686_018_427_387_903;

pub(super) fn make(maker: &mut Maker) {
    names(maker);
    encodings(maker);
    keys(maker);
    types(maker);
    lengths(maker);
    limits(maker);
    codes(maker);
    groups(maker);
    sealing(maker);
}

fn wrong(maker: &mut Maker, case: &str, requirement: &str, octets: &[u8]) {
    let octets = maker.octets(case, octets);
    maker.add(case, &[requirement], Input { octets, digest: None }, Outcome::error(Code::ManifestInvalid));
}

fn doc(maker: &mut Maker, case: &str, requirement: &str, doc: &Doc) {
    wrong(maker, case, requirement, &doc.octets());
}

fn plain() -> Doc {
    Doc::of(2, &[5_000, 9])
}

/// The plain manifest with another value behind a key.
fn with(key: u64, value: Cbor) -> Vec<u8> {
    let mut values = plain().values();
    values[key as usize].1 = value;
    write(&values)
}

fn names(maker: &mut Maker) {
    let octets = plain().octets();
    for (case, digest) in [
        ("name-of-another", digest(1)),
        ("name-of-a-chunk", blake3::derive_key("HyperMesh STOQ 2026-11-22 chunk v1", &octets)),
        ("name-of-an-older-version", manifest_name(&Doc::of(2, &[5_000, 8]).octets())),
    ] {
        let input = Input { octets: Octets::hex(&octets), digest: Some(hex(digest)) };
        maker.add(case, &["R-9-08"], input, Outcome::error(Code::ContentMismatch));
    }
}

/// What is said in another encoding than the one.
fn encodings(maker: &mut Maker) {
    let octets = plain().octets();
    wrong(maker, "nothing", "R-9-10", &[]);
    wrong(maker, "last-octet-missing", "R-9-10", &octets[..octets.len() - 1]);
    wrong(maker, "half", "R-9-10", &octets[..octets.len() / 2]);
    wrong(maker, "octet-behind", "R-9-10", &[&octets[..], &[0]].concat());
    wrong(maker, "twice", "R-9-10", &[&octets[..], &octets].concat());
    wrong(maker, "long-number", "R-9-10", &with(2, Cbor::default().raw(&[0x18, 2])));
    wrong(maker, "long-key", "R-9-10", &[&[0xa5, 0x18, 0], &octets[2..]].concat());
    wrong(maker, "long-map", "R-9-10", &[&[0xb8, 5], &octets[1..]].concat());
    wrong(maker, "endless-map", "R-9-10", &[&[0xbf], &octets[1..], &[0xff]].concat());
    let entry = |id: &[u8], length: &[u8]| Cbor::default().array(1).array(2).raw(id).raw(length);
    let id = Cbor::default().bytes(&digest(1_000)).0;
    let nine = |entry: Cbor| {
        let mut values = Doc::of(2, &[9]).values();
        values[4].1 = entry;
        write(&values)
    };
    wrong(maker, "long-octets", "R-9-10", &nine(entry(&[&[0x59, 0, 32], &digest(1_000)[..]].concat(), &[9])));
    wrong(maker, "endless-octets", "R-9-10", &nine(entry(&[&[0x5f], &id[..], &[0xff]].concat(), &[9])));
    wrong(maker, "long-length-of-an-entry", "R-9-10", &nine(entry(&id, &[0x19, 0, 9])));
    wrong(maker, "long-array", "R-9-10", &nine(Cbor::default().raw(&[0x98, 1]).array(2).raw(&id).uint(9)));
    wrong(maker, "endless-array", "R-9-10", &nine(Cbor::default().raw(&[0x9f]).array(2).raw(&id).uint(9).raw(&[0xff])));
    for (case, float) in
        [("length-of-16-bits-floating", &[0xf9, 0x48, 0x80][..]), ("length-of-64-bits-floating", &[0xfb, 0x40, 0x22, 0, 0, 0, 0, 0, 0])]
    {
        wrong(maker, case, "R-6-14", &nine(entry(&id, float)));
    }
    wrong(maker, "floating-version", "R-6-14", &with(0, Cbor::default().raw(&[0xfa, 0x3f, 0x80, 0, 0])));
}

fn keys(maker: &mut Maker) {
    let values = plain().values();
    for key in 0..5 {
        let mut fewer = values.clone();
        fewer.remove(key);
        wrong(maker, &format!("without-key-{key}"), "R-9-09", &write(&fewer));
    }
    let more = |key| [&values[..], &[(key, Cbor::default().uint(0))]].concat();
    wrong(maker, "unknown-key", "R-6-12", &write(&more(7)));
    wrong(maker, "unknown-key-of-8-octets", "R-6-12", &write(&more(u64::MAX)));
    let mut twice = values.clone();
    twice.insert(3, (2, Cbor::default().uint(2)));
    wrong(maker, "key-twice", "R-6-12", &write(&twice));
    let mut swapped = values.clone();
    swapped.swap(1, 2);
    wrong(maker, "keys-out-of-order", "R-9-10", &write(&swapped));
    let text = [&[0xa5, 0x61, b'0'], &plain().octets()[2..]].concat();
    wrong(maker, "key-of-text", "R-9-09", &text);
    wrong(maker, "map-shorter-than-it-says", "R-9-10", &[&[0xa6], &plain().octets()[1..]].concat());
    wrong(maker, "map-longer-than-it-says", "R-9-10", &[&[0xa4], &Doc::of(2, &[]).octets()[1..]].concat());
}

fn types(maker: &mut Maker) {
    wrong(maker, "array-at-the-top", "R-9-09", &[0x80]);
    wrong(maker, "tag-at-the-top", "R-9-09", &[&[0xd9, 0xd9, 0xf7], &plain().octets()[..]].concat());
    for (case, key, value) in [
        ("negative-level", 1, &[0x20][..]),
        ("level-of-text", 1, &[0x61, b'0']),
        ("null-chunker", 2, &[0xf6]),
        ("true-version", 0, &[0xf5]),
        ("big-number", 3, &[0xc2, 0x41, 9]),
        ("entries-of-a-map", 4, &[0xa0]),
        ("entry-of-a-number", 4, &[0x81, 0x09]),
    ] {
        wrong(maker, case, "R-9-09", &with(key, Cbor::default().raw(value)));
    }
    let entry = |items: usize| {
        let all = Cbor::default().array(1).array(items).bytes(&digest(1));
        if items > 1 { (1..items).fold(all, |all, _| all.uint(5_009)) } else { all }
    };
    wrong(maker, "entry-of-one-item", "R-9-09", &with(4, entry(1)));
    wrong(maker, "entry-of-three-items", "R-9-09", &with(4, entry(3)));
    for octets in [0, 31, 33] {
        doc(maker, &format!("name-of-{octets}-octets"), "R-9-09", &Doc::new(0, 2, vec![(vec![1; octets], 9)]));
    }
    wrong(maker, "name-of-text", "R-9-09", &with(4, Cbor::default().array(1).array(2).head(3, 32).raw(&[b'a'; 32]).uint(5_009)));
}

fn lengths(maker: &mut Maker) {
    for (case, length) in [("sum-one-less", 5_008), ("sum-one-more", 5_010), ("sum-zero", 0)] {
        doc(maker, case, "R-9-12", &Doc { length, ..plain() });
    }
    doc(maker, "entry-of-nothing", "R-9-11", &Doc::of(2, &[5_000, 0]));
    doc(maker, "entry-of-nothing-first", "R-9-11", &Doc::of(0, &[0, 5_000]));
    for (case, chunker, lengths) in [
        ("short-small", 1, &[1_023, 9][..]),
        ("short-standard", 2, &[5_000, 4_095, 9]),
        ("short-large", 3, &[16_383, 9]),
        ("long-small", 1, &[16_385]),
        ("long-standard", 2, &[65_537]),
        ("long-large", 3, &[262_145]),
        ("long-of-another-chunker", 0xf000, &[1_048_577]),
        ("longer-than-32-bits", 0, &[1 << 32]),
    ] {
        doc(maker, case, "R-9-02", &Doc::of(chunker, lengths));
    }
    let upper = |lengths: &[u64]| Doc::new(1, 2, lengths.iter().map(|length| (digest(*length).to_vec(), *length)).collect());
    doc(maker, "level-1-entry-of-nothing", "R-9-11", &upper(&[5, 0]));
    let long = Doc { length: MOST, ..Doc::new(1, 2, vec![(digest(1).to_vec(), MOST), (digest(2).to_vec(), 1)]) };
    doc(maker, "longer-than-any-object", "R-9-13", &long);
}

fn limits(maker: &mut Maker) {
    doc(maker, "version-0", "R-9-09", &Doc { version: 0, ..plain() });
    doc(maker, "version-2", "R-9-09", &Doc { version: 2, ..plain() });
    doc(maker, "level-6", "R-9-13", &Doc { level: 6, ..plain() });
    doc(maker, "level-1-without-entries", "R-9-09", &Doc::new(1, 2, Vec::new()));
    doc(maker, "chunker-of-17-bits", "R-9-09", &Doc::of(65_536, &[9]));
    doc(maker, "length-of-63-bits", "R-9-09", &Doc { length: MOST + 1, ..plain() });
    doc(maker, "1025-entries", "R-9-13", &Doc::of(0, &[1; 1_025]));
    let input = Input { octets: Octets::Same { octet: 0xa5, length: 131_073 }, digest: None };
    maker.add("131073-octets", &["R-9-13"], input, Outcome::error(Code::ManifestInvalid));
}

fn codes(maker: &mut Maker) {
    for (case, codec, k, n) in [
        ("codec-0", 0, 2, 3),
        ("no-parity", 1, 2, 2),
        ("fewer-than-k", 1, 3, 2),
        ("no-data", 1, 0, 1),
        ("more-than-3-k", 1, 2, 7),
        ("256-shards", 1, 100, 256),
        ("codec-2-more-than-3-k", 2, 1, 4),
        ("codec-2-k-of-1025", 2, 1_025, 1_026),
        ("codec-of-17-bits", 65_536, 2, 3),
    ] {
        let coded = Some((codec, k, n, Vec::new()));
        doc(maker, &format!("code-{case}"), "R-9-14", &Doc { coded, ..Doc::of(2, &[]) });
    }
    let level = Doc { coded: Some((1, 2, 3, Vec::new())), ..Doc::new(1, 2, vec![(digest(1).to_vec(), 9)]) };
    doc(maker, "code-above-level-0", "R-9-09", &level);
}

/// Groups that are not those of the entries.
fn groups(maker: &mut Maker) {
    let right = Doc::of(0, &[100, 200, 300]).coded(1, 2, 4);
    let mut change = |case: &str, change: &dyn Fn(&mut Vec<Shards>)| {
        let mut changed = right.clone();
        change(&mut changed.coded.as_mut().expect("it is coded").3);
        doc(maker, &format!("group-{case}"), "R-9-14", &changed);
    };
    change("missing", &|groups| groups.truncate(1));
    change("too-many", &|groups| groups.push(groups[0].clone()));
    change("none", &Vec::clear);
    change("shard-too-short", &|groups| groups[0].length -= 64);
    change("shard-too-long", &|groups| groups[0].length += 64);
    change("shard-not-a-multiple", &|groups| groups[1].length = 300);
    change("padding-one-less", &|groups| groups[0].padding -= 1);
    change("padding-without-lacking-chunks", &|groups| groups[1].padding -= groups[1].length);
    change("parity-missing", &|groups| groups[1].parity.truncate(1));
    change("parity-too-many", &|groups| groups[0].parity.push([0; 32]));
    let longest = Doc::of(0, &[1_048_576]).sealed(1, 1, b"k").coded(1, 1, 2);
    doc(maker, "group-shard-longer-than-a-chunk", "R-9-14", &longest);
    let mut unsealed = Doc::of(0, &[100, 200, 300]).coded(1, 2, 4);
    unsealed.encryption = Some((1, 1, b"k".to_vec()));
    doc(maker, "group-without-what-sealing-adds", "R-9-14", &unsealed);
}

fn sealing(maker: &mut Maker) {
    for (case, aead, rule) in [
        ("aead-0", 0, 1),
        ("aead-unlisted", 3, 1),
        ("aead-unassigned", 65_535, 1),
        ("rule-0", 1, 0),
        ("rule-3", 30, 3),
        ("rule-2-with-aes-128-gcm", 1, 2),
        ("rule-2-with-aes-256-gcm", 2, 2),
        ("rule-2-with-chacha", 29, 2),
    ] {
        doc(maker, &format!("sealed-{case}"), "R-9-18", &plain().sealed(aead, rule, b"k"));
    }
    doc(maker, "sealed-without-key-id", "R-9-09", &plain().sealed(1, 1, b""));
    doc(maker, "sealed-key-id-of-33", "R-9-09", &plain().sealed(1, 1, &[7; 33]));
    let mut values = plain().sealed(1, 1, b"k").values();
    values[5].1 = Cbor::default().array(2).uint(1).uint(1);
    wrong(maker, "sealed-descriptor-of-two-items", "R-9-09", &write(&values));
}
