//! `seal`: descriptor, key, offset and octets to the sealed chunk (clause 9.5). Core says nonce and associated data, and leaves the cipher to a library: here
//! it is that of ring, which has three of the five algorithms.

use super::cbor::descriptor;
use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, formula, hex, unhex};
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId};
use hypermesh_core::stoq::manifest::{Aead, Body, Encryption, Manifest, NonceRule};
use hypermesh_core::stoq::session::Code;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    aead: u16,
    nonce_rule: u16,
    key_id: String,
    key: String,
    /// Of the chunk in the object.
    offset: u64,
    octets: Octets,
}

#[derive(Serialize)]
struct Output {
    associated_data: String,
    nonce: String,
    /// The first and the last 16 octets, of which the latter are the tag.
    begin: String,
    end: String,
    /// The name of the sealed chunk.
    chunk: String,
}

pub(super) fn make(maker: &mut Maker) {
    for (name, aead, key_octets) in [("aes-128-gcm", 1, 16), ("aes-256-gcm", 2, 32), ("chacha20-poly1305", 29, 32)] {
        for (case, offset, length) in [
            ("one-octet", 0, 1),
            ("fifteen-octets", 0, 15),
            ("a-block", 16_384, 16),
            ("at-an-offset", 4_294_967_296, 5_000),
            ("farthest", (1 << 62) - 2, 1),
        ] {
            let octets = Octets::Formula { seed: 90, length };
            add(maker, &format!("{name}-{case}"), aead, &formula(91, key_octets), b"key 7", offset, octets);
        }
        add(maker, &format!("{name}-shortest-key-id"), aead, &formula(92, key_octets), &[0], 64, Octets::Same { octet: 0, length: 64 });
        add(
            maker,
            &format!("{name}-longest-key-id"),
            aead,
            &formula(93, key_octets),
            &[255; 32],
            64,
            Octets::Same { octet: 255, length: 65 },
        );
    }
    for (case, aead, nonce_rule) in [("rule-2-with-aes-128-gcm", 1, 2), ("rule-2-with-chacha", 29, 2), ("rule-0", 2, 0), ("unlisted", 3, 1)]
    {
        let (key_id, key) = (hex(b"k"), hex([7; 32]));
        let input = Input { aead, nonce_rule, key_id, key, offset: 0, octets: Octets::hex([1]) };
        maker.add(case, &["R-9-18"], input, Outcome::error(Code::ManifestInvalid));
    }
}

fn add(maker: &mut Maker, case: &str, aead: u16, key: &[u8], key_id: &[u8], offset: u64, octets: Octets) {
    let content = octets.resolve("", None).expect("no file");
    let associated = descriptor(aead.into(), 1, key_id).0;
    let nonce = u128::from(offset).to_be_bytes()[4..].try_into().expect("twelve octets");
    let sealed = sealed(aead, key, nonce, &associated, content).expect("ring has the algorithm");
    let output = Output {
        associated_data: hex(&associated),
        nonce: hex(nonce),
        begin: hex(&sealed[..16]),
        end: hex(&sealed[sealed.len() - 16..]),
        chunk: hex(blake3::derive_key("HyperMesh STOQ 2026-11-22 chunk v1", &sealed)),
    };
    let input = Input { aead, nonce_rule: 1, key_id: hex(key_id), key: hex(key), offset, octets };
    maker.add(case, &["R-9-15", "R-9-16"], input, Outcome::output(output));
}

/// The octets sealed by ring; none if it has no such algorithm or the key has another length.
fn sealed(aead: u16, key: &[u8], nonce: [u8; 12], associated: &[u8], mut octets: Vec<u8>) -> Option<Vec<u8>> {
    let algorithm = match aead {
        1 => &AES_128_GCM,
        2 => &AES_256_GCM,
        29 => &CHACHA20_POLY1305,
        _ => return None,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut octets).ok()?;
    Some(octets)
}

/// The descriptor with these numbers, as core reads it from a manifest.
fn read(input: &Input) -> Result<Option<Encryption>, String> {
    let key_id = unhex(&input.key_id).ok_or("the key id is not hexadecimal")?;
    let plain = Manifest::new(ChunkerId(0), Body::Chunks { entries: Vec::new(), coded: None }, None).map_err(|flaw| flaw.to_string())?;
    let mut octets = plain.encode();
    octets[0] += 1;
    octets.push(6);
    octets.extend_from_slice(&descriptor(input.aead.into(), input.nonce_rule.into(), &key_id).0);
    Ok(Manifest::decode(&octets).ok().and_then(|manifest| manifest.encryption().cloned()))
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let (content, key) = (vector.resolve(&input.octets)?, unhex(&input.key).ok_or("the key is not hexadecimal")?);
    let Some(encryption) = read(&input)? else { return Ok(Outcome::error(Code::ManifestInvalid)) };
    let known = [Aead::Aes128Gcm, Aead::Aes256Gcm, Aead::ChaCha20Poly1305].contains(&encryption.aead());
    if !known || encryption.nonce_rule() != NonceRule::Offset {
        return Err("no cipher is at hand for it".to_owned());
    }
    let (nonce, associated) = (encryption.nonce(input.offset), encryption.associated_data());
    let sealed = sealed(input.aead, &key, nonce, &associated, content).ok_or("the key does not have the length of its algorithm")?;
    let (begin, end) = (hex(&sealed[..16]), hex(&sealed[sealed.len() - 16..]));
    Ok(Outcome::output(Output { associated_data: hex(&associated), nonce: hex(nonce), begin, end, chunk: hex(ChunkId::of(&sealed).0) }))
}
