//! `cut`: an object and a profile to the places where it is cut (clause 9.1).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::Octets;
use fastcdc::v2020::get_gear_with_seed;
use hypermesh_core::stoq::chunk::{Cutter, Profile};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    profile: String,
    object: Octets,
    /// The object is read in pieces of these lengths, again and again; in one piece if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<usize>,
}

/// Where each chunk ends: the octets of the object before its end.
#[derive(Serialize)]
struct Output {
    cuts: Vec<usize>,
}

pub(super) fn make(maker: &mut Maker) {
    for profile in Profile::ALL {
        let (name, min, max) = (profile.name(), profile.min() as u64, profile.max() as u64);
        for length in [0, 1, min - 1, min, min + 1, min + 2, max - 1, max, max + 1] {
            let object = Octets::Formula { seed: 11, length };
            add(maker, &format!("{name}-{length}"), profile, object, &[]);
        }
        add(maker, &format!("{name}-zeros"), profile, Octets::Same { octet: 0, length: 2 * max + 1 }, &[]);
        add(maker, &format!("{name}-ones"), profile, Octets::Same { octet: 255, length: 3 * max }, &[]);
        let object = Octets::Formula { seed: 12, length: 40 * profile.avg() as u64 + 7 };
        add(maker, &format!("{name}-many"), profile, object.clone(), &[]);
        add(maker, &format!("{name}-in-pieces"), profile, object, &[1, profile.min(), 3, profile.max(), 4_093]);
    }
    let object = Octets::Formula { seed: 13, length: 60_000 };
    add(maker, "small-octet-by-octet", Profile::Small, object.clone(), &[1]);
    add(maker, "small-in-pairs", Profile::Small, object, &[2]);
}

fn add(maker: &mut Maker, case: &str, profile: Profile, object: Octets, pieces: &[usize]) {
    let octets = object.resolve("", None).expect("a formula");
    let cuts = by_the_text(profile, &octets);
    let requirements: &[&str] = match (octets.len(), pieces) {
        (0, _) => &["R-9-06"],
        (length, _) if length <= profile.min() => &["R-9-05"],
        (_, []) => &["R-9-02", "R-9-04"],
        _ => &["R-9-03"],
    };
    let input = Input { profile: profile.name().to_owned(), object, pieces: pieces.to_vec() };
    maker.add(case, requirements, input, Outcome::output(Output { cuts }));
}

/// Minimum, average, maximum, strict and loose mask of the table of clause 9.1.
fn constants(profile: Profile) -> (usize, usize, usize, u64, u64) {
    match profile {
        Profile::Small => (1_024, 4_096, 16_384, 0x0000_d903_0353_0000, 0x0000_d900_0353_0000),
        Profile::Standard => (4_096, 16_384, 65_536, 0x0000_d90f_0353_0000, 0x0000_d903_0353_0000),
        Profile::Large => (16_384, 65_536, 262_144, 0x0000_d907_0353_7000, 0x0000_d90f_0353_0000),
    }
}

/// The procedure of clause 9.1 as it stands there, octet by octet.
fn by_the_text(profile: Profile, object: &[u8]) -> Vec<usize> {
    let (minimum, average, maximum, strict, loose) = constants(profile);
    let (gear, _) = get_gear_with_seed(0);
    let (mut cuts, mut begin) = (Vec::new(), 0);
    while begin < object.len() {
        let b = &object[begin..];
        let w = b.len().min(maximum);
        let mut h = 0u64;
        let mut i = minimum;
        let end = loop {
            if i >= w - w % 2 {
                break w;
            }
            h = (h << 1).wrapping_add(gear[usize::from(b[i])]);
            let m = if i < average.min(w) { strict } else { loose };
            if h & m == 0 {
                break i;
            }
            i += 1;
        };
        begin += end;
        cuts.push(begin);
    }
    cuts
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let profile = Profile::ALL.into_iter().find(|profile| profile.name() == input.profile).ok_or("there is no such profile")?;
    let object = vector.resolve(&input.object)?;
    if input.pieces.contains(&0) {
        return Err("a piece has at least one octet".to_owned());
    }
    let (mut cuts, mut cutter) = (Vec::new(), Cutter::new(profile));
    let mut note = |chunk: &[u8]| cuts.push(cuts.last().copied().unwrap_or(0) + chunk.len());
    let mut rest = &object[..];
    for piece in input.pieces.iter().cycle() {
        let (head, tail) = rest.split_at(rest.len().min(*piece));
        cutter.push(head, &mut note);
        rest = tail;
        if rest.is_empty() {
            break;
        }
    }
    cutter.push(rest, &mut note);
    let length = cutter.finish(&mut note);
    if length == object.len() as u64 { Ok(Outcome::output(Output { cuts })) } else { Err(format!("{length} octets were cut")) }
}
