//! `manifest`: octets to the fields of a manifest (clause 9.3).

mod valid;
mod wrong;

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, fixed, hex};
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::manifest::{Body, Flaw, Manifest};
use hypermesh_core::stoq::session::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
    /// The digest under which it was asked for, if that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

pub(super) fn make(maker: &mut Maker) {
    valid::make(maker);
    wrong::make(maker);
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let octets = vector.resolve(&input.octets)?;
    let read = match &input.digest {
        Some(digest) => Manifest::decode_named(&octets, &ManifestId(fixed(digest)?)),
        None => Manifest::decode(&octets),
    };
    match read {
        Err(refusal) => {
            let (code, broken) = meaning(&refusal.flaw);
            match vector.requirements.iter().any(|id| broken.contains(&id.as_str())) {
                true => Ok(Outcome::error(code)),
                false => Err(format!("core refuses it for another requirement: {refusal}")),
            }
        }
        Ok(manifest) if manifest.encode() != octets => Ok(Outcome::Error("written otherwise than read".to_owned())),
        Ok(manifest) => Ok(Outcome::Output(shown(&manifest))),
    }
}

/// The error of a flaw, and the requirements of which one is broken: the table of clause 9.6.
pub(super) const fn meaning(flaw: &Flaw) -> (Code, &'static [&'static str]) {
    let broken: &[&str] = match flaw {
        Flaw::WrongName => return (Code::ContentMismatch, &["R-9-08"]),
        Flaw::TooLong(_) | Flaw::Level(_) => &["R-9-13"],
        Flaw::Entries(_) => &["R-9-09", "R-9-13"],
        Flaw::Truncated | Flaw::Trailing | Flaw::NotShortest | Flaw::Indefinite | Flaw::UnsortedKey(_) => &["R-9-10"],
        Flaw::Float => &["R-6-14"],
        Flaw::DuplicateKey(_) | Flaw::UnknownKey(_) => &["R-6-12"],
        Flaw::WrongType(_) | Flaw::OutOfRange(..) | Flaw::Items(..) | Flaw::Missing(_) | Flaw::Misplaced(_) | Flaw::Version(_) => {
            &["R-9-09", "R-9-14"]
        }
        Flaw::EntryLength { .. } => &["R-9-02", "R-9-11", "R-9-13"],
        Flaw::TotalLength { .. } => &["R-9-12"],
        Flaw::Code { .. } | Flaw::Groups(_) | Flaw::Group(_) => &["R-9-14"],
        Flaw::Encryption { .. } => &["R-9-18"],
        Flaw::Retired(_) => &["R-9-17"],
    };
    (Code::ManifestInvalid, broken)
}

fn shown(manifest: &Manifest) -> Value {
    let entries: Vec<(String, u64)> = match manifest.body() {
        Body::Chunks { entries, .. } => entries.iter().map(|entry| (hex(entry.id.0), u64::from(entry.len))).collect(),
        Body::Manifests { entries, .. } => entries.iter().map(|entry| (hex(entry.id.0), entry.len)).collect(),
    };
    let mut shown = json!({
        "digest": hex(manifest.id().0),
        "level": manifest.level(),
        "chunker": manifest.chunker().0,
        "length": manifest.len(),
        "entries": entries,
    });
    if let Some((code, groups)) = manifest.coded() {
        let groups: Vec<Value> = groups
            .iter()
            .map(|group| {
                let parity: Vec<String> = group.parity.iter().map(|id| hex(id.0)).collect();
                json!({ "shard_length": group.shard_len, "padding": group.padding, "parity": parity })
            })
            .collect();
        shown["coded"] = json!({ "codec": code.codec(), "k": code.data(), "n": code.total(), "groups": groups });
    }
    if let Some(sealed) = manifest.encryption() {
        let (aead, rule) = (sealed.aead() as u16, sealed.nonce_rule() as u16);
        shown["encryption"] = json!({ "aead": aead, "nonce_rule": rule, "key_id": hex(sealed.key_id()) });
    }
    shown
}
