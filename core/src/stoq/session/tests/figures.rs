//! The figures of the session, each once more as a number: what is derived from others, or shifted, is what the text says.

use crate::base::WireError;
use crate::base::wire::{Reader, VARINT_MAX, put_varint};
use crate::stoq::certs::log::MERGE_DELAY_MAX;
use crate::stoq::manifest::{LEVEL_MAX, MANIFEST_LEN_MAX, OBJECT_LEN_MAX};
use crate::stoq::session::exchange::Exchange;
use crate::stoq::session::frame::{self, Kind};
use crate::stoq::session::limits::*;
use crate::stoq::session::reader::FrameReader;
use crate::stoq::session::version::major_bit;
use crate::stoq::session::{Capabilities, FrameLimits, Roles, Session};

#[test]
fn limits_are_what_they_were_agreed_to_be() {
    assert_eq!((HEAD_BYTES_MAX, UNKNOWN_BYTES_MAX), (4_096, 16_384));
    assert_eq!((MANIFEST_BYTES_MAX, CHUNK_BYTES_MAX), (131_072, 1_048_592));
    assert_eq!(EARLY_WINDOW_BYTES, 65_536);
    assert_eq!(VARINT_MAX, 4_611_686_018_427_387_903);
    assert_eq!((OBJECT_LEN_MAX, MANIFEST_LEN_MAX, LEVEL_MAX), (VARINT_MAX, 131_072, 5));
    assert_eq!(MERGE_DELAY_MAX.0, 86_400_000_000_000);
}

#[test]
fn capabilities_and_roles_have_the_bits_of_the_text() {
    use Capabilities as C;
    let capabilities = [C::PUT, C::PURGE, C::ROUTES, C::PROBES, C::EARLY, C::ERASURE_1, C::SEALED];
    assert_eq!(capabilities.map(|one| one.0), [1, 2, 4, 8, 16, 32, 64]);
    let roles = [Roles::CLIENT, Roles::EDGE, Roles::REGIONAL, Roles::ORIGIN, Roles::ROUTER, Roles::LOG, Roles::PUBLISHER];
    assert_eq!(roles.map(|one| one.0), [1, 2, 4, 8, 16, 32, 64]);
}

#[test]
fn majors_that_there_are_have_a_bit_each() {
    assert_eq!([0, 1, 2, 3, 32, 33, 255].map(major_bit), [0, 1, 2, 4, 0x8000_0000, 0, 0]);
}

#[test]
fn what_a_stranger_can_make_a_session_hold_is_the_sum_of_its_parts() {
    let reader = size_of::<FrameReader>() + 4_096;
    let exchange = size_of::<(u64, Exchange)>();
    let mut parts = vec![size_of::<Session>()];
    parts.extend([8; 16]);
    parts.extend([8 + reader; 3]);
    parts.extend([16; 64]);
    parts.extend([exchange + reader; 16]);
    parts.extend([exchange; 22]);
    assert_eq!(UNAUTHENTICATED_OWN_BYTES, parts.iter().sum::<usize>());
    assert_eq!(UNAUTHENTICATED_BYTES, UNAUTHENTICATED_OWN_BYTES + 65_536);
}

/// Whether a receiver with these limits goes on reading a frame of this kind after a length.
fn bears(kind: Kind, length: u32, limits: FrameLimits) -> bool {
    let mut head = Vec::new();
    put_varint(&mut head, kind as u64);
    put_varint(&mut head, u64::from(length));
    match frame::decode(&mut Reader::new(&head), &limits) {
        Err(WireError::Truncated) => true,
        Err(WireError::OutOfRange(_)) => false,
        other => panic!("nothing but a head was there: {other:?}"),
    }
}

#[test]
fn a_frame_with_data_may_be_longer_than_them_by_a_digest_flags_and_five_integers() {
    let limits = FrameLimits { chunk_bytes: 70_000, manifest_bytes: 30_000 };
    for (kind, data) in [(Kind::Chunk, 70_000), (Kind::Manifest, 30_000)] {
        assert!(bears(kind, data + 73, limits), "{kind:?}");
        assert!(!bears(kind, data + 74, limits), "{kind:?}");
    }
}
