//! Promises of cutting, naming and the deduplication index.

use super::{CHUNK_LEN_MAX, ChunkId, ChunkerId, Cutter, DedupIndex, ENTRY_BYTES, ManifestId, NameKey, Place, Profile};
use crate::base::{Dice, Purpose, SeedKey};
use fastcdc::v2020;
use proptest::prelude::*;

const GOLDEN_GEAR: &str = "b8a753f2311fec47b05c45684efb67446afda746e79321a9fda3cb72d850a171";
const GOLDEN_SMALL: [usize; 14] = [4755, 1921, 2074, 3311, 6285, 4548, 2738, 4677, 7948, 2432, 4592, 6255, 6753, 1711];
const GOLDEN_STANDARD: [usize; 11] = [12061, 18248, 30317, 6110, 18311, 5238, 14468, 16716, 38139, 29394, 10998];
const GOLDEN_LARGE: [usize; 4] = [66736, 21458, 115060, 96746];

/// Bytes that look random, the same for a seed.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut dice = Dice::new(SeedKey::new(seed));
    let mut bytes = Vec::with_capacity(len + 256);
    let mut position = 0;
    while bytes.len() < len {
        let mut draw = dice.draw(0, Purpose::Test, position);
        (0..32).for_each(|_| bytes.extend_from_slice(&draw.u64().to_le_bytes()));
        position += 1;
    }
    bytes.truncate(len);
    bytes
}

/// The lengths of the chunks when the bytes come in pieces of these sizes, over and over.
fn lengths(profile: Profile, bytes: &[u8], pieces: &[usize]) -> Vec<usize> {
    let mut cutter = Cutter::new(profile);
    let mut rest = bytes;
    let mut found = Vec::new();
    for size in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (head, tail) = rest.split_at((*size).min(rest.len()));
        cutter.push(head, |chunk| found.push(chunk.len()));
        rest = tail;
    }
    assert_eq!(cutter.finish(|chunk| found.push(chunk.len())), bytes.len() as u64);
    found
}

/// The rule of R-9-04 byte by byte, as the standard tells it: the oracle for the crate's two bytes at a time.
fn by_the_standard(profile: Profile, bytes: &[u8]) -> Vec<usize> {
    let (gear, _) = v2020::get_gear_with_seed(0);
    let (strict, loose) = profile.masks();
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let window = rest.len().min(profile.max());
        // Octets are looked at in pairs, so an odd one at the end of the object is not a candidate.
        let pairs = window & !1;
        let turn = profile.avg().min(window) & !1;
        let mut hash = 0u64;
        let mut len = window;
        for at in profile.min()..pairs {
            hash = (hash << 1).wrapping_add(gear[usize::from(rest[at])]);
            if hash & if at < turn { strict } else { loose } == 0 {
                len = at;
                break;
            }
        }
        found.push(len);
        rest = &rest[len..];
    }
    found
}

#[test]
fn the_constants_are_those_of_the_crate_and_of_the_standard() {
    for profile in Profile::ALL {
        assert_eq!(profile.masks(), v2020::select_masks(profile.avg(), v2020::Normalization::Level1), "{}", profile.name());
        assert_eq!((profile.min(), profile.max()), (profile.avg() / 4, profile.avg() * 4));
        assert_eq!(profile.chunker().profile(), Some(profile));
        assert!(profile.max() <= CHUNK_LEN_MAX as usize);
    }
    assert_eq!(ChunkerId(0).profile(), None);
    assert_eq!(ChunkerId::MAX.profile(), None);
    // The gear table as one digest: another table is another chunker.
    let (gear, _) = v2020::get_gear_with_seed(0);
    let bytes: Vec<u8> = gear.iter().flat_map(|word| word.to_be_bytes()).collect();
    assert_eq!(gear[0], 0x3b5d_3c7d_207e_37dc, "MD5 over 64 octets of zero begins so");
    assert_eq!(blake3::hash(&bytes).to_hex().as_str(), GOLDEN_GEAR);
}

#[test]
fn cuts_are_pinned() {
    let bytes = noise(9, 300_000);
    assert_eq!(lengths(Profile::Small, &bytes[..60_000], &[60_000]), GOLDEN_SMALL);
    assert_eq!(lengths(Profile::Standard, &bytes[..200_000], &[4_096]), GOLDEN_STANDARD);
    assert_eq!(lengths(Profile::Large, &bytes, &[1_000]), GOLDEN_LARGE);
}

#[test]
fn cuts_follow_the_standard_octet_by_octet() {
    let bytes = noise(2, 400_001);
    for profile in Profile::ALL {
        for len in [1, profile.min(), profile.min() + 1, profile.avg() - 1, profile.avg() + 1, profile.max() - 1, 400_001] {
            let bytes = &bytes[..len.min(bytes.len())];
            assert_eq!(lengths(profile, bytes, &[70_000]), by_the_standard(profile, bytes), "{} of {len}", profile.name());
        }
    }
}

#[test]
fn an_empty_object_has_no_chunk_and_a_short_one_has_one() {
    assert_eq!(lengths(Profile::Small, &[], &[1]), Vec::<usize>::new());
    assert_eq!(lengths(Profile::Small, &[7], &[1]), [1]);
    assert_eq!(lengths(Profile::Small, &[7; 1_024], &[100]), [1_024]);
}

