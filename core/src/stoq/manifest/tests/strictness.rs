//! What is refused, and with which word.

use super::super::{Aead, Body, Code, ENTRIES_MAX, Encryption, Flaw, Manifest, NonceRule, OBJECT_LEN_MAX, SHARD_LEN_MAX};
use super::{entry, groups};
use crate::stoq::chunk::{ChunkerId, ManifestId, Profile};
use crate::stoq::manifest::{ChildEntry, ChunkEntry};

/// The bytes of a manifest of one chunk of 256 bytes, in parts that a test can replace.
fn parts() -> Vec<Vec<u8>> {
    let mut entries = vec![4, 0x81, 0x82, 0x58, 32];
    entries.extend([7; 32]);
    entries.extend([0x19, 1, 0]);
    vec![vec![0xa5], vec![0, 1], vec![1, 0], vec![2, 2], vec![3, 0x19, 1, 0], entries]
}

fn with(part: usize, bytes: &[u8]) -> Flaw {
    let mut parts = parts();
    parts[part] = bytes.to_vec();
    Manifest::decode(&parts.concat()).expect_err("it is refused").flaw
}

/// The entries' part with another length.
fn entries_with(head: &[u8], len: &[u8]) -> Vec<u8> {
    [&[4], head, &[0x58, 32], &[7; 32], len].concat()
}

#[test]
fn the_unchanged_bytes_are_a_manifest() {
    assert!(Manifest::decode(&parts().concat()).is_ok());
}

#[test]
fn what_has_a_shorter_form_is_refused() {
    for (part, bytes) in [
        (0, vec![0xb8, 5]),
        (1, vec![0x18, 0, 1]),
        (1, vec![0, 0x18, 1]),
        (2, vec![1, 0x19, 0, 0]),
        (3, vec![2, 0x1a, 0, 0, 0, 2]),
        (4, vec![3, 0x1b, 0, 0, 0, 0, 0, 0, 1, 0]),
        (5, entries_with(&[0x98, 1, 0x82], &[0x19, 1, 0])),
        (5, [&[4, 0x81, 0x82, 0x59, 0, 32], &[7; 32][..], &[0x19, 1, 0]].concat()),
    ] {
        assert_eq!(with(part, &bytes), Flaw::NotShortest, "{bytes:02x?}");
    }
}

#[test]
fn what_has_no_definite_length_is_refused() {
    assert_eq!(with(0, &[0xbf]), Flaw::Indefinite);
    assert_eq!(with(5, &[4, 0x9f]), Flaw::Indefinite);
    assert_eq!(with(5, &[4, 0x81, 0x82, 0x5f]), Flaw::Indefinite);
}

#[test]
fn floats_and_other_types_are_refused() {
    for float in [&[0xf9, 0, 0][..], &[0xfa, 0, 0, 0, 0], &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(with(4, &[&[3], float].concat()), Flaw::Float);
    }
    for other in [0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xf4, 0xf6, 0xf7, 0xff, 0x1c] {
        assert_eq!(with(4, &[3, other, 0, 0]), Flaw::WrongType("the total length"), "{other:02x}");
    }
    assert_eq!(with(0, &[0x85]), Flaw::WrongType("the manifest"));
    assert_eq!(with(1, &[0x61, b'0', 1]), Flaw::WrongType("a key"));
}

#[test]
fn keys_come_once_in_order_and_are_known() {
    assert_eq!(with(2, &[0, 1]), Flaw::DuplicateKey(0));
    let mut parts = parts();
    parts.swap(2, 3);
    assert_eq!(Manifest::decode(&parts.concat()).map_err(|refusal| refusal.flaw), Err(Flaw::UnsortedKey(1)));
    assert_eq!(with(5, &[7, 0]), Flaw::UnknownKey(7));
    assert_eq!(with(5, &[0x18, 200, 0]), Flaw::UnknownKey(200));
}

