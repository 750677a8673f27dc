//! `name`: octets to the digests that name them (clause 9.2).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, hex};
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId, NameKey};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
}

/// The digest over the octets as each of the three; as a name only where they are UTF-8.
#[derive(Serialize)]
struct Output {
    chunk: String,
    manifest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Texts that have something about them: normal forms, cases and slashes that are told apart, and more than one octet a letter.
const TEXTS: [(&str, &str); 12] = [
    ("letter", "a"),
    ("path", "a/b"),
    ("path-with-slash", "a/b/"),
    ("root", "/"),
    ("capital", "A/b"),
    ("composed", "caf\u{e9}"),
    ("decomposed", "cafe\u{301}"),
    ("four-octets-a-letter", "\u{1f30d}"),
    ("right-to-left", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}"),
    ("blank", " "),
    ("zero", "\u{0}"),
    ("sentence", "the quick brown fox jumps over the lazy dog"),
];

pub(super) fn make(maker: &mut Maker) {
    add(maker, "nothing", Octets::hex([]), b"");
    for (case, text) in TEXTS {
        add(maker, case, Octets::hex(text), text.as_bytes());
    }
    let empty = [0xa5, 0, 1, 1, 0, 2, 2, 3, 0, 4, 0x80];
    add(maker, "manifest-of-an-empty-object", Octets::hex(empty), &empty);
    // Around the block of 64 octets, the chunk of 1,024 and the trees of BLAKE3.
    for length in [31, 32, 63, 64, 65, 1_023, 1_024, 1_025, 2_048, 3_072, 16_384, 65_537, 1_048_576] {
        let seed = 7;
        add(maker, &format!("stream-of-{length}"), Octets::Formula { seed, length }, &super::formula(seed, length as usize));
    }
    for (octet, length) in [(0, 4_096), (255, 1_000)] {
        let octets = vec![octet; length as usize];
        add(maker, &format!("octet-{octet}-{length}-times"), Octets::Same { octet, length }, &octets);
    }
}

fn add(maker: &mut Maker, case: &str, octets: Octets, content: &[u8]) {
    let derive = |context| hex(blake3::derive_key(context, content));
    let output = Output {
        chunk: derive("HyperMesh STOQ 2026-11-22 chunk v1"),
        manifest: derive("HyperMesh STOQ 2026-11-22 manifest v1"),
        name: core::str::from_utf8(content).ok().map(|_| derive("HyperMesh STOQ 2026-11-22 name v1")),
    };
    maker.add(case, &["R-9-07", "R-9-08"], Input { octets }, Outcome::output(output));
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let octets = vector.resolve(&vector.read::<Input>()?.octets)?;
    Ok(Outcome::output(Output {
        chunk: hex(ChunkId::of(&octets).0),
        manifest: hex(ManifestId::of(&octets).0),
        name: core::str::from_utf8(&octets).ok().map(|text| hex(NameKey::of(text).0)),
    }))
}
