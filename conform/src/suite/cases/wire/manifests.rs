//! R-6-11, R-6-12 and R-6-14: the octets of manifests, compared with those of an encoder of their own. What a client writes is in [`super::writer`].

use super::super::alone::one_chunk;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::tester::Fixture;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use hypermesh_core::stoq::manifest::{Aead, Body, ChildEntry, ChunkEntry, Code as Coding, Encryption, Flaw, Group, Manifest, NonceRule};
use hypermesh_core::stoq::session::Code;
use std::sync::Arc;

pub(super) fn cases() -> Vec<Case> {
    let mut all = deterministic();
    all.extend(keys());
    all.extend(floats());
    all
}

/// The head of a CBOR item in its shortest form (RFC 8949, clause 3).
fn item(major: u8, value: u64) -> Vec<u8> {
    let (info, octets) = match value {
        0..=23 => return vec![major << 5 | value as u8],
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    [vec![major << 5 | info], value.to_be_bytes()[8 - octets..].to_vec()].concat()
}

pub(super) fn uint(value: u64) -> Vec<u8> {
    item(0, value)
}

pub(super) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [item(2, bytes.len() as u64), bytes.to_vec()].concat()
}

pub(super) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [item(4, items.len() as u64), items.concat()].concat()
}

pub(super) fn map(pairs: &[(u64, Vec<u8>)]) -> Vec<u8> {
    [item(5, pairs.len() as u64), pairs.iter().flat_map(|(key, value)| [uint(*key), value.clone()].concat()).collect()].concat()
}

fn entry(id: u8, len: u64) -> Vec<u8> {
    array(&[bytes(&[id; 32]), uint(len)])
}

/// The pairs of a manifest that every one has.
pub(super) fn pairs(level: u64, chunker: u64, len: u64, entries: &[Vec<u8>]) -> Vec<(u64, Vec<u8>)> {
    vec![(0, uint(1)), (1, uint(level)), (2, uint(chunker)), (3, uint(len)), (4, array(entries))]
}

fn listing(lens: &[u32]) -> (Vec<ChunkEntry>, Vec<Vec<u8>>) {
    let chunk = |(at, len): (usize, &u32)| ChunkEntry { id: ChunkId([at as u8; 32]), len: *len };
    let entries = lens.iter().enumerate().map(chunk).collect();
    (entries, lens.iter().enumerate().map(|(at, len)| entry(at as u8, u64::from(*len))).collect())
}

fn same(manifest: &Manifest, right: &[u8]) -> Outcome {
    let octets = manifest.encode();
    ensure(octets == right, || format!("{octets:02x?}\n is encoded where\n{right:02x?}\n is due"))?;
    let again = Manifest::decode(right).map(|decoded| decoded.encode());
    ensure(again.as_deref() == Ok(right), || format!("decoded and encoded again it is {again:?}"))
}

/// The manifest of chunks with a code and a seal.
fn coded_and_sealed(with_code: bool, with_seal: bool) -> (Manifest, Vec<u8>) {
    let (entries, listed) = listing(&[2_048, 1_500]);
    let tag = if with_seal { 16 } else { 0 };
    let code = Coding::new(1, 2, 3).expect("two and one make three");
    let parity = vec![ChunkId([9; 32])];
    let groups = vec![Group::over(code, [2_048 + tag, 1_500 + tag].into_iter(), parity)];
    let shard = (2_048 + u64::from(tag)).next_multiple_of(64);
    let padding = 2 * shard - 3_548 - 2 * u64::from(tag);
    let group = array(&[uint(shard), uint(padding), array(&[bytes(&[9; 32])])]);
    let mut right = pairs(0, 1, 3_548, &listed);
    if with_code {
        right.push((5, array(&[uint(1), uint(2), uint(3), array(&[group])])));
    }
    if with_seal {
        right.push((6, array(&[uint(29), uint(1), bytes(&[5; 4])])));
    }
    let seal = Encryption::new(Aead::ChaCha20Poly1305, NonceRule::Offset, vec![5; 4]).expect("the rule suits the algorithm");
    let body = Body::Chunks { entries, coded: with_code.then_some((code, groups)) };
    let manifest = Manifest::new(ChunkerId(1), body, with_seal.then_some(seal)).expect("it keeps the rules");
    (manifest, map(&right))
}

