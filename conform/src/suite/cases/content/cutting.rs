//! R-9-01 to R-9-06: how an object is cut, and what says so.

use super::raw::{self, Form};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::octets;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::stoq::chunk::{ChunkerId, Cutter, Profile};
use hypermesh_core::stoq::manifest::{Body, Keep, Manifest, Packer};

pub(super) fn cases() -> Vec<Case> {
    let mut all = chunkers();
    all.extend(lengths());
    all.extend(pieces());
    all.extend(procedure());
    all.extend(ends());
    all
}

/// The lengths of the chunks of an object that comes in pieces.
fn cut(profile: Profile, pieces: &[&[u8]]) -> Vec<usize> {
    let (mut cutter, mut lens) = (Cutter::new(profile), Vec::new());
    pieces.iter().for_each(|piece| cutter.push(piece, |chunk| lens.push(chunk.len())));
    cutter.finish(|chunk| lens.push(chunk.len()));
    lens
}

/// The manifests of an object, the top one last.
fn manifests(profile: Profile, object: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut keep = |keep: Keep<'_>| {
        if let Keep::Manifest(_, octets) = keep {
            all.push(octets.to_vec());
        }
    };
    let mut packer = Packer::new(profile, None).expect("an object that is not coded needs no coder");
    packer.push(object, &mut keep).expect("the object is short");
    packer.finish(&mut keep).expect("the object is short");
    all
}

/// R-9-01.
fn chunkers() -> Vec<Case> {
    let mut all = Vec::new();
    for (profile, id) in [(Profile::Small, 1), (Profile::Standard, 2), (Profile::Large, 3)] {
        all.push(Case::function(&format!("R-9-01/a-writer-states-{}", profile.name()), Valid, move || {
            let manifests = manifests(profile, &octets::formula(1, 100_000));
            let said: Vec<u16> = manifests.iter().filter_map(|octets| Some(Manifest::decode(octets).ok()?.chunker().0)).collect();
            let right = said.len() == manifests.len() && said.iter().all(|said| *said == id);
            ensure(right, || format!("manifests under chunker {id} state {said:?}"))
        }));
    }
    for id in [0, u16::MAX] {
        let case = Case::function(&format!("R-9-01/the-id-{id}-is-stated"), Boundary, move || {
            let body = Body::Chunks { entries: Vec::new(), coded: None };
            let written = Manifest::new(ChunkerId(id), body, None).map(|manifest| manifest.encode());
            let right = Form::of(&[]).under(id.into()).octets();
            ensure(written.as_ref() == Ok(&right), || format!("it is {written:?}"))
        });
        all.push(case.leaning_on(&["R-6-14", "R-9-20"]));
    }
    let without = || {
        let pairs: Vec<_> = Form::of(&[2000]).pairs().into_iter().filter(|(key, _)| *key != 2).collect();
        raw::map(&pairs)
    };
    all.push(Case::wire("R-9-01/a-manifest-without-a-chunker-is-refused", Invalid, Origin, move |t| raw::refused(t, 2000, &without())));
    all
}

