//! Erasure groups.

use super::super::{Coder, CodingError};
use crate::base::{Dice, Purpose, SeedKey};
use crate::stoq::manifest::{CODEC_LEOPARD, Code};
use proptest::prelude::*;

fn chunk(i: u32, len: usize) -> Vec<u8> {
    let mut dice = Dice::new(SeedKey::new(5));
    (0..len.div_ceil(8)).flat_map(|at| dice.draw(i, Purpose::Test, at as u32).u64().to_le_bytes()).take(len).collect()
}

fn code(data: u16, parity: u16) -> Code {
    Code::new(1, data, data + parity).expect("a code")
}

/// The shards of a group of these chunks.
fn group(coder: &Coder, chunks: &[Vec<u8>]) -> (Vec<u32>, Vec<Option<Vec<u8>>>) {
    let lens = chunks.iter().map(|chunk| chunk.len() as u32).collect();
    let parity = coder.encode(&chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("one to k chunks");
    let zeros = core::iter::repeat_n(Some(Vec::new()), coder.code().data() - chunks.len());
    (lens, chunks.iter().cloned().map(Some).chain(zeros).chain(parity.into_iter().map(Some)).collect())
}

#[test]
fn every_pattern_of_losses_is_rebuilt_up_to_the_parity_and_refused_beyond() {
    for (data, parity) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (4, 2), (4, 4), (5, 3)] {
        let coder = Coder::new(code(data, parity)).expect("codec 1");
        let chunks: Vec<_> = (0..data.into()).map(|i| chunk(i, 30 + i as usize * 7)).collect();
        let (lens, whole) = group(&coder, &chunks);
        let total = u32::from(data + parity);
        for pattern in 0u32..1 << total {
            let mut shards = whole.clone();
            (0..total).filter(|i| pattern >> i & 1 == 1).for_each(|i| shards[i as usize] = None);
            let torn = shards.clone();
            let result = coder.rebuild(&lens, &mut shards);
            if pattern.count_ones() <= u32::from(parity) {
                assert_eq!(result, Ok(()));
                assert_eq!(shards, whole, "{data} of {total}, losses {pattern:b}");
            } else {
                let have = (total - pattern.count_ones()) as usize;
                assert_eq!(result, Err(CodingError::TooFew { have, need: data.into() }));
                assert_eq!(shards, torn, "nothing changes if it fails");
            }
        }
    }
}

#[test]
fn a_short_group_needs_only_as_many_shards_as_it_has_chunks() {
    let coder = Coder::new(code(6, 3)).expect("codec 1");
    let chunks = vec![chunk(1, 100), chunk(2, 64)];
    let (lens, whole) = group(&coder, &chunks);
    let mut shards = whole.clone();
    shards[..6].fill(None);
    shards[7] = None;
    coder.rebuild(&lens, &mut shards).expect("two parity shards stand for two chunks");
    assert_eq!(shards, whole);
}

#[test]
fn parity_is_that_of_the_matrix_in_the_standard() {
    // Computed apart from the crate, with the field and the matrix of R-9-14.
    let coder = Coder::new(code(4, 2)).expect("codec 1");
    let parity = coder.encode(&[&[17; 64], &[99; 64], &[200; 64], &[255; 64]]).expect("four chunks");
    assert_eq!(parity, [[103; 64], [150; 64]]);
    let coder = Coder::new(code(3, 2)).expect("codec 1");
    assert_eq!(coder.encode(&[&[1; 64], &[2; 64], &[3; 64]]).expect("three chunks"), [[0; 64], [21; 64]]);
}

#[test]
fn what_does_not_fit_the_code_is_refused() {
    let coder = Coder::new(code(2, 1)).expect("codec 1");
    assert_eq!(coder.encode(&[]), Err(CodingError::Shape { chunks: 0, shards: 3 }));
    assert_eq!(coder.encode(&[&[1], &[2], &[3]]), Err(CodingError::Shape { chunks: 3, shards: 3 }));
    let (lens, mut shards) = group(&coder, &[chunk(1, 10), chunk(2, 20)]);
    shards[1] = Some(vec![0; 19]);
    assert_eq!(coder.rebuild(&lens, &mut shards), Err(CodingError::Length { shard: 1 }));
    assert_eq!(coder.rebuild(&lens, &mut shards[..2]), Err(CodingError::Shape { chunks: 2, shards: 2 }));
    let later = Code::new(CODEC_LEOPARD, 64, 128).expect("there is room for it");
    assert_eq!(Coder::new(later).map(drop), Err(CodingError::UnknownCodec(CODEC_LEOPARD)));
}

#[test]
fn the_widest_code_works() {
    let coder = Coder::new(Code::new(1, 128, 255).expect("a code")).expect("codec 1");
    let chunks: Vec<_> = (0..128).map(|i| chunk(i, 8)).collect();
    let (lens, whole) = group(&coder, &chunks);
    let mut shards = whole.clone();
    shards[1..128].fill(None);
    coder.rebuild(&lens, &mut shards).expect("127 of 255 are lost");
    assert_eq!(shards, whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_k_shards_rebuild_a_group_of_any_lengths(
        lens in prop::collection::vec(1usize..3_000, 1..10),
        parity in 1u16..6,
        order in prop::collection::vec(any::<u32>(), 16),
    ) {
        let data = lens.len() as u16;
        prop_assume!(parity <= 2 * data);
        let coder = Coder::new(code(data, parity)).expect("codec 1");
        let chunks: Vec<_> = lens.iter().enumerate().map(|(i, len)| chunk(i as u32, *len)).collect();
        let (lens, whole) = group(&coder, &chunks);
        let mut shards = whole.clone();
        let mut victims: Vec<usize> = (0..shards.len()).collect();
        victims.sort_by_key(|i| order[*i]);
        victims.iter().take(parity.into()).for_each(|i| shards[*i] = None);
        coder.rebuild(&lens, &mut shards).expect("k shards are there");
        prop_assert_eq!(shards, whole);
    }
}
