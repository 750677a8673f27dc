//! Objects to fetch.

use crate::stoq::chunk::{ChunkId, Cutter, ManifestId, Profile};
use crate::stoq::manifest::{Builder, ChunkEntry};
use crate::stoq::session::frame::ContentId;
use core::ops::Range;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An object, cut and named, with all that a source of it holds.
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) root: ManifestId,
    pub(super) level: u8,
    pub(super) store: BTreeMap<ContentId, Arc<[u8]>>,
    /// Where each chunk stands.
    pub(super) places: BTreeMap<ChunkId, Vec<Range<u64>>>,
}

impl Object {
    /// Random bytes.
    pub(super) fn random(seed: u64, len: usize) -> Self {
        Self::of(noise(seed, len))
    }

    /// Random bytes, over and over.
    pub(super) fn repeating(seed: u64, len: usize, times: usize) -> Self {
        Self::of(noise(seed, len).repeat(times))
    }

    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let mut store = BTreeMap::new();
        let mut places: BTreeMap<ChunkId, Vec<Range<u64>>> = BTreeMap::new();
        let mut entries = Vec::new();
        let mut cutter = Cutter::new(Profile::Small);
        let mut at = 0;
        let mut chunk = |chunk: &[u8]| {
            let id = ChunkId::of(chunk);
            let end = at + chunk.len() as u64;
            places.entry(id).or_default().push(at..end);
            store.insert(ContentId(id.0), Arc::from(chunk));
            entries.push(ChunkEntry { id, len: chunk.len() as u32 });
            at = end;
        };
        cutter.push(&bytes, &mut chunk);
        cutter.finish(&mut chunk);
        let mut builder = Builder::new(Profile::Small.chunker(), None, None);
        for entry in entries {
            builder.push(entry, |id, bytes| drop(store.insert(ContentId(id.0), bytes.into()))).expect("the entry fits");
        }
        let root = builder.finish(|id, bytes| drop(store.insert(ContentId(id.0), bytes.into()))).expect("the object fits");
        Self { bytes, root: root.id, level: root.level, store, places }
    }
}

/// Random bytes (SplitMix64, Steele et al. 2014).
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed;
    let words = core::iter::repeat_with(|| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        crate::base::digest::mix(state).to_le_bytes()
    });
    words.flatten().take(len).collect()
}
