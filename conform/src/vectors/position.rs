//! `position`: octets to a position (clause 12.1).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::frame::position;
use super::lay::Lay;
use super::octets::Octets;
use hypermesh_core::base::Wire;
use hypermesh_core::stoq::routing::Position;
use hypermesh_core::stoq::session::Violation;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    octets: Octets,
}

const MOST: u64 = 4_611_686_018_427_387_903;

fn lay(sequence: u64, life: u64, latitude: i32, longitude: i32, accuracy: u8) -> Lay {
    Lay::new().v(sequence).v(life).b(latitude.to_be_bytes()).b(longitude.to_be_bytes()).u8(accuracy)
}

pub(super) fn make(maker: &mut Maker) {
    for (case, sequence, life, latitude, longitude, accuracy) in [
        ("berlin", 1, 3_600, 52_520_008, 13_404_954, 1),
        ("sydney", 2, 3_600, -33_868_820, 151_209_290, 0),
        ("quito", 3, 60, -180_653, -78_467_838, 2),
        ("nowhere", 0, 0, 0, 0, 0),
        ("north-pole", 4, 1, 90_000_000, 0, 3),
        ("south-pole", 4, 1, -90_000_000, 0, 3),
        ("farthest-east", 4, 1, 0, 180_000_000, 0),
        ("farthest-west", 4, 1, 0, -179_999_999, 0),
        ("a-millionth-south-west", 4, 1, -1, -1, 0),
        ("longest-life", 4, 604_800, 0, 0, 0),
        ("highest-sequence", MOST, 1, 0, 0, 0),
        ("sequence-of-two-octets", 64, 1, 0, 0, 0),
    ] {
        let members = json!({ "sequence": sequence, "life": life, "latitude": latitude, "longitude": longitude, "accuracy": accuracy });
        add(maker, case, &lay(sequence, life, latitude, longitude, accuracy).0, Outcome::Output(members));
    }
    for (case, lay) in [
        ("life-too-long", lay(1, 604_801, 0, 0, 0)),
        ("north-of-the-pole", lay(1, 1, 90_000_001, 0, 0)),
        ("south-of-the-pole", lay(1, 1, -90_000_001, 0, 0)),
        ("too-far-east", lay(1, 1, 0, 180_000_001, 0)),
        ("longitude-that-is-not-used", lay(1, 1, 0, -180_000_000, 0)),
        ("least-longitude", lay(1, 1, 0, i32::MIN, 0)),
        ("least-latitude", lay(1, 1, i32::MIN, 0, 0)),
        ("accuracy-4", lay(1, 1, 0, 0, 4)),
        ("accuracy-255", lay(1, 1, 0, 0, 255)),
        ("octet-behind", lay(1, 1, 0, 0, 0).u8(0)),
    ] {
        add(maker, case, &lay.0, Outcome::error(Violation::Malformed));
    }
    let whole = lay(1, 1, 0, 0, 0).0;
    add(maker, "nothing", &[], Outcome::error(Violation::Malformed));
    add(maker, "last-octet-missing", &whole[..whole.len() - 1], Outcome::error(Violation::Malformed));
    add(maker, "long-sequence", &[&[0x40], &whole[..]].concat(), Outcome::error(Violation::Malformed));
}

fn add(maker: &mut Maker, case: &str, octets: &[u8], outcome: Outcome) {
    maker.add(case, &["R-12-01"], Input { octets: Octets::hex(octets) }, outcome);
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let octets = vector.resolve(&vector.read::<Input>()?.octets)?;
    Ok(match Position::from_bytes(&octets) {
        Err(error) => Outcome::error(Violation::of_wire(error)),
        Ok(read) if read.to_bytes() != octets => Outcome::Error("written otherwise than read".to_owned()),
        Ok(read) => Outcome::Output(position(&read)),
    })
}
