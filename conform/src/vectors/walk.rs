//! `walk`: manifests and a range to the pieces of chunks that hold it (clause 9.3).

use super::cbor::{Doc, manifest_name};
use super::family::Maker;
use super::file::{Outcome, Vector};
use super::manifest::meaning;
use super::octets::{Octets, digest, fixed, hex};
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::manifest::{Step, Walk, WalkError};
use hypermesh_core::stoq::session::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The name of the top manifest.
    top: String,
    manifests: Vec<Octets>,
    /// First octet and number of octets; the whole object if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<(u64, u64)>,
}

#[derive(Serialize)]
struct Output {
    /// The manifests in the order in which the walk comes to them.
    read: Vec<String>,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    chunk: String,
    /// Where the chunk begins in the object.
    offset: u64,
    /// Octets at its beginning that are not wanted, and how many are wanted then.
    skip: u64,
    take: u64,
}

/// An object as a tree, from which manifests are written.
#[derive(Clone)]
enum Tree {
    Chunks(Vec<u64>),
    Of(Vec<Tree>),
}

/// The manifest at the root of a tree, last, behind those below it.
fn written(tree: &Tree, seed: &mut u64, sealed: bool, out: &mut Vec<Doc>) -> (u64, Vec<u8>, u64) {
    let mut doc = match tree {
        Tree::Chunks(lengths) => {
            let mut entry = |length: &u64| {
                *seed += 1;
                (digest(*seed).to_vec(), *length)
            };
            Doc::new(0, 0xf000, lengths.iter().map(&mut entry).collect())
        }
        Tree::Of(below) => {
            let below: Vec<_> = below.iter().map(|tree| written(tree, seed, sealed, out)).collect();
            Doc::new(1 + below[0].0, 0xf000, below.into_iter().map(|(_, name, length)| (name, length)).collect())
        }
    };
    if sealed {
        doc = doc.sealed(29, 1, b"k");
    }
    let said = (doc.level, manifest_name(&doc.octets()).to_vec(), doc.length);
    out.push(doc);
    said
}

/// All manifests of a tree, the top one last.
fn manifests(tree: &Tree, sealed: bool) -> Vec<Doc> {
    let mut docs = Vec::new();
    written(tree, &mut 7_000, sealed, &mut docs);
    docs
}

pub(super) fn make(maker: &mut Maker) {
    use Tree::{Chunks, Of};
    let flat = Chunks(vec![10, 20, 30]);
    let two = Of(vec![Chunks(vec![5, 5]), Chunks(vec![100]), Chunks(vec![1, 2, 3])]);
    let three = Of(vec![two.clone(), Of(vec![Chunks(vec![40]), Chunks(vec![50, 60])])]);
    let of = |case: &str, tree: &Tree, sealed, ranges: &[Option<(u64, u64)>], maker: &mut Maker| {
        for (n, range) in ranges.iter().enumerate() {
            add(maker, &format!("{case}-{n}"), &manifests(tree, sealed), *range);
        }
    };
    of("empty", &Chunks(Vec::new()), false, &[None], maker);
    let ranges = [None, Some((0, 60)), Some((0, 1)), Some((59, 1)), Some((10, 20)), Some((9, 2)), Some((29, 2)), Some((5, 50))];
    of("flat", &flat, false, &ranges, maker);
    let ranges = [None, Some((0, 1)), Some((9, 2)), Some((10, 100)), Some((50, 10)), Some((110, 6)), Some((115, 1)), Some((4, 108))];
    of("two-levels", &two, false, &ranges, maker);
    let ranges = [None, Some((115, 2)), Some((116, 40)), Some((0, 116)), Some((265, 1)), Some((150, 100))];
    of("three-levels", &three, false, &ranges, maker);
    of("sealed", &flat, true, &[None, Some((15, 20))], maker);
    make_wrong(maker, &flat, &two);
}