/// R-6-11: one encoding.
fn deterministic() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, code, seal) in [("plain", false, false), ("coded", true, false), ("sealed", false, true), ("coded-and-sealed", true, true)] {
        all.push(Case::function(&format!("R-6-11/{what}"), Valid, move || {
            let (manifest, right) = coded_and_sealed(code, seal);
            same(&manifest, &right)
        }));
    }
    all.push(Case::function("R-6-11/of-level-1", Valid, || {
        let entries = vec![ChildEntry { id: ManifestId([0; 32]), len: 1 << 32 }, ChildEntry { id: ManifestId([1; 32]), len: 5 }];
        let manifest = Manifest::new(ChunkerId(2), Body::Manifests { level: 1, entries }, None).expect("it keeps the rules");
        same(&manifest, &map(&pairs(1, 2, (1 << 32) + 5, &[entry(0, 1 << 32), entry(1, 5)])))
    }));
    for len in [23_u32, 24, 255, 256, 65_535, 65_536] {
        all.push(
            Case::function(&format!("R-6-11/a-length-of-{len}"), Boundary, move || {
                let (entries, listed) = listing(&[len]);
                let manifest = Manifest::new(ChunkerId(900), Body::Chunks { entries, coded: None }, None).expect("it keeps the rules");
                same(&manifest, &map(&pairs(0, 900, u64::from(len), &listed)))
            })
            .leaning_on(&["R-9-20"]),
        );
    }
    for len in [u64::from(u32::MAX), 1 << 32] {
        all.push(Case::function(&format!("R-6-11/a-length-of-{len}"), Boundary, move || {
            let body = Body::Manifests { level: 1, entries: vec![ChildEntry { id: ManifestId([0; 32]), len }] };
            let manifest = Manifest::new(ChunkerId(1), body, None).expect("it keeps the rules");
            same(&manifest, &map(&pairs(1, 1, len, &[entry(0, len)])))
        }));
    }
    for count in [23_u32, 24, 255, 256] {
        all.push(
            Case::function(&format!("R-6-11/{count}-entries"), Boundary, move || {
                let (entries, listed) = listing(&vec![5; count as usize]);
                let manifest = Manifest::new(ChunkerId(900), Body::Chunks { entries, coded: None }, None).expect("it keeps the rules");
                same(&manifest, &map(&pairs(0, 900, 5 * u64::from(count), &listed)))
            })
            .leaning_on(&["R-9-20"]),
        );
    }
    all
}

fn refused(octets: &[u8], right: impl Fn(Flaw) -> bool) -> Outcome {
    match Manifest::decode(octets) {
        Err(refusal) if right(refusal.flaw) => Ok(()),
        other => ensure(false, || format!("{octets:02x?} was read as {other:?}")),
    }
}

/// The plain manifest with more pairs behind.
fn with(more: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let (_, listed) = listing(&[2_048, 1_500]);
    let mut all = pairs(0, 1, 3_548, &listed);
    all.extend_from_slice(more);
    map(&all)
}

