//! Bytes and back.

use super::super::{Aead, Body, ENTRIES_MAX, Encryption, Flaw, MANIFEST_LEN_MAX, Manifest, NonceRule};
use super::{any_manifest, entry, groups};
use crate::stoq::chunk::{ChunkId, ChunkerId, ManifestId, Profile};
use crate::stoq::manifest::{ChunkEntry, Code};
use proptest::prelude::*;

#[test]
fn the_manifest_of_an_empty_object_is_eleven_octets() {
    let body = Body::Chunks { entries: vec![], coded: None };
    let manifest = Manifest::new(Profile::Standard.chunker(), body, None).expect("an object may be empty");
    assert_eq!(manifest.encode(), [0xa5, 0, 1, 1, 0, 2, 2, 3, 0, 4, 0x80]);
    assert!(manifest.is_empty());
    assert_eq!(manifest.id(), ManifestId::of(&manifest.encode()));
}

#[test]
fn a_small_manifest_is_pinned() {
    let entries = vec![ChunkEntry { id: ChunkId([7; 32]), len: 300 }];
    let code = Code::new(1, 2, 3).expect("a code");
    let encryption = Encryption::new(Aead::Aes256GcmSiv, NonceRule::Zero, b"key".to_vec()).expect("a nonce of zero suits it");
    let coded = Some((code, vec![super::Group { shard_len: 320, padding: 324, parity: vec![ChunkId([9; 32])] }]));
    let manifest =
        Manifest::new(Profile::Standard.chunker(), Body::Chunks { entries, coded }, Some(encryption)).expect("it keeps the rules");
    let mut wanted = vec![0xa7, 0, 1, 1, 0, 2, 2, 3, 0x19, 0x01, 0x2c, 4, 0x81, 0x82, 0x58, 32];
    wanted.extend([7; 32]);
    wanted.extend([0x19, 0x01, 0x2c, 5, 0x84, 1, 2, 3, 0x81, 0x83, 0x19, 0x01, 0x40, 0x19, 0x01, 0x44, 0x81, 0x58, 32]);
    wanted.extend([9; 32]);
    wanted.extend([6, 0x83, 0x18, 31, 2, 0x43, b'k', b'e', b'y']);
    assert_eq!(manifest.encode(), wanted);
    assert_eq!(Manifest::decode(&wanted), Ok(manifest.clone()));
    assert_eq!(manifest.encryption().expect("it is sealed").associated_data(), [0x83, 0x18, 31, 2, 0x43, b'k', b'e', b'y']);
}

#[test]
fn the_largest_manifest_fits() {
    let entries: Vec<_> = (0..ENTRIES_MAX as u64).map(|i| ChunkEntry { len: (1 << 20) - 16, ..entry(i) }).collect();
    let code = Code::new(1, 1, 3).expect("the code with the most parity names");
    let encryption = Encryption::new(Aead::ChaCha20Poly1305, NonceRule::Offset, vec![1; 32]).expect("a known pair");
    let coded = Some((code, groups(code, &entries, Some(&encryption))));
    let manifest = Manifest::new(ChunkerId(9), Body::Chunks { entries, coded }, Some(encryption)).expect("it keeps the rules");
    let bytes = manifest.encode();
    assert!(bytes.len() <= MANIFEST_LEN_MAX, "{} octets", bytes.len());
    assert_eq!(Manifest::decode(&bytes), Ok(manifest));
    assert_eq!(Manifest::decode(&vec![0; MANIFEST_LEN_MAX + 1]).map_err(|refusal| refusal.flaw), Err(Flaw::TooLong(MANIFEST_LEN_MAX + 1)));
}

#[test]
fn bytes_with_another_name_are_the_sources_fault() {
    let body = Body::Chunks { entries: vec![entry(1)], coded: None };
    let manifest = Manifest::new(Profile::Standard.chunker(), body, None).expect("it keeps the rules");
    let bytes = manifest.encode();
    assert_eq!(Manifest::decode_named(&bytes, &manifest.id()), Ok(manifest));
    let wrong = Manifest::decode_named(&bytes, &ManifestId([0; 32])).map_err(|refusal| refusal.flaw);
    assert_eq!(wrong, Err(Flaw::WrongName));
}

#[test]
fn a_chunk_is_believed_only_with_its_length_and_name() {
    let bytes = vec![5; 5_000];
    let entry = ChunkEntry { id: ChunkId::of(&bytes), len: 5_000 };
    let body = Body::Chunks { entries: vec![entry], coded: None };
    let manifest = Manifest::new(Profile::Standard.chunker(), body, None).expect("it keeps the rules");
    assert!(manifest.verify(&entry, &bytes));
    assert!(!manifest.verify(&entry, &bytes[1..]));
    assert!(!manifest.verify(&entry, &[6; 5_000]));
}

#[test]
fn a_sealed_chunk_is_longer_by_its_tag_and_its_nonce_follows_its_offset() {
    let encryption = Encryption::new(Aead::Aes128Gcm, NonceRule::Offset, vec![1]).expect("a known pair");
    assert_eq!(encryption.nonce(0x0102), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    let body = Body::Chunks { entries: vec![entry(1)], coded: None };
    let manifest = Manifest::new(Profile::Standard.chunker(), body, Some(encryption)).expect("it keeps the rules");
    assert_eq!(manifest.stored_len(&entry(1)), entry(1).len + 16);
    let zero = Encryption::new(Aead::Aes128GcmSiv, NonceRule::Zero, vec![1]).expect("a known pair");
    assert_eq!(zero.nonce(77), [0; 12]);
}

proptest! {
    #[test]
    fn any_manifest_survives_the_wire(manifest in any_manifest()) {
        prop_assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
    }

    #[test]
    fn no_bytes_can_hurt(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(manifest) = Manifest::decode(&bytes) {
            prop_assert_eq!(manifest.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_octet_is_refused_or_is_another_manifest_in_its_only_form(manifest in any_manifest(), at: prop::sample::Index, to: u8) {
        let mut bytes = manifest.encode();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(other) = Manifest::decode(&bytes) {
            prop_assert_eq!(other.encode(), bytes);
        }
    }

    #[test]
    fn a_cut_off_or_lengthened_manifest_is_refused(manifest in any_manifest(), at: prop::sample::Index) {
        let mut bytes = manifest.encode();
        let shorter = &bytes[..at.index(bytes.len())];
        prop_assert_eq!(Manifest::decode(shorter).map_err(|refusal| refusal.flaw), Err(Flaw::Truncated));
        bytes.push(0);
        prop_assert_eq!(Manifest::decode(&bytes).map_err(|refusal| refusal.flaw), Err(Flaw::Trailing));
    }
}
