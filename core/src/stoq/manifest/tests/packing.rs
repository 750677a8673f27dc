//! From bytes to what is kept, and back.

use super::super::{Aead, Body, BuildError, Code, Encryption, Flaw, Keep, Manifest, NonceRule, Packer, Root, Status, Step, Walk};
use super::Shelf;
use crate::base::{Dice, Purpose, SeedKey};
use crate::stoq::chunk::{ChunkId, ChunkerId, Profile};
use crate::stoq::replication::Coder;
use std::collections::BTreeMap;

/// Chunks, parity shards and manifests by name.
#[derive(Default)]
struct Kept {
    chunks: BTreeMap<ChunkId, Vec<u8>>,
    manifests: Shelf,
}

impl Kept {
    fn keep(&mut self, keep: Keep<'_>) {
        match keep {
            Keep::Chunk(id, bytes) | Keep::Parity(id, bytes) => drop(self.chunks.insert(id, bytes.to_vec())),
            Keep::Manifest(id, bytes) => drop(self.manifests.insert(id, bytes.to_vec())),
        }
    }
}

fn noise(len: usize) -> Vec<u8> {
    let mut dice = Dice::new(SeedKey::new(11));
    let word = |i: usize| dice.draw(0, Purpose::Test, i as u32).u64().to_le_bytes();
    (0..len.div_ceil(8)).flat_map(word).take(len).collect()
}

fn packed(bytes: &[u8], code: Option<Code>) -> (Root, Kept) {
    let mut kept = Kept::default();
    let mut packer = Packer::new(Profile::Small, code).expect("the codec is known");
    for piece in bytes.chunks(10_000) {
        packer.push(piece, |keep| kept.keep(keep)).expect("the object fits");
    }
    let root = packer.finish(|keep| kept.keep(keep)).expect("the object fits");
    (root, kept)
}

/// The object's bytes between two offsets.
fn unpacked(root: &Root, kept: &Kept, start: u64, end: u64) -> Vec<u8> {
    let mut walk = Walk::new(root.id, start..end);
    let mut bytes = Vec::new();
    loop {
        match walk.step() {
            Step::Piece(piece) => bytes.extend_from_slice(piece.of(&kept.chunks[&piece.id])),
            Step::Need(name) => walk.supply(&kept.manifests[&name]).expect("the object is sound"),
            Step::Done => return bytes,
        }
    }
}

#[test]
fn what_was_packed_comes_back_whole_and_in_parts() {
    let bytes = noise(700_000);
    let (root, kept) = packed(&bytes, None);
    assert_eq!(root.len, 700_000);
    assert_eq!(unpacked(&root, &kept, 0, root.len), bytes);
    assert_eq!(unpacked(&root, &kept, 123_456, 345_678), bytes[123_456..345_678]);
}

#[test]
fn an_empty_object_comes_back_empty() {
    let (root, kept) = packed(&[], Code::new(1, 4, 6).ok());
    assert_eq!((root.len, kept.chunks.len(), kept.manifests.len()), (0, 0, 1));
    assert_eq!(unpacked(&root, &kept, 0, 0), []);
}

#[test]
fn a_coded_object_survives_the_loss_of_as_many_shards_a_group_as_it_has_parity() {
    let bytes = noise(300_000);
    let code = Code::new(1, 4, 6).expect("a code");
    let (root, mut kept) = packed(&bytes, Some(code));
    let coder = Coder::new(code).expect("the codec is known");
    let leaves: Vec<_> = kept.manifests.values().map(|bytes| Manifest::decode(bytes).expect("it is a manifest")).collect();
    for leaf in leaves.iter().filter(|leaf| leaf.level() == 0) {
        let (code, groups) = leaf.coded().expect("it is coded");
        for (group, chunks) in groups.iter().zip(super::super::groups_of(code, leaf.chunks().expect("level 0"))) {
            kept.chunks.remove(&chunks[0].id);
            kept.chunks.remove(&group.parity[1]);
            let lens: Vec<_> = chunks.iter().map(|chunk| leaf.stored_len(chunk)).collect();
            let zeros = core::iter::repeat_n(None, code.data() - chunks.len());
            let mut shards: Vec<_> = chunks.iter().map(|chunk| kept.chunks.get(&chunk.id).cloned()).chain(zeros).collect();
            shards.extend(group.parity.iter().map(|id| kept.chunks.get(id).cloned()));
            coder.rebuild(&lens, &mut shards).expect("two of six are lost");
            let first = shards[0].clone().expect("it is rebuilt");
            assert!(leaf.verify(&chunks[0], &first));
            kept.chunks.insert(chunks[0].id, first);
        }
    }
    assert_eq!(unpacked(&root, &kept, 0, root.len), bytes);
}

