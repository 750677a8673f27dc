//! Objects of more than one manifest, and what a walk over an object comes to.

use crate::suite::octets;
use crate::suite::tester::Fixture;
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use hypermesh_core::stoq::manifest::{Body, ChildEntry, ChunkEntry, Manifest};
use hypermesh_core::stoq::session::frame::ContentId;
use hypermesh_core::testing::stoq::Packed;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Octets of each chunk of a [`tree`].
pub(in crate::suite::cases) const CHUNK: usize = 1024;

/// An object of so many chunks whose manifests have at most `fan` entries: with 16 and 2 it has four levels.
pub(in crate::suite::cases) fn tree(seed: u64, chunks: usize, fan: usize) -> Packed {
    let bytes = octets::formula(seed, chunks * CHUNK);
    let mut contents: BTreeMap<ContentId, Arc<[u8]>> = BTreeMap::new();
    let mut row: Vec<ChildEntry> = Vec::new();
    let mut keep = |body| {
        let manifest = Manifest::new(ChunkerId(1), body, None).expect("it keeps the rules");
        let octets = manifest.encode();
        let id = ManifestId::of(&octets);
        contents.insert(ContentId(id.0), octets.into());
        ChildEntry { id, len: manifest.len() }
    };
    for group in bytes.chunks(fan * CHUNK) {
        let entries = group.chunks(CHUNK).map(|chunk| ChunkEntry { id: ChunkId::of(chunk), len: chunk.len() as u32 }).collect();
        row.push(keep(Body::Chunks { entries, coded: None }));
    }
    let mut level = 0;
    while row.len() > 1 {
        level += 1;
        row = row.chunks(fan).map(|entries| keep(Body::Manifests { level, entries: entries.to_vec() })).collect();
    }
    contents.extend(bytes.chunks(CHUNK).map(|chunk| (ContentId(ChunkId::of(chunk).0), chunk.into())));
    let root = row[0].id;
    Packed { root, manifest: contents[&ContentId(root.0)].clone(), contents, bytes }
}

/// An object of so many chunks of so many octets under one manifest, cut as the chunker `large` may cut.
pub(in crate::suite::cases) fn long(seed: u64, count: usize, len: usize) -> Packed {
    let bytes = octets::formula(seed, count * len);
    let entries = bytes.chunks(len).map(|chunk| ChunkEntry { id: ChunkId::of(chunk), len: chunk.len() as u32 }).collect();
    let manifest = Manifest::new(ChunkerId(3), Body::Chunks { entries, coded: None }, None).expect("it keeps the rules").encode();
    let root = ManifestId::of(&manifest);
    let manifest: Arc<[u8]> = manifest.into();
    let mut contents: BTreeMap<ContentId, Arc<[u8]>> =
        bytes.chunks(len).map(|chunk| (ContentId(ChunkId::of(chunk).0), chunk.into())).collect();
    contents.insert(ContentId(root.0), manifest.clone());
    Packed { root, manifest, contents, bytes }
}

/// Lower manifests and chunks that a range needs, in the order of a walk (clause 9.3).
pub(in crate::suite::cases) fn ranged(object: &Packed, range: &Range<u64>) -> Vec<ContentId> {
    let mut found = Vec::new();
    visit(object, object.root, 0, range, &mut found);
    found
}

fn visit(object: &Packed, manifest: ManifestId, begins: u64, range: &Range<u64>, found: &mut Vec<ContentId>) {
    let manifest = Manifest::decode(&object.contents[&ContentId(manifest.0)]).expect("the tester made it");
    let mut offset = begins;
    let mut touches = |len: u64| {
        let begins = offset;
        offset += len;
        (begins < range.end && offset > range.start).then_some(begins)
    };
    match manifest.body() {
        Body::Chunks { entries, .. } => {
            found.extend(entries.iter().filter(|entry| touches(entry.len.into()).is_some()).map(|entry| ContentId(entry.id.0)));
        }
        Body::Manifests { entries, .. } => {
            let below: Vec<_> = entries.iter().filter_map(|entry| Some((entry.id, touches(entry.len)?))).collect();
            for (id, begins) in below {
                found.push(ContentId(id.0));
                visit(object, id, begins, range, found);
            }
        }
    }
}

/// All of an object.
pub(super) fn whole(object: &Packed) -> Range<u64> {
    0..object.bytes.len() as u64
}

/// The chunks of an object with their places, in order.
pub(super) fn chunks(object: &Packed) -> Vec<(ContentId, Range<u64>)> {
    let ids = ranged(object, &whole(object)).into_iter().filter(|id| ChunkId(id.0).is_of(&object.contents[id]));
    let mut offset = 0;
    ids.map(|id| {
        let begins = offset;
        offset += object.contents[&id].len() as u64;
        (id, begins..offset)
    })
    .collect()
}

/// A packed object under a name.
pub(super) fn named(name: String, version: u64, packed: Packed) -> Fixture {
    Fixture { name, version, packed }
}
