//! R-9-14, R-9-16 and R-9-17: groups, and what is sealed.

use super::raw::{self, Form};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::octets;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId, Profile};
use hypermesh_core::stoq::manifest::{Aead, Body, Code, Encryption, Keep, Manifest, NonceRule, Packer, Status, groups_of};
use hypermesh_core::stoq::replication::Coder;
use std::collections::BTreeMap;

pub(super) fn cases() -> Vec<Case> {
    let mut all = groups();
    all.extend(order());
    all.extend(retired());
    all
}

/// Two chunks in a group of so many data shards of `n`, with what is off by so much: shard length, padding, names.
fn form(k: u64, n: u64, off: (i64, i64, isize)) -> Form {
    // The longest of 2000 and 1500 octets, rounded up to a multiple of 64.
    let shard = 2048i64 + off.0;
    let padding = (k as i64) * 2048 - 3500 + off.1;
    let names = (n - k) as isize + off.2;
    let group = (shard as u64, padding as u64, names as usize);
    Form { coded: Some(raw::coded(1, k, n, &[group])), ..Form::of(&[2000, 1500]) }
}

/// R-9-14.
fn groups() -> Vec<Case> {
    let judged = |what: &str, polarity, form: Form, right: bool| {
        let octets = form.octets();
        Case::function(&format!("R-9-14/{what}"), polarity, move || {
            let read = Manifest::decode(&octets);
            ensure(read.is_ok() == right, || format!("it is {}: {read:?}", if right { "refused" } else { "taken" }))
        })
    };
    // A code without groups is as good as any to try k and n.
    let code = |codec, k, n| Form { coded: Some(raw::coded(codec, k, n, &[])), ..Form::of(&[]) };
    let two = |second: (u64, u64, usize)| {
        let coded = raw::coded(1, 2, 3, &[(2048, 2 * 2048 - 3500, 1), second]);
        Form { coded: Some(coded), ..Form::of(&[2000, 1500, 1024]) }
    };
    let mut all = vec![
        judged("a-full-group", Valid, form(2, 3, (0, 0, 0)), true),
        judged("a-group-that-is-not-full", Valid, form(4, 6, (0, 0, 0)), true),
        judged("a-full-group-and-one-that-is-not", Valid, two((1024, 1024, 1)), true),
        judged("k-of-1024", Boundary, code(3, 1024, 1025), true),
        judged("k-of-1025", Boundary, code(3, 1025, 1026), false),
        judged("k-of-0", Boundary, code(1, 0, 1), false),
        judged("n-of-k", Boundary, code(1, 5, 5), false),
        judged("n-of-k-and-one", Boundary, code(1, 5, 6), true),
        judged("n-of-three-k", Boundary, code(1, 5, 15), true),
        judged("n-of-three-k-and-one", Boundary, code(1, 5, 16), false),
        judged("n-of-255-for-codec-1", Boundary, code(1, 100, 255), true),
        judged("n-of-256-for-codec-1", Boundary, code(1, 100, 256), false),
        judged("codec-0", Boundary, code(0, 2, 3), false),
        judged("a-group-too-few", Invalid, Form { coded: form(2, 3, (0, 0, 0)).coded, ..Form::of(&[2000, 1500, 1024]) }, false),
    ];
    for (what, off) in [
        ("a-padding-one-less", (0, -1, 0)),
        ("a-padding-one-more", (0, 1, 0)),
        ("a-shard-length-one-less", (-1, 0, 0)),
        ("a-shard-length-64-more", (64, 256, 0)),
        ("a-name-too-few", (0, 0, -1)),
        ("a-name-too-many", (0, 0, 1)),
    ] {
        let octets = form(4, 6, off).octets();
        all.push(Case::wire(&format!("R-9-14/{what}"), Invalid, Origin, move |t| raw::refused(t, 3500, &octets)));
    }
    all
}

/// No cipher, but as one its output depends on the place and is 16 octets longer.
fn seal(offset: u64, chunk: &[u8]) -> Vec<u8> {
    let tag = [offset.to_be_bytes(), (chunk.len() as u64).to_be_bytes()].concat();
    chunk.iter().map(|octet| octet ^ 0x5A).chain(tag).collect()
}