/// No cipher, but its output depends on the place and is longer by a tag, as that of a cipher.
fn toy(offset: u64, chunk: &[u8]) -> Vec<u8> {
    let tag = [offset.to_be_bytes(), (chunk.len() as u64).to_be_bytes()].concat();
    chunk.iter().map(|octet| octet ^ 0x5A).chain(tag).collect()
}

#[test]
fn names_and_parity_are_over_what_was_sealed() {
    let how = Encryption::new(Aead::ChaCha20Poly1305, NonceRule::Offset, vec![1]).expect("it stands in the table");
    let code = Code::new(1, 4, 6).expect("a code");
    let bytes = noise(100_000);
    let mut kept = Kept::default();
    let mut packer = Packer::sealing(Profile::Small, Some(code), how, Box::new(toy)).expect("the codec is known");
    packer.push(&bytes, |keep| kept.keep(keep)).expect("the object fits");
    let root = packer.finish(|keep| kept.keep(keep)).expect("the object fits");
    let leaf = Manifest::decode(&kept.manifests[&root.id]).expect("it is a manifest");
    let (coder, entries) = (Coder::new(code).expect("the codec is known"), leaf.chunks().expect("level 0"));
    let (_, groups) = leaf.coded().expect("it is coded");
    let mut offset = 0;
    for (group, chunks) in groups.iter().zip(super::super::groups_of(code, entries)) {
        let mut stored = Vec::new();
        for chunk in chunks {
            stored.push(toy(offset as u64, &bytes[offset..offset + chunk.len as usize]));
            offset += chunk.len as usize;
            assert!(stored.last().is_some_and(|stored| leaf.verify(chunk, stored) && kept.chunks[&chunk.id] == *stored));
        }
        let shards = coder.encode(&stored.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("at most k chunks");
        assert!(group.parity.iter().zip(&shards).all(|(id, shard)| id.is_of(shard)));
    }
    assert_eq!(offset, bytes.len());
}

#[test]
fn a_seal_that_adds_no_tag_is_noticed() {
    let how = Encryption::new(Aead::Aes256Gcm, NonceRule::Offset, vec![1]).expect("it stands in the table");
    let mut packer = Packer::sealing(Profile::Small, None, how, Box::new(|_, chunk| chunk.to_vec())).expect("it is not coded");
    packer.push(&[7; 100], |_| ()).expect("nothing is cut yet");
    assert_eq!(packer.finish(|_| ()), Err(BuildError::Flaw(Flaw::EntryLength { index: 0, len: 100 })));
}

#[test]
fn a_retired_algorithm_is_read_and_not_written() {
    let status = |revision| Status { revision, retired: &[(Aead::Aes128Gcm, 2)] };
    let write = |aead, revision| Encryption::to_write(aead, NonceRule::Offset, vec![1], &status(revision));
    assert_eq!(write(Aead::Aes128Gcm, 2), Err(Flaw::Retired(1)));
    let before = write(Aead::Aes128Gcm, 1).expect("it is in use yet");
    assert!(write(Aead::Aes256Gcm, 9).is_ok() && Encryption::to_write(Aead::Aes128Gcm, NonceRule::Offset, vec![1], &Status::NOW).is_ok());
    let body = Body::Chunks { entries: Vec::new(), coded: None };
    let written = Manifest::new(ChunkerId(2), body, Some(before)).expect("it keeps the rules").encode();
    assert!(Manifest::decode(&written).is_ok(), "what was written with it is read");
}
