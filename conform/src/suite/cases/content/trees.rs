//! R-9-11 to R-9-13 and R-9-19: manifests that list manifests, and limits.

use super::raw::{self, Form, head, id};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::chunk::{ChunkId, ChunkerId, ManifestId};
use hypermesh_core::stoq::manifest::{Builder, ChunkEntry, Manifest, Step, Walk};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::Frame;
use std::collections::BTreeMap;

pub(super) fn cases() -> Vec<Case> {
    let mut all = agreement();
    all.extend(limits());
    all.push(Case::function("R-9-19/where-manifests-end", Valid, manifests_end));
    all
}

/// A manifest of the level above that lists these.
fn above(below: &[Form]) -> Form {
    let entries = below.iter().map(|form| (ManifestId::of(&form.octets()).0.to_vec(), form.sum())).collect();
    Form { level: below[0].level + 1, entries, ..below[0].clone() }
}

/// Walks through an object from its top manifest; what it comes to.
fn walked(top: &Form, below: &[Form]) -> Result<u64, String> {
    let octets: BTreeMap<ManifestId, Vec<u8>> =
        below.iter().chain([top]).map(|form| (ManifestId::of(&form.octets()), form.octets())).collect();
    let (mut walk, mut sum) = (Walk::whole(ManifestId::of(&top.octets())), 0);
    loop {
        match walk.step() {
            Step::Piece(piece) if piece.offset != sum => return Err(format!("a piece begins at {} and not at {sum}", piece.offset)),
            Step::Piece(piece) => sum += u64::from(piece.take),
            Step::Need(name) => {
                walk.supply(octets.get(&name).ok_or("a manifest is asked for that is not listed")?).map_err(|e| e.to_string())?
            }
            Step::Done => return Ok(sum),
        }
    }
}

/// A manifest of level 1 whose second entry leads to another manifest than it says: this way of being other, one at a time.
fn contradiction(what: &str) -> (Form, Form) {
    let (one, other) = (Form::of(&[1500]), Form::of(&[2000]));
    let lying = match what {
        "level" => other.clone().at(1),
        "length" => Form::of(&[1999]),
        "chunker" => other.clone().under(2),
        _ => Form { sealed: Some(raw::sealed(2, 1, &[1])), ..other.clone() },
    };
    let mut top = above(&[one, other]);
    top.entries[1].0 = ManifestId::of(&lying.octets()).0.to_vec();
    (top, lying)
}

/// R-9-12, and the joined entries of R-9-11.
fn agreement() -> Vec<Case> {
    let three = || {
        let leaves: Vec<Form> = (0..4).map(|n| Form::of(&[1024 + n, 2000, 3000])).collect();
        let middle = [above(&leaves[..2]), above(&leaves[2..])];
        (above(&middle), [leaves, middle.to_vec()].concat())
    };
    let mut all = vec![
        Case::function("R-9-11/the-entries-joined-give-the-object", Valid, move || {
            let (top, below) = three();
            let sum = walked(&top, &below);
            ensure(sum == Ok(top.sum()), || format!("the walk came to {sum:?} of {} octets", top.sum()))
        }),
        Case::function("R-9-12/three-levels-that-agree", Valid, move || {
            let (top, below) = three();
            let sum = walked(&top, &below);
            ensure(sum == Ok(top.sum()), || format!("the walk came to {sum:?} of {} octets", top.sum()))
        }),
    ];
    for (what, said) in [("less", 1999), ("more", 2001)] {
        for level in [0, 1] {
            let octets = Form { length: Some(said), ..Form::of(&[2000]) }.at(level).octets();
            let name = format!("R-9-12/a-total-at-level-{level}-that-is-one-{what}");
            all.push(Case::wire(&name, Boundary, Origin, move |t| raw::refused(t, said, &octets)));
        }
    }
    for what in ["level", "length", "chunker", "encryption"] {
        all.push(Case::function(&format!("R-9-12/a-walk-refuses-another-{what}-below"), Invalid, move || {
            let (top, lying) = contradiction(what);
            let mut walk = Walk::whole(ManifestId::of(&top.octets()));
            walk.supply(&top.octets()).map_err(|error| Miss::Inconclusive(error.to_string()))?;
            let first = Form::of(&[1500]).octets();
            let result = walk_to_the_end(&mut walk, &[first, lying.octets()]);
            ensure(result.is_err(), || format!("another {what} than the manifest above says is taken"))
        }));
        all.push(Case::wire(&format!("R-9-12/an-origin-refuses-another-{what}-below"), Invalid, Origin, move |t| {
            let (top, lying) = contradiction(what);
            let first = Form::of(&[1500]);
            let line = t.session()?;
            let stream = raw::offer(t, line, top.sum(), &top.octets())?;
            loop {
                let wanted = match t.expect_frame(line, stream)?.0 {
                    Frame::Want(want) => want.ids,
                    Frame::Fail(fail) => {
                        let right = Code::known(fail.code.into()) == Some(Code::ManifestInvalid);
                        return ensure(right, || format!("ManifestInvalid is due, and {fail:?} came"));
                    }
                    other => return Err(Miss::Fail(format!("ManifestInvalid is due, and {other:?} came"))),
                };
                let below = [first.octets(), lying.octets()];
                for octets in below.iter().filter(|octets| wanted.iter().any(|id| id.0 == ManifestId::of(octets).0)) {
                    raw::send_content(t, line, stream, ManifestId::of(octets).0, octets)?;
                }
            }
        }));
    }
    all
}

