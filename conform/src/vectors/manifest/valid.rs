//! Manifests that are sound.

use super::super::cbor::{Doc, manifest_name};
use super::super::family::Maker;
use super::super::file::Outcome;
use super::super::octets::{digest, hex};
use super::Input;
use serde_json::{Value, json};

const MOST: u64 = 4_611_686_018_427_387_903;

fn add(maker: &mut Maker, case: &str, requirements: &[&str], doc: &Doc) {
    let octets = doc.octets();
    let outcome = Outcome::Output(said(doc, &octets));
    let octets = maker.octets(case, &octets);
    maker.add(case, requirements, Input { octets, digest: None }, outcome);
}

/// What the octets say, from what they were written of.
fn said(doc: &Doc, octets: &[u8]) -> Value {
    let entries: Vec<(String, u64)> = doc.entries.iter().map(|(id, length)| (hex(id), *length)).collect();
    let name = hex(manifest_name(octets));
    let mut said = json!({ "digest": name, "level": doc.level, "chunker": doc.chunker, "length": doc.length, "entries": entries });
    if let Some((codec, k, n, groups)) = &doc.coded {
        let groups: Vec<Value> = groups
            .iter()
            .map(|group| {
                let parity: Vec<String> = group.parity.iter().map(hex).collect();
                json!({ "shard_length": group.length, "padding": group.padding, "parity": parity })
            })
            .collect();
        said["coded"] = json!({ "codec": codec, "k": k, "n": n, "groups": groups });
    }
    if let Some((aead, rule, key_id)) = &doc.encryption {
        said["encryption"] = json!({ "aead": aead, "nonce_rule": rule, "key_id": hex(key_id) });
    }
    said
}

pub(super) fn make(maker: &mut Maker) {
    for (case, chunker) in [("empty-unstated", 0), ("empty-small", 1), ("empty-standard", 2), ("empty-large", 3), ("empty-private", 65_535)]
    {
        add(maker, case, &["R-9-06", "R-9-09"], &Doc::of(chunker, &[]));
    }
    lengths(maker);
    levels(maker);
    coded(maker);
    sealed(maker);
}

fn lengths(maker: &mut Maker) {
    for (case, chunker, lengths) in [
        ("one-octet", 2, &[1][..]),
        ("three-chunks", 2, &[16_000, 20_000, 5]),
        ("least-and-most-small", 1, &[1_024, 16_384, 1]),
        ("least-and-most-standard", 2, &[4_096, 65_536, 1]),
        ("least-and-most-large", 3, &[16_384, 262_144, 1]),
        ("least-and-most-of-another-chunker", 0xf000, &[1, 1_048_576, 1]),
        ("unassigned-chunker", 77, &[1_048_576, 1_048_576]),
        ("numbers-of-every-length", 0, &[23, 24, 255, 256, 65_535, 65_536]),
        ("twenty-four-entries", 0, &[7; 24]),
    ] {
        add(maker, case, &["R-9-02", "R-9-09", "R-9-10"], &Doc::of(chunker, lengths));
    }
    add(maker, "two-hundred-and-fifty-six-entries", &["R-9-10"], &Doc::of(0, &[300; 256]));
    add(maker, "most-entries", &["R-9-13"], &Doc::of(1, &[4_000; 1_024]));
    // A chunk that comes twice.
    add(maker, "same-chunk-twice", &["R-9-11"], &Doc::new(0, 2, vec![(digest(1).to_vec(), 5_000), (digest(1).to_vec(), 5_000)]));
}

fn levels(maker: &mut Maker) {
    let entries = |lengths: &[u64]| lengths.iter().zip(2_000..).map(|(length, seed)| (digest(seed).to_vec(), *length)).collect();
    for (case, level, lengths) in [
        ("level-1", 1, &[5_000_000, 1_000][..]),
        ("level-5", 5, &[1 << 60, 1]),
        ("level-1-of-one", 1, &[1]),
        ("longest-object", 3, &[MOST]),
        ("longest-object-in-two", 2, &[MOST - 1, 1]),
    ] {
        add(maker, case, &["R-9-09", "R-9-13"], &Doc::new(level, 2, entries(lengths)));
    }
}

fn coded(maker: &mut Maker) {
    for (case, codec, k, n, chunker, lengths) in [
        ("coded-2-of-3", 1, 2, 3, 2, &[5_000, 6_000, 7_000][..]),
        ("coded-4-of-6", 1, 4, 6, 2, &[5_000, 6_000, 7_000, 100]),
        ("coded-1-of-3", 1, 1, 3, 0, &[64, 65]),
        ("coded-nothing", 1, 4, 6, 2, &[]),
        ("coded-85-of-255", 1, 85, 255, 0, &[9]),
        ("coded-codec-2", 2, 1, 2, 0, &[1, 2]),
        ("coded-codec-2-of-300", 2, 200, 300, 0, &[1_048_576]),
        ("coded-unassigned", 700, 2, 4, 0, &[500]),
    ] {
        add(maker, case, &["R-9-14", "R-9-20"], &Doc::of(chunker, lengths).coded(codec, k, n));
    }
}

fn sealed(maker: &mut Maker) {
    for (aead, rule) in [(1, 1), (2, 1), (29, 1), (30, 1), (31, 1), (30, 2), (31, 2)] {
        let doc = Doc::of(2, &[5_000, 9]).sealed(aead, rule, b"key 7");
        add(maker, &format!("sealed-{aead}-{rule}"), &["R-9-18"], &doc);
    }
    add(maker, "sealed-shortest-key-id", &["R-9-09"], &Doc::of(2, &[9]).sealed(1, 1, &[0]));
    add(maker, "sealed-longest-key-id", &["R-9-13"], &Doc::of(2, &[9]).sealed(1, 1, &[255; 32]));
    add(maker, "sealed-and-coded", &["R-9-14", "R-9-18"], &Doc::of(0, &[48, 49, 64]).sealed(29, 1, b"k").coded(1, 2, 4));
    let level = Doc::new(1, 2, vec![(digest(3_000).to_vec(), 70_000)]);
    add(maker, "sealed-level-1", &["R-9-12", "R-9-18"], &level.sealed(30, 2, b"k"));
}