#[test]
fn every_field_must_be_there() {
    for (part, field) in [(1, "the version"), (2, "the level"), (3, "the chunker id"), (4, "the total length"), (5, "the entries")] {
        let mut parts = parts();
        parts[0] = vec![0xa4];
        parts.remove(part);
        assert_eq!(Manifest::decode(&parts.concat()).map_err(|refusal| refusal.flaw), Err(Flaw::Missing(field)));
    }
}

#[test]
fn a_refusal_says_where() {
    let mut parts = parts();
    parts[3] = vec![2, 0x18, 2];
    let refusal = Manifest::decode(&parts.concat()).expect_err("it is refused");
    assert_eq!((refusal.at, refusal.flaw), (6, Flaw::NotShortest));
    assert_eq!(refusal.to_string(), "a number is not in its shortest form (at octet 6)");
}

#[test]
fn versions_levels_and_sums_must_be_right() {
    assert_eq!(with(1, &[0, 2]), Flaw::Version(2));
    assert_eq!(with(2, &[1, 6]), Flaw::Level(6));
    assert_eq!(with(3, &[2, 0x1a, 0, 1, 0, 0]), Flaw::OutOfRange("the chunker id", 65_536));
    assert_eq!(with(4, &[3, 0x19, 1, 1]), Flaw::TotalLength { said: 257, summed: 256 });
    assert_eq!(with(4, &[3, 0x1b, 0x40, 0, 0, 0, 0, 0, 0, 0]), Flaw::OutOfRange("the total length", OBJECT_LEN_MAX + 1));
    assert_eq!(with(5, &entries_with(&[0x81, 0x83], &[0x19, 1, 0])), Flaw::Items("an entry", 3));
    assert_eq!(with(5, &[4, 0x81, 0x82, 0x41, 7, 0x19, 1, 0]), Flaw::OutOfRange("a name", 1));
}

