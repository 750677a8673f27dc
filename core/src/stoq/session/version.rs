//! Versions and code points that everything else is numbered by.
//!
//! A *major* version is a protocol of its own and has its own ALPN token; a *minor* version only adds what an older peer may ignore. The minor
//! version in use is the lower of the two that the sides offer.

use super::settings::Capabilities;
use crate::testing::Breach;

/// The major version of this implementation.
pub const MAJOR: u8 = 1;
/// The highest minor version of this implementation.
pub const MINOR: u32 = 0;
/// Majors that can be told on the wire: 1 to 32, one bit each.
pub const MAJORS_MAX: u8 = 32;

/// What this implementation speaks, for whoever asks it without a connection (R-17-08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The major version.
    pub major: u8,
    /// The highest minor version.
    pub minor: u32,
    /// All capabilities that a node of it can have.
    pub capabilities: Capabilities,
}

/// The words for capabilities, in the order of their bits.
const WORDS: [&str; 7] = ["put", "purge", "routes", "probes", "early", "erasure-1", "sealed"];

impl Spoken {
    /// What is spoken here.
    pub fn here() -> Self {
        let capabilities = if Breach::HideVersion.is_on() { Capabilities::default() } else { Capabilities::ALL };
        Self { major: MAJOR, minor: MINOR, capabilities }
    }
}

impl core::fmt::Display for Spoken {
    /// `stoq/1 minor 0 capabilities put purge`: what follows can be read by a program.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "stoq/{} minor {} capabilities", self.major, self.minor)?;
        let held = WORDS.iter().enumerate().filter(|(bit, _)| self.capabilities.has(Capabilities(1 << bit)));
        held.map(|(_, word)| word).try_for_each(|word| write!(f, " {word}"))
    }
}

/// The ALPN token of a major version (RFC 7301).
pub const fn alpn(major: u8) -> Option<&'static [u8]> {
    match major {
        1 => Some(b"stoq/1"),
        _ => None,
    }
}

/// The tokens that an endpoint offers in a handshake, and takes.
pub fn tokens() -> Vec<&'static [u8]> {
    if Breach::OfferOtherToken.is_on() {
        return vec![b"stoq/2"];
    }
    if Breach::GoOnWithoutToken.is_on() {
        return vec![b"stoq/1", b"stoq/2", b"stoq/99", b"h3"];
    }
    alpn(MAJOR).into_iter().collect()
}

/// The major version whose token a handshake chose, if it is one that this implementation speaks.
pub fn chosen(token: Option<&[u8]>) -> Option<u8> {
    (token.is_some() && token == alpn(MAJOR) || Breach::GoOnWithoutToken.is_on()).then_some(MAJOR)
}

/// The bit of a major version in the setting that lists them.
pub const fn major_bit(major: u8) -> u64 {
    if major == 0 || major > MAJORS_MAX { 0 } else { 1 << (major - 1) }
}

/// Whether an unknown code point (a frame type, a setting, a type of stream) must be understood. Odd ones must; even ones may be passed over.
pub fn is_critical(point: u64) -> bool {
    point & 1 == 1 || (is_grease(point) && Breach::RefuseGrease.is_on())
}

/// The `n`-th code point that never means anything and is sent so that peers keep passing over what they do not know. The idea is that of RFC 8701.
pub const fn grease(n: u64) -> u64 {
    // The bound keeps the product within a variable-length integer.
    (n & 0xFFFF_FFFF) * 32 + 30
}

/// Whether a code point is one of [`grease`].
pub const fn is_grease(point: u64) -> bool {
    point % 32 == 30
}
