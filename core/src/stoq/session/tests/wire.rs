//! Frames survive the wire, however their bytes are cut up, and no bytes can hurt.

use super::frames::{frame, whole};
use crate::base::wire::put_varint;
use crate::base::{Reader, Wire, WireError};
use crate::stoq::session::frame::*;
use crate::stoq::session::limits::*;
use crate::stoq::session::reader::{FrameReader, Item, datagram};
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::violation::Violation;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a stream told, with data joined.
#[derive(Debug, Default, PartialEq)]
struct Told {
    frames: Vec<(Frame, Vec<u8>)>,
    end: Option<Violation>,
    held_most: usize,
}

/// Reads a stream whose bytes come in the given pieces, the last of which is what is left.
fn read(bytes: &[u8], cuts: &[usize]) -> Told {
    let (mut reader, mut told, mut rest) = (FrameReader::two_way(FrameLimits::default()), Told::default(), bytes);
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let (mut piece, after) = rest.split_at((*cuts.next().unwrap_or(&rest.len())).clamp(1, rest.len()));
        rest = after;
        loop {
            match reader.next(&mut piece) {
                Ok(Some(Item::Frame(frame))) => told.frames.push((frame, Vec::new())),
                Ok(Some(Item::Data { bytes, .. })) => told.frames.last_mut().expect("data follow a frame").1.extend(bytes),
                Ok(Some(Item::StreamKind(_))) => unreachable!("a stream of requests has no type"),
                Ok(None) => break,
                Err(violation) => {
                    told.end = Some(violation);
                    return told;
                }
            }
        }
        assert!(piece.is_empty(), "nothing is left unread");
        told.held_most = told.held_most.max(reader.heap_bytes());
    }
    told.end = reader.finish().err();
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_frame_survives_the_wire(frame in frame()) {
        let bytes = frame.to_bytes();
        prop_assert_eq!(bytes.len(), frame.encoded_len());
        prop_assert!(bytes.len() <= HEAD_BYTES_MAX as usize);
        prop_assert_eq!(Frame::from_bytes(&bytes), Ok(frame));
    }

    #[test]
    fn no_bytes_can_hurt(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(frame) = Frame::from_bytes(&bytes) {
            prop_assert_eq!(frame.to_bytes(), bytes, "a frame has one encoding");
        }
    }

    #[test]
    fn a_damaged_frame_does_no_harm(frame in frame(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = frame.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= with;
        if let Ok(frame) = Frame::from_bytes(&bytes) {
            prop_assert_eq!(frame.to_bytes(), bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_does_not_matter_how_a_stream_is_cut_up(frames in vec(frame(), 1..6), cuts in vec(1..300usize, 1..5)) {
        // Long data take long to cut into small pieces and show nothing new.
        let frames: Vec<Frame> = frames.into_iter().filter(|frame| frame.data_bytes() < 20_000).collect();
        let bytes: Vec<u8> = frames.iter().flat_map(whole).collect();
        let told = read(&bytes, &cuts);
        prop_assert_eq!(told.end, None);
        let known: Vec<Frame> = frames.into_iter().filter(|frame| frame.kind().is_some()).collect();
        prop_assert_eq!(told.frames.iter().map(|(frame, _)| frame.clone()).collect::<Vec<_>>(), known);
        for (frame, data) in &told.frames {
            prop_assert_eq!(data.len(), frame.data_bytes() as usize);
            prop_assert!(data.iter().enumerate().all(|(at, byte)| *byte == at as u8));
        }
        prop_assert!(told.held_most <= HEAD_BYTES_MAX as usize);
    }

    #[test]
    fn a_wrong_stream_is_wrong_however_it_is_cut_up(
        frames in vec(frame(), 1..3), noise in vec(any::<u8>(), 0..60), cuts in vec(1..40usize, 1..5)
    ) {
        let frames = frames.into_iter().filter(|frame| frame.data_bytes() < 2_000);
        let mut bytes: Vec<u8> = frames.flat_map(|frame| whole(&frame)).collect();
        bytes.extend(noise);
        let (one, other) = (read(&bytes, &[bytes.len()]), read(&bytes, &cuts));
        prop_assert_eq!(&one.frames, &other.frames);
        prop_assert_eq!(one.end, other.end);
        prop_assert!(other.held_most <= HEAD_BYTES_MAX as usize);
    }
}

#[test]
fn a_reader_holds_nothing_between_frames() {
    let mut reader = FrameReader::two_way(FrameLimits::default());
    let bytes = Frame::Ping { token: 7 }.to_bytes();
    for byte in &bytes {
        let _ = reader.next(&mut &[*byte][..]);
    }
    assert_eq!(reader.heap_bytes(), 0);
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_one_way_stream_tells_its_type_first_and_only_a_control_stream_says_more() {
    for (kind, said) in [(CONTROL, 1), (300, 0)] {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, kind);
        bytes.extend(Frame::GoAway { accepted: 3 }.to_bytes());
        let mut reader = FrameReader::one_way(FrameLimits::default());
        let (mut kinds, mut frames) = (Vec::new(), 0);
        for byte in &bytes {
            match reader.next(&mut &[*byte][..]) {
                Ok(Some(Item::StreamKind(kind))) => kinds.push(kind),
                Ok(Some(Item::Frame(frame))) => {
                    assert_eq!(frame, Frame::GoAway { accepted: 3 });
                    frames += 1;
                }
                other => assert_eq!(other, Ok(None)),
            }
        }
        assert_eq!((kinds, frames), (vec![kind], said));
        if kind != CONTROL {
            assert_eq!(reader.next(&mut &[0xFF; 100][..]), Ok(None), "octets that are no frames mean nothing there either");
        }
        assert_eq!(reader.finish(), Ok(()));
    }
}

#[test]
fn a_datagram_has_no_more_octets_than_it_may() {
    let long = |octets: usize| {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, 0x3e);
        put_varint(&mut bytes, octets as u64 - 3);
        bytes.resize(octets, 0);
        datagram(&bytes)
    };
    assert_eq!(long(1_150), Ok(Vec::new()));
    assert_eq!(long(1_151), Err(Violation::Malformed));
}

#[test]
fn lengths_are_refused_one_past_their_limit() {
    let head = |kind: u64, length: u64| {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, kind);
        put_varint(&mut bytes, length);
        read(&bytes, &[1]).end
    };
    assert_eq!(head(0x3e, u64::from(UNKNOWN_BYTES_MAX)), Some(Violation::RequestCut), "it may be that long, and ends too early");
    assert_eq!(head(0x3e, u64::from(UNKNOWN_BYTES_MAX) + 1), Some(Violation::TooLarge));
    assert_eq!(head(Kind::Fail as u64, u64::from(HEAD_BYTES_MAX) - 16), Some(Violation::RequestCut));
    assert_eq!(head(Kind::Fail as u64, u64::from(HEAD_BYTES_MAX) - 15), Some(Violation::TooLarge));
    let chunk = |bytes| Frame::Chunk(Chunk { id: ContentId::default(), whole: CHUNK_BYTES_MAX, offset: 0, bytes });
    let limits = FrameLimits { chunk_bytes: 1000, ..FrameLimits::default() };
    assert!(decode(&mut Reader::new(&chunk(1000).to_bytes()), &limits).is_ok());
    let over = decode(&mut Reader::new(&chunk(1001).to_bytes()), &limits).map_err(Violation::of_wire);
    assert_eq!(over, Err(Violation::TooLarge));
}

#[test]
fn unknown_types_are_passed_over_or_end_the_connection() {
    let mut bytes = Frame::Unknown { kind: 0x3e, bytes: 3 }.to_bytes();
    bytes.extend([1, 2, 3]);
    bytes.extend(Frame::Purged(Purged { version: 1, nodes: 2 }).to_bytes());
    let told = read(&bytes, &[1]);
    assert_eq!((told.frames.len(), told.end), (1, None));
    assert_eq!(read(&[0x3f, 0], &[1]).end, Some(Violation::CriticalFrame));
}

#[test]
fn wrong_fields_are_refused() {
    let wrong = |kind: Kind, fields: &[u8]| {
        let mut bytes = vec![kind as u8, fields.len() as u8];
        bytes.extend(fields);
        Frame::from_bytes(&bytes).map_err(Violation::of_wire)
    };
    assert_eq!(wrong(Kind::GoAway, &[]), Err(Violation::Malformed), "an empty frame lacks its fields");
    assert_eq!(wrong(Kind::GoAway, &[1, 0]), Err(Violation::Malformed), "bytes past the fields");
    assert_eq!(wrong(Kind::GoAway, &[0x40, 1]), Err(Violation::Malformed), "an integer longer than it needs to be");
    assert_eq!(wrong(Kind::Settings, &[2, 1, 2, 1]), Err(Violation::SettingRepeated));
    assert_eq!(wrong(Kind::Settings, &[4, 1, 2, 1, 4, 1]), Err(Violation::SettingInvalid), "settings fall");
    assert_eq!(wrong(Kind::Purge, &[2, 0, 1, b'a']), Err(Violation::Malformed), "a reserved bit");
    assert_eq!(wrong(Kind::Purge, &[0, 0, 1, 7]), Err(Violation::Malformed), "a control character in a name");
    assert_eq!(wrong(Kind::Purge, &[0, 0, 1, 0xFF]), Err(Violation::Malformed), "a name that is no text");
    assert_eq!(wrong(Kind::Purge, &[0, 0, 0]), Err(Violation::Malformed), "an empty name");
    assert_eq!(wrong(Kind::Want, &[0, 0]), Err(Violation::Malformed), "nothing is wanted");
    assert_eq!(wrong(Kind::Have, &[3, 0x08]), Err(Violation::Malformed), "a bit past the last");
    assert_eq!(wrong(Kind::Cancel, &[120, 1]), Err(Violation::Malformed), "past the longest WANT");
    assert_eq!(wrong(Kind::Fail, &[0, 0x7F, 0, 0]), Err(Violation::Malformed), "a code that is none of a stream");
    assert_eq!(wrong(Kind::Fail, &[2, 0x81, 0, 0]), Err(Violation::Malformed), "the origin says, and does not say what");
    assert_eq!(
        wrong(Kind::Manifest, &[[0; 33].as_slice(), &[4]].concat()),
        Err(Violation::Malformed),
        "the origin says, and does not say what"
    );
    assert_eq!(wrong(Kind::Manifest, &[[0; 33].as_slice(), &[1, 9]].concat()), Err(Violation::Malformed), "the same, and data");
    assert_eq!(wrong(Kind::Chunk, &[0; 10]), Err(Violation::Malformed), "no room for the fields");
    assert_eq!(Frame::from_bytes(&[2, 8, 0]), Err(WireError::Truncated));
}

#[test]
fn a_datagram_holds_whole_frames_without_data() {
    let two = [Frame::Ping { token: 1 }, Frame::Pong { token: 2, load_permille: 3, lease_millis: 4 }];
    let mut bytes: Vec<u8> = two.iter().flat_map(Wire::to_bytes).collect();
    bytes.extend([0x3e, 1, 0]);
    assert_eq!(datagram(&bytes), Ok(two.to_vec()));
    bytes.pop();
    assert_eq!(datagram(&bytes), Err(Violation::Malformed), "the last frame is cut");
    let chunk = Frame::Chunk(Chunk::whole(ContentId::default(), 0)).to_bytes();
    assert_eq!(datagram(&chunk), Err(Violation::Unexpected));
}

#[test]
fn names_cover_what_lies_under_them() {
    let name = |text| Name::new(text).expect("it is a name");
    assert!(name("a/b").covers(&name("a/b")) && name("a/b").covers(&name("a/b/c")) && name("a/").covers(&name("a/b")));
    assert!(!name("a/b").covers(&name("a/bc")) && !name("a/b").covers(&name("a")));
    assert_eq!(Name::new(&"x".repeat(NAME_BYTES_MAX + 1)), None);
}

#[test]
fn frames_are_small_in_memory() {
    assert!(size_of::<Frame>() <= 56, "a frame takes {} bytes", size_of::<Frame>());
}

#[test]
fn golden_bytes_stay() {
    let hash = |frame: Frame| {
        let bytes = frame.to_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(hash(Frame::Ping { token: 0x0102_0304_0506_0708 }), "02080102030405060708");
    assert_eq!(hash(Frame::GoAway { accepted: 64 }), "05024040");
    assert_eq!(hash(Frame::GetName(Box::new(GetName::whole(Name::new("a/b").expect("a name"))))), "110e0000ffffffffffffffff03612f62");
    let settings = crate::stoq::session::Settings::new(crate::stoq::session::Capabilities::ALL, crate::stoq::session::Roles::EDGE);
    assert_eq!(hash(Frame::Settings(Box::new(settings))), "0109010103000540".to_owned() + "7f0802");
    assert_eq!(hash(Frame::Chunk(Chunk::whole(ContentId([0xAB; 32]), 100))), "1b4087".to_owned() + &"ab".repeat(32) + "406400");
}

#[test]
fn a_bit_that_is_cleared_can_be_set_again_and_none_beyond_the_end_changes() {
    let mut bits = Bits::zeros(3).expect("three fit");
    (0..9).for_each(|at| bits.set(at));
    bits.clear(1);
    bits.clear(7);
    assert_eq!((bits.ones(), bits.get(0), bits.get(1), bits.get(2), bits.get(7)), (2, true, false, true, false));
    bits.set(1);
    assert_eq!(bits.ones(), 3);
    assert!(Bits::zeros(WANT_MAX + 1).is_none());
}

#[test]
fn a_range_and_a_name_say_how_large_they_are() {
    let range = Range::new(7, 5).expect("it is not empty");
    assert_eq!((range.start(), range.bytes(), range.end()), (7, 5, 12));
    assert_eq!(Name::new("a/ß").expect("it is a name").heap_bytes(), 4);
}