/// R-6-12: unknown keys, and keys that occur twice.
fn keys() -> Vec<Case> {
    let seal = || array(&[uint(29), uint(1), bytes(&[5; 4])]);
    let mut all = vec![
        Case::function("R-6-12/each-optional-key", Valid, || {
            for (code, seal) in [(true, false), (false, true), (true, true)] {
                let read = Manifest::decode(&coded_and_sealed(code, seal).1);
                ensure(read.is_ok(), || format!("a manifest was refused: {read:?}"))?;
            }
            Ok(())
        }),
        Case::function("R-6-12/the-key-6", Boundary, move || {
            let read = Manifest::decode(&with(&[(6, seal())]));
            ensure(read.is_ok(), || format!("a manifest was refused: {read:?}"))
        }),
        Case::function("R-6-12/a-key-twice-in-a-row", Invalid, move || {
            refused(&with(&[(6, seal()), (6, seal())]), |flaw| matches!(flaw, Flaw::DuplicateKey(6)))
        }),
        Case::function("R-6-12/a-key-twice-apart", Invalid, move || {
            refused(&with(&[(6, seal()), (4, array(&[]))]), |flaw| matches!(flaw, Flaw::UnsortedKey(4) | Flaw::DuplicateKey(4)))
        }),
    ];
    for key in [7, u64::MAX] {
        all.push(Case::function(&format!("R-6-12/the-key-{key}"), Boundary, move || {
            refused(&with(&[(key, uint(1))]), |flaw| matches!(flaw, Flaw::UnknownKey(_)))
        }));
    }
    all.push(Case::wire("R-6-12/an-offer-with-an-unknown-key", Invalid, Origin, |t| {
        let object = one_chunk(t.name("key"), t.seed(), 100);
        let octets: Arc<[u8]> = map(&{
            let mut all = pairs(0, 900, 100, &[array(&[bytes(&object.chunks()[0].0), uint(100)])]);
            all.push((7, uint(0)));
            all
        })
        .into();
        is_invalid(t, object, octets)
    }));
    all
}

/// Offers an object with another manifest than its own.
fn is_invalid(t: &mut crate::suite::tester::Tester<'_>, object: Fixture, manifest: Arc<[u8]>) -> Outcome {
    let mut object = object;
    object.packed.root = ManifestId::of(&manifest);
    object.packed.manifest = manifest;
    let line = t.session()?;
    let stream = t.offer(line, &object)?;
    t.expect_refusal(line, stream, &[Code::ManifestInvalid])
}

/// R-6-14: no floating point.
fn floats() -> Vec<Case> {
    let zero: [(&str, &[u8]); 3] = [("half", &[0xf9, 0, 0]), ("single", &[0xfa, 0, 0, 0, 0]), ("double", &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0])];
    let mut all = vec![
        Case::function("R-6-14/what-is-written", Valid, || {
            let (manifest, right) = coded_and_sealed(true, true);
            ensure(manifest.encode().len() == right.len(), || "a manifest is longer than its integers".into())
        }),
        Case::function("R-6-14/the-length-zero-as-an-integer", Boundary, || {
            let empty = Manifest::new(ChunkerId(1), Body::Chunks { entries: Vec::new(), coded: None }, None).expect("it keeps the rules");
            let (octets, right) = (empty.encode(), map(&pairs(0, 1, 0, &[])));
            ensure(octets == right, || format!("the manifest of the empty object is {octets:02x?}"))
        }),
    ];
    for (what, form) in zero {
        all.push(Case::function(&format!("R-6-14/the-length-zero-in-{what}-precision"), Boundary, move || {
            let octets = map(&[(0, uint(1)), (1, uint(0)), (2, uint(1)), (3, form.to_vec()), (4, array(&[]))]);
            refused(&octets, |flaw| matches!(flaw, Flaw::Float))
        }));
    }
    all.push(Case::wire("R-6-14/an-offer-with-a-floating-point-number", Invalid, Origin, |t| {
        let object = one_chunk(t.name("float"), t.seed(), 100);
        let listed = array(&[array(&[bytes(&object.chunks()[0].0), uint(100)])]);
        let octets: Arc<[u8]> = map(&[(0, uint(1)), (1, uint(0)), (2, uint(900)), (3, vec![0xf9, 0x56, 0x40]), (4, listed)]).into();
        is_invalid(t, object, octets)
    }));
    all
}