#[test]
fn bytes_without_a_cut_end_at_the_maximum() {
    let profile = Profile::Small;
    assert_eq!(lengths(profile, &vec![0; 2 * profile.max() + 3], &[999]), [profile.max(), profile.max(), 3]);
}

#[test]
fn a_change_in_one_place_moves_few_cuts() {
    let before = noise(3, 1_000_000);
    let mut after = before.clone();
    after.splice(500_000..500_000, *b"inserted");
    let named = |bytes: &[u8]| {
        let mut names = Vec::new();
        let mut cutter = Cutter::new(Profile::Small);
        cutter.push(bytes, |chunk| names.push(ChunkId::of(chunk)));
        cutter.finish(|chunk| names.push(ChunkId::of(chunk)));
        names
    };
    let known: std::collections::BTreeSet<_> = named(&before).into_iter().collect();
    let fresh = named(&after).iter().filter(|name| !known.contains(name)).count();
    assert!((1..=4).contains(&fresh), "{fresh} of {} chunks are new", known.len());
}

#[test]
fn names_are_those_of_the_key_derivation_mode_and_differ_by_use() {
    let bytes = b"one and the same";
    assert_eq!(ChunkId::of(bytes).0, blake3::derive_key("HyperMesh STOQ 2026-11-22 chunk v1", bytes));
    assert_eq!(ManifestId::of(bytes).0, blake3::derive_key("HyperMesh STOQ 2026-11-22 manifest v1", bytes));
    assert_eq!(NameKey::of("one and the same").0, blake3::derive_key("HyperMesh STOQ 2026-11-22 name v1", bytes));
    assert_eq!(ChunkId::of(bytes).to_string().len(), 64);
    assert!(format!("{:?}", ChunkId::of(bytes)).starts_with("ChunkId("));
}

fn id(i: u64) -> ChunkId {
    ChunkId::of(&i.to_le_bytes())
}

#[test]
fn the_index_finds_what_it_was_told_until_it_is_nearly_full() {
    let mut index = DedupIndex::new(8_192, 5);
    let count = index.capacity() as u32 * 7 / 8;
    for i in 0..count {
        index.insert(&id(u64::from(i)), Place(i));
    }
    let lost = (0..count).filter(|i| index.find(&id(u64::from(*i)), |place| place == Place(*i)).is_none()).count();
    assert_eq!(lost as u64, index.forgotten());
    assert!(lost * 200 <= count as usize, "{lost} of {count} forgotten at seven eighths full");
    assert_eq!(index.len() + lost, count as usize);
}

#[test]
fn the_index_never_finds_what_the_store_does_not_confirm() {
    let mut index = DedupIndex::new(4_096, 5);
    (0..4_096).for_each(|i| {
        index.insert(&id(i), Place(i as u32));
    });
    let mut asked = 0;
    for i in 10_000..30_000 {
        let found = index.find(&id(i), |place| {
            asked += 1;
            u64::from(place.0) == i
        });
        assert_eq!(found, None);
    }
    // Sixteen slots of sixteen bits: one in 4,096 lookups asks the store in vain.
    assert!(asked <= 20, "{asked} questions to the store for 20,000 unknown names");
}

#[test]
fn a_full_index_forgets_what_nobody_asks_for_and_stays_in_its_memory() {
    let mut index = DedupIndex::with_bytes(64 << 10, 1);
    let bytes = index.bytes();
    let room = index.capacity() as u64;
    let hot = room / 16;
    for i in 0..room * 4 {
        index.insert(&id(i), Place(i as u32));
        // Somebody asks for the hot ones about once in the time in which every bucket gets one more chunk.
        if i % (room / 8) == 0 {
            for h in 0..hot.min(i + 1) {
                index.find(&id(h), |place| u64::from(place.0) == h);
            }
        }
        assert!(index.len() <= index.capacity());
    }
    let kept = (0..hot).filter(|h| index.find(&id(*h), |place| u64::from(place.0) == *h).is_some()).count() as u64;
    assert!(kept * 100 >= hot * 95, "{kept} of {hot} hot chunks kept");
    assert!(index.forgotten() >= room * 3 - 8);
    assert_eq!(index.bytes(), bytes);
    assert!(bytes <= 64 << 10 && ENTRY_BYTES <= 6.5);
}

#[test]
fn a_removed_chunk_is_gone_and_its_room_is_used_again() {
    let mut index = DedupIndex::new(16, 1);
    index.insert(&id(1), Place(1));
    assert!(index.remove(&id(1), Place(1)));
    assert!(!index.remove(&id(1), Place(1)) && index.is_empty());
    assert_eq!(index.find(&id(1), |_| true), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cuts_do_not_depend_on_the_pieces(seed: u64, len in 0usize..150_000, pieces in prop::collection::vec(1usize..40_000, 1..12), repeat: bool) {
        let mut bytes = noise(seed, len);
        if repeat {
            // Long runs make the maximum bite.
            bytes[len / 4..len * 3 / 4].fill(0);
        }
        for profile in [Profile::Small, Profile::Standard] {
            let whole = v2020::FastCDC::new(&bytes, profile.min(), profile.avg(), profile.max()).map(|chunk| chunk.length).collect::<Vec<_>>();
            prop_assert_eq!(&lengths(profile, &bytes, &pieces), &whole);
            let (last, others) = whole.split_last().map_or((0, &[][..]), |(last, others)| (*last, others));
            prop_assert!(last <= profile.max() && others.iter().all(|len| (profile.min()..=profile.max()).contains(len)));
        }
    }
}