fn make_wrong(maker: &mut Maker, flat: &Tree, two: &Tree) {
    for (case, tree, range) in
        [("range-past-the-end", flat, (59, 2)), ("range-behind-the-end", flat, (60, 1)), ("range-far-behind", two, (1 << 61, 1))]
    {
        refused(maker, case, "R-10-02", &manifests(tree, false), Some(range), Code::RangeInvalid);
    }
    let change = |change: &dyn Fn(&mut Doc)| {
        let mut docs = manifests(two, false);
        let mut lower = docs[1].clone();
        change(&mut lower);
        // The top names what is below as it is now, and still says of it what it said.
        docs[3].entries[1].0 = manifest_name(&lower.octets()).to_vec();
        docs[1] = lower;
        docs
    };
    let invalid = Code::ManifestInvalid;
    let longer = change(&|lower| *lower = Doc::of(0xf000, &[101]));
    refused(maker, "lower-is-longer", "R-9-12", &longer, None, invalid);
    let shorter = change(&|lower| *lower = Doc::of(0xf000, &[99]));
    refused(maker, "lower-is-shorter", "R-9-12", &shorter, None, invalid);
    refused(maker, "lower-of-another-chunker", "R-9-12", &change(&|lower| lower.chunker = 0xf001), None, invalid);
    let sealed = change(&|lower| *lower = lower.clone().sealed(1, 1, b"k"));
    refused(maker, "lower-is-sealed", "R-9-12", &sealed, None, invalid);
    let same_level = change(&|lower| lower.level = 1);
    refused(maker, "lower-of-the-same-level", "R-9-12", &same_level, None, invalid);
    refused(maker, "lower-with-a-wrong-sum", "R-9-12", &change(&|lower| lower.length = 99), None, invalid);
    refused(maker, "lower-of-another-version", "R-9-09", &change(&|lower| lower.version = 2), None, invalid);
    // Nobody looks at what the range does not touch.
    add(maker, "unsound-part-not-touched", &change(&|lower| lower.version = 2), Some((0, 10)));
}

fn input(docs: &[Doc], range: Option<(u64, u64)>) -> Input {
    let top = docs.last().expect("there is a top").octets();
    Input { top: hex(manifest_name(&top)), manifests: docs.iter().map(|doc| Octets::hex(doc.octets())).collect(), range }
}

fn refused(maker: &mut Maker, case: &str, requirement: &str, docs: &[Doc], range: Option<(u64, u64)>, code: Code) {
    maker.add(case, &[requirement], input(docs, range), Outcome::error(code));
}

fn add(maker: &mut Maker, case: &str, docs: &[Doc], range: Option<(u64, u64)>) {
    let named: BTreeMap<Vec<u8>, &Doc> = docs.iter().map(|doc| (manifest_name(&doc.octets()).to_vec(), doc)).collect();
    let top = docs.last().expect("there is a top");
    let (first, octets) = range.unwrap_or((0, top.length));
    let mut output = Output { read: Vec::new(), pieces: Vec::new() };
    by_sums(&named, top, 0, (first, first + octets), &mut output);
    maker.add(case, &["R-9-11", "R-10-02"], input(docs, range), Outcome::output(output));
}

/// Goes through a manifest that begins at an octet of the object: what touches the range is what ends behind its begin and begins before its end.
fn by_sums(named: &BTreeMap<Vec<u8>, &Doc>, doc: &Doc, mut offset: u64, (from, to): (u64, u64), output: &mut Output) {
    output.read.push(hex(manifest_name(&doc.octets())));
    for (id, length) in &doc.entries {
        let end = offset + length;
        if end > from && offset < to {
            match named.get(id) {
                Some(lower) => by_sums(named, lower, offset, (from, to), output),
                None => {
                    let skip = from.max(offset) - offset;
                    output.pieces.push(Piece { chunk: hex(id), offset, skip, take: to.min(end) - offset - skip });
                }
            }
        }
        offset = end;
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let mut manifests = BTreeMap::new();
    for octets in &input.manifests {
        let octets = vector.resolve(octets)?;
        manifests.insert(ManifestId::of(&octets), octets);
    }
    let top = ManifestId(fixed(&input.top)?);
    let mut walk = match input.range {
        Some((first, octets)) => Walk::new(top, first..first.saturating_add(octets)),
        None => Walk::whole(top),
    };
    let mut output = Output { read: Vec::new(), pieces: Vec::new() };
    loop {
        match walk.step() {
            Step::Done => return Ok(Outcome::output(output)),
            Step::Piece(piece) => {
                let (skip, take) = (piece.skip.into(), piece.take.into());
                output.pieces.push(Piece { chunk: hex(piece.id.0), offset: piece.offset, skip, take });
            }
            Step::Need(id) => {
                output.read.push(hex(id.0));
                let octets = manifests.get(&id).ok_or_else(|| format!("the manifest {id} is not there"))?;
                match walk.supply(octets) {
                    Ok(()) => {}
                    Err(WalkError::Range { .. }) => return Ok(Outcome::error(Code::RangeInvalid)),
                    Err(WalkError::Refused(refusal)) => return Ok(Outcome::error(meaning(&refusal.flaw).0)),
                    Err(WalkError::Disagrees(_)) => return Ok(Outcome::error(Code::ManifestInvalid)),
                    Err(WalkError::NotAsked) => return Err("the walk did not ask".to_owned()),
                }
            }
        }
    }
}