/// Supplies manifests in the order in which they are needed.
fn walk_to_the_end(walk: &mut Walk, below: &[Vec<u8>]) -> Result<(), String> {
    let mut next = below.iter();
    loop {
        match walk.step() {
            Step::Piece(_) => {}
            Step::Need(_) => {
                walk.supply(next.next().ok_or("more manifests are needed than there are")?).map_err(|error| error.to_string())?
            }
            Step::Done => return Ok(()),
        }
    }
}

/// R-9-13.
fn limits() -> Vec<Case> {
    let judged = |what: &str, polarity, form: Form, right: bool| {
        let name = format!("R-9-13/{what}");
        let octets = form.octets();
        Case::function(&name, polarity, move || {
            let read = Manifest::decode(&octets);
            ensure(read.is_ok() == right, || format!("it is {}", if right { "refused" } else { "taken" }))
        })
    };
    let most = (1 << 62) - 1;
    let mut all = vec![
        judged("1024-entries", Valid, Form::of(&[1024; 1024]), true),
        judged("1024-entries-above", Valid, Form::of(&[9; 1024]).at(1), true),
        judged("1025-entries", Boundary, Form::of(&[1024; 1025]), false),
        judged("1025-entries-above", Boundary, Form::of(&[9; 1025]).at(1), false),
        judged("level-5", Boundary, Form::of(&[9]).at(5), true),
        judged("level-6", Boundary, Form::of(&[9]).at(6), false),
        judged("the-longest-object", Boundary, Form::of(&[most - 1, 1]).at(1), true),
        judged("an-object-that-is-too-long", Boundary, Form { length: Some(most), ..Form::of(&[most - 1, 2]).at(1) }, false),
        judged("the-longest-chunk", Boundary, Form::of(&[1 << 20]).under(77), true).leaning_on(&["R-9-20"]),
        judged("a-chunk-that-is-too-long", Boundary, Form::of(&[(1 << 20) + 1]).under(77), false),
        judged("the-longest-key-id", Boundary, Form { sealed: Some(raw::sealed(1, 1, &[1; 32])), ..Form::of(&[9]) }, true),
        judged("a-key-id-that-is-too-long", Boundary, Form { sealed: Some(raw::sealed(1, 1, &[1; 33])), ..Form::of(&[9]) }, false),
    ];
    all.push(Case::wire("R-9-13/an-object-with-1025-entries", Boundary, Origin, |t| {
        let form = Form::of(&[1024; 1025]);
        raw::refused(t, form.sum(), &form.octets())
    }));
    for count in [1 << 32, u64::MAX] {
        all.push(Case::wire(&format!("R-9-13/{count}-entries-are-said-and-none-comes"), Invalid, Origin, move |t| {
            let mut pairs = Form::of(&[]).pairs();
            pairs[4].1 = head(4, count);
            raw::refused(t, 0, &raw::map(&pairs))
        }));
    }
    all.push(Case::function("R-9-13/a-manifest-of-131073-octets", Boundary, || {
        let octets = vec![0; 131_073];
        ensure(Manifest::decode(&octets).is_err(), || "it is taken".into())
    }));
    all
}

/// R-9-19: after the 1024th entry, and after one from the 128th on whose name ends with a zero octet.
fn manifests_end() -> Outcome {
    let mut names: Vec<[u8; 32]> = (0..2000).map(id).collect();
    names.iter_mut().for_each(|name| name[31] |= 1);
    (names[100][31], names[127][31], names[200][31]) = (0, 0, 0);
    let (mut builder, mut counts) = (Builder::new(ChunkerId(1), None, None), Vec::new());
    let mut count = |octets: Vec<u8>| counts.extend(Manifest::decode(&octets).ok().and_then(|manifest| Some(manifest.chunks()?.len())));
    for name in &names {
        let pushed = builder.push(ChunkEntry { id: ChunkId(*name), len: 1024 }, |_, octets| count(octets));
        pushed.map_err(|error| Miss::Fail(error.to_string()))?;
    }
    builder.finish(|_, octets| count(octets)).map_err(|error| Miss::Fail(error.to_string()))?;
    if counts == [128, 1024, 848] { Ok(()) } else { Err(Miss::NonStrict(format!("manifests end after {counts:?} entries"))) }
}
