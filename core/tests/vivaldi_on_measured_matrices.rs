//! Vivaldi (a plane with height, 32 neighbours, 400 rounds over all of them) on two measured matrices of the Internet.
//!
//! A plain script reached a median relative error of 0.087 on PlanetLab and 0.097 between cities; the promise here is 0.10 on both, for each of
//! three seeds. The error after the first 400 samples a node is printed beside it, because a node that lives for minutes gets no further. The data
//! does not ship with the project: it is read from `../shared/data/rtt` beside the workspace. In CI its absence is a failure; elsewhere the test says
//! that it did not run.

use flate2::read::GzDecoder;
use hypermesh_core::base::{Dice, Purpose, SeedKey, Span};
use hypermesh_core::hypermesh::mesh::vivaldi::{Config, Coordinate, Packed, direction};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

const NEIGHBOURS: usize = 32;
const ROUNDS: u32 = 400;

/// Round trips in milliseconds; NaN where none was measured.
struct Matrix {
    size: usize,
    rtt_ms: Vec<f64>,
}

impl Matrix {
    fn between(&self, i: usize, j: usize) -> f64 {
        self.rtt_ms[i * self.size + j]
    }

    fn measured(&self, i: usize, j: usize) -> bool {
        i != j && self.between(i, j) > 0.0
    }
}

#[test]
fn planetlab_is_predicted_within_a_tenth() {
    let Some(text) = data("planetlab490_slice01.txt.gz") else { return };
    let rtt_ms: Vec<f64> = text.split_ascii_whitespace().map(|cell| cell.parse().expect("a number of milliseconds")).collect();
    let size = (rtt_ms.len() as f64).sqrt() as usize;
    assert_eq!((size, rtt_ms.len()), (490, 490 * 490));
    judge("PlanetLab-490", &Matrix { size, rtt_ms });
}

#[test]
fn cities_are_predicted_within_a_tenth() {
    let Some(text) = data("wondernetwork_2018_city_rtt.csv.gz") else { return };
    judge("WonderNetwork", &cities(&text));
}

fn judge(name: &str, matrix: &Matrix) {
    let mut medians = Vec::new();
    for seed in 1..=3 {
        let [early, late] = run(matrix, seed);
        println!(
            "{name:14} {} nodes, seed {seed}: relative error p50 {:.4}, p90 {:.3} (after 400 samples a node: {:.4}, {:.3}), {} pairs",
            matrix.size, late.p50, late.p90, early.p50, early.p90, late.pairs
        );
        medians.push(late.p50);
    }
    let worst = medians.iter().copied().fold(0.0, f64::max);
    assert!(worst <= 0.10, "{name}: the median relative error is {worst:.4}");
}

/// The relative errors of all measured pairs.
struct Errors {
    p50: f64,
    p90: f64,
    pairs: usize,
}

/// The errors after about 400 samples a node and after all rounds. In a round every node measures each of its neighbours, over the wire form.
fn run(matrix: &Matrix, seed: u64) -> [Errors; 2] {
    let config = Config::default();
    let mut dice = Dice::new(SeedKey::new(seed));
    let neighbours: Vec<Vec<usize>> = (0..matrix.size)
        .map(|i| {
            let mut all: Vec<usize> = (0..matrix.size).filter(|&j| matrix.measured(i, j)).collect();
            dice.draw(i as u32, Purpose::Peer, 0).sample_to_front(&mut all, NEIGHBOURS);
            all.truncate(NEIGHBOURS);
            all
        })
        .collect();
    let mut nodes = vec![Coordinate::default(); matrix.size];
    let mut early = None;
    for round in 0..ROUNDS {
        for k in 0..NEIGHBOURS {
            for i in 0..matrix.size {
                let Some(&j) = neighbours[i].get(k) else { continue };
                let peer = Coordinate::from(Packed::from(nodes[j]));
                let rtt = Span((matrix.between(i, j) * 1e6) as u64);
                nodes[i].observe(&peer, rtt, &config, None, || direction(&mut dice.draw(i as u32, Purpose::Direction, round)));
            }
        }
        if (round + 1) as usize * NEIGHBOURS >= 400 {
            early.get_or_insert_with(|| errors(matrix, &nodes));
        }
    }
    [early.expect("there are more than 400 samples a node"), errors(matrix, &nodes)]
}

fn errors(matrix: &Matrix, nodes: &[Coordinate]) -> Errors {
    let mut errors = Vec::new();
    for i in 0..matrix.size {
        for j in 0..matrix.size {
            if matrix.measured(i, j) {
                errors.push((f64::from(nodes[i].distance_ms(&nodes[j])) - matrix.between(i, j)).abs() / matrix.between(i, j));
            }
        }
    }
    errors.sort_by(f64::total_cmp);
    Errors { p50: errors[errors.len() / 2], p90: errors[errors.len() * 9 / 10], pairs: errors.len() }
}

/// The square part of the table of cities: sources that are destinations too. A destination carries its country; its name begins with the source's.
fn cities(text: &str) -> Matrix {
    let rows: Vec<(&str, &str, f64)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (source, rest) = line.split_once(',').expect("a source city");
            let (destination, rest) = rest[1..].split_once('"').expect("a quoted destination");
            let average = rest.split(',').nth(2).expect("an average").parse().expect("a number of milliseconds");
            (source.trim_matches('"'), destination, average)
        })
        .collect();
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for (source, ..) in &rows {
        let next = sources.len();
        sources.entry(source).or_insert(next);
    }
    let size = sources.len();
    let mut rtt_ms = vec![f64::NAN; size * size];
    for (source, destination, average) in &rows {
        let named = sources.iter().filter(|(name, _)| destination.strip_prefix(**name).is_some_and(|rest| rest.starts_with(' ')));
        if let Some((_, j)) = named.max_by_key(|(name, _)| name.len()) {
            rtt_ms[sources[source] * size + j] = *average;
        }
    }
    Matrix { size, rtt_ms }
}

/// The unpacked text of a file of measurements, or nothing where it is absent (never in CI).
fn data(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rtt").join(file);
    let Ok(packed) = std::fs::read(&path) else {
        assert!(std::env::var_os("CI").is_none(), "CI needs the measurements in {}", path.display());
        println!("DID NOT RUN: {} is absent", path.display());
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("gzipped text");
    Some(text)
}
