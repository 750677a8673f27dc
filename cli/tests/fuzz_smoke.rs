//! A few thousand mutated inputs for every parser and decoder, the same ones in every run: the part of fuzzing that fits into normal tests. The seeds lie
//! in `fuzz/seeds/`, the subjects are those of the fuzz targets.

#[allow(unreachable_pub, reason = "the same file is part of the library of the fuzz targets")]
#[path = "../../fuzz/src/subjects.rs"]
mod subjects;

use std::path::{Path, PathBuf};
use subjects::SUBJECTS;

/// Bytes of input that a subject meets in one test. Costly subjects meet fewer inputs because theirs are longer.
const BYTES_EACH: usize = 1 << 20;
/// Most inputs of one subject.
const INPUTS_EACH: usize = 4000;
/// Longest input.
const LONGEST: usize = 1 << 14;

/// Pieces that parsers take special care of.
const TOKENS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "\n",
    "\t",
    "#",
    "&a ",
    "*a",
    "!!int ",
    "---\n",
    "\"",
    "'",
    "-1",
    "1e999",
    "0",
    "99999999999999999999",
    "nan",
    "%",
    "ms",
    "\u{FEFF}",
    "p99(",
];

/// splitmix64: small, fixed, and enough to choose mutations.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `n`; 0 if `n` is 0.
    fn below(&mut self, n: usize) -> usize {
        (self.roll() % n.max(1) as u64) as usize
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The committed seeds of a subject, in the order of their names; scenarios that ship are seeds too.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut folders = vec![root().join("fuzz/seeds").join(name)];
    if name == "scenario" {
        folders.extend(["first", "faults", "scale"].map(|folder| root().join("scenarios").join(folder)));
    }
    let mut files: Vec<PathBuf> =
        folders.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))).collect()
}

/// One mutation of one seed, with help of another.
fn mutate(seed: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let len = 1 + dice.below(16);
        let end = (at + len).min(bytes.len());
        match dice.below(8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            1 if !bytes.is_empty() => bytes[at] = dice.roll() as u8,
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                let token = TOKENS[dice.below(TOKENS.len())];
                bytes.splice(at..at, token.bytes());
            }
            5 => {
                let from = dice.below(other.len());
                let piece = other[from..(from + 4 * len).min(other.len())].to_vec();
                bytes.splice(at..end, piece);
            }
            6 => bytes.truncate(at),
            _ => {
                let fresh: Vec<u8> = (0..len).map(|_| dice.roll() as u8).collect();
                bytes.splice(at..at, fresh);
            }
        }
        bytes.truncate(LONGEST);
    }
    bytes
}

#[test]
fn no_parser_or_decoder_breaks_on_mutated_input() {
    for (index, (name, subject)) in SUBJECTS.iter().enumerate() {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds in fuzz/seeds/{name}");
        seeds.iter().for_each(|seed| subject(seed));
        let mut dice = Dice(index as u64);
        let mut bytes_left = BYTES_EACH;
        for _ in 0..INPUTS_EACH {
            let (seed, other) = (dice.below(seeds.len()), dice.below(seeds.len()));
            let input = mutate(&seeds[seed], &seeds[other], &mut dice);
            let Some(left) = bytes_left.checked_sub(input.len().max(64)) else { break };
            bytes_left = left;
            if std::panic::catch_unwind(|| subject(&input)).is_err() {
                panic!("{name} broke on {:?}; add it to fuzz/seeds/{name}", String::from_utf8_lossy(&input));
            }
        }
    }
}

#[test]
fn every_subject_has_a_fuzz_target() {
    for (name, _) in SUBJECTS {
        assert!(root().join(format!("fuzz/targets/{name}.rs")).is_file(), "fuzz/targets/{name}.rs is missing");
    }
}
