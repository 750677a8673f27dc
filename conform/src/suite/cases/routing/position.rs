//! R-12-01: the octets of a position.

use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::octets::varint;
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::routing::{Accuracy, Position};

/// The octets that clause 12.1 asks for, from its table and not from an encoder.
fn written(sequence: u64, secs: u64, lat: i32, lon: i32, class: u8) -> Vec<u8> {
    [varint(sequence), varint(secs), lat.to_be_bytes().to_vec(), lon.to_be_bytes().to_vec(), vec![class]].concat()
}

/// The cases of this requirement.
pub(super) fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, polarity, accuracy, lat_micro, lon_micro, secs) in [
        ("a-site-north-and-east", Valid, Accuracy::Site, 48_856_613, 2_352_222, 600),
        ("a-city-south-and-east", Valid, Accuracy::City, -33_868_820, 151_209_296, 600),
        ("a-region-north-and-west", Valid, Accuracy::Region, 40_712_776, -74_005_974, 3_600),
        ("a-continent-south-and-west", Valid, Accuracy::Continent, -23_550_520, -46_633_308, 600),
        ("the-north-pole-and-the-longest-life", Boundary, Accuracy::City, 90_000_000, 180_000_000, 604_800),
        ("the-south-pole-and-no-life", Boundary, Accuracy::City, -90_000_000, -179_999_999, 0),
    ] {
        all.push(Case::function(&format!("R-12-01/{name}"), polarity, move || {
            let position = Position { sequence: 300, life: Span::secs(secs), lat_micro, lon_micro, accuracy };
            let right = written(300, secs, lat_micro, lon_micro, accuracy as u8);
            let found = position.to_bytes();
            ensure(found == right, || format!("{position:?} is written as {found:02x?}"))?;
            let read = Position::from_bytes(&right);
            ensure(read == Ok(position), || format!("{right:02x?} is read as {read:?}"))
        }));
    }
    for (name, polarity, octets) in [
        ("a-latitude-beyond-the-pole", Boundary, written(1, 600, 90_000_001, 0, 1)),
        ("a-longitude-beyond-the-date-line", Boundary, written(1, 600, 0, 180_000_001, 1)),
        ("a-life-of-a-second-too-much", Boundary, written(1, 604_801, 0, 0, 1)),
        ("the-longitude-that-is-not-used", Invalid, written(1, 600, 0, -180_000_000, 1)),
        ("a-fifth-class", Invalid, written(1, 600, 0, 0, 4)),
        ("an-octet-too-few", Invalid, written(1, 600, 0, 0, 1)[..10].to_vec()),
    ] {
        all.push(Case::function(&format!("R-12-01/{name}"), polarity, move || is_refused(&octets)));
    }
    all
}

fn is_refused(octets: &[u8]) -> Outcome {
    let read = Position::from_bytes(octets);
    ensure(read.is_err(), || format!("{octets:02x?} is read as {read:?}"))
}