#[test]
fn an_entry_count_beyond_the_limit_is_refused_before_anything_is_held() {
    assert_eq!(with(5, &[4, 0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Flaw::Entries(i64::MAX as u64));
    let leaf = |count: u64| {
        Manifest::new(Profile::Standard.chunker(), Body::Chunks { entries: (0..count).map(entry).collect(), coded: None }, None)
    };
    assert!(leaf(ENTRIES_MAX as u64).is_ok());
    assert_eq!(leaf(ENTRIES_MAX as u64 + 1), Err(Flaw::Entries(ENTRIES_MAX as u64 + 1)));
}

#[test]
fn an_entry_has_a_length_that_its_chunker_can_give() {
    let chunker = Profile::Standard.chunker();
    let of = |lens: &[u32]| {
        let entries = lens.iter().map(|len| ChunkEntry { len: *len, ..entry(1) }).collect();
        Manifest::new(chunker, Body::Chunks { entries, coded: None }, None)
    };
    let (min, max) = (Profile::Standard.min() as u32, Profile::Standard.max() as u32);
    assert!(of(&[min, max, 1]).is_ok());
    assert_eq!(of(&[0]), Err(Flaw::EntryLength { index: 0, len: 0 }));
    assert_eq!(of(&[min - 1, max]), Err(Flaw::EntryLength { index: 0, len: u64::from(min - 1) }));
    assert_eq!(of(&[max, max + 1]), Err(Flaw::EntryLength { index: 1, len: u64::from(max + 1) }));
}

#[test]
fn manifests_above_chunks_list_at_least_one_and_do_not_overflow() {
    let of = |level: u8, lens: &[u64]| {
        let entries = lens.iter().map(|len| ChildEntry { id: ManifestId([1; 32]), len: *len }).collect();
        Manifest::new(Profile::Small.chunker(), Body::Manifests { level, entries }, None)
    };
    assert!(of(5, &[OBJECT_LEN_MAX]).is_ok());
    assert_eq!(of(1, &[]), Err(Flaw::Entries(0)));
    assert_eq!(of(1, &[3, 0]), Err(Flaw::EntryLength { index: 1, len: 0 }));
    assert_eq!(of(1, &[1, OBJECT_LEN_MAX]), Err(Flaw::EntryLength { index: 1, len: OBJECT_LEN_MAX }));
    assert_eq!(of(1, &[1, u64::MAX]), Err(Flaw::EntryLength { index: 1, len: u64::MAX }));
    assert_eq!(of(0, &[1]), Err(Flaw::Level(0)));
    assert_eq!(of(6, &[1]), Err(Flaw::Level(6)));
}

#[test]
fn a_code_stays_within_its_codec() {
    for (codec, k, n) in [(0, 2, 3), (1, 0, 1), (1, 2, 2), (1, 2, 7), (1, 200, 256), (2, 1_025, 1_100)] {
        assert_eq!(Code::new(codec, k, n), Err(Flaw::Code { codec, data: k, total: n }));
    }
    for (codec, k, n) in [(1, 1, 2), (1, 1, 3), (1, 2, 6), (1, 200, 255), (2, 1_024, 3_072)] {
        assert!(Code::new(codec, k, n).is_ok());
    }
}

#[test]
fn groups_must_be_those_of_the_entries() {
    let code = Code::new(1, 4, 6).expect("a code");
    let entries: Vec<_> = (0..10).map(entry).collect();
    let of =
        |groups| Manifest::new(Profile::Standard.chunker(), Body::Chunks { entries: entries.clone(), coded: Some((code, groups)) }, None);
    let right = groups(code, &entries, None);
    assert_eq!(right.len(), 3);
    assert!(of(right.clone()).is_ok());
    assert_eq!(of(right[..2].to_vec()), Err(Flaw::Groups(2)));
    let spoils: [fn(&mut super::Group); 3] = [|group| group.shard_len += 64, |group| group.padding += 1, |group| group.parity.truncate(1)];
    for spoil in spoils {
        let mut groups = right.clone();
        spoil(&mut groups[2]);
        assert_eq!(of(groups), Err(Flaw::Group(2)));
    }
}

#[test]
fn a_shard_is_no_longer_than_a_chunk_may_be() {
    let code = Code::new(1, 1, 2).expect("a code");
    let encryption = Encryption::new(Aead::Aes128Gcm, NonceRule::Offset, vec![1]).expect("a known pair");
    let of = |len| {
        let entries = vec![ChunkEntry { len, ..entry(1) }];
        let coded = Some((code, groups(code, &entries, Some(&encryption))));
        Manifest::new(ChunkerId(0), Body::Chunks { entries, coded }, Some(encryption.clone())).map(drop)
    };
    assert_eq!(of(SHARD_LEN_MAX - 16), Ok(()));
    assert_eq!(of(SHARD_LEN_MAX - 15), Err(Flaw::Group(0)));
}

#[test]
fn a_code_has_no_place_above_the_chunks() {
    let mut parts = parts();
    parts[0] = vec![0xa6];
    parts[2] = vec![1, 1];
    parts.push(vec![5, 0x84, 1, 1, 2, 0x80]);
    assert_eq!(Manifest::decode(&parts.concat()).map_err(|refusal| refusal.flaw), Err(Flaw::Misplaced("the code")));
}

#[test]
fn a_repeated_nonce_needs_an_algorithm_that_stands_it() {
    let flaw = |aead, nonce, key: &[u8]| Encryption::of_numbers(aead, nonce, key).expect_err("it is refused");
    assert_eq!(flaw(1, 2, b"key"), Flaw::Encryption { aead: 1, nonce: 2 });
    assert_eq!(flaw(3, 1, b"key"), Flaw::Encryption { aead: 3, nonce: 1 });
    assert_eq!(flaw(1, 3, b"key"), Flaw::Encryption { aead: 1, nonce: 3 });
    assert_eq!(flaw(1, 1, b""), Flaw::OutOfRange("the length of the key id", 0));
    assert_eq!(flaw(1, 1, &[1; 33]), Flaw::OutOfRange("the length of the key id", 33));
    assert!(Encryption::new(Aead::Aes256GcmSiv, NonceRule::Zero, vec![1; 32]).is_ok());
}
