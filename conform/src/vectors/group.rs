//! `group`: chunks as they are stored, k and n to the parity shards of codec 1 (clause 9.4).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, hex};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::manifest::{CODEC_REED_SOLOMON, Code, Group};
use hypermesh_core::stoq::replication::Coder;
use hypermesh_core::stoq::session;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    k: u16,
    n: u16,
    chunks: Vec<Octets>,
}

#[derive(Serialize)]
struct Output {
    shard_length: u64,
    padding: u64,
    parity: Vec<Shard>,
}

#[derive(Serialize)]
struct Shard {
    name: String,
    /// The first four octets, which find a mistake sooner than the name does.
    begin: String,
}

pub(super) fn make(maker: &mut Maker) {
    // The example of clause 9.4: one octet a chunk.
    let one = |octet: u8| Octets::hex([octet]);
    add(maker, "example", 4, 6, vec![one(17), one(99), one(200), one(255)]);
    for (k, n) in [(1, 2), (1, 3), (2, 3), (3, 4), (4, 6), (4, 12), (5, 8), (8, 12), (10, 14), (16, 20), (24, 32), (85, 255), (127, 255)] {
        let chunks = (0..u64::from(k)).map(|c| Octets::Formula { seed: 40 + c, length: 100 + 7 * (c % 9) }).collect();
        add(maker, &format!("full-{k}-of-{n}"), k, n, chunks);
    }
    for lacking in 1..4 {
        let chunks = (0..4 - lacking).map(|c| Octets::Formula { seed: 60 + c, length: 200 - c }).collect();
        add(maker, &format!("short-by-{lacking}"), 4, 6, chunks);
    }
    for (case, lengths) in
        [("one-octet", &[1, 1][..]), ("exactly-64", &[64, 64]), ("one-more-than-64", &[65, 1]), ("very-unequal", &[1, 4_096])]
    {
        let chunks = lengths.iter().zip(80..).map(|(length, seed)| Octets::Formula { seed, length: *length }).collect();
        add(maker, case, 2, 4, chunks);
    }
    add(maker, "zeros", 3, 5, vec![Octets::Same { octet: 0, length: 64 }; 3]);
    add(maker, "equal-chunks", 3, 5, vec![Octets::Same { octet: 0xa5, length: 130 }; 3]);
    for (case, k, n) in [("no-data", 0, 2), ("no-parity", 4, 4), ("fewer-than-k", 4, 3), ("more-than-3-k", 2, 7), ("256-shards", 128, 256)]
    {
        let input = Input { k, n, chunks: vec![one(1)] };
        maker.add(&format!("code-{case}"), &["R-9-14"], input, Outcome::error(session::Code::ManifestInvalid));
    }
}

fn add(maker: &mut Maker, case: &str, k: u16, n: u16, chunks: Vec<Octets>) {
    let stored: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.resolve("", None).expect("no file")).collect();
    let length = stored.iter().map(Vec::len).max().expect("a group has a chunk").div_ceil(64) * 64;
    let padding = usize::from(k) * length - stored.iter().map(Vec::len).sum::<usize>();
    let parity = by_the_matrix(k.into(), n.into(), &stored, length);
    let shard =
        |octets: &Vec<u8>| Shard { name: hex(blake3::derive_key("HyperMesh STOQ 2026-11-22 chunk v1", octets)), begin: hex(&octets[..4]) };
    let output = Output { shard_length: length as u64, padding: padding as u64, parity: parity.iter().map(shard).collect() };
    maker.add(case, &["R-9-14"], Input { k, n, chunks }, Outcome::output(output));
}

/// The product of two numbers of GF(2^8), of the polynomial of clause 9.4, bit by bit.
fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (u16::from(a), 0u16);
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 0x100 != 0 {
            a ^= 0x11d;
        }
    }
    product as u8
}

/// A power, with `0^0 = 1`.
fn power(base: u8, exponent: usize) -> u8 {
    (0..exponent).fold(1, |power, _| times(power, base))
}

/// The inverse of a matrix over GF(2^8), by elimination.
fn inverse(matrix: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let size = matrix.len();
    let unit = |row: usize| (0..size).map(move |column| u8::from(row == column));
    let mut rows: Vec<Vec<u8>> = matrix.iter().enumerate().map(|(row, cells)| cells.iter().copied().chain(unit(row)).collect()).collect();
    for column in 0..size {
        let pivot = (column..size).find(|row| rows[*row][column] != 0).expect("the matrix has an inverse");
        rows.swap(column, pivot);
        let scale = power(rows[column][column], 254);
        rows[column].iter_mut().for_each(|cell| *cell = times(*cell, scale));
        let pivot = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(row, cells)| *row != column && cells[column] != 0) {
            let factor = row[column];
            row.iter_mut().zip(&pivot).for_each(|(cell, pivot)| *cell ^= times(*pivot, factor));
        }
    }
    rows.into_iter().map(|row| row[size..].to_vec()).collect()
}

/// The parity shards as clause 9.4 defines them: `V T^-1` times the data shards.
fn by_the_matrix(k: usize, n: usize, stored: &[Vec<u8>], length: usize) -> Vec<Vec<u8>> {
    let vandermonde: Vec<Vec<u8>> = (0..n).map(|row| (0..k).map(|column| power(row as u8, column)).collect()).collect();
    let top = inverse(&vandermonde[..k]);
    let shard = |row: &Vec<u8>| {
        let mut shard = vec![0; length];
        for (c, chunk) in stored.iter().enumerate() {
            let factor = (0..k).fold(0, |sum, i| sum ^ times(row[i], top[i][c]));
            shard.iter_mut().zip(chunk).for_each(|(octet, data)| *octet ^= times(factor, *data));
        }
        shard
    };
    vandermonde[k..].iter().map(shard).collect()
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let Input { k, n, chunks } = vector.read()?;
    let stored: Vec<Vec<u8>> = chunks.iter().map(|chunk| vector.resolve(chunk)).collect::<Result<_, _>>()?;
    let Ok(code) = Code::new(CODEC_REED_SOLOMON, k, n) else { return Ok(Outcome::error(session::Code::ManifestInvalid)) };
    let coder = Coder::new(code).map_err(|error| error.to_string())?;
    let parity = coder.encode(&stored.iter().map(Vec::as_slice).collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    let names = parity.iter().map(|shard| ChunkId::of(shard)).collect();
    let group = Group::over(code, stored.iter().map(|chunk| chunk.len() as u32), names);
    let shards = group.parity.iter().zip(&parity).map(|(name, shard)| Shard { name: hex(name.0), begin: hex(&shard[..4]) });
    Ok(Outcome::output(Output { shard_length: group.shard_len.into(), padding: group.padding, parity: shards.collect() }))
}
