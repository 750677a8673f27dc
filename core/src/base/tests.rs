//! Promises of the shared values.

use super::digest::{Mixer, mix};
use super::wire::{VARINT_MAX, put_varint, varint_len};
use super::{Dice, Load, Purpose, Reader, SeedKey, Span, Spot, Time, Wire, WireError};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

#[test]
fn each_error_of_the_wire_has_a_sentence_of_its_own() {
    let errors =
        [WireError::Truncated, WireError::Trailing, WireError::UnknownTag(77), WireError::OutOfRange("the field"), WireError::NotShortest];
    let said = errors.map(|error| error.to_string());
    assert_eq!(said.iter().collect::<std::collections::BTreeSet<_>>().len(), said.len());
    assert!(said[2].contains("77") && said[3].contains("the field"), "{said:?}");
}

#[test]
fn a_message_with_a_wire_form_is_one_datagram_of_its_bytes_that_nothing_happens_to() {
    struct Five;
    impl Wire for Five {
        fn encode(&self, out: &mut Vec<u8>) {
            out.extend([5; 5]);
        }
        fn encoded_len(&self) -> usize {
            5
        }
        fn decode(reader: &mut Reader<'_>) -> Result<Self, WireError> {
            reader.take(5).map(|_| Self)
        }
    }
    let mut message = Five;
    message.carried(1, Span::secs(1));
    assert_eq!((message.load_bytes(), message.datagrams(), message.lost(), message.spread()), (5, 1, 0, Span::ZERO));
    assert_eq!((message.to_bytes().len(), Five::from_bytes(&[0; 6]).err()), (5, Some(WireError::Trailing)));
}

/// The first numbers of some draws. A change here changes every digest of every run: it is a decision, never a side effect.
#[test]
fn draws_are_pinned() {
    let mut dice = Dice::new(SeedKey::new(42));
    let seen = [(0, Purpose::Peer, 0), (0, Purpose::Peer, 1), (1, Purpose::Peer, 0), (0, Purpose::Phase, 0), (u32::MAX, Purpose::World, 7)]
        .map(|(node, purpose, position)| dice.draw(node, purpose, position).u64());
    assert_eq!(seen, GOLDEN_DRAWS, "seen {seen:#018X?}");
}

proptest! {
    #[test]
    fn a_draw_is_the_stream_of_the_chacha_crate(seed: u64, node: u32, position in 0u32..1 << 30, words in prop::collection::vec(any::<bool>(), 1..60)) {
        let mut dice = Dice::new(SeedKey::new(seed));
        let mut stream = ChaCha8Rng::from_seed(SeedKey::new(seed).0);
        stream.set_stream(Purpose::Delay as u64);
        stream.set_word_pos((u128::from(node) << 32 | u128::from(position * 4)) * 16);
        let mut draw = dice.draw(node, Purpose::Delay, position);
        for wide in words {
            if wide {
                prop_assert_eq!(draw.u64(), stream.next_u64());
            } else {
                prop_assert_eq!(draw.u32(), stream.next_u32());
            }
        }
    }
}

#[test]
fn a_draw_does_not_depend_on_the_draws_before_it() {
    let key = SeedKey::new(7);
    let (mut fresh, mut used) = (Dice::new(key), Dice::new(key));
    for n in 0..40 {
        let mut draw = used.draw(n, if n % 2 == 0 { Purpose::Wire } else { Purpose::Delay }, n * 3);
        (0..n).for_each(|_| {
            draw.u32();
        });
    }
    let numbers = |dice: &mut Dice| {
        (0..32).map(|n| (dice.draw(5, Purpose::Test, n).u64(), dice.draw(5, Purpose::Test, n).below(1000))).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&mut fresh), numbers(&mut used));
}

#[test]
fn draws_of_nodes_positions_and_purposes_do_not_meet() {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut seen = std::collections::BTreeSet::new();
    for node in [0, 1, 2, 1 << 31, u32::MAX] {
        for position in [0, 1, 2, 63, 64, (1 << 30) - 1] {
            for purpose in [Purpose::Peer, Purpose::Phase, Purpose::World] {
                let mut draw = dice.draw(node, purpose, position);
                assert!((0..32).all(|_| seen.insert(draw.u64())), "node {node}, position {position}, {purpose:?} repeats a number");
            }
        }
    }
}

