//! The text of the standard and the constants are one.

use super::super::{
    Aead, CODEC_LEOPARD, CODEC_REED_SOLOMON, ENTRIES_MAX, Encryption, KEY_ID_LEN_MAX, LEVEL_MAX, MANIFEST_LEN_MAX, NonceRule,
    OBJECT_LEN_MAX, SHARD_LEN_MAX,
};
use crate::stoq::chunk::{CHUNK_LEN_MAX, ChunkId, ManifestId, NameKey, Profile};

const CONTENT: &str = include_str!("../../../../../docs/standard/09-content.md");

/// The cells of the row whose first cell is this, without backquotes.
fn row(first: &str) -> Vec<String> {
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>();
    let mut rows = CONTENT.lines().filter(|line| line.starts_with('|')).map(cells).filter(|row| row[0] == first);
    let found = rows.next().unwrap_or_else(|| panic!("there is a row for {first}"));
    assert_eq!(rows.next(), None, "{first} has one row");
    found
}

#[test]
fn profiles_are_those_of_the_table() {
    for profile in Profile::ALL {
        let (strict, loose) = profile.masks();
        let numbers = [profile.chunker().0 as usize, profile.min(), profile.avg(), profile.max()].map(|number| number.to_string());
        let mut wanted = vec![profile.name().to_string()];
        wanted.extend(numbers);
        wanted.extend([format!("{strict:#018x}"), format!("{loose:#018x}")]);
        assert_eq!(row(profile.name()), wanted);
    }
}

#[test]
fn names_are_derived_with_the_contexts_of_the_table() {
    assert_eq!(ChunkId::of(b"x").0, blake3::derive_key(&row("chunk, parity shard")[1], b"x"));
    assert_eq!(ManifestId::of(b"x").0, blake3::derive_key(&row("manifest")[1], b"x"));
    assert_eq!(NameKey::of("x").0, blake3::derive_key(&row("name that people give")[1], b"x"));
}

#[test]
fn limits_are_those_of_the_table() {
    for (limit, value) in [
        ("octets of a manifest", MANIFEST_LEN_MAX as u64),
        ("entries of a manifest", ENTRIES_MAX as u64),
        ("highest level", LEVEL_MAX.into()),
        ("octets of an object", OBJECT_LEN_MAX),
        ("octets of a chunk, before sealing", CHUNK_LEN_MAX.into()),
        ("octets of a shard", SHARD_LEN_MAX.into()),
        ("octets of a key id", KEY_ID_LEN_MAX as u64),
    ] {
        assert_eq!(row(limit)[1], value.to_string(), "{limit}");
    }
    assert_eq!(row("Reed-Solomon, GF(2^8)")[1], CODEC_REED_SOLOMON.to_string());
    assert_eq!(row("Reed-Solomon, GF(2^16)")[1], CODEC_LEOPARD.to_string());
}

#[test]
fn algorithms_and_their_nonce_rules_are_those_of_the_table() {
    for aead in [Aead::Aes128Gcm, Aead::Aes256Gcm, Aead::ChaCha20Poly1305, Aead::Aes128GcmSiv, Aead::Aes256GcmSiv] {
        let row = row(&format!("{aead:?}"));
        assert_eq!(row[1], (aead as u16).to_string());
        for rule in [NonceRule::Offset, NonceRule::Zero] {
            let listed = row[3].split(", ").any(|listed| listed == (rule as u16).to_string());
            assert_eq!(Encryption::new(aead, rule, vec![1]).is_ok(), listed, "{aead:?} with {rule:?}");
        }
    }
}