/// R-9-02.
fn lengths() -> Vec<Case> {
    let mut all = Vec::new();
    for (profile, min, max) in [(Profile::Small, 1024, 16_384), (Profile::Standard, 4096, 65_536), (Profile::Large, 16_384, 262_144)] {
        let (name, id) = (profile.name(), u64::from(profile.chunker().0));
        let judged = move |lens: &[u64]| Manifest::decode(&Form::of(lens).under(id).octets()).is_ok();
        all.push(Case::function(&format!("R-9-02/lengths-of-{name}"), Valid, move || {
            ensure(judged(&[min + 1, (min + max) / 2, max - 1, 100]), || "lengths between minimum and maximum are refused".into())
        }));
        for (what, lens, right) in [
            ("less-than-the-minimum", [min - 1, max], false),
            ("the-minimum", [min, max], true),
            ("the-maximum", [max, min], true),
            ("more-than-the-maximum", [max + 1, min], false),
            ("more-than-the-maximum-at-the-end", [min, max + 1], false),
            ("less-than-the-minimum-at-the-end", [max, min - 1], true),
        ] {
            all.push(Case::function(&format!("R-9-02/{what}-of-{name}"), Boundary, move || {
                ensure(judged(&lens) == right, || format!("chunks of {lens:?} octets are {}", if right { "refused" } else { "taken" }))
            }));
        }
    }
    for (what, polarity, lens) in [
        ("a-short-chunk-before-the-last-is-refused", Boundary, vec![1023, 2000]),
        ("a-long-chunk-is-refused", Boundary, vec![16_385, 2000]),
        ("a-chunk-of-no-octets-is-refused", Invalid, vec![2000, 0, 2000]),
    ] {
        let case = Case::wire(&format!("R-9-02/{what}"), polarity, Origin, move |t| {
            let form = Form::of(&lens);
            raw::refused(t, form.sum(), &form.octets())
        });
        all.push(if what.contains("no-octets") { case.leaning_on(&["R-9-11"]) } else { case });
    }
    all.push(Case::wire("R-9-02/the-limits-are-taken", Boundary, Origin, |t| {
        let form = Form::of(&[1024, 16_384, 1]);
        raw::wanted(t, form.sum(), &form.octets())
    }));
    all
}

/// R-9-03.
fn pieces() -> Vec<Case> {
    let same = |what: &str, polarity, split: fn(&[u8], &[usize]) -> Vec<usize>| {
        Case::function(&format!("R-9-03/{what}"), polarity, move || {
            let object = octets::formula(3, 60_000);
            let whole = cut(Profile::Small, &[&object]);
            let ends = split(&object, &whole);
            let mut pieces = Vec::new();
            let mut from = 0;
            for end in ends.into_iter().chain([object.len()]) {
                pieces.push(&object[from..end]);
                from = end;
            }
            let cuts = cut(Profile::Small, &pieces);
            ensure(cuts == whole, || format!("in {} pieces it is cut to {cuts:?}, in one to {whole:?}", pieces.len()))
        })
    };
    vec![
        same("pieces-of-4096-octets", Valid, |object, _| (1..object.len() / 4096).map(|n| n * 4096).collect()),
        same("pieces-of-one-octet", Boundary, |object, _| (1..object.len()).collect()),
        same("pieces-that-end-at-each-cut", Boundary, |_, whole| sums(whole, 0)),
        same("pieces-that-end-before-each-cut", Boundary, |_, whole| sums(whole, -1)),
        same("pieces-that-end-after-each-cut", Boundary, |_, whole| sums(whole, 1)),
        same("empty-pieces-between-others", Invalid, |object, _| (1..object.len() / 5000).flat_map(|n| [n * 5000; 3]).collect()),
    ]
}

/// Where chunks of these lengths end, the last one excepted, and moved by so much.
fn sums(lens: &[usize], by: isize) -> Vec<usize> {
    let mut end = 0usize;
    lens[..lens.len() - 1]
        .iter()
        .map(|len| {
            end += len;
            end.saturating_add_signed(by)
        })
        .collect()
}

