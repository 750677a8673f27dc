//! Any frame, for property tests.

use crate::base::wire::VARINT_MAX;
use crate::base::{Span, Wire};
use crate::stoq::routing::{Accuracy, LIFE_MAX, Position};
use crate::stoq::session::frame::request::{COPIES_MAX, RETRY_MILLIS_MAX};
use crate::stoq::session::frame::{advert::HOPS_MAX, advert::LIFE_MILLIS_MAX, *};
use crate::stoq::session::limits::*;
use crate::stoq::session::settings::Settings;
use crate::stoq::session::version::is_critical;
use proptest::collection::vec;
use proptest::prelude::*;

/// An integer of any length on the wire.
fn varint() -> impl Strategy<Value = u64> {
    prop_oneof![0..64u64, 0..1u64 << 14, 0..1u64 << 30, 0..=VARINT_MAX]
}

fn id() -> impl Strategy<Value = ContentId> {
    any::<[u8; 32]>().prop_map(ContentId)
}

fn name() -> impl Strategy<Value = Name> {
    "[a-zA-Z0-9/ äß語.-]{1,60}".prop_map(|text| Name::new(&text).expect("letters and slashes are a name"))
}

fn range() -> impl Strategy<Value = Option<Range>> {
    proptest::option::of((varint(), varint()).prop_map(|(start, bytes)| {
        let start = start.min(VARINT_MAX - 1);
        Range::new(start, bytes.clamp(1, VARINT_MAX - start)).expect("it ends in bounds")
    }))
}

fn settings() -> impl Strategy<Value = Settings> {
    vec((varint(), varint()), 0..SETTINGS_MAX)
        .prop_map(|pairs| pairs.into_iter().fold(Settings::default(), |settings, (number, value)| settings.with_number(number, value)))
}

fn requests() -> impl Strategy<Value = Frame> {
    let get_name = (name(), range(), any::<[bool; 2]>(), varint(), varint(), proptest::option::of(varint())).prop_map(
        |(name, range, [manifest_only, from_origin], version_min, age_millis_max, known)| {
            Frame::GetName(Box::new(GetName { name, range, manifest_only, version_min, age_millis_max, from_origin, known }))
        },
    );
    let want = (any::<bool>(), vec(id(), 1..=WANT_MAX)).prop_map(|(send, ids)| Frame::Want(Want { send, ids: ids.into() }));
    let put = (name(), varint(), varint(), 1..=COPIES_MAX)
        .prop_map(|(name, version, bytes, copies)| Frame::Put(Box::new(Put { name, version, bytes, copies })));
    prop_oneof![
        get_name,
        (id(), range()).prop_map(|(id, range)| Frame::GetId(Box::new(GetId { id, range }))),
        want,
        put,
        (name(), any::<bool>(), varint()).prop_map(|(name, below, version)| Frame::Purge(Box::new(Purge { name, below, version }))),
        (0..60u8, 1..=60u8).prop_map(|(first, count)| Frame::Cancel(Cancel { first, count })),
    ]
}

fn word() -> impl Strategy<Value = Word> {
    (any::<[bool; 2]>(), [varint(), varint(), varint(), varint()]).prop_map(|([origin, no_store], [age, fresh, meanwhile, failing])| Word {
        origin,
        no_store,
        age_millis: age,
        max_age_millis: fresh,
        stale_while_revalidate_millis: meanwhile,
        stale_if_error_millis: failing,
    })
}

