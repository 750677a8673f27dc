//! What both sides hold for agreed, in 32 bytes.
//!
//! Each side hashes the version in use and the settings of both, under a key made from the exporter of the TLS connection (RFC 8446, clause 7.5), and
//! tells the result. So whoever changes the settings of either side on the way, and does not hold the keys of that very connection, is found out;
//! so is whoever relays between two connections, since their exporters differ. Each side's own label keeps one from answering with the other's words.

use super::settings::Settings;
use super::stream::Side;
use super::version;
use crate::base::Wire;
use crate::testing::Breach;

/// Bytes of an exporter.
pub const EXPORTER_BYTES: usize = 32;
/// The label under which the driver exports keying material, with an empty context.
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-stoq-settings";

/// The context under which the exporter becomes a key of BLAKE3.
const KEY_CONTEXT: &str = "stoq/1 2026-11-22 confirmation of the settings of both sides";

/// The confirmation that `speaker` sends.
pub fn confirmation(speaker: Side, major: u8, exporter: &[u8; EXPORTER_BYTES], client: &Settings, server: &Settings) -> [u8; 32] {
    let exporter = if Breach::ConfirmWithoutExporter.is_on() { &[0; EXPORTER_BYTES] } else { exporter };
    let key = blake3::derive_key(KEY_CONTEXT, exporter);
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(match speaker {
        Side::Client => b"client",
        Side::Server => b"server",
    });
    let alpn = version::alpn(major).unwrap_or_default();
    for part in [alpn, &client.to_bytes(), &server.to_bytes()] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Whether two confirmations are equal, in time that does not depend on where they differ.
pub fn agree(one: &[u8; 32], other: &[u8; 32]) -> bool {
    blake3::Hash::from_bytes(*one) == blake3::Hash::from_bytes(*other)
}