/// The octets of Marsaglia's xorshift64 (shifts 13, 7, 17): the upper octet of each state after the seed.
fn shifted(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// R-9-04. The cuts were computed by a second program, from the text of clause 9.1.
fn procedure() -> Vec<Case> {
    let small = [2903, 6717, 3748, 2752, 4996, 2683, 1853, 4628, 4381, 1186, 4280, 4382, 1927, 1772, 4475, 7318];
    let standard = [23_799, 22_637, 17_131, 21_139, 12_741, 20_232, 37_489, 5_123, 9_599, 19_023, 11_087];
    let large = [65_961, 41_910, 83_506, 105_341, 81_350, 116_581, 82_954, 81_937, 40_461];
    let known = |profile: Profile, len: usize, right: Vec<usize>| {
        Case::function(&format!("R-9-04/the-cuts-of-{}", profile.name()), Valid, move || {
            let cuts = cut(profile, &[&shifted(len)]);
            ensure(cuts == right, || format!("the cuts are {cuts:?}, and due are {right:?}"))
        })
    };
    let mut all = vec![
        known(Profile::Small, 60_001, small.into()),
        known(Profile::Standard, 200_000, standard.into()),
        known(Profile::Large, 700_001, large.into()),
    ];
    for (what, octet) in [("zeros", 0), ("ones", 0xff)] {
        all.push(Case::function(&format!("R-9-04/all-{what}-are-cut-at-the-maximum"), Boundary, move || {
            let cuts = cut(Profile::Small, &[&vec![octet; 70_000]]);
            ensure(cuts == [16_384, 16_384, 16_384, 16_384, 4_464], || format!("the cuts are {cuts:?}"))
        }));
    }
    for len in [4_095, 4_096, 4_097] {
        all.push(Case::function(&format!("R-9-04/an-object-of-{len}-octets"), Boundary, move || {
            // The first chunk of the longer object ends at 2903, and the next one after its end.
            let cuts = cut(Profile::Small, &[&shifted(len)]);
            ensure(cuts == [2_903, len - 2_903], || format!("the cuts are {cuts:?}"))
        }));
    }
    all.push(Case::function("R-9-04/another-profile-cuts-elsewhere", Invalid, || {
        let object = shifted(200_000);
        ensure(cut(Profile::Small, &[&object]) != cut(Profile::Standard, &[&object]), || "two profiles cut alike".into())
    }));
    all
}

/// R-9-05 and R-9-06.
fn ends() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, polarity, rest) in [
        ("a-short-rest", Valid, 500),
        ("a-rest-of-one-octet", Boundary, 1),
        ("a-rest-of-the-minimum", Boundary, 1024),
        ("a-rest-of-the-minimum-and-one", Boundary, 1025),
    ] {
        all.push(Case::function(&format!("R-9-05/{what}"), polarity, move || {
            let cuts = cut(Profile::Small, &[&shifted(2_903 + rest)]);
            ensure(cuts == [2_903, rest], || format!("an object that goes on for {rest} octets after a cut is cut to {cuts:?}"))
        }));
    }
    all.push(Case::function("R-9-05/nothing-comes-after-a-cut-at-the-end", Invalid, || {
        let cuts = cut(Profile::Small, &[&shifted(2_903)]);
        ensure(cuts == [2_903], || format!("an object that ends at a cut is cut to {cuts:?}"))
    }));
    let empty = Case::function("R-9-06/the-manifest-of-an-empty-object", Valid, || {
        let right = vec![vec![0xa5, 0, 1, 1, 0, 2, 2, 3, 0, 4, 0x80]];
        let written = manifests(Profile::Standard, &[]);
        ensure(written == right, || format!("it is {written:02x?}"))
    });
    all.push(empty.leaning_on(&["R-6-14", "R-9-01"]));
    all.push(
        Case::function("R-9-06/no-octets-and-one-octet", Boundary, || entries_are(0, 0).and_then(|()| entries_are(1, 1)))
            .leaning_on(&["R-6-14"]),
    );
    all.push(Case::wire("R-9-06/level-1-without-entries-is-refused", Invalid, Origin, |t| {
        raw::refused(t, 0, &Form::of(&[]).at(1).octets())
    }));
    all.push(Case::wire("R-9-06/an-empty-object-is-stored", Valid, Origin, |t| {
        let line = t.session()?;
        let object = crate::suite::tester::Fixture::new(t.name("empty"), 1, 1, 0);
        t.put(line, &object)
    }));
    all
}

fn entries_are(len: usize, count: usize) -> Outcome {
    let written = manifests(Profile::Small, &vec![7; len]);
    let entries = written.last().and_then(|octets| Some(Manifest::decode(octets).ok()?.chunks()?.len()));
    ensure(entries == Some(count) && written.len() == 1, || format!("an object of {len} octets has {entries:?} entries"))
}
