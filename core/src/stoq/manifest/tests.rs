//! Promises of manifests.

mod building;
mod packing;
mod standard;
mod strictness;
mod walking;
mod wire;
mod words;

use super::{Body, ChildEntry, ChunkEntry, Code, Encryption, Group, Manifest};
use crate::stoq::chunk::{ChunkId, ManifestId, Profile};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The manifests that a store holds.
type Shelf = BTreeMap<ManifestId, Vec<u8>>;

fn id(i: u64) -> ChunkId {
    ChunkId::of(&i.to_le_bytes())
}

/// Entry number `i` of an object of a standard chunker.
fn entry(i: u64) -> ChunkEntry {
    ChunkEntry { id: id(i), len: Profile::Standard.min() as u32 + (i * 7_919 % 20_000) as u32 }
}

/// Groups with made-up parity names over these entries.
fn groups(code: Code, entries: &[ChunkEntry], encryption: Option<&Encryption>) -> Vec<Group> {
    let group = |chunks: &[ChunkEntry]| {
        let parity = (0..code.parity() as u64).map(|i| id(1_000_000 + i)).collect();
        Group::over(code, chunks.iter().map(|chunk| super::stored_len(chunk, encryption)), parity)
    };
    super::groups_of(code, entries).map(group).collect()
}

/// Any manifest of up to about 40 entries.
fn any_manifest() -> impl Strategy<Value = Manifest> {
    let encryption = prop_oneof![
        Just(None),
        (prop::sample::select(vec![(1, 1), (2, 1), (29, 1), (30, 1), (31, 2)]), prop::collection::vec(any::<u8>(), 1..=32))
            .prop_map(|((aead, nonce), key)| Some(Encryption::of_numbers(aead, nonce, &key).expect("a known pair")))
    ];
    let code = prop_oneof![Just(None), (1u16..12, 1u16..8).prop_map(|(k, m)| Code::new(1, k, k + m.min(2 * k)).ok())];
    let leaf = (any::<u64>(), 0u64..40, code).prop_map(|(from, count, code)| {
        let entries: Vec<_> = (0..count).map(|i| ChunkEntry { id: id(from ^ i), ..entry(i) }).collect();
        (entries, code)
    });
    let nested = (1u8..=5, prop::collection::vec((any::<u64>(), 1u64..1 << 50), 1..40));
    (encryption, any::<bool>(), leaf, nested).prop_map(|(encryption, is_leaf, (entries, code), (level, children))| {
        let body = if is_leaf {
            let coded = code.map(|code| (code, groups(code, &entries, encryption.as_ref())));
            Body::Chunks { entries, coded }
        } else {
            let child = |(i, len): (u64, u64)| ChildEntry { id: ManifestId::of(&i.to_le_bytes()), len };
            Body::Manifests { level, entries: children.into_iter().map(child).collect() }
        };
        Manifest::new(Profile::Standard.chunker(), body, encryption).expect("the rules are kept")
    })
}
