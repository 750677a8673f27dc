//! Some hundred mutated inputs for the recovery of the store, the same ones in every run: the part of fuzzing that fits into normal tests.

#[allow(unreachable_pub, reason = "the same file is part of the library of the fuzz targets")]
#[path = "../../fuzz/src/store.rs"]
mod store;

use std::path::Path;

/// splitmix64: small, fixed, and enough to choose mutations.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((word ^ (word >> 31)) % n.max(1) as u64) as usize
    }
}

/// The committed seeds, in the order of their names.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/store");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("there are seeds").flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a seed can be read")).collect()
}

/// A life of a store as the subject reads it: notes and contents, then damage.
fn made_up(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = vec![0];
    for _ in 0..dice.below(40) {
        bytes.extend([[0, 0, 1, 2, 2, 3, 4, 5][dice.below(8)], dice.below(64) as u8]);
    }
    bytes.extend([255, 0]);
    for _ in 0..dice.below(3) {
        bytes.extend((0..6).map(|_| dice.below(256) as u8));
    }
    bytes
}

#[test]
fn recovery_bears_every_mutated_store() {
    let seeds = seeds();
    seeds.iter().for_each(|seed| store::recovery(seed));
    let mut dice = Dice(3);
    for round in 0..400 {
        let mut input = if round % 2 == 0 { made_up(&mut dice) } else { seeds[dice.below(seeds.len())].clone() };
        for _ in 0..dice.below(4) {
            let at = dice.below(input.len());
            input[at] = dice.below(256) as u8;
        }
        if std::panic::catch_unwind(|| store::recovery(&input)).is_err() {
            panic!("recovery broke on {input:?}; add it to fuzz/seeds/store");
        }
    }
}
