//! Public logs of certificates: what they list, how they prove it, and who watches them.
//!
//! ```text
//!  certificate ─▶ Log: promise ─▶ merge ─▶ checkpoint (signed note) ──▶ Logs: does it follow from the one before?
//!                  └──▶ place and path ─▶ proof, shown in a handshake ──▶ Logs: enough logs, good signatures, a path to the root?
//! ```
//! The tree is that of RFC 9162 (Certificate Transparency, version 2), with SHA-256; a checkpoint has the form of a signed note, as transparency logs of
//! today publish them. Promises: a certificate for which there is a promise is shown within the merge delay of its log; a receiver believes a proof only
//! under a checkpoint that is signed by a log which it knows, which the issuer does not run, and which never contradicted itself.
//!
//! It lacks, on purpose, keys: who signs and who checks signatures is the driver's. It also lacks a driver: certificates, checkpoints and paths come from
//! and go to whoever carries them.

mod checkpoint;
mod operator;
mod receiver;
#[cfg(test)]
mod tests;
mod tree;

pub use checkpoint::{Checkpoint, Malformed, Note, Signature};
pub use operator::{Log, MERGE_DELAY_MAX, Promise};
pub use receiver::{Contradiction, Known, Logs, Proof, Sight, Signatures};
pub use tree::{Hash, Tree, consists, includes, leaf_hash, node_hash};

use super::certificate::Certificate;
use crate::base::Wire;

/// What a log lists of a certificate (clause 13.6): everything that a receiver judges, in one form whatever that of the certificate is.
pub fn entry(certificate: &Certificate) -> Vec<u8> {
    let Certificate { serial, issuer, name, roles, key, not_before, not_after, .. } = certificate;
    let mut out = [issuer.0, key.0].concat();
    [serial.0, not_before.0, not_after.0].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    out.push(roles.0);
    name.encode(&mut out);
    out
}
