//! Versions and code points that everything else is numbered by.
//!
//! A *major* version is a protocol of its own and has its own ALPN token; a *minor* version only adds what an older peer may ignore. The minor
//! version in use is the lower of the two that the sides offer.

/// The major version of this implementation.
pub const MAJOR: u8 = 1;
/// The highest minor version of this implementation.
pub const MINOR: u32 = 0;
/// Majors that can be told on the wire: 1 to 32, one bit each.
pub const MAJORS_MAX: u8 = 32;

/// The ALPN token of a major version (RFC 7301).
pub const fn alpn(major: u8) -> Option<&'static [u8]> {
    match major {
        1 => Some(b"stoq/1"),
        _ => None,
    }
}

/// The bit of a major version in the setting that lists them.
pub const fn major_bit(major: u8) -> u64 {
    if major == 0 || major > MAJORS_MAX { 0 } else { 1 << (major - 1) }
}

/// Whether an unknown code point (a frame type, a setting, a type of stream) must be understood. Odd ones must; even ones may be passed over.
pub const fn is_critical(point: u64) -> bool {
    point & 1 == 1
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
