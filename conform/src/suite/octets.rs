//! Octets as the tester makes them: also those that no encoder of frames would make.
//!
//! Written from clause 6 alone and not with the encoders of core, so that an encoder that is wrong is not compared with itself.

/// A varint in its shortest form (RFC 9000, clause 16).
pub fn varint(value: u64) -> Vec<u8> {
    let len = match value {
        0..=0x3f => 1,
        0x40..=0x3fff => 2,
        0x4000..=0x3fff_ffff => 4,
        _ => 8,
    };
    varint_in(value, len)
}

/// A varint in a form of 1, 2, 4 or 8 octets, too long perhaps.
pub fn varint_in(value: u64, len: usize) -> Vec<u8> {
    let mut octets = value.to_be_bytes()[8 - len..].to_vec();
    octets[0] |= (len.trailing_zeros() as u8) << 6;
    octets
}

/// A frame: type, length, payload.
pub fn frame(kind: u64, payload: &[u8]) -> Vec<u8> {
    [varint(kind), varint(payload.len() as u64), payload.to_vec()].concat()
}

/// The payload of `Settings` with these pairs, in this order.
pub fn settings(pairs: &[(u64, u64)]) -> Vec<u8> {
    pairs.iter().flat_map(|(number, value)| [varint(*number), varint(*value)].concat()).collect()
}

/// A text with its length before it.
pub fn text(text: &[u8]) -> Vec<u8> {
    [varint(text.len() as u64), text.to_vec()].concat()
}

/// Octet `i` of the stream with seed `s` is octet `i mod 32` of the BLAKE3 digest of `s` and `i div 32`, each as a fixed integer of 8 octets (Annex D).
pub fn formula(seed: u64, len: usize) -> Vec<u8> {
    let block = |index: u64| *blake3::hash(&[seed.to_be_bytes(), index.to_be_bytes()].concat()).as_bytes();
    (0..len.div_ceil(32) as u64).flat_map(block).take(len).collect()
}