#[test]
fn mappings_stay_in_their_range_and_are_even() {
    let mut dice = Dice::new(SeedKey::new(3));
    let (mut counts, mut sum, mut squares) = ([0u32; 10], 0.0, 0.0);
    for position in 0..20_000 {
        let mut draw = dice.draw(0, Purpose::Test, position);
        counts[draw.below(10) as usize] += 1;
        let unit = draw.unit();
        assert!((0.0..1.0).contains(&unit));
        sum += draw.exponential(3.0);
        let normal = draw.normal();
        squares += normal * normal;
    }
    assert!(counts.iter().all(|n| (1_800..2_200).contains(n)), "{counts:?}");
    assert!((sum / 20_000.0 - 3.0).abs() < 0.1, "mean of the exponential: {}", sum / 20_000.0);
    assert!((squares / 20_000.0 - 1.0).abs() < 0.05, "variance of the normal: {}", squares / 20_000.0);
    assert_eq!(dice.draw(0, Purpose::Test, 0).below(0), 0);
}

#[test]
fn the_mixer_tells_order_and_every_word_apart() {
    let of = |words: &[u64]| words.iter().fold(Mixer::new(1), |m, w| m.word(*w)).finish();
    assert_ne!(of(&[1, 2]), of(&[2, 1]));
    assert_ne!(of(&[0]), of(&[0, 0]));
    assert_ne!(of(&[0, 5]), of(&[0, 4]));
    assert_ne!(Mixer::new(1).finish(), Mixer::new(2).finish());
    let hashes: std::collections::BTreeSet<u64> = (0..10_000).map(|n| of(&[n])).collect();
    assert_eq!(hashes.len(), 10_000);
    assert_ne!(mix(1), mix(2));
}

#[test]
fn distances_on_the_globe_agree_with_known_ones() {
    let (paris, new_york) = (Spot { lat: 48.8566, lon: 2.3522 }, Spot { lat: 40.7128, lon: -74.006 });
    assert!((paris.distance_km(new_york) - 5837.0).abs() < 10.0, "{}", paris.distance_km(new_york));
    assert_eq!(paris.distance_km(paris), 0.0);
    let antipode = Spot { lat: -48.8566, lon: 2.3522 - 180.0 };
    assert!((paris.distance_km(antipode) - 20_015.0).abs() < 10.0);
}

#[test]
fn times_are_written_in_a_fitting_unit() {
    assert_eq!(Span::millis(1500).to_string(), "1.5s");
    assert_eq!(Span::micros(250).to_string(), "250us");
    assert_eq!(Time(1_500_000_000).to_string(), "1.500000000s");
    assert_eq!(Time(5).since(Time(9)), Span::ZERO);
}

proptest! {
    #[test]
    fn any_integer_survives_the_wire_in_its_shortest_form(value in 0..=VARINT_MAX) {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, value);
        prop_assert_eq!(bytes.len(), varint_len(value));
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.varint(), Ok(value));
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn no_bytes_can_hurt_a_reader(bytes: Vec<u8>, max: u64) {
        let mut reader = Reader::new(&bytes);
        while !reader.is_empty() {
            match reader.varint_max(max, "a field") {
                Ok(value) => prop_assert!(value <= max),
                Err(WireError::Truncated) => break,
                Err(_) => {}
            }
        }
    }
}

#[test]
fn an_integer_that_is_not_in_its_shortest_form_is_refused() {
    for bytes in [&[0x40, 0x3F][..], &[0x80, 0, 0x3F, 0xFF], &[0xC0, 0, 0, 0, 0x3F, 0xFF, 0xFF, 0xFF]] {
        assert_eq!(Reader::new(bytes).varint(), Err(WireError::NotShortest));
    }
    assert_eq!(Reader::new(&[0x40]).varint(), Err(WireError::Truncated));
    assert_eq!(Reader::new(&[]).varint(), Err(WireError::Truncated));
}

const GOLDEN_DRAWS: [u64; 5] =
    [0xD75E_82B6_4C39_4A1E, 0x3556_61C2_A346_5C26, 0x3303_F2E1_E503_C635, 0xCA78_5F2B_FA2C_D62E, 0xD72A_DA52_47AA_5FF0];
