//! R-9-09 to R-9-11, R-9-18 and R-9-20: the form of one manifest.

use super::raw::{self, Form, array, entry, head_in, id, map, string, uint};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::stoq::manifest::Manifest;

pub(super) fn cases() -> Vec<Case> {
    let mut all = form();
    all.extend(canonical());
    all.extend(empty_entries());
    all.extend(sealing());
    all.extend(unknown());
    all
}

/// Whether a reader takes these octets, and if it does, writes the same.
fn taken(octets: &[u8]) -> Outcome {
    match Manifest::decode(octets) {
        Ok(manifest) => ensure(manifest.encode() == octets, || "what was read is written otherwise".into()),
        Err(refusal) => ensure(false, || format!("it is refused: {refusal}")),
    }
}

fn not_taken(octets: &[u8]) -> Outcome {
    ensure(Manifest::decode(octets).is_err(), || format!("it is taken: {octets:02x?}"))
}

/// A manifest of one chunk with key 5: one group of two data shards and one of parity.
fn coded() -> Form {
    Form { coded: Some(raw::coded(1, 2, 3, &[(2048, 2 * 2048 - 2000, 1)])), ..Form::of(&[2000]) }
}

/// The same manifest with another value of one key, or without the key.
fn with(form: &Form, key: u64, value: Option<Vec<u8>>) -> Vec<u8> {
    let mut pairs = form.pairs();
    match value {
        Some(value) => pairs.iter_mut().filter(|(number, _)| *number == key).for_each(|pair| pair.1 = value.clone()),
        None => pairs.retain(|(number, _)| *number != key),
    }
    map(&pairs)
}

/// R-9-09.
fn form() -> Vec<Case> {
    let sealed = || Some(raw::sealed(2, 1, &[7; 8]));
    let mut all = Vec::new();
    for (what, form) in [
        ("without-optional-keys", Form::of(&[2000])),
        ("with-a-code", coded()),
        ("with-a-seal", Form { sealed: sealed(), ..Form::of(&[2000]) }),
        ("of-level-1", Form::of(&[5000, 70]).at(1)),
    ] {
        all.push(Case::function(&format!("R-9-09/a-manifest-{what}"), Valid, move || taken(&form.octets())));
    }
    all.push(Case::function("R-9-09/no-entries", Boundary, || taken(&Form::of(&[]).octets())).leaning_on(&["R-6-14"]));
    all.push(
        Case::function("R-9-09/no-groups", Boundary, || taken(&Form { coded: Some(raw::coded(1, 2, 3, &[])), ..Form::of(&[]) }.octets()))
            .leaning_on(&["R-6-14"]),
    );
    all.push(Case::function("R-9-09/a-key-id-of-no-octets", Boundary, || {
        not_taken(&Form { sealed: Some(raw::sealed(2, 1, &[])), ..Form::of(&[2000]) }.octets())
    }));
    for key in 0..=4 {
        all.push(Case::wire(&format!("R-9-09/key-{key}-is-missing"), Invalid, Origin, move |t| {
            raw::refused(t, 2000, &with(&Form::of(&[2000]), key, None))
        }));
        all.push(Case::function(&format!("R-9-09/key-{key}-is-a-text"), Invalid, move || {
            not_taken(&with(&Form::of(&[2000]), key, Some(vec![0x61, b'a'])))
        }));
    }
    for (what, octets) in [
        ("key-0-is-2", with(&Form::of(&[2000]), 0, Some(uint(2)))),
        ("key-1-is-a-float", with(&Form::of(&[2000]), 1, Some(vec![0xf9, 0, 0]))),
        ("an-entry-of-three-items", with(&Form::of(&[2000]), 4, Some(array(&[array(&[string(&id(0)), uint(2000), uint(1)])])))),
        ("key-7", map(&[Form::of(&[2000]).pairs(), vec![(7, uint(0))]].concat())),
        ("key-5-above-level-0", Form { coded: coded().coded, ..Form::of(&[2000]) }.at(1).octets()),
    ] {
        let case = Case::wire(&format!("R-9-09/{what}"), Invalid, Origin, move |t| raw::refused(t, 2000, &octets));
        all.push(if what == "key-7" { case.leaning_on(&["R-6-12"]) } else { case });
    }
    all
}