fn answers() -> impl Strategy<Value = Frame> {
    let have = vec(any::<bool>(), 0..=WANT_MAX).prop_map(|there| {
        let mut bits = Bits::zeros(there.len()).expect("not too many");
        there.iter().enumerate().filter(|(_, there)| **there).for_each(|(at, _)| bits.set(at));
        Frame::Have(Box::new(bits))
    });
    let chunk = (id(), 0..=CHUNK_BYTES_MAX, any::<u32>(), any::<u32>()).prop_map(|(id, whole, offset, bytes)| {
        let offset = offset % (whole + 1);
        Frame::Chunk(Chunk { id, whole, offset, bytes: bytes % (whole - offset + 1) })
    });
    let ack = (id(), varint(), 1..=COPIES_MAX, any::<bool>())
        .prop_map(|(id, version, copies, durable)| Frame::Ack(Box::new(Ack { id, version, copies, durable })));
    let absent = (any::<bool>(), varint(), varint(), varint()).prop_map(|(origin, version, age_millis, max_age_millis)| Absent {
        origin,
        version,
        age_millis,
        max_age_millis,
    });
    let fail = (0x80..=0xFFu8, 0..=RETRY_MILLIS_MAX, "[ -~ä]{0,60}", proptest::option::of(absent))
        .prop_map(|(code, retry_millis, reason, absent)| Frame::Fail(Box::new(Fail { code, retry_millis, reason: reason.into(), absent })));
    let manifest = (id(), varint(), any::<bool>(), proptest::option::of(word()), 0..=MANIFEST_BYTES_MAX).prop_map(
        |(id, version, same, word, bytes)| {
            Frame::Manifest(Box::new(Manifest { id, version, same, word, bytes: if same { 0 } else { bytes } }))
        },
    );
    prop_oneof![
        have,
        chunk,
        ack,
        fail,
        manifest,
        (varint(), any::<u32>()).prop_map(|(version, nodes)| Frame::Purged(Purged { version, nodes })),
    ]
}

fn told() -> impl Strategy<Value = Frame> {
    let place = (-90_000_000..=90_000_000i32, -179_999_999..=180_000_000i32, 0..4usize);
    let position = (varint(), 0..=LIFE_MAX.0 / 1_000_000_000, place).prop_map(|(sequence, life, (lat_micro, lon_micro, class))| Position {
        sequence,
        life: Span::secs(life),
        lat_micro,
        lon_micro,
        accuracy: Accuracy::ALL[class],
    });
    let location = (any::<[u8; 32]>(), position, any::<u8>())
        .prop_map(|(node, position, byte)| Frame::Location(Box::new(Location { node, position, signature: [byte; 64] })));
    let numbers = (varint(), 0..=LIFE_MILLIS_MAX, 0..=HOPS_MAX, any::<u32>(), any::<u32>());
    let route = (any::<[u8; 32]>(), numbers, proptest::option::of(name())).prop_map(|(node, numbers, names)| {
        let (sequence, life_millis, hops, rtt_micros, load) = numbers;
        Frame::Route(Box::new(Route { node, sequence, life_millis, hops, rtt_micros, load, names }))
    });
    let unknown = (varint(), 0..=UNKNOWN_BYTES_MAX)
        .prop_filter("known or critical", |(kind, _)| Kind::known(*kind).is_none() && !is_critical(*kind))
        .prop_map(|(kind, bytes)| Frame::Unknown { kind, bytes });
    prop_oneof![
        settings().prop_map(|settings| Frame::Settings(Box::new(settings))),
        any::<[u8; 32]>().prop_map(|hash| Frame::Confirm(Box::new(hash))),
        varint().prop_map(|accepted| Frame::GoAway { accepted }),
        any::<u64>().prop_map(|token| Frame::Ping { token }),
        (any::<u64>(), any::<u16>(), 0..=LEASE_MILLIS_MAX).prop_map(|(token, load_permille, lease_millis)| Frame::Pong {
            token,
            load_permille,
            lease_millis
        }),
        location,
        route,
        unknown,
    ]
}

/// Any frame at all.
pub(super) fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![requests(), answers(), told()]
}

/// The bytes of a frame with data: what lies in the data tells where it lies.
pub(super) fn whole(frame: &Frame) -> Vec<u8> {
    let mut bytes = frame.to_bytes();
    bytes.extend((0..frame.data_bytes()).map(|at| at as u8));
    bytes
}
