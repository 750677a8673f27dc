//! `varint`: the fields of a frame that are one integer of variable length (clause 6.1).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, number, unhex};
use hypermesh_core::base::wire::put_varint;
use hypermesh_core::base::{Reader, WireError};
use hypermesh_core::stoq::session::Violation;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
}

#[derive(Serialize)]
struct Output {
    number: u64,
}

/// Every length at its bounds, and the examples of RFC 9000, clause A.1.
const SHORTEST: [(&str, u64); 17] = [
    ("00", 0),
    ("01", 1),
    ("25", 37),
    ("3f", 63),
    ("4040", 64),
    ("4041", 65),
    ("7bbd", 15_293),
    ("7fff", 16_383),
    ("80004000", 16_384),
    ("80004001", 16_385),
    ("9d7f3e7d", 494_878_333),
    ("bfffffff", 1_073_741_823),
    ("c000000040000000", 1_073_741_824),
    ("c000000100000000", 4_294_967_296),
    ("c2197c5eff14e88c", 151_288_809_941_952_652),
    ("fffffffffffffffe", 4_611_686_018_427_387_902),
    ("ffffffffffffffff", 4_611_686_018_427_387_903),
];

/// Values in a longer form than they need.
const LONGER: [&str; 12] = [
    "4000",
    "4025",
    "403f",
    "80000000",
    "8000003f",
    "80000040",
    "80003fff",
    "c000000000000000",
    "c00000000000003f",
    "c000000000003fff",
    "c000000000004000",
    "c00000003fffffff",
];

/// Octets that end inside an integer, and octets that go on after one.
const UNEVEN: [&str; 10] = ["", "40", "7f", "800000", "bfffff", "c0", "c00000000000", "ffffffffffffff", "0000", "404000"];

pub(super) fn make(maker: &mut Maker) {
    for (octets, number) in SHORTEST {
        add(maker, &format!("shortest-{octets}"), &["R-6-01", "R-6-17"], octets, Outcome::output(Output { number }));
    }
    // Every bit on its own, and values without a pattern.
    for n in 0..8 {
        let value = number(1, n) >> (2 + 7 * n);
        let mut octets = Vec::new();
        by_hand(&mut octets, value);
        let digits = super::octets::hex(&octets);
        add(maker, &format!("seeded-{n}"), &["R-6-01", "R-6-17"], &digits, Outcome::output(Output { number: value }));
    }
    for octets in LONGER {
        add(maker, &format!("longer-{octets}"), &["R-6-02"], octets, Outcome::error(Violation::Malformed));
    }
    for octets in UNEVEN {
        let case = if octets.is_empty() { "nothing".to_owned() } else { format!("uneven-{octets}") };
        add(maker, &case, &["R-6-03"], octets, Outcome::error(Violation::Malformed));
    }
}

fn add(maker: &mut Maker, case: &str, requirements: &[&str], digits: &str, outcome: Outcome) {
    let octets = maker.octets(case, &unhex(digits).expect("digits"));
    maker.add(case, requirements, Input { octets }, outcome);
}

/// The shortest form, from the text alone: the two highest bits are the logarithm of the length.
pub(super) fn by_hand(out: &mut Vec<u8>, value: u64) {
    let power = (0..4u32).find(|power| value >> (8 * (1 << power) - 2) == 0).expect("a value of 62 bits");
    let length = 1 << power;
    for octet in (0..length).rev() {
        let tag = if octet + 1 == length { (power as u8) << 6 } else { 0 };
        out.push((value >> (8 * octet)) as u8 | tag);
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let octets = vector.resolve(&input.octets)?;
    let mut reader = Reader::new(&octets);
    let read = reader.varint().and_then(|number| if reader.is_empty() { Ok(number) } else { Err(WireError::Trailing) });
    Ok(match read {
        Err(error) => Outcome::error(Violation::of_wire(error)),
        Ok(number) => {
            let mut again = Vec::new();
            put_varint(&mut again, number);
            // What is read is written as it came (R-6-17).
            if again == octets { Outcome::output(Output { number }) } else { Outcome::Error(format!("written as {again:02x?}")) }
        }
    })
}
