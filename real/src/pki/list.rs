//! Lists of revocations as files: the octets of clause 13.3, and the issuer's Ed25519 signature of 64 octets after them.

use super::identity::Anchor;
use hypermesh_core::base::{Reader, Wire};
use hypermesh_core::stoq::certs::RevocationList;
use hypermesh_core::testing::Breach;
use rcgen::SigningKey;
use rustls::SignatureScheme;

/// Octets of a signature.
const SIGNATURE_LEN: usize = 64;
/// What is signed begins with this, so that no signature of another kind passes for one of a list.
const CONTEXT: &[u8] = b"HyperMesh STOQ 2026-11-22 list of revocations v1\0";

/// The list with its signature.
pub fn sign_list(list: &RevocationList, key: &impl SigningKey) -> Result<Vec<u8>, rcgen::Error> {
    let mut bytes = list.to_bytes();
    let signature = key.sign(&signed(&bytes))?;
    bytes.extend_from_slice(&signature);
    Ok(bytes)
}

/// The list of a file, if the anchor signed it and it is the anchor's own.
pub fn read_list(bytes: &[u8], anchor: &Anchor) -> Option<RevocationList> {
    let (said, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE_LEN)?)?;
    if !anchor.signed(SignatureScheme::ED25519, &signed(said), signature) && !Breach::TakeUnsignedList.is_on() {
        return None;
    }
    let mut reader = Reader::new(said);
    let list = RevocationList::decode(&mut reader).ok()?;
    (reader.is_empty() && list.issuer == anchor.id()).then_some(list)
}

fn signed(list: &[u8]) -> Vec<u8> {
    [CONTEXT, list].concat()
}