/// R-9-10.
fn canonical() -> Vec<Case> {
    let mut all = vec![Case::function("R-9-10/the-same-octets-again", Valid, || {
        [Form::of(&[1024, 16_384, 24]), coded(), Form::of(&[23, 255, 256, 65_536]).at(1)].iter().try_for_each(|form| taken(&form.octets()))
    })];
    for (value, len) in [(23, 1), (24, 2), (255, 2), (256, 4), (65_536, 8)] {
        // At level 1 an entry may have any length.
        let long = array(&[array(&[string(&id(0)), head_in(0, value, len)])]);
        let octets = with(&Form::of(&[value]).at(1), 4, Some(long));
        all.push(Case::function(&format!("R-9-10/a-length-of-{value}-in-{len}-octets"), Boundary, move || not_taken(&octets)));
    }
    let one = Form::of(&[2000]);
    let swapped = {
        let mut pairs = one.pairs();
        pairs.swap(1, 2);
        map(&pairs)
    };
    let twice = map(&[one.pairs()[..2].to_vec(), vec![(1, uint(0))], one.pairs()[2..].to_vec()].concat());
    for (what, octets) in [
        ("a-length-in-a-longer-form", with(&one, 4, Some(array(&[array(&[string(&id(0)), head_in(0, 2000, 4)])])))),
        (
            "a-digest-with-a-longer-length",
            with(&one, 4, Some(array(&[[vec![0x82], head_in(2, 32, 2), id(0).to_vec(), uint(2000)].concat()]))),
        ),
        ("an-array-of-indefinite-length", with(&one, 4, Some([vec![0x9f], entry(&id(0), 2000), vec![0xff]].concat()))),
        ("keys-out-of-order", swapped),
        ("a-key-twice", twice),
        ("octets-after-the-end", [one.octets(), vec![0]].concat()),
    ] {
        all.push(Case::wire(&format!("R-9-10/{what}"), Invalid, Origin, move |t| raw::refused(t, 2000, &octets)));
    }
    all
}

/// R-9-11.
fn empty_entries() -> Vec<Case> {
    let mut all = vec![Case::wire("R-9-11/an-entry-of-one-octet", Boundary, Origin, |t| {
        let form = Form::of(&[1024, 1]);
        raw::wanted(t, 1025, &form.octets())
    })];
    for level in 0..=5 {
        for (place, lens) in [("first", [0, 2000]), ("last", [2000, 0])] {
            let octets = Form::of(&lens).at(level).octets();
            let name = format!("R-9-11/the-{place}-entry-of-level-{level}-is-empty");
            all.push(Case::function(&name, Invalid, move || not_taken(&octets)));
        }
    }
    let octets = Form::of(&[2000, 0]).octets();
    all.push(Case::wire("R-9-11/an-object-with-an-empty-entry", Invalid, Origin, move |t| raw::refused(t, 2000, &octets)));
    let octets = Form::of(&[0, 2000]).at(1).octets();
    all.push(Case::wire("R-9-11/an-object-with-an-empty-manifest-below", Invalid, Origin, move |t| raw::refused(t, 2000, &octets)));
    all
}

/// R-9-18. The table of clause 9.5.
fn sealing() -> Vec<Case> {
    const TOGETHER: [(u64, u64); 7] = [(1, 1), (2, 1), (29, 1), (30, 1), (30, 2), (31, 1), (31, 2)];
    let form = |aead, rule, key: usize| Form { sealed: Some(raw::sealed(aead, rule, &vec![3; key])), ..Form::of(&[2000]) };
    let mut all = Vec::new();
    for (aead, rule) in TOGETHER {
        let octets = form(aead, rule, 4).octets();
        all.push(Case::function(&format!("R-9-18/algorithm-{aead}-with-rule-{rule}"), Valid, move || taken(&octets)));
    }
    for key in [0, 1, 32, 33] {
        let octets = form(1, 1, key).octets();
        let right = (1..=32).contains(&key);
        let name = format!("R-9-18/a-key-id-of-{key}-octets");
        all.push(Case::function(&name, Boundary, move || if right { taken(&octets) } else { not_taken(&octets) }));
    }
    for aead in [0, 3, 28, 32] {
        let octets = form(aead, 1, 4).octets();
        all.push(Case::wire(&format!("R-9-18/there-is-no-algorithm-{aead}"), Boundary, Origin, move |t| raw::refused(t, 2000, &octets)));
    }
    for (aead, rule) in [(1, 2), (2, 2), (29, 2), (1, 0), (30, 3)] {
        let octets = form(aead, rule, 4).octets();
        let name = format!("R-9-18/rule-{rule}-does-not-stand-with-algorithm-{aead}");
        all.push(Case::wire(&name, Invalid, Origin, move |t| raw::refused(t, 2000, &octets)));
    }
    all
}

/// R-9-20.
fn unknown() -> Vec<Case> {
    let mut all = Vec::new();
    for chunker in [77, 0, 4, 65_535] {
        let polarity = if chunker == 77 { Valid } else { Boundary };
        all.push(Case::wire(&format!("R-9-20/an-object-under-chunker-{chunker}"), polarity, Origin, move |t| {
            let form = Form::of(&[1, 1_048_576, 1]).under(chunker);
            raw::wanted(t, form.sum(), &form.octets())
        }));
    }
    for codec in [3, 2, 65_535] {
        let polarity = if codec == 3 { Valid } else { Boundary };
        all.push(Case::wire(&format!("R-9-20/groups-of-codec-{codec}"), polarity, Origin, move |t| {
            let coded = raw::coded(codec, 2, 3, &[(2048, 2 * 2048 - 2000, 1)]);
            raw::wanted(t, 2000, &Form { coded: Some(coded), ..Form::of(&[2000]) }.octets())
        }));
    }
    all.push(Case::wire("R-9-20/a-chunk-that-is-too-long-for-any-chunker", Invalid, Origin, |t| {
        let form = Form::of(&[1_048_577]).under(77);
        raw::refused(t, form.sum(), &form.octets())
    }));
    all
}