/// Packs an object with the toy seal in groups of 2 data shards and 1 of parity: its only manifest, and what is stored by name.
fn sealed(object: &[u8]) -> Outcome<(Manifest, BTreeMap<ChunkId, Vec<u8>>)> {
    let how = Encryption::new(Aead::Aes256Gcm, NonceRule::Offset, vec![1]).expect("it stands in the table");
    let code = Code::new(1, 2, 3).expect("it is one");
    let (mut stored, mut top) = (BTreeMap::new(), Vec::new());
    let mut keep = |keep: Keep<'_>| match keep {
        Keep::Chunk(id, octets) | Keep::Parity(id, octets) => drop(stored.insert(id, octets.to_vec())),
        Keep::Manifest(_, octets) => top = octets.to_vec(),
    };
    let mut packer = Packer::sealing(Profile::Small, Some(code), how, Box::new(seal)).expect("the codec is known");
    packer.push(object, &mut keep).map_err(|error| Miss::Fail(error.to_string()))?;
    packer.finish(&mut keep).map_err(|error| Miss::Fail(error.to_string()))?;
    let top = Manifest::decode(&top).map_err(|error| Miss::Fail(error.to_string()))?;
    Ok((top, stored))
}

/// R-9-16.
fn order() -> Vec<Case> {
    vec![
        Case::function("R-9-16/names-are-of-what-was-sealed", Valid, || {
            let (top, stored) = sealed(&octets::formula(16, 30_000))?;
            let chunks = top.chunks().unwrap_or_default();
            ensure(
                !chunks.is_empty() && chunks.iter().all(|chunk| stored.get(&chunk.id).is_some_and(|sealed| top.verify(chunk, sealed))),
                || "the name of a chunk is not that of its sealed octets".into(),
            )
        })
        .leaning_on(&["R-6-11"]),
        Case::function("R-9-16/parity-is-over-what-was-sealed", Boundary, || {
            let object = octets::formula(16, 20_000);
            let (top, stored) = sealed(&object)?;
            let (code, groups) = top.coded().ok_or_else(|| Miss::Fail("the manifest has no groups".into()))?;
            let coder = Coder::new(code).map_err(|error| Miss::Error(error.to_string()))?;
            let mut offset = 0;
            for (group, chunks) in groups.iter().zip(groups_of(code, top.chunks().unwrap_or_default())) {
                let mut data = Vec::new();
                for chunk in chunks {
                    data.push(seal(offset as u64, &object[offset..][..chunk.len as usize]));
                    offset += chunk.len as usize;
                }
                let parity =
                    coder.encode(&data.iter().map(Vec::as_slice).collect::<Vec<_>>()).map_err(|error| Miss::Error(error.to_string()))?;
                let right = group.parity.iter().zip(&parity).all(|(id, shard)| ChunkId::of(shard) == *id && stored.get(id) == Some(shard));
                ensure(right, || format!("the parity of the group up to octet {offset} is over something else"))?;
            }
            ensure(offset == object.len(), || format!("{offset} octets stand in groups"))
        })
        .leaning_on(&["R-6-11"]),
        Case::function("R-9-16/names-of-the-octets-before-sealing-are-others", Invalid, || {
            let object = octets::formula(16, 30_000);
            let (top, _) = sealed(&object)?;
            let first = top.chunks().unwrap_or_default()[0];
            ensure(first.id != ChunkId::of(&object[..first.len as usize]), || "a chunk is named before it is sealed".into())
        })
        .leaning_on(&["R-6-11"]),
    ]
}

/// R-9-17, under a revision of Annex F of the case's own: the one in force retires nothing.
fn retired() -> Vec<Case> {
    let write = |aead, revision| {
        let status = Status { revision, retired: &[(Aead::Aes128Gcm, 5)] };
        Encryption::to_write(aead, NonceRule::Offset, vec![1], &status)
    };
    vec![
        Case::function("R-9-17/algorithms-in-use-are-written", Valid, move || {
            let all = Aead::ALL.into_iter().all(|aead| Encryption::to_write(aead, NonceRule::Offset, vec![1], &Status::NOW).is_ok());
            ensure(all && write(Aead::Aes256Gcm, 5).is_ok(), || "an algorithm in use is not written".into())
        }),
        Case::function("R-9-17/the-revision-before-and-the-one-that-retires", Boundary, move || {
            ensure(write(Aead::Aes128Gcm, 4).is_ok(), || "an algorithm is not written before it is retired".into())?;
            ensure(write(Aead::Aes128Gcm, 5).is_err() && write(Aead::Aes128Gcm, 6).is_err(), || "a retired algorithm is written".into())
        }),
        Case::function("R-9-17/what-was-written-is-read", Invalid, move || {
            let before = write(Aead::Aes128Gcm, 4).map_err(|flaw| Miss::Inconclusive(flaw.to_string()))?;
            let body = Body::Chunks { entries: Vec::new(), coded: None };
            let written = Manifest::new(ChunkerId(2), body, Some(before)).map_err(|flaw| Miss::Inconclusive(flaw.to_string()))?.encode();
            ensure(Manifest::decode(&written).is_ok(), || "what was written with a retired algorithm is not read".into())
        })
        .leaning_on(&["R-6-14"]),
    ]
}
